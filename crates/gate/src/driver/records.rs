//! What devices send. Nothing in it can stop the gate: what is malformed, too large, not its
//! writer's to say or beyond its writer's budget is counted, told in one small entry for each
//! writer and burst, and passed over.

use super::{Driver, DriverError};
use crate::{
    budget::Told,
    changes::{Changes, Row},
};
use countersign_document::{Candidates, RecordBody};
use countersign_model::{
    Comment, Decision, DeviceId, Digest, Envelope, Proposal, ProposalId, Verdict,
    envelope::Predicate,
};
use countersign_replay::{Mark, View as _, world};
use countersign_sync::Accepted;

impl Driver {
    /// Takes one accepted record. Doing it twice is doing it once.
    pub(super) fn handle_record(&mut self, accepted: &Accepted) -> Result<(), DriverError> {
        let writer = accepted.header.writer;
        if writer == self.ledger.identity().device {
            return Ok(());
        }
        let refused = match RecordBody::from_bytes(&accepted.plaintext) {
            Ok(RecordBody::CaseChange { case, change, .. }) => {
                self.handle_change(writer, case, &change)?
            }
            Ok(RecordBody::Control { envelope }) => self.handle_control(writer, &envelope)?,
            Ok(RecordBody::Cosignature { note }) => {
                let at = self.moment();
                super::witness::take_cosignature(&self.ledger, writer, &note, at)?;
                Ok(())
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
        match refused {
            Ok(()) => Ok(()),
            Err(why) => self.refuse_content(writer, Digest::of(&accepted.plaintext), why),
        }
    }

    /// Judges what one change itself carries, whatever becomes of it when it is merged.
    fn handle_change(
        &mut self,
        writer: DeviceId,
        case: ProposalId,
        change: &[u8],
    ) -> Result<Result<(), &'static str>, DriverError> {
        if !self.ledger.has(&Mark::Case(case))? {
            return Ok(Err("it changes a case that the gate did not open"));
        }
        let candidates = match Candidates::of(change) {
            Ok(candidates) => candidates,
            Err(error) => {
                tracing::debug!(%writer, %case, %error, "a change was refused");
                return Ok(Err("its change does what no device may do"));
            }
        };
        let filed = self.ledger.store().read(|reader| reader.filed(writer, case))?;
        let Ok(filed) = filed.with(&candidates) else {
            return Ok(Err("the device has filed as much in this case as it may"));
        };
        let mut changes = Changes::default();
        changes.put(Row::Filed(writer, case, filed));
        let at = self.moment();
        self.ledger.commit(changes, at)?;
        let mut answer = Ok(());
        for bytes in candidates.envelopes() {
            if let Err(why) = self.handle_candidate(writer, bytes)? {
                answer = Err(why);
            }
        }
        Ok(answer)
    }

    fn handle_candidate(
        &mut self,
        writer: DeviceId,
        bytes: &[u8],
    ) -> Result<Result<(), &'static str>, DriverError> {
        let Ok(envelope) = Envelope::from_bytes(bytes) else {
            return Ok(Err("what it files is no envelope"));
        };
        if is::<Decision>(&envelope) {
            return self.handle_decision(writer, &envelope, bytes);
        }
        // What travels with a case and is nobody's decision is for the desktops to judge.
        let known =
            is::<Comment>(&envelope) || is::<Proposal>(&envelope) || is::<Verdict>(&envelope);
        Ok(if known { Ok(()) } else { Err("what it files is no statement") })
    }

    /// Counts what nobody signed, and tells the first of a burst in the log.
    pub(super) fn refuse_content(
        &mut self,
        writer: DeviceId,
        digest: Digest,
        why: &'static str,
    ) -> Result<(), DriverError> {
        let told = self.refused.handle_refused(writer, digest, self.began.elapsed());
        let Some(told) = told else {
            // How often is the device's choice, and no line of the process's log.
            tracing::debug!(%writer, why, "a device sent what is not taken");
            return Ok(());
        };
        tracing::warn!(%writer, why, count = told.count, "a device sent what is not taken");
        self.tell_refused(told)
    }

    /// Tells what was counted for long enough.
    pub(super) fn tell_refusals(&mut self) -> Result<(), DriverError> {
        let now = self.began.elapsed();
        self.prompt_reads.forget(now);
        let due = self.refused.poll_due(now);
        due.into_iter().try_for_each(|told| self.tell_refused(told))
    }

    fn tell_refused(
        &mut self,
        Told { whose, input, count }: Told<DeviceId>,
    ) -> Result<(), DriverError> {
        let mut changes = Changes::default();
        changes.log(world::content_refused(self.ledger.identity().device, whose, input, count));
        let at = self.moment();
        Ok(self.ledger.commit(changes, at)?)
    }
}

fn is<P: Predicate>(envelope: &Envelope) -> bool {
    envelope.peek_unverified::<P>().is_ok()
}
