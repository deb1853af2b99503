//! Decisions held on this device before they are sent, so that they can be recalled. A
//! recall keeps the row: nothing signed is ever deleted.

use crate::{DecisionRow, Reader, StoreError, Tx, handle, table::decision};
use countersign_model::{Digest, TimestampMs};
use rusqlite::params;

impl Reader<'_> {
    /// Held decisions to release: those whose time has come, and those that wait for a
    /// network only. Oldest first. Ask when there is a network.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn held_decisions(&self, now: TimestampMs) -> Result<Vec<DecisionRow>, StoreError> {
        let sql = format!(
            "SELECT {} FROM decisions INDEXED BY decisions_held
             WHERE stage = -1 AND (hold_until_ms IS NULL OR hold_until_ms <= ?1) ORDER BY number",
            decision::COLUMNS
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([now.millis()], decision::read_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many decisions are held.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn held_count(&self) -> Result<u32, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT count(*) FROM decisions WHERE stage = -1")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// When the next hold with a time ends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_release(&self) -> Result<Option<TimestampMs>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT min(hold_until_ms) FROM decisions WHERE stage = -1")?;
        Ok(statement.query_row([], |row| handle::moment(row, 0))?)
    }
}

impl Tx<'_> {
    /// Changes how long a held decision is held; none until there is a network. `false` if
    /// it is not held.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn hold_until(
        &self,
        digest: Digest,
        until_ms: Option<TimestampMs>,
    ) -> Result<bool, StoreError> {
        let changed = self
            .connection
            .prepare_cached(
                "UPDATE decisions SET hold_until_ms = ?2 WHERE digest = ?1 AND stage = -1",
            )?
            .execute(params![digest.as_bytes(), until_ms.map(TimestampMs::millis)])?;
        Ok(changed == 1)
    }

    /// Takes a held decision back. `false` if it is not held: then it is on its way.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn recall(&self, digest: Digest, now: TimestampMs) -> Result<bool, StoreError> {
        let recalled = self
            .connection
            .prepare_cached(
                "UPDATE decisions SET stage = 9, recalled_at_ms = ?2, hold_until_ms = NULL
                 WHERE digest = ?1 AND stage = -1",
            )?
            .execute(params![digest.as_bytes(), now.millis()])?;
        Ok(recalled == 1)
    }
}
