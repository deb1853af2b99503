//! The check of the whole log on this device, a run of entries at a time: every hash, link
//! and signature for integrity, every position for completeness, and for both what following
//! it has found. Two separate verdicts.

use countersign_audit::{
    Frontier, LogKeys,
    checkpoint::{self, CheckpointError},
    tree,
};
use countersign_model::{Digest, entry::Entry, signature::batch};
use countersign_store::{FollowedFault, LogHead, Reader, StoreError};

/// Entries read at once: the store is free for others between two runs.
pub(crate) const RUN: u64 = 512;

/// What the device holds at one place of the log.
pub(crate) enum Held {
    /// The entry.
    Entry(Vec<u8>),
    /// Only its hash.
    Hash(Digest),
    /// Nothing.
    Nothing,
}

/// Reads a run of the log as it is held.
pub(crate) fn read_run(reader: &Reader<'_>, from: u64, end: u64) -> Result<Vec<Held>, StoreError> {
    (from..end.min(from.saturating_add(RUN)))
        .map(|seq| {
            if let Some(bytes) = reader.log_entry(seq)? {
                return Ok(Held::Entry(bytes));
            }
            let Ok(index) = tree::leaf_index(seq) else { return Ok(Held::Nothing) };
            Ok(reader
                .log_hash(index)?
                .map_or(Held::Nothing, |hash| Held::Hash(Digest::from_bytes(hash))))
        })
        .collect()
}

/// A check under way. Its memory does not grow with the log.
pub(crate) struct LogCheck {
    keys: LogKeys,
    frontier: Frontier,
    /// Leaf hash of the entry before; `None` after one that is missing or unreadable.
    previous: Option<Digest>,
    unchecked: Vec<(u64, batch::Item)>,
    entries: u64,
    /// The first thing found to be altered, its place, and how many in all.
    altered: Option<(Altered, u64, u64)>,
    /// The first position missing, and how many in all.
    missing: Option<(u64, u64)>,
    /// A missing entry whose hash is not here either: no root can be computed.
    rootless: bool,
}

/// What following the log has found ([`crate::sync::follow`]).
#[derive(Default)]
pub(crate) struct Followed {
    /// The first entry that says what nobody signed.
    pub(crate) wrong: Option<FollowedFault>,
    /// The first where something is missing.
    pub(crate) missing: Option<FollowedFault>,
    /// The entry that was reached, if what it refers to is not here.
    pub(crate) waits_at: Option<u64>,
}

/// What is altered in the log on this device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Altered {
    /// Entries and hashes are missing, so that no root can be computed.
    RootUnknown,
    /// The entries do not have the root that the gate signed.
    RootDiffers,
    EntryUnreadable,
    /// An entry belongs to another place or another log.
    EntryMisplaced,
    /// An entry does not follow the one before it.
    ChainBroken,
    EntryUnsigned,
}

/// What is wrong with the log on this device.
#[derive(Debug)]
pub(crate) enum Finding {
    /// The first thing found to be altered, and how many in all.
    Altered { what: Altered, seq: u64, count: u64 },
    /// An entry says what nobody signed.
    NotSignedFor { seq: u64, words: String },
    /// The first position missing, and how many in all.
    EntriesMissing { seq: u64, count: u64 },
    /// No signed checkpoint has arrived.
    NoCheckpoint,
    /// The newest checkpoint does not verify.
    CheckpointRefused(CheckpointError),
    /// The newest checkpoint covers another number of entries.
    CheckpointSize,
    /// At an entry something is missing that signed records imply.
    LeftOut { seq: u64, words: String },
    /// An entry refers to what is not here.
    SourceMissing { seq: u64 },
}

/// What came of it: nothing found is a verdict that holds.
pub(crate) struct Checked {
    pub(crate) integrity: Option<Finding>,
    pub(crate) completeness: Option<Finding>,
    pub(crate) entries: u64,
    pub(crate) root: Digest,
}

impl LogCheck {
    /// Begins at the first entry.
    pub(crate) fn new(keys: LogKeys) -> Self {
        Self {
            keys,
            frontier: Frontier::default(),
            previous: Some(Digest::from_bytes([0; 32])),
            unchecked: Vec::new(),
            entries: 0,
            altered: None,
            missing: None,
            rootless: false,
        }
    }

    /// The position to be read next.
    pub(crate) fn position(&self) -> u64 {
        self.entries + self.missing.map_or(0, |(_, count)| count)
    }

    /// Takes the next run.
    pub(crate) fn take(&mut self, run: Vec<Held>) {
        for held in run {
            let seq = self.position();
            match held {
                Held::Entry(bytes) => self.take_entry(seq, &bytes),
                Held::Hash(hash) => self.miss(seq, Some(hash)),
                Held::Nothing => self.miss(seq, None),
            }
        }
        self.check_signatures();
    }

    /// The verdicts, against the newest checkpoint that the gate signed.
    pub(crate) fn finish(mut self, head: Option<&LogHead>, followed: Followed) -> Checked {
        self.check_signatures();
        let root = self.frontier.root();
        let mut unsigned = None;
        match head.map(|head| checkpoint::verify(&head.note, &self.keys.vkey)) {
            None => unsigned = Some(Finding::NoCheckpoint),
            Some(Err(error)) => unsigned = Some(Finding::CheckpointRefused(error)),
            Some(Ok(signed)) if signed.size != self.position() => {
                unsigned = Some(Finding::CheckpointSize);
            }
            Some(Ok(signed)) if self.rootless => self.alter(signed.size, Altered::RootUnknown),
            Some(Ok(signed)) if signed.root != root => {
                self.alter(signed.size, Altered::RootDiffers);
            }
            Some(Ok(_)) => {}
        }
        let missing = self.missing.map(|(seq, count)| Finding::EntriesMissing { seq, count });
        let altered = self.altered.map(|(what, seq, count)| Finding::Altered { what, seq, count });
        let wrong = followed
            .wrong
            .map(|FollowedFault { seq, words, .. }| Finding::NotSignedFor { seq, words });
        let waits = followed.waits_at.map(|seq| Finding::SourceMissing { seq });
        let left_out = followed
            .missing
            .map(|FollowedFault { seq, words, .. }| Finding::LeftOut { seq, words });
        Checked {
            integrity: altered.or(wrong),
            completeness: missing.or(unsigned).or(left_out).or(waits),
            entries: self.entries,
            root,
        }
    }

    fn take_entry(&mut self, seq: u64, bytes: &[u8]) {
        self.entries += 1;
        let leaf = tree::leaf_hash(bytes);
        self.frontier.push(leaf);
        let previous = self.previous.replace(leaf);
        let Ok(entry) = Entry::from_bytes(bytes) else {
            return self.alter(seq, Altered::EntryUnreadable);
        };
        if entry.body.seq != seq || entry.body.workspace != self.keys.workspace {
            self.alter(seq, Altered::EntryMisplaced);
        }
        if previous.is_some_and(|previous| previous != entry.body.prev_hash) {
            self.alter(seq, Altered::ChainBroken);
        }
        match (entry.signature(), entry.signing_bytes_in(bytes)) {
            (Ok(signature), Ok(signed)) => {
                let item = batch::Item::new(self.keys.gate_key, signature, &signed);
                self.unchecked.push((seq, item));
            }
            _ => self.alter(seq, Altered::EntryUnsigned),
        }
        if self.unchecked.len() >= batch::BATCH {
            self.check_signatures();
        }
    }

    fn miss(&mut self, seq: u64, hash: Option<Digest>) {
        let (first, count) = self.missing.unwrap_or((seq, 0));
        self.missing = Some((first, count + 1));
        self.previous = hash;
        match hash {
            Some(hash) => self.frontier.push(hash),
            None => self.rootless = true,
        }
    }

    fn check_signatures(&mut self) {
        let (seqs, items): (Vec<u64>, Vec<batch::Item>) = self.unchecked.drain(..).unzip();
        for index in batch::find_invalid(&items) {
            if let Some(seq) = seqs.get(index) {
                self.alter(*seq, Altered::EntryUnsigned);
            }
        }
    }

    fn alter(&mut self, seq: u64, what: Altered) {
        match &mut self.altered {
            Some((_, _, count)) => *count += 1,
            None => self.altered = Some((what, seq, 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_audit::MemoryHashes;
    use countersign_model::{
        EventId, ProposalId, Signer, TimestampMs, WorkspaceId,
        entry::{Actor, ActorKind, EntryBody, EntryHead, LogEvent},
        signature::SigningKey,
    };
    use uuid::Uuid;

    const ORIGIN: &str = "check.test/log";

    /// A log of `count` entries with its head.
    fn log(count: u64) -> (Vec<Vec<u8>>, LogHead, LogKeys) {
        let key = SigningKey::from_seed(&[5; 32]);
        let workspace = WorkspaceId::from_uuid(Uuid::from_u128(1));
        let mut hashes = MemoryHashes::default();
        let mut entries: Vec<Vec<u8>> = vec![];
        for seq in 0..count {
            let head = EntryHead {
                event_id: EventId::from_uuid(Uuid::from_u128(u128::from(seq) + 9)),
                seq,
                prev_hash: entries
                    .last()
                    .map_or(Digest::from_bytes([0; 32]), |bytes| tree::leaf_hash(bytes)),
                at_ms: TimestampMs::from_millis(0),
                workspace,
            };
            let actor = Actor { kind: ActorKind::Gate, id: "gate".into(), role: None };
            let proposal_id = ProposalId::from_uuid(Uuid::from_u128(8));
            let body = EntryBody::new(head, actor, LogEvent::CaseExpired { proposal_id });
            let bytes = body.sign(&key).unwrap().to_bytes().unwrap();
            hashes.extend(tree::append(seq, &bytes, &hashes).unwrap());
            entries.push(bytes);
        }
        let root = tree::root(count, &hashes).unwrap();
        let head = LogHead {
            size: count,
            root,
            note: checkpoint::sign(ORIGIN, count, root, &key).unwrap(),
            verified_at_ms: TimestampMs::from_millis(0),
            gate_clock_ms: TimestampMs::from_millis(0),
        };
        let keys = LogKeys {
            workspace,
            gate_key: key.public_key(),
            vkey: checkpoint::make_vkey(ORIGIN, key.public_key()).unwrap(),
        };
        (entries, head, keys)
    }

    fn check(held: Vec<Held>, head: &LogHead, keys: LogKeys) -> (String, String) {
        let mut check = LogCheck::new(keys);
        let mut held = held.into_iter();
        loop {
            let run: Vec<_> = held.by_ref().take(7).collect();
            if run.is_empty() {
                break;
            }
            check.take(run);
        }
        let checked = check.finish(Some(head), Followed::default());
        let name = |found: Option<Finding>| match found {
            None => "holds".into(),
            Some(Finding::Altered { what, seq, .. }) => format!("{what:?} {seq}"),
            Some(Finding::EntriesMissing { seq, .. }) => format!("EntriesMissing {seq}"),
            Some(other) => format!("{other:?}"),
        };
        (name(checked.integrity), name(checked.completeness))
    }

    fn whole(entries: &[Vec<u8>]) -> Vec<Held> {
        entries.iter().cloned().map(Held::Entry).collect()
    }

    #[test]
    fn a_good_log_holds_twice() {
        for count in [1, 6, 7, 8, 40] {
            let (entries, head, keys) = log(count);
            let verdicts = check(whole(&entries), &head, keys);
            assert_eq!(verdicts, ("holds".into(), "holds".into()), "{count}");
        }
    }

    #[test]
    fn an_altered_entry_is_found_where_it_is() {
        let (mut entries, head, keys) = log(20);
        let text = String::from_utf8(entries[11].clone()).unwrap();
        entries[11] = text.replace("\"at_ms\":0", "\"at_ms\":1").into_bytes();
        let (integrity, completeness) = check(whole(&entries), &head, keys);
        assert!(["EntryUnsigned 11", "ChainBroken 12"].contains(&integrity.as_str()));
        assert_eq!(completeness, "holds");
    }

    #[test]
    fn entries_that_changed_places_are_found() {
        let (mut entries, head, keys) = log(20);
        entries.swap(3, 4);
        let (integrity, _) = check(whole(&entries), &head, keys);
        assert_eq!(integrity, "EntryMisplaced 3");
    }

    #[test]
    fn a_missing_entry_breaks_completeness_alone_when_its_hash_is_here() {
        let (entries, head, keys) = log(20);
        let mut held = whole(&entries);
        held[8] = Held::Hash(tree::leaf_hash(&entries[8]));
        let verdicts = check(held, &head, keys);
        assert_eq!(verdicts, ("holds".into(), "EntriesMissing 8".into()));
    }

    #[test]
    fn without_entry_and_hash_there_is_no_root() {
        let (entries, head, keys) = log(20);
        let mut held = whole(&entries);
        held[19] = Held::Nothing;
        let (integrity, completeness) = check(held, &head, keys);
        assert_eq!(integrity, "RootUnknown 20");
        assert_eq!(completeness, "EntriesMissing 19");
    }

    #[test]
    fn a_foreign_checkpoint_is_refused() {
        let (entries, head, keys) = log(5);
        let other = SigningKey::from_seed(&[6; 32]);
        let note = checkpoint::sign(ORIGIN, head.size, head.root, &other).unwrap();
        let (integrity, completeness) = check(whole(&entries), &LogHead { note, ..head }, keys);
        assert_eq!(
            (integrity.as_str(), completeness.as_str()),
            ("holds", "CheckpointRefused(Unsigned)")
        );
    }

    #[test]
    fn a_log_of_another_length_than_signed_is_not_complete() {
        let (entries, head, keys) = log(9);
        let (_, completeness) = check(whole(&entries[..8]), &head, keys);
        assert_eq!(completeness, "CheckpointSize");
    }
}
