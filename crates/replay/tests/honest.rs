//! What an honest gate logs holds, whatever happens: the judge of the gate and that of the
//! verifier are one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod world;

use countersign_audit::{Judgement, Report};
use countersign_model::{
    DecisionKind, Digest, Envelope,
    control::Command,
    decision::Refusal,
    entry::{EntryKind, ExecutionStatus},
};
use countersign_replay::{
    View as _,
    decision::{Arrived, decision},
    verify_export, world as causes,
};
use countersign_workflow::{FactorCheck, PhaseName};
use world::{Gate, PEOPLE, checkpoint_of, device, key, person_key, trust};

#[track_caller]
fn holds(gate: &Gate) -> Report {
    let report = verify_export(gate.export().as_slice(), Some(&trust()), None).unwrap();
    assert_eq!(report.findings, []);
    assert_eq!((report.integrity, report.completeness), (Judgement::Holds, Judgement::Holds));
    report
}

#[test]
fn the_honest_story_holds() {
    let gate = Gate::honest();
    let report = holds(&gate);
    assert_eq!((report.counts.decisions, report.counts.authorized), (2, 1));
    assert_eq!((report.counts.executed, report.counts.policies), (1, 1));
    assert_eq!(report.counts.complete_entries, report.counts.entries);
    assert!(!report.own_word && report.open_executions.is_empty());
    let own = verify_export(gate.export().as_slice(), None, None).unwrap();
    assert!(own.own_word && own.findings.is_empty());
    let head = checkpoint_of(&gate.leaves);
    let report = verify_export(gate.export().as_slice(), Some(&trust()), Some(&head)).unwrap();
    assert_eq!(report.findings, []);
}

#[test]
fn two_persons_may_use_one_decision_id() {
    let mut gate = Gate::new();
    let case = gate.draft(3, 100, 125);
    let first = gate.decision(case, 1, DecisionKind::Approve);
    let mut second = gate.decision(case, 2, DecisionKind::Approve);
    second.id = first.id;
    assert_eq!(gate.sign(&first, 1), Some(Ok(())));
    assert_eq!(gate.sign(&second, 2), Some(Ok(())));
    assert_eq!(gate.phase(case), PhaseName::Authorized);
    holds(&gate);
}

#[test]
fn a_lapsed_signature_may_be_given_again() {
    let mut gate = Gate::new();
    let case = gate.draft(3, 100, 125);
    let mut short = gate.decision(case, 1, DecisionKind::Approve);
    short.valid_until_ms = gate.now.plus_ms(4_000);
    assert_eq!(gate.sign(&short, 1), Some(Ok(())));
    gate.pass(5_000);
    assert_eq!(gate.decide(case, 1, DecisionKind::Approve), Some(Ok(())));
    assert_eq!(gate.decide(case, 2, DecisionKind::Approve), Some(Ok(())));
    assert_eq!(gate.phase(case), PhaseName::Authorized);
    holds(&gate);
}

#[test]
fn a_second_factor_that_was_not_asked_for_does_no_harm() {
    let mut gate = Gate::new();
    let case = gate.draft(3, 100, 125);
    let mut approval = gate.decision(case, 1, DecisionKind::Approve);
    approval.mfa = Some(countersign_model::MfaProof::Totp { code: "492039".into() });
    for factor in [FactorCheck::Unchecked, FactorCheck::Wrong] {
        let mut one = approval.clone();
        one.id = countersign_model::DecisionId::from_uuid(gate.fresh());
        let envelope = gate.seal(&one, &person_key(1));
        let answer = gate.arrive(&envelope, factor);
        assert!(answer.is_some());
    }
    holds(&gate);
}

#[test]
fn a_statement_spends_its_id_even_when_it_is_refused() {
    let mut gate = Gate::new();
    let (case, other) = (gate.draft(3, 100, 125), gate.draft(4, 100, 125));
    // Filed wherever: the case that it names judges it.
    let good = gate.decision(case, 1, DecisionKind::Approve);
    assert_eq!(gate.sign(&good, 1), Some(Ok(())));
    let mut elsewhere = gate.decision(other, 1, DecisionKind::Approve);
    elsewhere.id = good.id;
    assert_eq!(gate.sign(&elsewhere, 1), Some(Err(Refusal::Replayed)));
    assert_eq!(gate.sign(&elsewhere, 1), None, "twice is once");
    // A refused stop cannot be raised again in its author's name.
    assert_eq!(gate.control(1, Command::Stop { text: "first".into() }), Some(Ok(())));
    let second = countersign_model::Control {
        id: countersign_model::ControlId::from_uuid(gate.fresh()),
        workspace: world::workspace(),
        command: Command::Stop { text: "me too".into() },
        person: world::person(2),
        device: device(2),
        signed_at_ms: gate.now,
    };
    let bytes = countersign_model::control::statement_bytes(&second).unwrap();
    let refused = Envelope::sign_payload(&bytes, &[&person_key(2)]).unwrap();
    assert_eq!(gate.command(&refused), Some(Err(Refusal::Replayed)));
    let stop = gate.memory.world().unwrap().halt;
    let countersign_model::control::Halt::Stopped { stop, .. } = stop else { panic!() };
    for who in [1, 2] {
        let asked = Command::Resume { stop, text: "safe".into() };
        assert_eq!(gate.control(who, asked), Some(Ok(())));
    }
    let respelt = Envelope::sign_payload(&bytes, &[&person_key(2), &key(77)]).unwrap();
    assert_eq!(gate.command(&respelt), Some(Err(Refusal::Malformed)));
    assert!(!gate.memory.world().unwrap().halt.is_stopped());
    holds(&gate);
}

#[test]
fn nobodys_junk_silences_another() {
    let mut gate = Gate::new();
    let case = gate.draft(3, 100, 125);
    let mut refused = 0;
    for _ in 0..100 {
        let mut junk = gate.decision(case, 2, DecisionKind::Approve);
        junk.policy = countersign_model::Digest::of(b"laxer");
        refused += usize::from(gate.sign(&junk, 2).is_some());
    }
    assert_eq!(refused, 33, "32 are judged, one is told that there were too many");
    assert_eq!(gate.bodies.last().unwrap().event.refusal(), Some(Refusal::TooMany));
    assert_eq!(gate.decide(case, 1, DecisionKind::Approve), Some(Ok(())));
    assert_eq!(gate.decide(case, 5, DecisionKind::Approve), Some(Ok(())));
    assert_eq!(gate.phase(case), PhaseName::Authorized);
    holds(&gate);
}

#[test]
fn wrong_codes_lock_the_second_factor_for_a_while() {
    let mut gate = Gate::new();
    let case = gate.draft(3, 100, 125);
    let attempt = |gate: &mut Gate, factor| {
        let decision = gate.decision(case, 2, DecisionKind::Override);
        let envelope = gate.seal(&decision, &person_key(2));
        gate.arrive(&envelope, factor)
    };
    for _ in 0..5 {
        assert_eq!(attempt(&mut gate, FactorCheck::Wrong), Some(Err(Refusal::FactorWrong)));
    }
    let right = FactorCheck::Valid(countersign_model::verdict::FactorKind::Totp);
    assert_eq!(attempt(&mut gate, right), Some(Err(Refusal::FactorLocked)));
    // There is nothing to lock in a decision that carries none.
    let plain = gate.decision(case, 2, DecisionKind::Approve);
    let claim = gate.seal(&plain, &person_key(2)).claim().unwrap();
    let arrived = decision(&gate.memory, claim, Digest::of(b"any"), gate.now).unwrap();
    assert!(matches!(arrived, Arrived::Open(open) if !open.is_factor_locked()));
    gate.pass(15 * 60_000 + 1);
    assert_eq!(attempt(&mut gate, right), Some(Ok(())));
    holds(&gate);
}

#[test]
fn a_device_that_saw_another_log_is_refused() {
    let mut gate = Gate::new();
    let case = gate.draft(3, 100, 125);
    let mut forked = gate.decision(case, 1, DecisionKind::Approve);
    forked.checkpoint_seen.as_mut().unwrap().root = countersign_model::Digest::of(b"another");
    assert_eq!(gate.sign(&forked, 1), Some(Err(Refusal::LogDiffers)));
    holds(&gate);
}

#[test]
fn a_shared_budget_is_one_target() {
    let mut gate = Gate::new();
    let (one, two) = (gate.draft(1, 100, 110), gate.draft(2, 100, 105));
    for case in [one, two] {
        for who in [1, 2] {
            gate.decide(case, who, DecisionKind::Approve);
        }
    }
    assert!(gate.begin(one));
    assert!(!gate.begin(two), "one write at a time");
    gate.finish(one, ExecutionStatus::Applied);
    assert_eq!(gate.phase(two), PhaseName::Superseded);
    gate.pass(1_000);
    let next = gate.draft(2, 110, 120);
    let flags = gate.case(next).verdict().flags.clone();
    assert!(flags.iter().any(|flag| flag.rule == "budget_change_over_limit"), "{flags:?}");
    holds(&gate);
}

#[test]
fn the_clock_goes_back_only_by_an_entry_that_says_so() {
    let mut gate = Gate::new();
    let case = gate.draft(3, 100, 125);
    gate.pass(20 * 60_000);
    let right = gate.now.plus_ms(-19 * 60_000);
    let judged = causes::clock_corrected(&gate.memory, "NTP was lost".into(), right).unwrap();
    gate.now = right;
    gate.commit(judged.unwrap());
    assert_eq!(gate.decide(case, 1, DecisionKind::Approve), Some(Ok(())));
    assert_eq!(holds(&gate).counts.clock_corrections, 1);
    let later = causes::clock_corrected(&gate.memory, String::new(), gate.now.plus_ms(1)).unwrap();
    assert!(later.is_err());
    gate.now = gate.now.plus_ms(-60_000);
    gate.log(causes::drafts_refused(world::agent(), countersign_model::Digest::of(b"x"), 1));
    let report = verify_export(gate.export().as_slice(), Some(&trust()), None).unwrap();
    assert_eq!(report.integrity, Judgement::Fails);
}

#[test]
fn what_was_authorised_and_never_begun_ends_at_its_expiry() {
    let mut gate = Gate::new();
    let case = gate.draft(3, 100, 125);
    for who in [1, 2] {
        gate.decide(case, who, DecisionKind::Approve);
    }
    gate.pass(world::DAY_MS);
    assert_eq!(gate.phase(case), PhaseName::Expired);
    assert_eq!(gate.bodies.last().unwrap().event.kind(), EntryKind::CaseExpired);
    holds(&gate);
}

#[test]
fn everything_that_people_get_wrong_is_judged_alike() {
    let mut gate = Gate::new();
    let case = gate.draft(3, 100, 125);
    for (who, ..) in PEOPLE {
        for kind in [DecisionKind::Approve, DecisionKind::Override] {
            let decision = gate.decision(case, who, kind);
            let envelope = gate.seal(&decision, &person_key(1));
            gate.arrive(&envelope, FactorCheck::Wrong);
            let mut role = gate.decision(case, who, kind);
            role.role = world::role("legal");
            gate.sign(&role, who);
            let mut early = gate.decision(case, who, kind);
            early.signed_at_ms = gate.now.plus_ms(-2 * world::DAY_MS);
            gate.sign(&early, who);
        }
    }
    let refusals: std::collections::BTreeSet<Refusal> = gate
        .bodies
        .iter()
        .filter_map(|body| body.event.decision().and(body.event.refusal()))
        .collect();
    assert!(refusals.len() >= 5, "{refusals:?}");
    holds(&gate);
}
