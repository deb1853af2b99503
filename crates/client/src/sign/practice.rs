//! A case to practise on: real proposal, verdict, log and sheet, signed by keys that are
//! made on the spot and wiped. It knows no store and no network, and nothing of it stays.

mod grounds;
mod made;
mod series;

use crate::{
    case::{
        beside::Beside,
        evidence::{backtest_view, forecast_view, pacing_view},
        facts::CaseFacts,
        options,
        timeline::{self, Proven},
    },
    profile::{
        failure::{Broken, Cause, Failure},
        member::Me,
    },
    sign::{
        decide::{self, DecideError, Shown},
        practice::made::Made,
        tickets::{Confirm, GOOD_FOR_MS, Tickets},
    },
    view::{
        DecisionInput, EvidencePieceView, EvidenceView, PersonRef, PracticeTopic, SameEntityView,
        ThreadView, names,
    },
};
use countersign_model::{
    Decision, DecisionId, TimestampMs,
    confirm::{self, Language},
    decision::{self, CheckpointSeen, Refusal},
    signature::SignerError,
};
use std::collections::BTreeSet;

/// The practice case while it is being played. Its keys are wiped when it is dropped.
pub(crate) struct Practice {
    made: Made,
    /// Every ticket that a sheet of this case was given.
    tickets: BTreeSet<String>,
}

/// Bytes of a practice decision that were shown and may be signed, with the case's own key alone.
pub(crate) struct Prepared {
    decision: DecisionId,
    bytes: Vec<u8>,
}

/// Why something cannot be practised.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PracticeError {
    #[error("the practice is over")]
    Over,
    #[error(transparent)]
    Decide(#[from] DecideError),
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The gate would refuse it for this reason.
    #[error("the gate would refuse it: {0:?}")]
    Refused(Refusal),
    #[error(transparent)]
    Failure(Failure),
}

impl<C: Cause> From<C> for PracticeError {
    fn from(cause: C) -> Self {
        Self::Failure(cause.into())
    }
}

impl Practice {
    /// Makes a case, a workspace around it, and the keys that sign there.
    pub(crate) fn make(topic: PracticeTopic, now: TimestampMs) -> Result<Self, Failure> {
        Ok(Self { made: made::make(topic, now)?, tickets: BTreeSet::new() })
    }

    /// Who I am in the practice workspace.
    pub(crate) const fn me(&self) -> &Me {
        &self.made.me
    }

    /// What is known of the case.
    pub(crate) const fn facts(&self) -> &CaseFacts {
        &self.made.facts
    }

    /// Whether this is the case.
    pub(crate) fn is(&self, proposal: &str) -> bool {
        self.made.facts.proposal.id.to_string() == proposal
    }

    /// Whether a sheet of this case was given the ticket.
    pub(crate) fn has_made(&self, ticket: &str) -> bool {
        self.tickets.contains(ticket)
    }

    /// What stands beside the case's facts.
    pub(crate) fn beside(&self) -> Result<Beside, Failure> {
        let Made { me, facts, pacing, forecast, backtest, .. } = &self.made;
        let Made { log_size: size, log_root: root, hashes, .. } = &self.made;
        let proven = Proven { size: *size, root: *root, stored: hashes };
        let line = |(seq, entry)| timeline::line(Some(&proven), me, seq, entry);
        let timeline = facts.entries.iter().map(|(seq, entry)| line((*seq, entry)));
        Ok(Beside {
            evidence: self.evidence(),
            pacing: Some(pacing_view(pacing.clone())),
            forecast: forecast.clone().and_then(forecast_view),
            backtest: Some(backtest_view(backtest.clone())),
            similar: vec![],
            same_entity: SameEntityView { open: vec![], trailing: None },
            rollback: None,
            thread: self.thread(),
            timeline: timeline.collect::<Result<_, _>>()?,
            superseded_by: None,
            snoozed_until_ms: None,
            prompt_read_at_ms: None,
            to_check: false,
            check: None,
        })
    }

    /// The real bytes of a decision and the real sheet rendered from them.
    pub(crate) fn prepare<S: From<Prepared>>(
        &mut self,
        input: &DecisionInput,
        tickets: &mut Tickets<S>,
        language: Language,
        now: TimestampMs,
    ) -> Result<Confirm, PracticeError> {
        if !self.is(&input.proposal) {
            return Err(PracticeError::Over);
        }
        let Made { me, facts, .. } = &self.made;
        if let Some(why) = options::blocked_because(facts, me, now) {
            return Err(DecideError::from(why).into());
        }
        let decision = self.decision(input, now)?;
        let bytes = decision::statement_bytes(&decision, facts.proposal_digest)
            .map_err(|_| Broken("statement"))?;
        let sheet = confirm::render(&bytes, language).map_err(|_| Broken("confirm sheet"))?;
        let ticket = tickets.keep(Prepared { decision: decision.id, bytes }.into(), now)?;
        self.tickets.insert(ticket.clone());
        Ok(Confirm {
            ticket,
            sheet,
            warnings: vec![],
            armed_only: false,
            good_until_ms: now.plus_ms(GOOD_FOR_MS),
        })
    }

    /// Signs the prepared bytes with the case's own key and checks the signature as the
    /// gate would. The envelope is then forgotten. Gives the decision's id.
    pub(crate) fn sign(&self, prepared: Prepared) -> Result<DecisionId, PracticeError> {
        let Prepared { decision, bytes } = prepared;
        let envelope = decide::sign_bytes(&bytes, &self.made.key)?;
        decision::verify(&envelope, &self.made.me.roster).map_err(PracticeError::Refused)?;
        Ok(decision)
    }

    fn decision(&self, input: &DecisionInput, now: TimestampMs) -> Result<Decision, DecideError> {
        let Made { me, facts, log_size: size, log_root: root, .. } = &self.made;
        let shown = Shown {
            evidence: facts.proposal.evidence.iter().map(|piece| piece.digest).collect(),
            comments: vec![],
            checkpoint: Some(CheckpointSeen { size: *size, root: *root }),
        };
        decide::assemble(me, facts, input, shown, now)
    }

    fn evidence(&self) -> EvidenceView {
        let piece = |piece: &countersign_model::evidence::EvidenceRef| EvidencePieceView {
            kind: names::wire(&piece.kind),
            digest: piece.digest.to_string(),
            size_bytes: piece.size_bytes,
            on_device: true,
        };
        EvidenceView {
            complete: true,
            pieces: self.facts().proposal.evidence.iter().map(piece).collect(),
        }
    }

    fn thread(&self) -> ThreadView {
        let me = self.me();
        let others = me.roster.people.iter().filter(|one| one.id != me.person);
        ThreadView {
            comments: vec![],
            people: others
                .map(|one| PersonRef { id: one.id.to_string(), name: one.name.clone() })
                .collect(),
            open_questions: 0,
            questions_for_me: 0,
        }
    }
}
