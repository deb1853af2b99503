//! What the judge asks to keep, and what it answers.

use crate::{Content, Expected};
use countersign_model::{
    Action, ControlId, DecisionId, Digest, PersonId, ProposalId, Roster, Target, TimestampMs,
    control::Halt, decision::Refusal, verdict::PolicyRef,
};
use countersign_workflow::{Authorized, Case};
use std::sync::Arc;

/// Something that is remembered for good.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Mark {
    /// An envelope of exactly these bytes was judged.
    Judged(Digest),
    /// A person has spent this decision's id, whatever became of it.
    Decision(PersonId, DecisionId),
    /// A person has spent this control statement's id, whatever became of it.
    Control(PersonId, ControlId),
    /// There is a case of this id.
    Case(ProposalId),
    /// An accepted statement asks for this rollback: digest of the canonical
    /// [`Rollback`](countersign_model::proposal::Rollback).
    RollbackAsked(Digest),
    /// The case that a statement asked for was opened: digest of its canonical envelope.
    RollbackOpened(Digest),
}

/// One change of the state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// A case as it now is.
    Case(Box<Case>),
    /// Wake at this moment.
    Timer(TimestampMs, ProposalId),
    /// A timer has fired.
    TimerDone(TimestampMs, ProposalId),
    /// Something to remember.
    Mark(Mark),
    /// The revision of a target.
    Revision(Target, u64),
    /// An increase took effect: case, target, moment, micros per day.
    Increase(ProposalId, Target, TimestampMs, i64),
    /// A person gave a wrong second factor.
    WrongFactor(PersonId, TimestampMs),
    /// Whether work is stopped.
    Halt(Halt),
    /// The roster in force.
    Roster(Arc<Roster>),
    /// The policy in force.
    Policy(PolicyRef),
    /// The judging clock.
    Clock(TimestampMs),
    /// What a follower still has to see.
    Expected(Vec<Expected>),
}

/// What follows from one cause.
#[derive(Debug, Default)]
#[must_use]
pub struct Judged {
    /// The entries, in order; none when nothing follows.
    pub entries: Vec<Content>,
    /// What to keep, in order.
    pub changes: Vec<Change>,
    /// The authority to execute, when the quorum holds or an execution may begin.
    pub execution: Option<Authorized<Action>>,
    /// For a decision or a control statement: accepted, or why not.
    pub answer: Option<Result<(), Refusal>>,
}

impl Judged {
    /// Adds an entry.
    pub(crate) fn log(&mut self, content: Content) {
        self.entries.push(content);
    }

    /// Adds a change.
    pub(crate) fn put(&mut self, change: Change) {
        self.changes.push(change);
    }
}
