//! What a snapshot keeps: the log whole and everything that it refers to, so that a new device
//! can follow it from its first entry; of the rest, what open cases and those that ended lately
//! need.

use crate::store::{Store, StoreError};
use countersign_document::{BlobRef, Candidates, Filed, RecordBody};
use countersign_model::{
    Control, DeviceId, Digest, Envelope, ProposalId, Roster, TimestampMs,
    control::{self, Command},
};
use countersign_sync::Accepted;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Says of one record after the other whether it is kept. They come in the relay's order.
pub struct Keeper {
    gate: DeviceId,
    roster: Roster,
    store: Arc<Store>,
    cases: BTreeSet<ProposalId>,
    /// What was kept already and is kept once.
    once: BTreeSet<Digest>,
    /// What the gate holds of devices' cosignatures, as signed notes.
    cosigned: BTreeSet<String>,
    filed: BTreeMap<(DeviceId, ProposalId), Filed>,
    checkpoint: String,
    /// Sealed evidence of cases that were left out.
    evidence: Vec<Digest>,
}

impl Keeper {
    /// Reads from the database which cases are kept whole: open ones, and those that have ended
    /// at `ended` or later.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn new(store: Arc<Store>, roster: Roster, ended: TimestampMs) -> Result<Self, StoreError> {
        let (cases, notes, forks) = store.read(|reader| {
            Ok::<_, StoreError>((
                reader.cases_since(ended)?,
                reader.cosignatures()?,
                reader.cosigned_forks()?,
            ))
        })?;
        Ok(Self {
            gate: roster.gate.device,
            roster,
            store,
            cases: cases.into_iter().collect(),
            once: BTreeSet::new(),
            cosigned: notes.into_iter().chain(forks.into_iter().map(|fork| fork.note)).collect(),
            filed: BTreeMap::new(),
            checkpoint: String::new(),
            evidence: Vec::new(),
        })
    }

    /// Whether a record is kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keeps(&mut self, record: &Accepted) -> Result<bool, StoreError> {
        let writer = record.header.writer;
        let by_gate = writer == self.gate;
        Ok(match RecordBody::from_bytes(&record.plaintext) {
            Ok(RecordBody::LogSegment { checkpoint, .. }) if by_gate => {
                self.checkpoint = checkpoint;
                true
            }
            Ok(RecordBody::Roster { .. }) => by_gate,
            Ok(RecordBody::Policy { bundle }) => by_gate && self.is_referred(&bundle)?,
            Ok(RecordBody::CaseChange { case, change, blobs }) if by_gate => {
                let kept = self.keeps_case(case, &blobs);
                self.holds_referred(&change)? || kept
            }
            Ok(RecordBody::CaseChange { case, change, .. }) => {
                let kept = self.cases.contains(&case) && self.takes_change(writer, case, &change);
                self.holds_referred(&change)? || kept
            }
            Ok(RecordBody::Control { envelope }) => self.keeps_control(&envelope)?,
            Ok(RecordBody::Cosignature { note }) => !by_gate && self.cosigned.contains(&note),
            // Older snapshots, what is not its writer's to say, and what says nothing.
            Ok(RecordBody::Snapshot(_) | RecordBody::LogSegment { .. }) | Err(_) => false,
        })
    }

    /// Whether the log refers to these bytes.
    fn stands_in_the_log(&self, bytes: &[u8]) -> Result<bool, StoreError> {
        Ok(self.store.read(|reader| reader.envelope(Digest::of(bytes)))?.is_some())
    }

    /// Whether the log refers to these bytes and they were not kept yet.
    fn is_referred(&mut self, bytes: &[u8]) -> Result<bool, StoreError> {
        Ok(self.stands_in_the_log(bytes)? && self.once.insert(Digest::of(bytes)))
    }

    /// Whether a change holds anything to which the log refers.
    fn holds_referred(&mut self, change: &[u8]) -> Result<bool, StoreError> {
        let Ok(candidates) = Candidates::of(change) else { return Ok(false) };
        let mut holds = false;
        for envelope in candidates.envelopes() {
            holds |= self.is_referred(envelope)?;
        }
        Ok(holds)
    }

    /// The newest checkpoint among the kept records, and the evidence that goes.
    #[must_use]
    pub fn into_rest(self) -> (String, Vec<Digest>) {
        (self.checkpoint, self.evidence)
    }

    fn keeps_case(&mut self, case: ProposalId, blobs: &[BlobRef]) -> bool {
        let kept = self.cases.contains(&case);
        if !kept {
            self.evidence.extend(blobs.iter().map(|blob| blob.blob));
        }
        kept
    }

    /// The gate's own rule of what a device may file in a case, asked again.
    fn takes_change(&mut self, writer: DeviceId, case: ProposalId, change: &[u8]) -> bool {
        let Ok(candidates) = Candidates::of(change) else { return false };
        let filed = self.filed.entry((writer, case)).or_default();
        filed.with(&candidates).is_ok_and(|more| {
            *filed = more;
            true
        })
    }

    /// A signed statement once: stops and resumes always, the reading of a prompt and the wish to
    /// take a change back with its case or when it stands in the log.
    fn keeps_control(&mut self, envelope: &[u8]) -> Result<bool, StoreError> {
        let wanted = self.stands_in_the_log(envelope)? || self.is_wanted_control(envelope);
        Ok(wanted && self.once.insert(Digest::of(envelope)))
    }

    fn is_wanted_control(&self, envelope: &[u8]) -> bool {
        let Ok(opened) = Envelope::from_bytes(envelope) else { return false };
        let Ok(signed) = control::verify(&opened, &self.roster) else { return false };
        let Control { command, .. } = signed.control;
        match command {
            Command::ReadPrompt { proposal } | Command::Rollback { proposal, .. } => {
                self.cases.contains(&proposal)
            }
            Command::Stop { .. } | Command::Resume { .. } => true,
        }
    }
}
