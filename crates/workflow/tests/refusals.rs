//! Every refusal that a case can give, and that a refused decision changes nothing else.

mod support;

use countersign_model::{
    Action, Currency, Decision, DecisionKind, Digest, Money, PersonId,
    decision::{EvidenceWanted, Refusal, RequestedChanges},
    entry::EntryKind,
    time::{HOUR_MS, MINUTE_MS},
    verdict::FactorKind,
};
use countersign_workflow::{Case, Effect, Event, FactorCheck, Phase, step};
use support::*;

fn refused(decision: &Decision) -> Option<Refusal> {
    refused_at(&ops_and_finance(), decision, 2 * MINUTE_MS)
}

fn refused_at(case: &Case, decision: &Decision, after_ms: i64) -> Option<Refusal> {
    let (next, effects) = step(case.clone(), event(case, decision), at(after_ms));
    let refusal = answer(&effects).err();
    if refusal.is_some() {
        assert_eq!(next.accepted(), case.accepted(), "a refused decision never counts");
        assert!(executed(&effects).is_none());
        let logged = effects.iter().any(|effect| {
            matches!(effect, Effect::Log { event, .. }
                if event.kind() == EntryKind::DecisionRefused && event.refusal() == refusal)
        });
        assert!(logged, "a refusal is logged with its reason");
    }
    refusal
}

#[test]
fn each_fault_has_its_refusal() {
    let case = ops_and_finance();
    let approve = draft(&case, OPS, "ops", DecisionKind::Approve, 1);
    let narrow = draft(&case, OPS, "ops", DecisionKind::Override, 2);
    let bend = |decision: &Decision, bend: fn(&mut Decision)| {
        let mut decision = decision.clone();
        bend(&mut decision);
        refused(&decision)
    };
    assert_eq!(refused(&approve), None);
    assert_eq!(refused(&narrow), None);
    for (base, expected, change) in [
        (&approve, Refusal::PolicyMoved, (|d| d.verdict = Digest::of(b"x")) as fn(&mut Decision)),
        (&approve, Refusal::PolicyMoved, |d| d.policy = Digest::of(b"x")),
        (&approve, Refusal::EntityMoved, |d| d.entity_revision += 1),
        (&approve, Refusal::Expired, |d| d.valid_until_ms = at(MINUTE_MS + 1)),
        (&approve, Refusal::ClockSkew, |d| d.signed_at_ms = at(2 * HOUR_MS)),
        (&approve, Refusal::ClockSkew, |d| d.signed_at_ms = at(-2 * HOUR_MS)),
        (&approve, Refusal::RoleNotHeld, |d| {
            d.on_behalf_of = Some(PersonId::from_uuid(d.id.uuid()))
        }),
        (&approve, Refusal::ReasonMissing, |d| d.reason.code = "not_convincing".into()),
        (&narrow, Refusal::ReasonMissing, |d| d.reason.text = " ".into()),
        (&approve, Refusal::ChangeDoesNotFit, |d| d.effective = None),
        (&approve, Refusal::ChangeDoesNotFit, |d| d.effective = Some(budget(115))),
        (&narrow, Refusal::ChangeDoesNotFit, |d| d.effective = Some(budget(125))),
        (&narrow, Refusal::WiderThanProposed, |d| d.effective = Some(budget(126))),
        (&narrow, Refusal::WiderThanProposed, |d| d.effective = Some(budget(99))),
        (&narrow, Refusal::WiderThanProposed, |d| d.effective = Some(budget(100))),
    ] {
        assert_eq!(bend(base, change), Some(expected));
    }
}

#[test]
fn a_decision_about_another_version_of_the_proposal_is_refused() {
    let case = ops_and_finance();
    let decision = draft(&case, OPS, "ops", DecisionKind::Approve, 1);
    let Event::Decision(mut event) = event(&case, &decision) else { unreachable!() };
    (event.signed, event.envelope) = sign_about(&decision, Digest::of(b"another version"));
    let (_, effects) = step(case, Event::Decision(event), at(MINUTE_MS));
    assert_eq!(answer(&effects), Err(Refusal::WrongProposal));
}

#[test]
fn people_who_may_not_decide() {
    let case = ops_and_finance();
    let as_owner = draft(&case, OWNER, "ops", DecisionKind::Approve, 1);
    assert_eq!(refused(&as_owner), Some(Refusal::InitiatorMayNotDecide));
    let as_legal = draft(&case, LEGAL, "legal", DecisionKind::Approve, 2);
    assert_eq!(refused(&as_legal), Some(Refusal::RoleNotAsked));

    let by_ops = draft(&case, OPS, "ops", DecisionKind::Approve, 3);
    let (case, _) = step(case.clone(), event(&case, &by_ops), at(MINUTE_MS));
    let again = on_second_device(draft(&case, OPS, "ops", DecisionKind::Approve, 4), OPS);
    assert_eq!(refused_at(&case, &again, 2 * MINUTE_MS), Some(Refusal::PersonAlreadyDecided));
    assert_eq!(refused_at(&case, &by_ops, 2 * MINUTE_MS), Some(Refusal::Replayed));
}

#[test]
fn the_agents_present_owner_may_not_decide_either() {
    let case = ops_and_finance();
    let decision = draft(&case, OPS, "ops", DecisionKind::Approve, 1);
    let Event::Decision(mut event) = event(&case, &decision) else { unreachable!() };
    event.agent_owner = Some(person(OPS));
    let (_, effects) = step(case, Event::Decision(event), at(MINUTE_MS));
    assert_eq!(answer(&effects), Err(Refusal::InitiatorMayNotDecide));
}

#[test]
fn an_override_needs_its_second_factor() {
    let case = ops_and_finance();
    let signed = draft(&case, OPS, "ops", DecisionKind::Override, 1);
    let bare = Decision { mfa: None, ..signed.clone() };
    for (decision, factor, expected) in [
        (&signed, FactorCheck::Valid(FactorKind::Totp), Ok(())),
        (&bare, FactorCheck::NotPresented, Err(Refusal::FactorMissing)),
        (&bare, FactorCheck::Valid(FactorKind::Totp), Err(Refusal::FactorMissing)),
        (&signed, FactorCheck::Unchecked, Err(Refusal::FactorMissing)),
        (&signed, FactorCheck::Wrong, Err(Refusal::FactorWrong)),
        (&signed, FactorCheck::Reused, Err(Refusal::FactorReused)),
    ] {
        let (_, effects) = step(case.clone(), event_with(&case, decision, factor), at(MINUTE_MS));
        assert_eq!(answer(&effects), expected, "{factor:?}");
    }
}

#[test]
fn what_is_asked_for_in_fields_belongs_to_sending_back() {
    let case = ops_and_finance();
    let Action::BudgetChange(change) = &case.proposal().action else { unreachable!() };
    let good = RequestedChanges {
        max_after: Some(Money { amount_micros: 110, ..change.after }),
        max_days: Some(1),
        evidence: [EvidenceWanted::Backtest].into(),
        texts: false,
    };
    let euros = Money::from_micros(110, Currency::parse("EUR").unwrap());
    let negative = Money { amount_micros: -1, ..change.after };
    let bend = |change: &dyn Fn(&mut RequestedChanges)| {
        let mut bent = good.clone();
        change(&mut bent);
        bent
    };
    let fits = [good.clone(), bend(&|it| it.max_after = None), bend(&|it| it.max_days = None)];
    let odd = [
        (RequestedChanges::default(), Refusal::ChangeDoesNotFit),
        (bend(&|it| it.max_after = Some(euros)), Refusal::AmountNotTaken),
        (bend(&|it| it.max_after = Some(negative)), Refusal::AmountNotTaken),
        (bend(&|it| it.max_days = Some(0)), Refusal::ChangeDoesNotFit),
    ];
    let judge = |kind, requested: &RequestedChanges| {
        let mut decision = draft(&case, OPS, "ops", kind, 1);
        decision.requested = Some(requested.clone());
        refused_at(&case, &decision, MINUTE_MS)
    };
    for requested in &fits {
        assert_eq!(judge(DecisionKind::RequestChanges, requested), None, "{requested:?}");
    }
    for (requested, expected) in &odd {
        let refusal = judge(DecisionKind::RequestChanges, requested);
        assert_eq!(refusal, Some(*expected), "{requested:?}");
    }
    for kind in [DecisionKind::Approve, DecisionKind::Override, DecisionKind::Reject] {
        assert_eq!(judge(kind, &good), Some(Refusal::ChangeDoesNotFit), "{kind:?}");
    }
}

#[test]
fn hours_offline_are_no_clock_skew() {
    let case = ops_and_finance();
    let decision = draft(&case, OPS, "ops", DecisionKind::Approve, 1);
    assert_eq!(refused_at(&case, &decision, 119 * MINUTE_MS), None);
    assert_eq!(refused_at(&case, &decision, 120 * MINUTE_MS), Some(Refusal::Expired));
}

#[test]
fn a_late_decision_is_told_the_outcome() {
    let case = ops_and_finance();
    let reject = draft(&case, FINANCE, "finance", DecisionKind::Reject, 1);
    let (case, effects) = step(case.clone(), event(&case, &reject), at(MINUTE_MS));
    assert_eq!(answer(&effects), Ok(()));
    assert_eq!(*case.phase(), Phase::Rejected { by: reject.id });
    let late = draft(&case, OPS, "ops", DecisionKind::Approve, 2);
    assert_eq!(refused_at(&case, &late, 2 * MINUTE_MS), Some(Refusal::CaseSettled));
}

#[test]
fn a_repeated_replay_is_answered_and_logged_once() {
    let case = ops_and_finance();
    let decision = draft(&case, OPS, "ops", DecisionKind::Approve, 1);
    let count_logs = |effects: &[Effect]| {
        effects.iter().filter(|effect| matches!(effect, Effect::Log { .. })).count()
    };
    let (case, _) = step(case.clone(), event(&case, &decision), at(1));
    let (case, first) = step(case.clone(), event(&case, &decision), at(2));
    let (_, second) = step(case.clone(), event(&case, &decision), at(3));
    assert_eq!((answer(&first), count_logs(&first)), (Err(Refusal::Replayed), 1));
    assert_eq!((answer(&second), count_logs(&second)), (Err(Refusal::Replayed), 0));
}
