//! Cases put away until a moment. A snooze ends at its time, by hand, or when the case no
//! longer needs me.

use crate::{Reader, StoreError, Tx, handle};
use countersign_model::{ProposalId, TimestampMs};
use rusqlite::{OptionalExtension as _, params};

impl Reader<'_> {
    /// Until when a case is put away.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn snoozed_until(&self, case: ProposalId) -> Result<Option<TimestampMs>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT snooze_until_ms FROM cases WHERE proposal = ?1")?;
        let until: Option<Option<i64>> =
            statement.query_row([case.to_string()], |row| row.get(0)).optional()?;
        Ok(until.flatten().map(TimestampMs::from_millis))
    }

    /// When the next snooze ends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_wake(&self) -> Result<Option<TimestampMs>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT min(snooze_until_ms) FROM cases WHERE snooze_until_ms IS NOT NULL",
        )?;
        let next: Option<i64> = statement.query_row([], |row| row.get(0))?;
        Ok(next.map(TimestampMs::from_millis))
    }
}

impl Tx<'_> {
    /// Puts a case that needs me away until a moment, or changes that moment. `false` if the
    /// case does not need me.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn snooze(&self, case: ProposalId, until_ms: TimestampMs) -> Result<bool, StoreError> {
        let moved = self
            .connection
            .prepare_cached(
                "UPDATE cases SET shelf = 3, snooze_until_ms = ?2
                 WHERE proposal = ?1 AND shelf IN (0, 3)",
            )?
            .execute(params![case.to_string(), until_ms.millis()])?;
        Ok(moved == 1)
    }

    /// Takes a case out again. `false` if it was not put away.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unsnooze(&self, case: ProposalId) -> Result<bool, StoreError> {
        let moved = self
            .connection
            .prepare_cached(
                "UPDATE cases SET shelf = 0, snooze_until_ms = NULL
                 WHERE proposal = ?1 AND shelf = 3",
            )?
            .execute([case.to_string()])?;
        Ok(moved == 1)
    }

    /// Ends every snooze whose moment has come; the cases that are back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn wake_snoozed(&self, now: TimestampMs) -> Result<Vec<ProposalId>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "UPDATE cases SET shelf = 0, snooze_until_ms = NULL
             WHERE snooze_until_ms <= ?1 RETURNING proposal",
        )?;
        let rows = statement.query_map([now.millis()], |row| handle::id(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
