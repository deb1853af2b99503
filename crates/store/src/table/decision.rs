//! Signed decisions, mine and others', as plain rows; they outlive any broken document.

use crate::{Reader, StoreError, Tx, handle};
use countersign_model::{DecisionId, Digest, ProposalId, TimestampMs};
use rusqlite::{OptionalExtension as _, Row, params};

/// How far a decision has got; it never goes back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stage {
    /// In this store only, and not sealed for sending yet: it can still be recalled.
    Held,
    /// In this store, on its way.
    Signed,
    /// The relay has stored it.
    Delivered,
    /// The gate has logged it as valid.
    Accepted,
    /// The gate has logged it as invalid.
    Refused,
    /// The change it permitted was executed.
    Executed,
    /// Taken back while it was held; it counts nowhere.
    Recalled,
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
    /// Until when it is held; none until there is a network. Of a held one only.
    pub hold_until_ms: Option<TimestampMs>,
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
    /// Until when it is held; none until there is a network. Of a held one only.
    pub hold_until_ms: Option<TimestampMs>,
    /// When it was recalled.
    pub recalled_at_ms: Option<TimestampMs>,
    /// When it was stored.
    pub stored_at_ms: TimestampMs,
}

impl Stage {
    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::Held => -1,
            Self::Signed => 0,
            Self::Delivered => 1,
            Self::Accepted => 2,
            Self::Refused => 3,
            Self::Executed => 4,
            Self::Recalled => 9,
        }
    }

    pub(crate) const fn from_number(number: i64) -> Option<Self> {
        Some(match number {
            -1 => Self::Held,
            0 => Self::Signed,
            1 => Self::Delivered,
            2 => Self::Accepted,
            3 => Self::Refused,
            4 => Self::Executed,
            9 => Self::Recalled,
            _ => return None,
        })
    }
}

pub(crate) const COLUMNS: &str = "digest, id, proposal, envelope, envelope_digest, mine, stage, \
                                  refusal, stored_at_ms, hold_until_ms, recalled_at_ms";

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

    /// How many of my decisions the relay does not have yet: held ones and those on their way.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unsent_decisions(&self) -> Result<u32, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT (SELECT count(*) FROM decisions WHERE stage = -1)
                 + (SELECT count(*) FROM outbox CROSS JOIN decisions ON digest = carries
                    WHERE position IS NULL)",
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
                     (digest, id, proposal, envelope, envelope_digest, mine, stage, stored_at_ms,
                      hold_until_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
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
                decision
                    .hold_until_ms
                    .filter(|_| decision.stage == Stage::Held)
                    .map(TimestampMs::millis),
            ])?;
        Ok(added == 1)
    }

    /// Moves a decision on; a stage it has passed is ignored, and so is any after a recall.
    /// A held one is released by moving it to `Signed`. `true` if it moved.
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
                "UPDATE decisions SET stage = ?2, refusal = ?3, hold_until_ms = NULL
                 WHERE digest = ?1 AND stage < ?2 AND ?2 < 9",
            )?
            .execute(params![digest.as_bytes(), stage.number(), refusal])?;
        Ok(moved == 1)
    }
}

pub(crate) fn read_row(row: &Row<'_>) -> rusqlite::Result<DecisionRow> {
    Ok(DecisionRow {
        digest: handle::digest(row, 0)?,
        id: handle::id(row, 1)?,
        proposal: handle::id(row, 2)?,
        envelope: row.get(3)?,
        envelope_digest: handle::digest(row, 4)?,
        mine: row.get(5)?,
        stage: stage(row, 6)?,
        refusal: row.get(7)?,
        stored_at_ms: TimestampMs::from_millis(row.get(8)?),
        hold_until_ms: handle::moment(row, 9)?,
        recalled_at_ms: handle::moment(row, 10)?,
    })
}

/// A stage column.
pub(crate) fn stage(row: &Row<'_>, column: usize) -> rusqlite::Result<Stage> {
    let number: i64 = row.get(column)?;
    Stage::from_number(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, number))
}
