//! A snooze stays while the case needs me, and ends by itself.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::{at, case, made, proposal};
use countersign_store::{CaseList, PageQuery, Shelf, Store, StoreError, Tx};

fn write<T>(store: &mut Store, work: impl FnOnce(&Tx<'_>) -> Result<T, StoreError>) -> T {
    store.transaction(work).unwrap()
}

/// Where the case stands, and until when it is put away.
fn place(store: &mut Store) -> (Shelf, Option<i64>) {
    let page =
        store.read::<_, StoreError>(|reader| reader.case_page(&PageQuery::default())).unwrap();
    let row = &page.rows[0];
    let until = store.read::<_, StoreError>(|reader| reader.snoozed_until(row.proposal)).unwrap();
    assert_eq!(until, row.snooze_until_ms);
    (row.shelf, until.map(|until| until.millis()))
}

#[test]
fn a_projection_keeps_it_and_a_settlement_ends_it() {
    let (_place, mut store) = made();
    write(&mut store, |tx| tx.put_case(&case(1, Shelf::NeedsMe)));
    assert!(write(&mut store, |tx| tx.snooze(proposal(1), at(500))));
    assert_eq!(place(&mut store), (Shelf::Snoozed, Some(500)));
    for shelf in [Shelf::NeedsMe, Shelf::Snoozed] {
        write(&mut store, |tx| tx.put_case(&case(1, shelf)));
        assert_eq!(place(&mut store), (Shelf::Snoozed, Some(500)));
    }
    for ends in [Shelf::Settled, Shelf::WaitingOnOthers] {
        write(&mut store, |tx| tx.put_case(&case(1, ends)));
        assert_eq!(place(&mut store), (ends, None));
        write(&mut store, |tx| tx.put_case(&case(1, Shelf::NeedsMe)));
        assert_eq!(place(&mut store), (Shelf::NeedsMe, None), "it came back by itself");
        write(&mut store, |tx| tx.snooze(proposal(1), at(500)));
    }
}

#[test]
fn only_what_needs_me_is_put_away() {
    let (_place, mut store) = made();
    for shelf in [Shelf::WaitingOnOthers, Shelf::Settled] {
        write(&mut store, |tx| tx.put_case(&case(1, shelf)));
        assert!(!write(&mut store, |tx| tx.snooze(proposal(1), at(500))));
        assert_eq!(place(&mut store), (shelf, None));
    }
    assert!(!write(&mut store, |tx| tx.snooze(proposal(2), at(500))), "no such case");
}

#[test]
fn it_ends_at_its_time_or_by_hand() {
    let (_place, mut store) = made();
    write(&mut store, |tx| {
        for number in 0..5 {
            tx.put_case(&case(number, Shelf::NeedsMe))?;
            tx.snooze(proposal(number), at(100 * i64::try_from(number).unwrap()))?;
        }
        // The later word holds.
        tx.snooze(proposal(4), at(150))
    });
    let next =
        |store: &mut Store| store.read::<_, StoreError>(|reader| reader.next_wake()).unwrap();
    assert_eq!(next(&mut store), Some(at(0)));
    let mut woken = write(&mut store, |tx| tx.wake_snoozed(at(150)));
    woken.sort();
    assert_eq!(woken, [proposal(0), proposal(1), proposal(4)]);
    assert_eq!(write(&mut store, |tx| tx.wake_snoozed(at(150))), []);
    assert_eq!(next(&mut store), Some(at(200)));
    assert!(write(&mut store, |tx| tx.unsnooze(proposal(2))));
    assert!(!write(&mut store, |tx| tx.unsnooze(proposal(2))));
    let list = CaseList::Snoozed;
    let page = store
        .read::<_, StoreError>(|reader| {
            reader.case_page(&PageQuery { list, ..PageQuery::default() })
        })
        .unwrap();
    assert_eq!(page.rows.iter().map(|row| row.proposal).collect::<Vec<_>>(), [proposal(3)]);
    assert_eq!((page.counts.needs_me, page.counts.snoozed), (4, 1));
}
