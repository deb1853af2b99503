//! A story in which work was stopped, for tests.

use super::{
    Keys, empty_body, keys,
    story::{Story, at, person, trust, uuid},
    workspace,
};
use countersign_audit::{Judgement, Report, verify_export};
use countersign_model::{
    Control, ControlId, DeviceId, Digest, Envelope,
    control::{Command, statement_bytes},
    entry::{Actor, ActorKind, EntryBody, EntryKind},
    reason::Reason,
};

pub fn control(number: u128, id: u128, command: Command) -> Control {
    Control {
        id: ControlId::from_uuid(uuid(id)),
        workspace: workspace(),
        command,
        person: person(number),
        device: DeviceId::from_uuid(uuid(number + 100)),
        signed_at_ms: at(1_000),
    }
}

pub fn seal(control: &Control, key: &Keys) -> Envelope {
    Envelope::sign_payload(&statement_bytes(control).unwrap(), &[key]).unwrap()
}

/// The entry that a gate makes of a statement.
pub fn entry(kind: EntryKind, control: &Control, envelope: &Envelope) -> EntryBody {
    let reason = |text: &String| Some(Reason { code: "any".into(), text: text.clone() });
    let (reason, proposal_id) = match &control.command {
        Command::Stop { text } | Command::Resume { text, .. } => (reason(text), None),
        Command::ReadPrompt { proposal } => (None, Some(*proposal)),
    };
    EntryBody {
        actor: Actor { kind: ActorKind::Person, id: control.person.to_string(), role: None },
        reason,
        proposal_id,
        output_hash: envelope.digest().ok(),
        ..empty_body(0, Digest::from_bytes([0; 32]), kind)
    }
}

pub struct Switch {
    pub story: Story,
    pub stop: Digest,
}

impl Switch {
    /// Stopped by Olga after the authorisation and before the execution.
    pub fn stopped() -> Self {
        let mut story = Story::honest();
        let stop = control(1, 501, Command::Stop { text: String::new() });
        let envelope = seal(&stop, &keys(3));
        let begun =
            story.bodies.iter().position(|body| body.action == EntryKind::ExecutionIntended);
        story.bodies.insert(begun.unwrap(), entry(EntryKind::WorkStopped, &stop, &envelope));
        let stop = envelope.digest().unwrap();
        story.envelopes.push(envelope);
        Self { story, stop }
    }

    /// Adds what a gate says of a statement, just before the execution.
    pub fn say(&mut self, kind: EntryKind, control: &Control, key: &Keys) -> &mut EntryBody {
        let envelope = seal(control, key);
        let bodies = &mut self.story.bodies;
        let begun = bodies.iter().position(|body| body.action == EntryKind::ExecutionIntended);
        bodies.insert(begun.unwrap(), entry(kind, control, &envelope));
        self.story.envelopes.push(envelope);
        &mut self.story.bodies[begun.unwrap()]
    }

    pub fn resume(&self, number: u128, id: u128) -> Control {
        control(number, id, Command::Resume { stop: self.stop, text: "safe".into() })
    }

    pub fn report(&self) -> Report {
        verify_export(self.story.export().as_slice(), Some(&trust()), None).unwrap()
    }

    #[track_caller]
    pub fn found(&self, words: &str) {
        let report = self.report();
        assert_eq!(report.integrity, Judgement::Fails, "unseen: {words}");
        let found = report.findings.iter().any(|finding| finding.what.contains(words));
        assert!(found, "no {words:?} in {:#?}", report.findings);
    }
}
