//! Held decisions: signed, kept on this device for a while, then released or recalled. Until
//! its release neither the case's document nor the outbox knows of a decision; a recalled
//! one never gets there, and its row stays.

use crate::{
    case::facts::CaseFacts,
    lists::inbox,
    profile::{
        failure::{Cause, Failure},
        member::Member,
    },
    sign::outgoing::{self, Filed, FilingError, Sealer},
};
use countersign_model::{DecisionId, ProposalId, TimestampMs};
use countersign_store::{DecisionRow, Reader, Stage, StoreError};
use std::collections::BTreeSet;

/// Why a decision is not recalled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecallError {
    #[error("the decision is no longer held")]
    TooLate,
    #[error(transparent)]
    Failure(Failure),
}

impl<C: Cause> From<C> for RecallError {
    fn from(cause: C) -> Self {
        Self::Failure(cause.into())
    }
}

/// Releases every held decision whose time has come. To be called when the relay was
/// reached: without a network a decision stays held. Each is one transaction.
///
/// A case may have been settled meanwhile. Its decision is sent all the same: the gate alone
/// knows the order of things, and its typed answer is in the log for everybody to see.
pub(crate) fn release(
    member: &mut Member,
    now: TimestampMs,
) -> Result<BTreeSet<ProposalId>, FilingError> {
    let held = member.store.read(held)?;
    let mut released = BTreeSet::new();
    for row in held.iter().filter(|row| is_due(row, now)) {
        if release_one(member, row, now)? {
            released.insert(row.proposal);
        }
    }
    Ok(released)
}

/// Takes a held decision back.
pub(crate) fn recall(
    member: &mut Member,
    decision: &str,
    now: TimestampMs,
) -> Result<ProposalId, RecallError> {
    let decision: DecisionId = decision.parse().map_err(|_| RecallError::TooLate)?;
    let Member { me, store, .. } = member;
    store.transaction::<_, RecallError>(|tx| {
        let row =
            held(tx)?.into_iter().find(|row| row.id == decision).ok_or(RecallError::TooLate)?;
        if !tx.recall(row.digest, now)? {
            return Err(RecallError::TooLate);
        }
        inbox::project(tx, me, row.proposal, now)?;
        Ok(row.proposal)
    })
}

/// Every held decision, oldest first.
pub(crate) fn held(reader: &Reader<'_>) -> Result<Vec<DecisionRow>, StoreError> {
    reader.held_decisions(TimestampMs::from_millis(i64::MAX))
}

/// Whether a hold is over. A clock that was set back does not lengthen it.
fn is_due(row: &DecisionRow, now: TimestampMs) -> bool {
    row.hold_until_ms.is_none_or(|until| until <= now) || now < row.stored_at_ms
}

/// Document, sealed record and stage at once. `false` when it was recalled meanwhile, or its
/// case cannot be read here: then it stays held and is shown so.
fn release_one(
    member: &mut Member,
    row: &DecisionRow,
    now: TimestampMs,
) -> Result<bool, FilingError> {
    let Member { me, keys, store, epoch_keys, .. } = member;
    let sealer = Sealer::new(me, keys, epoch_keys)?;
    store.transaction::<_, FilingError>(|tx| {
        let Some(facts) = CaseFacts::load(tx, me, row.proposal)? else {
            tracing::warn!(case = %row.proposal, "a held decision's case cannot be read");
            return Ok(false);
        };
        let is_held = tx.decision(row.digest)?.is_some_and(|row| row.stage == Stage::Held);
        if !is_held {
            return Ok(false);
        }
        let filed = Filed::Decision(row.digest, &row.envelope);
        let body = outgoing::file(tx, me, &facts, filed)?;
        sealer.queue(tx, &body, row.digest)?;
        tx.advance_decision(row.digest, Stage::Signed, None)?;
        inbox::project(tx, me, row.proposal, now)?;
        tracing::info!(decision = %row.id, "a held decision was released");
        Ok(true)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_model::Digest;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn row(stored: i64, until: Option<i64>) -> DecisionRow {
        DecisionRow {
            digest: Digest::of(b"decision"),
            id: DecisionId::from_uuid(Uuid::nil()),
            proposal: ProposalId::from_uuid(Uuid::nil()),
            envelope: vec![],
            envelope_digest: Digest::of(b""),
            mine: true,
            stage: Stage::Held,
            refusal: None,
            hold_until_ms: until.map(TimestampMs::from_millis),
            recalled_at_ms: None,
            stored_at_ms: TimestampMs::from_millis(stored),
        }
    }

    proptest! {
        /// Held for its whole time, and never longer than that by any clock.
        #[test]
        fn a_hold_lasts_its_time(stored in 0i64..1_000_000, hold in 0i64..60_000, after in -100_000i64..100_000) {
            let row = row(stored, Some(stored + hold));
            let due = is_due(&row, TimestampMs::from_millis(stored + after));
            prop_assert_eq!(due, after >= hold || after < 0);
        }
    }
}
