//! The stop, as a person signs it: one person stops, two resume.

use crate::{
    case::halt::{ResumeBlocked, pending, resume_blocked, stopped},
    profile::{
        failure::{Broken, Cause, Failure},
        member::{Me, Member},
        random,
    },
    sign::{
        outgoing::Sealer,
        tickets::{Confirm, GOOD_FOR_MS, Tickets},
    },
    view::{
        HaltInput, HaltKind,
        entered::{self, Field, TextRefused},
    },
};
use countersign_document::RecordBody;
use countersign_model::{
    Control, ControlId, Envelope, TimestampMs,
    confirm::{self, Language},
    control::{self, Command},
    decision::Refusal,
    reason::MAX_TEXT_CHARS,
};
use countersign_store::{ControlRow, Reader, Stage, StoreError, Tx};

/// Why a control statement is not made, or not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HaltError {
    #[error(transparent)]
    Text(#[from] TextRefused),
    #[error("the reason is longer than {MAX_TEXT_CHARS} characters")]
    TooLong,
    #[error("work is stopped already")]
    AlreadyStopped,
    #[error(transparent)]
    Resume(#[from] ResumeBlocked),
    /// The gate would refuse it so, or nobody could verify it.
    #[error("the gate would refuse it: {0:?}")]
    Refused(Refusal),
    #[error(transparent)]
    Failure(Failure),
}

impl<C: Cause> From<C> for HaltError {
    fn from(cause: C) -> Self {
        Self::Failure(cause.into())
    }
}

/// Bytes of a stop or a resume that were shown and may be signed.
pub(crate) struct Prepared(pub(crate) Vec<u8>);

/// Makes the bytes of a stop or a resume, and the sheet rendered from them.
pub(crate) fn prepare<S: From<Prepared>>(
    reader: &Reader<'_>,
    me: &Me,
    input: &HaltInput,
    tickets: &mut Tickets<S>,
    language: Language,
    now: TimestampMs,
) -> Result<Confirm, HaltError> {
    let text = entered::text(Field::Halt, &input.text)?;
    if text.chars().count() > MAX_TEXT_CHARS {
        return Err(HaltError::TooLong);
    }
    let stopped = stopped(reader)?;
    let command = match (input.kind, stopped) {
        (HaltKind::Stop, Some(_)) => {
            return Err(HaltError::AlreadyStopped);
        }
        (HaltKind::Stop, None) => Command::Stop { text },
        (HaltKind::Resume, stopped) => {
            if let Some(why) = resume_blocked(stopped.as_ref(), &pending(reader)?, me) {
                return Err(why.into());
            }
            if text.is_empty() {
                return Err(HaltError::Refused(Refusal::ReasonMissing));
            }
            let stop = stopped.ok_or(ResumeBlocked::NotStopped)?.stop;
            Command::Resume { stop, text }
        }
    };
    let bytes = statement(me, command, now)?;
    let sheet = confirm::render_control(&bytes, language).map_err(|_| Broken("control sheet"))?;
    Ok(Confirm {
        ticket: tickets.keep(Prepared(bytes).into(), now)?,
        sheet,
        warnings: vec![],
        // Stopping is quick; resuming takes a second, different gesture.
        armed_only: input.kind == HaltKind::Resume,
        good_until_ms: now.plus_ms(GOOD_FOR_MS),
    })
}

/// The bytes of a control statement of this person on this device.
pub(crate) fn statement(me: &Me, command: Command, now: TimestampMs) -> Result<Vec<u8>, Failure> {
    let control = Control {
        id: ControlId::from_uuid(random::uuid(now)?),
        workspace: me.workspace,
        command,
        person: me.person,
        device: me.device,
        signed_at_ms: now,
    };
    Ok(control::statement_bytes(&control).map_err(|_| Broken("control statement"))?)
}

/// Stores a signed control statement with the record that carries it, and what else belongs
/// to it: all or nothing. It is sent as soon as there is a network, never held.
pub(crate) fn store(
    member: &mut Member,
    envelope: &Envelope,
    now: TimestampMs,
    also: impl FnOnce(&Tx<'_>) -> Result<(), StoreError>,
) -> Result<(), HaltError> {
    let signed = control::verify(envelope, &member.me.roster).map_err(HaltError::Refused)?;
    let envelope = envelope.to_bytes().map_err(|_| Broken("envelope"))?;
    let Member { me, keys, store, epoch_keys, .. } = member;
    let sealer = Sealer::new(me, keys, epoch_keys)?;
    store.transaction::<_, HaltError>(|tx| {
        tx.add_source(&envelope)?;
        tx.add_control(&ControlRow {
            digest: signed.digest,
            id: signed.control.id,
            envelope: envelope.clone(),
            mine: true,
            stage: Stage::Signed,
            refusal: None,
            stored_at_ms: now,
        })?;
        sealer.queue(tx, &RecordBody::Control { envelope: envelope.clone() }, signed.digest)?;
        Ok(also(tx)?)
    })
}
