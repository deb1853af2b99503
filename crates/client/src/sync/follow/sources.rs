//! Where the bytes are that an entry refers to.

use countersign_model::{
    Digest,
    entry::{EntryBody, LogEvent},
};
use countersign_replay::Sources;
use countersign_store::{GateEnvelope, Reader, StoreError};
use std::cell::Cell;

/// What this device keeps of what an entry may refer to.
pub(crate) struct Kept<'a> {
    reader: &'a Reader<'a>,
    entry: &'a EntryBody,
    /// The judge asks for bytes and cannot be told that the store failed: it is said after it.
    failure: Cell<Option<StoreError>>,
}

impl<'a> Kept<'a> {
    pub(crate) const fn new(reader: &'a Reader<'a>, entry: &'a EntryBody) -> Self {
        Self { reader, entry, failure: Cell::new(None) }
    }

    /// Whether everything asked for could be looked up.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.failure.take().map_or(Ok(()), Err)
    }

    fn find(&self, digest: Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let reader = self.reader;
        if let Some(bytes) = self.in_its_table(digest)? {
            return Ok(Some(bytes));
        }
        if let Some(bytes) = reader.source(digest)? {
            return Ok(Some(bytes));
        }
        // Nobody known here has signed it, and the log speaks of it all the same.
        let Some(case) = self.entry.event.proposal_id() else { return Ok(None) };
        let waiting = reader.waiting_envelopes(case)?;
        Ok(waiting.into_iter().find(|one| one.digest == digest).map(|one| one.bytes))
    }

    /// Bytes from the table that entries of this kind are about.
    fn in_its_table(&self, digest: Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let reader = self.reader;
        let found = match self.entry.event {
            LogEvent::ProposalReceived { proposal_id, .. }
            | LogEvent::RollbackOpened { proposal_id, .. } => {
                reader.gate_envelope(proposal_id, GateEnvelope::Proposal)?
            }
            LogEvent::VerdictIssued { proposal_id, .. } => {
                reader.gate_envelope(proposal_id, GateEnvelope::Verdict)?
            }
            LogEvent::DecisionAccepted { proposal_id, .. }
            | LogEvent::DecisionRefused { proposal_id, .. } => {
                let rows = reader.decisions_of(proposal_id)?;
                let row = rows.into_iter().find(|row| row.envelope_digest == digest);
                row.map(|row| row.envelope)
            }
            LogEvent::RosterAccepted { .. } => {
                let rosters = reader.rosters()?;
                rosters.into_iter().map(|(_, bytes)| bytes).find(|one| Digest::of(one) == digest)
            }
            _ => None,
        };
        Ok(found.filter(|bytes| Digest::of(bytes) == digest))
    }
}

impl Sources for Kept<'_> {
    fn bytes(&self, digest: Digest) -> Option<Vec<u8>> {
        self.find(digest).unwrap_or_else(|error| {
            self.failure.set(Some(error));
            None
        })
    }
}
