//! What devices send. Nothing in it can stop the gate: what is malformed, too large, not its
//! writer's to say or beyond its writer's budget is counted, told in one small entry for each
//! writer and burst, and passed over.

use super::{Core, Effect, Event, GateView, NotTaken, Now, Outcome, Taken, witness};
use crate::{
    budget::Told,
    changes::{Changes, Row},
};
use countersign_document::{Candidates as Filing, RecordBody};
use countersign_model::{
    Comment, Decision, DeviceId, Digest, Envelope, Proposal, ProposalId, Verdict,
    envelope::Predicate,
};
use countersign_replay::{Content, Mark, world};
use std::{collections::VecDeque, time::Duration};

/// The statements that one record files in a case, judged one after the other: what one of them
/// makes durable is what the next one is judged by.
pub struct Candidates {
    writer: DeviceId,
    /// The record's body, for the one entry that tells of it.
    record: Digest,
    waiting: VecDeque<Vec<u8>>,
    not_taken: Option<NotTaken>,
}

impl Core {
    /// Takes one accepted record. Doing it twice is doing it once.
    pub(super) fn handle_record<V: GateView>(
        &mut self,
        view: &V,
        writer: DeviceId,
        plaintext: &[u8],
        now: Now,
    ) -> Outcome {
        if writer == view.identity().device {
            return Ok(Default::default());
        }
        let taken = match RecordBody::from_bytes(plaintext) {
            Ok(RecordBody::CaseChange { case, change, .. }) => {
                take_change(view, writer, case, &change, Digest::of(plaintext))?
            }
            Ok(RecordBody::Control { envelope }) => {
                self.handle_control(view, writer, &envelope, now)?
            }
            Ok(RecordBody::Cosignature { note }) => {
                Ok((witness::take_cosignature(view, writer, note, now.at)?, vec![]))
            }
            Ok(
                RecordBody::LogSegment { .. }
                | RecordBody::Roster { .. }
                | RecordBody::Policy { .. }
                | RecordBody::Snapshot(_),
            ) => Err("only the gate writes such a record"),
            Err(error) => {
                tracing::debug!(%writer, %error, "a record cannot be read");
                Err("it cannot be read")
            }
        };
        match taken {
            Ok(outcome) => Ok(outcome),
            Err(why) => {
                let digest = Digest::of(plaintext);
                Ok((self.refuse(view, writer, digest, why, now.counted), vec![]))
            }
        }
    }

    /// Judges the next statement of a record; the others follow when that is durable.
    pub(super) fn handle_candidates<V: GateView>(
        &mut self,
        view: &V,
        mut candidates: Candidates,
        now: Now,
    ) -> Outcome {
        let Candidates { writer, record, .. } = candidates;
        let Some(bytes) = candidates.waiting.pop_front() else {
            let Some(why) = candidates.not_taken else { return Ok(Default::default()) };
            return Ok((self.refuse(view, writer, record, why, now.counted), vec![]));
        };
        let (changes, mut effects) = match self.handle_candidate(view, writer, bytes, now)? {
            Ok(outcome) => outcome,
            Err(why) => {
                candidates.not_taken = Some(why);
                Default::default()
            }
        };
        effects.push(Effect::Next(Event::Candidates(candidates)));
        Ok((changes, effects))
    }

    fn handle_candidate<V: GateView>(
        &mut self,
        view: &V,
        writer: DeviceId,
        bytes: Vec<u8>,
        now: Now,
    ) -> Taken {
        let Ok(envelope) = Envelope::from_bytes(&bytes) else {
            return Ok(Err("what it files is no envelope"));
        };
        if let Ok(claim) = envelope.claim() {
            return self.handle_decision(view, writer, (claim, bytes), now);
        }
        // What travels with a case and is nobody's decision is for the desktops to judge.
        let known =
            is::<Comment>(&envelope) || is::<Proposal>(&envelope) || is::<Verdict>(&envelope);
        Ok(if known { Ok(Default::default()) } else { Err("what it files is no statement") })
    }

    /// Counts what nobody signed, and tells the first of a burst in the log.
    fn refuse<V: GateView>(
        &mut self,
        view: &V,
        writer: DeviceId,
        digest: Digest,
        why: NotTaken,
        counted: Duration,
    ) -> Changes {
        let mut changes = Changes::default();
        let Some(told) = self.refused.handle_refused(writer, digest, counted) else {
            // How often is the device's choice, and no line of the process's log.
            tracing::debug!(%writer, why, "a device sent what is not taken");
            return changes;
        };
        tracing::warn!(%writer, why, count = told.count, "a device sent what is not taken");
        changes.log(refused_entry(view, told));
        changes
    }
}

/// Opens what a change itself carries, whatever becomes of it when it is merged.
fn take_change<V: GateView>(
    view: &V,
    writer: DeviceId,
    case: ProposalId,
    change: &[u8],
    record: Digest,
) -> Taken {
    if !view.has(&Mark::Case(case))? {
        return Ok(Err("it changes a case that the gate did not open"));
    }
    let filing = match Filing::of(change) {
        Ok(filing) => filing,
        Err(error) => {
            tracing::debug!(%writer, %case, %error, "a change was refused");
            return Ok(Err("its change does what no device may do"));
        }
    };
    let Ok(filed) = view.filed(writer, case)?.with(&filing) else {
        return Ok(Err("the device has filed as much in this case as it may"));
    };
    let mut changes = Changes::default();
    changes.put(Row::Filed(writer, case, filed));
    let waiting = filing.envelopes().iter().map(|bytes| bytes.to_vec()).collect();
    let candidates = Candidates { writer, record, waiting, not_taken: None };
    Ok(Ok((changes, vec![Effect::Next(Event::Candidates(candidates))])))
}

pub(super) fn refused_entry<V: GateView>(view: &V, told: Told<DeviceId>) -> Content {
    let Told { whose, input, count } = told;
    world::content_refused(view.identity().device, whose, input, count)
}

fn is<P: Predicate>(envelope: &Envelope) -> bool {
    envelope.peek_unverified::<P>().is_ok()
}
