//! The log's pages against a plain reading, and all of it in order.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::cast_possible_truncation, reason = "the numbers of a test are small")]

mod common;

use common::{made, proposal};
use countersign_store::{Reader, Store, StoreError};
use proptest::prelude::*;

const ACTIONS: [&str; 3] = ["case_opened", "decision_logged", "log_opened"];

fn read<T>(store: &mut Store, work: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>) -> T {
    store.read(work).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn pages_show_every_entry_once_newest_first(
        entries in prop::collection::vec((0usize..3, prop::option::of(0u128..3)), 0..40),
        limit in 1u32..9,
    ) {
        let (_place, mut store) = made();
        store.transaction::<_, StoreError>(|tx| {
            for (seq, (action, case)) in entries.iter().enumerate() {
                tx.add_log_entry(seq as u64, case.map(proposal), ACTIONS[*action], &[seq as u8])?;
            }
            Ok(())
        }).unwrap();
        prop_assert_eq!(read(&mut store, |reader| reader.log_size()), entries.len() as u64);
        for action in [None, Some(0), Some(2)] {
            for case in [None, Some(0), Some(2)] {
                let expected: Vec<u64> = entries.iter().enumerate()
                    .filter(|(_, entry)| action.is_none_or(|action| entry.0 == action)
                        && case.is_none_or(|case| entry.1 == Some(case)))
                    .map(|(seq, _)| seq as u64).rev().collect();
                let (mut seen, mut before) = (Vec::new(), None);
                loop {
                    let action = action.map(|action| ACTIONS[action]);
                    let page = read(&mut store, |reader| {
                        reader.log_rows(before, limit, action, case.map(proposal))
                    });
                    prop_assert!(page.iter().all(|row| row.bytes == [row.seq as u8]));
                    let Some(last) = page.last() else { break };
                    before = Some(last.seq);
                    seen.extend(page.iter().map(|row| row.seq));
                }
                prop_assert_eq!(seen, expected);
            }
        }
        let mut actions: Vec<&str> = entries.iter().map(|entry| ACTIONS[entry.0]).collect();
        actions.sort_unstable();
        actions.dedup();
        prop_assert_eq!(read(&mut store, |reader| reader.log_actions()), actions);
    }
}

#[test]
fn every_entry_is_streamed_in_order_until_the_reader_has_enough() {
    let (_place, mut store) = made();
    store
        .transaction::<_, StoreError>(|tx| {
            (0..50).try_for_each(|seq| tx.add_log_entry(seq, None, "log_opened", &[seq as u8]))
        })
        .unwrap();
    let mut seen = Vec::new();
    read(&mut store, |reader| {
        reader.for_each_log_entry(10, |seq, bytes| {
            seen.push((seq, bytes.to_vec()));
            Ok::<(), StoreError>(())
        })
    });
    assert_eq!(seen, (10..50).map(|seq| (seq, vec![seq as u8])).collect::<Vec<_>>());
    let mut calls = 0;
    let stopped = store.read::<(), StoreError>(|reader| {
        reader.for_each_log_entry(0, |_, _| {
            calls += 1;
            if calls == 3 { Err(StoreError::Range("enough")) } else { Ok(()) }
        })
    });
    assert!(matches!(stopped, Err(StoreError::Range("enough"))));
    assert_eq!(calls, 3);
}
