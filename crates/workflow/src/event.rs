//! What a case is told, and what it asks for in return.

use crate::Authorized;
use countersign_model::{
    Action, DecisionId, Digest, PersonId, ProposalId, Role, TimestampMs,
    decision::{Refusal, SignedDecision},
    entry::{DecisionRecord, LogEvent, PlatformRecord, Waiting},
    verdict::FactorKind,
};

/// Something that happened to a case.
#[derive(Clone, Debug)]
pub enum Event {
    /// A person's decision arrived, its signature checked.
    Decision(Box<DecisionEvent>),
    /// The timer of the verdict's deadline fired.
    DeadlinePassed,
    /// The timer of a rung of the ladder fired.
    RungDue(TimestampMs),
    /// The timer of the proposal's expiry fired.
    Expired,
    /// Another case has changed the entity.
    EntityMoved {
        /// The other case.
        by: ProposalId,
        /// The entity's revision since.
        revision: u64,
    },
    /// The executor is about to act. The gate starts it only if the case is
    /// [`Executing`](crate::Phase::Executing) afterwards.
    ExecutionIntended,
    /// The executor cannot go on now and has changed nothing.
    ExecutionWaits(Waiting),
    /// The executor is done, one way or the other.
    ExecutionFinished(Box<PlatformRecord>),
}

/// A decision with what the gate found out about it.
#[derive(Clone, Debug)]
pub struct DecisionEvent {
    /// The decision; signature, device and role were checked against the roster.
    pub signed: SignedDecision,
    /// Digest of its canonical envelope.
    pub envelope: Digest,
    /// What came of checking the second factor.
    pub factor: FactorCheck,
    /// Who answers for the drafting agent by the present roster; `None` if it is gone, or if no
    /// agent drafted it. Neither this person nor whoever the proposal names may decide.
    pub agent_owner: Option<PersonId>,
}

/// What came of checking a second factor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FactorCheck {
    /// The decision carries none.
    NotPresented,
    /// It is right, of the minute of signing, and was not used before.
    Valid(FactorKind),
    /// It is wrong, or of another minute.
    Wrong,
    /// It was used before.
    Reused,
    /// It was not looked at: this person gave too many wrong ones just now.
    Locked,
    /// There is one, and nobody here could check it; it does not count.
    Unchecked,
}

/// What a case asks its owner to do, in this order. `Log` comes before what it permits.
#[derive(Debug)]
pub enum Effect {
    /// Append to the audit log.
    Log {
        /// Who did it.
        by: LogActor,
        /// What happened.
        event: Box<LogEvent>,
    },
    /// Send the new log entries to the desktops.
    Publish,
    /// Step the case again at this moment; durable.
    WakeAt(TimestampMs),
    /// Execute.
    Execute(Authorized<Action>),
    /// Tell the author what became of the decision.
    Answer {
        /// The decision.
        decision: DecisionId,
        /// Accepted, or why not.
        result: Result<(), Refusal>,
    },
}

/// Who an entry is about. Which device the gate is, a case does not know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LogActor {
    /// The gate itself.
    Gate,
    /// A person in a role.
    Person(PersonId, Role),
}

impl DecisionEvent {
    /// The decision as the log keeps it.
    pub(crate) fn record(&self) -> DecisionRecord {
        let decision = self.signed.decision();
        let factor = match self.factor {
            FactorCheck::Valid(kind) => Some(kind),
            _ => None,
        };
        DecisionRecord { id: decision.id, kind: decision.kind, envelope: self.envelope, factor }
    }
}
