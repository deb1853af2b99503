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
    envelope::{Claim, Predicate, check_together},
};
use countersign_replay::{Content, Mark, world};
use countersign_sync::Accepted;
use std::{collections::VecDeque, time::Duration};

/// A record that was accepted, read as far as can be without asking what is durable.
pub struct Received {
    writer: DeviceId,
    /// The opened record, for the one entry that tells of it.
    record: Digest,
    body: Result<RecordBody, NotTaken>,
    /// Of a change that files few statements: the decisions among them, at their places.
    decisions: Vec<Option<Box<Claim<Decision>>>>,
}

/// The statements that one record files in a case, judged one after the other: what one of them
/// makes durable is what the next one is judged by.
pub struct Candidates {
    writer: DeviceId,
    record: Digest,
    waiting: VecDeque<Candidate>,
    not_taken: Option<NotTaken>,
}

/// A statement's envelope, with what it claims where that was read ahead.
struct Candidate {
    bytes: Vec<u8>,
    decision: Option<Box<Claim<Decision>>>,
}

/// A device of ours files what one person has signed. A record of more statements is read when
/// it is known that its writer may file them.
const READ_AHEAD: usize = 4;

/// Reads others' records of a page and checks the signatures of their decisions together: by the
/// keys that the roster in force has for those whom they name, and with the same answer as one
/// by one.
pub(super) fn read<V: GateView>(view: &V, accepted: Vec<Accepted>) -> Vec<Received> {
    let (roster, own) = (view.roster(), view.identity().device);
    let others = accepted.into_iter().filter(|accepted| accepted.header.writer != own);
    let mut received: Vec<_> = others.map(Received::of).collect();
    let decisions = received.iter_mut().flat_map(|one| one.decisions.iter_mut().flatten());
    let mut decisions: Vec<_> = decisions.map(Box::as_mut).collect();
    check_together(&mut decisions, |decision| {
        let devices = &roster.person(decision.person)?.devices;
        devices.iter().find(|device| device.id == decision.device).map(|device| device.signing_key)
    });
    received
}

impl Received {
    fn of(accepted: Accepted) -> Self {
        let Accepted { header, plaintext, .. } = accepted;
        let (writer, record) = (header.writer, Digest::of(&plaintext));
        let body = RecordBody::from_bytes(&plaintext).map_err(|error| {
            tracing::debug!(%writer, %error, "a record cannot be read");
            "it cannot be read"
        });
        let decisions = match &body {
            Ok(RecordBody::CaseChange { change, .. }) => decisions_in(change),
            _ => vec![],
        };
        Self { writer, record, body, decisions }
    }
}

fn decisions_in(change: &[u8]) -> Vec<Option<Box<Claim<Decision>>>> {
    let Ok(filing) = Filing::of(change) else { return vec![] };
    if filing.envelopes().len() > READ_AHEAD {
        return vec![];
    }
    let claim = |bytes: &&[u8]| Envelope::from_bytes(bytes).and_then(|envelope| envelope.claim());
    filing.envelopes().iter().map(|bytes| claim(bytes).ok().map(Box::new)).collect()
}

impl Core {
    /// Takes one accepted record. Doing it twice is doing it once.
    pub(super) fn handle_record<V: GateView>(
        &mut self,
        view: &V,
        received: Received,
        now: Now,
    ) -> Outcome {
        let Received { writer, record, body, decisions } = received;
        let taken = match body {
            Ok(RecordBody::CaseChange { case, change, .. }) => {
                take_change(view, (writer, record), case, &change, decisions)?
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
            Err(why) => Err(why),
        };
        Ok(match taken {
            Ok(outcome) => outcome,
            Err(why) => (self.refuse(view, writer, record, why, now.counted), vec![]),
        })
    }

    /// Judges the next statement of a record; the others follow when that is durable.
    pub(super) fn handle_candidates<V: GateView>(
        &mut self,
        view: &V,
        mut candidates: Candidates,
        now: Now,
    ) -> Outcome {
        let Candidates { writer, record, .. } = candidates;
        let Some(candidate) = candidates.waiting.pop_front() else {
            let Some(why) = candidates.not_taken else { return Ok(Default::default()) };
            return Ok((self.refuse(view, writer, record, why, now.counted), vec![]));
        };
        let (changes, mut effects) = match self.handle_candidate(view, writer, candidate, now)? {
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
        candidate: Candidate,
        now: Now,
    ) -> Taken {
        let Candidate { bytes, decision } = candidate;
        if let Some(claim) = decision {
            return self.handle_decision(view, writer, (*claim, bytes), now);
        }
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
    (writer, record): (DeviceId, Digest),
    case: ProposalId,
    change: &[u8],
    decisions: Vec<Option<Box<Claim<Decision>>>>,
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
    let decisions = decisions.into_iter().chain(std::iter::repeat_with(|| None));
    let candidate = |(bytes, decision): (&&[u8], _)| Candidate { bytes: bytes.to_vec(), decision };
    let waiting = filing.envelopes().iter().zip(decisions).map(candidate).collect();
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
