//! Control statements: one person stops, two resume, the reading of a prompt, and the wish to take
//! an executed change back.

use crate::{
    Change, Content, Judged, Mark, View, World,
    content::{gate_actor, person_actor},
    rollback,
    world::roster_at,
};
use countersign_model::{
    Control, Digest, Envelope, PersonId, Roster, TimestampMs,
    control::{self, Command, Halt},
    decision::Refusal,
    entry::{EntryBody, LogEvent},
    personal::Unfit,
    reason::Reason,
};
use countersign_workflow::check::CLOCK_TOLERANCE_MS;

/// What a control statement is to the judge.
#[derive(Debug)]
pub enum Stated {
    /// Exactly this was judged before: nothing follows.
    Known,
    /// Not a statement that anybody on the roster signed; only its carrier answers for it.
    /// The entry is for a gate that has room for it.
    Unsigned(Judged),
    /// A person's statement: accepted or refused.
    Judged(Judged),
}

/// Judges a statement by its bytes, whoever carried it.
///
/// # Errors
/// The view's own.
pub fn control<V: View>(
    view: &V,
    envelope: &Envelope,
    digest: Digest,
    at: TimestampMs,
) -> Result<Stated, V::Error> {
    if view.has(&Mark::Judged(digest))? {
        return Ok(Stated::Known);
    }
    let world = view.world()?;
    let Some(roster) = world.roster.as_deref() else { return Ok(Stated::Known) };
    let examined = match roster_at(&world, at) {
        Some(roster) => control::examine(envelope, roster),
        // A roster that has expired vouches for nobody.
        None => Err(Unfit::Unsigned(Refusal::UnknownKey)),
    };
    let mut judged = Judged::default();
    judged.put(Change::Mark(Mark::Judged(digest)));
    let (control, refusal) = match examined {
        Ok(signed) => (signed.control, None),
        Err(Unfit::Signed(control, refusal)) => (*control, Some(refusal)),
        Err(Unfit::Unsigned(refusal)) => {
            refuse(&mut judged, roster, None, digest, refusal);
            return Ok(Stated::Unsigned(judged));
        }
    };
    let id = Mark::Control(control.person, control.id);
    let placed = match refusal {
        _ if view.has(&id)? => Err(Refusal::Replayed),
        Some(refusal) => Err(refusal),
        None => place(view, &world, &control, digest, at)?,
    };
    judged.put(Change::Mark(id));
    match placed {
        Ok(halt) => {
            let is_stopped = halt.is_stopped();
            if halt != world.halt {
                judged.put(Change::Halt(halt));
            }
            if let Some(Ok(asked)) = control.rollback(digest).as_ref().map(rollback::asked) {
                judged.put(Change::Mark(asked));
            }
            judged.log(accepted(control, is_stopped, digest));
            judged.answer = Some(Ok(()));
        }
        Err(refusal) => refuse(&mut judged, roster, Some(control.person), digest, refusal),
    }
    Ok(Stated::Judged(judged))
}

/// What a verified statement means now. A device may be late, because it was offline; it
/// cannot have signed after its statement arrived.
fn place<V: View>(
    view: &V,
    world: &World,
    control: &Control,
    digest: Digest,
    at: TimestampMs,
) -> Result<Result<Halt, Refusal>, V::Error> {
    if control.signed_at_ms > at.plus_ms(CLOCK_TOLERANCE_MS) {
        return Ok(Err(Refusal::ClockSkew));
    }
    let refusal = match control.command {
        Command::ReadPrompt { proposal } => {
            (!view.has(&Mark::Case(proposal))?).then_some(Refusal::WrongProposal)
        }
        Command::Rollback { proposal, .. } => rollback::refusal(view, proposal)?,
        Command::Stop { .. } | Command::Resume { .. } => None,
    };
    if let Some(refusal) = refusal {
        return Ok(Err(refusal));
    }
    Ok(world.halt.after(control, digest))
}

/// `is_stopped` is whether work is stopped after it.
fn accepted(control: Control, is_stopped: bool, output_hash: Digest) -> Content {
    let reason = |code: &str, text| Reason { code: code.into(), text };
    let event = match control.command {
        Command::Stop { text } => {
            LogEvent::WorkStopped { output_hash, reason: reason("stop", text) }
        }
        Command::Resume { text, .. } if is_stopped => {
            LogEvent::ResumeAsked { output_hash, reason: reason("resume", text) }
        }
        Command::Resume { text, .. } => {
            LogEvent::WorkResumed { output_hash, reason: reason("resume", text) }
        }
        Command::ReadPrompt { proposal } => {
            LogEvent::PromptRead { proposal_id: proposal, output_hash }
        }
        Command::Rollback { proposal, text } => LogEvent::RollbackAsked {
            proposal_id: proposal,
            output_hash,
            reason: reason("rollback", text),
        },
    };
    Content::new(person_actor(control.person, None), event)
}

/// In the person's name when they are known to have signed it, else in the gate's.
fn refuse(
    judged: &mut Judged,
    roster: &Roster,
    person: Option<PersonId>,
    digest: Digest,
    refusal: Refusal,
) {
    let actor = match person {
        Some(person) => person_actor(person, None),
        None => gate_actor(roster.gate.device),
    };
    judged.log(Content::new(actor, LogEvent::ControlRefused { output_hash: digest, refusal }));
    judged.answer = Some(Err(refusal));
}

/// Whether work is stopped after one more entry of a log that was judged before: what a gate
/// reads from its own log when it starts.
#[must_use]
pub fn halt_after(halt: &Halt, body: &EntryBody) -> Halt {
    let person = || body.actor.id.parse::<PersonId>().ok();
    match (&body.event, halt) {
        (LogEvent::WorkStopped { output_hash, .. }, Halt::Running) => match person() {
            Some(by) => Halt::Stopped { stop: *output_hash, by, resume: [].into() },
            None => Halt::Running,
        },
        (LogEvent::ResumeAsked { .. }, Halt::Stopped { stop, by, resume }) => {
            let mut resume = resume.clone();
            resume.extend(person());
            Halt::Stopped { stop: *stop, by: *by, resume }
        }
        (LogEvent::WorkResumed { .. }, _) => Halt::Running,
        _ => halt.clone(),
    }
}
