//! What leaves this device: a change of a case's document or a statement, sealed and put
//! into the outbox, within the caller's transaction.

use crate::{
    case::{contain::TakeError, facts::CaseFacts, filed},
    profile::{
        failure::{Broken, Cause, Failure},
        member::Me,
        random,
    },
};
use countersign_document::{Candidates, CaseDocument, DocumentError, RecordBody};
use countersign_keychain::DeviceKeys;
use countersign_model::{Digest, Signer};
use countersign_store::{GateEnvelope, NewRecord, Reader, Stage, StoreError, Tx};
use countersign_sync::{EpochKey, EpochKeys, WriterState};
use std::sync::Arc;

/// Seals records of this device.
pub(crate) struct Sealer<'a> {
    me: &'a Me,
    epoch_key: &'a EpochKey,
    signer: Arc<dyn Signer>,
}

/// Why something signed does not go into a case's document.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FilingError {
    #[error("this device has signed as much in the case as one device may")]
    CaseFull,
    #[error(transparent)]
    Failure(Failure),
}

impl<C: Cause> From<C> for FilingError {
    fn from(cause: C) -> Self {
        Self::Failure(cause.into())
    }
}

/// Something signed that belongs in a case's document.
#[derive(Clone, Copy)]
pub(crate) enum Filed<'a> {
    /// A decision.
    Decision(Digest, &'a [u8]),
    /// A comment.
    Comment(Digest, &'a [u8]),
}

impl<'a> Sealer<'a> {
    pub(crate) fn new(
        me: &'a Me,
        keys: &DeviceKeys,
        epoch_keys: &'a EpochKeys,
    ) -> Result<Self, Broken> {
        let epoch_key = epoch_keys.newest().ok_or(Broken("epoch key"))?;
        Ok(Self { me, epoch_key, signer: keys.transport_signer() })
    }

    /// Seals a body as this device's next record and keeps it for sending.
    pub(crate) fn queue(
        &self,
        tx: &Tx<'_>,
        body: &RecordBody,
        carries: Digest,
    ) -> Result<(), Failure> {
        let body = body.to_bytes().map_err(|_| Broken("record body"))?;
        let Me { workspace, device, .. } = *self.me;
        let (record, _) = writer(tx)?
            .seal_next(
                workspace,
                device,
                &body,
                self.epoch_key,
                random::bytes()?,
                self.signer.as_ref(),
            )
            .map_err(|_| Broken("sealing"))?;
        tx.add_record(&NewRecord {
            writer_seq: record.header().writer_seq,
            record: record.as_bytes().to_vec(),
            record_digest: record.digest(),
            carries: Some(carries),
        })?;
        Ok(())
    }
}

impl Filed<'_> {
    pub(crate) const fn digest(self) -> Digest {
        match self {
            Self::Decision(digest, _) | Self::Comment(digest, _) => digest,
        }
    }

    fn add_to(self, document: &mut CaseDocument) -> Result<Vec<u8>, DocumentError> {
        match self {
            Self::Decision(digest, envelope) => document.add_decision(digest, envelope),
            Self::Comment(digest, envelope) => document.add_comment(digest, envelope),
        }
    }
}

/// Adds to the case's document, which is rebuilt from rows if it is broken, and returns the
/// change to send. It counts against this device's room in the case, as everybody counts it:
/// whoever runs out of it hears of it here, before anything is sent.
pub(crate) fn file(
    tx: &Tx<'_>,
    me: &Me,
    facts: &CaseFacts,
    filed: Filed<'_>,
) -> Result<RecordBody, FilingError> {
    let case = facts.proposal.id;
    let stored = tx.document(case)?;
    let loaded = stored.as_deref().and_then(|bytes| CaseDocument::load(bytes).ok());
    let added = loaded.and_then(|mut document| {
        let change = filed.add_to(&mut document).ok()?;
        Some((document, change))
    });
    let (mut document, change) = match added {
        Some(added) => added,
        None => rebuild(tx, facts, filed)?,
    };
    let candidates = Candidates::of(&change).map_err(|_| Broken("change of a case"))?;
    let seq = writer(tx)?.next_seq;
    filed::charge(tx, case, me.device, seq, &candidates).map_err(|error| match error {
        TakeError::Device(error) => error.into(),
        TakeError::Content(_) => FilingError::CaseFull,
    })?;
    tx.put_document(case, &document.save())?;
    Ok(RecordBody::CaseChange { case, change, blobs: vec![] })
}

/// A document from rows. The change to send is its beginning with what is filed now: the
/// others have the rest from whoever signed it. What was never sent stays out.
fn rebuild(
    tx: &Tx<'_>,
    facts: &CaseFacts,
    filed: Filed<'_>,
) -> Result<(CaseDocument, Vec<u8>), Failure> {
    let case = facts.proposal.id;
    let missing = Broken("gate envelope");
    let proposal = tx.gate_envelope(case, GateEnvelope::Proposal)?.ok_or(missing)?;
    let verdict = tx.gate_envelope(case, GateEnvelope::Verdict)?.ok_or(missing)?;
    let broken = |_| Broken("case document");
    let (mut document, mut change) = CaseDocument::create(&proposal, &verdict).map_err(broken)?;
    change.extend(filed.add_to(&mut document).map_err(broken)?);
    let sent = tx.decisions_of(case)?;
    for row in sent.iter().filter(|row| !matches!(row.stage, Stage::Held | Stage::Recalled)) {
        document.add_decision(row.digest, &row.envelope).map_err(broken)?;
    }
    for row in tx.comments_of(case)? {
        document.add_comment(row.digest, &row.envelope).map_err(broken)?;
    }
    Ok((document, change))
}

/// Where this device's own chain of records stands.
fn writer(reader: &Reader<'_>) -> Result<WriterState, StoreError> {
    Ok(match reader.outbox_head()? {
        None => WriterState::new(),
        Some((seq, prev)) => WriterState { next_seq: seq + 1, prev },
    })
}
