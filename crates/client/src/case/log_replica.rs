//! This device's replica of the audit log: the step from one trusted head to the next.

use crate::{
    case::{
        contain::{ContentError, TakeError},
        halt,
    },
    profile::member::Me,
    view::names,
};
use countersign_audit::{
    Head, LogFault, Segment, StoredHashes, StoredHashesError, TreeError, replica, tree,
};
use countersign_model::{Digest, ProposalId, TimestampMs, entry::LogEvent};
use countersign_store::{LogHead, Reader, Stage, StoreError, Tx};
use std::collections::BTreeSet;

/// The replica's Merkle hashes as `audit` reads them.
pub(crate) struct ReplicaHashes<'a>(pub(crate) &'a Reader<'a>);

/// Why a segment was not taken in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplicaError {
    /// The log is not to be believed.
    #[error(transparent)]
    Fault(#[from] LogFault),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ReplicaError> for TakeError {
    fn from(error: ReplicaError) -> Self {
        match error {
            ReplicaError::Store(error) => error.into(),
            // A hash that cannot be read says nothing about the log that came.
            ReplicaError::Fault(LogFault::Tree(TreeError::Read(read))) => {
                match read.0.downcast::<StoreError>() {
                    Ok(error) => Self::from(*error),
                    Err(other) => Self::Content(ContentError::Log(Box::new(LogFault::Tree(
                        TreeError::Read(StoredHashesError(other)),
                    )))),
                }
            }
            ReplicaError::Fault(fault) => Self::Content(ContentError::Log(Box::new(fault))),
        }
    }
}

/// A hash that the replica should hold is not there.
#[derive(Debug, thiserror::Error)]
#[error("the replica lacks its hash {0}")]
struct MissingHash(u64);

impl StoredHashes for ReplicaHashes<'_> {
    fn read(&self, indexes: &[u64]) -> Result<Vec<Digest>, StoredHashesError> {
        indexes
            .iter()
            .map(|index| match self.0.log_hash(*index) {
                Ok(Some(hash)) => Ok(Digest::from_bytes(hash)),
                Ok(None) => Err(StoredHashesError(Box::new(MissingHash(*index)))),
                Err(error) => Err(StoredHashesError(Box::new(error))),
            })
            .collect()
    }
}

/// The head that this device trusts.
pub(crate) fn trusted_head(reader: &Reader<'_>) -> Result<Head, ReplicaError> {
    let Some(head) = reader.log_head()?.filter(|head| head.size > 0) else {
        return Ok(Head::empty());
    };
    let index = tree::leaf_index(head.size - 1).map_err(LogFault::from)?;
    let leaf = reader.log_hash(index)?.ok_or_else(|| {
        let missing = StoredHashesError(Box::new(MissingHash(index)));
        LogFault::from(TreeError::Read(missing))
    })?;
    Ok(Head { size: head.size, root: head.root, last_leaf: Digest::from_bytes(leaf) })
}

/// What a segment of the log has moved.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    /// The cases that it speaks of.
    pub(crate) cases: BTreeSet<ProposalId>,
    /// Those in which a decision made on this device was refused.
    pub(crate) refused: BTreeSet<ProposalId>,
}

/// Verifies a segment in full and stores it.
pub(crate) fn take_in(
    tx: &Tx<'_>,
    me: &Me,
    segment: Segment<'_>,
    now: TimestampMs,
) -> Result<Moved, ReplicaError> {
    let head = trusted_head(tx)?;
    let advance = replica::advance(head, &ReplicaHashes(tx), &me.log_keys(), segment)?;
    let hashes: Vec<[u8; 32]> = advance.new_hashes.iter().map(|hash| *hash.as_bytes()).collect();
    tx.add_log_hashes(advance.first_hash_index, &hashes)?;
    let mut moved = Moved::default();
    for (seq, _, entry) in &advance.entries {
        let index = usize::try_from(seq - segment.first_seq).unwrap_or(usize::MAX);
        let bytes = segment.entries.get(index).map_or(&[][..], Vec::as_slice);
        let (kind, case) = (entry.body.event.kind(), entry.body.event.proposal_id());
        tx.add_log_entry(*seq, case, &names::wire(&kind), bytes)?;
        moved.cases.extend(case);
        if judge(tx, &entry.body.event)? {
            moved.refused.extend(case);
        }
        halt::settle(tx, entry)?;
    }
    // The newest stamp, also when it lies before others: an entry may correct the clock.
    if let Some((_, _, newest)) = advance.entries.last() {
        tx.put_log_head(&LogHead {
            size: advance.head.size,
            root: advance.head.root,
            note: segment.checkpoint.into(),
            verified_at_ms: now,
            gate_clock_ms: newest.body.at_ms,
        })?;
    }
    Ok(moved)
}

/// Moves on the decision that an entry judges, by the digest that the entry names it by.
/// `true` if it was made on this device and refused.
fn judge(tx: &Tx<'_>, event: &LogEvent) -> Result<bool, StoreError> {
    let (case, record, stage) = match event {
        LogEvent::DecisionAccepted { proposal_id, decision, .. } => {
            (*proposal_id, decision, Stage::Accepted)
        }
        LogEvent::DecisionRefused { proposal_id, decision, .. } => {
            (*proposal_id, decision, Stage::Refused)
        }
        _ => return Ok(false),
    };
    let refusal = event.refusal().map(|refusal| names::wire(&refusal));
    let mut refused = false;
    for row in tx.decisions_of(case)? {
        // One that was accepted stays so: a later refusal is of its repetition.
        if row.envelope_digest == record.envelope && row.stage < Stage::Accepted {
            let moved = tx.advance_decision(row.digest, stage, refusal.as_deref())?;
            refused |= moved && row.mine && stage == Stage::Refused;
        }
    }
    Ok(refused)
}
