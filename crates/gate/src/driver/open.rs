//! Drafts become cases: proposal and verdict signed, evidence sealed, both logged, the
//! document queued. Drafts that wait together become durable in one transaction, in the order
//! in which they came; a key of an agent's that is sent twice opens one case.

use super::{Driver, DriverError};
use crate::{
    changes::{Changes, Row},
    clock,
    evidence::{backtest, forecast},
    identity::Identity,
    keys,
    ledger::LedgerError,
    store::{KeyedDraft, Replay},
};
use countersign_document::{BlobRef, CaseDocument, RecordBody};
use countersign_intake::IdempotencyKey;
use countersign_model::{
    Action, AgentId, Digest, Draft, EntityState, Proposal, ProposalId, TimestampMs,
    canonical::{self, CanonicalError},
    evidence::{EvidenceKind, EvidenceRef, PacingSeries, SealedPrompt},
    proposal::Initiator,
};
use countersign_replay::{
    Change, Judged, View as _,
    draft::{self, Envelopes, Evaluated},
    world,
};
use countersign_sync::seal_blob;
use countersign_workflow::Case;
use std::collections::BTreeMap;
use tokio::sync::oneshot;

/// A draft with what the platform said about its entity.
pub struct Prepared {
    /// The agent and its owner.
    pub initiator: Initiator,
    /// What it sent, checked.
    pub draft: Draft,
    /// How many entries the log had before the platform was read.
    pub log_size: u64,
    /// What the platform reported.
    pub state: EntityState,
    /// The delivery that approvers see.
    pub pacing: PacingSeries,
}

/// A case that was opened, by this draft or before.
pub struct Opened {
    /// The case.
    pub case: Case,
    /// Whether the same draft under the same key had opened it before.
    pub replayed: bool,
}

/// Why a draft did not become a case; whoever asked counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The platform's state is not the draft's `before`, or has just been changed.
    BeforeMoved,
    /// The draft is too large to be kept: evidence or texts.
    TooLarge,
    /// The evidence could not be made.
    Evidence,
    /// Policy could not be asked.
    Policy,
    /// The agent sent another draft under the same key.
    OtherDraft,
}

/// A draft that waits for the driver.
pub(super) struct Drafting {
    pub(super) prepared: Prepared,
    pub(super) evidence: Evidence,
    pub(super) keyed: Option<KeyedDraft>,
    pub(super) answer: oneshot::Sender<Result<Opened, Refused>>,
}

/// Evidence as the proposal names it, and its sealed form.
pub(super) struct Evidence {
    refs: Vec<EvidenceRef>,
    blobs: Vec<BlobRef>,
    prompt_commitment: Digest,
    rows: Changes,
}

/// Drafts that become durable together.
#[derive(Default)]
struct Batch {
    judged: Vec<Judged>,
    changes: Changes,
    keys: BTreeMap<(AgentId, IdempotencyKey), (Digest, Case)>,
}

impl Batch {
    fn replay(&self, keyed: &KeyedDraft) -> Replay {
        match self.keys.get(&(keyed.agent, keyed.key.clone())) {
            None => Replay::New,
            Some((draft, _)) if *draft != keyed.draft => Replay::OtherDraft,
            Some((_, case)) => Replay::Case(Box::new(case.clone())),
        }
    }
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

    /// Opens cases for drafts that waited; each is told when all are durable.
    pub(super) fn open_cases(&mut self, waiting: Vec<Drafting>) -> Result<(), DriverError> {
        if waiting.is_empty() {
            return Ok(());
        }
        // What is due comes before whatever else happens.
        self.pass_time()?;
        let (at, mut batch, mut told) = (self.moment(), Batch::default(), vec![]);
        for Drafting { prepared, evidence, keyed, answer } in waiting {
            told.push((answer, self.try_open(prepared, evidence, keyed, at, &mut batch)?));
        }
        if !batch.judged.is_empty() {
            self.commit_all(batch.judged, batch.changes, at)?;
        }
        for (answer, result) in told {
            // Whoever asked may be gone; what was done stands.
            let _ = answer.send(result);
        }
        Ok(())
    }

    fn try_open(
        &self,
        prepared: Prepared,
        evidence: Evidence,
        keyed: Option<KeyedDraft>,
        at: TimestampMs,
        batch: &mut Batch,
    ) -> Result<Result<Opened, Refused>, DriverError> {
        if let Some(keyed) = &keyed {
            let replay = match batch.replay(keyed) {
                Replay::New => self.ledger.store().read(|reader| reader.replay(keyed))?,
                known => known,
            };
            match replay {
                Replay::New => {}
                Replay::Case(case) => return Ok(Ok(Opened { case: *case, replayed: true })),
                Replay::OtherDraft => return Ok(Err(Refused::OtherDraft)),
            }
        }
        let Ok(action) = prepared.draft.change.of_state(&prepared.state) else {
            return Ok(Err(Refused::BeforeMoved));
        };
        let target = action.target();
        let changed = self
            .ledger
            .store()
            .read(|reader| reader.is_changed_since(&target, prepared.log_size))?;
        if changed {
            return Ok(Err(Refused::BeforeMoved));
        }
        let revision = self.ledger.target(&target, at)?.revision;
        let proposal = self.make_proposal(prepared, action, revision, &evidence, at);
        match draft::evaluate(&self.ledger, &self.policies, proposal, at)? {
            Ok(own) => self.open_with(own, evidence, keyed, at, batch),
            Err(error) => {
                tracing::error!(error = %error, "policy could not be asked");
                Ok(Err(Refused::Policy))
            }
        }
    }

    fn open_with(
        &self,
        own: Evaluated,
        evidence: Evidence,
        keyed: Option<KeyedDraft>,
        at: TimestampMs,
        batch: &mut Batch,
    ) -> Result<Result<Opened, Refused>, DriverError> {
        let (proposal, verdict) = (own.proposal(), own.verdict());
        let id = proposal.id;
        let _case = tracing::info_span!("case", case = %id).entered();
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
        let envelopes = Envelopes {
            proposal: Digest::of(&proposal_bytes),
            verdict: Digest::of(&verdict_bytes),
        };
        let judged = draft::draft_evaluated(&self.ledger, &self.policies, own, envelopes, at)?;
        let judged = match judged {
            Ok(judged) => judged,
            Err(error) => {
                tracing::error!(error = %error, "a draft was not opened");
                return Ok(Err(Refused::Policy));
            }
        };
        let Some(case) = judged.changes.iter().find_map(opened) else {
            tracing::error!("a draft was judged without a case");
            return Ok(Err(Refused::Policy));
        };
        let Evidence { blobs, rows, .. } = evidence;
        batch.changes.append(rows);
        batch.changes.put(Row::Envelope(proposal_bytes));
        batch.changes.put(Row::Envelope(verdict_bytes));
        batch.changes.send(RecordBody::CaseChange { case: id, change, blobs });
        if let Some(keyed) = keyed {
            let key = (keyed.agent, keyed.key.clone());
            batch.keys.insert(key, (keyed.draft, case.clone()));
            batch.changes.put(Row::DraftKey(keyed, id));
        }
        batch.judged.push(judged);
        tracing::info!(outcome = ?case.verdict().outcome, "case opens");
        Ok(Ok(Opened { case, replayed: false }))
    }

    fn make_proposal(
        &self,
        prepared: Prepared,
        action: Action,
        revision: u64,
        evidence: &Evidence,
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
            grounds: draft.grounds,
            prompt_commitment: evidence.prompt_commitment,
            evidence: evidence.refs.clone(),
        }
    }
}

fn opened(change: &Change) -> Option<Case> {
    match change {
        Change::Case(case) => Some((**case).clone()),
        _ => None,
    }
}

/// Computes what approvers see beside the proposal, and seals each piece for the workspace.
pub(super) fn seal_evidence(prepared: &Prepared, gate: &Identity) -> Result<Evidence, Refused> {
    let broken = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "evidence could not be made");
        Refused::Evidence
    };
    let salt = keys::random::<32>().map_err(|error| broken(&error))?;
    let prompt =
        SealedPrompt { salt: Digest::from_bytes(*salt), prompt: prepared.draft.prompt.clone() };
    let (mut refs, mut blobs, mut rows) = (vec![], vec![], Changes::default());
    for (kind, plain) in evidence_of(prepared, &prompt).map_err(|error| broken(&error))? {
        let nonce = *keys::random::<24>().map_err(|error| broken(&error))?;
        let Ok(sealed) = seal_blob(gate.workspace, &plain, &gate.epoch, nonce) else {
            return Err(Refused::TooLarge);
        };
        let digest = Digest::of(&plain);
        refs.push(EvidenceRef { kind, digest, size_bytes: plain.len() as u64 });
        let size_bytes = sealed.bytes.len() as u64;
        blobs.push(BlobRef { evidence: digest, blob: sealed.digest, size_bytes });
        rows.put(Row::Blob(sealed.digest, sealed.bytes));
    }
    Ok(Evidence { refs, blobs, prompt_commitment: prompt.commitment(), rows })
}

/// Forecast and backtest are the gate's own work.
fn evidence_of(
    prepared: &Prepared,
    prompt: &SealedPrompt,
) -> Result<Vec<(EvidenceKind, Vec<u8>)>, CanonicalError> {
    let Prepared { draft, pacing, .. } = prepared;
    let mut evidence = vec![
        (EvidenceKind::PacingSeries, canonical::to_bytes(pacing)?),
        (EvidenceKind::Prompt, canonical::to_bytes(prompt)?),
    ];
    // Of a draft that fits no state there is nothing to foretell; it is refused anyway.
    let change = draft.change.of_state(&prepared.state).ok();
    let foretold =
        change.and_then(|change| forecast::forecast(pacing, change.forecast()?, change.window()));
    if let Some(forecast) = foretold {
        evidence.push((EvidenceKind::Forecast, canonical::to_bytes(&forecast)?));
    }
    if let Some(backtest) = &draft.backtest {
        let backtest = backtest::backtest(backtest, &draft.grounds.model, pacing);
        evidence.push((EvidenceKind::Backtest, canonical::to_bytes(&backtest)?));
    }
    Ok(evidence)
}
