//! The machine: `(case, event, now) -> (case, effects)`, the same on gate and desktop.

use crate::{
    Authorized, Case, Counted, DecisionEvent, Effect, Event, HeldUp, LogActor, Phase,
    RefusedDecision, check::check,
};
use countersign_model::{
    Decision, DecisionKind, ProposalId, TimestampMs,
    decision::Refusal,
    entry::{ExecutionStatus, LogEvent, PlatformRecord, Waiting},
    time::HOUR_MS,
    verdict::RiskTier,
};

/// Tells a case what happened at `now` on the gate's clock.
///
/// Deadline and expiry are looked at first, whatever the event, so that a late timer and
/// a late decision end alike. A clock that went back is held at its latest moment. An
/// event that does not fit the phase changes nothing and asks for nothing.
#[must_use]
pub fn step(mut case: Case, event: Event, now: TimestampMs) -> (Case, Vec<Effect>) {
    let mut effects = Vec::new();
    let now = case.advance_clock(now);
    pass_time(&mut case, now, &mut effects);
    match event {
        Event::Decision(event) => handle_decision(&mut case, &event, now, &mut effects),
        Event::DeadlinePassed => rearm(&case, case.verdict().decide_by_ms, now, &mut effects),
        Event::RungDue(due) => rearm(&case, due, now, &mut effects),
        Event::Expired => rearm(&case, case.proposal().expires_at_ms, now, &mut effects),
        Event::EntityMoved { by, revision } => {
            handle_entity_moved(&mut case, by, revision, &mut effects);
        }
        Event::ExecutionIntended => handle_intended(&mut case, now, &mut effects),
        Event::ExecutionWaits(waiting) => handle_waits(&mut case, waiting, now, &mut effects),
        Event::ExecutionFinished(record) => handle_finished(&mut case, *record, &mut effects),
    }
    (case, effects)
}

/// What the passing of time does. Low and medium risk: nothing is applied, the passed
/// deadline is logged and the case stays open until it expires (workspaces are
/// `propose_only`, so no tier proceeds by itself). High risk is marked as escalated.
///
/// What was authorised and has waited until its expiry ends here too: nothing hangs unseen.
fn pass_time(case: &mut Case, now: TimestampMs, effects: &mut Vec<Effect>) {
    let has_expired = now >= case.proposal().expires_at_ms;
    if matches!(case.phase(), Phase::Authorized { .. }) && has_expired {
        expire(case, effects);
    }
    let Phase::Deciding { overdue, .. } = *case.phase() else { return };
    climb(case, now, effects);
    if !overdue && now >= case.verdict().decide_by_ms {
        let escalated = match case.verdict().risk_tier {
            RiskTier::Low | RiskTier::Medium => false,
            RiskTier::High => true,
        };
        if case.enter(Phase::Deciding { overdue: true, escalated }) {
            effects.push(log(LogEvent::DeadlinePassed { proposal_id: case.proposal().id }));
            effects.push(Effect::Publish);
        }
    }
    if has_expired {
        expire(case, effects);
    }
}

fn expire(case: &mut Case, effects: &mut Vec<Effect>) {
    if case.enter(Phase::Expired) {
        effects.push(log(LogEvent::CaseExpired { proposal_id: case.proposal().id }));
        effects.push(Effect::Publish);
    }
}

/// Records a decision that is refused for a reason outside of its case, as a repeated id.
#[must_use]
pub fn refuse_outside(
    mut case: Case,
    event: &DecisionEvent,
    refusal: Refusal,
) -> (Case, Vec<Effect>) {
    let mut effects = Vec::new();
    refuse(&mut case, event, refusal, &mut effects);
    (case, effects)
}

/// Tells each role of the ladder whose time has come, once. Being told gives no authority;
/// nobody is told of a case that has expired meanwhile.
fn climb(case: &mut Case, now: TimestampMs, effects: &mut Vec<Effect>) {
    if now >= case.proposal().expires_at_ms {
        return;
    }
    while let Some(role) = case.climb_rung(now) {
        effects.push(log(LogEvent::RungClimbed { proposal_id: case.proposal().id, told: role }));
        effects.push(Effect::Publish);
    }
}

/// A timer that fired early, as after a clock was set back, is set again.
fn rearm(case: &Case, due: TimestampMs, now: TimestampMs, effects: &mut Vec<Effect>) {
    if now < due && matches!(case.phase(), Phase::Deciding { .. }) {
        effects.push(Effect::WakeAt(due));
    }
}

fn handle_decision(
    case: &mut Case,
    event: &DecisionEvent,
    now: TimestampMs,
    effects: &mut Vec<Effect>,
) {
    let decision = event.signed.decision();
    if let Err(refusal) = check(case, event, now) {
        return refuse(case, event, refusal, effects);
    }
    case.accept(Counted::of(&event.signed, event.envelope));
    let told = || (decision.proposal, event.record(), decision.reason.clone());
    let (proposal_id, record, reason) = told();
    let accepted = LogEvent::DecisionAccepted { proposal_id, decision: record, reason };
    effects.push(log_of(decision, accepted));
    match decision.kind {
        DecisionKind::Reject => {
            if case.enter(Phase::Rejected { by: decision.id }) {
                let (proposal_id, record, reason) = told();
                let rejected = LogEvent::CaseRejected { proposal_id, decision: record, reason };
                effects.push(log_of(decision, rejected));
            }
        }
        DecisionKind::RequestChanges => {
            if case.enter(Phase::SentBack { by: decision.id }) {
                let (proposal_id, record, reason) = told();
                let asked = LogEvent::ChangesRequested { proposal_id, decision: record, reason };
                effects.push(log_of(decision, asked));
            }
        }
        DecisionKind::Approve | DecisionKind::Override => authorize(case, now, effects),
    }
    effects.push(Effect::Answer { decision: decision.id, result: Ok(()) });
    effects.push(Effect::Publish);
}

fn authorize(case: &mut Case, now: TimestampMs, effects: &mut Vec<Effect>) {
    let Some(authorized) = Authorized::by_quorum(case, now) else { return };
    if case.enter(Phase::Authorized { at_ms: now }) {
        effects.push(log(LogEvent::ChangeAuthorized {
            proposal_id: case.proposal().id,
            change: authorized.action().clone(),
            approvals: authorized.approvals().to_vec(),
            policy: case.verdict().policy.clone(),
        }));
        effects.push(Effect::Execute(authorized));
    }
}

/// A repetition of the same refusal is answered and not logged again, so that repeating
/// a record cannot fill the log.
fn refuse(case: &mut Case, event: &DecisionEvent, refusal: Refusal, effects: &mut Vec<Effect>) {
    let decision = event.signed.decision();
    let is_new = case.refuse(RefusedDecision {
        person: decision.person,
        decision: decision.id,
        envelope: event.envelope,
        refusal,
    });
    if is_new {
        let refused = LogEvent::DecisionRefused {
            proposal_id: decision.proposal,
            decision: event.record(),
            reason: Some(decision.reason.clone()),
            refusal,
        };
        effects.push(log_of(decision, refused));
    }
    effects.push(Effect::Answer { decision: decision.id, result: Err(refusal) });
    if is_new {
        effects.push(Effect::Publish);
    }
}

fn handle_entity_moved(case: &mut Case, by: ProposalId, revision: u64, effects: &mut Vec<Effect>) {
    let is_news = by != case.proposal().id && revision > case.proposal().entity_revision;
    if is_news && case.enter(Phase::Superseded { by, revision }) {
        effects.push(log(LogEvent::CaseSuperseded { proposal_id: case.proposal().id }));
        effects.push(Effect::Publish);
    }
}

/// An authorised change that had to wait, as while work is stopped, begins only while its
/// signatures are still valid by their own words.
fn handle_intended(case: &mut Case, now: TimestampMs, effects: &mut Vec<Effect>) {
    let Phase::Authorized { at_ms } = *case.phase() else { return };
    if now >= case.proposal().expires_at_ms || Authorized::by_quorum(case, now).is_none() {
        expire(case, effects);
        return;
    }
    let Some(authorized) = case.reauthorize() else { return };
    if case.enter(Phase::Executing { authorized_at_ms: at_ms, held_up: None }) {
        let (proposal_id, change) = (case.proposal().id, authorized.action().clone());
        effects.push(log(LogEvent::ExecutionIntended { proposal_id, change }));
        effects.push(Effect::Publish);
    }
}

/// How often the log says what one execution waits for: a platform whose answers change
/// with every try must not fill it.
const MAX_TIMES_TOLD: u32 = 32;
/// A moment that is asked to be waited for is news when it lies this much later than the one
/// that was told, in milliseconds.
const UNTIL_IS_NEWS_MS: i64 = HOUR_MS;

/// What it waits for is logged when it is something other than before, or much longer.
fn handle_waits(case: &mut Case, waiting: Waiting, now: TimestampMs, effects: &mut Vec<Effect>) {
    let Phase::Executing { authorized_at_ms, ref held_up } = *case.phase() else { return };
    let told = held_up.as_ref().map_or(0, |held_up| held_up.times_told);
    let is_news = held_up.as_ref().is_none_or(|HeldUp { waiting: known, .. }| {
        let is_later = |until: TimestampMs| {
            known.until_ms.is_none_or(|known| until.since_ms(known) > UNTIL_IS_NEWS_MS)
        };
        known.code != waiting.code || waiting.until_ms.is_some_and(is_later)
    });
    if !is_news || told >= MAX_TIMES_TOLD {
        return;
    }
    let since_ms = held_up.as_ref().map_or(now, |held_up| held_up.since_ms);
    let held_up = HeldUp { since_ms, waiting: waiting.clone(), times_told: told + 1 };
    if case.enter(Phase::Executing { authorized_at_ms, held_up: Some(held_up) }) {
        let proposal_id = case.proposal().id;
        effects.push(log(LogEvent::ExecutionWaiting { proposal_id, waiting }));
        effects.push(Effect::Publish);
    }
}

fn handle_finished(case: &mut Case, platform: PlatformRecord, effects: &mut Vec<Effect>) {
    let Some(authorized) = case.reauthorize() else { return };
    let next = match platform.status {
        ExecutionStatus::Applied => Phase::Executed { read_back: platform.read_back.clone() },
        status @ (ExecutionStatus::NotApplied
        | ExecutionStatus::Stale
        | ExecutionStatus::PartiallyApplied
        | ExecutionStatus::Mismatch
        | ExecutionStatus::Unknown) => Phase::NotApplied { status },
    };
    if case.enter(next) {
        let (proposal_id, change) = (case.proposal().id, authorized.action().clone());
        effects.push(log(LogEvent::ExecutionFinished { proposal_id, change, platform }));
        effects.push(Effect::Publish);
    }
}

/// What the gate itself logs.
fn log(event: LogEvent) -> Effect {
    Effect::Log { by: LogActor::Gate, event: Box::new(event) }
}

/// What is logged of a person's decision.
fn log_of(decision: &Decision, event: LogEvent) -> Effect {
    let by = LogActor::Person(decision.person, decision.role.clone());
    Effect::Log { by, event: Box::new(event) }
}
