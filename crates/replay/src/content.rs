//! An entry before it has a place in the log. Making one cannot fail, and what it may hold
//! is bounded, so that no event can stop the log.

use countersign_model::{
    AgentId, DeviceId, Digest, EventId, PersonId, Role, TimestampMs, WorkspaceId,
    entry::{Actor, ActorKind, EntryBody, EntryHead, EntryKind},
};
use countersign_workflow::{EntryPlace, LogRecord};
use serde::{Deserialize, Serialize};

/// What an entry says, without its place and moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Content(Box<EntryBody>);

/// The head of nothing: replaced when the entry gets its place.
fn no_head() -> EntryHead {
    EntryHead {
        event_id: EventId::from_uuid(Default::default()),
        seq: 0,
        prev_hash: Digest::from_bytes([0; 32]),
        at_ms: TimestampMs::from_millis(0),
        workspace: WorkspaceId::from_uuid(Default::default()),
    }
}

impl Content {
    /// An entry of this kind with nothing else in it.
    #[must_use]
    pub fn blank(action: EntryKind, actor: Actor) -> Self {
        Self(Box::new(EntryBody::blank(no_head(), actor, action)))
    }

    /// The same with more said.
    #[must_use]
    pub(crate) fn with(mut self, say: impl FnOnce(&mut EntryBody)) -> Self {
        say(&mut self.0);
        self
    }

    /// What the workflow asks to log, by the gate's device.
    pub(crate) fn of_record(record: LogRecord, gate: DeviceId) -> Self {
        let EntryHead { event_id, seq, prev_hash, at_ms, workspace } = no_head();
        let place = EntryPlace { event_id, seq, prev_hash, at_ms, workspace, gate };
        Self(Box::new(record.into_body(place)))
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> EntryKind {
        self.0.action
    }

    /// What it says; place and moment are not its own.
    #[must_use]
    pub fn body(&self) -> &EntryBody {
        &self.0
    }

    /// The entry at its place, ready for the gate to sign.
    #[must_use]
    pub fn at(self, head: EntryHead) -> EntryBody {
        let EntryHead { event_id, seq, prev_hash, at_ms, workspace } = head;
        EntryBody { event_id, seq, prev_hash, at_ms, workspace, ..*self.0 }
    }

    /// The first field in which an entry says something else; place and moment are not
    /// compared. `None` when it says exactly this.
    #[must_use]
    pub fn first_difference(&self, body: &EntryBody) -> Option<String> {
        let placed = self.clone().at(EntryHead {
            event_id: body.event_id,
            seq: body.seq,
            prev_hash: body.prev_hash,
            at_ms: body.at_ms,
            workspace: body.workspace,
        });
        if placed == *body {
            return None;
        }
        let fields = |body: &EntryBody| match serde_json::to_value(body) {
            Ok(serde_json::Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        let (expected, found) = (fields(&placed), fields(body));
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
