//! `log_never_forks_unseen`: whatever is done to a segment, a desktop that saw an earlier
//! head notices, and says which entry.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation
)]

mod common;

use common::{Log, entry_at, keys, vkey, workspace};
use countersign_audit::{
    ExportHead, ExportSource, Head, LogFault, LogKeys, MemoryHashes, Trust, checkpoint,
    export::{Leaves, SourceError},
    replica::{advance, check_newest},
    tree,
    verify::{Begun, begin},
    write_export,
};
use countersign_model::{Digest, TimestampMs, WorkspaceId, entry::ReferenceKind};
use proptest::prelude::*;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A desktop that has believed the first `size` entries of `log`.
fn desktop(log: &Log, size: usize) -> (Head, MemoryHashes) {
    let mut stored = MemoryHashes::default();
    let segment = log.segment(0, size);
    let advance = advance(Head::empty(), &stored, &log.keys, segment.borrow()).unwrap();
    stored.extend(advance.new_hashes);
    (advance.head, stored)
}

#[test]
fn step_by_step_is_all_at_once() {
    let log = Log::of(30);
    let (mut head, mut stored) = desktop(&log, 0);
    for at in 0..10 {
        let segment = log.segment(at * 3, at * 3 + 3);
        let step = advance(head, &stored, &log.keys, segment.borrow()).unwrap();
        assert_eq!(step.first_hash_index, stored.count() as u64);
        assert_eq!(step.entries.len(), 3);
        assert_eq!(step.entries[0].0, at as u64 * 3);
        stored.extend(step.new_hashes);
        head = step.head;
    }
    let (whole, _) = desktop(&log, 30);
    assert_eq!(head, whole);
    let proof = tree::prove_inclusion(30, 17, &stored).unwrap();
    let leaf = tree::leaf_hash(&log.entries[17]);
    tree::verify_inclusion(&proof, 30, head.root, 17, leaf).unwrap();
}

#[test]
fn what_is_known_already_is_passed_over() {
    let log = Log::of(9);
    let (head, stored) = desktop(&log, 6);
    let again = advance(head, &stored, &log.keys, log.segment(2, 5).borrow()).unwrap();
    assert_eq!((again.head, again.entries.len(), again.new_hashes.len()), (head, 0, 0));
    let overlapping = advance(head, &stored, &log.keys, log.segment(4, 9).borrow()).unwrap();
    assert_eq!(overlapping.entries.len(), 3);
    assert_eq!(overlapping.head.size, 9);
}

#[test]
fn log_never_forks_unseen() {
    let log = Log::of(12);
    let (head, stored) = desktop(&log, 6);
    let try_it =
        |segment: &common::OwnedSegment| advance(head, &stored, &log.keys, segment.borrow()).err();
    let honest = log.segment(6, 12);
    assert!(try_it(&honest).is_none());

    let mut dropped = honest.clone();
    dropped.entries.remove(2);
    assert!(matches!(try_it(&dropped), Some(LogFault::WrongSize { signed: 12, ends: 11 })));
    dropped.checkpoint = log.sign_over(11, Digest::of(b"any"));
    assert!(matches!(try_it(&dropped), Some(LogFault::WrongSeq { seq: 8, found: 9 })));

    let mut reordered = honest.clone();
    reordered.entries.swap(1, 2);
    assert!(matches!(try_it(&reordered), Some(LogFault::WrongSeq { seq: 7, found: 8 })));

    let late = log.segment(7, 12);
    assert!(matches!(try_it(&late), Some(LogFault::Gap { held: 6, offered: 7 })));

    let mut truncated = honest.clone();
    truncated.entries.truncate(4);
    assert!(matches!(try_it(&truncated), Some(LogFault::WrongSize { .. })));

    let other = Log::with_salt(12, 1);
    let forked = other.segment(3, 12);
    assert!(matches!(try_it(&forked), Some(LogFault::Fork { seq: 3 })));
    let forked_later = other.segment(6, 12);
    assert!(matches!(try_it(&forked_later), Some(LogFault::BrokenChain { seq: 6 })));

    let mut wrong_root = honest.clone();
    wrong_root.checkpoint = log.sign_over(12, Digest::of(b"another tree"));
    assert!(matches!(try_it(&wrong_root), Some(LogFault::WrongRoot { size: 12 })));

    let mut unsigned = honest.clone();
    unsigned.checkpoint = checkpoint::sign(common::ORIGIN, 12, Digest::of(b""), &keys(9)).unwrap();
    assert!(matches!(try_it(&unsigned), Some(LogFault::BadCheckpoint(_))));
}

#[test]
fn an_entry_of_another_gate_or_workspace_is_refused() {
    let log = Log::of(3);
    let empty = MemoryHashes::default();
    let stranger = LogKeys { gate_key: keys(8).1, ..log.keys.clone() };
    let fault = advance(Head::empty(), &empty, &stranger, log.segment(0, 3).borrow());
    assert!(matches!(fault, Err(LogFault::BadEntrySignature { seq: 0 })));
    let workspace = WorkspaceId::from_uuid(Uuid::from_u128(77));
    let elsewhere = LogKeys { workspace, ..log.keys.clone() };
    let fault = advance(Head::empty(), &empty, &elsewhere, log.segment(0, 3).borrow());
    assert!(matches!(fault, Err(LogFault::ForeignWorkspace { seq: 0 })));
}

#[test]
fn a_newest_head_never_goes_back_and_never_disagrees() {
    let log = Log::of(9);
    let (head, stored) = desktop(&log, 6);
    let note = |size| log.segment(0, size).checkpoint;
    assert_eq!(check_newest(head, &stored, &log.keys, &note(9)).unwrap().size, 9);
    assert!(check_newest(head, &stored, &log.keys, &note(6)).is_ok());
    let back = check_newest(head, &stored, &log.keys, &note(4));
    assert!(matches!(back, Err(LogFault::WentBack { held: 6, offered: 4 })));
    let forked = Log::with_salt(9, 1).segment(0, 6).checkpoint;
    let fork = check_newest(head, &stored, &log.keys, &forked);
    assert!(matches!(fork, Err(LogFault::Fork { seq: 5 })));
    assert_eq!(log.keys.vkey, vkey());
}

/// Entries of two gates: those at `forged` are signed by another one.
fn partly_forged(count: u64, forged: &[u64]) -> Vec<Vec<u8>> {
    let (gate, other) = (keys(1), keys(9));
    let mut previous = Digest::from_bytes([0; 32]);
    (0..count)
        .map(|seq| {
            let signer = if forged.contains(&seq) { &other } else { &gate };
            let leaf = entry_at(seq, previous, 0, signer);
            previous = tree::leaf_hash(&leaf);
            leaf
        })
        .collect()
}

struct InMemory<'a>(&'a [Vec<u8>]);

impl ExportSource for InMemory<'_> {
    fn leaves(&self) -> Leaves<'_> {
        Box::new(self.0.iter().cloned().map(Ok))
    }
    fn bytes(&self, _: Digest, _: ReferenceKind) -> Result<Option<Vec<u8>>, SourceError> {
        Ok(None)
    }
}

/// Long enough for several threads, whose order must not be seen.
#[test]
fn what_is_checked_side_by_side_is_told_in_order() {
    let forged = [1_023, 1_024, 2_900, 3_199];
    let log = Log { entries: partly_forged(3_200, &forged), keys: Log::of(0).keys };
    let whole = log.segment(0, log.entries.len());
    let advanced = advance(Head::empty(), &MemoryHashes::default(), &log.keys, whole.borrow());
    assert!(matches!(advanced, Err(LogFault::BadEntrySignature { seq: 1_023 })), "{advanced:?}");

    let head = ExportHead {
        workspace: workspace(),
        checkpoint: whole.checkpoint.clone(),
        cosigned: BTreeSet::new(),
        log_vkey: vkey(),
        made_at_ms: TimestampMs::from_millis(0),
    };
    let mut file = vec![];
    write_export(&mut file, &head, &InMemory(&log.entries), &keys(1)).unwrap();
    let Begun::Walk(mut walk) = begin(file.as_slice(), None, None).unwrap() else { panic!() };
    let mut read = vec![];
    while let Some(entry) = walk.next_entry().unwrap() {
        read.push(entry.body.seq);
    }
    assert!(read.into_iter().eq(0..3_200) && walk.is_as_signed());
    let report = walk.finish();
    let places: Vec<_> = report.findings.iter().filter_map(|found| found.place.seq).collect();
    assert_eq!(places, forged);
    assert!(report.findings.iter().all(|found| found.what == "it is not signed by the gate"));
}

#[test]
fn a_reader_that_fails_is_told_after_what_it_gave() {
    struct Failing<'a>(&'a [u8]);
    impl std::io::Read for Failing<'_> {
        fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
            match self.0.read(bytes)? {
                0 => Err(std::io::Error::other("the disk is gone")),
                read => Ok(read),
            }
        }
    }
    let log = Log::of(3);
    let mut file = b"{}\n".to_vec();
    for leaf in &log.entries {
        file.extend([b"{\"entry\":", leaf.as_slice(), b"}\n"].concat());
    }
    let trust = Trust {
        workspace: workspace(),
        gate_key: keys(1).1,
        log_vkey: vkey(),
        root_keys: BTreeSet::new(),
        root_threshold: 1,
    };
    let reader = std::io::BufReader::new(Failing(&file));
    let Begun::Walk(mut walk) = begin(reader, Some(&trust), None).unwrap() else { panic!() };
    for seq in 0..3 {
        assert_eq!(walk.next_entry().unwrap().unwrap().body.seq, seq);
    }
    assert!(walk.next_entry().is_err_and(|error| error.to_string() == "the disk is gone"));
}

proptest! {
    #[test]
    fn any_flipped_bit_of_any_entry_is_found(
        trusted in 0usize..8,
        entry in 0usize..8,
        at in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        let log = Log::of(8);
        let (head, stored) = desktop(&log, trusted);
        let mut segment = log.segment(0, 8);
        let index = at.index(segment.entries[entry].len());
        segment.entries[entry][index] ^= 1 << bit;
        prop_assert!(advance(head, &stored, &log.keys, segment.borrow()).is_err());
    }
}
