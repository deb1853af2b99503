//! Control statements: one person stops, two resume, and the reading of a prompt. Verified
//! from their bytes, whoever carried them. Whether work is stopped is what the log says.

use super::{Driver, DriverError, open::gate_actor};
use crate::{
    changes::{Changes, Row},
    clock,
    store::StoreError,
};
use countersign_model::{
    Control, Digest, Envelope, PersonId, TimestampMs,
    control::{self, Command, SignedControl},
    decision::Refusal,
    entry::{Actor, ActorKind, EntryBody, EntryKind},
    reason::Reason,
};
use countersign_workflow::check::CLOCK_TOLERANCE_MS;

/// A statement that does not count: why, and who signed it if that is known.
struct Refused {
    refusal: Refusal,
    person: Option<PersonId>,
}

impl Driver {
    /// Takes one statement as it was carried. Doing it twice is doing it once.
    pub(super) fn handle_control(&mut self, bytes: &[u8]) -> Result<(), DriverError> {
        let digest = Digest::of(bytes);
        if self.ledger.store().read(|reader| reader.has_control(digest))? {
            return Ok(());
        }
        let now = clock::now();
        let mut changes = Changes::default();
        changes.put(Row::Control(digest, now));
        let Ok(envelope) = Envelope::from_bytes(bytes) else {
            tracing::warn!(%digest, "what was sent as a control statement is no envelope");
            return Ok(self.ledger.commit(changes, now)?);
        };
        let mut resumed = false;
        match self.judge_control(&envelope, digest, now)? {
            Ok((signed, kind)) => {
                tracing::warn!(control = %signed.control.id, entry = ?kind, "control statement accepted");
                resumed = kind == EntryKind::WorkResumed;
                changes.put(Row::ControlId(signed.control.person, signed.control.id));
                changes.put(Row::Envelope(bytes.to_vec()));
                log_accepted(&mut changes, signed.control, kind, digest);
            }
            Err(refused) if envelope.peek_unverified::<Control>().is_ok() => {
                tracing::warn!(%digest, refusal = ?refused.refusal, "control statement refused");
                changes.put(Row::Envelope(bytes.to_vec()));
                log_refused(&mut changes, refused, digest);
            }
            Err(_) => tracing::warn!(%digest, "an envelope is no control statement"),
        }
        self.ledger.commit(changes, now)?;
        if resumed { self.begin_waiting() } else { Ok(()) }
    }

    fn judge_control(
        &self,
        envelope: &Envelope,
        digest: Digest,
        now: TimestampMs,
    ) -> Result<Result<(SignedControl, EntryKind), Refused>, StoreError> {
        let roster = self.ledger.roster();
        let verified = if roster.expires_at_ms <= now {
            // A roster that has expired vouches for nobody.
            Err(Refusal::UnknownKey)
        } else {
            control::verify(envelope, roster)
        };
        let signed = match verified {
            Ok(signed) => signed,
            Err(refusal) => return Ok(Err(Refused { refusal, person: None })),
        };
        let person = Some(signed.control.person);
        Ok(match self.place_control(&signed.control, digest, now)? {
            Ok(kind) => Ok((signed, kind)),
            Err(refusal) => Err(Refused { refusal, person }),
        })
    }

    /// What a verified statement means now. A device may be late, because it was offline;
    /// it cannot have signed after its statement arrived.
    fn place_control(
        &self,
        control: &Control,
        digest: Digest,
        now: TimestampMs,
    ) -> Result<Result<EntryKind, Refusal>, StoreError> {
        if control.signed_at_ms > now.plus_ms(CLOCK_TOLERANCE_MS) {
            return Ok(Err(Refusal::ClockSkew));
        }
        let store = self.ledger.store();
        if store.read(|reader| reader.is_control_spent(control.person, control.id))? {
            return Ok(Err(Refusal::Replayed));
        }
        if let Command::ReadPrompt { proposal } = control.command
            && store.read(|reader| reader.case(proposal))?.is_none()
        {
            return Ok(Err(Refusal::WrongProposal));
        }
        Ok(self.ledger.halt().after(control, digest).map(|after| match control.command {
            Command::Stop { .. } => EntryKind::WorkStopped,
            Command::Resume { .. } if after.is_stopped() => EntryKind::ResumeAsked,
            Command::Resume { .. } => EntryKind::WorkResumed,
            Command::ReadPrompt { .. } => EntryKind::PromptRead,
        }))
    }
}

fn log_accepted(changes: &mut Changes, control: Control, kind: EntryKind, digest: Digest) {
    let (reason, proposal_id) = match control.command {
        Command::Stop { text } => (Some(Reason { code: "stop".into(), text }), None),
        Command::Resume { text, .. } => (Some(Reason { code: "resume".into(), text }), None),
        Command::ReadPrompt { proposal } => (None, Some(proposal)),
    };
    let actor = person_actor(control.person);
    changes.log(move |place| EntryBody {
        proposal_id,
        reason,
        output_hash: Some(digest),
        ..EntryBody::blank(place.into(), actor, kind)
    });
}

/// In the person's name when they are known to have signed it, else in the gate's.
fn log_refused(changes: &mut Changes, refused: Refused, digest: Digest) {
    changes.log(move |place| {
        let actor = refused.person.map_or_else(|| gate_actor(&place), person_actor);
        EntryBody {
            output_hash: Some(digest),
            refusal: Some(refused.refusal),
            ..EntryBody::blank(place.into(), actor, EntryKind::ControlRefused)
        }
    });
}

fn person_actor(person: PersonId) -> Actor {
    Actor { kind: ActorKind::Person, id: person.to_string(), role: None }
}
