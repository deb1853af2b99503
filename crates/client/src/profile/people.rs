//! People, devices and agents, as the verified roster holds them.

use crate::{
    profile::member::Me,
    view::{AgentView, DeviceView, PeopleView, PersonView, names, number::count},
};
use countersign_identity::{anchor::Anchor, enrolment};
use countersign_model::{
    Digest, PublicKey, Roster, TimestampMs, fingerprint,
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

/// Six words over a public key that stands alone, such as the gate's.
pub(crate) fn key_words(key: PublicKey) -> Vec<String> {
    owned(fingerprint::words(Digest::of(key.as_bytes())))
}

/// Six words of what this device believes everything else on; the same at everybody.
pub(crate) fn root_words(roster: &Roster) -> Vec<String> {
    owned(Anchor::of(roster).words())
}

/// Six words over a device's two keys.
pub(crate) fn device_words(signing_key: PublicKey, sealing_key: Digest) -> Vec<String> {
    owned(enrolment::device_words(signing_key, sealing_key))
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

fn owned(words: Vec<&'static str>) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
}
