//! Held decisions, and everything else that this device signs and sends.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::cast_possible_truncation, reason = "the numbers of a test are small")]

mod common;

use common::{at, decision, made, proposal, record};
use countersign_model::{CommentId, ControlId, Digest};
use countersign_store::{
    CommentRow, ControlRow, NewDecision, Reader, Stage, Store, StoreError, Tx,
};
use proptest::prelude::*;
use uuid::Uuid;

fn write<T>(store: &mut Store, work: impl FnOnce(&Tx<'_>) -> Result<T, StoreError>) -> T {
    store.transaction(work).unwrap()
}

fn read<T>(store: &mut Store, work: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>) -> T {
    store.read(work).unwrap()
}

fn held(number: u128, until: Option<i64>) -> NewDecision {
    NewDecision { stage: Stage::Held, hold_until_ms: until.map(at), ..decision(number) }
}

fn comment(number: u128) -> CommentRow {
    CommentRow {
        digest: Digest::of(&[b'c', number as u8]),
        id: CommentId::from_uuid(Uuid::from_u128(number)),
        proposal: proposal(7),
        envelope: vec![1, 2],
        mine: true,
        stage: Stage::Signed,
        stored_at_ms: at(1),
    }
}

fn control(number: u128) -> ControlRow {
    ControlRow {
        digest: Digest::of(&[b's', number as u8]),
        id: ControlId::from_uuid(Uuid::from_u128(number)),
        envelope: vec![3],
        mine: true,
        stage: Stage::Signed,
        refusal: None,
        stored_at_ms: at(1),
    }
}

#[test]
fn what_is_due_is_what_has_waited_or_waits_for_a_network_only() {
    let (_place, mut store) = made();
    write(&mut store, |tx| {
        tx.add_decision(&held(1, Some(100)))?;
        tx.add_decision(&held(2, None))?;
        tx.add_decision(&held(3, Some(101)))
    });
    let due = |store: &mut Store, now| -> Vec<Digest> {
        read(store, |reader| reader.held_decisions(at(now)))
            .into_iter()
            .map(|row| row.digest)
            .collect()
    };
    assert_eq!(due(&mut store, 99), [held(2, None).digest]);
    assert_eq!(due(&mut store, 100), [held(1, None).digest, held(2, None).digest]);
    assert_eq!(read(&mut store, |reader| reader.next_release()), Some(at(100)));
    assert!(write(&mut store, |tx| tx.hold_until(held(2, None).digest, Some(at(200)))));
    assert_eq!(due(&mut store, 100), [held(1, None).digest]);
    assert_eq!(read(&mut store, |reader| reader.held_count()), 3);
}

#[test]
fn a_recall_keeps_the_row_and_nothing_moves_it_again() {
    let (_place, mut store) = made();
    let digest = held(1, None).digest;
    write(&mut store, |tx| tx.add_decision(&held(1, Some(100))));
    assert!(write(&mut store, |tx| tx.recall(digest, at(50))));
    assert!(!write(&mut store, |tx| tx.recall(digest, at(60))));
    for stage in [Stage::Held, Stage::Signed, Stage::Accepted, Stage::Executed, Stage::Recalled] {
        assert!(!write(&mut store, |tx| tx.advance_decision(digest, stage, None)), "{stage:?}");
    }
    let row = read(&mut store, |reader| reader.decision(digest)).unwrap();
    assert_eq!(
        (row.stage, row.recalled_at_ms, row.hold_until_ms),
        (Stage::Recalled, Some(at(50)), None)
    );
    assert_eq!(row.envelope, held(1, None).envelope);
    assert_eq!(read(&mut store, |reader| reader.unsent_decisions()), 0);
}

/// What one decision of mine goes through.
#[derive(Clone, Copy, Debug)]
enum Step {
    Sign { held: bool },
    Release,
    Recall,
    Deliver,
    Lost,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<bool>().prop_map(|held| Step::Sign { held }),
        Just(Step::Release),
        Just(Step::Recall),
        Just(Step::Deliver),
        Just(Step::Lost),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn a_recalled_decision_was_never_sent_and_the_unsent_are_counted(
        steps in prop::collection::vec((0u128..4, step()), 1..40)
    ) {
        let (_place, mut store) = made();
        // For each decision: its stage, and its place in the outbox.
        let mut model: [(Option<Stage>, Option<u64>, bool); 4] = [(None, None, false); 4];
        let mut next_seq = 0;
        for (number, step) in steps {
            let digest = decision(number).digest;
            let (stage, place, delivered) = &mut model[number as usize];
            match (step, *stage) {
                (Step::Sign { held: true }, None) => {
                    write(&mut store, |tx| tx.add_decision(&held(number, None)));
                    *stage = Some(Stage::Held);
                }
                (Step::Sign { held: false }, None) | (Step::Release, Some(Stage::Held)) => {
                    let moved = write(&mut store, |tx| {
                        tx.add_decision(&decision(number))?;
                        tx.add_record(&record(next_seq, Some(digest)))?;
                        tx.advance_decision(digest, Stage::Signed, None)
                    });
                    prop_assert_eq!(moved, *stage == Some(Stage::Held));
                    (*stage, *place) = (Some(Stage::Signed), Some(next_seq));
                    next_seq += 1;
                }
                (Step::Recall, _) => {
                    let recalled = write(&mut store, |tx| tx.recall(digest, at(9)));
                    prop_assert_eq!(recalled, *stage == Some(Stage::Held));
                    if recalled { *stage = Some(Stage::Recalled); }
                }
                (Step::Deliver, _) => if let Some(seq) = *place {
                    let carried = write(&mut store, |tx| tx.mark_delivered(seq, seq + 40));
                    prop_assert_eq!(carried, Some(digest));
                    (*stage, *delivered) = (Some(Stage::Delivered), true);
                },
                (Step::Lost, _) => {
                    write(&mut store, |tx| tx.send_again());
                    for (_, _, delivered) in &mut model { *delivered = false; }
                }
                _ => {}
            }
            let unsent = model.iter().filter(|(stage, place, delivered)| {
                *stage == Some(Stage::Held) || (place.is_some() && !delivered)
            }).count();
            prop_assert_eq!(read(&mut store, |reader| reader.unsent_decisions()), unsent as u32);
            let held = model.iter().filter(|(stage, ..)| *stage == Some(Stage::Held)).count();
            prop_assert_eq!(read(&mut store, |reader| reader.held_count()), held as u32);
            for (number, (stage, ..)) in model.iter().enumerate() {
                let row = read(&mut store, |reader| reader.decision(decision(number as u128).digest));
                prop_assert_eq!(row.map(|row| row.stage), *stage);
            }
        }
    }
}

#[test]
fn a_delivery_moves_on_whatever_the_record_carries() {
    let (_place, mut store) = made();
    write(&mut store, |tx| {
        tx.add_decision(&decision(1))?;
        tx.add_comment(&comment(1))?;
        tx.add_control(&control(1))?;
        tx.add_record(&record(0, Some(decision(1).digest)))?;
        tx.add_record(&record(1, Some(comment(1).digest)))?;
        tx.add_record(&record(2, Some(control(1).digest)))?;
        tx.add_record(&record(3, None))
    });
    assert_eq!(read(&mut store, |reader| reader.unsent_decisions()), 1);
    assert_eq!(read(&mut store, |reader| reader.pending_controls()), [control(1)]);
    let carried: Vec<_> =
        (0..4).map(|seq| write(&mut store, |tx| tx.mark_delivered(seq, seq + 1))).collect();
    let digests = [decision(1).digest, comment(1).digest, control(1).digest];
    assert_eq!(carried, [Some(digests[0]), Some(digests[1]), Some(digests[2]), None]);
    let stages = read(&mut store, |reader| {
        Ok([
            reader.decision(digests[0])?.unwrap().stage,
            reader.comment(digests[1])?.unwrap().stage,
            reader.control(digests[2])?.unwrap().stage,
        ])
    });
    assert_eq!(stages, [Stage::Delivered; 3]);
    assert!(write(&mut store, |tx| tx.advance_control(digests[2], Stage::Refused, Some("stale"))));
    assert!(!write(&mut store, |tx| tx.advance_control(digests[2], Stage::Delivered, None)));
    assert_eq!(read(&mut store, |reader| reader.pending_controls()), []);
    assert_eq!(read(&mut store, |reader| reader.controls(5))[0].refusal.as_deref(), Some("stale"));
}

#[test]
fn comments_come_in_order_and_an_id_of_mine_is_used_once() {
    let (_place, mut store) = made();
    assert!(write(&mut store, |tx| tx.add_comment(&comment(2))));
    assert!(write(&mut store, |tx| tx.add_comment(&comment(1))));
    assert!(!write(&mut store, |tx| tx.add_comment(&comment(2))), "known already");
    assert_eq!(
        read(&mut store, |reader| reader.comments_of(proposal(7))),
        [comment(2), comment(1)]
    );
    let other = CommentRow { digest: Digest::of(b"other"), ..comment(1) };
    let twice = store.transaction::<_, StoreError>(|tx| tx.add_comment(&other));
    assert!(matches!(twice, Err(StoreError::Contradiction(_))));
    let theirs = CommentRow { mine: false, ..other };
    assert!(write(&mut store, |tx| tx.add_comment(&theirs)), "others choose their own ids");
    let other = ControlRow { digest: Digest::of(b"other"), ..control(1) };
    write(&mut store, |tx| tx.add_control(&control(1)));
    let twice = store.transaction::<_, StoreError>(|tx| tx.add_control(&other));
    assert!(matches!(twice, Err(StoreError::Contradiction(_))));
}
