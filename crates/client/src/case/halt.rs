//! Whether work is stopped: one person stops, two resume. The state follows from verified log
//! entries; what this device has signed and the gate has not logged is shown as pending.

use crate::{
    case::contain::{ContentError, TakeError},
    profile::{
        failure::{Broken, Failure},
        member::Me,
    },
    view::{HaltKind, names},
};
use countersign_model::{
    Control, Digest, Envelope, PersonId, TimestampMs,
    control::{self, Command},
    entry::{Entry, EntryKind, LogEvent},
};
use countersign_store::{ControlRow, Reader, Stage, StoreError, Tx};
use std::collections::BTreeSet;

/// More entries than a stop has between itself and its end.
const MAX_ENTRIES: u32 = 100;

/// A stop that is in force.
pub(crate) struct Stopped {
    /// Digest of its canonical envelope.
    pub(crate) stop: Digest,
    by: PersonId,
    entry: Entry,
    asked: BTreeSet<PersonId>,
}

/// Whether work is stopped, and who says what about that.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Halt {
    /// The log says that work is stopped.
    pub(crate) stopped: bool,
    /// Since when, by the gate's clock.
    pub(crate) since_ms: Option<TimestampMs>,
    /// The name of who stopped it.
    pub(crate) by: Option<String>,
    /// Why, in their words.
    pub(crate) reason: Option<String>,
    /// The names of those who have asked to resume since.
    pub(crate) resume_asked_by: Vec<String>,
    /// My own stop or resume that the gate has not logged yet.
    pub(crate) pending: Option<HaltKind>,
    /// Why I cannot ask to resume.
    pub(crate) resume_blocked: Option<ResumeBlocked>,
}

/// Why I cannot ask to resume.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum ResumeBlocked {
    #[error("work is not stopped")]
    NotStopped,
    #[error("I have asked already")]
    Asked,
}

/// Whether work is stopped, as this device knows it.
pub(crate) fn read(reader: &Reader<'_>, me: &Me) -> Result<Halt, Failure> {
    let stopped = stopped(reader)?;
    let mine = pending(reader)?;
    let reason = match &stopped {
        Some(stopped) => text_of(reader, stopped)?,
        None => None,
    };
    let asked = stopped.iter().flat_map(|stopped| &stopped.asked);
    Ok(Halt {
        stopped: stopped.is_some(),
        since_ms: stopped.as_ref().map(|stopped| stopped.entry.body.at_ms),
        by: stopped.as_ref().map(|stopped| names::person(&me.roster, stopped.by)),
        reason,
        resume_asked_by: asked.map(|person| names::person(&me.roster, *person)).collect(),
        pending: mine.last().map(|control| kind_of(&control.command)),
        resume_blocked: resume_blocked(stopped.as_ref(), &mine, me),
    })
}

/// The stop in force, by the digest that names it, and whether I made it.
pub(crate) fn stop_in_force(
    reader: &Reader<'_>,
    me: &Me,
) -> Result<Option<(Digest, bool)>, Failure> {
    Ok(stopped(reader)?.map(|stopped| (stopped.stop, stopped.by == me.person)))
}

/// Keeps a control statement that arrived, if somebody on the roster signed it.
pub(crate) fn take_in(
    tx: &Tx<'_>,
    me: &Me,
    bytes: &[u8],
    now: TimestampMs,
) -> Result<(), TakeError> {
    let signed = Envelope::from_bytes(bytes)
        .ok()
        .and_then(|envelope| control::verify(&envelope, &me.roster).ok())
        .ok_or(ContentError::Control)?;
    tx.add_source(bytes)?;
    tx.add_control(&ControlRow {
        digest: signed.digest,
        id: signed.control.id,
        envelope: bytes.to_vec(),
        mine: signed.control.device == me.device,
        stage: Stage::Delivered,
        refusal: None,
        stored_at_ms: now,
    })?;
    Ok(())
}

/// Moves on my statements that an entry of the log answers.
pub(crate) fn settle(tx: &Tx<'_>, entry: &Entry) -> Result<(), StoreError> {
    let event = &entry.body.event;
    let (statement, stage) = match event {
        LogEvent::WorkStopped { output_hash, .. }
        | LogEvent::ResumeAsked { output_hash, .. }
        | LogEvent::WorkResumed { output_hash, .. }
        | LogEvent::PromptRead { output_hash, .. }
        | LogEvent::RollbackAsked { output_hash, .. } => (*output_hash, Stage::Accepted),
        LogEvent::ControlRefused { output_hash, .. } => (*output_hash, Stage::Refused),
        _ => return Ok(()),
    };
    let refusal = event.refusal().map(|refusal| names::wire(&refusal));
    for row in tx.pending_controls()? {
        if statement == Digest::of(&row.envelope) {
            tx.advance_control(row.digest, stage, refusal.as_deref())?;
        }
    }
    Ok(())
}

/// The stop in force: the first since work was last resumed.
pub(crate) fn stopped(reader: &Reader<'_>) -> Result<Option<Stopped>, Failure> {
    let resumed = entries(reader, EntryKind::WorkResumed, 1)?.first().map(|(seq, _)| *seq);
    let since = |seq: u64| resumed.is_none_or(|resumed| seq > resumed);
    let stops = entries(reader, EntryKind::WorkStopped, MAX_ENTRIES)?;
    let first = stops.into_iter().rev().find(|(seq, _)| since(*seq));
    let Some((at, entry)) = first else { return Ok(None) };
    let (Some(stop), Some(by)) = (entry.body.event.output_hash(), person_of(&entry)) else {
        return Ok(None);
    };
    let asked = entries(reader, EntryKind::ResumeAsked, MAX_ENTRIES)?;
    let asked = asked.iter().filter(|(seq, _)| *seq > at).filter_map(|(_, one)| person_of(one));
    Ok(Some(Stopped { stop, by, asked: asked.collect(), entry }))
}

/// Entries of a kind, newest first. They were verified when they were stored.
fn entries(reader: &Reader<'_>, kind: EntryKind, limit: u32) -> Result<Vec<(u64, Entry)>, Failure> {
    let rows = reader.log_rows(None, limit, Some(&names::wire(&kind)), None)?;
    rows.into_iter()
        .map(|row| {
            let entry = Entry::from_bytes(&row.bytes).map_err(|_| Broken("stored log entry"))?;
            Ok((row.seq, entry))
        })
        .collect()
}

/// My stops and resumes that the gate has not logged, oldest first.
pub(crate) fn pending(reader: &Reader<'_>) -> Result<Vec<Control>, Failure> {
    let rows = reader.pending_controls()?;
    let controls = rows.iter().filter_map(|row| control_in(&row.envelope));
    let halts =
        controls.filter(|one| matches!(one.command, Command::Stop { .. } | Command::Resume { .. }));
    Ok(halts.collect())
}

pub(super) fn control_in(envelope: &[u8]) -> Option<Control> {
    Envelope::from_bytes(envelope).ok()?.peek_unverified().ok()
}

/// Why I cannot ask to resume, given my statements that the gate has not logged.
pub(crate) fn resume_blocked(
    stopped: Option<&Stopped>,
    mine: &[Control],
    me: &Me,
) -> Option<ResumeBlocked> {
    let Some(stopped) = stopped else { return Some(ResumeBlocked::NotStopped) };
    let pending = mine.iter().any(
        |control| matches!(&control.command, Command::Resume { stop, .. } if *stop == stopped.stop),
    );
    (pending || stopped.asked.contains(&me.person)).then_some(ResumeBlocked::Asked)
}

/// Why work was stopped, in the person's words: from the entry, or from the statement that
/// the entry names.
fn text_of(reader: &Reader<'_>, stopped: &Stopped) -> Result<Option<String>, Failure> {
    let logged = stopped.entry.body.event.reason().map(|reason| reason.text.clone());
    if let Some(text) = logged.filter(|text| !text.is_empty()) {
        return Ok(Some(text));
    }
    let rows = reader.controls(MAX_ENTRIES)?;
    let row = rows.iter().find(|row| Digest::of(&row.envelope) == stopped.stop);
    let text =
        row.and_then(|row| control_in(&row.envelope)).and_then(|control| match control.command {
            Command::Stop { text } => Some(text),
            Command::Resume { .. } | Command::ReadPrompt { .. } | Command::Rollback { .. } => None,
        });
    Ok(text.filter(|text| !text.is_empty()))
}

fn person_of(entry: &Entry) -> Option<PersonId> {
    entry.body.actor.id.parse().ok()
}

const fn kind_of(command: &Command) -> HaltKind {
    match command {
        Command::Resume { .. } => HaltKind::Resume,
        Command::Stop { .. } | Command::ReadPrompt { .. } | Command::Rollback { .. } => {
            HaltKind::Stop
        }
    }
}
