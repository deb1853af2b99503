//! Executions: an intent before anything is sent, an outcome after, and what an outcome does
//! to others on the same target.

use crate::{Change, Content, Judged, View, view::state_of};
use countersign_model::{
    Action, DeviceId, ProposalId, TimestampMs,
    change::Direction,
    entry::{ExecutionStatus, LegOutcome, LegRecord, PlatformRecord, Waiting, status_of_legs},
    time::DAY_MS,
};
use countersign_workflow::{Authorized, Case, Effect, Event, Phase, PhaseName, step};
use std::collections::{BTreeMap, BTreeSet};

/// How long after the signatures have lapsed a change may be said to have been made, in
/// milliseconds. A write is sent while they are valid and its outcome may be read later: a
/// platform may be silent, and a gate down.
pub const OUTCOME_MAY_BE_LATE_MS: i64 = DAY_MS;

/// Why an execution neither begins nor ends now.
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
    /// The log says already that it waits for this.
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
    for target in case.proposal().action.targets() {
        let others = view.unsettled_on(&target)?;
        if others.iter().any(|other| other.phase().name() == PhaseName::Executing) {
            return Ok(Err(NotNow::TargetBusy));
        }
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
    let is_made = matches!(
        record.status,
        ExecutionStatus::Applied | ExecutionStatus::PartiallyApplied | ExecutionStatus::Mismatch
    );
    if is_made && at.since_ms(authorized.valid_until_ms()) > OUTCOME_MAY_BE_LATE_MS {
        return Ok(Err(NotNow::TooLate));
    }
    if let Err(what) = check_outcome(authorized.action(), &record) {
        return Ok(Err(NotNow::Outcome(what)));
    }
    let world = view.world()?;
    let Some(roster) = world.roster.as_deref() else { return Ok(Err(NotNow::Phase)) };
    let gate = roster.gate.device;
    let counted = record.counted(authorized.action());
    let (case, effects) = step(case, Event::ExecutionFinished(Box::new(record)), at);
    let mut judged = Judged::default();
    apply(&mut judged, case, effects, gate);
    supersede(view, proposal, &counted, at, gate, judged).map(Ok)
}

/// What was changed moves on: increases are counted, revisions rise, and whatever else was about
/// the same targets is superseded.
fn supersede<V: View>(
    view: &V,
    proposal: ProposalId,
    counted: &[Action],
    at: TimestampMs,
    gate: DeviceId,
    mut judged: Judged,
) -> Result<Judged, V::Error> {
    let mut others = BTreeMap::new();
    for leg in counted {
        let target = leg.target();
        let revision = view.target(&target, at)?.revision + 1;
        if let Some(raised) = leg.raised_micros() {
            judged.put(Change::Increase(proposal, target.clone(), at, raised));
        }
        let on_target = view.unsettled_on(&target)?.into_iter();
        others.extend(on_target.map(|other| (other.proposal().id, other)));
        judged.put(Change::Revision(target, revision));
    }
    others.remove(&proposal);
    for other in others.into_values() {
        let targets = other.proposal().action.targets();
        let moved = counted.iter().filter(|leg| targets.contains(&leg.target())).count();
        let revision = state_of(view, &other.proposal().action, at)?.revision;
        let revision = revision.saturating_add(u64::try_from(moved).unwrap_or(u64::MAX));
        let (other, effects) = step(other, Event::EntityMoved { by: proposal, revision }, at);
        apply(&mut judged, other, effects, gate);
    }
    Ok(judged)
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
    if authorized.has_legs() {
        return check_legs(authorized, record);
    }
    if !record.legs.is_empty() {
        return Err("a change of one thing, and legs of it were told");
    }
    let PlatformRecord { status, code, read_back, .. } = record;
    check_write(authorized, *status, code.is_some(), read_back.as_ref())
}

/// Each leg agrees with its own read-back, and the whole with its legs.
fn check_legs(authorized: &Action, record: &PlatformRecord) -> Result<(), &'static str> {
    // Of a run that broke nobody knows anything.
    if record.status == ExecutionStatus::Unknown && record.legs.is_empty() {
        return if record.read_back.is_none() { Ok(()) } else { Err("unknown, and read back") };
    }
    let planned = authorized.legs();
    let mut known = BTreeSet::new();
    for LegRecord { leg, made, taken_back } in &record.legs {
        let planned = planned.get(usize::from(*leg)).ok_or("a leg that there is not")?;
        if !known.insert(*leg) {
            return Err("a leg was told twice");
        }
        check_leg(planned, made)?;
        if let Some(outcome) = taken_back {
            if made.status != ExecutionStatus::Applied {
                return Err("a leg was taken back that was not made");
            }
            check_leg(&planned.inverse(), outcome)?;
        }
    }
    if record.status != status_of_legs(planned.len(), &record.legs) {
        return Err("the whole did not end as its legs did");
    }
    match (record.status, &record.read_back) {
        (ExecutionStatus::Applied, Some(held)) if authorized.is_held_by(held) => Ok(()),
        (ExecutionStatus::Applied, _) => Err("applied, and something else was read back"),
        (_, None) => Ok(()),
        (_, Some(_)) => Err("not all legs hold, and the whole was read back"),
    }
}

fn check_leg(planned: &Action, outcome: &LegOutcome) -> Result<(), &'static str> {
    let LegOutcome { status, code, read_back } = outcome;
    check_write(planned, *status, code.is_some(), read_back.as_ref())
}

fn check_write(
    authorized: &Action,
    status: ExecutionStatus,
    has_code: bool,
    read_back: Option<&Action>,
) -> Result<(), &'static str> {
    match (status, read_back) {
        (ExecutionStatus::PartiallyApplied, _) => Err("one write, and a part of it was applied"),
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
        (ExecutionStatus::Stale, Some(held)) if has_code && authorized.is_held_by(held) => {
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

#[cfg(test)]
mod tests {
    use super::*;
    use ExecutionStatus::{Applied, NotApplied, PartiallyApplied, Stale, Unknown};

    fn transfer() -> Action {
        let samples = Action::samples(TimestampMs::from_millis(0)).unwrap();
        samples.into_iter().find(Action::has_legs).unwrap()
    }

    fn outcome(status: ExecutionStatus, read_back: Option<Action>) -> LegOutcome {
        LegOutcome { status, code: None, read_back }
    }

    fn whole(status: ExecutionStatus, legs: Vec<LegRecord>) -> PlatformRecord {
        let is_applied = status == Applied;
        let read_back = is_applied.then(transfer);
        PlatformRecord { request_ids: vec![], status, code: None, read_back, legs }
    }

    /// The first leg made and read back, and the second one with this outcome.
    fn told(second: LegOutcome, taken_back: Option<LegOutcome>) -> Vec<LegRecord> {
        let first = outcome(Applied, transfer().legs().into_iter().next());
        vec![
            LegRecord { leg: 0, made: first, taken_back },
            LegRecord { leg: 1, made: second, taken_back: None },
        ]
    }

    #[test]
    fn a_whole_is_believed_as_far_as_its_legs_are_proven() {
        let legs = transfer().legs();
        let made = outcome(Applied, legs.get(1).cloned());
        let refused = outcome(NotApplied, None);
        let back = outcome(Applied, legs.first().map(Action::inverse));
        for record in [
            whole(Applied, told(made.clone(), None)),
            whole(NotApplied, told(refused.clone(), Some(back.clone()))),
            whole(PartiallyApplied, told(refused.clone(), None)),
            whole(Unknown, told(outcome(Unknown, None), None)),
            whole(Unknown, vec![]),
        ] {
            assert_eq!(check_outcome(&transfer(), &record), Ok(()), "{record:?}");
        }
        let unproven = outcome(Applied, legs.first().cloned());
        let told_twice = |mut legs: Vec<LegRecord>| {
            legs.extend(legs.first().cloned());
            legs
        };
        for record in [
            whole(Applied, told(refused.clone(), None)),
            whole(Applied, vec![]),
            whole(NotApplied, told(refused.clone(), None)),
            whole(NotApplied, told(refused.clone(), Some(unproven))),
            whole(PartiallyApplied, told(made.clone(), None)),
            whole(Stale, told(refused, Some(back.clone()))),
            whole(Applied, told_twice(told(made.clone(), None))),
            PlatformRecord { read_back: None, ..whole(Applied, told(made, None)) },
            PlatformRecord { read_back: Some(transfer()), ..whole(Unknown, vec![]) },
            whole(NotApplied, vec![LegRecord { leg: 2, made: back, taken_back: None }]),
        ] {
            assert!(check_outcome(&transfer(), &record).is_err(), "{record:?}");
        }
    }

    #[test]
    fn one_write_has_no_legs() {
        let samples = Action::samples(TimestampMs::from_millis(0)).unwrap();
        for action in samples.into_iter().filter(|action| !action.has_legs()) {
            let read_back = Some(action.clone());
            let legs =
                vec![LegRecord { leg: 0, made: outcome(Applied, read_back), taken_back: None }];
            let mut record = whole(Applied, legs);
            record.read_back = Some(action.clone());
            assert!(check_outcome(&action, &record).is_err());
            record.legs.clear();
            assert_eq!(check_outcome(&action, &record), Ok(()));
            assert!(check_outcome(&action, &whole(PartiallyApplied, vec![])).is_err());
        }
    }
}
