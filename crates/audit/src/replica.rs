//! What a desktop believes of the log: the step from one trusted head to the next, which
//! recomputes every hash and so finds any entry altered, dropped, reordered or forked.

use crate::{
    checkpoint::{self, Checkpoint, CheckpointError},
    single::{self, SignatureFault, Signed, Single},
    tree::{self, StoredHashes, TreeError},
};
use countersign_model::{
    Digest, PublicKey, WorkspaceId,
    canonical::CanonicalError,
    entry::{Entry, EntryError},
};

/// A head that was verified before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// Number of entries.
    pub size: u64,
    /// RFC 6962 root over them.
    pub root: Digest,
    /// Leaf hash of the last entry; 32 zero bytes when there is none.
    pub last_leaf: Digest,
}

/// Whose log it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogKeys {
    /// The workspace that every entry names.
    pub workspace: WorkspaceId,
    /// Signs the entries.
    pub gate_key: PublicKey,
    /// Signs the checkpoints: `<origin>+<id>+<key>`.
    pub vkey: String,
}

/// A run of entries and the checkpoint over the log up to its end.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// Position of the first entry.
    pub first_seq: u64,
    /// Leaf bytes, in order.
    pub entries: &'a [Vec<u8>],
    /// The signed note.
    pub checkpoint: &'a str,
}

/// What a segment adds to a replica.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Advance {
    /// The head to trust from now on; unchanged when everything was known.
    pub head: Head,
    /// Index of the first of `new_hashes` among the stored hashes.
    pub first_hash_index: u64,
    /// Hashes to store, at consecutive indexes.
    pub new_hashes: Vec<Digest>,
    /// The new entries: position, leaf hash, content. Every signature was checked.
    pub entries: Vec<(u64, Digest, Entry)>,
    /// The segment's checkpoint.
    pub checkpoint: Checkpoint,
}

/// Why a log is not to be believed, or cannot be read now.
#[derive(Debug, thiserror::Error)]
pub enum LogFault {
    /// Entries are missing between what is held and what came.
    #[error("log entries {held} to {offered} are missing: the relay has not delivered them")]
    Gap {
        /// Entries held.
        held: u64,
        /// First position offered.
        offered: u64,
    },
    /// An entry differs from the one held at its place, or a signed root from the one
    /// computed for its size: two histories were shown.
    #[error(
        "the log shows two different histories at entry {seq}: do not trust either, tell an administrator"
    )]
    Fork {
        /// The first place known to differ.
        seq: u64,
    },
    /// The signed root is not the root of the entries.
    #[error("the signed root over {size} entries is not the root of the entries that came")]
    WrongRoot {
        /// Size of the tree.
        size: u64,
    },
    /// The checkpoint covers a different number of entries from what came.
    #[error("the checkpoint covers {signed} entries, but the segment ends at {ends}")]
    WrongSize {
        /// Entries the checkpoint covers.
        signed: u64,
        /// Where the segment ends.
        ends: u64,
    },
    /// The checkpoint is malformed, foreign or not signed by the log.
    #[error("the checkpoint is refused")]
    BadCheckpoint(#[from] CheckpointError),
    /// The bytes are not an entry in canonical form.
    #[error("log entry {seq} cannot be read")]
    BadEntry {
        /// Its place.
        seq: u64,
        /// Why.
        source: CanonicalError,
    },
    /// Larger than a log entry may be.
    #[error("log entry {seq} is too large")]
    TooLarge {
        /// Its place.
        seq: u64,
    },
    /// Not signed by the gate.
    #[error("log entry {seq} is not signed by the gate")]
    BadEntrySignature {
        /// Its place.
        seq: u64,
    },
    /// `prev_hash` is not the leaf hash of the entry before.
    #[error("log entry {seq} does not follow the entry before it")]
    BrokenChain {
        /// Its place.
        seq: u64,
    },
    /// The entry names a place other than its own.
    #[error("log entry {seq} says that it is entry {found}")]
    WrongSeq {
        /// Where it stands.
        seq: u64,
        /// What it says.
        found: u64,
    },
    /// The entry belongs to another workspace.
    #[error("log entry {seq} belongs to another workspace")]
    ForeignWorkspace {
        /// Its place.
        seq: u64,
    },
    /// A head that is offered as the newest is older than the one held.
    #[error("the newest head covers {offered} entries, but {held} were verified here before")]
    WentBack {
        /// Entries held.
        held: u64,
        /// Entries the head covers.
        offered: u64,
    },
    /// The replica itself cannot be read; says nothing about the log.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

impl Head {
    /// The head of a log with no entries.
    #[must_use]
    pub fn empty() -> Self {
        Self { size: 0, root: tree::empty_root(), last_leaf: Digest::from_bytes([0; 32]) }
    }
}

/// Checks a segment against a trusted head. What is held already must be identical and is
/// passed over; what is new is checked in full. Nothing is stored here.
///
/// # Errors
/// [`LogFault`]; the replica stays as it was.
pub fn advance(
    head: Head,
    stored: &dyn StoredHashes,
    keys: &LogKeys,
    segment: Segment<'_>,
) -> Result<Advance, LogFault> {
    let checkpoint = checkpoint::verify(segment.checkpoint, &keys.vkey)?;
    if segment.first_seq > head.size {
        return Err(LogFault::Gap { held: head.size, offered: segment.first_seq });
    }
    let ends = segment.first_seq.saturating_add(segment.entries.len() as u64);
    if checkpoint.size != ends {
        return Err(LogFault::WrongSize { signed: checkpoint.size, ends });
    }
    let known = usize::try_from(head.size - segment.first_seq)
        .unwrap_or(usize::MAX)
        .min(segment.entries.len());
    let (old, new) = segment.entries.split_at(known);
    check_overlap(stored, segment.first_seq, old)?;
    let entries = check_entries(head, keys, new)?;

    let leaves: Vec<Digest> = entries.iter().map(|(_, leaf, _)| *leaf).collect();
    let new_hashes = tree::append_hashes(head.size, &leaves, stored)?;
    let root = tree::root_with(ends, head.size, &new_hashes, stored)?;
    if root != checkpoint.root {
        return Err(match new.is_empty() {
            true => LogFault::Fork { seq: ends.saturating_sub(1) },
            false => LogFault::WrongRoot { size: ends },
        });
    }
    let last_leaf = leaves.last().copied().unwrap_or(head.last_leaf);
    let head = if new.is_empty() { head } else { Head { size: ends, root, last_leaf } };
    let first_hash_index = tree::stored_count(head.size - leaves.len() as u64)?;
    Ok(Advance { head, first_hash_index, new_hashes, entries, checkpoint })
}

/// Checks a checkpoint that is offered as the log's newest, without its entries: it must
/// not cover fewer than are held, and must agree where it covers exactly those.
///
/// # Errors
/// [`LogFault::WentBack`], [`LogFault::Fork`] or [`LogFault::BadCheckpoint`].
pub fn check_newest(
    head: Head,
    stored: &dyn StoredHashes,
    keys: &LogKeys,
    note: &str,
) -> Result<Checkpoint, LogFault> {
    let checkpoint = checkpoint::verify(note, &keys.vkey)?;
    if checkpoint.size > head.size {
        return Ok(checkpoint);
    }
    if tree::root(checkpoint.size, stored)? != checkpoint.root {
        return Err(LogFault::Fork { seq: checkpoint.size.saturating_sub(1) });
    }
    if checkpoint.size < head.size {
        return Err(LogFault::WentBack { held: head.size, offered: checkpoint.size });
    }
    Ok(checkpoint)
}

fn check_overlap(
    stored: &dyn StoredHashes,
    first_seq: u64,
    entries: &[Vec<u8>],
) -> Result<(), LogFault> {
    let seqs = first_seq..first_seq + entries.len() as u64;
    let indexes = seqs.clone().map(tree::leaf_index).collect::<Result<Vec<_>, _>>()?;
    let held = stored.read(&indexes).map_err(TreeError::Read)?;
    if held.len() != entries.len() {
        let (asked, found) = (entries.len(), held.len());
        return Err(TreeError::Count { asked, found }.into());
    }
    for ((seq, held), bytes) in seqs.zip(held).zip(entries) {
        if tree::leaf_hash(bytes) != held {
            return Err(LogFault::Fork { seq });
        }
    }
    Ok(())
}

fn check_entries(
    head: Head,
    keys: &LogKeys,
    entries: &[Vec<u8>],
) -> Result<Vec<(u64, Digest, Entry)>, LogFault> {
    let mut checked: Vec<(u64, Digest, Entry)> = Vec::with_capacity(entries.len());
    let mut unsigned = None;
    let mut previous = head.last_leaf;
    for (seq, Single { leaf, entry }) in
        (head.size..).zip(single::check_all(keys.gate_key, entries))
    {
        let Signed { entry, signature } = entry.map_err(|error| unreadable(seq, error))?;
        if entry.body.workspace != keys.workspace {
            return Err(LogFault::ForeignWorkspace { seq });
        }
        if entry.body.seq != seq {
            return Err(LogFault::WrongSeq { seq, found: entry.body.seq });
        }
        if entry.body.prev_hash != previous {
            return Err(LogFault::BrokenChain { seq });
        }
        previous = leaf;
        if let Err(fault) = signature {
            unsigned.get_or_insert((seq, fault));
        }
        checked.push((seq, leaf, *entry));
    }
    // Bytes that are no entry are reported before an entry that is not signed.
    match unsigned {
        None => Ok(checked),
        Some((seq, SignatureFault::Bytes(source))) => Err(LogFault::BadEntry { seq, source }),
        Some((seq, SignatureFault::Form | SignatureFault::Mismatch)) => {
            Err(LogFault::BadEntrySignature { seq })
        }
    }
}

fn unreadable(seq: u64, error: EntryError) -> LogFault {
    match error {
        EntryError::Malformed(source) => LogFault::BadEntry { seq, source },
        EntryError::TooLarge => LogFault::TooLarge { seq },
        EntryError::Signer(_) | EntryError::Signature(_) => LogFault::BadEntrySignature { seq },
    }
}
