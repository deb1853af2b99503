//! Where the sync stands: the relay cursor and what the reader remembers of each writer.

use crate::{
    Reader, StoreError, Tx,
    handle::{from_db, to_db},
};
use countersign_model::TimestampMs;
use rusqlite::{OptionalExtension as _, params};

/// Where the sync stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SyncState {
    /// Position of the last record taken in; 0 before the first.
    pub cursor: u64,
    /// The reader's memory in its own form; empty before the first record.
    pub reader: Vec<u8>,
    /// When the relay last answered.
    pub last_contact_ms: Option<TimestampMs>,
}

impl Reader<'_> {
    /// Where the sync stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sync_state(&self) -> Result<SyncState, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT cursor, reader, last_contact_ms FROM sync_state")?;
        let row = statement
            .query_row([], |row| {
                Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get::<_, Option<i64>>(2)?))
            })
            .optional()?;
        let Some((cursor, reader, contact)) = row else { return Ok(SyncState::default()) };
        Ok(SyncState {
            cursor: from_db(cursor, "sync_state.cursor")?,
            reader,
            last_contact_ms: contact.map(TimestampMs::from_millis),
        })
    }
}

impl Tx<'_> {
    /// Stores where the sync stands. Belongs into the transaction of what it took in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_sync_state(&self, state: &SyncState) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO sync_state (one, cursor, reader, last_contact_ms)
                 VALUES (1, ?1, ?2, ?3)
                 ON CONFLICT (one) DO UPDATE SET cursor = excluded.cursor,
                     reader = excluded.reader, last_contact_ms = excluded.last_contact_ms",
            )?
            .execute(params![
                to_db(state.cursor, "sync_state.cursor")?,
                state.reader,
                state.last_contact_ms.map(TimestampMs::millis),
            ])?;
        Ok(())
    }
}
