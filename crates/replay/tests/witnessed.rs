//! What desktops cosigned, in an export: who saw how much of the log, and what contradicts it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod world;

use countersign_audit::{
    Judgement, Report, checkpoint, cosignature,
    report::{Doubted, Finding, Witnesses},
};
use countersign_model::Digest;
use countersign_replay::verify_export;
use world::{
    Gate, ORIGIN, checkpoint_of, cosigned_by, device, export_at, export_with, key, person_key,
    roster, trust, workspace,
};

fn verify(file: &[u8]) -> Report {
    verify_export(file, Some(&trust()), None).unwrap()
}

fn report_with(gate: &Gate, cosigned: impl IntoIterator<Item = String>) -> Report {
    verify(&export_with(&gate.leaves, &gate.sources, cosigned))
}

#[track_caller]
fn only_finding(report: &Report) -> &Finding {
    let [finding] = report.findings.as_slice() else { panic!("{:#?}", report.findings) };
    finding
}

/// Another root over so many entries, under the log's own signature.
fn fork(size: usize) -> String {
    checkpoint::sign(ORIGIN, size as u64, Digest::of(b"another history"), &key(2)).unwrap()
}

#[test]
fn each_device_s_newest_head_is_held_against_the_log() {
    let gate = Gate::honest();
    let report = verify(&gate.export());
    assert_eq!(report.findings, []);
    let size = gate.leaves.len() as u64;
    let seen = Witnesses { devices: 2, persons: 2, entries: size - 1, unseen: 1, doubts: vec![] };
    assert_eq!((report.witnesses, report.counts.cosigned), (seen, 2));
    let alone = report_with(&gate, []);
    assert_eq!(alone.findings, []);
    assert_eq!(alone.witnesses, Witnesses { unseen: size, ..Witnesses::default() });
}

#[test]
fn lines_on_the_exports_own_checkpoint_count() {
    let mut gate = Gate::honest();
    gate.witness(4);
    let notes = [gate.cosigned[&4].as_str(), gate.cosigned[&1].as_str()];
    let head = checkpoint_of(&gate.leaves);
    let head = cosignature::with_witnesses(&head, notes, &roster(1)).unwrap();
    let file = export_at(head, &gate.leaves, &gate.sources, [gate.cosigned[&1].clone()]);
    let report = verify(&file);
    assert_eq!(report.findings, []);
    let size = gate.leaves.len() as u64;
    assert_eq!((report.witnesses.devices, report.witnesses.entries), (2, size));
    assert_eq!((report.witnesses.unseen, report.counts.cosigned), (0, 1));
}

#[test]
fn two_devices_of_one_person_are_one_person() {
    let mut gate = Gate::honest();
    let mut next = roster(2);
    let second = next.people[3].devices.remove(0);
    next.people[0].devices.push(second);
    gate.take_roster(&next.seal(&[&key(10)]).unwrap());
    gate.cosigned.clear();
    gate.witness(1);
    gate.witness(4);
    let report = verify(&gate.export());
    assert_eq!(report.findings, []);
    assert_eq!((report.witnesses.devices, report.witnesses.persons), (2, 1));
}

#[test]
fn another_root_under_the_logs_signature_is_two_histories() {
    let gate = Gate::honest();
    let size = gate.leaves.len();
    let other = cosigned_by(1, &fork(size - 2), gate.now);
    let report = report_with(&gate, [other, gate.cosigned[&2].clone()]);
    assert_eq!((report.integrity, report.completeness), (Judgement::Fails, Judgement::Holds));
    let finding = only_finding(&report);
    let words = format!("of {} entries that {} cosigned: there are two", size - 2, device(1));
    assert!(finding.what.contains(&words), "{finding:?}");
    assert_eq!(finding.place.seq, Some(size as u64 - 3));
    assert_eq!(report.witnesses.devices, 1, "who saw another log is no witness of this one");
    // The log's own signature is proof enough, whoever carried it.
    let report = report_with(&gate, [fork(size)]);
    assert!(only_finding(&report).what.contains("the log's key has signed: there are two"));
}

#[test]
fn a_head_beyond_the_files_end_is_a_missing_tail() {
    let gate = Gate::honest();
    let size = gate.leaves.len();
    let whole = cosigned_by(1, &checkpoint_of(&gate.leaves), gate.now);
    let cut = &gate.leaves[..size - 1];
    let report = verify(&export_with(cut, &gate.sources, [whole]));
    assert_eq!((report.integrity, report.completeness), (Judgement::Holds, Judgement::Fails));
    let finding = only_finding(&report);
    let words = format!("{} cosigned {size} entries: 1 is missing at the end", device(1));
    assert_eq!(finding.what, words);
    assert_eq!(report.witnesses.devices, 0);
    // A file whose end was cut off still holds what was cosigned.
    let file = gate.export();
    let half: Vec<u8> =
        file.split_inclusive(|byte| *byte == b'\n').take(6).flatten().copied().collect();
    let report = verify(&half);
    let told = report.findings.iter().filter(|finding| finding.what.contains(" cosigned "));
    assert_eq!(told.count(), 2, "{:#?}", report.findings);
}

#[test]
fn an_unknown_or_revoked_device_is_said_and_not_believed() {
    let gate = Gate::honest();
    let head = checkpoint_of(&gate.leaves);
    let revoked = cosigned_by(6, &head, gate.now);
    let name = cosignature::key_name(workspace(), device(77));
    let unknown = cosignature::cosign(&head, &name, 1_795_237_300, &key(77)).unwrap();
    let mine = cosignature::key_name(workspace(), device(1));
    let other_key = cosignature::cosign(&head, &mine, 1_795_237_300, &key(77)).unwrap();
    let report = report_with(&gate, [revoked, unknown, other_key]);
    assert_eq!(report.findings, []);
    assert_eq!((report.integrity, report.completeness), (Judgement::Holds, Judgement::Holds));
    let mut whose: Vec<_> = report.witnesses.doubts.iter().map(|one| one.whose.clone()).collect();
    whose.sort();
    let mut expected = vec![Doubted::Unknown(name), Doubted::Unknown(mine)];
    expected.sort();
    expected.push(Doubted::Revoked(device(6)));
    assert_eq!(whose, expected);
    assert_eq!(report.witnesses.devices, 0);
    assert_eq!(report.witnesses.unseen, gate.leaves.len() as u64);
    // Before its revocation it had a voice.
    let before = cosigned_by(6, &head, world::at(-world::DAY_MS));
    assert_eq!(report_with(&gate, [before]).witnesses.devices, 1);
}

#[test]
fn what_is_no_head_or_no_cosignature_of_this_log_is_found() {
    let gate = Gate::honest();
    let head = checkpoint_of(&gate.leaves);
    let line = |note: &str| note.lines().last().unwrap().to_owned() + "\n";
    // The line of another head under this one.
    let moved = head.clone() + &line(&gate.cosigned[&1]);
    let report = report_with(&gate, [moved]);
    assert_eq!(report.integrity, Judgement::Fails);
    assert!(only_finding(&report).what.ends_with("does not fit"), "{:?}", report.findings);
    let stranger = checkpoint::sign(ORIGIN, 3, Digest::of(b"mine"), &person_key(1)).unwrap();
    let report = report_with(&gate, [cosigned_by(1, &stranger, gate.now), "hello".into()]);
    assert_eq!(report.findings.len(), 2, "{:#?}", report.findings);
    assert!(report.findings.iter().all(|one| one.what.starts_with("of the cosigned head:")));
    assert_eq!(report.witnesses.devices, 0);
}
