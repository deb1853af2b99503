//! Tables `decisions` and `nonces`: what arrived, and which decision ids are spent.

use super::{Reader, StoreError, Tx, to_db};
use countersign_model::{DecisionId, Digest, PersonId, ProposalId, TimestampMs};
use rusqlite::OptionalExtension as _;

/// A decision envelope as a document carried it.
#[derive(Clone, Copy, Debug)]
pub struct FiledDecision<'a> {
    /// The case whose document it stood in.
    pub proposal: ProposalId,
    /// The key it was filed under.
    pub filed_under: &'a str,
    /// Digest of its bytes.
    pub envelope: Digest,
}

impl Reader<'_> {
    /// Whether exactly this was received before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn has_filed(&self, filed: FiledDecision<'_>) -> Result<bool, StoreError> {
        let sql =
            "SELECT 1 FROM decisions WHERE proposal = ?1 AND filed_under = ?2 AND envelope = ?3";
        let key = (filed.proposal.to_string(), filed.filed_under, filed.envelope.as_bytes());
        Ok(self.connection.prepare_cached(sql)?.exists(key)?)
    }

    /// How many envelopes were received for a case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count_filed(&self, proposal: ProposalId) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM decisions WHERE proposal = ?1";
        let count: i64 = self
            .connection
            .prepare_cached(sql)?
            .query_row([proposal.to_string()], |row| row.get(0))?;
        super::from_db(count)
    }

    /// The case for which a person has spent a decision id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn nonce_spent_on(
        &self,
        person: PersonId,
        decision: DecisionId,
    ) -> Result<Option<ProposalId>, StoreError> {
        let sql = "SELECT proposal FROM nonces WHERE person = ?1 AND decision = ?2";
        let found: Option<String> = self
            .connection
            .prepare_cached(sql)?
            .query_row((person.to_string(), decision.to_string()), |row| row.get(0))
            .optional()?;
        found
            .map(|text| text.parse().map_err(|_| StoreError::Damaged("a nonce names no case")))
            .transpose()
    }
}

impl Tx<'_> {
    /// Remembers that an envelope was received.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_filed(&self, filed: FiledDecision<'_>, at: TimestampMs) -> Result<(), StoreError> {
        let sql = "INSERT OR IGNORE INTO decisions VALUES (?1, ?2, ?3, ?4)";
        self.connection.prepare_cached(sql)?.execute((
            filed.proposal.to_string(),
            filed.filed_under,
            filed.envelope.as_bytes(),
            to_db(u64::try_from(at.millis()).unwrap_or(0))?,
        ))?;
        Ok(())
    }

    /// Spends a decision id for good.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn spend_nonce(
        &self,
        person: PersonId,
        decision: DecisionId,
        proposal: ProposalId,
    ) -> Result<(), StoreError> {
        let sql = "INSERT OR IGNORE INTO nonces VALUES (?1, ?2, ?3)";
        self.connection.prepare_cached(sql)?.execute((
            person.to_string(),
            decision.to_string(),
            proposal.to_string(),
        ))?;
        Ok(())
    }
}
