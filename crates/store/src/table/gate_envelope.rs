//! The gate's envelopes of a case, each verified before it came here and never replaced.

use crate::{Reader, StoreError, Tx};
use countersign_model::ProposalId;
use rusqlite::{OptionalExtension as _, params};

/// Which envelope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GateEnvelope {
    /// The proposal.
    Proposal,
    /// The verdict on it.
    Verdict,
}

impl GateEnvelope {
    const fn number(self) -> i64 {
        match self {
            Self::Proposal => 0,
            Self::Verdict => 1,
        }
    }
}

impl Reader<'_> {
    /// The canonical bytes of an envelope of a case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn gate_envelope(
        &self,
        proposal: ProposalId,
        kind: GateEnvelope,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT bytes FROM gate_envelopes WHERE proposal = ?1 AND kind = ?2")?;
        let key = params![proposal.to_string(), kind.number()];
        Ok(statement.query_row(key, |row| row.get(0)).optional()?)
    }
}

impl Tx<'_> {
    /// Keeps a verified envelope; the first one stays. `true` if it is new.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_gate_envelope(
        &self,
        proposal: ProposalId,
        kind: GateEnvelope,
        bytes: &[u8],
    ) -> Result<bool, StoreError> {
        let added = self
            .connection
            .prepare_cached(
                "INSERT INTO gate_envelopes (proposal, kind, bytes) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![proposal.to_string(), kind.number(), bytes])?;
        Ok(added == 1)
    }
}
