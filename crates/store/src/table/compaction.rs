//! What beginning from a snapshot asks of this device's own records.

use crate::{
    Reader, StoreError, Tx,
    handle::{self, from_db, to_db},
};
use countersign_model::Digest;
use rusqlite::OptionalExtension as _;

/// A record of this device with a decision that the log has not answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnansweredRecord {
    /// Its place in this writer's chain.
    pub writer_seq: u64,
    /// The sealed bytes.
    pub record: Vec<u8>,
    /// The decision that it carries.
    pub carries: Digest,
}

impl Reader<'_> {
    /// The digest of one of this device's records.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn record_digest(&self, writer_seq: u64) -> Result<Option<Digest>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT record_digest FROM outbox WHERE writer_seq = ?1")?;
        let seq = to_db(writer_seq, "outbox.writer_seq")?;
        Ok(statement.query_row([seq], |row| handle::digest(row, 0)).optional()?)
    }

    /// The places before `writer_seq` that the relay is not known to have.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unsent_before(&self, writer_seq: u64) -> Result<Vec<u64>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT writer_seq FROM outbox WHERE position IS NULL AND writer_seq < ?1
             ORDER BY writer_seq",
        )?;
        let rows = statement
            .query_map([to_db(writer_seq, "outbox.writer_seq")?], |row| row.get::<_, i64>(0))?;
        rows.map(|row| from_db(row?, "outbox.writer_seq")).collect()
    }

    /// For each of my decisions that was sent and the log has not answered: the newest record
    /// that carries it, if that stands before `writer_seq`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unanswered_before(&self, writer_seq: u64) -> Result<Vec<UnansweredRecord>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT writer_seq, record, carries FROM outbox
             WHERE writer_seq IN (
                 SELECT max(writer_seq) FROM outbox JOIN decisions ON digest = carries
                 WHERE mine AND stage IN (0, 1) GROUP BY carries)
             AND writer_seq < ?1 ORDER BY writer_seq",
        )?;
        let mut rows = statement.query([to_db(writer_seq, "outbox.writer_seq")?])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(UnansweredRecord {
                writer_seq: from_db(row.get(0)?, "outbox.writer_seq")?,
                record: row.get(1)?,
                carries: handle::digest(row, 2)?,
            });
        }
        Ok(found)
    }
}

impl Tx<'_> {
    /// Forgets that a relay has any of the records from `writer_seq` on. What it has it
    /// recognises.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn send_again_from(&self, writer_seq: u64) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE outbox SET position = NULL WHERE writer_seq >= ?1")?
            .execute([to_db(writer_seq, "outbox.writer_seq")?])?;
        Ok(())
    }
}
