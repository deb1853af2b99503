//! People, devices and agents, as the verified roster holds them.

use crate::{
    profile::{
        member::Me,
        words::{device_words, key_words, root_words},
    },
    view::{AgentView, DeviceView, PeopleView, PersonView, names, number::count},
};
use countersign_model::{
    TimestampMs,
    roster::{Device, Person},
};

/// The roster for the window.
pub(crate) fn view(me: &Me) -> PeopleView {
    let roster = &me.roster;
    PeopleView {
        version: roster.version,
        issued_at_ms: roster.issued_at_ms.millis(),
        expires_at_ms: roster.expires_at_ms.millis(),
        root_keys: count(roster.root.keys.len()),
        root_threshold: u32::from(roster.root.threshold),
        gate_fingerprint: key_words(roster.gate.signing_key),
        root_words: root_words(roster),
        people: roster.people.iter().map(|one| person(me, one)).collect(),
        agents: roster
            .agents
            .iter()
            .map(|agent| AgentView {
                id: agent.id.to_string(),
                name: agent.name.clone(),
                owner: names::person(roster, agent.owner),
            })
            .collect(),
    }
}

fn person(me: &Me, person: &Person) -> PersonView {
    PersonView {
        id: person.id.to_string(),
        name: person.name.clone(),
        me: person.id == me.person,
        roles: person.roles.iter().map(ToString::to_string).collect(),
        factors: person.factors.iter().map(names::wire).collect(),
        devices: person.devices.iter().map(|one| device(me, one)).collect(),
    }
}

fn device(me: &Me, device: &Device) -> DeviceView {
    DeviceView {
        id: device.id.to_string(),
        fingerprint: device_words(device.signing_key, device.sealing_key),
        this_device: device.id == me.device,
        enrolled_at_ms: device.enrolled_at_ms.millis(),
        revoked_at_ms: device.revoked_at_ms.map(TimestampMs::millis),
    }
}
