//! This device's replica of the audit log: the step from one trusted head to the next.

use crate::member::Me;
use countersign_audit::{
    Head, LogFault, Segment, StoredHashes, StoredHashesError, TreeError, replica, tree,
};
use countersign_model::{Digest, ProposalId, TimestampMs};
use countersign_store::{LogHead, Reader, StoreError, Tx};
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

/// Verifies a segment in full and stores it. Returns the cases that it speaks of.
pub(crate) fn take_in(
    tx: &Tx<'_>,
    me: &Me,
    segment: Segment<'_>,
    now: TimestampMs,
) -> Result<BTreeSet<ProposalId>, ReplicaError> {
    let head = trusted_head(tx)?;
    let advance = replica::advance(head, &ReplicaHashes(tx), &me.log_keys(), segment)?;
    let hashes: Vec<[u8; 32]> = advance.new_hashes.iter().map(|hash| *hash.as_bytes()).collect();
    tx.add_log_hashes(advance.first_hash_index, &hashes)?;
    let mut cases = BTreeSet::new();
    for (seq, _, entry) in &advance.entries {
        let index = usize::try_from(seq - segment.first_seq).unwrap_or(usize::MAX);
        let bytes = segment.entries.get(index).map_or(&[][..], Vec::as_slice);
        tx.add_log_entry(*seq, entry.body.proposal_id, bytes)?;
        cases.extend(entry.body.proposal_id);
    }
    let gate_clock = advance.entries.iter().map(|(_, _, entry)| entry.body.at_ms).max();
    if let Some(gate_clock) = gate_clock {
        let before = tx.log_head()?.map(|head| head.gate_clock_ms);
        tx.put_log_head(&LogHead {
            size: advance.head.size,
            root: advance.head.root,
            note: segment.checkpoint.into(),
            verified_at_ms: now,
            gate_clock_ms: before.map_or(gate_clock, |before| before.max(gate_clock)),
        })?;
    }
    Ok(cases)
}
