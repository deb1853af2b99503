//! What is known about a case: the gate's verified envelopes, everybody's verified
//! decisions, and the verified log entries. Document fields are never asked.

use crate::profile::{
    failure::{Broken, Failure},
    member::Me,
};
use countersign_model::{
    Action, Decision, Digest, Envelope, PersonId, Proposal, ProposalId, Verdict,
    decision::{self, Refusal, SignedDecision},
    entry::{Entry, EntryBody, LogEvent},
};
use countersign_store::{DecisionRow, GateEnvelope, Reader, Stage};
use countersign_workflow::{Counted, Progress, progress};

/// A case as this device can prove it.
pub(crate) struct CaseFacts {
    pub(crate) proposal: Proposal,
    pub(crate) proposal_digest: Digest,
    pub(crate) verdict: Verdict,
    pub(crate) verdict_digest: Digest,
    pub(crate) decisions: Vec<KnownDecision>,
    /// Position and content, oldest first.
    pub(crate) entries: Vec<(u64, Entry)>,
}

/// A decision that is stored here, with what the log says about it.
pub(crate) struct KnownDecision {
    pub(crate) row: DecisionRow,
    pub(crate) decision: Decision,
    /// Verified under the present roster, or why it no longer can be: its device may have
    /// been revoked since.
    pub(crate) signed: Result<SignedDecision, Refusal>,
    /// What the gate logged, if it has.
    pub(crate) judged: Option<Judged>,
}

/// There is no such case here, or it has not fully arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the case is not on this device, or has not fully arrived")]
pub(crate) struct CaseUnknown;

/// What the gate logged about a decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Judged {
    Accepted,
    Refused(Refusal),
}

impl CaseFacts {
    /// Reads a case and verifies its envelopes again under the present roster. `None`
    /// while the gate's proposal or verdict has not arrived.
    pub(crate) fn load(
        reader: &Reader<'_>,
        me: &Me,
        case: ProposalId,
    ) -> Result<Option<Self>, Failure> {
        let proposal = reader.gate_envelope(case, GateEnvelope::Proposal)?;
        let verdict = reader.gate_envelope(case, GateEnvelope::Verdict)?;
        let (Some(proposal), Some(verdict)) = (proposal, verdict) else { return Ok(None) };
        let Some(proposal) = verify_proposal(&proposal, me, case) else { return Ok(None) };
        let proposal_digest = proposal.digest().map_err(|_| Broken("proposal"))?;
        let Some(verdict) = verify_verdict(&verdict, me, proposal_digest) else { return Ok(None) };
        let verdict_digest = verdict.digest().map_err(|_| Broken("verdict"))?;
        let entries = read_entries(reader, case)?;
        let decisions = reader
            .decisions_of(case)?
            .into_iter()
            .filter_map(|row| known(row, me, &entries))
            .collect();
        Ok(Some(Self { proposal, proposal_digest, verdict, verdict_digest, decisions, entries }))
    }

    /// The decisions that count as far as this device can tell: about this proposal under
    /// this verdict, not refused by the gate, not recalled. Mine while it is held is among
    /// them: I have signed it, though nobody else knows yet.
    pub(crate) fn counted(&self) -> Vec<Counted> {
        self.standing()
            .filter_map(|known| {
                let signed = known.signed.as_ref().ok()?;
                Some(Counted::of(signed, known.row.envelope_digest))
            })
            .collect()
    }

    /// The decisions behind [`CaseFacts::counted`].
    pub(crate) fn standing(&self) -> impl Iterator<Item = &KnownDecision> {
        self.decisions.iter().filter(|known| {
            known.row.stage != Stage::Recalled
                && !matches!(known.judged, Some(Judged::Refused(_)))
                && known.decision.verdict == self.verdict_digest
                && known
                    .signed
                    .as_ref()
                    .is_ok_and(|signed| signed.proposal_digest() == self.proposal_digest)
        })
    }

    /// How far the signatures have come.
    pub(crate) fn progress(&self) -> Progress {
        progress(&self.verdict, &self.counted())
    }

    /// Whether a person has decided and was not refused.
    pub(crate) fn has_decided(&self, person: PersonId) -> bool {
        self.standing().any(|known| known.decision.person == person)
    }

    /// What the newest entry says that this can be read from.
    pub(crate) fn newest<'a, T>(
        &'a self,
        read: impl FnMut(&'a EntryBody) -> Option<T>,
    ) -> Option<T> {
        self.entries.iter().rev().map(|(_, entry)| &entry.body).find_map(read)
    }

    /// The change that the gate has authorised, or that the signatures so far cover.
    pub(crate) fn effective(&self) -> Option<Action> {
        self.newest(|body| match &body.event {
            LogEvent::ChangeAuthorized { change, .. } => Some(change.clone()),
            _ => None,
        })
        .or_else(|| self.progress().effective)
    }
}

/// Reads a case id from the window.
pub(crate) fn parse_case(text: &str) -> Result<ProposalId, CaseUnknown> {
    text.parse().map_err(|_| CaseUnknown)
}

/// A proposal that the gate signed for this case.
pub(crate) fn verify_proposal(bytes: &[u8], me: &Me, case: ProposalId) -> Option<Proposal> {
    let envelope = Envelope::from_bytes(bytes).ok()?;
    let proposal = Proposal::open(&envelope, me.roster.gate.signing_key).ok()?.predicate;
    (proposal.id == case && proposal.workspace == me.workspace).then_some(proposal)
}

/// A verdict that the gate signed on this proposal.
pub(crate) fn verify_verdict(bytes: &[u8], me: &Me, proposal: Digest) -> Option<Verdict> {
    let envelope = Envelope::from_bytes(bytes).ok()?;
    let verdict = Verdict::open(&envelope, proposal, me.roster.gate.signing_key).ok()?.predicate;
    (verdict.workspace == me.workspace).then_some(verdict)
}

/// A decision that someone on the roster signed about this case.
pub(crate) fn verify_decision(bytes: &[u8], me: &Me, case: ProposalId) -> Option<SignedDecision> {
    let envelope = Envelope::from_bytes(bytes).ok()?;
    let signed = decision::verify(&envelope, &me.roster).ok()?;
    (signed.decision().proposal == case).then_some(signed)
}

fn known(row: DecisionRow, me: &Me, entries: &[(u64, Entry)]) -> Option<KnownDecision> {
    let envelope = Envelope::from_bytes(&row.envelope).ok()?;
    let decision: Decision = envelope.peek_unverified().ok()?;
    let signed = decision::verify(&envelope, &me.roster);
    let judged = judged(entries, row.envelope_digest);
    Some(KnownDecision { row, decision, signed, judged })
}

/// What the log says of a decision. One that was accepted stays so: a later refusal of the
/// same bytes is about their repetition.
fn judged(entries: &[(u64, Entry)], envelope: Digest) -> Option<Judged> {
    let about = entries.iter().filter_map(|(_, entry)| match &entry.body.event {
        LogEvent::DecisionAccepted { decision, .. } if decision.envelope == envelope => {
            Some(Judged::Accepted)
        }
        LogEvent::DecisionRefused { decision, refusal, .. } if decision.envelope == envelope => {
            Some(Judged::Refused(*refusal))
        }
        _ => None,
    });
    about.reduce(|first, then| if first == Judged::Accepted { first } else { then })
}

/// Entries were verified when they were stored; here they are only read back.
fn read_entries(reader: &Reader<'_>, case: ProposalId) -> Result<Vec<(u64, Entry)>, Failure> {
    reader
        .log_entries_of(case)?
        .into_iter()
        .map(|(seq, bytes)| {
            let entry = Entry::from_bytes(&bytes).map_err(|_| Broken("stored log entry"))?;
            Ok((seq, entry))
        })
        .collect()
}
