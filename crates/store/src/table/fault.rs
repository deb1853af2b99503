//! Faults that the sync found: kept, so that a restart does not forget them.

use crate::{Reader, StoreError, Tx};
use countersign_model::{DeviceId, TimestampMs};
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
    /// The oldest fault that is not healed: what the later ones follow from. One about the
    /// workspace comes before any about a single device, which nobody may use to hide it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_fault(&self) -> Result<Option<FaultRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT at_ms, code, message FROM faults WHERE healed_at_ms IS NULL
             ORDER BY about IS NOT NULL, number LIMIT 1",
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
    /// Keeps a fault, unless one of the same code is open already. `true` if it is new.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_fault(&self, fault: &FaultRow) -> Result<bool, StoreError> {
        let added = self
            .connection
            .prepare_cached(
                "INSERT INTO faults (at_ms, code, message) SELECT ?1, ?2, ?3
                 WHERE NOT EXISTS
                     (SELECT 1 FROM faults
                      WHERE code = ?2 AND about IS NULL AND healed_at_ms IS NULL)",
            )?
            .execute(params![fault.at_ms.millis(), fault.code, fault.message])?;
        Ok(added == 1)
    }

    /// Keeps a fault about one device, unless one of the same code about it is open already.
    /// `true` if it is new. It is over when [`Tx::heal_faults_about_devices`] says so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_fault_about(&self, fault: &FaultRow, about: DeviceId) -> Result<bool, StoreError> {
        let added = self
            .connection
            .prepare_cached(
                "INSERT INTO faults (at_ms, code, message, about) SELECT ?1, ?2, ?3, ?4
                 WHERE NOT EXISTS
                     (SELECT 1 FROM faults
                      WHERE code = ?2 AND about = ?4 AND healed_at_ms IS NULL)",
            )?
            .execute(params![fault.at_ms.millis(), fault.code, fault.message, about.to_string()])?;
        Ok(added == 1)
    }

    /// Ends the faults about single devices that were found before a moment. `true` if there
    /// were any.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn heal_faults_about_devices(
        &self,
        before: TimestampMs,
        at_ms: TimestampMs,
    ) -> Result<bool, StoreError> {
        let healed = self
            .connection
            .prepare_cached(
                "UPDATE faults SET healed_at_ms = ?2
                 WHERE about IS NOT NULL AND at_ms < ?1 AND healed_at_ms IS NULL",
            )?
            .execute(params![before.millis(), at_ms.millis()])?;
        Ok(healed > 0)
    }

    /// Notes that what was wrong is right again. `true` if it had been open.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn heal_fault(&self, code: &str, at_ms: TimestampMs) -> Result<bool, StoreError> {
        let healed = self
            .connection
            .prepare_cached(
                "UPDATE faults SET healed_at_ms = ?2 WHERE code = ?1 AND healed_at_ms IS NULL",
            )?
            .execute(params![code, at_ms.millis()])?;
        Ok(healed > 0)
    }
}
