//! A case: what is stored about one proposal, its phase, and which phase may follow which.

use crate::{Authorized, Counted, Effect, Progress, progress};
use countersign_model::{
    Action, DecisionId, Digest, Outcome, PersonId, Proposal, ProposalId, Role, TimestampMs,
    Verdict,
    canonical::CanonicalError,
    decision::Refusal,
    entry::{ExecutionStatus, Waiting},
};
use serde::{Deserialize, Serialize};

/// Everything the gate keeps about one proposal. Pure data: it is stored as it is, and
/// whatever follows from it is computed, never stored beside it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    proposal: Proposal,
    proposal_digest: Digest,
    verdict: Verdict,
    verdict_digest: Digest,
    accepted: Vec<Counted>,
    refused: Vec<RefusedDecision>,
    phase: Phase,
    /// The latest moment this case has been told of: a clock set back never reopens it.
    clock_ms: TimestampMs,
    /// How many rungs of the verdict's ladder were climbed.
    #[serde(default)]
    climbed: usize,
}

/// What may have changed of a case since it was opened; nothing else of it ever does. Small beside
/// proposal and verdict, for whoever stores a case at each step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Course {
    accepted: Vec<Counted>,
    refused: Vec<RefusedDecision>,
    phase: Phase,
    clock_ms: TimestampMs,
    climbed: usize,
}

/// A decision that does not count, and why.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusedDecision {
    /// Who signed it.
    pub person: PersonId,
    /// The decision.
    pub decision: DecisionId,
    /// Digest of its canonical envelope.
    pub envelope: Digest,
    /// Why it does not count.
    pub refusal: Refusal,
}

/// Where a case stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case", deny_unknown_fields)]
pub enum Phase {
    /// People may sign, until the proposal expires.
    Deciding {
        /// The verdict's deadline has passed. Nothing was applied; the case stays open.
        overdue: bool,
        /// High risk and overdue: the case has climbed the ladder.
        escalated: bool,
    },
    /// The quorum holds; the executor may act.
    Authorized {
        /// When the quorum held.
        at_ms: TimestampMs,
    },
    /// The intent is logged; the platform may have been told.
    Executing {
        /// When the quorum held.
        authorized_at_ms: TimestampMs,
        /// What stands in the way; nothing has been changed so far.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        held_up: Option<HeldUp>,
    },
    /// The platform holds the authorised value, read back.
    Executed {
        /// What was read back.
        read_back: Option<Action>,
    },
    /// The execution ended without the authorised value in force; a person must look.
    NotApplied {
        /// How it ended.
        status: ExecutionStatus,
    },
    /// A person said no.
    Rejected {
        /// The decision.
        by: DecisionId,
    },
    /// A person sent it back to the agent.
    SentBack {
        /// The decision.
        by: DecisionId,
    },
    /// Nobody decided in time.
    Expired,
    /// Another change moved the entity first.
    Superseded {
        /// The other case.
        by: ProposalId,
        /// The entity's revision since.
        revision: u64,
    },
    /// Policy refused it; nobody can sign.
    Blocked,
}

/// An execution that waits, and since when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldUp {
    /// When it first could not go on.
    pub since_ms: TimestampMs,
    /// For what it waits now.
    pub waiting: Waiting,
    /// How often that was told in the log.
    pub times_told: u32,
}

/// A phase without its data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // each is the Phase of the same name
pub enum PhaseName {
    Deciding,
    Authorized,
    Executing,
    Executed,
    NotApplied,
    Rejected,
    SentBack,
    Expired,
    Superseded,
    Blocked,
}

/// Which phase may follow which. A phase without a row is final.
pub const TRANSITIONS: &[(PhaseName, &[PhaseName])] = {
    use PhaseName::{
        Authorized, Deciding, Executed, Executing, Expired, NotApplied, Rejected, SentBack,
        Superseded,
    };
    &[
        // Deciding follows itself when the deadline passes.
        (Deciding, &[Deciding, Authorized, Rejected, SentBack, Expired, Superseded]),
        // Expired: it had to wait until the signatures were no longer valid.
        (Authorized, &[Executing, Superseded, Expired]),
        // Executing follows itself when what it waits for changes.
        (Executing, &[Executing, Executed, NotApplied]),
    ]
};

/// Why a case could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The verdict is about another proposal or workspace.
    #[error(
        "the verdict is about another proposal; evaluate this proposal and open the case with its own verdict"
    )]
    ForeignVerdict,
    /// Proposal or verdict has no canonical form.
    #[error("the proposal or its verdict cannot be written")]
    Canonical(#[from] CanonicalError),
}

impl Phase {
    /// The phase without its data.
    #[must_use]
    pub const fn name(&self) -> PhaseName {
        match self {
            Self::Deciding { .. } => PhaseName::Deciding,
            Self::Authorized { .. } => PhaseName::Authorized,
            Self::Executing { .. } => PhaseName::Executing,
            Self::Executed { .. } => PhaseName::Executed,
            Self::NotApplied { .. } => PhaseName::NotApplied,
            Self::Rejected { .. } => PhaseName::Rejected,
            Self::SentBack { .. } => PhaseName::SentBack,
            Self::Expired => PhaseName::Expired,
            Self::Superseded { .. } => PhaseName::Superseded,
            Self::Blocked => PhaseName::Blocked,
        }
    }
}

impl PhaseName {
    /// Whether `next` may follow, by [`TRANSITIONS`].
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        TRANSITIONS.iter().any(|(from, to)| *from == self && to.contains(&next))
    }

    /// Whether nothing follows.
    #[must_use]
    pub fn is_final(self) -> bool {
        !TRANSITIONS.iter().any(|(from, _)| *from == self)
    }
}

impl Case {
    /// Opens the case of a proposal under its verdict. The gate logs the proposal and the
    /// verdict itself; what is asked for here is to publish and to set the timers.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(proposal: Proposal, verdict: Verdict) -> Result<(Self, Vec<Effect>), OpenError> {
        if verdict.proposal != proposal.id || verdict.workspace != proposal.workspace {
            return Err(OpenError::ForeignVerdict);
        }
        let (proposal_digest, verdict_digest) = (proposal.digest()?, verdict.digest()?);
        let blocked = verdict.outcome == Outcome::Block;
        let mut effects = vec![Effect::Publish];
        if !blocked {
            effects.push(Effect::WakeAt(verdict.decide_by_ms));
            effects.push(Effect::WakeAt(proposal.expires_at_ms));
            let rungs = verdict.ladder.iter().map(|rung| rung.at_ms);
            effects.extend(rungs.filter(|at| *at < proposal.expires_at_ms).map(Effect::WakeAt));
        }
        let phase = if blocked {
            Phase::Blocked
        } else {
            Phase::Deciding { overdue: false, escalated: false }
        };
        let clock_ms = proposal.created_at_ms;
        let (accepted, refused) = (vec![], vec![]);
        let case = Self {
            proposal,
            proposal_digest,
            verdict,
            verdict_digest,
            accepted,
            refused,
            phase,
            clock_ms,
            climbed: 0,
        };
        Ok((case, effects))
    }

    /// What may have changed since it was opened.
    #[must_use]
    pub fn course(&self) -> Course {
        Course {
            accepted: self.accepted.clone(),
            refused: self.refused.clone(),
            phase: self.phase.clone(),
            clock_ms: self.clock_ms,
            climbed: self.climbed,
        }
    }

    /// The case as it was opened, or as it was at any time since, brought to where its course
    /// stands.
    #[must_use]
    pub fn with_course(self, course: Course) -> Self {
        let Course { accepted, refused, phase, clock_ms, climbed } = course;
        Self { accepted, refused, phase, clock_ms, climbed, ..self }
    }

    /// The proposal.
    #[must_use]
    pub const fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    /// Its digest, which every decision must name.
    #[must_use]
    pub const fn proposal_digest(&self) -> Digest {
        self.proposal_digest
    }

    /// The verdict, with the quorum.
    #[must_use]
    pub const fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// Its digest, which every decision must name.
    #[must_use]
    pub const fn verdict_digest(&self) -> Digest {
        self.verdict_digest
    }

    /// The decisions that were accepted, by role and person.
    #[must_use]
    pub fn accepted(&self) -> &[Counted] {
        &self.accepted
    }

    /// The decisions that were refused.
    #[must_use]
    pub fn refused(&self) -> &[RefusedDecision] {
        &self.refused
    }

    /// Where the case stands.
    #[must_use]
    pub const fn phase(&self) -> &Phase {
        &self.phase
    }

    /// The latest moment that this case has been told of.
    #[must_use]
    pub const fn clock_ms(&self) -> TimestampMs {
        self.clock_ms
    }

    /// Signatures so far, counting those that are valid at `now`.
    #[must_use]
    pub fn progress(&self, now: TimestampMs) -> Progress {
        progress(&self.verdict, &self.valid_at(now))
    }

    /// The authority to execute, again, for a gate that restarts: derived from the
    /// stored decisions by the same check as the first time, never from the phase alone.
    #[must_use]
    pub fn reauthorize(&self) -> Option<Authorized<Action>> {
        match self.phase {
            Phase::Authorized { at_ms } | Phase::Executing { authorized_at_ms: at_ms, .. } => {
                Authorized::by_quorum(self, at_ms)
            }
            _ => None,
        }
    }

    /// Accepted decisions whose own validity reaches `at`.
    pub(crate) fn valid_at(&self, at: TimestampMs) -> Vec<Counted> {
        self.accepted.iter().filter(|counted| counted.is_valid_at(at)).cloned().collect()
    }

    /// Whether this person's decision was received before, with whatever result.
    pub(crate) fn has_seen(&self, person: PersonId, decision: DecisionId) -> bool {
        self.accepted.iter().any(|seen| seen.person() == person && seen.decision() == decision)
            || self.refused.iter().any(|seen| seen.person == person && seen.decision == decision)
    }

    /// How many decisions of this person were received, with whatever result.
    #[must_use]
    pub fn decisions_of(&self, person: PersonId) -> usize {
        self.accepted.iter().filter(|seen| seen.person() == person).count()
            + self.refused.iter().filter(|seen| seen.person == person).count()
    }

    /// Keeps a decision that was refused before anything about the case was asked.
    #[must_use]
    pub fn with_refused(mut self, refused: RefusedDecision) -> Self {
        self.refuse(refused);
        self
    }

    /// Takes the clock back after it had been wrong; what was done by it stands.
    #[must_use]
    pub fn with_corrected_clock(mut self, to: TimestampMs) -> Self {
        self.clock_ms = self.clock_ms.min(to);
        self
    }

    /// Moves the case's clock on; never back. Returns the moment to judge by.
    pub(crate) fn advance_clock(&mut self, now: TimestampMs) -> TimestampMs {
        self.clock_ms = self.clock_ms.max(now);
        self.clock_ms
    }

    /// The role of the next rung whose time has come; each is given once.
    pub(crate) fn climb_rung(&mut self, now: TimestampMs) -> Option<Role> {
        let due = self.verdict.ladder.get(self.climbed).filter(|rung| rung.at_ms <= now)?;
        self.climbed += 1;
        Some(due.role.clone())
    }

    /// Keeps a decision that counts, in an order that does not depend on arrival.
    pub(crate) fn accept(&mut self, counted: Counted) {
        let at = self.accepted.partition_point(|other| other.order() < counted.order());
        self.accepted.insert(at, counted);
    }

    /// Keeps a decision that does not count; false when the same refusal is kept already.
    pub(crate) fn refuse(&mut self, refused: RefusedDecision) -> bool {
        match self.refused.binary_search(&refused) {
            Ok(_) => false,
            Err(at) => {
                self.refused.insert(at, refused);
                true
            }
        }
    }

    /// Enters a phase if the table allows it; says whether it did.
    pub(crate) fn enter(&mut self, next: Phase) -> bool {
        let legal = self.phase.name().may_become(next.name());
        if legal {
            self.phase = next;
        }
        legal
    }
}
