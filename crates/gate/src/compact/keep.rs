//! What a snapshot keeps. The log is kept whole and so are the rosters, which never skip a
//! version; of the rest, what open cases and those that ended lately need.

use crate::store::{Store, StoreError};
use countersign_document::{BlobRef, Candidates, Filed, RecordBody};
use countersign_model::{
    Control, DeviceId, Digest, Envelope, PolicyBundle, ProposalId, Roster, TimestampMs,
    control::{self, Command},
};
use countersign_sync::Accepted;
use std::collections::{BTreeMap, BTreeSet};

/// Says of one record after the other whether it is kept. They come in the relay's order.
pub struct Keeper {
    gate: DeviceId,
    roster: Roster,
    cases: BTreeSet<ProposalId>,
    policies: BTreeSet<Digest>,
    /// What the gate holds of devices' cosignatures, as signed notes.
    cosigned: BTreeSet<String>,
    controls: BTreeSet<Digest>,
    filed: BTreeMap<(DeviceId, ProposalId), Filed>,
    checkpoint: String,
    /// Sealed evidence of cases that were left out.
    evidence: Vec<Digest>,
}

impl Keeper {
    /// Reads from the database which cases are kept: open ones, and those that have ended at
    /// `ended` or later; and which policy is in force besides those of these cases.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn new(
        store: &Store,
        roster: Roster,
        policy: Option<Digest>,
        ended: TimestampMs,
    ) -> Result<Self, StoreError> {
        let (cases, notes, forks) = store.read(|reader| {
            Ok::<_, StoreError>((
                reader.cases_since(ended)?,
                reader.cosignatures()?,
                reader.cosigned_forks()?,
            ))
        })?;
        let policies = cases.iter().map(|(_, policy)| *policy).chain(policy).collect();
        Ok(Self {
            gate: roster.gate.device,
            roster,
            cases: cases.into_iter().map(|(case, _)| case).collect(),
            policies,
            cosigned: notes.into_iter().chain(forks.into_iter().map(|fork| fork.note)).collect(),
            controls: BTreeSet::new(),
            filed: BTreeMap::new(),
            checkpoint: String::new(),
            evidence: Vec::new(),
        })
    }

    /// Whether a record is kept.
    pub fn keeps(&mut self, record: &Accepted) -> bool {
        let writer = record.header.writer;
        let by_gate = writer == self.gate;
        match RecordBody::from_bytes(&record.plaintext) {
            Ok(RecordBody::LogSegment { checkpoint, .. }) if by_gate => {
                self.checkpoint = checkpoint;
                true
            }
            Ok(RecordBody::Roster { .. }) => by_gate,
            Ok(RecordBody::Policy { bundle }) => by_gate && self.keeps_policy(&bundle),
            Ok(RecordBody::CaseChange { case, blobs, .. }) if by_gate => {
                self.keeps_case(case, &blobs)
            }
            Ok(RecordBody::CaseChange { case, change, .. }) => {
                self.cases.contains(&case) && self.takes_change(writer, case, &change)
            }
            Ok(RecordBody::Control { envelope }) => self.keeps_control(&envelope),
            Ok(RecordBody::Cosignature { note }) => !by_gate && self.cosigned.contains(&note),
            // Older snapshots, what is not its writer's to say, and what says nothing.
            Ok(RecordBody::Snapshot(_) | RecordBody::LogSegment { .. }) | Err(_) => false,
        }
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

    fn keeps_policy(&self, bundle: &[u8]) -> bool {
        PolicyBundle::from_bytes(bundle).is_ok_and(|bundle| self.policies.contains(&bundle.digest))
    }

    /// The gate's own rule of what a device may file in a case, asked once more.
    fn takes_change(&mut self, writer: DeviceId, case: ProposalId, change: &[u8]) -> bool {
        let Ok(candidates) = Candidates::of(change) else { return false };
        let filed = self.filed.entry((writer, case)).or_default();
        filed.with(&candidates).is_ok_and(|more| {
            *filed = more;
            true
        })
    }

    /// A signed statement once: stops and resumes always, the reading of a prompt with its case.
    fn keeps_control(&mut self, envelope: &[u8]) -> bool {
        let Ok(opened) = Envelope::from_bytes(envelope) else { return false };
        let Ok(signed) = control::verify(&opened, &self.roster) else { return false };
        let Control { command, .. } = signed.control;
        let wanted = match command {
            Command::ReadPrompt { proposal } => self.cases.contains(&proposal),
            Command::Stop { .. } | Command::Resume { .. } => true,
        };
        wanted && self.controls.insert(Digest::of(envelope))
    }
}
