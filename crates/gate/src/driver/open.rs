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
    evidence::{EvidenceKind, EvidenceRef, PacingSeries, SealedPrompt},
    proposal::Initiator,
};
use countersign_replay::{
    View as _,
    draft::{self, Drafted},
    world,
};
use countersign_sync::seal_blob;
use countersign_workflow::Case;

/// A draft with what the platform said about its entity.
pub struct Prepared {
    /// The agent and its owner.
    pub initiator: Initiator,
    /// What it sent, checked.
    pub draft: Draft,
    /// How many entries the log had before the platform was read.
    pub log_size: u64,
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
    pub(super) fn log_refused_drafts(
        &mut self,
        agent: AgentId,
        input: Digest,
        count: u64,
    ) -> Result<(), DriverError> {
        let mut changes = Changes::default();
        changes.log(world::drafts_refused(agent, input, count));
        let at = self.moment();
        Ok(self.ledger.commit(changes, at)?)
    }

    pub(super) fn try_open(
        &mut self,
        prepared: Prepared,
    ) -> Result<Result<Opened, Refused>, DriverError> {
        let at = self.moment();
        let action = action_of(&prepared);
        let target = action.target();
        let changed = self
            .ledger
            .store()
            .read(|reader| reader.is_changed_since(&target, prepared.log_size))?;
        let Action::BudgetChange(change) = &action;
        if changed || prepared.state.daily != change.before {
            return Ok(Err(Refused::BeforeMoved));
        }
        let revision = self.ledger.target(&target, at)?.revision;
        let prompt = SealedPrompt {
            salt: Digest::from_bytes(*keys::random::<32>().map_err(LedgerError::Random)?),
            prompt: prepared.draft.prompt.clone(),
        };
        let mut changes = Changes::default();
        let evidence = evidence_of(&prepared, change, &prompt)?;
        let Some((evidence, blobs)) = self.seal_evidence(&evidence, &mut changes)? else {
            return Ok(Err(Refused::TooLarge));
        };
        let proposal =
            self.make_proposal(prepared, action, revision, evidence, prompt.commitment(), at);
        match draft::verdict(&self.ledger, &self.policies, &proposal, at)? {
            Ok((verdict, _)) => self.open_with(proposal, verdict, blobs, changes, at),
            Err(error) => {
                tracing::error!(error = %error, "policy could not be asked");
                Ok(Err(Refused::Policy))
            }
        }
    }

    fn open_with(
        &mut self,
        proposal: Proposal,
        verdict: Verdict,
        blobs: Vec<BlobRef>,
        mut changes: Changes,
        at: TimestampMs,
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
        let (_, change) = CaseDocument::create(&proposal_bytes, &verdict_bytes)
            .map_err(|error| record(&error))?;
        let id = proposal.id;
        let drafted = Drafted {
            proposal,
            proposal_envelope: Digest::of(&proposal_bytes),
            verdict,
            verdict_envelope: Digest::of(&verdict_bytes),
        };
        let judged = match draft::draft(&self.ledger, &self.policies, drafted, at)? {
            Ok(judged) => judged,
            Err(error) => {
                tracing::error!(error = %error, "a draft was not opened");
                return Ok(Err(Refused::Policy));
            }
        };
        changes.put(Row::Envelope(proposal_bytes));
        changes.put(Row::Envelope(verdict_bytes));
        changes.send(RecordBody::CaseChange { case: id, change, blobs });
        self.commit(judged, changes, at)?;
        let case = self.ledger.store().read(|reader| reader.case(id))?;
        let case = case.ok_or(StoreError::Damaged("a case that was just stored is missing"))?;
        tracing::info!(outcome = ?case.verdict().outcome, "case opened");
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
        revision: u64,
        evidence: Vec<EvidenceRef>,
        prompt_commitment: Digest,
        now: TimestampMs,
    ) -> Proposal {
        let Prepared { initiator, draft, .. } = prepared;
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
        status: prepared.state.status,
        limits: prepared.state.limits,
        before: asked.before,
        after: asked.after,
        window: asked.window,
    })
}

fn canonical_of(value: &impl serde::Serialize) -> Result<Vec<u8>, DriverError> {
    canonical::to_bytes(value)
        .map_err(|error| DriverError::Ledger(LedgerError::Record(error.to_string())))
}
