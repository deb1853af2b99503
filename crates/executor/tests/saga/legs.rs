//! A change over three campaigns against a platform and a journal that fail, pause, lie and crash
//! at every step.

use super::{
    support,
    world::{Crash, Fault, World},
};
use countersign_executor::ErrorClass;
use countersign_model::entry::{ExecutionStatus, LegRecord, PlatformRecord};
use proptest::prelude::*;
use std::collections::BTreeMap;

const CAMPAIGNS: [&str; 3] = ["1002", "1003", "1001"];
const BEFORE: [i64; 3] = [100, 100, 100];
const AFTER: [i64; 3] = [85, 85, 130];
/// Read and validated, for each leg, before anything is sent.
const LOOK: usize = 6;
/// Of one leg: read, validated, read again, written, read back.
const LEG: usize = 5;

fn run(calls: &[Fault], records: &[Crash]) -> (World, PlatformRecord) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = World::new(calls, records);
    let authorized = support::authorize(support::transfer());
    let record = runtime.block_on(world.run_to_outcome_of(&authorized));
    (world, record)
}

fn held(world: &World) -> [i64; 3] {
    CAMPAIGNS.map(|campaign| world.amount(campaign))
}

/// Faults from one call on.
fn from(call: usize, faults: &[Fault]) -> Vec<Fault> {
    [vec![Fault::Fine; call], faults.to_vec()].concat()
}

fn statuses(record: &PlatformRecord) -> Vec<(u16, ExecutionStatus, Option<ExecutionStatus>)> {
    let status = |LegRecord { leg, made, taken_back }: &LegRecord| {
        (*leg, made.status, taken_back.as_ref().map(|outcome| outcome.status))
    };
    record.legs.iter().map(status).collect()
}

#[test]
fn what_gives_is_lowered_before_what_takes_is_raised() {
    let (world, record) = run(&[], &[]);
    assert_eq!(record.status, ExecutionStatus::Applied);
    assert_eq!(record.read_back, Some(support::transfer()));
    let moved: Vec<_> = world.moved().into_iter().map(|(campaign, _)| campaign).collect();
    assert_eq!(moved, CAMPAIGNS);
    assert_eq!((world.commits(), held(&world)), (3, AFTER));
    assert_eq!(record.legs.len(), 3);
    // Once finished, another run sends nothing and gives the same answer.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let authorized = support::authorize(support::transfer());
    assert_eq!(runtime.block_on(world.run_to_outcome_of(&authorized)), record);
    assert_eq!(world.commits(), 3);
}

#[test]
fn nothing_is_sent_when_a_later_leg_cannot_be_made_as_things_are() {
    let (world, record) = run(&from(4, &[Fault::Foreign(90)]), &[]);
    assert_eq!((record.status, world.commits()), (ExecutionStatus::Stale, 0));
    assert_eq!(statuses(&record), [(2, ExecutionStatus::Stale, None)]);
    let (world, record) = run(&from(5, &[Fault::Fail(ErrorClass::Final)]), &[]);
    assert_eq!((record.status, world.commits()), (ExecutionStatus::NotApplied, 0));
    assert_eq!(record.code.as_deref(), Some("test.FAULT"));
}

#[test]
fn a_leg_that_is_refused_takes_the_others_back() {
    use ExecutionStatus::{Applied, NotApplied};
    let refused = from(LOOK + 2 * LEG + 3, &[Fault::Fail(ErrorClass::Final)]);
    let (world, record) = run(&refused, &[]);
    assert_eq!((record.status, held(&world)), (NotApplied, BEFORE));
    assert_eq!(record.read_back, None);
    let expected =
        [(0, Applied, Some(Applied)), (1, Applied, Some(Applied)), (2, NotApplied, None)];
    assert_eq!(statuses(&record), expected);
    let back: Vec<_> = world.moved().into_iter().map(|(campaign, _)| campaign).collect();
    assert_eq!(back, ["1002", "1003", "1003", "1002"], "the last one first");
}

#[test]
fn what_somebody_else_has_changed_meanwhile_is_not_taken_back() {
    use ExecutionStatus::{Applied, NotApplied, PartiallyApplied, Stale};
    // The raise is refused; then the second lowered budget reads as somebody else set it.
    let mut calls = from(LOOK + 2 * LEG + 3, &[Fault::Fail(ErrorClass::Final), Fault::Fine]);
    calls.push(Fault::Foreign(70));
    let (world, record) = run(&calls, &[]);
    assert_eq!(record.status, PartiallyApplied);
    assert_eq!(held(&world), [100, 70, 100]);
    let expected = [(0, Applied, Some(Applied)), (1, Applied, Some(Stale)), (2, NotApplied, None)];
    assert_eq!(statuses(&record), expected);
}

#[test]
fn a_change_is_taken_back_after_the_signatures_have_lapsed() {
    let refused = ErrorClass::WaitUntil { delay_ms: 3 * 3_600_000 };
    let calls = from(LOOK + 2 * LEG + 3, &[Fault::Fail(refused)]);
    let (world, record) = run(&calls, &[]);
    assert_eq!((record.status, held(&world)), (ExecutionStatus::NotApplied, BEFORE));
    assert_eq!(record.code.as_deref(), Some("gate.AUTHORITY_LAPSED"));
}

fn any_fault() -> impl Strategy<Value = Fault> {
    let class = prop_oneof![
        Just(ErrorClass::Ambiguous),
        Just(ErrorClass::RetryAfterReread),
        Just(ErrorClass::Final),
        Just(ErrorClass::Operator),
        Just(ErrorClass::WaitUntil { delay_ms: 1_000 }),
        Just(ErrorClass::WaitUntil { delay_ms: 8_000_000 }),
    ];
    prop_oneof![
        6 => Just(Fault::Fine),
        2 => class.clone().prop_map(Fault::Fail),
        2 => class.clone().prop_map(Fault::OnWrites),
        1 => class.prop_map(Fault::AppliedThenRefused),
        1 => Just(Fault::AppliedThenLost),
        1 => Just(Fault::Late),
        1 => Just(Fault::HangsBefore),
        1 => Just(Fault::HangsAfter),
        1 => Just(Fault::SaysSo),
    ]
}

fn any_crash() -> impl Strategy<Value = Crash> {
    prop_oneof![4 => Just(Crash::None), 1 => Just(Crash::BeforeKept), 1 => Just(Crash::AfterKept)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// Nobody else writes here, so that every amount is one of ours.
    #[test]
    fn applied_at_most_once_and_nothing_is_lost(
        calls in prop::collection::vec(any_fault(), 0..48),
        records in prop::collection::vec(any_crash(), 0..32),
    ) {
        let (world, record) = run(&calls, &records);
        let held = held(&world);
        let mut times: BTreeMap<(String, i64), usize> = BTreeMap::new();
        for moved in world.moved() {
            *times.entry(moved).or_default() += 1;
        }
        prop_assert!(times.values().all(|times| *times == 1), "moved twice: {times:?}");
        match record.status {
            ExecutionStatus::Applied => prop_assert_eq!(held, AFTER),
            ExecutionStatus::NotApplied | ExecutionStatus::Stale => {
                prop_assert_eq!(held, BEFORE);
            }
            ExecutionStatus::PartiallyApplied => {
                for (at, (amount, before)) in held.into_iter().zip(BEFORE).enumerate() {
                    let told = record.legs.iter().find(|leg| usize::from(leg.leg) == at);
                    prop_assert_eq!(amount != before, told.is_some_and(LegRecord::stands), "{}", at);
                }
                prop_assert!(held != AFTER && held != BEFORE);
            }
            // A person must look; nothing is said to hold that does not.
            ExecutionStatus::Unknown | ExecutionStatus::Mismatch => {
                prop_assert!(world.may_have_sent());
            }
        }
    }
}
