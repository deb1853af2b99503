//! Files that must be refused, each left exactly as it was.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::{KEY, case, made, place};
use countersign_store::{CreateError, MetaKey, OpenError, Shelf, Store, StoreError};
use std::fs;

/// Opens, expects a refusal, and checks that no byte of the file changed.
fn refused(path: &std::path::Path, key: &[u8; 32]) -> OpenError {
    let before = fs::read(path).unwrap();
    let error = Store::open(path, key).err().expect("must be refused");
    assert_eq!(fs::read(path).unwrap(), before, "the file was touched: {error}");
    error
}

fn filled() -> common::Place {
    let (place, mut store) = made();
    store
        .transaction::<_, StoreError>(|tx| {
            (0..300).try_for_each(|number| tx.put_case(&case(number, Shelf::NeedsMe)))
        })
        .unwrap();
    place
}

#[test]
fn what_was_stored_is_there_after_reopening_and_unreadable_without_the_key() {
    let (place, mut store) = made();
    let secret = b"a secret that must not be on the disk";
    store.transaction::<_, StoreError>(|tx| tx.put_meta(MetaKey::SealingSecret, secret)).unwrap();
    let on_disk = || {
        let mut bytes = fs::read(&place.path).unwrap();
        bytes.extend(fs::read(place.path.with_extension("db-wal")).unwrap_or_default());
        bytes
    };
    let visible = |bytes: Vec<u8>| bytes.windows(secret.len()).any(|window| window == secret);
    assert!(!visible(on_disk()), "plain text in the open store's files");
    drop(store);
    assert!(!visible(on_disk()), "plain text in the closed store's files");
    let mut store = Store::open(&place.path, &KEY).unwrap();
    let read = store.read::<_, StoreError>(|reader| reader.meta(MetaKey::SealingSecret)).unwrap();
    assert_eq!(read.unwrap().as_slice(), secret);
}

#[test]
fn a_missing_file_is_not_made_by_opening() {
    let place = place();
    assert!(matches!(Store::open(&place.path, &KEY), Err(OpenError::Missing)));
    assert!(!place.path.exists());
}

#[test]
fn an_existing_file_is_never_replaced() {
    let place = place();
    for content in [b"".as_slice(), b"someone's notes"] {
        fs::write(&place.path, content).unwrap();
        assert!(matches!(Store::create(&place.path, &KEY), Err(CreateError::AlreadyThere)));
        assert_eq!(fs::read(&place.path).unwrap(), content);
    }
}

#[test]
fn a_wrong_key_is_named_as_such() {
    let place = filled();
    assert!(matches!(refused(&place.path, &[8; 32]), OpenError::WrongKey));
    Store::open(&place.path, &KEY).expect("the right key still opens it");
}

#[test]
fn a_foreign_file_is_named_as_such() {
    let place = place();
    for content in [b"SQLite format 3\0 and more".repeat(400), vec![b'x'; 9_000], b"short".to_vec()]
    {
        fs::write(&place.path, content).unwrap();
        assert!(matches!(refused(&place.path, &KEY), OpenError::NotOurs));
    }
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let place = filled();
    let whole = fs::read(&place.path).unwrap();
    for keep in
        [0, 7, 16, 100, 4_095, 4_096, 4_097, whole.len() / 2, whole.len() - 4_096, whole.len() - 1]
    {
        fs::write(&place.path, &whole[..keep]).unwrap();
        let error = refused(&place.path, &KEY);
        assert!(matches!(error, OpenError::Truncated { .. }), "{keep} bytes kept: {error:?}");
    }
    fs::write(&place.path, &whole).unwrap();
    Store::open(&place.path, &KEY).unwrap();
}

#[test]
fn a_changed_byte_is_found_by_the_check_or_at_once() {
    let place = filled();
    let whole = fs::read(&place.path).unwrap();
    for offset in (100..whole.len()).step_by(whole.len() / 23) {
        let mut changed = whole.clone();
        changed[offset] ^= 1;
        fs::write(&place.path, &changed).unwrap();
        let found = Store::open(&place.path, &KEY).and_then(|store| store.check());
        assert!(found.is_err(), "byte {offset} changed unseen");
    }
}

#[test]
fn two_at_once_are_refused() {
    let (place, store) = made();
    assert!(matches!(Store::open(&place.path, &KEY), Err(OpenError::InUse)));
    drop(store);
    Store::open(&place.path, &KEY).unwrap();
}

#[test]
fn every_refusal_says_what_to_do() {
    let damaged = OpenError::Inconsistent("page 3".into());
    let errors = [
        OpenError::Missing,
        OpenError::NotOurs,
        OpenError::WrongKey,
        OpenError::Truncated { found_bytes: 1 },
        damaged,
        OpenError::NewerVersion { found: 2, known: 1 },
        OpenError::InUse,
        OpenError::DiskFull,
    ];
    for error in errors {
        let words = error.to_string();
        assert!(words.contains(';'), "says only what is wrong: {words}");
    }
}
