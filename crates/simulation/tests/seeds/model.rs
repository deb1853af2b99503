//! The reference model: what people truly signed, and what therefore may and must happen. It
//! shares no code with workflow, policy or judge, and is small enough to be read at once.

use crate::{
    account::{Holds, Seen},
    cast,
};
use countersign_model::{
    Action, CampaignStatus, Decision, DecisionKind, Digest, ProposalId, TimestampMs,
    change::Flight,
    entry::{ActorKind, EntryBody, LogEvent},
};
use std::collections::{BTreeMap, BTreeSet};

/// A rule of the world that was broken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broken {
    pub invariant: &'static str,
    pub words: String,
}

pub fn broken<T>(invariant: &'static str, words: impl Into<String>) -> Result<T, Broken> {
    Err(Broken { invariant, words: words.into() })
}

pub const QUORUM: &str = "no_action_without_quorum";
pub const ANY_ORDER: &str = "same_state_any_order";
pub const SHEET: &str = "what_you_see_is_what_you_sign";
pub const NOT_LOST: &str = "nothing_signed_is_lost";
pub const ONCE: &str = "applied_at_most_once";
pub const SEALED: &str = "relay_learns_nothing";
pub const NO_FORK: &str = "log_never_forks_unseen";
pub const UNSIGNED: &str = "nothing_unsigned_is_logged_unseen";
pub const LAYERS: &str = "lower_layer_never_relaxes";
pub const DRAFT_ONLY: &str = "agent_path_ends_at_draft";
pub const REVOKED: &str = "revoked_means_refused";
pub const NOTHING_HANGS: &str = "nothing_hangs_unseen";

/// What a person has signed.
pub struct Claim {
    pub who: usize,
    pub decision: Decision,
    pub sheet: String,
    /// The person was shown that it is signed: it must have an answer.
    pub is_shown: bool,
}

/// What a change asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// What may be spent, in micros: a day, or in all.
    Amount { before: i64, after: i64 },
    /// Whether the campaign runs.
    Runs { after: bool },
    /// Its end, in milliseconds; until further notice is the last one there is.
    End { before: i64, after: i64 },
}

impl Wanted {
    pub fn of(action: &Action) -> Self {
        let end = |end: Option<TimestampMs>| end.map_or(i64::MAX, TimestampMs::millis);
        match action {
            Action::BudgetChange(change) => Self::Amount {
                before: change.before.amount_micros,
                after: change.after.amount_micros,
            },
            Action::TotalBudgetChange(change) => Self::Amount {
                before: change.before.amount_micros,
                after: change.after.amount_micros,
            },
            Action::StatusChange(change) => {
                Self::Runs { after: change.after == CampaignStatus::Enabled }
            }
            other => {
                let Action::ScheduleChange(change) = other else {
                    panic!("no agent drafts a {} here", other.kind());
                };
                let Flight { ends_at_ms: before, .. } = change.before;
                let Flight { ends_at_ms: after, .. } = change.after;
                Self::End { before: end(before), after: end(after) }
            }
        }
    }

    /// What a write has changed of what the case was about; `None` if something else.
    fn made(self, before: Holds, after: Holds) -> Option<Self> {
        let end = |holds: Holds| holds.ends_at_ms.unwrap_or(i64::MAX);
        let made = match self {
            Self::Amount { before, .. } => Self::Amount { before, after: after.amount },
            Self::Runs { .. } => Self::Runs { after: after.runs },
            Self::End { before, .. } => Self::End { before, after: end(after) },
        };
        let moved = [
            (before.amount != after.amount, matches!(self, Self::Amount { .. })),
            (before.runs != after.runs, matches!(self, Self::Runs { .. })),
            (end(before) != end(after), matches!(self, Self::End { .. })),
        ];
        moved.into_iter().all(|(moved, meant)| meant || !moved).then_some(made)
    }

    /// Who must have signed, at the least.
    pub fn roles(self) -> &'static [&'static str] {
        let by_both = match self {
            Self::Amount { before, after } => (after - before) * 100 > before * 15,
            Self::Runs { after } => after,
            Self::End { before, after } => after > before,
        };
        if by_both { &["ops", "finance"] } else { &["ops"] }
    }

    /// Whether a signature for this covers another change: a ceiling, in its direction.
    fn covers(self, other: Self) -> bool {
        let within = |before: i64, most: i64, after: i64| {
            if most > before {
                before < after && after <= most
            } else {
                most <= after && after < before
            }
        };
        match (self, other) {
            (Self::Runs { after: most }, Self::Runs { after }) => most == after,
            (Self::Amount { before, after: most }, Self::Amount { after, .. })
            | (Self::End { before, after: most }, Self::End { after, .. }) => {
                within(before, most, after)
            }
            _ => false,
        }
    }
}

#[derive(Default)]
pub struct Model {
    /// Every decision that a person truly signed, by its envelope.
    pub claims: BTreeMap<Digest, Claim>,
    /// Statements in each device's rows.
    pub records: BTreeMap<usize, usize>,
    /// What the log answered to each envelope: `true` is accepted.
    pub answers: BTreeMap<Digest, bool>,
    /// Who was revoked, and since when by the gate's clock.
    pub revoked: BTreeMap<usize, TimestampMs>,
    /// The proposed change of each case.
    pub cases: BTreeMap<ProposalId, Wanted>,
    /// Sizes and roots that the gate has once made durable.
    pub durable: (u64, Option<Digest>),
    /// Writes that were looked at, and how many each case made.
    pub writes: usize,
    made: BTreeMap<ProposalId, u32>,
    /// Who asked for a case that takes a change back, by its id.
    pub askers: BTreeMap<ProposalId, String>,
    /// Cases that have ended by the log.
    pub ended: BTreeSet<ProposalId>,
}

impl Model {
    /// Takes a new entry of the log.
    pub fn take(&mut self, entry: &EntryBody) -> Result<(), Broken> {
        let kind = entry.event.kind();
        let by_agent = entry.actor.kind == ActorKind::Agent;
        let ends_at_draft = matches!(
            entry.event,
            LogEvent::ProposalReceived { .. } | LogEvent::DraftRefused { .. }
        );
        if by_agent && !ends_at_draft {
            return broken(DRAFT_ONLY, format!("an agent is the actor of {kind:?}"));
        }
        match &entry.event {
            LogEvent::ProposalReceived { proposal_id, change, .. } => {
                self.cases.insert(*proposal_id, Wanted::of(change));
            }
            LogEvent::RollbackOpened { proposal_id, of, change, .. } => {
                if !self.ended.contains(of) {
                    return broken(QUORUM, "what is taken back has not ended");
                }
                self.cases.insert(*proposal_id, Wanted::of(change));
                self.askers.insert(*proposal_id, entry.actor.id.clone());
            }
            LogEvent::DecisionAccepted { proposal_id, decision, .. } => {
                let Some(claim) = self.claims.get(&decision.envelope) else {
                    return broken(QUORUM, "a decision counts that nobody signed");
                };
                if claim.who == cast::OWNER {
                    return broken(QUORUM, "a decision of the agent's owner counts");
                }
                let own = cast::person(claim.who).to_string();
                if self.askers.get(proposal_id) == Some(&own) {
                    return broken(QUORUM, "whoever asked for a rollback has decided about it");
                }
                // By the moment of signing, which is the device's word (docs/security.md).
                let since = self.revoked.get(&claim.who);
                if since.is_some_and(|since| claim.decision.signed_at_ms >= *since) {
                    let name = cast::PEOPLE[claim.who].0;
                    return broken(REVOKED, format!("{name} signed after that, and it counts"));
                }
                self.answers.insert(decision.envelope, true);
            }
            LogEvent::DecisionRefused { decision, .. } => {
                self.answers.entry(decision.envelope).or_insert(false);
            }
            LogEvent::ChangeAuthorized { proposal_id, change, .. } => {
                self.check_quorum(*proposal_id, Wanted::of(change))?;
            }
            LogEvent::ExecutionFinished { proposal_id, .. }
            | LogEvent::CaseRejected { proposal_id, .. }
            | LogEvent::ChangesRequested { proposal_id, .. }
            | LogEvent::CaseExpired { proposal_id }
            | LogEvent::CaseSuperseded { proposal_id } => {
                self.ended.insert(*proposal_id);
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes a write that changed something on the platform.
    pub fn see(&mut self, seen: Seen, was_stopped: bool) -> Result<(), Broken> {
        let made = self.made.entry(seen.case).or_default();
        *made += 1;
        if *made > 1 {
            return broken(ONCE, format!("{seen:?} is the second change of its case"));
        }
        let Seen { case, before, after } = seen;
        if was_stopped && after.may_spend_more_than(before) {
            return broken(QUORUM, format!("{seen:?} raises spend while work is stopped"));
        }
        let Some(made) = self.cases.get(&case).and_then(|wanted| wanted.made(before, after)) else {
            return broken(QUORUM, format!("{seen:?} is of no case"));
        };
        self.check_quorum(case, made)
    }

    /// Every role that is needed has a person who signed for at least this much, in the same
    /// direction.
    fn check_quorum(&self, case: ProposalId, made: Wanted) -> Result<(), Broken> {
        let Some(proposed) = self.cases.get(&case) else {
            return broken(QUORUM, "it is of no case");
        };
        for role in made.roles() {
            let signs = |(envelope, claim): (&Digest, &Claim)| {
                self.answers.get(envelope) == Some(&true)
                    && claim.decision.proposal == case
                    && cast::PEOPLE[claim.who].1 == *role
                    && signed_for(&claim.decision, *proposed).is_some_and(|most| most.covers(made))
            };
            if !self.claims.iter().any(signs) {
                return broken(
                    QUORUM,
                    format!("{made:?} without a signature of {role} for as much"),
                );
            }
        }
        Ok(())
    }
}

/// What a decision permits at most.
fn signed_for(decision: &Decision, proposed: Wanted) -> Option<Wanted> {
    match decision.kind {
        DecisionKind::Approve => Some(proposed),
        DecisionKind::Override => decision.effective.as_ref().map(Wanted::of),
        DecisionKind::Reject | DecisionKind::RequestChanges => None,
    }
}
