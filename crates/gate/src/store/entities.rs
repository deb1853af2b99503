//! Tables `entities` and `increases`: one revision counter per entity, raised by every
//! execution, and the increases of a trailing window.

use super::{Reader, StoreError, Tx, from_db, to_db};
use countersign_model::{EntityRef, ProposalId, TimestampMs};
use rusqlite::OptionalExtension as _;

impl Reader<'_> {
    /// How often this gate has changed the entity.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn revision(&self, entity: &EntityRef) -> Result<u64, StoreError> {
        let revision: Option<i64> = self
            .connection
            .prepare_cached("SELECT revision FROM entities WHERE entity = ?1")?
            .query_row([entity.to_string()], |row| row.get(0))
            .optional()?;
        from_db(revision.unwrap_or(0))
    }

    /// Sum of the increases of the daily budget that took effect since, in micros per day.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn increases_since(
        &self,
        entity: &EntityRef,
        since: TimestampMs,
    ) -> Result<i64, StoreError> {
        let sql = "SELECT coalesce(sum(amount_micros), 0) FROM increases \
                   WHERE entity = ?1 AND at_ms >= ?2";
        let key = (entity.to_string(), since.millis());
        Ok(self.connection.prepare_cached(sql)?.query_row(key, |row| row.get(0))?)
    }
}

impl Tx<'_> {
    /// Sets the revision after an execution.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_revision(&self, entity: &EntityRef, revision: u64) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO entities VALUES (?1, ?2) ON CONFLICT DO UPDATE SET revision = ?2",
            )?
            .execute((entity.to_string(), to_db(revision)?))?;
        Ok(())
    }

    /// Remembers an increase that took effect.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_increase(
        &self,
        proposal: ProposalId,
        entity: &EntityRef,
        at: TimestampMs,
        amount_micros: i64,
    ) -> Result<(), StoreError> {
        let sql = "INSERT OR IGNORE INTO increases VALUES (?1, ?2, ?3, ?4)";
        let row = (proposal.to_string(), entity.to_string(), at.millis(), amount_micros);
        self.connection.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }
}
