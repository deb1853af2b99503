//! Cosignatures: a published one of somebody else's, our own, and which count.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_audit::{
    checkpoint,
    cosignature::{self, CosignatureError, Witness},
};
use countersign_model::{
    DeviceId, Digest, PersonId, PublicKey, Roster, Signer, TimestampMs, WorkspaceId,
    roster::{Device, GateKeys, Person, RootKeys},
    signature::SigningKey,
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A head of a public certificate-transparency log, with the line of a public witness.
const PUBLISHED: &str = "arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

\u{2014} arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
\u{2014} arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
\u{2014} remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
";
/// The witness's published verifier key: name, key id, and 0x04 before the key.
const WITNESS: (&str, &str) = ("remora.n621.de", "BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2");
const LOG_VKEY: &str =
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f";

#[test]
fn a_published_cosignature_of_somebody_elses_verifies() {
    let typed = STANDARD.decode(WITNESS.1).unwrap();
    assert_eq!(typed[0], 0x04);
    let key = PublicKey::from_bytes(typed[1..].try_into().unwrap()).unwrap();
    let cosigned = cosignature::verify(PUBLISHED, WITNESS.0, key).unwrap();
    assert_eq!((cosigned.head.size, cosigned.time_s), (1_432_088_532, 0x6a12_2120));
    assert_eq!(checkpoint::verify(PUBLISHED, LOG_VKEY).unwrap(), cosigned.head);
    let other = PUBLISHED.replace("1432088532", "1432088533");
    let refused = cosignature::verify(&other, WITNESS.0, key);
    assert!(matches!(refused, Err(CosignatureError::Signature)));
}

const ORIGIN: &str = "countersign.example/log/1";
/// 2026-11-28, in seconds.
const TIME_S: u64 = 1_795_824_000;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn device(seed: u8) -> DeviceId {
    DeviceId::from_uuid(Uuid::from_u128(u128::from(seed)))
}

fn workspace() -> WorkspaceId {
    WorkspaceId::from_uuid(Uuid::from_u128(7))
}

/// One person whose devices have the seeds given; the log's key has seed 1.
fn roster(seeds: &[u8], revoked_at_ms: Option<i64>) -> Roster {
    let device = |seed: &u8| Device {
        id: device(*seed),
        signing_key: key(*seed).public_key(),
        sealing_key: Digest::of(&[*seed]),
        enrolled_at_ms: TimestampMs::from_millis(0),
        revoked_at_ms: revoked_at_ms.map(TimestampMs::from_millis),
    };
    Roster {
        workspace: workspace(),
        version: 1,
        issued_at_ms: TimestampMs::from_millis(0),
        expires_at_ms: TimestampMs::from_millis(i64::MAX),
        root: RootKeys { keys: BTreeSet::from([key(2).public_key()]), threshold: 1 },
        gate: GateKeys {
            device: self::device(3),
            signing_key: key(3).public_key(),
            log_vkey: checkpoint::make_vkey(ORIGIN, key(1).public_key()).unwrap(),
        },
        people: vec![Person {
            id: PersonId::from_uuid(Uuid::from_u128(8)),
            name: "Olivia".into(),
            roles: BTreeSet::new(),
            devices: seeds.iter().map(device).collect(),
            factors: BTreeSet::new(),
        }],
        agents: vec![],
    }
}

fn signed(size: u64, root: &[u8]) -> String {
    checkpoint::sign(ORIGIN, size, Digest::of(root), &key(1)).unwrap()
}

fn by(seed: u8, note: &str) -> String {
    let name = cosignature::key_name(workspace(), device(seed));
    cosignature::cosign(note, &name, TIME_S, &key(seed)).unwrap()
}

#[test]
fn the_line_is_made_as_the_specification_says() {
    let note = by(10, &signed(7, b"root"));
    let name = cosignature::key_name(workspace(), device(10));
    assert_eq!(
        name,
        "countersign/ws_00000000-0000-0000-0000-000000000007/device/dev_00000000-0000-0000-0000-00000000000a"
    );
    let (text, block) = note.split_once("\n\n").unwrap();
    let line = block.lines().last().unwrap().strip_prefix(&format!("\u{2014} {name} ")).unwrap();
    let bytes = STANDARD.decode(line).unwrap();
    let typed = [&[0x04][..], key(10).public_key().as_bytes().as_slice()].concat();
    let id = Digest::of(&[name.as_bytes(), b"\n", &typed].concat());
    assert_eq!(bytes[..4], id.as_bytes()[..4], "key id");
    assert_eq!(bytes[4..12], TIME_S.to_be_bytes(), "time");
    let said = format!("cosignature/v1\ntime {TIME_S}\n{text}\n");
    let signature = key(10).sign(said.as_bytes()).unwrap();
    assert_eq!(&bytes[12..], signature.as_bytes(), "signature");

    let cosigned = cosignature::verify(&note, &name, key(10).public_key()).unwrap();
    assert_eq!((cosigned.head.size, cosigned.time_s), (7, TIME_S));
    let vkey = &roster(&[], None).gate.log_vkey;
    assert_eq!(checkpoint::verify(&note, vkey).unwrap(), cosigned.head, "the log's line stays");
    assert_eq!(by(10, &note), note, "one line per key");
}

#[test]
fn any_changed_byte_is_found() {
    let note = by(10, &signed(7, b"root"));
    let roster = roster(&[10], None);
    assert_eq!(cosignature::witnessed([note.as_str()], &roster).len(), 1);
    for index in 0..note.len() {
        let mut bytes = note.clone().into_bytes();
        bytes[index] ^= 1;
        let Ok(changed) = String::from_utf8(bytes) else { continue };
        let found = cosignature::witnessed([changed.as_str()], &roster);
        assert!(found.is_empty(), "byte {index} changed unseen");
    }
}

/// A signature over a plain checkpoint, such as the log's, is no cosignature; nor is one made
/// under another name, by another key, or over another time than the line says.
#[test]
fn nothing_else_passes_for_a_cosignature() {
    let name = cosignature::key_name(workspace(), device(10));
    let plain = checkpoint::sign(&name, 7, Digest::of(b"root"), &key(10)).unwrap();
    let refused = cosignature::verify(&plain, &name, key(10).public_key());
    assert!(matches!(refused, Err(CosignatureError::Absent)));
    let note = by(10, &signed(7, b"root"));
    for (name, seed) in [("elsewhere", 10), (name.as_str(), 11)] {
        let refused = cosignature::verify(&note, name, key(seed).public_key());
        assert!(matches!(refused, Err(CosignatureError::Absent)));
    }
    let (head, line) = note.trim_end().rsplit_once(' ').unwrap();
    let mut bytes = STANDARD.decode(line).unwrap();
    bytes[11] ^= 1;
    let other_time = format!("{head} {}\n", STANDARD.encode(bytes));
    let refused = cosignature::verify(&other_time, &name, key(10).public_key());
    assert!(matches!(refused, Err(CosignatureError::Signature)));
    assert!(cosignature::cosign("no checkpoint", &name, TIME_S, &key(10)).is_err());
    assert!(cosignature::cosign(&note, "two words", TIME_S, &key(10)).is_err());
}

#[test]
fn the_newest_head_of_each_device_of_the_roster_counts() {
    let (small, large) = (signed(7, b"seven"), signed(9, b"nine"));
    let unsigned = checkpoint::sign(ORIGIN, 12, Digest::of(b"twelve"), &key(4)).unwrap();
    let notes = [by(10, &large), by(10, &small), by(11, &small), by(12, &large), by(11, &unsigned)];
    let found = cosignature::witnessed(notes.iter().map(String::as_str), &roster(&[10, 11], None));
    let witness = |seed, size, root: &[u8]| Witness {
        device: device(seed),
        size,
        root: Digest::of(root),
        time_s: TIME_S,
    };
    assert_eq!(found, [witness(10, 9, b"nine"), witness(11, 7, b"seven")]);
}

#[test]
fn a_revoked_device_counts_with_what_it_said_before() {
    let note = by(10, &signed(7, b"root"));
    let moment = i64::try_from(TIME_S).unwrap() * 1_000;
    for (revoked_at_ms, counted) in [(moment, 0), (moment - 1, 0), (moment + 1, 1)] {
        let roster = roster(&[10], Some(revoked_at_ms));
        assert_eq!(cosignature::witnessed([note.as_str()], &roster).len(), counted);
    }
}

#[test]
fn a_published_checkpoint_carries_the_lines_over_exactly_it() {
    let checkpoint = signed(9, b"nine");
    let notes = [by(10, &checkpoint), by(11, &signed(7, b"seven")), by(13, &checkpoint)];
    let roster = roster(&[10, 11, 12], None);
    let notes = || notes.iter().map(String::as_str);
    let published = cosignature::with_witnesses(&checkpoint, notes(), &roster).unwrap();
    let found = cosignature::witnessed([published.as_str()], &roster);
    assert_eq!(found.iter().map(|one| one.device).collect::<Vec<_>>(), [device(10)]);
    assert!(!published.contains(&device(13).to_string()), "a stranger's line is left out");
    assert_eq!(checkpoint::verify(&published, &roster.gate.log_vkey).unwrap().size, 9);
    let forged = checkpoint::sign(ORIGIN, 9, Digest::of(b"nine"), &key(4)).unwrap();
    assert!(cosignature::with_witnesses(&forged, notes(), &roster).is_err());
}
