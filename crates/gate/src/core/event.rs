//! What can happen to the gate, and what it does then.

use super::{
    CoreError, Drafting, Opened, Refused, Rules,
    records::{Candidates, Received},
};
use crate::changes::Changes;
use countersign_executor::{ExecuteError, Limits};
use countersign_model::{
    Action, AgentId, Digest, ProposalId, TimestampMs, entry::PlatformRecord, proposal::Rollback,
};
use countersign_sync::wire::Page;
use countersign_workflow::Authorized;
use std::time::Duration;

/// Everything that can happen to the gate. What has been durable once may happen again.
pub enum Event {
    /// The gate begins to serve.
    Started,
    /// The rules to judge by from now on.
    RulesLoaded(Box<Rules>),
    /// Another roster is in force.
    RosterChanged,
    /// Drafts whose `before` was read from the platform and whose evidence is sealed, in the
    /// order in which they came. They become durable together.
    Drafts(Vec<Drafting>),
    /// Drafts of an agent were refused since this was last said.
    DraftsRefused {
        /// Whose.
        agent: AgentId,
        /// The digest of what it sent last.
        input: Digest,
        /// How many.
        count: u64,
    },
    /// A page of records from the relay.
    Page(Page),
    /// Every record of a page was taken.
    PageTaken {
        /// Whether to ask for more at once.
        more: bool,
    },
    /// The connection to the relay begins afresh.
    Reconnected,
    /// The relay has let go of what was asked for.
    BelowFloor,
    /// The relay ends before a place that it has named: it has lost records.
    RelayLost,
    /// What devices have signed and a lost relay had is to be delivered again, if any is.
    FileAgain,
    /// One record that a device wrote.
    Record(Received),
    /// The statements that one change of a case's document carries.
    Candidates(Candidates),
    /// A person's wish to take an executed change back was accepted.
    RollbackAsked(Rollback),
    /// Changes that follow from nothing that needs to be judged.
    Commit(Box<Changes>),
    /// A timer of a case is due.
    CaseTimer(TimestampMs, ProposalId),
    /// Counted refusals are to be looked at.
    CountsDue,
    /// An authorised change is to be made.
    Begin(ProposalId),
    /// Changes that waited for another one, or for work to resume, may go on.
    BeginWaiting,
    /// An execution is to be taken up (again).
    Resume(ProposalId),
    /// The executor is done or gave up for now.
    Executed(ProposalId, Box<Result<PlatformRecord, ExecuteError>>),
    /// The executor ended without a word: it broke.
    WorkerLost(ProposalId),
}

/// What is done when the changes are durable.
pub enum Effect {
    /// Make the change; [`Event::Executed`] or [`Event::WorkerLost`] says how it went.
    Execute {
        /// The authority.
        authorized: Box<Authorized<Action>>,
        /// How far to go.
        limits: Limits,
        /// The moment at which it begins.
        at: TimestampMs,
    },
    /// What became of the drafts, in their order.
    Drafted(Vec<Result<Opened, Refused>>),
    /// The rules that were loaded cannot be published; those before stay in force.
    RulesRefused(CoreError),
    /// Where to read on in the relay's records.
    Page(PageAnswer),
    /// Something follows that is judged by what is durable now.
    Next(Event),
}

/// Where to read on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageAnswer {
    /// The position to ask after.
    pub cursor: u64,
    /// Whether to ask at once.
    pub more: bool,
}

/// The moment of an event.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// The moment to judge by, never before the log's newest entry.
    pub at: TimestampMs,
    /// What has passed since the process began, by a count that no clock moves.
    pub counted: Duration,
}
