//! What a device asks of its own records when it begins from a snapshot.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{decision, made, record};
use countersign_model::Digest;
use countersign_store::{NewDecision, NewRecord, Stage, Store, StoreError};

/// Records 0 to 4: decisions 1 and 2, decision 1 once more, something else, decision 3.
fn filled() -> (common::Place, Store) {
    let (place, mut store) = made();
    let carried = [Some(1), Some(2), Some(1), None, Some(3)];
    store
        .transaction::<_, StoreError>(|tx| {
            for number in 1..=3 {
                tx.add_decision(&decision(number))?;
            }
            for (seq, number) in (0..).zip(carried) {
                let carries = number.map(|number| decision(number).digest);
                let record_digest = Digest::of(&[u8::try_from(seq).unwrap()]);
                tx.add_record(&NewRecord { record_digest, ..record(seq, carries) })?;
            }
            for seq in [0, 1, 3] {
                tx.mark_delivered(seq, 10 + seq)?;
            }
            Ok(())
        })
        .unwrap();
    (place, store)
}

fn unanswered(store: &mut Store, before: u64) -> Vec<(u64, Digest)> {
    let rows = store.read::<_, StoreError>(|reader| reader.unanswered_before(before)).unwrap();
    rows.into_iter().map(|row| (row.writer_seq, row.carries)).collect()
}

#[test]
fn the_newest_record_of_each_unanswered_decision_counts() {
    let (_place, mut store) = filled();
    let digest = |number| decision(number).digest;
    assert_eq!(unanswered(&mut store, 9), [(1, digest(2)), (2, digest(1)), (4, digest(3))]);
    // Decision 1 was sent again after the second record, so nothing of it is missing there.
    assert_eq!(unanswered(&mut store, 2), [(1, digest(2))]);
    store
        .transaction::<_, StoreError>(|tx| {
            tx.advance_decision(digest(2), Stage::Refused, Some("late"))?;
            tx.advance_decision(digest(3), Stage::Accepted, None)?;
            tx.add_decision(&NewDecision { mine: false, ..decision(4) })?;
            tx.add_record(&record(5, Some(digest(4))))
        })
        .unwrap();
    assert_eq!(unanswered(&mut store, 9), [(2, digest(1))]);
}

#[test]
fn what_is_known_to_be_delivered_ends_where_the_chain_ends() {
    let (_place, mut store) = filled();
    let unsent = |store: &mut Store, before| {
        store.read::<_, StoreError>(|reader| reader.unsent_before(before)).unwrap()
    };
    assert_eq!(unsent(&mut store, 4), [2]);
    assert_eq!(unsent(&mut store, 9), [2, 4]);
    store.transaction::<_, StoreError>(|tx| tx.send_again_from(3)).unwrap();
    assert_eq!(unsent(&mut store, 9), [2, 3, 4]);
    let digest = |store: &mut Store, seq| {
        store.read::<_, StoreError>(|reader| reader.record_digest(seq)).unwrap()
    };
    assert_eq!(digest(&mut store, 3), Some(Digest::of(&[3])));
    assert_eq!(digest(&mut store, 5), None);
}
