//! Signed decisions, mine and others', as plain rows; they outlive any broken document.

use crate::{Reader, StoreError, Tx, handle};
use countersign_model::{DecisionId, Digest, ProposalId, TimestampMs};
use rusqlite::{OptionalExtension as _, Row, params};

/// How far a decision has got; it never goes back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stage {
    /// In this store only.
    Signed,
    /// The relay has stored it.
    Delivered,
    /// The gate has logged it as valid.
    Accepted,
    /// The gate has logged it as invalid.
    Refused,
    /// The change it permitted was executed.
    Executed,
}

/// A decision to store.
#[derive(Clone, Debug)]
pub struct NewDecision {
    /// Digest of the signed payload bytes.
    pub digest: Digest,
    /// Its id.
    pub id: DecisionId,
    /// The case.
    pub proposal: ProposalId,
    /// Canonical envelope bytes.
    pub envelope: Vec<u8>,
    /// Signed on this device.
    pub mine: bool,
    /// How far it has got.
    pub stage: Stage,
    /// When it was stored.
    pub stored_at_ms: TimestampMs,
}

/// A stored decision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DecisionRow {
    /// Digest of the signed payload bytes.
    pub digest: Digest,
    /// Its id.
    pub id: DecisionId,
    /// The case.
    pub proposal: ProposalId,
    /// Canonical envelope bytes.
    pub envelope: Vec<u8>,
    /// Digest of the envelope bytes: how the log names it.
    pub envelope_digest: Digest,
    /// Signed on this device.
    pub mine: bool,
    /// How far it has got.
    pub stage: Stage,
    /// Why the gate refused it, as its code.
    pub refusal: Option<String>,
    /// When it was stored.
    pub stored_at_ms: TimestampMs,
}

impl Stage {
    const fn number(self) -> i64 {
        match self {
            Self::Signed => 0,
            Self::Delivered => 1,
            Self::Accepted => 2,
            Self::Refused => 3,
            Self::Executed => 4,
        }
    }

    const fn from_number(number: i64) -> Option<Self> {
        Some(match number {
            0 => Self::Signed,
            1 => Self::Delivered,
            2 => Self::Accepted,
            3 => Self::Refused,
            4 => Self::Executed,
            _ => return None,
        })
    }
}

const COLUMNS: &str =
    "digest, id, proposal, envelope, envelope_digest, mine, stage, refusal, stored_at_ms";

impl Reader<'_> {
    /// The decisions of a case, in order of arrival.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn decisions_of(&self, proposal: ProposalId) -> Result<Vec<DecisionRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM decisions WHERE proposal = ?1 ORDER BY number");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([proposal.to_string()], read_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One decision by the digest of its signed bytes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn decision(&self, digest: Digest) -> Result<Option<DecisionRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM decisions WHERE digest = ?1");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row([digest.as_bytes()], read_row).optional()?)
    }

    /// How many of my decisions the relay does not have yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unsent_decisions(&self) -> Result<u32, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT count(*) FROM outbox WHERE position IS NULL AND decision IS NOT NULL",
        )?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }
}

impl Tx<'_> {
    /// Stores a decision; one that is there already is left as it is. `true` if it is new.
    ///
    /// # Errors
    /// [`StoreError::Contradiction`] for an own decision id with other bytes.
    pub fn add_decision(&self, decision: &NewDecision) -> Result<bool, StoreError> {
        let added = self
            .connection
            .prepare_cached(
                "INSERT INTO decisions
                     (digest, id, proposal, envelope, envelope_digest, mine, stage, stored_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT (digest) DO NOTHING",
            )?
            .execute(params![
                decision.digest.as_bytes(),
                decision.id.to_string(),
                decision.proposal.to_string(),
                decision.envelope,
                Digest::of(&decision.envelope).as_bytes(),
                decision.mine,
                decision.stage.number(),
                decision.stored_at_ms.millis(),
            ])?;
        Ok(added == 1)
    }

    /// Moves a decision on; a stage it has passed is ignored. `true` if it moved.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn advance_decision(
        &self,
        digest: Digest,
        stage: Stage,
        refusal: Option<&str>,
    ) -> Result<bool, StoreError> {
        let moved = self
            .connection
            .prepare_cached(
                "UPDATE decisions SET stage = ?2, refusal = ?3 WHERE digest = ?1 AND stage < ?2",
            )?
            .execute(params![digest.as_bytes(), stage.number(), refusal])?;
        Ok(moved == 1)
    }
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<DecisionRow> {
    let stage: i64 = row.get(6)?;
    Ok(DecisionRow {
        digest: handle::digest(row, 0)?,
        id: handle::id(row, 1)?,
        proposal: handle::id(row, 2)?,
        envelope: row.get(3)?,
        envelope_digest: handle::digest(row, 4)?,
        mine: row.get(5)?,
        stage: Stage::from_number(stage)
            .ok_or(rusqlite::Error::IntegralValueOutOfRange(6, stage))?,
        refusal: row.get(7)?,
        stored_at_ms: TimestampMs::from_millis(row.get(8)?),
    })
}
