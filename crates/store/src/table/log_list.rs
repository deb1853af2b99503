//! Reading the replicated audit log: pages newest first, and all of it in order.

use crate::{
    Reader, StoreError,
    handle::{from_db, to_db},
};
use countersign_model::ProposalId;
use rusqlite::{Row, types::Value};

/// Rows on a page, at most.
const MAX_ROWS: u32 = 500;

/// An entry of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogRow {
    /// Position.
    pub seq: u64,
    /// Leaf bytes.
    pub bytes: Vec<u8>,
}

impl Reader<'_> {
    /// Entries newest first, before a position, perhaps of one action or one case only.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn log_rows(
        &self,
        before: Option<u64>,
        limit: u32,
        action: Option<&str>,
        proposal: Option<ProposalId>,
    ) -> Result<Vec<LogRow>, StoreError> {
        // A case has few entries: with a case, its index leads, never that of the action.
        let conditions = match (proposal.is_some(), action.is_some()) {
            (false, false) => "",
            (true, false) => "AND proposal = ?3",
            (false, true) => "AND action = ?3",
            (true, true) => "AND proposal = ?3 AND +action = ?4",
        };
        let sql = format!(
            "SELECT seq, bytes FROM log_entry WHERE seq < ?1 {conditions}
             ORDER BY seq DESC LIMIT ?2"
        );
        let before = before.map_or(Ok(i64::MAX), |before| to_db(before, "log_entry.seq"))?;
        let mut values: Vec<Value> = vec![before.into(), i64::from(limit.min(MAX_ROWS)).into()];
        values.extend(proposal.map(|proposal| proposal.to_string().into()));
        values.extend(action.map(|action| action.to_owned().into()));
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(rusqlite::params_from_iter(values), raw_row)?;
        rows.map(|row| log_row(row?)).collect()
    }

    /// Every action that occurs in the log, in order of the alphabet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn log_actions(&self) -> Result<Vec<String>, StoreError> {
        // From one action to the next by the index: as many steps as there are actions.
        let mut statement = self.connection.prepare_cached(
            "WITH RECURSIVE actions (action) AS (
                 SELECT min(action) FROM log_entry
                 UNION ALL
                 SELECT (SELECT min(action) FROM log_entry WHERE action > actions.action)
                 FROM actions WHERE action IS NOT NULL
             ) SELECT action FROM actions WHERE action IS NOT NULL AND action <> ''",
        )?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many entries are here; positions count from 0 without a gap if the log is whole.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn log_size(&self) -> Result<u64, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT coalesce(max(seq) + 1, 0) FROM log_entry")?;
        from_db(statement.query_row([], |row| row.get(0))?, "log_entry.seq")
    }

    /// Calls `each` for every entry from a position on, in order, one at a time in memory.
    ///
    /// # Errors
    /// What `each` returns, or [`StoreError`] as the caller's error.
    pub fn for_each_log_entry<E: From<StoreError>>(
        &self,
        from: u64,
        mut each: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let engine = |error: rusqlite::Error| E::from(StoreError::from(error));
        let mut statement = self
            .connection
            .prepare_cached("SELECT seq, bytes FROM log_entry WHERE seq >= ?1 ORDER BY seq")
            .map_err(engine)?;
        let mut rows = statement.query([to_db(from, "log_entry.seq")?]).map_err(engine)?;
        while let Some(row) = rows.next().map_err(engine)? {
            let seq = from_db(row.get(0).map_err(engine)?, "log_entry.seq")?;
            let bytes = row.get_ref(1).map_err(engine)?.as_blob();
            let bytes = bytes.map_err(|_| E::from(StoreError::Range("log_entry.bytes")))?;
            each(seq, bytes)?;
        }
        Ok(())
    }
}

fn raw_row(row: &Row<'_>) -> rusqlite::Result<(i64, Vec<u8>)> {
    Ok((row.get(0)?, row.get(1)?))
}

fn log_row((seq, bytes): (i64, Vec<u8>)) -> Result<LogRow, StoreError> {
    Ok(LogRow { seq: from_db(seq, "log_entry.seq")?, bytes })
}
