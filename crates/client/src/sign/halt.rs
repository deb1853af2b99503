//! The kill switch, as a person signs it: one person stops, two resume.

use crate::{
    case::halt::{not_stopped, pending, resume_blocked, stopped},
    profile::{
        member::{Me, Member},
        random,
    },
    sign::{decide, outgoing::Sealer, tickets::Tickets},
    view::{
        ConfirmView, HaltInput, HaltKind, ProblemView,
        entered::{self, Field},
        problem::{self, Code, internal, problem},
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
) -> Result<ConfirmView, ProblemView> {
    let text = entered::text(Field::Halt, &input.text)?;
    if text.chars().count() > MAX_TEXT_CHARS {
        return Err(problem(Code::HaltText, "The reason is longer than 2,000 characters.", &[]));
    }
    let stopped = stopped(reader)?;
    let command = match (input.kind, stopped) {
        (HaltKind::Stop, Some(_)) => {
            return Err(problem(Code::AlreadyStopped, "Work is stopped already.", &[]));
        }
        (HaltKind::Stop, None) => Command::Stop { text },
        (HaltKind::Resume, stopped) => {
            if let Some(why) = resume_blocked(stopped.as_ref(), &pending(reader)?, me) {
                return Err(why);
            }
            if text.is_empty() {
                return Err(problem::refusal(Refusal::ReasonMissing));
            }
            let stop = stopped.ok_or_else(not_stopped)?.stop;
            Command::Resume { stop, text }
        }
    };
    let bytes = statement(me, command, now)?;
    let sheet = confirm::render_control(&bytes, language).map_err(|_| internal("control sheet"))?;
    let ticket = tickets.keep(Prepared(bytes).into(), now)?;
    // Stopping is quick; going on takes a second, different gesture.
    Ok(decide::confirm_view(ticket, sheet, vec![], input.kind == HaltKind::Resume, now))
}

/// The bytes of a control statement of this person on this device.
pub(crate) fn statement(
    me: &Me,
    command: Command,
    now: TimestampMs,
) -> Result<Vec<u8>, ProblemView> {
    let control = Control {
        id: ControlId::from_uuid(random::uuid(now)?),
        workspace: me.workspace,
        command,
        person: me.person,
        device: me.device,
        signed_at_ms: now,
    };
    control::statement_bytes(&control).map_err(|_| internal("control statement"))
}

/// Stores a signed control statement with the record that carries it, and what else belongs
/// to it: all or nothing. It is sent as soon as there is a network, never held.
pub(crate) fn store(
    member: &mut Member,
    envelope: &Envelope,
    now: TimestampMs,
    also: impl FnOnce(&Tx<'_>) -> Result<(), StoreError>,
) -> Result<(), ProblemView> {
    let signed = control::verify(envelope, &member.me.roster).map_err(problem::refusal)?;
    let envelope = envelope.to_bytes().map_err(|_| internal("envelope"))?;
    let Member { me, keys, store, epoch_keys, .. } = member;
    let sealer = Sealer::new(me, keys, epoch_keys)?;
    store.transaction::<_, ProblemView>(|tx| {
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
