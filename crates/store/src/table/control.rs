//! Signed control statements (stop, resume, reading a prompt), mine and others'.

use crate::{Reader, Stage, StoreError, Tx, handle, table::decision};
use countersign_model::{ControlId, Digest, TimestampMs};
use rusqlite::{OptionalExtension as _, Row, params};

/// A signed control statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ControlRow {
    /// Digest of the signed payload bytes.
    pub digest: Digest,
    /// Its id.
    pub id: ControlId,
    /// Canonical envelope bytes.
    pub envelope: Vec<u8>,
    /// Signed on this device.
    pub mine: bool,
    /// How far it has got.
    pub stage: Stage,
    /// Why the gate refused it, as its code.
    pub refusal: Option<String>,
    /// When it was stored.
    pub stored_at_ms: TimestampMs,
}

const COLUMNS: &str = "digest, id, envelope, mine, stage, refusal, stored_at_ms";

impl Reader<'_> {
    /// Control statements, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn controls(&self, limit: u32) -> Result<Vec<ControlRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM controls ORDER BY number DESC LIMIT ?1");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([limit], read_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One control statement by the digest of its signed bytes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn control(&self, digest: Digest) -> Result<Option<ControlRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM controls WHERE digest = ?1");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row([digest.as_bytes()], read_row).optional()?)
    }

    /// My control statements that the gate has neither accepted nor refused, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pending_controls(&self) -> Result<Vec<ControlRow>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM controls WHERE mine = 1 AND stage < 2 ORDER BY number");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([], read_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Stores a control statement; one that is there already is left as it is. `true` if it
    /// is new. `refusal` is not stored here; see [`Tx::advance_control`].
    ///
    /// # Errors
    /// [`StoreError::Contradiction`] for an own id with other bytes.
    pub fn add_control(&self, control: &ControlRow) -> Result<bool, StoreError> {
        let added = self
            .connection
            .prepare_cached(
                "INSERT INTO controls (digest, id, envelope, mine, stage, stored_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (digest) DO NOTHING",
            )?
            .execute(params![
                control.digest.as_bytes(),
                control.id.to_string(),
                control.envelope,
                control.mine,
                control.stage.number(),
                control.stored_at_ms.millis(),
            ])?;
        Ok(added == 1)
    }

    /// Moves a control statement on; a stage it has passed is ignored. `true` if it moved.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn advance_control(
        &self,
        digest: Digest,
        stage: Stage,
        refusal: Option<&str>,
    ) -> Result<bool, StoreError> {
        let moved = self
            .connection
            .prepare_cached(
                "UPDATE controls SET stage = ?2, refusal = ?3 WHERE digest = ?1 AND stage < ?2",
            )?
            .execute(params![digest.as_bytes(), stage.number(), refusal])?;
        Ok(moved == 1)
    }
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<ControlRow> {
    Ok(ControlRow {
        digest: handle::digest(row, 0)?,
        id: handle::id(row, 1)?,
        envelope: row.get(2)?,
        mine: row.get(3)?,
        stage: decision::stage(row, 4)?,
        refusal: row.get(5)?,
        stored_at_ms: TimestampMs::from_millis(row.get(6)?),
    })
}
