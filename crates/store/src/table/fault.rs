//! Faults that the sync found: kept, so that a restart does not forget them.

use crate::{Reader, StoreError, Tx};
use countersign_model::TimestampMs;
use rusqlite::{OptionalExtension as _, params};

/// A fault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FaultRow {
    /// When it was found.
    pub at_ms: TimestampMs,
    /// Its code.
    pub code: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl Reader<'_> {
    /// The newest fault.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_fault(&self) -> Result<Option<FaultRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT at_ms, code, message FROM faults ORDER BY number DESC LIMIT 1",
        )?;
        Ok(statement
            .query_row([], |row| {
                Ok(FaultRow {
                    at_ms: TimestampMs::from_millis(row.get(0)?),
                    code: row.get(1)?,
                    message: row.get(2)?,
                })
            })
            .optional()?)
    }
}

impl Tx<'_> {
    /// Keeps a fault.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_fault(&self, fault: &FaultRow) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO faults (at_ms, code, message) VALUES (?1, ?2, ?3)")?
            .execute(params![fault.at_ms.millis(), fault.code, fault.message])?;
        Ok(())
    }
}
