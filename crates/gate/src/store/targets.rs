//! Tables `targets` and `increases`: one revision counter for each thing that is written on a
//! platform, raised by every execution, and the increases of a trailing window.

use super::{Reader, StoreError, Tx, from_db, to_db};
use countersign_model::{ProposalId, Target, TimestampMs};
use countersign_replay::TargetState;
use rusqlite::OptionalExtension as _;

impl Reader<'_> {
    /// A target, with the sum of its increases since a moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn target(&self, target: &Target, since: TimestampMs) -> Result<TargetState, StoreError> {
        let key = target.to_string();
        let revision: Option<i64> = self
            .connection
            .prepare_cached("SELECT revision FROM targets WHERE target = ?1")?
            .query_row([&key], |row| row.get(0))
            .optional()?;
        let sql = "SELECT coalesce(sum(amount_micros), 0) FROM increases \
                   WHERE target = ?1 AND at_ms >= ?2";
        let increases_micros = self
            .connection
            .prepare_cached(sql)?
            .query_row((&key, since.millis()), |row| row.get(0))?;
        Ok(TargetState { revision: from_db(revision.unwrap_or(0))?, increases_micros })
    }

    /// Whether a target was changed by an entry at or after a position of the log.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_changed_since(&self, target: &Target, position: u64) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM targets WHERE target = ?1 AND changed_at >= ?2";
        let key = (target.to_string(), to_db(position)?);
        Ok(self.connection.prepare_cached(sql)?.exists(key)?)
    }
}

impl Tx<'_> {
    /// Sets the revision after an execution whose entries begin at a position of the log.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_revision(
        &self,
        target: &Target,
        revision: u64,
        position: u64,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO targets VALUES (?1, ?2, ?3) \
                   ON CONFLICT DO UPDATE SET revision = ?2, changed_at = ?3";
        let row = (target.to_string(), to_db(revision)?, to_db(position)?);
        self.connection.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }

    /// Remembers an increase that took effect.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_increase(
        &self,
        proposal: ProposalId,
        target: &Target,
        at: TimestampMs,
        amount_micros: i64,
    ) -> Result<(), StoreError> {
        let sql = "INSERT OR IGNORE INTO increases VALUES (?1, ?2, ?3, ?4)";
        let row = (proposal.to_string(), target.to_string(), at.millis(), amount_micros);
        self.connection.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }
}
