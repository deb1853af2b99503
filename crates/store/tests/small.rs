//! The small tables: saved filters, policy bundles, prompt reads.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::{at, made, proposal};
use countersign_model::Digest;
use countersign_store::{PolicyBundleRow, SavedFilterRow, StoreError};

fn filter(id: &str, name: &str, search: &str) -> SavedFilterRow {
    let view = "needs_me".to_owned();
    SavedFilterRow { id: id.into(), name: name.into(), view, search: search.into() }
}

#[test]
fn a_saved_filter_has_a_name_of_its_own() {
    let (_place, mut store) = made();
    let mut put = |filter: SavedFilterRow| {
        store
            .transaction::<_, StoreError>(|tx| {
                tx.put_saved_filter(&filter)?;
                tx.saved_filters()
            })
            .unwrap()
    };
    put(filter("1", "Zebra", "a"));
    let both = put(filter("2", "Ahead", "tier:high"));
    assert_eq!(both, [filter("2", "Ahead", "tier:high"), filter("1", "Zebra", "a")]);
    let renamed = put(filter("1", "Bear", "b"));
    assert_eq!(renamed, [filter("2", "Ahead", "tier:high"), filter("1", "Bear", "b")]);
    let replaced = put(filter("3", "Ahead", "c"));
    assert_eq!(replaced, [filter("3", "Ahead", "c"), filter("1", "Bear", "b")]);
    let mut delete =
        |id| store.transaction::<_, StoreError>(|tx| tx.delete_saved_filter(id)).unwrap();
    assert!(delete("3"));
    assert!(!delete("3"));
}

#[test]
fn the_bundle_that_arrived_last_is_the_newest_and_older_ones_stay() {
    let (_place, mut store) = made();
    let bundle = |name: &str, millis| PolicyBundleRow {
        digest: Digest::of(name.as_bytes()),
        bytes: name.into(),
        stored_at_ms: at(millis),
    };
    let mut put = |row: PolicyBundleRow| {
        store
            .transaction::<_, StoreError>(|tx| {
                Ok((tx.put_policy_bundle(&row)?, tx.newest_policy_bundle()?))
            })
            .unwrap()
    };
    assert_eq!(put(bundle("one", 1)), (true, Some(bundle("one", 1))));
    assert_eq!(put(bundle("two", 2)), (true, Some(bundle("two", 2))));
    assert_eq!(put(bundle("one", 3)), (false, Some(bundle("one", 3))), "policy went back");
    let two =
        store.read::<_, StoreError>(|reader| reader.policy_bundle(Digest::of(b"two"))).unwrap();
    assert_eq!(two.unwrap(), b"two");
}

#[test]
fn the_last_reading_of_a_prompt_is_known() {
    let (_place, mut store) = made();
    for millis in [5, 9, 7, 9] {
        store
            .transaction::<_, StoreError>(|tx| tx.mark_prompt_read(proposal(1), at(millis)))
            .unwrap();
    }
    let mut read =
        |case| store.read::<_, StoreError>(|reader| reader.prompt_read_at(proposal(case)));
    assert_eq!(read(1).unwrap(), Some(at(9)));
    assert_eq!(read(2).unwrap(), None);
}
