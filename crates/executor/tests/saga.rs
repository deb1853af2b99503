//! The saga against a platform and a journal that fail, pause, lie and crash at every step.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a helper that fails fails its test

#[path = "saga/legs.rs"]
mod legs;
#[path = "../../workflow/tests/support/mod.rs"]
mod support;
mod world;

use countersign_executor::{ErrorClass, ExecuteError, Step, StepName, outcome};
use countersign_model::{
    CampaignStatus,
    entry::{ExecutionStatus, PlatformRecord},
};
use proptest::prelude::*;
use world::{Crash, Fault, World};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs to the outcome, starting again after every crash.
fn run(calls: &[Fault], records: &[Crash]) -> (World, ExecutionStatus) {
    let world = World::new(calls, records);
    let record = runtime().block_on(world.run_to_outcome());
    (world, record.status)
}

#[test]
fn the_plain_way() {
    let (world, status) = run(&[], &[]);
    assert_eq!(status, ExecutionStatus::Applied);
    let names: Vec<_> = world.steps().iter().map(Step::name).collect();
    use StepName::{Answered, Finished, Intended, Prepared, Sending};
    assert_eq!(names, [Intended, Prepared, Sending, Answered, Finished]);
    assert_eq!((world.commits(), world.changes()), (1, 1));
    let Some(Step::Finished(record)) = world.steps().pop() else { panic!("not finished") };
    let record = *record;
    assert_eq!(record.read_back, Some(support::budget(125)));
    // Read and validate, look again, write, read back: the look before the write is not kept.
    assert_eq!(record.request_ids, ["call-1", "call-2", "call-4", "call-5"]);
}

#[test]
fn a_moved_before_is_stale_and_nothing_is_sent() {
    for fault in [
        Fault::Foreign(90),
        // Case 03: what was signed for a running campaign is not signed for a stopped one.
        Fault::Becomes(CampaignStatus::Removed),
        Fault::Becomes(CampaignStatus::Ended),
        Fault::Becomes(CampaignStatus::Paused),
    ] {
        for calls in [vec![fault], vec![Fault::Fine, Fault::Fine, fault]] {
            let (world, status) = run(&calls, &[]);
            assert_eq!((status, world.commits()), (ExecutionStatus::Stale, 0), "{fault:?}");
        }
    }
}

#[test]
fn a_pause_after_the_write_does_not_undo_it() {
    let mut calls = write_fault(Fault::Fine);
    calls.push(Fault::Becomes(CampaignStatus::Paused));
    let (world, status) = run(&calls, &[]);
    assert_eq!((status, world.changes()), (ExecutionStatus::Applied, 1));
}

#[test]
fn even_a_moved_before_that_equals_the_target_is_stale_when_nothing_was_sent() {
    let (world, status) = run(&[Fault::Foreign(125)], &[]);
    assert_eq!((status, world.commits()), (ExecutionStatus::Stale, 0));
}

/// A refusal is the platform's word; what it holds is the outcome.
#[test]
fn our_value_is_applied_whatever_the_platform_said_of_it() {
    for class in [
        ErrorClass::Final,
        ErrorClass::Operator,
        ErrorClass::RetryAfterReread,
        ErrorClass::WaitUntil { delay_ms: 9_000_000 },
        ErrorClass::Ambiguous,
    ] {
        let world = World::new(&write_fault(Fault::AppliedThenRefused(class)), &[]);
        let record = run_once(&world, false).unwrap();
        assert_eq!(record.status, ExecutionStatus::Applied, "{class:?}");
        assert_eq!(record.code.as_deref(), Some("test.FAULT"), "how it was learnt");
        assert_eq!((record.read_back, world.commits()), (Some(support::budget(125)), 1));
    }
}

#[test]
fn a_refused_write_and_then_another_value_is_stale_and_says_why() {
    for found_by in [1, 2] {
        // Refused, and somebody else's value is found right after it or before the next send.
        let mut calls = write_fault(Fault::Fail(ErrorClass::RetryAfterReread));
        calls.extend(vec![Fault::Fine; found_by - 1]);
        calls.push(Fault::Foreign(90));
        let world = World::new(&calls, &[]);
        let record = run_once(&world, false).unwrap();
        assert_eq!((record.status, world.commits()), (ExecutionStatus::Stale, 1));
        assert_eq!(record.code.as_deref(), Some("test.FAULT"));
    }
}

/// Calls 1 and 2 read and validate, 3 looks again, 4 writes.
fn write_fault(fault: Fault) -> Vec<Fault> {
    vec![Fault::Fine, Fault::Fine, Fault::Fine, fault]
}

#[test]
fn an_unknown_outcome_is_read_and_never_blindly_repeated() {
    let (world, status) = run(&write_fault(Fault::AppliedThenLost), &[]);
    assert_eq!((status, world.commits(), world.changes()), (ExecutionStatus::Applied, 1, 1));
    let (world, status) = run(&write_fault(Fault::Fail(ErrorClass::Ambiguous)), &[]);
    assert_eq!((status, world.commits(), world.changes()), (ExecutionStatus::Applied, 2, 1));
    let (world, status) = run(&write_fault(Fault::Late), &[]);
    assert_eq!((status, world.commits(), world.changes()), (ExecutionStatus::Applied, 1, 1));
}

#[test]
fn a_refusal_of_the_change_ends_it() {
    for class in [ErrorClass::Final, ErrorClass::Operator, ErrorClass::RefreshToken] {
        let (world, status) = run(&write_fault(Fault::Fail(class)), &[]);
        assert_eq!((status, world.commits()), (ExecutionStatus::NotApplied, 1));
        let (world, status) = run(&[Fault::Fine, Fault::Fail(class)], &[]);
        assert_eq!((status, world.commits()), (ExecutionStatus::NotApplied, 0));
    }
}

#[test]
fn a_wait_is_honoured_within_reason() {
    let wait = |delay_ms| write_fault(Fault::Fail(ErrorClass::WaitUntil { delay_ms }));
    let (world, status) = run(&wait(60_000), &[]);
    assert_eq!((status, world.commits()), (ExecutionStatus::Applied, 2));
    assert!(world.slept().contains(&60_000));
    // A longer one is the caller's to wait out; then it is sent again.
    let world = World::new(&wait(8_962_000), &[]);
    let error = run_once(&world, false).unwrap_err();
    let ExecuteError::Waits(waits) = &error else { panic!("{error}") };
    assert_eq!((waits.code.as_str(), waits.delay_ms), ("test.FAULT", 8_962_000));
    assert!(!world.slept().contains(&8_962_000) && error.outcome().is_none());
    world.pass(1_000_000);
    assert_eq!(run_once(&world, false).unwrap().status, ExecutionStatus::Applied);
    assert_eq!((world.commits(), world.changes()), (2, 1));
}

#[test]
fn a_success_that_changed_nothing_is_a_mismatch() {
    let (world, status) = run(&write_fault(Fault::SaysSo), &[]);
    assert_eq!((status, world.commits(), world.changes()), (ExecutionStatus::Mismatch, 1, 0));
}

#[test]
fn sending_again_has_an_end() {
    // A write that is never known to have been refused is sent so often in all.
    let calls = vec![Fault::OnWrites(ErrorClass::Ambiguous); 64];
    let (world, status) = run(&calls, &[]);
    assert_eq!((status, world.commits()), (ExecutionStatus::NotApplied, 3));
    // One that is refused for now, so often in one run; its end is that of the signatures.
    let world = World::new(&vec![Fault::OnWrites(ErrorClass::RetryAfterReread); 4_096], &[]);
    assert!(matches!(run_once(&world, false).unwrap_err(), ExecuteError::Waits(_)));
    assert_eq!(world.commits(), 3);
    let record = runtime().block_on(world.run_to_outcome());
    assert_eq!(record.status, ExecutionStatus::NotApplied);
    assert_eq!(record.code.as_deref(), Some(outcome::AUTHORITY_LAPSED));
    assert!(world.sent_at().iter().all(|at| *at <= valid_until_ms()));
}

fn valid_until_ms() -> i64 {
    support::authorize(support::budget(125)).valid_until_ms().millis()
}

/// Case 05: whatever stands in the way before anything was sent is waited for.
#[test]
fn what_time_may_mend_is_waited_for_while_the_signatures_are_valid() {
    for (class, delay_ms) in [
        (ErrorClass::RetryAfterReread, 0),
        (ErrorClass::Ambiguous, 0),
        (ErrorClass::WaitUntil { delay_ms: 40_591_000 }, 40_591_000),
    ] {
        // Reads fail, the validation fails, the look before the write fails.
        for begun in 0..3 {
            let mut calls = vec![Fault::Fine; begun];
            // A long wait is not tried to shorten; anything else is tried four times.
            let failures = if delay_ms > 0 { 1 } else { 4 };
            calls.extend(vec![Fault::Fail(class); failures]);
            let world = World::new(&calls, &[]);
            let error = run_once(&world, false).unwrap_err();
            let ExecuteError::Waits(waits) = error else { panic!("{error}") };
            assert_eq!((waits.delay_ms, world.commits()), (delay_ms, 0), "{class:?} {begun}");
            let left = world.calls();
            assert_eq!(run_once(&world, false).unwrap().status, ExecutionStatus::Applied);
            assert!(world.calls() > left && world.changes() == 1);
        }
    }
    // Once the signatures are no longer valid nothing is sent, however well the platform is.
    let world = World::new(&[Fault::Fail(ErrorClass::WaitUntil { delay_ms: 9_000_000 })], &[]);
    assert!(run_once(&world, false).is_err());
    world.pass(valid_until_ms());
    let record = run_once(&world, false).unwrap();
    assert_eq!((record.status, world.commits()), (ExecutionStatus::NotApplied, 0));
    assert_eq!(record.code.as_deref(), Some(outcome::AUTHORITY_LAPSED));
}

#[test]
fn a_stop_holds_a_raise_that_was_not_sent_yet_and_no_decrease() {
    let world = World::new(&[], &[]);
    world.set_stopped(true);
    let error = run_once(&world, false).unwrap_err();
    let ExecuteError::Waits(waits) = error else { panic!("{error}") };
    assert_eq!((waits.code.as_str(), world.commits()), (outcome::WORK_STOPPED, 0));
    world.set_stopped(false);
    assert_eq!(run_once(&world, false).unwrap().status, ExecutionStatus::Applied);

    let world = World::new(&[], &[]);
    world.set_stopped(true);
    let lower = support::authorize(support::budget(80));
    let record = runtime().block_on(world.run_once(&lower, false)).unwrap();
    assert_eq!((record.status, world.changes()), (ExecutionStatus::Applied, 1));
}

#[test]
fn a_crash_at_every_record_resumes_to_one_change() {
    for position in 0..5 {
        for crash in [Crash::BeforeKept, Crash::AfterKept] {
            let mut records = vec![Crash::None; position];
            records.push(crash);
            let (world, status) = run(&[], &records);
            assert_eq!(
                (status, world.changes()),
                (ExecutionStatus::Applied, 1),
                "{position} {crash:?}"
            );
        }
    }
}

#[test]
fn a_damaged_or_foreign_journal_is_refused() {
    let authorized = support::authorize(support::budget(120));
    for (steps, words) in [
        (vec![Step::Sending], "damaged"),
        (vec![Step::Intended { action: countersign_model::Digest::of(b"x") }], "another change"),
    ] {
        let world = World::new(&[], &[]);
        world.put_steps(steps);
        let refused = runtime().block_on(world.run_once(&authorized, false)).unwrap_err();
        assert!(refused.to_string().contains(words), "{refused}");
        assert_eq!(world.commits(), 0);
        // Running again is refused again, so there is an outcome to log instead.
        assert_eq!(refused.outcome().unwrap().status, ExecutionStatus::Unknown);
    }
}

/// Looks, is sent, is applied, its answer is lost; then every call fails with `class`.
fn unread_after_the_write(class: ErrorClass) -> World {
    let mut calls = write_fault(Fault::AppliedThenLost);
    calls.extend(vec![Fault::Fail(class); 64]);
    World::new(&calls, &[])
}

fn run_once(world: &World, give_up: bool) -> Result<PlatformRecord, ExecuteError> {
    let authorized = support::authorize(support::budget(125));
    runtime().block_on(world.run_once(&authorized, give_up))
}

#[test]
fn access_that_is_lost_after_the_write_ends_the_run_as_unknown() {
    for class in [ErrorClass::Operator, ErrorClass::RefreshToken, ErrorClass::Final] {
        let world = unread_after_the_write(class);
        let record = run_once(&world, false).unwrap();
        assert_eq!((record.status, record.read_back), (ExecutionStatus::Unknown, None));
        assert_eq!(record.code.as_deref(), Some("test.FAULT"));
        assert_eq!((world.commits(), world.calls()), (1, 8), "four tries of the last read");
        // The end is durable: nothing is read or sent for this case any more.
        assert_eq!(run_once(&world, false).unwrap().status, ExecutionStatus::Unknown);
        assert_eq!(world.calls(), 8);
    }
}

#[test]
fn access_that_comes_back_within_its_tries_loses_nothing() {
    let mut calls = write_fault(Fault::AppliedThenLost);
    calls.extend([Fault::Fail(ErrorClass::Operator); 3]);
    let world = World::new(&calls, &[]);
    assert_eq!(run_once(&world, false).unwrap().status, ExecutionStatus::Applied);
    assert_eq!(world.changes(), 1);
}

#[test]
fn a_platform_that_stays_silent_is_waited_for_until_the_caller_gives_up() {
    for class in [ErrorClass::Ambiguous, ErrorClass::WaitUntil { delay_ms: 9_000_000 }] {
        let world = unread_after_the_write(class);
        let unread = run_once(&world, false).unwrap_err();
        assert!(matches!(unread, ExecuteError::OutcomeUnread(_)), "{unread}");
        assert!(!unread.is_final() && unread.outcome().is_none());
        assert_eq!(run_once(&world, true).unwrap().status, ExecutionStatus::Unknown);
        assert_eq!(world.commits(), 1);
    }
}

#[test]
fn a_write_that_was_refused_for_certain_ends_without_a_read() {
    let refused = |class| {
        let mut calls = write_fault(Fault::Fail(ErrorClass::Final));
        calls.extend(vec![Fault::Fail(class); 64]);
        World::new(&calls, &[])
    };
    let world = refused(ErrorClass::Operator);
    let record = run_once(&world, false).unwrap();
    assert_eq!((record.status, world.changes()), (ExecutionStatus::NotApplied, 0));
    // What holds now would be good to know: it is read while there is time.
    let world = refused(ErrorClass::Ambiguous);
    assert!(matches!(run_once(&world, false).unwrap_err(), ExecuteError::Waits(_)));
    let record = runtime().block_on(world.run_to_outcome());
    assert_eq!((record.status, world.changes()), (ExecutionStatus::NotApplied, 0));
    assert_eq!(record.code.as_deref(), Some("test.FAULT"));
}

fn any_fault() -> impl Strategy<Value = Fault> {
    let class = prop_oneof![
        Just(ErrorClass::RetryAfterReread),
        Just(ErrorClass::Ambiguous),
        Just(ErrorClass::Ambiguous),
        Just(ErrorClass::WaitUntil { delay_ms: 5_000 }),
        Just(ErrorClass::WaitUntil { delay_ms: 9_000_000 }),
        Just(ErrorClass::RefreshToken),
        Just(ErrorClass::Operator),
        Just(ErrorClass::Final),
    ];
    prop_oneof![
        12 => Just(Fault::Fine),
        3 => class.prop_map(Fault::Fail),
        3 => Just(Fault::AppliedThenLost),
        2 => Just(Fault::Late),
        2 => Just(Fault::HangsBefore),
        2 => Just(Fault::HangsAfter),
        1 => Just(Fault::SaysSo),
        1 => prop_oneof![Just(CampaignStatus::Paused), Just(CampaignStatus::Enabled)]
            .prop_map(Fault::Becomes),
        1 => prop_oneof![Just(90i64), Just(125), Just(300)].prop_map(Fault::Foreign),
    ]
}

fn any_crash() -> impl Strategy<Value = Crash> {
    prop_oneof![4 => Just(Crash::None), 1 => Just(Crash::BeforeKept), 1 => Just(Crash::AfterKept)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// A run whose caller has given up ends, whatever the platform does.
    #[test]
    fn a_run_that_may_give_up_always_ends(
        calls in prop::collection::vec(any_fault().prop_filter("a hang ends the process", |fault| {
            !matches!(fault, Fault::HangsBefore | Fault::HangsAfter)
        }), 0..64),
    ) {
        let world = World::new(&calls, &[]);
        let record = run_once(&world, true).unwrap();
        prop_assert!(world.changes() <= 1);
        if matches!(record.status, ExecutionStatus::NotApplied | ExecutionStatus::Stale) {
            prop_assert_eq!(world.changes(), 0);
        }
    }

    /// Under any schedule of faults, crashes and dropped runs the platform sees our change
    /// at most once, and the outcome says what is true.
    #[test]
    fn applied_at_most_once(
        calls in prop::collection::vec(any_fault(), 0..24),
        records in prop::collection::vec(any_crash(), 0..16),
    ) {
        let (world, status) = run(&calls, &records);
        prop_assert!(world.changes() <= 1, "{} changes", world.changes());
        prop_assert!(world.sent_at().iter().all(|at| *at <= valid_until_ms()));
        match status {
            ExecutionStatus::Applied => prop_assert_eq!(world.seen_last(), Some(125)),
            ExecutionStatus::NotApplied | ExecutionStatus::Stale => {
                prop_assert_eq!(world.changes(), 0);
            }
            ExecutionStatus::PartiallyApplied => prop_assert!(false, "one write has no parts"),
            ExecutionStatus::Mismatch => {}
            // Only a write that went out, or may have, leaves a doubt.
            ExecutionStatus::Unknown => prop_assert!(world.may_have_sent()),
        }
        // Once finished, another run changes nothing and gives the same answer.
        let commits = world.commits();
        let again = runtime().block_on(world.run_to_outcome());
        prop_assert_eq!(again.status, status);
        prop_assert_eq!(world.commits(), commits);
    }
}
