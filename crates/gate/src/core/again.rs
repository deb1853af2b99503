//! Filling a relay that lost what it had. The gate's own records lie in its outbox; what devices
//! have signed and the log refers to becomes a record of the gate's, once, because its writer may
//! be revoked, gone, or not back for long. Whoever reads it verifies each statement by its own
//! signature, as when its device sent it.

use super::{CoreError, Effect, Event, GateView, Outcome};
use crate::{
    changes::{Changes, Row},
    store::StoreError,
};
use countersign_document::{CaseDocument, RecordBody};
use countersign_model::{
    Control, Decision, Digest, Envelope,
    causes::in_full,
    entry::{Entry, LogEvent},
};

/// Entries that are gone through at once.
const RUN: u32 = 256;

/// Makes records of what the next run of the log refers to.
pub(super) fn file_again<V: GateView>(view: &V) -> Outcome {
    let due = view.to_file_again()?;
    if due.is_empty() {
        return Ok(Default::default());
    }
    let run = u32::try_from(due.end - due.start).map_or(RUN, |left| left.min(RUN));
    let mut changes = Changes::default();
    for bytes in view.log_entries(due.start, run)? {
        let entry = Entry::from_bytes(&bytes)
            .map_err(|_| StoreError::Damaged("an entry of the log cannot be read"))?;
        if let Some(record) = by_device(view, &entry.body.event)? {
            changes.send(record);
        }
    }
    changes.put(Row::FiledAgain(due.start + u64::from(run)));
    Ok((changes, vec![Effect::Next(Event::FileAgain)]))
}

/// What an entry judges, if a device brought it and the log cannot be followed without it.
fn by_device<V: GateView>(view: &V, event: &LogEvent) -> Result<Option<RecordBody>, CoreError> {
    let judged = event.decision().map(|record| record.envelope).or_else(|| event.output_hash());
    let is_needed =
        |digest| event.references().iter().any(|one| one.digest == digest && one.required);
    let Some(digest) = judged.filter(|digest| is_needed(*digest)) else { return Ok(None) };
    let Some(bytes) = view.envelope(digest)? else { return Ok(None) };
    let Ok(envelope) = Envelope::from_bytes(&bytes) else { return Ok(None) };
    if envelope.peek_unverified::<Control>().is_ok() {
        return Ok(Some(RecordBody::Control { envelope: bytes }));
    }
    let Ok(decision) = envelope.peek_unverified::<Decision>() else { return Ok(None) };
    let payload = envelope.payload().map_or(digest, |payload| Digest::of(&payload));
    let change = CaseDocument::decision_again(payload, &bytes)
        .map_err(|error| CoreError::Record(in_full(&error)))?;
    Ok(Some(RecordBody::CaseChange { case: decision.proposal, change, blobs: vec![] }))
}
