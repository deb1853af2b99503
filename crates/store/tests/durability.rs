//! A decision is there with its outbox record, or not at all.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::{KEY, decision, made, record};
use countersign_model::Digest;
use countersign_store::{LogHead, NewDecision, Stage, Store, StoreError};

fn sign(store: &mut Store, number: u64) -> Result<(), StoreError> {
    store.transaction(|tx| {
        let decision = decision(u128::from(number));
        tx.add_decision(&decision)?;
        tx.put_document(decision.proposal, &vec![b'd'; 3_000])?;
        tx.add_record(&record(number, Some(decision.digest)))
    })
}

#[test]
fn a_full_disk_stores_nothing_by_half() {
    let (place, mut store) = made();
    let room = store.size_bytes().unwrap() + 100_000;
    store.limit_size(room).unwrap();
    let mut signed = 0;
    let refusal = loop {
        match sign(&mut store, signed) {
            Ok(()) => signed += 1,
            Err(error) => break error,
        }
        assert!(signed < 1_000, "the limit does not hold");
    };
    assert!(matches!(refusal, StoreError::DiskFull), "{refusal:?}");
    assert!(signed > 2, "the disk was full too early to tell");
    assert!(refusal.to_string().contains("nothing was stored"));
    drop(store);

    let mut store = Store::open(&place.path, &KEY).unwrap();
    let (records, half) = store
        .read::<_, StoreError>(|reader| {
            let half = decision(u128::from(signed));
            let document = reader.document(half.proposal)?;
            Ok((reader.unsent_records(2_000)?, (reader.decision(half.digest)?, document)))
        })
        .unwrap();
    assert_eq!(records.len() as u64, signed);
    assert_eq!(half, (None, None), "a part of the refused transaction is there");
    sign(&mut store, signed).expect("with room again, the same decision is stored");
}

#[test]
fn a_dropped_transaction_leaves_nothing() {
    let (_place, mut store) = made();
    let failed: Result<(), StoreError> = store.transaction(|tx| {
        tx.add_decision(&decision(1))?;
        Err(StoreError::Range("test"))
    });
    assert!(failed.is_err());
    let read = store.read::<_, StoreError>(|reader| reader.decision(decision(1).digest)).unwrap();
    assert_eq!(read, None);
}

#[test]
fn delivery_moves_only_forward() {
    let (_place, mut store) = made();
    sign(&mut store, 0).unwrap();
    let digest = decision(0).digest;
    let stage = |store: &mut Store| {
        store.read::<_, StoreError>(|reader| reader.decision(digest)).unwrap().unwrap().stage
    };
    let unsent = |store: &mut Store| store.read::<_, StoreError>(|r| r.unsent_decisions()).unwrap();
    assert_eq!((stage(&mut store), unsent(&mut store)), (Stage::Signed, 1));
    store
        .transaction::<_, StoreError>(|tx| {
            assert_eq!(tx.mark_delivered(0, 41)?, Some(digest));
            tx.advance_decision(digest, Stage::Delivered, None)
        })
        .unwrap();
    assert_eq!((stage(&mut store), unsent(&mut store)), (Stage::Delivered, 0));
    let moved = store.transaction::<_, StoreError>(|tx| {
        tx.advance_decision(digest, Stage::Accepted, None)?;
        tx.advance_decision(digest, Stage::Delivered, None)
    });
    assert!(!moved.unwrap());
    assert_eq!(stage(&mut store), Stage::Accepted);
}

#[test]
fn one_decision_id_and_one_place_in_the_chain_are_used_once() {
    let (_place, mut store) = made();
    sign(&mut store, 0).unwrap();
    let other_bytes = NewDecision { digest: Digest::of(b"other"), ..decision(0) };
    let twice = store.transaction::<_, StoreError>(|tx| tx.add_decision(&other_bytes));
    assert!(matches!(twice, Err(StoreError::Contradiction(_))));
    let again = store.transaction::<_, StoreError>(|tx| tx.add_decision(&decision(0)));
    assert!(!again.unwrap(), "the same decision again is no news");
    let place_taken = store.transaction::<_, StoreError>(|tx| tx.add_record(&record(0, None)));
    assert!(matches!(place_taken, Err(StoreError::Contradiction(_))));
}

#[test]
fn the_trusted_head_never_shrinks() {
    let (_place, mut store) = made();
    let head = |size| LogHead {
        size,
        root: Digest::of(b"root"),
        note: "note".into(),
        verified_at_ms: common::at(1),
        gate_clock_ms: common::at(1),
    };
    store.transaction::<_, StoreError>(|tx| tx.put_log_head(&head(9))).unwrap();
    let back = store.transaction::<_, StoreError>(|tx| tx.put_log_head(&head(8)));
    assert!(matches!(back, Err(StoreError::Range("log_head.size"))));
    let read = store.read::<_, StoreError>(|reader| reader.log_head()).unwrap();
    assert_eq!(read.unwrap().size, 9);
}

#[test]
fn an_unclean_end_loses_no_commit() {
    let (place, mut store) = made();
    for number in 0..20 {
        sign(&mut store, number).unwrap();
    }
    // As after SIGKILL: the files as they are while the store is open, in another folder.
    let copy = common::place();
    for suffix in ["db", "db-wal"] {
        std::fs::copy(place.path.with_extension(suffix), copy.path.with_extension(suffix)).unwrap();
    }
    let mut after = Store::open(&copy.path, &KEY).unwrap();
    let records = after.read::<_, StoreError>(|reader| reader.unsent_records(100)).unwrap();
    assert_eq!(records.len(), 20);
}
