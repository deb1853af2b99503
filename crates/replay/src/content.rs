//! An entry before it has a place in the log. Making one cannot fail, and what it may hold
//! is bounded, so that no event can stop the log.

use countersign_model::{
    AgentId, DeviceId, PersonId, ProposalId, Role,
    entry::{Actor, ActorKind, EntryBody, EntryHead, EntryKind, LogEvent},
};
use countersign_workflow::LogActor;
use serde::{Deserialize, Serialize};

/// What an entry says, without its place and moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    pub event: LogEvent,
}

impl Content {
    /// Something that somebody did.
    #[must_use]
    pub const fn new(actor: Actor, event: LogEvent) -> Self {
        Self { actor, event }
    }

    /// What a case asks to log, by the gate's device.
    pub(crate) fn of_case(by: LogActor, event: LogEvent, gate: DeviceId) -> Self {
        let actor = match by {
            LogActor::Gate => gate_actor(gate),
            LogActor::Person(person, role) => person_actor(person, Some(role)),
        };
        Self { actor, event }
    }

    /// The kind of what happened.
    #[must_use]
    pub fn kind(&self) -> EntryKind {
        self.event.kind()
    }

    /// The case that it is about, if it is about one.
    #[must_use]
    pub const fn proposal_id(&self) -> Option<ProposalId> {
        self.event.proposal_id()
    }

    /// The entry at its place, ready for the gate to sign.
    #[must_use]
    pub fn at(self, head: EntryHead) -> EntryBody {
        EntryBody::new(head, self.actor, self.event)
    }

    /// The first field in which an entry says something else; place and moment are not
    /// compared. `None` when it says exactly this.
    #[must_use]
    pub fn first_difference(&self, body: &EntryBody) -> Option<String> {
        if self.actor != body.actor {
            return Some("actor".into());
        }
        if self.event == body.event {
            return None;
        }
        let fields = |event: &LogEvent| match serde_json::to_value(event) {
            Ok(serde_json::Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        let (expected, found) = (fields(&self.event), fields(&body.event));
        let names: std::collections::BTreeSet<_> = expected.keys().chain(found.keys()).collect();
        let differs = names.into_iter().find(|name| expected.get(*name) != found.get(*name));
        Some(differs.cloned().unwrap_or_default())
    }
}

/// The gate as an actor.
pub(crate) fn gate_actor(gate: DeviceId) -> Actor {
    Actor { kind: ActorKind::Gate, id: gate.to_string(), role: None }
}

/// A person as an actor.
pub(crate) fn person_actor(person: PersonId, role: Option<Role>) -> Actor {
    Actor { kind: ActorKind::Person, id: person.to_string(), role }
}

/// An agent as an actor.
pub(crate) fn agent_actor(agent: AgentId) -> Actor {
    Actor { kind: ActorKind::Agent, id: agent.to_string(), role: None }
}
