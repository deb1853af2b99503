//! What was set aside, what each device has filed, and what waits.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::{at, made, proposal};
use countersign_model::{DeviceId, Digest};
use countersign_store::{FaultRow, FiledRow, QuarantineRow, StoreError, WaitingEnvelope};
use uuid::Uuid;

fn device(number: u128) -> DeviceId {
    DeviceId::from_uuid(Uuid::from_u128(number))
}

fn aside(writer: DeviceId, position: u64) -> QuarantineRow {
    let millis = i64::try_from(position).unwrap();
    QuarantineRow {
        position,
        writer,
        digest: Digest::of(&position.to_be_bytes()),
        why: "record_set_aside".into(),
        at_ms: at(millis),
    }
}

#[test]
fn what_one_device_sends_is_counted_and_only_its_beginning_is_kept() {
    let (_place, mut store) = made();
    store
        .transaction::<_, StoreError>(|tx| {
            (1..=1_000).try_for_each(|position| tx.add_quarantine(&aside(device(1), position)))?;
            tx.add_quarantine(&aside(device(2), 5))
        })
        .unwrap();
    let (rows, counts) = store
        .read::<_, StoreError>(|reader| Ok((reader.quarantine()?, reader.quarantine_counts()?)))
        .unwrap();
    assert_eq!(rows.len(), 64 + 1, "the other device's row is there");
    assert_eq!(rows[0], aside(device(1), 1));
    let counts: Vec<_> = counts.iter().map(|one| (one.writer, one.records, one.last_ms)).collect();
    assert_eq!(counts, [(device(1), 1_000, at(1_000)), (device(2), 1, at(5))]);
}

#[test]
fn a_failed_attempt_leaves_the_rest_of_its_transaction() {
    let (_place, mut store) = made();
    store
        .transaction::<_, StoreError>(|tx| {
            tx.add_quarantine(&aside(device(1), 1))?;
            let failed = tx.attempt(|tx| {
                tx.add_quarantine(&aside(device(1), 2))?;
                Err::<(), _>(StoreError::Range("made up"))
            });
            assert!(matches!(failed, Err(StoreError::Range("made up"))));
            tx.attempt(|tx| tx.add_quarantine(&aside(device(1), 3)))
        })
        .unwrap();
    let rows = store.read::<_, StoreError>(|reader| reader.quarantine()).unwrap();
    assert_eq!(rows.iter().map(|row| row.position).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn what_is_filed_is_kept_for_each_device_and_case() {
    let (_place, mut store) = made();
    let row = |bytes, last_seq| FiledRow { envelopes: 1, bytes, last_seq };
    let read = store
        .transaction::<_, StoreError>(|tx| {
            tx.put_filed(proposal(1), device(1), row(10, 4))?;
            tx.put_filed(proposal(1), device(2), row(20, 9))?;
            tx.put_filed(proposal(1), device(1), row(30, 5))?;
            tx.note_unopened(proposal(1), device(1))?;
            tx.note_unopened(proposal(2), device(1))?;
            tx.note_unopened(proposal(2), device(1))?;
            let before = tx.unopened_cases(device(1))?;
            tx.note_opened(proposal(1))?;
            let rows = [tx.filed(proposal(1), device(1))?, tx.filed(proposal(2), device(1))?];
            Ok((rows, before, tx.unopened_cases(device(1))?))
        })
        .unwrap();
    assert_eq!(read, ([Some(row(30, 5)), None], 2, 1));
}

#[test]
fn an_envelope_waits_once_and_is_found_by_its_case() {
    let (_place, mut store) = made();
    let waiting = |case: u128, words: &[u8]| WaitingEnvelope {
        proposal: proposal(case),
        digest: Digest::of(words),
        writer: device(1),
        bytes: words.to_vec(),
    };
    store
        .transaction::<_, StoreError>(|tx| {
            for one in [waiting(1, b"one"), waiting(1, b"one"), waiting(2, b"two")] {
                tx.add_waiting(&one)?;
            }
            assert_eq!(tx.waiting_envelopes(proposal(1))?, [waiting(1, b"one")]);
            assert_eq!(tx.documented_cases(None, 9)?, [proposal(2), proposal(1)]);
            assert_eq!(tx.documented_cases(Some(proposal(2)), 9)?, [proposal(1)]);
            tx.remove_waiting(proposal(1), Digest::of(b"one"))?;
            assert_eq!(tx.waiting_envelopes(proposal(1))?, []);
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_fault_about_one_device_never_hides_one_about_the_workspace() {
    let (_place, mut store) = made();
    let fault =
        |code: &str, millis| FaultRow { at_ms: at(millis), code: code.into(), message: "x".into() };
    store
        .transaction::<_, StoreError>(|tx| {
            assert!(tx.add_fault_about(&fault("record_set_aside", 1), device(1))?);
            assert!(!tx.add_fault_about(&fault("record_set_aside", 2), device(1))?);
            assert!(tx.add_fault_about(&fault("record_set_aside", 3), device(2))?);
            assert_eq!(tx.open_fault()?.unwrap().code, "record_set_aside");
            assert!(tx.add_fault(&fault("log_fault", 4))?);
            assert_eq!(tx.open_fault()?.unwrap().code, "log_fault");
            assert!(tx.heal_faults_about_devices(at(3), at(9))?);
            assert!(!tx.heal_faults_about_devices(at(3), at(9))?);
            assert!(tx.add_fault_about(&fault("record_set_aside", 5), device(1))?, "a new burst");
            tx.heal_fault("log_fault", at(9))?;
            assert_eq!(tx.open_fault()?.unwrap().at_ms, at(3));
            Ok(())
        })
        .unwrap();
}
