//! The reference model: what people truly signed, and what therefore may and must happen. It
//! shares no code with workflow, policy or judge, and is small enough to be read at once.

use crate::{account::Seen, cast};
use countersign_model::{
    Action, Decision, DecisionKind, Digest, ProposalId, TimestampMs,
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
    pub cases: BTreeMap<ProposalId, (i64, i64)>,
    /// Sizes and roots that the gate has once made durable.
    pub durable: (u64, Option<Digest>),
    /// Writes that were looked at, and how many each case made.
    pub writes: usize,
    made: BTreeMap<ProposalId, u32>,
    /// Cases that have ended by the log.
    pub ended: BTreeSet<ProposalId>,
}

impl Model {
    /// Who must have signed, at the least, for a change from one amount to another.
    pub fn roles_for((before, after): (i64, i64)) -> &'static [&'static str] {
        let rise = (after - before) * 100;
        if rise > before * 15 { &["ops", "finance"] } else { &["ops"] }
    }

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
                self.cases.insert(*proposal_id, amounts(change));
            }
            LogEvent::DecisionAccepted { decision, .. } => {
                let Some(claim) = self.claims.get(&decision.envelope) else {
                    return broken(QUORUM, "a decision counts that nobody signed");
                };
                if claim.who == cast::OWNER {
                    return broken(QUORUM, "a decision of the agent's owner counts");
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
                self.check_quorum(*proposal_id, amounts(change))?;
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

    /// Takes a write that moved an amount on the platform.
    pub fn see(&mut self, seen: Seen, was_stopped: bool) -> Result<(), Broken> {
        let made = self.made.entry(seen.case).or_default();
        *made += 1;
        if *made > 1 {
            return broken(ONCE, format!("{seen:?} is the second change of its case"));
        }
        if was_stopped && seen.after > seen.before {
            return broken(QUORUM, format!("{seen:?} raises spend while work is stopped"));
        }
        let Some((before, _)) = self.cases.get(&seen.case) else {
            return broken(QUORUM, format!("{seen:?} is of no case"));
        };
        self.check_quorum(seen.case, (*before, seen.after))
    }

    /// Every role that is needed has a person who signed for at least this much, in the same
    /// direction.
    fn check_quorum(&self, case: ProposalId, (before, after): (i64, i64)) -> Result<(), Broken> {
        let Some(proposed) = self.cases.get(&case) else {
            return broken(QUORUM, "it is of no case");
        };
        for role in Self::roles_for((before, after)) {
            let signs = |(envelope, claim): (&Digest, &Claim)| {
                self.answers.get(envelope) == Some(&true)
                    && claim.decision.proposal == case
                    && cast::PEOPLE[claim.who].1 == *role
                    && covers(&claim.decision, *proposed, after)
            };
            if !self.claims.iter().any(signs) {
                return broken(
                    QUORUM,
                    format!("{before} to {after} without a signature of {role} for as much"),
                );
            }
        }
        Ok(())
    }
}

/// The amounts of a budget change, in micros.
pub fn amounts(action: &Action) -> (i64, i64) {
    let spend = action.spend().expect("budgets alone are drafted here");
    (spend.before.amount_micros, spend.after.amount_micros)
}

/// Whether a signature permits this amount: a ceiling, in its direction.
fn covers(decision: &Decision, (before, proposed): (i64, i64), after: i64) -> bool {
    let permitted = match decision.kind {
        DecisionKind::Approve => proposed,
        DecisionKind::Override => decision.effective.as_ref().map_or(before, |one| amounts(one).1),
        DecisionKind::Reject | DecisionKind::RequestChanges => return false,
    };
    if proposed > before {
        before < after && after <= permitted
    } else {
        permitted <= after && after < before
    }
}
