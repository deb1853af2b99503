//! A case from opening to outcome: ceilings, deadlines, clocks, conflicts, crash recovery.

mod support;

use countersign_model::{
    DecisionKind, Outcome, ProposalId, Verdict,
    entry::{EntryKind, ExecutionStatus, LogEvent, PlatformRecord, Waiting},
    time::{HOUR_MS, MINUTE_MS},
    verdict::{RiskTier, Rung},
};
use countersign_workflow::{Case, Effect, Event, LogActor, Phase, PhaseName, step};
use support::*;
use uuid::Uuid;

fn logged(effects: &[Effect]) -> Vec<EntryKind> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Log { event, .. } => Some(event.kind()),
            _ => None,
        })
        .collect()
}

fn authorized() -> (Case, Vec<Effect>) {
    let case = ops_and_finance();
    let ops = draft(&case, OPS, "ops", DecisionKind::Approve, 1);
    let finance = draft(&case, FINANCE, "finance", DecisionKind::Override, 2);
    let (case, effects) = step(case.clone(), event(&case, &ops), at(MINUTE_MS));
    assert!(executed(&effects).is_none());
    step(case.clone(), event(&case, &finance), at(2 * MINUTE_MS))
}

fn finished(status: ExecutionStatus) -> Event {
    Event::ExecutionFinished(Box::new(PlatformRecord {
        request_ids: vec!["r".into()],
        status,
        code: None,
        read_back: Some(budget(115)),
        legs: vec![],
    }))
}

#[test]
fn a_narrower_override_is_covered_by_the_earlier_approval() {
    let (case, effects) = authorized();
    assert_eq!(executed(&effects), Some(&budget(115)));
    assert_eq!(case.phase().name(), PhaseName::Authorized);
    assert_eq!(logged(&effects), [EntryKind::DecisionAccepted, EntryKind::ChangeAuthorized]);
    let progress = case.progress(at(3 * MINUTE_MS));
    assert!(progress.quorum_holds && !progress.contested);
    assert_eq!(progress.groups[1].signed, [person(FINANCE)]);
}

/// Whoever stores a case keeps it as it was opened, and its course.
#[test]
fn nothing_of_a_case_changes_but_its_course() {
    let opened = ops_and_finance();
    let follows = |case: &Case| {
        let course = serde_json::to_vec(&case.course()).unwrap();
        let read = opened.clone().with_course(serde_json::from_slice(&course).unwrap());
        assert_eq!(read, *case);
    };
    follows(&opened);
    let own = draft(&opened, OWNER, "ops", DecisionKind::Approve, 9);
    let (case, _) = step(opened.clone(), event(&opened, &own), at(MINUTE_MS));
    assert_eq!(case.refused().len(), 1);
    follows(&case);
    let (case, _) = authorized();
    follows(&case);
    let (case, _) = step(case, Event::ExecutionIntended, at(3 * MINUTE_MS));
    follows(&case);
    let (case, _) = step(case, finished(ExecutionStatus::Applied), at(4 * MINUTE_MS));
    assert_eq!(case.phase().name(), PhaseName::Executed);
    follows(&case);
}

#[test]
fn the_outcome_is_recorded_once() {
    let (case, _) = authorized();
    let (case, intended) = step(case, Event::ExecutionIntended, at(3 * MINUTE_MS));
    assert_eq!(logged(&intended), [EntryKind::ExecutionIntended]);
    let (case, again) = step(case, Event::ExecutionIntended, at(3 * MINUTE_MS));
    assert!(again.is_empty(), "a repeated intent is no news");
    let (case, done) = step(case, finished(ExecutionStatus::Applied), at(4 * MINUTE_MS));
    assert_eq!(logged(&done), [EntryKind::ExecutionFinished]);
    assert_eq!(*case.phase(), Phase::Executed { read_back: Some(budget(115)) });
    let (_, again) = step(case, finished(ExecutionStatus::NotApplied), at(5 * MINUTE_MS));
    assert!(again.is_empty());
}

#[test]
fn what_it_waits_for_is_told_when_it_changes_and_not_without_end() {
    let (case, _) = authorized();
    let waits = |code: &str| Event::ExecutionWaits(Waiting { code: code.into(), until_ms: None });
    let (case, early) = step(case, waits("oauth.HTTP_503"), at(3 * MINUTE_MS));
    assert!(early.is_empty(), "nothing was begun");
    let (mut case, _) = step(case, Event::ExecutionIntended, at(3 * MINUTE_MS));
    for (minute, code, is_told) in
        [(4, "oauth.HTTP_503", true), (5, "oauth.HTTP_503", false), (6, "transport.TIMEOUT", true)]
    {
        let (next, effects) = step(case, waits(code), at(minute * MINUTE_MS));
        let expected: &[_] = if is_told { &[EntryKind::ExecutionWaiting] } else { &[] };
        assert_eq!(logged(&effects), expected, "{minute}");
        case = next;
    }
    let Phase::Executing { held_up: Some(held_up), .. } = case.phase() else { panic!() };
    assert_eq!(held_up.since_ms, at(4 * MINUTE_MS), "since it first waited");
    assert_eq!(held_up.waiting.code, "transport.TIMEOUT");
    let mut told = 0;
    for number in 0..100 {
        let (next, effects) = step(case, waits(&format!("a.{number}")), at(7 * MINUTE_MS));
        told += logged(&effects).len();
        case = next;
    }
    assert_eq!(told, 30, "thirty-two in all");
    let (case, _) = step(case, finished(ExecutionStatus::Applied), at(8 * MINUTE_MS));
    assert_eq!(case.phase().name(), PhaseName::Executed);
}

#[test]
fn every_entry_names_its_case_and_who_did_it() {
    let (case, mut effects) = authorized();
    for event in [Event::ExecutionIntended, finished(ExecutionStatus::Stale)] {
        effects.extend(step(step(case.clone(), Event::ExecutionIntended, at(9)).0, event, at(9)).1);
    }
    let (_, intended) = step(case, Event::ExecutionIntended, at(9));
    effects.extend(intended);
    for kind in [DecisionKind::Reject, DecisionKind::RequestChanges] {
        let case = ops_and_finance();
        effects
            .extend(step(case.clone(), event(&case, &draft(&case, OPS, "ops", kind, 1)), at(9)).1);
    }
    effects.extend(step(ops_and_finance(), Event::Expired, at(3 * HOUR_MS)).1);
    effects.extend(step(ops_and_finance(), moved(4), at(9)).1);
    effects.extend(step(with_ladder(), Event::RungDue(at(20 * MINUTE_MS)), at(20 * MINUTE_MS)).1);
    let mut kinds = std::collections::BTreeSet::new();
    for effect in effects {
        if let Effect::Log { by, event } = effect {
            kinds.insert(event.kind());
            assert_eq!(event.proposal_id(), Some(proposal().id));
            let is_persons = matches!(by, LogActor::Person(..));
            assert_eq!(is_persons, event.decision().is_some(), "{:?}", event.kind());
        }
    }
    assert_eq!(kinds.len(), 10, "{kinds:?}");
}

#[test]
fn a_restarted_gate_gets_its_authority_from_the_signatures() {
    let (case, _) = authorized();
    let stored = serde_json::to_string(&case).unwrap();
    let restored: Case = serde_json::from_str(&stored).unwrap();
    assert_eq!(restored, case);
    let again = restored.reauthorize().unwrap();
    assert_eq!(again.action(), &budget(115));
    assert_eq!(again.approvals().len(), 2);

    // A phase that says so, without the signatures, authorises nothing.
    let mut forged: serde_json::Value = serde_json::from_str(&stored).unwrap();
    forged["accepted"].as_array_mut().unwrap().pop();
    let forged: Case = serde_json::from_value(forged).unwrap();
    assert!(forged.reauthorize().is_none());
    assert!(ops_and_finance().reauthorize().is_none());
}

#[test]
fn a_signature_that_has_lapsed_no_longer_counts_and_can_be_given_again() {
    let case = ops_and_finance();
    let mut ops = draft(&case, OPS, "ops", DecisionKind::Approve, 1);
    ops.valid_until_ms = at(10 * MINUTE_MS);
    let (case, _) = step(case.clone(), event(&case, &ops), at(MINUTE_MS));
    let finance = draft(&case, FINANCE, "finance", DecisionKind::Approve, 2);
    let (case, effects) = step(case.clone(), event(&case, &finance), at(11 * MINUTE_MS));
    assert!(executed(&effects).is_none());
    let again = draft(&case, OPS, "ops", DecisionKind::Approve, 3);
    let (_, effects) = step(case.clone(), event(&case, &again), at(12 * MINUTE_MS));
    assert_eq!(executed(&effects), Some(&budget(125)));
}

#[test]
fn a_passed_deadline_applies_nothing_and_stays_open() {
    for (risk_tier, climbs) in
        [(RiskTier::Low, false), (RiskTier::Medium, false), (RiskTier::High, true)]
    {
        let case = open(Verdict { risk_tier, ..verdict(&[("ops", 1)]) });
        let (case, effects) = step(case, Event::DeadlinePassed, at(30 * MINUTE_MS));
        assert_eq!(logged(&effects), [EntryKind::DeadlinePassed]);
        assert_eq!(*case.phase(), Phase::Deciding { overdue: true, escalated: climbs });
        let (case, again) = step(case, Event::DeadlinePassed, at(31 * MINUTE_MS));
        assert!(logged(&again).is_empty() && executed(&again).is_none());
        let late = draft(&case, OPS, "ops", DecisionKind::Approve, 1);
        let (_, effects) = step(case.clone(), event(&case, &late), at(HOUR_MS));
        assert_eq!(executed(&effects), Some(&budget(125)));
    }
}

#[test]
fn a_clock_that_jumps_forward_ends_what_is_over_by_it() {
    let (case, effects) = step(ops_and_finance(), Event::DeadlinePassed, at(2 * HOUR_MS));
    assert_eq!(*case.phase(), Phase::Expired);
    assert_eq!(logged(&effects), [EntryKind::DeadlinePassed, EntryKind::CaseExpired]);
}

#[test]
fn a_clock_that_jumps_back_fires_nothing_early_and_reopens_nothing() {
    let (case, effects) = step(ops_and_finance(), Event::Expired, at(MINUTE_MS - 2 * HOUR_MS));
    assert!(matches!(effects[..], [Effect::WakeAt(due)] if due == at(2 * HOUR_MS)));
    let (case, _) = step(case, Event::DeadlinePassed, at(40 * MINUTE_MS));
    let ops = draft(&case, OPS, "ops", DecisionKind::Approve, 1);
    let (case, effects) = step(case.clone(), event(&case, &ops), at(40 * MINUTE_MS - 2 * HOUR_MS));
    assert_eq!(answer(&effects), Ok(()), "held at the latest moment, the device is not ahead");
    assert_eq!(case.clock_ms(), at(40 * MINUTE_MS));
    assert_eq!(*case.phase(), Phase::Deciding { overdue: true, escalated: false });
}

#[test]
fn another_change_of_the_entity_supersedes_until_execution_begins() {
    let by = ProposalId::from_uuid(Uuid::from_u128(43));
    let (same, effects) = step(ops_and_finance(), moved(3), at(9));
    assert!(effects.is_empty() && same.phase().name() == PhaseName::Deciding);
    for case in [ops_and_finance(), authorized().0] {
        let (case, effects) = step(case, moved(4), at(3 * MINUTE_MS));
        assert_eq!(*case.phase(), Phase::Superseded { by, revision: 4 });
        assert_eq!(logged(&effects), [EntryKind::CaseSuperseded]);
        let (case, effects) = step(case, Event::ExecutionIntended, at(4 * MINUTE_MS));
        assert!(effects.is_empty() && case.reauthorize().is_none());
    }
    let (case, _) = step(authorized().0, Event::ExecutionIntended, at(3 * MINUTE_MS));
    let (case, effects) = step(case, moved(4), at(3 * MINUTE_MS));
    assert!(effects.is_empty() && case.phase().name() == PhaseName::Executing);
}

fn moved(revision: u64) -> Event {
    Event::EntityMoved { by: ProposalId::from_uuid(Uuid::from_u128(43)), revision }
}

fn with_ladder() -> Case {
    let rung = |minutes: i64, name| Rung { at_ms: at(minutes * MINUTE_MS), role: role(name) };
    let ladder = vec![rung(10, "finance_head"), rung(20, "cmo"), rung(45, "board")];
    open(Verdict { ladder, ..verdict(&[("ops", 1), ("finance", 1)]) })
}

/// Who was told, in order.
fn told(effects: &[Effect]) -> Vec<&str> {
    let records = effects.iter().filter_map(|effect| match effect {
        Effect::Log { event, .. } => match &**event {
            LogEvent::RungClimbed { told, .. } => Some(told),
            _ => None,
        },
        _ => None,
    });
    records.map(countersign_model::Role::as_str).collect()
}

#[test]
fn each_rung_is_climbed_once_while_the_case_is_open() {
    let (verdict, proposal) = (with_ladder().verdict().clone(), proposal());
    let (case, effects) = Case::open(proposal, verdict).unwrap();
    let timers = effects.iter().filter_map(|effect| match effect {
        Effect::WakeAt(due) => Some(due.since_ms(at(0)) / MINUTE_MS),
        _ => None,
    });
    let mut timers: Vec<_> = timers.collect();
    timers.sort_unstable();
    assert_eq!(timers, [10, 20, 30, 45, 120]);

    let (case, effects) = step(case, Event::RungDue(at(10 * MINUTE_MS)), at(10 * MINUTE_MS));
    assert_eq!(told(&effects), ["finance_head"]);
    let (case, effects) = step(case, Event::RungDue(at(10 * MINUTE_MS)), at(11 * MINUTE_MS));
    assert!(effects.is_empty(), "once");
    // One of two signatures does not stop the ladder, and being told gives no authority.
    let ops = draft(&case, OPS, "ops", DecisionKind::Approve, 1);
    let (case, effects) = step(case.clone(), event(&case, &ops), at(21 * MINUTE_MS));
    assert_eq!(told(&effects), ["cmo"]);
    let late = draft(&case, LEGAL, "legal", DecisionKind::Approve, 2);
    let (case, effects) = step(case.clone(), event(&case, &late), at(22 * MINUTE_MS));
    assert_eq!(answer(&effects), Err(countersign_model::decision::Refusal::RoleNotAsked));
    let finance = draft(&case, FINANCE, "finance", DecisionKind::Approve, 3);
    let (case, _) = step(case.clone(), event(&case, &finance), at(23 * MINUTE_MS));
    let (_, effects) = step(case, Event::RungDue(at(45 * MINUTE_MS)), at(45 * MINUTE_MS));
    assert!(effects.is_empty(), "enough have signed");
}

#[test]
fn the_ladder_survives_clocks_that_jump_and_a_restart() {
    // Early, as after a clock was set back: set again, nobody is told.
    let due = at(10 * MINUTE_MS);
    let (case, effects) = step(with_ladder(), Event::RungDue(due), at(-HOUR_MS));
    assert!(matches!(effects[..], [Effect::WakeAt(again)] if again == due));
    // Forward over two rungs and the deadline: each is told once, in order.
    let (case, effects) = step(case, Event::RungDue(due), at(40 * MINUTE_MS));
    assert_eq!(told(&effects), ["finance_head", "cmo"]);
    assert_eq!(
        logged(&effects),
        [EntryKind::RungClimbed, EntryKind::RungClimbed, EntryKind::DeadlinePassed]
    );
    // Back again, and stored in between: nothing twice.
    let stored = serde_json::to_string(&case).unwrap();
    let case: Case = serde_json::from_str(&stored).unwrap();
    let (case, effects) = step(case, Event::RungDue(at(20 * MINUTE_MS)), at(5 * MINUTE_MS));
    assert!(told(&effects).is_empty());
    let (_, effects) = step(case, Event::DeadlinePassed, at(46 * MINUTE_MS));
    assert_eq!(told(&effects), ["board"]);
    // Beyond the expiry nobody is bothered any more.
    let (case, effects) = step(with_ladder(), Event::RungDue(due), at(3 * HOUR_MS));
    assert_eq!(*case.phase(), Phase::Expired);
    assert!(told(&effects).is_empty());
}

#[test]
fn a_case_stored_before_there_were_ladders_is_read() {
    let mut stored = serde_json::to_value(ops_and_finance()).unwrap();
    stored.as_object_mut().unwrap().remove("climbed").unwrap();
    let read: Case = serde_json::from_value(stored).unwrap();
    assert_eq!(read, ops_and_finance());
}

#[test]
fn an_authority_that_waited_too_long_begins_nothing() {
    let (case, _) = authorized();
    let (same, intended) = step(case.clone(), Event::ExecutionIntended, at(119 * MINUTE_MS));
    assert_eq!(logged(&intended), [EntryKind::ExecutionIntended]);
    assert_eq!(same.phase().name(), PhaseName::Executing);
    let (late, effects) = step(case, Event::ExecutionIntended, at(2 * HOUR_MS));
    assert_eq!(logged(&effects), [EntryKind::CaseExpired]);
    assert!(late.reauthorize().is_none());

    // One signature was valid for ten minutes only.
    let case = ops_and_finance();
    let mut ops = draft(&case, OPS, "ops", DecisionKind::Approve, 1);
    ops.valid_until_ms = at(10 * MINUTE_MS);
    let finance = draft(&case, FINANCE, "finance", DecisionKind::Approve, 2);
    let (case, _) = step(case.clone(), event(&case, &ops), at(MINUTE_MS));
    let (case, effects) = step(case.clone(), event(&case, &finance), at(2 * MINUTE_MS));
    assert!(executed(&effects).is_some());
    let (case, effects) = step(case, Event::ExecutionIntended, at(11 * MINUTE_MS));
    assert_eq!(logged(&effects), [EntryKind::CaseExpired]);
    assert_eq!(*case.phase(), Phase::Expired);
}

#[test]
fn a_blocked_case_and_one_without_a_quorum_authorise_nothing() {
    let blocked = open(Verdict { outcome: Outcome::Block, ..verdict(&[("ops", 1)]) });
    let without = open(verdict(&[]));
    let of_nobody = open(verdict(&[("ops", 0)]));
    for case in [blocked, without, of_nobody] {
        let approve = draft(&case, OPS, "ops", DecisionKind::Approve, 1);
        let (case, effects) = step(case.clone(), event(&case, &approve), at(MINUTE_MS));
        assert!(executed(&effects).is_none());
        assert!(!case.progress(at(MINUTE_MS)).quorum_holds);
    }
}

#[test]
fn a_verdict_opens_its_own_case_only() {
    let foreign = Verdict { proposal: ProposalId::from_uuid(Uuid::from_u128(9)), ..verdict(&[]) };
    assert!(Case::open(proposal(), foreign).is_err());
}
