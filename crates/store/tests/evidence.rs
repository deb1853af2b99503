//! What is fetched first, what is let go, and that nothing of an open case ever is.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::{at, case, made, proposal};
use countersign_model::Digest;
use countersign_store::{Reader, Shelf, Store, StoreError, Tx, WantedEvidence};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn write<T>(store: &mut Store, work: impl FnOnce(&Tx<'_>) -> Result<T, StoreError>) -> T {
    store.transaction(work).unwrap()
}

fn read<T>(store: &mut Store, work: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>) -> T {
    store.read(work).unwrap()
}

/// Piece `number` has 100 and `number` bytes.
fn piece(number: u8) -> Vec<u8> {
    vec![number; 100 + usize::from(number)]
}

fn wanted(number: u8, case: u128) -> WantedEvidence {
    WantedEvidence {
        evidence: Digest::of(&piece(number)),
        blob: Digest::of(&[number]),
        size_bytes: 100 + u64::from(number),
        proposal: proposal(case),
    }
}

#[test]
fn what_my_cases_need_comes_first_and_then_the_nearest_deadline() {
    let (_place, mut store) = made();
    write(&mut store, |tx| {
        // Deadlines are 37 for each number: the higher, the later.
        for (number, shelf) in [
            (1, Shelf::WaitingOnOthers),
            (2, Shelf::NeedsMe),
            (3, Shelf::Settled),
            (4, Shelf::NeedsMe),
            (5, Shelf::WaitingOnOthers),
            (6, Shelf::Settled),
            (7, Shelf::NeedsMe),
        ] {
            tx.want_evidence(&wanted(number, u128::from(number)))?;
            tx.put_case(&case(u128::from(number), shelf))?;
        }
        tx.snooze(proposal(2), at(9))?;
        // Two cases share a piece; one case is not here yet.
        tx.want_evidence(&wanted(7, 1))?;
        tx.want_evidence(&wanted(9, 900))
    });
    let order = |store: &mut Store, limit| -> Vec<u64> {
        let rows = read(store, |reader| reader.wanted_evidence(limit));
        rows.iter().map(|row| row.size_bytes - 100).collect()
    };
    assert_eq!(order(&mut store, 99), [4, 7, 2, 1, 5, 6, 3]);
    assert_eq!(order(&mut store, 3), [4, 7, 2]);
    assert_eq!(read(&mut store, |reader| reader.needs_me_without_evidence()), 2);
    assert_eq!(read(&mut store, |reader| reader.evidence_missing_of(proposal(1))).len(), 2);
    write(&mut store, |tx| tx.add_evidence(&piece(7)));
    assert_eq!(read(&mut store, |reader| reader.needs_me_without_evidence()), 1);
    assert_eq!(read(&mut store, |reader| reader.evidence_missing_of(proposal(1))), [wanted(1, 1)]);
    let holders = read(&mut store, |reader| reader.cases_with_evidence(Digest::of(&piece(7))));
    assert_eq!(holders, [proposal(1), proposal(7)]);
}

#[test]
fn the_longest_settled_case_gives_first_and_gives_no_more_than_needed() {
    let (_place, mut store) = made();
    write(&mut store, |tx| {
        for number in [1u8, 2, 3] {
            tx.put_case(&case(u128::from(number), Shelf::Settled))?;
            tx.want_evidence(&wanted(number, u128::from(number)))?;
            tx.add_evidence(&piece(number))?;
        }
        Ok(())
    });
    assert_eq!(read(&mut store, |reader| reader.evidence_total()).bytes, 306);
    assert_eq!(write(&mut store, |tx| tx.evict_evidence(306)), 0);
    assert_eq!(write(&mut store, |tx| tx.evict_evidence(305)), 101);
    assert_eq!(read(&mut store, |reader| reader.wanted_evidence(9)), [], "not fetched again");
    assert_eq!(read(&mut store, |reader| reader.evidence_missing_of(proposal(1))), [wanted(1, 1)]);
    write(&mut store, |tx| tx.want_again(proposal(1)));
    assert_eq!(read(&mut store, |reader| reader.wanted_evidence(9)), [wanted(1, 1)]);
}

#[test]
fn what_nobody_has_is_wanted_again_only_when_somebody_looks() {
    let (_place, mut store) = made();
    write(&mut store, |tx| {
        tx.put_case(&case(1, Shelf::Settled))?;
        tx.want_evidence(&wanted(1, 1))?;
        tx.stop_wanting(&wanted(1, 1))
    });
    assert_eq!(read(&mut store, |reader| reader.wanted_evidence(9)), []);
    assert_eq!(read(&mut store, |reader| reader.evidence_missing_of(proposal(1))), [wanted(1, 1)]);
    write(&mut store, |tx| tx.want_again(proposal(1)));
    assert_eq!(read(&mut store, |reader| reader.wanted_evidence(9)), [wanted(1, 1)]);
    // What is here stays here.
    write(&mut store, |tx| {
        tx.add_evidence(&piece(1))?;
        tx.stop_wanting(&wanted(1, 1))
    });
    assert_eq!(read(&mut store, |reader| reader.evidence_missing_of(proposal(1))), []);
}

/// What happens to pieces and cases.
#[derive(Clone, Copy, Debug)]
enum Step {
    Project(u128, Shelf),
    Want(u8, u128),
    Arrive(u8),
    Evict(u64),
    WantAgain(u128),
}

fn step() -> impl Strategy<Value = Step> {
    let shelf = prop::sample::select(&[Shelf::NeedsMe, Shelf::WaitingOnOthers, Shelf::Settled][..]);
    prop_oneof![
        (0u128..5, shelf).prop_map(|(case, shelf)| Step::Project(case, shelf)),
        (0u8..6, 0u128..5).prop_map(|(piece, case)| Step::Want(piece, case)),
        (0u8..6).prop_map(Step::Arrive),
        (0u64..700).prop_map(Step::Evict),
        (0u128..5).prop_map(Step::WantAgain),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn an_open_case_keeps_its_evidence_and_every_sum_is_right(
        steps in prop::collection::vec(step(), 1..50)
    ) {
        let (_place, mut store) = made();
        let mut shelves: BTreeMap<u128, Shelf> = BTreeMap::new();
        let mut needs: BTreeSet<(u128, u8)> = BTreeSet::new();
        let mut here: BTreeSet<u8> = BTreeSet::new();
        for step in steps {
            match step {
                Step::Project(number, shelf) => {
                    write(&mut store, |tx| tx.put_case(&case(number, shelf)));
                    shelves.insert(number, shelf);
                }
                Step::Want(number, case) => {
                    write(&mut store, |tx| tx.want_evidence(&wanted(number, case)));
                    needs.insert((case, number));
                }
                Step::Arrive(number) => {
                    write(&mut store, |tx| tx.add_evidence(&piece(number)));
                    here.insert(number);
                }
                Step::Evict(budget) => {
                    write(&mut store, |tx| tx.evict_evidence(budget));
                    let still: BTreeSet<u8> = here.iter().copied().filter(|number| {
                        read(&mut store, |reader| reader.has_evidence(Digest::of(&piece(*number))))
                    }).collect();
                    for gone in here.difference(&still) {
                        let users: Vec<u128> =
                            needs.iter().filter(|(_, piece)| piece == gone).map(|(case, _)| *case).collect();
                        prop_assert!(!users.is_empty(), "a piece that no case names was let go");
                        prop_assert!(users.iter().all(|case| shelves.get(case) == Some(&Shelf::Settled)));
                    }
                    let size = |pieces: &BTreeSet<u8>| -> u64 { pieces.iter().map(|n| 100 + u64::from(*n)).sum() };
                    if size(&still) > budget {
                        // Nothing is left that could have gone.
                        for number in &still {
                            let mut users = needs.iter().filter(|(_, piece)| piece == number).peekable();
                            prop_assert!(users.peek().is_none()
                                || users.any(|(case, _)| shelves.get(case) != Some(&Shelf::Settled)));
                        }
                    }
                    here = still;
                }
                Step::WantAgain(case) => write(&mut store, |tx| tx.want_again(proposal(case))),
            }
            let total = read(&mut store, |reader| reader.evidence_total());
            prop_assert_eq!(total.pieces, here.len() as u64);
            prop_assert_eq!(total.bytes, here.iter().map(|number| 100 + u64::from(*number)).sum::<u64>());
            let lacking = shelves.iter().filter(|(case, shelf)| **shelf == Shelf::NeedsMe
                && needs.iter().any(|(user, piece)| user == *case && !here.contains(piece))).count();
            let counted = read(&mut store, |reader| reader.needs_me_without_evidence());
            prop_assert_eq!(u64::from(counted), lacking as u64);
            for (number, shelf) in &shelves {
                let missing = read(&mut store, |reader| reader.evidence_missing_of(proposal(*number)));
                let expected = needs.iter().filter(|(case, piece)| case == number && !here.contains(piece)).count();
                prop_assert_eq!(missing.len(), expected, "{} {:?}", number, shelf);
            }
        }
    }
}
