//! What others wrote and this device set aside. The rows are few for each writer, whatever it
//! sends; beyond them it is only counted.

use crate::{
    Reader, StoreError, Tx,
    handle::{self, from_db, to_db},
};
use countersign_model::{DeviceId, Digest, TimestampMs};
use rusqlite::params;

/// Rows that are kept of one writer. The first ones: what came later is more of the same.
const ROWS_PER_WRITER: i64 = 64;

/// A record, or a part of one, that was set aside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuarantineRow {
    /// Where the relay has the record.
    pub position: u64,
    /// Who wrote it.
    pub writer: DeviceId,
    /// Digest of what was set aside.
    pub digest: Digest,
    /// Why, as a code.
    pub why: String,
    /// When.
    pub at_ms: TimestampMs,
}

/// How much of one writer was set aside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QuarantineCount {
    /// Who wrote it.
    pub writer: DeviceId,
    /// How often.
    pub records: u64,
    /// When last.
    pub last_ms: TimestampMs,
}

impl Reader<'_> {
    /// What was set aside, by writer in order of position: the rows that were kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn quarantine(&self) -> Result<Vec<QuarantineRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT position, writer, digest, why, at_ms FROM quarantine
             ORDER BY writer, position, number",
        )?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(QuarantineRow {
                position: from_db(row.get(0)?, "quarantine.position")?,
                writer: handle::id(row, 1)?,
                digest: handle::digest(row, 2)?,
                why: row.get(3)?,
                at_ms: TimestampMs::from_millis(row.get(4)?),
            });
        }
        Ok(found)
    }

    /// How much was set aside of each writer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn quarantine_counts(&self) -> Result<Vec<QuarantineCount>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT writer, records, last_ms FROM quarantine_count")?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(QuarantineCount {
                writer: handle::id(row, 0)?,
                records: from_db(row.get(1)?, "quarantine_count.records")?,
                last_ms: TimestampMs::from_millis(row.get(2)?),
            });
        }
        Ok(found)
    }
}

impl Tx<'_> {
    /// Notes that something was set aside.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_quarantine(&self, row: &QuarantineRow) -> Result<(), StoreError> {
        let writer = row.writer.to_string();
        let records: i64 = self
            .connection
            .prepare_cached(
                "INSERT INTO quarantine_count (writer, records, last_ms)
                 VALUES (?1, 1, ?2)
                 ON CONFLICT (writer) DO UPDATE SET
                     records = records + 1, last_ms = excluded.last_ms
                 RETURNING records",
            )?
            .query_row(params![writer, row.at_ms.millis()], |row| row.get(0))?;
        if records > ROWS_PER_WRITER {
            return Ok(());
        }
        self.connection
            .prepare_cached(
                "INSERT INTO quarantine (position, writer, digest, why, at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                to_db(row.position, "quarantine.position")?,
                writer,
                row.digest.as_bytes(),
                row.why,
                row.at_ms.millis(),
            ])?;
        Ok(())
    }
}
