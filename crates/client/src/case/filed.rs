//! What a change of a case files: proposals, verdicts, decisions and comments, each verified
//! from its own bytes. The case's document is merged as well; nothing follows from it.

use crate::{
    case::{
        comments,
        contain::{ContentError, TakeError},
        facts,
    },
    profile::member::Me,
};
use countersign_document::{BlobRef, Candidates, CaseDocument, Filed};
use countersign_model::{
    Comment, Decision, DeviceId, Digest, Envelope, Proposal, ProposalId, TimestampMs, Verdict,
    envelope::Predicate,
};
use countersign_store::{
    FiledRow, GateEnvelope, NewDecision, Reader, Stage, Tx, WaitingEnvelope, WantedEvidence,
};
use countersign_sync::Accepted;
use serde::Deserialize;

/// In how many cases that the gate has not opened here one device may write. A relay may hand
/// out a case after what was said about it, so the limit is not zero.
const MAX_UNOPENED: u32 = 64;

/// A change as a record carries it.
pub(crate) struct Change<'a> {
    pub(crate) record: &'a Accepted,
    pub(crate) case: ProposalId,
    pub(crate) bytes: &'a [u8],
    pub(crate) blobs: &'a [BlobRef],
}

/// What is known of an envelope.
enum Found {
    /// It is kept as what it is.
    Kept,
    /// Nobody known here signed it; somebody may later.
    Waits,
    /// It can never be of use here.
    Useless,
}

/// What the payload of an envelope says it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Proposal,
    Verdict,
    Decision,
    Comment,
}

/// Takes a change in. Gives what of it was set aside although the rest was taken.
pub(crate) fn take_in(
    tx: &Tx<'_>,
    me: &Me,
    change: &Change<'_>,
    now: TimestampMs,
) -> Result<Vec<ContentError>, TakeError> {
    let case = change.case;
    let _span = tracing::info_span!("case", %case).entered();
    let writer = change.record.header.writer;
    let by_gate = writer == me.roster.gate.device;
    let candidates = Candidates::of(change.bytes)?;
    if !by_gate {
        charge(tx, case, writer, change.record.header.writer_seq, &candidates)?;
    }
    let mut aside = Vec::new();
    for (kind, bytes) in in_order(candidates.envelopes(), &mut aside) {
        match take_envelope(tx, me, case, kind, bytes, now)? {
            Found::Kept => {}
            Found::Waits => wait(tx, case, writer, bytes)?,
            Found::Useless => {
                keep_for_the_log(tx, kind, bytes)?;
                // The gate brings again what it has judged, and of what use it was.
                if !by_gate {
                    aside.push(ContentError::NoStatement);
                }
            }
        }
    }
    if tx.gate_envelope(case, GateEnvelope::Proposal)?.is_some() {
        merge(tx, change, &mut aside)?;
    } else if !by_gate {
        if tx.unopened_cases(writer)? >= MAX_UNOPENED {
            return Err(ContentError::Unopened.into());
        }
        tx.note_unopened(case, writer)?;
    }
    want_evidence(tx, me, change, by_gate, &mut aside)?;
    tracing::info!("a change of the case was taken in");
    Ok(aside)
}

/// Tries the envelopes of a case that wait: its signers may be known by now.
pub(crate) fn harvest(
    tx: &Tx<'_>,
    me: &Me,
    case: ProposalId,
    now: TimestampMs,
) -> Result<(), TakeError> {
    let waiting = tx.waiting_envelopes(case)?;
    let mut known: Vec<_> =
        waiting.iter().filter_map(|one| Some((kind_of(&one.bytes)?, one))).collect();
    known.sort_by_key(|(kind, _)| *kind);
    for (kind, one) in known {
        match tx.attempt(|tx| take_envelope(tx, me, case, kind, &one.bytes, now)) {
            Ok(Found::Waits) => {}
            Ok(Found::Kept) => tx.remove_waiting(case, one.digest)?,
            Ok(Found::Useless) | Err(TakeError::Content(_)) => {
                keep_for_the_log(tx, kind, &one.bytes)?;
                tx.remove_waiting(case, one.digest)?;
            }
            Err(device) => return Err(device),
        }
    }
    Ok(())
}

/// Counts what a device files in a case against its own room there. A record that comes again
/// costs nothing.
pub(crate) fn charge(
    tx: &Tx<'_>,
    case: ProposalId,
    writer: DeviceId,
    seq: u64,
    candidates: &Candidates<'_>,
) -> Result<(), TakeError> {
    let stored = tx.filed(case, writer)?;
    if stored.is_some_and(|stored| seq <= stored.last_seq) {
        return Ok(());
    }
    let before =
        stored.map_or(Filed::default(), |one| Filed { envelopes: one.envelopes, bytes: one.bytes });
    let after = before.with(candidates).map_err(|_| ContentError::OverBudget)?;
    let Filed { envelopes, bytes } = after;
    tx.put_filed(case, writer, FiledRow { envelopes, bytes, last_seq: seq })?;
    Ok(())
}

/// The candidates in the order in which they can be verified.
fn in_order<'a>(candidates: &[&'a [u8]], aside: &mut Vec<ContentError>) -> Vec<(Kind, &'a [u8])> {
    let mut known: Vec<_> =
        candidates.iter().filter_map(|bytes| Some((kind_of(bytes)?, *bytes))).collect();
    if known.len() < candidates.len() {
        aside.push(ContentError::NoStatement);
    }
    known.sort_by_key(|(kind, _)| *kind);
    known
}

fn kind_of(bytes: &[u8]) -> Option<Kind> {
    #[derive(Deserialize)]
    struct TypeOnly {
        #[serde(rename = "predicateType")]
        predicate_type: String,
    }
    let payload = Envelope::from_bytes(bytes).ok()?.payload().ok()?;
    let head: TypeOnly = serde_json::from_slice(&payload).ok()?;
    [
        (Proposal::TYPE, Kind::Proposal),
        (Verdict::TYPE, Kind::Verdict),
        (Decision::TYPE, Kind::Decision),
        (Comment::TYPE, Kind::Comment),
    ]
    .into_iter()
    .find_map(|(name, kind)| (head.predicate_type == name).then_some(kind))
}

fn take_envelope(
    tx: &Tx<'_>,
    me: &Me,
    case: ProposalId,
    kind: Kind,
    bytes: &[u8],
    now: TimestampMs,
) -> Result<Found, TakeError> {
    match kind {
        Kind::Proposal => take_proposal(tx, me, case, bytes, now),
        Kind::Verdict => take_verdict(tx, me, case, bytes),
        Kind::Decision => take_decision(tx, me, case, bytes, now),
        Kind::Comment => Ok(if comments::take_in(tx, me, case, bytes, now)? {
            Found::Kept
        } else {
            may_be_signed::<Comment>(bytes, |comment| comment.proposal == case)
        }),
    }
}

fn take_proposal(
    tx: &Tx<'_>,
    me: &Me,
    case: ProposalId,
    bytes: &[u8],
    now: TimestampMs,
) -> Result<Found, TakeError> {
    if facts::verify_proposal(bytes, me, case).is_none() {
        return Ok(may_be_signed::<Proposal>(bytes, |proposal| proposal.id == case));
    }
    if tx.add_gate_envelope(case, GateEnvelope::Proposal, bytes)? {
        tx.note_opened(case)?;
        // What was said about the case before it came.
        harvest(tx, me, case, now)?;
    }
    Ok(Found::Kept)
}

fn take_verdict(tx: &Tx<'_>, me: &Me, case: ProposalId, bytes: &[u8]) -> Result<Found, TakeError> {
    let proposal = stored_proposal(tx, me, case)?.and_then(|proposal| proposal.digest().ok());
    let verified = proposal.and_then(|digest| facts::verify_verdict(bytes, me, digest));
    if verified.is_none() {
        return Ok(may_be_signed::<Verdict>(bytes, |verdict| verdict.proposal == case));
    }
    tx.add_gate_envelope(case, GateEnvelope::Verdict, bytes)?;
    Ok(Found::Kept)
}

fn take_decision(
    tx: &Tx<'_>,
    me: &Me,
    case: ProposalId,
    bytes: &[u8],
    now: TimestampMs,
) -> Result<Found, TakeError> {
    let Some(signed) = facts::verify_decision(bytes, me, case) else {
        return Ok(may_be_signed::<Decision>(bytes, |decision| decision.proposal == case));
    };
    let is_new = tx.add_decision(&NewDecision {
        digest: signed.digest(),
        id: signed.decision().id,
        proposal: case,
        envelope: bytes.to_vec(),
        mine: false,
        stage: Stage::Delivered,
        hold_until_ms: None,
        stored_at_ms: now,
    })?;
    let row = if is_new { None } else { tx.decision(signed.digest())? };
    if row.is_some_and(|row| row.envelope != bytes) {
        // The same statement under other signature bytes: another envelope for the log.
        tx.add_source(bytes)?;
    }
    Ok(Found::Kept)
}

/// A decision that is of no use in this case may be judged by the gate all the same: at the
/// case that it names, or as refused. The log then speaks of it by its digest.
fn keep_for_the_log(tx: &Tx<'_>, kind: Kind, bytes: &[u8]) -> Result<(), TakeError> {
    if kind == Kind::Decision {
        tx.add_source(bytes)?;
    }
    Ok(())
}

/// An envelope that cannot be verified now: whether it ever can.
fn may_be_signed<P: Predicate>(bytes: &[u8], about_this: impl FnOnce(&P) -> bool) -> Found {
    let read = Envelope::from_bytes(bytes).and_then(|envelope| envelope.peek_unverified::<P>());
    match read {
        Ok(statement) if about_this(&statement) => Found::Waits,
        _ => Found::Useless,
    }
}

fn wait(
    tx: &Tx<'_>,
    proposal: ProposalId,
    writer: DeviceId,
    bytes: &[u8],
) -> Result<(), TakeError> {
    let digest = Digest::of(bytes);
    tx.add_waiting(&WaitingEnvelope { proposal, digest, writer, bytes: bytes.to_vec() })?;
    Ok(())
}

/// Merges the change into the case's document, if it fits.
fn merge(tx: &Tx<'_>, change: &Change<'_>, aside: &mut Vec<ContentError>) -> Result<(), TakeError> {
    let case = change.case;
    let stored = tx.document(case)?;
    let mut document = match stored.as_deref().map(CaseDocument::load) {
        None => CaseDocument::empty(),
        Some(Ok(document)) => document,
        Some(Err(error)) => {
            // What was signed stands in rows; the document is only a carrier.
            tracing::warn!(%case, %error, "a case document is broken and is started over");
            CaseDocument::empty()
        }
    };
    match document.apply(change.bytes) {
        Ok(()) => tx.put_document(case, &document.save())?,
        Err(error) => aside.push(error.into()),
    }
    Ok(())
}

/// Wants the evidence that the gate names with its proposal, and no other.
fn want_evidence(
    tx: &Tx<'_>,
    me: &Me,
    change: &Change<'_>,
    by_gate: bool,
    aside: &mut Vec<ContentError>,
) -> Result<(), TakeError> {
    if change.blobs.is_empty() {
        return Ok(());
    }
    let proposal = if by_gate { stored_proposal(tx, me, change.case)? } else { None };
    for blob in change.blobs {
        let named = proposal
            .as_ref()
            .is_some_and(|one| one.evidence.iter().any(|piece| piece.digest == blob.evidence));
        if !named {
            aside.push(ContentError::ForeignEvidence);
            continue;
        }
        tx.want_evidence(&WantedEvidence {
            evidence: blob.evidence,
            blob: blob.blob,
            size_bytes: blob.size_bytes,
            proposal: change.case,
        })?;
    }
    Ok(())
}

fn stored_proposal(
    reader: &Reader<'_>,
    me: &Me,
    case: ProposalId,
) -> Result<Option<Proposal>, TakeError> {
    let bytes = reader.gate_envelope(case, GateEnvelope::Proposal)?;
    Ok(bytes.and_then(|bytes| facts::verify_proposal(&bytes, me, case)))
}
