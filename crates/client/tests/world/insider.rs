//! An enrolled device with a client of its own, which writes whatever it likes.

use super::{Gate, gate::Made, now};
use countersign_model::{
    Comment, CommentId, DeviceId, Digest, Envelope, PersonId, Role, Signer as _, comment,
    roster::{Device, Person},
    signature::SigningKey,
};
use countersign_sync::WriterState;
use std::collections::BTreeSet;
use uuid::Uuid;

pub struct Insider {
    pub person: PersonId,
    pub device: DeviceId,
    pub key: SigningKey,
    pub writer: WriterState,
}

impl Insider {
    /// Joins as ops.
    pub async fn join(gate: &mut Gate) -> Self {
        let insider = Self {
            person: PersonId::from_uuid(Uuid::now_v7()),
            device: DeviceId::from_uuid(Uuid::now_v7()),
            key: SigningKey::from_seed(&[66; 32]),
            writer: WriterState::new(),
        };
        gate.roster.people.push(person("Ines", insider.person, insider.device, &insider.key));
        gate.publish_roster().await;
        insider
    }

    /// Seals and pushes bodies, whatever they are.
    pub async fn write(&mut self, gate: &Gate, bodies: &[Vec<u8>]) {
        let mut sealed = Vec::new();
        for body in bodies {
            let (record, next) = gate.seal_as(self.writer, self.device, &self.key, body);
            self.writer = next;
            sealed.push(record);
        }
        // A push is bounded; so many of the largest fit.
        for some in sealed.chunks(12) {
            gate.push_as(self.device, &self.key, some).await;
        }
    }
}

fn person(name: &str, id: PersonId, device: DeviceId, key: &SigningKey) -> Person {
    Person {
        id,
        name: name.into(),
        roles: BTreeSet::from([Role::parse("ops").unwrap()]),
        devices: vec![Device {
            id: device,
            signing_key: key.public_key(),
            sealing_key: Digest::of(b"sealing"),
            enrolled_at_ms: now().plus_ms(-3_600_000),
            revoked_at_ms: None,
        }],
        factors: BTreeSet::new(),
    }
}

/// A comment by somebody who is not on the roster yet, and who that is.
pub struct Late {
    pub person: Person,
    pub envelope: Vec<u8>,
}

pub fn late_comment(gate: &Gate, made: &Made, key: &SigningKey) -> Late {
    let (id, device) = (PersonId::from_uuid(Uuid::now_v7()), DeviceId::from_uuid(Uuid::now_v7()));
    let comment = Comment {
        id: CommentId::from_uuid(Uuid::now_v7()),
        workspace: gate.workspace,
        proposal: made.case,
        person: id,
        device,
        text: "I was here before".into(),
        mentions: BTreeSet::new(),
        question_for: BTreeSet::new(),
        answers: None,
        signed_at_ms: now(),
    };
    let payload = comment::statement_bytes(&comment, made.proposal.digest().unwrap()).unwrap();
    let envelope = Envelope::sign_payload(&payload, &[key]).unwrap().to_bytes().unwrap();
    Late { person: person("Lena", id, device, key), envelope }
}
