//! Drafts become cases, and so does what persons take back: proposal and verdict signed, evidence sealed, both logged, the
//! document queued. Drafts that wait together become durable in one transaction, in the order
//! in which they came; a key of an agent's that is sent twice opens one case.

use super::{Core, CoreError, Effect, GateView, Ids, Outcome, take};
use crate::{
    changes::{Changes, Row},
    evidence::Evidence,
    store::{KeyedDraft, Replay},
};
use countersign_document::{BlobRef, CaseDocument, RecordBody};
use countersign_intake::IdempotencyKey;
use countersign_model::{
    Action, AgentId, Digest, Draft, EntityState, Proposal, ProposalId, TimestampMs,
    causes::in_full,
    evidence::{EvidenceRef, PacingSeries},
    proposal::{Drafted, Initiator, Origin, Rollback},
};
use countersign_replay::{
    Change, Judged,
    draft::{self, Envelopes, Evaluated},
    rollback,
    view::state_of,
};
use countersign_workflow::Case;
use std::collections::BTreeMap;

/// A draft with what the platform said about its entity.
pub struct Prepared {
    /// The agent and its owner.
    pub initiator: Initiator,
    /// What it sent, checked.
    pub draft: Draft,
    /// How many entries the log had before the platform was read.
    pub log_size: u64,
    /// What the platforms reported of what the draft is about, in its order.
    pub states: Vec<EntityState>,
    /// The delivery of each that approvers see; of the one that leads first.
    pub pacing: Vec<PacingSeries>,
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

/// A draft that waits to become a case.
pub struct Drafting {
    /// The draft and what the platform said.
    pub prepared: Prepared,
    /// What approvers see beside it, sealed.
    pub evidence: Evidence,
    /// The key that the agent sent it under, if any.
    pub keyed: Option<KeyedDraft>,
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

impl Batch {
    fn into_outcome(self, mut effects: Vec<Effect>) -> (Changes, Vec<Effect>) {
        let Self { judged, mut changes, .. } = self;
        for judged in judged {
            effects.extend(take(judged, &mut changes));
        }
        (changes, effects)
    }
}

impl Core {
    /// Opens cases for drafts that waited; each is told when all are durable.
    pub(super) fn open_cases<V: GateView>(
        &mut self,
        view: &V,
        waiting: Vec<Drafting>,
        at: TimestampMs,
        ids: Ids<'_>,
    ) -> Outcome {
        let (mut batch, mut results) = (Batch::default(), vec![]);
        for drafting in waiting {
            results.push(self.try_open(view, drafting, at, ids, &mut batch)?);
        }
        Ok(batch.into_outcome(vec![Effect::Drafted(results)]))
    }

    /// Opens the case that takes back what was executed in another one. What the platform holds is
    /// not asked here: nothing is written unless it holds exactly what that case wrote.
    pub(super) fn open_rollback<V: GateView>(
        &mut self,
        view: &V,
        rollback: Rollback,
        at: TimestampMs,
        ids: Ids<'_>,
    ) -> Outcome {
        let executed = view.case(rollback.of)?;
        let Some(action) = executed.as_ref().and_then(rollback::inverse) else {
            tracing::error!(case = %rollback.of, "a rollback was accepted and has no inverse");
            return Ok(Default::default());
        };
        let action = action.assessed(self.rules.policies.vetting(), at);
        let revision = state_of(view, &action, at)?.revision;
        let id = ProposalId::from_uuid(ids());
        let origin = Origin::Rollback(rollback);
        let proposal = self.make_proposal(view, (id, action, revision), origin, vec![], at);
        let mut batch = Batch::default();
        let opened = match draft::evaluate(view, &self.rules.policies, proposal, at)? {
            Ok(own) => {
                self.open_with(view, own, (vec![], Changes::default()), None, at, &mut batch)?
            }
            Err(error) => {
                tracing::error!(error = %in_full(&error), "policy could not be asked");
                Err(Refused::Policy)
            }
        };
        if let Err(refused) = opened {
            tracing::error!(?refused, "a rollback was asked for and its case cannot be opened");
        }
        Ok(batch.into_outcome(vec![]))
    }

    fn try_open<V: GateView>(
        &self,
        view: &V,
        Drafting { prepared, evidence, keyed }: Drafting,
        at: TimestampMs,
        ids: Ids<'_>,
        batch: &mut Batch,
    ) -> Result<Result<Opened, Refused>, CoreError> {
        if let Some(keyed) = &keyed {
            let replay = match batch.replay(keyed) {
                Replay::New => view.replay(keyed)?,
                known => known,
            };
            match replay {
                Replay::New => {}
                Replay::Case(case) => return Ok(Ok(Opened { case: *case, replayed: true })),
                Replay::OtherDraft => return Ok(Err(Refused::OtherDraft)),
            }
        }
        let Ok(action) = prepared.draft.change.of_states(&prepared.states) else {
            return Ok(Err(Refused::BeforeMoved));
        };
        // What the company knows is in the signed change, and nobody else says it.
        let action = action.assessed(self.rules.policies.vetting(), at);
        for target in action.targets() {
            if view.is_changed_since(&target, prepared.log_size)? {
                return Ok(Err(Refused::BeforeMoved));
            }
        }
        let revision = state_of(view, &action, at)?.revision;
        let id = ProposalId::from_uuid(ids());
        let Prepared { initiator, draft, .. } = prepared;
        let Evidence { refs, blobs, prompt_commitment, rows } = evidence;
        let drafted = Drafted { initiator, grounds: draft.grounds, prompt_commitment };
        let origin = Origin::Draft(Box::new(drafted));
        let proposal = self.make_proposal(view, (id, action, revision), origin, refs, at);
        match draft::evaluate(view, &self.rules.policies, proposal, at)? {
            Ok(own) => self.open_with(view, own, (blobs, rows), keyed, at, batch),
            Err(error) => {
                tracing::error!(error = %in_full(&error), "policy could not be asked");
                Ok(Err(Refused::Policy))
            }
        }
    }

    fn open_with<V: GateView>(
        &self,
        view: &V,
        own: Evaluated,
        (blobs, rows): (Vec<BlobRef>, Changes),
        keyed: Option<KeyedDraft>,
        at: TimestampMs,
        batch: &mut Batch,
    ) -> Result<Result<Opened, Refused>, CoreError> {
        let (proposal, verdict) = (own.proposal(), own.verdict());
        let id = proposal.id;
        let _case = tracing::info_span!("case", case = %id).entered();
        let gate = &view.identity().signing;
        let record = |error: &(dyn std::error::Error + 'static)| CoreError::Record(in_full(error));
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
        let judged = draft::draft_evaluated(view, &self.rules.policies, own, envelopes, at)?;
        let judged = match judged {
            Ok(judged) => judged,
            Err(error) => {
                tracing::error!(error = %in_full(&error), "a draft was not opened");
                return Ok(Err(Refused::Policy));
            }
        };
        let Some(case) = judged.changes.iter().find_map(opened) else {
            tracing::error!("a draft was judged without a case");
            return Ok(Err(Refused::Policy));
        };
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

    fn make_proposal<V: GateView>(
        &self,
        view: &V,
        (id, action, revision): (ProposalId, Action, u64),
        origin: Origin,
        evidence: Vec<EvidenceRef>,
        now: TimestampMs,
    ) -> Proposal {
        Proposal {
            id,
            workspace: view.identity().workspace,
            created_at_ms: now,
            expires_at_ms: now.plus_ms(self.proposal_valid_ms),
            origin,
            action,
            entity_revision: revision,
            evidence,
        }
    }
}

fn opened(change: &Change) -> Option<Case> {
    match change {
        Change::Case(case) => Some((**case).clone()),
        _ => None,
    }
}
