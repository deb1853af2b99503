//! What the passing of time does. Due timers come before whatever else happens at a moment,
//! so that a log without them is not the log of an honest gate.

use crate::{Change, Judged, View, execution::apply};
use countersign_model::{ProposalId, TimestampMs};
use countersign_workflow::{Event, step};

/// Fires one timer that is due.
///
/// # Errors
/// The view's own.
pub fn fire<V: View>(
    view: &V,
    due: TimestampMs,
    proposal: ProposalId,
    at: TimestampMs,
) -> Result<Judged, V::Error> {
    let mut judged = Judged::default();
    judged.put(Change::TimerDone(due, proposal));
    let (Some(case), world) = (view.case(proposal)?, view.world()?) else { return Ok(judged) };
    let Some(roster) = world.roster.as_deref() else { return Ok(judged) };
    let event = if due >= case.proposal().expires_at_ms {
        Event::Expired
    } else if due == case.verdict().decide_by_ms {
        Event::DeadlinePassed
    } else {
        Event::RungDue(due)
    };
    let (case, effects) = step(case, event, at);
    // Passing time never authorises anything.
    apply(&mut judged, case, effects, roster.gate.device);
    Ok(judged)
}
