//! Takes in what the relay hands out: each record's content is verified before anything
//! follows from it, and what follows is stored in one transaction with the reader's state, a
//! few records at a time. List rows follow from facts in [`rows`].

use crate::{
    comments, facts, halt,
    log_replica::{self, ReplicaError},
    member::Me,
    problem::{internal, sentence},
    rows,
    view::ProblemView,
};
use countersign_audit::Segment;
use countersign_document::{BlobRef, CaseDocument, RecordBody};
use countersign_model::{Envelope, PolicyBundle, ProposalId, Roster, TimestampMs};
use countersign_policy::reference_of;
use countersign_store::{
    DueCase, FaultRow, GateEnvelope, NewDecision, PolicyBundleRow, Stage, SyncState, Tx,
    WantedEvidence,
};
use countersign_sync::{Accepted, Reader, wire::Page};
use std::collections::BTreeSet;

/// Records of one transaction, and the bytes of their content: an entry of the log costs as
/// much time as a small change of a document.
const MOST_RECORDS: usize = 10;
const MOST_BYTES: usize = 64 * 1024;

/// What came of a part of a page.
#[derive(Debug, Default)]
pub(crate) struct TakenIn {
    /// Cases whose facts have changed.
    cases: BTreeSet<ProposalId>,
    /// Those in which a decision of mine was refused just now.
    refused: BTreeSet<ProposalId>,
    /// The roster to use from now on, if it changed.
    pub(crate) roster: Option<Roster>,
    /// Something was found that must not be hidden.
    pub(crate) faults: Vec<FaultRow>,
}

impl TakenIn {
    /// Who I am after it.
    pub(crate) fn me(&self, me: &Me) -> Me {
        let roster = self.roster.as_ref().unwrap_or(&me.roster).clone();
        Me { roster, ..me.clone() }
    }
}

/// The parts of a page, one at least, each of which is judged and taken in by itself.
pub(crate) fn parts(Page { records, head }: Page) -> Vec<Page> {
    let mut parts: Vec<Page> = Vec::new();
    let mut bytes = 0;
    for record in records {
        bytes += record.1.len();
        match parts.last_mut() {
            Some(part) if part.records.len() < MOST_RECORDS && bytes <= MOST_BYTES => {
                part.records.push(record);
            }
            _ => {
                bytes = record.1.len();
                parts.push(Page { records: vec![record], head });
            }
        }
    }
    if parts.is_empty() {
        parts.push(Page { records: vec![], head });
    }
    parts
}

/// Takes in the accepted records of a part and stores where the reader stands.
pub(crate) fn take_in(
    tx: &Tx<'_>,
    me: &Me,
    records: &[Accepted],
    reader: &Reader,
    now: TimestampMs,
) -> Result<TakenIn, ProblemView> {
    let mut me = me.clone();
    let mut taken = TakenIn::default();
    for record in records {
        take_record(tx, &mut me, record, now, &mut taken)?;
    }
    if taken.roster.is_some() {
        rows::follow_roster(tx)?;
    }
    for case in &taken.cases {
        tx.put_due(DueCase { proposal: *case, refused: taken.refused.contains(case) })?;
    }
    for fault in &taken.faults {
        tx.add_fault(fault)?;
    }
    tx.put_sync_state(&SyncState {
        cursor: reader.cursor(),
        reader: serde_json::to_vec(reader.state()).map_err(|_| internal("reader state"))?,
        last_contact_ms: Some(now),
    })?;
    Ok(taken)
}

fn take_record(
    tx: &Tx<'_>,
    me: &mut Me,
    record: &Accepted,
    now: TimestampMs,
    taken: &mut TakenIn,
) -> Result<(), ProblemView> {
    let by_gate = record.header.writer == me.roster.gate.device;
    if record.header.writer == me.device {
        // Pushed before, and the answer was lost: the relay has it all the same.
        tx.mark_delivered(record.header.writer_seq, record.position)?;
    }
    match RecordBody::from_bytes(&record.plaintext) {
        Ok(RecordBody::CaseChange { case, change, blobs }) => {
            if take_change(tx, me, case, &change, &blobs, now)? {
                taken.cases.insert(case);
            }
        }
        Ok(RecordBody::LogSegment { first_seq, entries, checkpoint }) if by_gate => {
            let segment = Segment { first_seq, entries: &entries, checkpoint: &checkpoint };
            match log_replica::take_in(tx, me, segment, now) {
                Ok(moved) => {
                    taken.cases.extend(moved.cases);
                    taken.refused.extend(moved.refused);
                }
                Err(ReplicaError::Store(error)) => return Err(error.into()),
                Err(ReplicaError::Fault(fault)) => {
                    taken.faults.push(self::fault("log_fault", &fault.to_string(), now));
                }
            }
        }
        Ok(RecordBody::Roster { envelope }) => take_roster(tx, me, &envelope, now, taken)?,
        Ok(RecordBody::Control { envelope }) => halt::take_in(tx, me, &envelope, now)?,
        Ok(RecordBody::Policy { bundle }) if by_gate => take_policy(tx, &bundle, now, taken)?,
        Ok(RecordBody::Policy { .. }) => {
            let words = "a device that is not the gate has sent policies: they are not believed; tell an administrator";
            taken.faults.push(fault("policy_foreign", words, now));
        }
        Ok(RecordBody::LogSegment { .. }) => {
            let words = "a device that is not the gate has sent entries of the audit log: they are not believed; tell an administrator";
            taken.faults.push(fault("log_foreign", words, now));
        }
        Err(error) => {
            let words = format!("a record of {} cannot be read: {error}", record.header.writer);
            taken.faults.push(fault("record_unreadable", &words, now));
        }
    }
    Ok(())
}

/// Merges a change into its case's document and takes from it what can be verified.
fn take_change(
    tx: &Tx<'_>,
    me: &Me,
    case: ProposalId,
    change: &[u8],
    blobs: &[BlobRef],
    now: TimestampMs,
) -> Result<bool, ProblemView> {
    let _span = tracing::info_span!("case", %case).entered();
    let stored = tx.document(case)?;
    let mut document = match stored.as_deref().map(CaseDocument::load) {
        None => CaseDocument::empty(),
        Some(Ok(document)) => document,
        Some(Err(error)) => {
            // Decisions and the gate's envelopes are rows; the document is only a carrier.
            tracing::warn!(%case, %error, "a case document is broken and is begun anew");
            CaseDocument::empty()
        }
    };
    if let Err(error) = document.apply(change) {
        tracing::warn!(%case, %error, "a change of a case document is ignored");
        return Ok(false);
    }
    tx.put_document(case, &document.save())?;
    for blob in blobs {
        tx.want_evidence(&WantedEvidence {
            evidence: blob.evidence,
            blob: blob.blob,
            size_bytes: blob.size_bytes,
            proposal: case,
        })?;
    }
    harvest_document(tx, me, case, &document, now)?;
    tracing::info!("a change of the case was taken in");
    Ok(true)
}

/// Takes from a case's document what can be verified by now.
pub(crate) fn harvest(
    tx: &Tx<'_>,
    me: &Me,
    case: ProposalId,
    now: TimestampMs,
) -> Result<(), ProblemView> {
    let Some(bytes) = tx.document(case)? else { return Ok(()) };
    match CaseDocument::load(&bytes) {
        Ok(document) => harvest_document(tx, me, case, &document, now),
        Err(_) => Ok(()),
    }
}

/// Takes the gate's envelopes, everybody's decisions and comments out of a document, each
/// verified.
fn harvest_document(
    tx: &Tx<'_>,
    me: &Me,
    case: ProposalId,
    document: &CaseDocument,
    now: TimestampMs,
) -> Result<(), ProblemView> {
    for bytes in document.proposals() {
        let Some(proposal) = facts::verify_proposal(&bytes, me, case) else { continue };
        tx.add_gate_envelope(case, GateEnvelope::Proposal, &bytes)?;
        let digest = proposal.digest().map_err(|_| internal("proposal"))?;
        for bytes in document.verdicts() {
            if facts::verify_verdict(&bytes, me, digest).is_some() {
                tx.add_gate_envelope(case, GateEnvelope::Verdict, &bytes)?;
            }
        }
    }
    for bytes in document.decisions().into_values().flatten() {
        let Some(signed) = facts::verify_decision(&bytes, me, case) else {
            tracing::warn!(%case, "a decision that nobody on the roster signed is ignored");
            continue;
        };
        tx.add_decision(&NewDecision {
            digest: signed.digest(),
            id: signed.decision().id,
            proposal: case,
            envelope: bytes,
            mine: false,
            stage: Stage::Delivered,
            hold_until_ms: None,
            stored_at_ms: now,
        })?;
    }
    for bytes in document.comments().into_values().flatten() {
        comments::take_in(tx, me, case, &bytes, now)?;
    }
    Ok(())
}

/// Keeps the policy's files, if they have the digest that the bundle and the gate's verdicts
/// name them by.
fn take_policy(
    tx: &Tx<'_>,
    bytes: &[u8],
    now: TimestampMs,
    taken: &mut TakenIn,
) -> Result<(), ProblemView> {
    let bundle = PolicyBundle::from_bytes(bytes).ok();
    let digest =
        bundle.as_ref().and_then(|one| reference_of(&one.files).ok()).map(|one| one.digest);
    let Some(digest) = digest.filter(|digest| bundle.is_some_and(|one| one.digest == *digest))
    else {
        let words = "the policies that the gate published are not what their digest says";
        taken.faults.push(fault("policy_wrong", words, now));
        return Ok(());
    };
    tx.put_policy_bundle(&PolicyBundleRow { digest, bytes: bytes.to_vec(), stored_at_ms: now })?;
    Ok(())
}

/// Follows the chain of rosters by one version. A version known already is passed over.
fn take_roster(
    tx: &Tx<'_>,
    me: &mut Me,
    envelope: &[u8],
    now: TimestampMs,
    taken: &mut TakenIn,
) -> Result<(), ProblemView> {
    let opened =
        Envelope::from_bytes(envelope).map_err(|error| error.to_string()).and_then(|envelope| {
            let version = envelope.peek_unverified::<Roster>().map_err(|e| e.to_string())?.version;
            if version <= me.roster.version {
                return Ok(None);
            }
            // Whether the newest has expired is asked when someone wants to decide; on the
            // way to it, a version may be older than its own expiry.
            let always = TimestampMs::from_millis(i64::MIN);
            me.roster.open_next(&envelope, always).map(Some).map_err(|error| error.to_string())
        });
    match opened {
        Ok(None) => {}
        Ok(Some(next)) => {
            tx.add_roster(next.version, envelope)?;
            me.roster = next.clone();
            taken.roster = Some(next);
        }
        Err(why) => {
            let words = format!("a new roster is refused: {why}");
            taken.faults.push(fault("roster_refused", &words, now));
        }
    }
    Ok(())
}

pub(crate) fn fault(code: &str, words: &str, now: TimestampMs) -> FaultRow {
    FaultRow { at_ms: now, code: code.into(), message: sentence(words) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Only a record that is large by itself makes a part large.
        #[test]
        fn the_parts_of_a_page_are_small_and_make_it_up(
            sizes in prop::collection::vec(prop_oneof![0usize..4_000, 0..2 * MOST_BYTES], 0..80)
        ) {
            let records: Vec<_> = (1..).zip(sizes).map(|(at, size)| (at, vec![0; size])).collect();
            let parts = parts(Page { records: records.clone(), head: 99 });
            prop_assert!(!parts.is_empty());
            for part in &parts {
                let bytes: usize = part.records.iter().map(|(_, record)| record.len()).sum();
                prop_assert!(part.records.len() <= MOST_RECORDS);
                prop_assert!(bytes <= MOST_BYTES || part.records.len() == 1);
                prop_assert_eq!(part.head, 99);
            }
            let together: Vec<_> = parts.into_iter().flat_map(|part| part.records).collect();
            prop_assert_eq!(together, records);
        }
    }
}
