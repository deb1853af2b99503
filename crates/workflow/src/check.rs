//! Whether a decision counts in its case. A refusal is a value; the first that fits is given.

use crate::{Case, DecisionEvent, FactorCheck, Phase};
use countersign_model::{
    Action, Decision, DecisionKind, TimestampMs, change::ChangeError, decision::Refusal,
    time::MINUTE_MS,
};

/// How far a device's clock may be ahead of the gate's, or behind the making of the
/// verdict, in milliseconds. A device may be hours late, because it was offline; it cannot
/// have signed before there was anything to sign, nor after it arrived.
pub const CLOCK_TOLERANCE_MS: i64 = 5 * MINUTE_MS;

/// How many decisions of one person about one case are judged; no honest case comes near,
/// and nobody's use of them takes from another's.
pub const MAX_DECISIONS_OF_A_PERSON: usize = 32;

/// Checks everything about a verified decision that depends on the case.
///
/// # Errors
/// The [`Refusal`], as a value.
pub fn check(case: &Case, event: &DecisionEvent, now: TimestampMs) -> Result<(), Refusal> {
    let decision = event.signed.decision();
    let proposal = case.proposal();
    if decision.proposal != proposal.id
        || decision.workspace != proposal.workspace
        || event.signed.proposal_digest() != case.proposal_digest()
    {
        return Err(Refusal::WrongProposal);
    }
    if case.has_seen(decision.person, decision.id) {
        return Err(Refusal::Replayed);
    }
    if case.decisions_of(decision.person) >= MAX_DECISIONS_OF_A_PERSON {
        return Err(Refusal::TooMany);
    }
    check_phase(case.phase())?;
    check_time(case, decision, now)?;
    let policy = case.verdict().policy.digest;
    if decision.verdict != case.verdict_digest() || decision.policy != policy {
        return Err(Refusal::PolicyMoved);
    }
    if decision.entity_revision != proposal.entity_revision {
        return Err(Refusal::EntityMoved);
    }
    check_person(case, event, now)?;
    decision.reason.check(decision.kind).map_err(|_| Refusal::ReasonMissing)?;
    check_change(decision, &proposal.action)?;
    check_requested(decision, &proposal.action)?;
    check_factor(case, event)
}

/// A late decision is told the recorded outcome.
const fn check_phase(phase: &Phase) -> Result<(), Refusal> {
    match phase {
        Phase::Deciding { .. } => Ok(()),
        Phase::Expired => Err(Refusal::Expired),
        Phase::Superseded { .. } => Err(Refusal::EntityMoved),
        Phase::Authorized { .. }
        | Phase::Executing { .. }
        | Phase::Executed { .. }
        | Phase::NotApplied { .. }
        | Phase::Rejected { .. }
        | Phase::SentBack { .. }
        | Phase::Blocked => Err(Refusal::CaseSettled),
    }
}

fn check_time(case: &Case, decision: &Decision, now: TimestampMs) -> Result<(), Refusal> {
    let begun = case.proposal().created_at_ms.max(case.verdict().evaluated_at_ms);
    let signed = decision.signed_at_ms;
    if signed > now.plus_ms(CLOCK_TOLERANCE_MS) || signed < begun.plus_ms(-CLOCK_TOLERANCE_MS) {
        return Err(Refusal::ClockSkew);
    }
    let valid_until = decision.valid_until_ms;
    if now > valid_until || signed > valid_until || now >= case.proposal().expires_at_ms {
        return Err(Refusal::Expired);
    }
    Ok(())
}

fn check_person(case: &Case, event: &DecisionEvent, now: TimestampMs) -> Result<(), Refusal> {
    let decision = event.signed.decision();
    let person = decision.person;
    if person == case.proposal().answerable() || event.agent_owner == Some(person) {
        return Err(Refusal::InitiatorMayNotDecide);
    }
    if decision.on_behalf_of.is_some() {
        // The roster has no delegations yet, so there is no role to act in for another.
        return Err(Refusal::RoleNotHeld);
    }
    if !case.verdict().quorum.iter().any(|group| group.role == decision.role) {
        return Err(Refusal::RoleNotAsked);
    }
    if case.valid_at(now).iter().any(|counted| counted.person() == person) {
        return Err(Refusal::PersonAlreadyDecided);
    }
    Ok(())
}

fn check_change(decision: &Decision, proposed: &Action) -> Result<(), Refusal> {
    match (decision.kind, &decision.effective) {
        (DecisionKind::Approve, Some(effective)) if effective == proposed => Ok(()),
        (DecisionKind::Override, Some(effective)) if effective != proposed => {
            if effective.is_covered_by(proposed) {
                effective.check().map_err(refusal)
            } else if effective.differs_in_value_only(proposed) {
                Err(Refusal::WiderThanProposed)
            } else {
                Err(Refusal::ChangeDoesNotFit)
            }
        }
        (DecisionKind::Reject | DecisionKind::RequestChanges, None) => Ok(()),
        _ => Err(Refusal::ChangeDoesNotFit),
    }
}

/// What is asked for in fields belongs to sending a case back, and must be about it.
fn check_requested(decision: &Decision, proposed: &Action) -> Result<(), Refusal> {
    let Some(requested) = &decision.requested else { return Ok(()) };
    proposed.check_requested(requested).map_err(refusal)?;
    let fits = decision.kind == DecisionKind::RequestChanges
        && !requested.is_empty()
        && requested.max_days != Some(0);
    if fits { Ok(()) } else { Err(Refusal::ChangeDoesNotFit) }
}

const fn refusal(error: ChangeError) -> Refusal {
    match error {
        ChangeError::Amount(_) => Refusal::AmountNotTaken,
        _ => Refusal::ChangeDoesNotFit,
    }
}

fn check_factor(case: &Case, event: &DecisionEvent) -> Result<(), Refusal> {
    let decision = event.signed.decision();
    let factors = &case.verdict().factors;
    let accepted = match decision.kind {
        DecisionKind::Override => &factors.to_override,
        DecisionKind::Approve | DecisionKind::Reject | DecisionKind::RequestChanges => {
            &factors.to_decide
        }
    };
    match event.factor {
        FactorCheck::Wrong => Err(Refusal::FactorWrong),
        FactorCheck::Reused => Err(Refusal::FactorReused),
        FactorCheck::Locked => Err(Refusal::FactorLocked),
        _ if accepted.is_empty() => Ok(()),
        FactorCheck::Valid(kind)
            if accepted.contains(&kind)
                && decision.mfa.as_ref().is_some_and(|proof| proof.kind() == kind) =>
        {
            Ok(())
        }
        FactorCheck::Valid(_) | FactorCheck::NotPresented | FactorCheck::Unchecked => {
            Err(Refusal::FactorMissing)
        }
    }
}
