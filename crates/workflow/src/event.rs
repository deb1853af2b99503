//! What a case is told, and what it asks for in return.

use crate::Authorized;
use countersign_model::{
    Action, DecisionId, DeviceId, Digest, EventId, PersonId, ProposalId, Role, TimestampMs,
    WorkspaceId,
    decision::{Refusal, SignedDecision},
    entry::{
        Actor, ActorKind, Approval, DecisionRecord, EntryBody, EntryHead, EntryKind,
        PlatformRecord, Waiting,
    },
    reason::Reason,
    verdict::{FactorKind, PolicyRef},
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
    /// Who answers for the drafting agent by the present roster; `None` if it is gone.
    /// Neither this person nor the owner named in the proposal may decide.
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
    Log(Box<LogRecord>),
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

/// Who an entry is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LogActor {
    /// The gate itself.
    Gate,
    /// A person in a role.
    Person(PersonId, Role),
}

/// The content of a log entry, before it has a place in the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogRecord {
    /// What happened.
    pub kind: EntryKind,
    /// Who did it.
    pub actor: LogActor,
    /// The case.
    pub proposal: ProposalId,
    /// A decision.
    pub decision: Option<DecisionRecord>,
    /// Why.
    pub reason: Option<Reason>,
    /// The policy in force.
    pub policy: Option<PolicyRef>,
    /// The change in question.
    pub change: Option<Action>,
    /// The signatures that authorised it.
    pub approvals: Vec<Approval>,
    /// What the platform answered.
    pub platform: Option<PlatformRecord>,
    /// What an execution waits for.
    pub waiting: Option<Waiting>,
    /// The role that the ladder told.
    pub told: Option<Role>,
}

/// The place of an entry in the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EntryPlace {
    /// The entry.
    pub event_id: EventId,
    /// Position from 0.
    pub seq: u64,
    /// Leaf hash of the entry before.
    pub prev_hash: Digest,
    /// The gate's clock.
    pub at_ms: TimestampMs,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The gate as an actor.
    pub gate: DeviceId,
}

impl From<EntryPlace> for EntryHead {
    fn from(place: EntryPlace) -> Self {
        let EntryPlace { event_id, seq, prev_hash, at_ms, workspace, gate: _ } = place;
        Self { event_id, seq, prev_hash, at_ms, workspace }
    }
}

impl LogRecord {
    pub(crate) const fn new(kind: EntryKind, actor: LogActor, proposal: ProposalId) -> Self {
        Self {
            kind,
            actor,
            proposal,
            decision: None,
            reason: None,
            policy: None,
            change: None,
            approvals: Vec::new(),
            platform: None,
            waiting: None,
            told: None,
        }
    }

    /// The record of a decision, accepted or refused.
    pub(crate) fn of_decision(
        event: &DecisionEvent,
        kind: EntryKind,
        refusal: Option<Refusal>,
    ) -> Self {
        let decision = event.signed.decision();
        let factor = match event.factor {
            FactorCheck::Valid(kind) => Some(kind),
            _ => None,
        };
        let actor = LogActor::Person(decision.person, decision.role.clone());
        Self {
            decision: Some(DecisionRecord {
                id: decision.id,
                kind: decision.kind,
                envelope: event.envelope,
                factor,
                refusal,
            }),
            reason: Some(decision.reason.clone()),
            ..Self::new(kind, actor, decision.proposal)
        }
    }

    /// The entry at its place, ready for the gate to sign.
    #[must_use]
    pub fn into_body(self, place: EntryPlace) -> EntryBody {
        let actor = match self.actor {
            LogActor::Gate => {
                Actor { kind: ActorKind::Gate, id: place.gate.to_string(), role: None }
            }
            LogActor::Person(person, role) => {
                Actor { kind: ActorKind::Person, id: person.to_string(), role: Some(role) }
            }
        };
        EntryBody {
            proposal_id: Some(self.proposal),
            decision: self.decision,
            reason: self.reason,
            policy: self.policy,
            change: self.change,
            approvals: self.approvals,
            platform: self.platform,
            waiting: self.waiting,
            told: self.told,
            ..EntryBody::blank(place.into(), actor, self.kind)
        }
    }
}
