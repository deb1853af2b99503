//! A draft becomes a case: proposal and verdict signed, evidence sealed, both logged,
//! the document queued; all in one transaction.

use super::{Driver, DriverError};
use crate::{
    changes::{Changes, Row},
    clock,
    evidence::{backtest, forecast},
    keys,
    ledger::LedgerError,
    store::StoreError,
};
use countersign_document::{BlobRef, CaseDocument, RecordBody};
use countersign_executor::BudgetState;
use countersign_model::{
    Action, AgentId, BudgetChange, Digest, Draft, Proposal, ProposalId, TimestampMs, Verdict,
    canonical,
    draft::DraftChange,
    entry::{Actor, ActorKind, EntryBody, EntryKind},
    evidence::{EvidenceKind, EvidenceRef, PacingSeries, SealedPrompt},
    proposal::Initiator,
    verdict::AutonomyMode,
};
use countersign_policy::{PolicyInput, Trailing};
use countersign_sync::seal_blob;
use countersign_workflow::{Case, EntryPlace};

/// A draft with what the platform said about its entity.
pub struct Prepared {
    /// The agent and its owner.
    pub initiator: Initiator,
    /// What it sent, checked.
    pub draft: Draft,
    /// The entity's revision, read before the platform was.
    pub revision: u64,
    /// What the platform reported.
    pub state: BudgetState,
    /// The delivery that approvers see.
    pub pacing: PacingSeries,
}

/// Evidence as the proposal names it, and where its sealed form is.
type SealedEvidence = (Vec<EvidenceRef>, Vec<BlobRef>);

/// A case that was opened.
pub struct Opened {
    /// The case.
    pub case: Case,
}

/// Why a draft did not become a case; whoever asked counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The platform's budget is not the draft's `before`, or has just been changed.
    BeforeMoved,
    /// The draft is too large to be kept: evidence or texts.
    TooLarge,
    /// Policy could not be asked.
    Policy,
}

impl Driver {
    /// The count stands in the entry's field of that name.
    pub(super) fn log_refused_drafts(
        &mut self,
        agent: AgentId,
        input: Digest,
        _count: u64,
    ) -> Result<(), DriverError> {
        let mut changes = Changes::default();
        changes.log(move |place| EntryBody {
            input_commitment: Some(input),
            ..EntryBody::blank(place.into(), agent_actor(agent), EntryKind::DraftRefused)
        });
        self.ledger.commit(changes, clock::now())?;
        Ok(())
    }

    pub(super) fn try_open(
        &mut self,
        prepared: Prepared,
    ) -> Result<Result<Opened, Refused>, DriverError> {
        let now = clock::now();
        let action = action_of(&prepared);
        let entity = action.entity().clone();
        let (revision, increases) = self.ledger.store().read(|reader| {
            let since = now.plus_ms(-Trailing::WINDOW_MS);
            Ok::<_, StoreError>((
                reader.revision(&entity)?,
                reader.increases_since(&entity, since)?,
            ))
        })?;
        let Action::BudgetChange(change) = &action;
        if revision != prepared.revision || prepared.state.daily != change.before {
            return Ok(Err(Refused::BeforeMoved));
        }
        let prompt = SealedPrompt {
            salt: Digest::from_bytes(*keys::random::<32>().map_err(LedgerError::Random)?),
            prompt: prepared.draft.prompt.clone(),
        };
        let mut changes = Changes::default();
        let evidence = evidence_of(&prepared, change, &prompt)?;
        let Some((evidence, blobs)) = self.seal_evidence(&evidence, &mut changes)? else {
            return Ok(Err(Refused::TooLarge));
        };
        let proposal = self.make_proposal(prepared, action, evidence, prompt.commitment(), now);
        let input = PolicyInput::of(
            &proposal,
            Trailing { increases_micros: increases },
            AutonomyMode::ProposeOnly,
        );
        let evaluation = match self.policies.evaluate(&input) {
            Ok(evaluation) => evaluation,
            Err(error) => {
                tracing::error!(error = %error, "policy could not be asked");
                return Ok(Err(Refused::Policy));
            }
        };
        let input_digest = evaluation.input_digest;
        let policy = self.policies.reference().clone();
        let verdict = evaluation.into_verdict(proposal.workspace, proposal.id, policy, now);
        self.open_with(proposal, verdict, input_digest, blobs, changes, now)
    }

    fn open_with(
        &mut self,
        proposal: Proposal,
        verdict: Verdict,
        input: Digest,
        blobs: Vec<BlobRef>,
        mut changes: Changes,
        now: TimestampMs,
    ) -> Result<Result<Opened, Refused>, DriverError> {
        let _case = tracing::info_span!("case", case = %proposal.id).entered();
        let gate = &self.ledger.identity().signing;
        let record = |error: &dyn std::fmt::Display| LedgerError::Record(error.to_string());
        let sealed = proposal.seal(gate).map_err(|error| record(&error))?;
        let proposal_bytes = sealed.to_bytes().map_err(|error| record(&error))?;
        let subject = proposal.digest().map_err(|error| record(&error))?;
        let sealed = verdict.seal(subject, gate).map_err(|error| record(&error))?;
        let verdict_bytes = sealed.to_bytes().map_err(|error| record(&error))?;
        if proposal_bytes.len() + verdict_bytes.len()
            > countersign_sync::limits::MAX_PLAINTEXT_BYTES / 2
        {
            return Ok(Err(Refused::TooLarge));
        }
        let (mut document, change) = CaseDocument::create(&proposal_bytes, &verdict_bytes)
            .map_err(|error| record(&error))?;

        log_proposal(&mut changes, &proposal, Digest::of(&proposal_bytes))?;
        log_verdict(&mut changes, &verdict, Digest::of(&verdict_bytes), input);
        changes.put(Row::Envelope(proposal_bytes));
        changes.put(Row::Envelope(verdict_bytes));
        changes.put(Row::Document(proposal.id, document.save()));
        changes.send(RecordBody::CaseChange { case: proposal.id, change, blobs });
        let (case, effects) = Case::open(proposal, verdict).map_err(|error| record(&error))?;
        tracing::info!(case = %case.proposal().id, outcome = ?case.verdict().outcome, "case opened");
        let _ = Self::apply(&mut changes, case.clone(), effects);
        self.ledger.commit(changes, now)?;
        Ok(Ok(Opened { case }))
    }

    /// Seals each piece for the workspace; `None` when one is too large.
    fn seal_evidence(
        &self,
        pieces: &[(EvidenceKind, Vec<u8>)],
        changes: &mut Changes,
    ) -> Result<Option<SealedEvidence>, DriverError> {
        let identity = self.ledger.identity();
        let (mut evidence, mut blobs) = (vec![], vec![]);
        for (kind, plain) in pieces {
            let nonce = *keys::random::<24>().map_err(LedgerError::Random)?;
            let Ok(sealed) = seal_blob(identity.workspace, plain, &identity.epoch, nonce) else {
                return Ok(None);
            };
            let digest = Digest::of(plain);
            evidence.push(EvidenceRef { kind: *kind, digest, size_bytes: plain.len() as u64 });
            let size_bytes = sealed.bytes.len() as u64;
            blobs.push(BlobRef { evidence: digest, blob: sealed.digest, size_bytes });
            changes.put(Row::Blob(sealed.digest, sealed.bytes));
        }
        Ok(Some((evidence, blobs)))
    }

    fn make_proposal(
        &self,
        prepared: Prepared,
        action: Action,
        evidence: Vec<EvidenceRef>,
        prompt_commitment: Digest,
        now: TimestampMs,
    ) -> Proposal {
        let Prepared { initiator, draft, revision, .. } = prepared;
        Proposal {
            id: ProposalId::from_uuid(clock::new_uuid()),
            workspace: self.ledger.identity().workspace,
            created_at_ms: now,
            expires_at_ms: now.plus_ms(self.proposal_valid_ms),
            initiator,
            action,
            entity_revision: revision,
            predicted_lift: draft.predicted_lift,
            confidence: draft.confidence,
            feature_attributions: draft.feature_attributions,
            rationale: draft.rationale,
            trigger: draft.trigger,
            likely_outcome: draft.likely_outcome,
            campaign_intent: draft.campaign_intent,
            model: draft.model,
            prompt_commitment,
            evidence,
        }
    }
}

/// What approvers see beside the proposal; forecast and backtest are the gate's own work.
fn evidence_of(
    prepared: &Prepared,
    change: &BudgetChange,
    prompt: &SealedPrompt,
) -> Result<Vec<(EvidenceKind, Vec<u8>)>, DriverError> {
    let Prepared { draft, pacing, .. } = prepared;
    let mut evidence = vec![
        (EvidenceKind::PacingSeries, canonical_of(pacing)?),
        (EvidenceKind::Prompt, canonical_of(prompt)?),
    ];
    if let Some(forecast) = forecast::forecast(pacing, change.after, change.window) {
        evidence.push((EvidenceKind::Forecast, canonical_of(&forecast)?));
    }
    if let Some(backtest) = &draft.backtest {
        let backtest = backtest::backtest(backtest, &draft.model, pacing);
        evidence.push((EvidenceKind::Backtest, canonical_of(&backtest)?));
    }
    Ok(evidence)
}

fn action_of(prepared: &Prepared) -> Action {
    let DraftChange::BudgetChange(asked) = &prepared.draft.change;
    Action::BudgetChange(BudgetChange {
        entity: asked.entity.clone(),
        campaign_name: prepared.state.campaign_name.clone(),
        budget_resource: prepared.state.budget_resource.clone(),
        shared_by: prepared.state.shared_by,
        before: asked.before,
        after: asked.after,
        window: asked.window,
    })
}

fn log_proposal(
    changes: &mut Changes,
    proposal: &Proposal,
    envelope: Digest,
) -> Result<(), DriverError> {
    let explanation = digest_of(&(&proposal.feature_attributions, &proposal.rationale))?;
    let proposal = proposal.clone();
    changes.log(move |place| EntryBody {
        proposal_id: Some(proposal.id),
        model: Some(proposal.model),
        prompt_commitment: Some(proposal.prompt_commitment),
        output_hash: Some(envelope),
        explanation_digest: Some(explanation),
        confidence: Some(proposal.confidence),
        change: Some(proposal.action),
        ..EntryBody::blank(
            place.into(),
            agent_actor(proposal.initiator.agent),
            EntryKind::ProposalReceived,
        )
    });
    Ok(())
}

fn log_verdict(changes: &mut Changes, verdict: &Verdict, envelope: Digest, input: Digest) {
    let verdict = verdict.clone();
    changes.log(move |place| EntryBody {
        proposal_id: Some(verdict.proposal),
        input_commitment: Some(input),
        output_hash: Some(envelope),
        policy: Some(verdict.policy),
        flags: verdict.flags,
        ..EntryBody::blank(place.into(), gate_actor(&place), EntryKind::VerdictIssued)
    });
}

fn agent_actor(agent: AgentId) -> Actor {
    Actor { kind: ActorKind::Agent, id: agent.to_string(), role: None }
}

/// The gate as the actor of an entry.
pub(crate) fn gate_actor(place: &EntryPlace) -> Actor {
    Actor { kind: ActorKind::Gate, id: place.gate.to_string(), role: None }
}

fn canonical_of(value: &impl serde::Serialize) -> Result<Vec<u8>, DriverError> {
    canonical::to_bytes(value)
        .map_err(|error| DriverError::Ledger(LedgerError::Record(error.to_string())))
}

/// The digest of a value's canonical bytes.
pub(crate) fn digest_of(value: &impl serde::Serialize) -> Result<Digest, DriverError> {
    Ok(Digest::of(&canonical_of(value)?))
}
