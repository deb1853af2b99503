//! Beginning from a snapshot: what was kept is taken in, what was left out is bridged, and a
//! relay that lies about either is found out.
#![allow(missing_docs, clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub)]
mod world;

use countersign_model::{DeviceId, Digest, Signer as _};
use countersign_sync::{
    EpochKeys, Fault, FaultKind, Judged, Reader, ReaderState, SnapshotReading, WriterState,
    wire::{self, Floor, Page},
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use world::{
    decoded, device, epoch_key, fresh_reader, history, honest_page, resume, signer, workspace,
    writer_keys,
};

/// What a gate publishes for the first `floor` records of a log, keeping some.
struct Snapshot {
    floor: u64,
    pack: Page,
    heads: Vec<(DeviceId, WriterState)>,
}

impl Snapshot {
    fn of(log: &[Vec<u8>], floor: usize, keeps: impl Fn(usize) -> bool) -> Self {
        let kept = log[..floor].iter().enumerate().filter(|(index, _)| keeps(*index));
        let records = kept.map(|(index, bytes)| (index as u64 + 1, bytes.clone())).collect();
        let floor = floor as u64;
        Self { floor, pack: Page { records, head: floor }, heads: heads_at(log, floor) }
    }

    fn read(&self, reader: &mut Reader) -> (Vec<Judged>, Vec<Fault>) {
        let mut reading = SnapshotReading::new(self.floor);
        let judged = self.pack.records.chunks(2).map(|records| {
            let part = Page { records: records.to_vec(), head: self.floor };
            reader.handle_pack(&mut reading, &part)
        });
        let judged = judged.collect();
        (judged, reader.finish_snapshot(&reading, &self.heads))
    }
}

/// Where the writers stand after the first records.
fn heads_at(log: &[Vec<u8>], size: u64) -> Vec<(DeviceId, WriterState)> {
    let mut reader = fresh_reader();
    let size = usize::try_from(size).unwrap();
    reader.handle_page(&honest_page(&log[..size], 0, size));
    reader.heads()
}

fn kinds(faults: &[Fault]) -> Vec<FaultKind> {
    faults.iter().map(|fault| fault.kind).collect()
}

fn all_kinds(judged: &[Judged]) -> Vec<FaultKind> {
    judged.iter().flat_map(|judged| kinds(&judged.faults)).collect()
}

fn accepted(judged: &[Judged]) -> Vec<u64> {
    judged.iter().flat_map(|judged| &judged.accepted).map(|one| one.position).collect()
}

#[test]
fn a_new_device_begins_after_the_floor_with_what_was_kept() {
    let log = history(&[1, 2, 1, 1, 2, 1], 0);
    // The first of writer 1 and both of writer 2 are left out.
    let snapshot = Snapshot::of(&log, 5, |index| index == 2 || index == 3);
    let mut reader = fresh_reader();
    assert!(reader.is_before(5) && !reader.has_seen_beyond(5));
    let (judged, faults) = snapshot.read(&mut reader);
    assert_eq!((accepted(&judged), all_kinds(&judged), faults), (vec![3, 4], vec![], vec![]));
    assert_eq!((reader.cursor(), reader.settled(), reader.is_before(5)), (5, 5, false));
    let rest = reader.handle_page(&honest_page(&log, 5, 9));
    assert_eq!((rest.accepted.len(), rest.faults.len()), (1, 0));
    assert!(reader.has_seen_beyond(5));
    assert_eq!(reader.heads(), heads_at(&log, 6));
    // What was left out and comes all the same is a repetition, and changes nothing.
    let again = reader.handle_page(&honest_page(&log, 0, 9));
    assert_eq!((again.accepted.len(), again.faults.len()), (0, 0));
}

#[test]
fn a_kept_record_of_another_history_is_a_fork_and_holds_its_writer_back() {
    let (log, other) = (history(&[1, 1, 1, 2], 0), history(&[1, 1, 1, 2], 9));
    let mut reader = fresh_reader();
    reader.handle_page(&honest_page(&log, 0, 1));
    let snapshot = Snapshot::of(&other, 4, |index| index > 0);
    let (judged, faults) = snapshot.read(&mut reader);
    assert_eq!(all_kinds(&judged), [FaultKind::Forked { writer_seq: 1 }]);
    // Writer 2 has its other history here for the first time, and nobody can know.
    assert_eq!((accepted(&judged), faults), (vec![4], vec![]));
    assert_eq!(reader.accepted_of(&device(1)), 1, "went on along another history");
    assert_eq!(reader.settled(), 0, "the fork is looked at again");
}

#[test]
fn a_chain_that_differs_at_the_floor_is_a_fork() {
    let (log, other) = (history(&[1, 1], 0), history(&[1, 1], 9));
    for read in [1, 2] {
        let mut reader = fresh_reader();
        reader.handle_page(&honest_page(&log, 0, read));
        let heads = heads_at(&other, read as u64);
        let reading = SnapshotReading::new(2);
        let faults = reader.finish_snapshot(&reading, &heads);
        assert_eq!(kinds(&faults), [FaultKind::Forked { writer_seq: read as u64 - 1 }]);
        assert_eq!(reader.heads(), heads_at(&log, read as u64));
    }
}

#[test]
fn a_forged_kept_record_is_refused_and_read_when_it_is_the_true_one() {
    let log = history(&[1, 1, 2], 0);
    let honest = Snapshot::of(&log, 3, |_| true);
    let mut lying = Snapshot::of(&log, 3, |_| true);
    let last = lying.pack.records[0].1.len() - 1;
    lying.pack.records[0].1[last] ^= 1;
    let mut reader = fresh_reader();
    let (judged, _) = lying.read(&mut reader);
    assert_eq!(all_kinds(&judged), [FaultKind::BadSignature]);
    // Nothing later of that writer was taken, so nothing was passed over.
    assert_eq!(accepted(&judged), [3]);
    assert_eq!((reader.cursor(), reader.settled()), (3, 0));
    reader.rewind();
    assert!(reader.is_before(3));
    let (judged, faults) = honest.read(&mut reader);
    assert_eq!((accepted(&judged), faults.len(), reader.settled()), (vec![1, 2], 0, 3));
}

#[test]
fn records_beyond_the_floor_are_no_part_of_a_snapshot() {
    let log = history(&[1, 1], 0);
    let mut reader = fresh_reader();
    let mut reading = SnapshotReading::new(1);
    let judged = reader.handle_pack(&mut reading, &honest_page(&log, 0, 2));
    assert_eq!((judged.accepted.len(), kinds(&judged.faults)), (1, vec![FaultKind::Malformed]));
}

#[test]
fn packs_that_make_a_writer_known_are_worth_another_reading() {
    let log = history(&[1, 2], 0);
    let only_first: BTreeMap<DeviceId, _> = [(device(1), signer(1).public_key())].into();
    let keys = EpochKeys::from_iter([epoch_key()]);
    let mut reader = Reader::resume(ReaderState::new(workspace()), only_first, keys);
    let snapshot = Snapshot::of(&log, 2, |_| true);
    let mut reading = SnapshotReading::new(2).watching(device(2));
    let judged = reader.handle_pack(&mut reading, &snapshot.pack);
    assert_eq!(kinds(&judged.faults), [FaultKind::UnknownWriter]);
    assert!(!reading.can_read_more(&reader));
    assert!(reading.has_kept(0) && !reading.has_kept(1));
    reader.set_writer_keys(writer_keys());
    assert!(reading.can_read_more(&reader));
    let (judged, faults) = snapshot.read(&mut reader);
    assert_eq!((accepted(&judged), faults.len()), (vec![2], 0));
}

#[test]
fn who_makes_the_epochs_is_not_held_up_by_one_that_is_none() {
    let nowhere = countersign_sync::EpochKey::from_bytes(7, [1; 32]);
    let state = WriterState::new();
    let (bad, state) =
        state.seal_next(workspace(), device(1), b"x", &nowhere, [1; 24], &signer(1)).unwrap();
    let (good, _) = state
        .seal_next(workspace(), device(1), b"good", &epoch_key(), [2; 24], &signer(1))
        .unwrap();
    let log = [bad, good].map(|record| record.as_bytes().to_vec());
    let mut desktop = fresh_reader();
    desktop.handle_page(&honest_page(&log, 0, 9));
    assert_eq!((desktop.accepted_of(&device(1)), desktop.settled()), (0, 0));
    let mut gate = fresh_reader().of_every_epoch();
    let judged = gate.handle_page(&honest_page(&log, 0, 9));
    assert_eq!(kinds(&judged.faults), [FaultKind::CannotOpen]);
    assert_eq!((judged.accepted[0].plaintext.as_slice(), gate.settled()), (&b"good"[..], 2));
}

#[test]
fn a_refusal_names_the_floor_only_under_its_code() {
    let body = |code: &str, floor: &str| {
        format!(r#"{{"code":"{code}","message":"…","compacted":{floor}}}"#).into_bytes()
    };
    let floor = r#"{"floor":7,"snapshot":9}"#;
    assert_eq!(wire::floor_of(&body("COMPACTED", floor)), Some(Floor { floor: 7, snapshot: 9 }));
    for (code, floor) in [
        ("GAP", floor),
        ("COMPACTED", "null"),
        ("COMPACTED", r#"{"floor":-1,"snapshot":9}"#),
        ("COMPACTED", r#"{"floor":7}"#),
    ] {
        assert_eq!(wire::floor_of(&body(code, floor)), None);
    }
    assert_eq!(wire::floor_of(b"no JSON"), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever was kept, wherever the reader stood and the reading broke off: each kept record
    /// is taken in once and in order, every chain goes on, and nothing after the floor is lost.
    #[test]
    fn nothing_that_is_kept_is_lost(
        writers in prop::collection::vec(1..=2u8, 1..14),
        floor in any::<prop::sample::Index>(),
        keeps in any::<u16>(),
        read in any::<prop::sample::Index>(),
        broken_off in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let log = history(&writers, 0);
        let floor = floor.index(log.len()) + 1;
        let read = read.index(floor);
        let snapshot = Snapshot::of(&log, floor, |index| keeps & (1 << index) != 0);
        let mut reader = fresh_reader();
        reader.handle_page(&honest_page(&log[..read], 0, read));
        let mut taken = vec![];
        if let Some(at) = broken_off {
            let mut some = snapshot.pack.clone();
            some.records.truncate(at.index(some.records.len() + 1));
            let judged = reader.handle_pack(&mut SnapshotReading::new(snapshot.floor), &some);
            taken.extend(accepted(&[judged]));
            let stored = serde_json::to_string(reader.state()).unwrap();
            reader = resume(serde_json::from_str(&stored).unwrap());
        }
        let (judged, faults) = snapshot.read(&mut reader);
        prop_assert_eq!((all_kinds(&judged), faults), (vec![], vec![]));
        taken.extend(accepted(&judged));
        let kept_after = snapshot.pack.records.iter().map(|(position, _)| *position);
        let expected: Vec<_> = kept_after.filter(|position| *position > read as u64).collect();
        prop_assert_eq!(taken, expected);
        prop_assert_eq!(reader.heads(), heads_at(&log, floor as u64));
        let rest = reader.handle_page(&honest_page(&log, reader.cursor(), 99));
        prop_assert_eq!((rest.accepted.len(), rest.faults.len()), (log.len() - floor, 0));
        prop_assert_eq!(reader.heads(), heads_at(&log, log.len() as u64));
    }

    /// A relay that hands out packs in another order, twice, in part or with a byte flipped
    /// (whoever calls has checked their digests; here nobody has) gets nothing false accepted.
    #[test]
    fn nothing_false_is_taken_from_a_pack(
        writers in prop::collection::vec(1..=2u8, 1..10),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..16),
        flip in prop::option::of((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1..=255u8)),
    ) {
        let log = history(&writers, 0);
        let floor = log.len() as u64;
        let mut records: Vec<_> = order.iter().map(|which| {
            let index = which.index(log.len());
            (index as u64 + 1, log[index].clone())
        }).collect();
        if let (Some((which, at, mask)), false) = (flip, records.is_empty()) {
            let which = which.index(records.len());
            let bytes = &mut records[which].1;
            let at = at.index(bytes.len());
            bytes[at] ^= mask;
        }
        let mut reader = fresh_reader();
        let mut reading = SnapshotReading::new(floor);
        let judged = reader.handle_pack(&mut reading, &Page { records, head: floor });
        let true_ones: Vec<Digest> = log.iter().map(|bytes| decoded(bytes).digest()).collect();
        let mut last = BTreeMap::new();
        for one in &judged.accepted {
            prop_assert!(true_ones.contains(&one.digest));
            let before = last.insert(one.header.writer, one.header.writer_seq);
            prop_assert!(before.is_none_or(|before| before < one.header.writer_seq));
        }
    }
}
