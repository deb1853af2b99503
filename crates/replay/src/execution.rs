//! Executions: an intent before anything is sent, an outcome after, and what an outcome does
//! to others on the same target.

use crate::{Change, Content, Judged, View};
use countersign_model::{
    Action, DeviceId, ProposalId, TimestampMs,
    change::Direction,
    entry::{ExecutionStatus, PlatformRecord, Waiting},
    time::DAY_MS,
};
use countersign_workflow::{Authorized, Case, Effect, Event, Phase, PhaseName, step};

/// How long after the signatures have lapsed a change may be said to have been made, in
/// milliseconds. A write is sent while they are valid and its outcome may be read later: a
/// platform may be silent, and a gate down.
pub const OUTCOME_MAY_BE_LATE_MS: i64 = DAY_MS;

/// Why an execution does not begin or end now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotNow {
    /// There is no such case, or it is in another phase.
    #[error("the case is not at this point")]
    Phase,
    /// Another change of the same target is under way.
    #[error("another change of the same target is under way")]
    TargetBusy,
    /// A person stopped work, and the change raises spend.
    #[error("work is stopped and the change raises spend")]
    Stopped,
    /// The stored decisions do not authorise it.
    #[error("the signatures do not authorise it")]
    Unauthorized,
    /// The log was told already that it waits for this.
    #[error("what it waits for was already logged")]
    NothingNew,
    /// A change is said to have been made long after the signatures had expired.
    #[error("it is said to have been made long after the signatures had expired")]
    TooLate,
    /// The outcome says something that its own read-back does not.
    #[error("the outcome does not match what was read back: {0}")]
    Outcome(&'static str),
}

/// An authorised change is about to be made. [`Judged::execution`] is the authority; without
/// one the signatures had lapsed and the case has ended.
///
/// # Errors
/// [`NotNow`] as a value; the view's own.
pub fn intend<V: View>(
    view: &V,
    proposal: ProposalId,
    at: TimestampMs,
) -> Result<Result<Judged, NotNow>, V::Error> {
    let (case, authorized) = match authorized_in(view, proposal, PhaseName::Authorized)? {
        Ok(found) => found,
        Err(why) => return Ok(Err(why)),
    };
    let others = view.unsettled_on(&case.proposal().action.target())?;
    if others.iter().any(|other| other.phase().name() == PhaseName::Executing) {
        return Ok(Err(NotNow::TargetBusy));
    }
    let world = view.world()?;
    if authorized.action().direction() == Direction::Increase && world.halt.is_stopped() {
        return Ok(Err(NotNow::Stopped));
    }
    let Some(roster) = world.roster.as_deref() else { return Ok(Err(NotNow::Phase)) };
    let (case, effects) = step(case, Event::ExecutionIntended, at);
    let may_act = matches!(case.phase(), Phase::Executing { .. });
    let mut judged = Judged::default();
    apply(&mut judged, case, effects, roster.gate.device);
    judged.execution = may_act.then_some(authorized);
    Ok(Ok(judged))
}

/// An execution cannot go on now, nothing was changed, and it is tried again.
///
/// # Errors
/// [`NotNow`] as a value; the view's own.
pub fn wait<V: View>(
    view: &V,
    proposal: ProposalId,
    waiting: Waiting,
    at: TimestampMs,
) -> Result<Result<Judged, NotNow>, V::Error> {
    let (case, authorized) = match authorized_in(view, proposal, PhaseName::Executing)? {
        Ok(found) => found,
        Err(why) => return Ok(Err(why)),
    };
    if at > authorized.valid_until_ms() {
        return Ok(Err(NotNow::Unauthorized));
    }
    let world = view.world()?;
    let Some(roster) = world.roster.as_deref() else { return Ok(Err(NotNow::Phase)) };
    let (case, effects) = step(case, Event::ExecutionWaits(waiting), at);
    if effects.is_empty() {
        return Ok(Err(NotNow::NothingNew));
    }
    let mut judged = Judged::default();
    apply(&mut judged, case, effects, roster.gate.device);
    Ok(Ok(judged))
}

/// An execution has ended, one way or the other.
///
/// # Errors
/// [`NotNow`] as a value; the view's own.
pub fn finish<V: View>(
    view: &V,
    proposal: ProposalId,
    record: PlatformRecord,
    at: TimestampMs,
) -> Result<Result<Judged, NotNow>, V::Error> {
    let (case, authorized) = match authorized_in(view, proposal, PhaseName::Executing)? {
        Ok(found) => found,
        Err(why) => return Ok(Err(why)),
    };
    let is_made = matches!(record.status, ExecutionStatus::Applied | ExecutionStatus::Mismatch);
    if is_made && at.since_ms(authorized.valid_until_ms()) > OUTCOME_MAY_BE_LATE_MS {
        return Ok(Err(NotNow::TooLate));
    }
    if let Err(what) = check_outcome(authorized.action(), &record) {
        return Ok(Err(NotNow::Outcome(what)));
    }
    let world = view.world()?;
    let Some(roster) = world.roster.as_deref() else { return Ok(Err(NotNow::Phase)) };
    let gate = roster.gate.device;
    let counted = record.counted(authorized.action()).cloned();
    let (case, effects) = step(case, Event::ExecutionFinished(Box::new(record)), at);
    let target = case.proposal().action.target();
    let mut judged = Judged::default();
    apply(&mut judged, case, effects, gate);
    if let Some(counted) = counted {
        let revision = view.target(&target, at)?.revision + 1;
        if let Some(raised) = counted.raised_micros() {
            judged.put(Change::Increase(proposal, target.clone(), at, raised));
        }
        let others = view.unsettled_on(&target)?;
        judged.put(Change::Revision(target, revision));
        for other in others.into_iter().filter(|other| other.proposal().id != proposal) {
            let moved = Event::EntityMoved { by: proposal, revision };
            let (other, effects) = step(other, moved, at);
            apply(&mut judged, other, effects, gate);
        }
    }
    Ok(Ok(judged))
}

type Found = Result<(Case, Authorized<Action>), NotNow>;

/// A case in this phase, with the authority that its stored decisions give.
fn authorized_in<V: View>(
    view: &V,
    proposal: ProposalId,
    phase: PhaseName,
) -> Result<Found, V::Error> {
    let case = view.case(proposal)?.filter(|case| case.phase().name() == phase);
    let Some(case) = case else { return Ok(Err(NotNow::Phase)) };
    let authorized = case.reauthorize();
    Ok(authorized.map(|authorized| (case, authorized)).ok_or(NotNow::Unauthorized))
}

/// Whether an outcome agrees with its own read-back. Nothing here believes more than what
/// the platform showed.
fn check_outcome(authorized: &Action, record: &PlatformRecord) -> Result<(), &'static str> {
    let read_back = record.read_back.as_ref();
    match (record.status, read_back) {
        (ExecutionStatus::Applied, Some(held)) if authorized.is_held_by(held) => Ok(()),
        (ExecutionStatus::Applied, _) => Err("applied, and something else was read back"),
        (ExecutionStatus::Mismatch, Some(held)) if !authorized.is_held_by(held) => Ok(()),
        (ExecutionStatus::Mismatch, _) => Err("a mismatch, and what was authorised was read back"),
        (ExecutionStatus::Unknown, None) => Ok(()),
        (ExecutionStatus::Unknown, Some(_)) => Err("unknown, and something was read back"),
        (ExecutionStatus::NotApplied, None) => Ok(()),
        (ExecutionStatus::NotApplied, Some(held)) if authorized.is_unmade_in(held) => Ok(()),
        (ExecutionStatus::NotApplied, Some(_)) => Err("not applied, and a change was read back"),
        // A code is the answer to a write that was sent; then its value is applied when it holds.
        (ExecutionStatus::Stale, Some(held))
            if record.code.is_some() && authorized.is_held_by(held) =>
        {
            Err("stale after a write, and what was authorised was read back")
        }
        (ExecutionStatus::Stale, Some(held)) if !authorized.is_unmade_in(held) => Ok(()),
        (ExecutionStatus::Stale, _) => Err("stale, and what was expected was read back"),
    }
}

/// Turns what a case asks for into entries and changes.
pub(crate) fn apply(judged: &mut Judged, case: Case, effects: Vec<Effect>, gate: DeviceId) {
    let proposal = case.proposal().id;
    for effect in effects {
        match effect {
            Effect::Log { by, event } => judged.log(Content::of_case(by, *event, gate)),
            // Every new entry is published when it is committed.
            Effect::Publish => {}
            Effect::WakeAt(due) => judged.put(Change::Timer(due, proposal)),
            Effect::Execute(authorized) => judged.execution = Some(authorized),
            Effect::Answer { result, .. } => judged.answer = Some(result),
        }
    }
    judged.put(Change::Case(Box::new(case)));
}
