//! Names for ids, from the verified roster alone.

use countersign_model::{
    AgentId, PersonId, Roster,
    entry::{Actor, ActorKind},
};

/// A person's name.
pub(crate) fn person(roster: &Roster, id: PersonId) -> String {
    roster.person(id).map_or_else(|| "someone not on the roster".into(), |one| one.name.clone())
}

/// Who a log entry says did it.
pub(crate) fn actor(roster: &Roster, actor: &Actor) -> String {
    match actor.kind {
        ActorKind::Gate => "Gate".into(),
        ActorKind::Person => actor
            .id
            .parse()
            .map_or_else(|_| "someone not on the roster".into(), |id| person(roster, id)),
        ActorKind::Agent => actor
            .id
            .parse::<AgentId>()
            .ok()
            .and_then(|id| roster.agent(id))
            .map_or_else(|| "an agent not on the roster".into(), |agent| agent.name.clone()),
    }
}

/// What a name of [`wire`] stands for.
pub(crate) fn of_wire<T: serde::de::DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_value(name.into()).ok()
}

/// The lower-case name that an enum has on the wire, for the window to branch on.
pub(crate) fn wire<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}
