//! What the judge reads. The gate answers from its database, a desktop from its own, the
//! verifier from memory: the rules above it are the same.

use crate::{Change, Expected, Mark};
use countersign_model::{
    Action, Digest, PersonId, ProposalId, Roster, Target, TimestampMs, control::Halt,
    verdict::PolicyRef,
};
use countersign_workflow::Case;
use std::sync::Arc;

/// What holds for the whole workspace.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct World {
    /// The judging clock: the moment of the last entry. It goes back only by an entry that
    /// says so.
    pub clock_ms: Option<TimestampMs>,
    /// The roster in force.
    pub roster: Option<Arc<Roster>>,
    /// The policy in force.
    pub policy: Option<PolicyRef>,
    /// Whether work is stopped.
    pub halt: Halt,
    /// What a follower still has to see: entries that follow from those before, in order,
    /// all of the same moment. A gate never has any.
    pub expected: Vec<Expected>,
}

/// What is known of one target.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TargetState {
    /// How often it was changed through the gate.
    pub revision: u64,
    /// Sum of the increases that took effect since the moment asked for, in micros per day.
    pub increases_micros: i64,
}

/// The state that the judge reads; every answer is of one and the same moment.
pub trait View {
    /// Why the state cannot be read: the only failure there is.
    type Error;

    /// What holds for the whole workspace.
    fn world(&self) -> Result<World, Self::Error>;

    /// One case.
    fn case(&self, proposal: ProposalId) -> Result<Option<Case>, Self::Error>;

    /// Cases on a target that are decided on, authorised or being executed, by id.
    fn unsettled_on(&self, target: &Target) -> Result<Vec<Case>, Self::Error>;

    /// A target, with the increases since a moment.
    fn target(&self, target: &Target, since: TimestampMs) -> Result<TargetState, Self::Error>;

    /// Whether something was remembered.
    fn has(&self, mark: &Mark) -> Result<bool, Self::Error>;

    /// The moments since `since` at which a person gave a wrong second factor.
    fn wrong_factors(&self, person: PersonId, since: TimestampMs) -> Result<usize, Self::Error>;

    /// Timers that are due at a moment, soonest first, then by case.
    fn due(&self, at: TimestampMs) -> Result<Vec<(TimestampMs, ProposalId)>, Self::Error>;

    /// The log's root over its first entries; `None` when there are fewer.
    fn root_at(&self, size: u64) -> Result<Option<Digest>, Self::Error>;
}

/// What is known of everything that a change writes: the revisions added up, so that they are
/// higher whenever one of them is, and the increases of what it would raise.
///
/// # Errors
/// The view's own.
pub fn state_of<V: View>(
    view: &V,
    action: &Action,
    since: TimestampMs,
) -> Result<TargetState, V::Error> {
    let mut all = TargetState::default();
    for leg in action.legs() {
        let TargetState { revision, increases_micros } = view.target(&leg.target(), since)?;
        all.revision = all.revision.saturating_add(revision);
        if leg.direction() == action.direction() {
            all.increases_micros = all.increases_micros.saturating_add(increases_micros);
        }
    }
    Ok(all)
}

/// A view that keeps what the judge asks for.
pub trait Keep: View {
    /// Keeps one change.
    fn keep(&mut self, change: &Change) -> Result<(), Self::Error>;
}
