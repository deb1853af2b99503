//! A case to practise on: real proposal, verdict, log and sheet, signed by keys that are
//! made on the spot and wiped. It knows no store and no network, and nothing of it stays.

mod made;
mod series;

use crate::{
    case::{
        case_view::{self, Beside},
        evidence::{backtest_view, forecast_view, pacing_view},
        facts::CaseFacts,
        options,
        timeline::{self, Proven},
    },
    profile::member::Me,
    sign::{
        decide::{self, Shown},
        tickets::Tickets,
    },
    view::{
        CaseView, ConfirmView, DecisionInput, Delivery, EvidencePieceView, EvidenceView, PersonRef,
        ProblemView, SameEntityView, SignedView, ThreadView, names,
        problem::{self, Code, internal, problem},
    },
};
use countersign_audit::MemoryHashes;
use countersign_model::{
    Decision, DecisionId, Digest, TimestampMs,
    confirm::{self, Language},
    decision::{self, CheckpointSeen},
    evidence::{Backtest, Forecast, PacingSeries},
    signature::SigningKey,
};
use std::collections::BTreeSet;

/// The practice case while it is played. Its keys are wiped when it is dropped.
pub(crate) struct Practice {
    me: Me,
    facts: CaseFacts,
    pacing: PacingSeries,
    forecast: Forecast,
    backtest: Backtest,
    hashes: MemoryHashes,
    log_size: u64,
    log_root: Digest,
    /// Not the person's key: made for this case alone.
    key: SigningKey,
    /// Every ticket that a sheet of this case was given.
    made: BTreeSet<String>,
}

/// Bytes of a practice decision that were shown and may be signed, with the case's own key alone.
pub(crate) struct Prepared {
    decision: DecisionId,
    bytes: Vec<u8>,
}

/// There is no practice case any more.
pub(crate) fn over() -> ProblemView {
    problem(Code::PracticeOver, "This practice is over.", &["Start the practice case again."])
}

impl Practice {
    /// Makes a case, a workspace around it, and the keys that sign there.
    pub(crate) fn make(now: TimestampMs) -> Result<Self, ProblemView> {
        made::make(now)
    }

    /// Whether this is the case.
    pub(crate) fn is(&self, proposal: &str) -> bool {
        self.facts.proposal.id.to_string() == proposal
    }

    /// Whether a sheet of this case was given the ticket.
    pub(crate) fn has_made(&self, ticket: &str) -> bool {
        self.made.contains(ticket)
    }

    /// The case for the window.
    pub(crate) fn view(&self, now: TimestampMs) -> Result<CaseView, ProblemView> {
        let proven = Proven { size: self.log_size, root: self.log_root, stored: &self.hashes };
        let timeline = self
            .facts
            .entries
            .iter()
            .map(|(seq, entry)| timeline::line(Some(&proven), &self.me, *seq, entry))
            .collect::<Result<_, _>>()?;
        let beside = Beside {
            evidence: self.evidence(),
            pacing: Some(pacing_view(self.pacing.clone())),
            forecast: forecast_view(self.forecast.clone()),
            backtest: Some(backtest_view(self.backtest.clone())),
            similar: vec![],
            same_entity: SameEntityView { open: vec![], trailing: None },
            thread: self.thread(),
            timeline,
            superseded_by: None,
            snoozed_until_ms: None,
            prompt_read_at_ms: None,
            check: None,
        };
        let options = options::view(&self.facts, &self.me, None, 0, now);
        let view = case_view::compose(&self.me, &self.facts, beside, options, now);
        Ok(CaseView { practice: true, ..view })
    }

    /// The real bytes of a decision and the real sheet rendered from them.
    pub(crate) fn prepare<S: From<Prepared>>(
        &mut self,
        input: &DecisionInput,
        tickets: &mut Tickets<S>,
        language: Language,
        now: TimestampMs,
    ) -> Result<ConfirmView, ProblemView> {
        if !self.is(&input.proposal) {
            return Err(over());
        }
        if let Some(why) = options::blocked_because(&self.facts, &self.me, now) {
            return Err(why);
        }
        let decision = self.decision(input, now)?;
        let bytes = decision::statement_bytes(&decision, self.facts.proposal_digest)
            .map_err(|_| internal("statement"))?;
        let sheet = confirm::render(&bytes, language).map_err(|_| internal("confirm sheet"))?;
        let ticket = tickets.keep(Prepared { decision: decision.id, bytes }.into(), now)?;
        self.made.insert(ticket.clone());
        Ok(decide::confirm_view(ticket, sheet, vec![], false, now))
    }

    /// Signs the prepared bytes with the case's own key and checks the signature as the
    /// gate would. The envelope is then forgotten.
    pub(crate) fn sign(&self, prepared: Prepared) -> Result<SignedView, ProblemView> {
        let Prepared { decision, bytes } = prepared;
        let envelope = decide::sign_bytes(&bytes, &self.key)?;
        decision::verify(&envelope, &self.me.roster).map_err(problem::refusal)?;
        Ok(SignedView { decision: decision.to_string(), delivery: Delivery::SignedOnThisDevice })
    }

    fn decision(&self, input: &DecisionInput, now: TimestampMs) -> Result<Decision, ProblemView> {
        let Self { me, facts, .. } = self;
        let shown = Shown {
            evidence: facts.proposal.evidence.iter().map(|piece| piece.digest).collect(),
            comments: vec![],
            checkpoint: Some(CheckpointSeen { size: self.log_size, root: self.log_root }),
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
            pieces: self.facts.proposal.evidence.iter().map(piece).collect(),
        }
    }

    fn thread(&self) -> ThreadView {
        let others = self.me.roster.people.iter().filter(|one| one.id != self.me.person);
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
