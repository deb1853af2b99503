//! A draft, or a person's wish to take a change back, that became a proposal: the gate signs proposal and verdict, and both must be
//! what platform, roster, log and policy imply. The policy is evaluated again, on facts that
//! stand in the signed proposal and in the log.

use crate::{
    Change, Content, Expected, Judged, Mark, View,
    content::{agent_actor, person_actor},
    execution::apply,
    expected::{Implied, Issued},
    rollback,
    view::state_of,
    world::roster_at,
};
use countersign_model::{
    DeviceId, Digest, Proposal, Roster, TimestampMs, Verdict,
    canonical::{self, CanonicalError},
    change::ChangeError,
    entry::LogEvent,
    proposal::{Drafted, Origin},
    verdict::{AutonomyMode, PolicyRef},
};
use countersign_policy::{PolicyError, PolicySet, Trailing, judge};
use countersign_workflow::{Case, OpenError};
use std::sync::Arc;

/// What every workspace starts in, and the only mode there is so far.
pub const AUTONOMY: AutonomyMode = AutonomyMode::ProposeOnly;

/// Why a proposal and its verdict do not stand.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// No roster vouches for the agent.
    #[error("no roster in force names the agent that drafted it")]
    UnknownAgent,
    /// The proposal names a different owner or name from the roster's.
    #[error("the proposal names a different owner or agent name from the roster's")]
    WrongInitiator,
    /// Nobody whose statement counts asked for this rollback, or it was opened before.
    #[error("no accepted statement asks for this rollback, or its case was opened before")]
    NotAsked,
    /// A rollback that is something else than the inverse of what was executed.
    #[error("the rollback is not exactly the inverse of what was executed")]
    NotInverse,
    /// There is a case of this id.
    #[error("the proposal was received before")]
    Known,
    /// The proposal is not of this workspace.
    #[error("the proposal is of another workspace")]
    Workspace,
    /// The moments in it are not those of its entry, or it expires before it begins.
    #[error("the proposal or its verdict names a different moment from its entry")]
    Moment,
    /// The target was changed since.
    #[error("the proposal names a different revision of its target from the log's")]
    Revision,
    /// The platform, as it stands in the proposal itself, does not take such a change.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// What the change says that the company knows is not what the policy's data say.
    #[error("the proposal says something other than the policy's data of a place or an audience")]
    Assessment,
    /// No policy was published.
    #[error("no policy was in force")]
    NoPolicy,
    /// The verdict is not what the policy in force says.
    #[error("the policy in force says something other than the verdict: {0} differs")]
    Verdict(String),
    /// The policy could not be asked.
    #[error("the policy cannot be asked")]
    Policy(#[from] PolicyError),
    /// Proposal and verdict do not belong together.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Something has no canonical form.
    #[error("the proposal cannot be written")]
    Canonical(#[from] CanonicalError),
}

/// A proposal with its verdict, and the digests of their envelopes.
#[derive(Clone, Debug)]
pub struct Proposed {
    /// The proposal, signed by the gate.
    pub proposal: Proposal,
    /// Digest of its envelope.
    pub proposal_envelope: Digest,
    /// The verdict, signed by the gate about this proposal.
    pub verdict: Verdict,
    /// Digest of its envelope.
    pub verdict_envelope: Digest,
}

/// The digests of the envelopes of a proposal and of its verdict.
#[derive(Clone, Copy, Debug)]
pub struct Envelopes {
    /// The proposal's.
    pub proposal: Digest,
    /// The verdict's.
    pub verdict: Digest,
}

/// A proposal with what a policy says of it at a moment: evaluated here, and nowhere else made.
#[derive(Debug)]
pub struct Evaluated {
    proposal: Proposal,
    verdict: Verdict,
    facts: Digest,
    policy: PolicyRef,
    at: TimestampMs,
}

impl Evaluated {
    /// The proposal.
    #[must_use]
    pub const fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    /// The verdict.
    #[must_use]
    pub const fn verdict(&self) -> &Verdict {
        &self.verdict
    }
}

/// Asks a policy about a proposal at a moment.
///
/// # Errors
/// [`DraftError::Policy`] as a value; the view's own.
pub fn evaluate<V: View>(
    view: &V,
    policy: &PolicySet,
    proposal: Proposal,
    at: TimestampMs,
) -> Result<Result<Evaluated, DraftError>, V::Error> {
    let made = ask(view, policy, &proposal, at)?;
    let policy = policy.reference().clone();
    Ok(made.map(|(verdict, facts)| Evaluated { proposal, verdict, facts, policy, at }))
}

/// The verdict, with the digest of the facts that the policy saw.
fn ask<V: View>(
    view: &V,
    policy: &PolicySet,
    proposal: &Proposal,
    at: TimestampMs,
) -> Result<Result<(Verdict, Digest), DraftError>, V::Error> {
    let since = at.plus_ms(-Trailing::WINDOW_MS);
    let state = state_of(view, &proposal.action, since)?;
    let trailing = Trailing { increases_micros: state.increases_micros };
    Ok(judge(policy, proposal, trailing, AUTONOMY, at).map_err(DraftError::Policy))
}

/// Opens the case, if everything about it follows.
///
/// # Errors
/// [`DraftError`] as a value; the view's own.
pub fn draft<V: View>(
    view: &V,
    policy: &PolicySet,
    proposed: Proposed,
    at: TimestampMs,
) -> Result<Result<Judged, DraftError>, V::Error> {
    let roster = match admit(view, policy, &proposed.proposal, &proposed.verdict, at)? {
        Ok(roster) => roster,
        Err(error) => return Ok(Err(error)),
    };
    Ok(ask(view, policy, &proposed.proposal, at)?.and_then(|(own, facts)| {
        if own == proposed.verdict {
            open(proposed, &roster, facts)
        } else {
            Err(DraftError::Verdict(difference(&own, &proposed.verdict)))
        }
    }))
}

/// Opens the case as [`draft`] does, for whoever has just evaluated the policy itself. An
/// evaluation by another policy or at another moment does not count, and is made again.
///
/// # Errors
/// [`DraftError`] as a value; the view's own.
pub fn draft_evaluated<V: View>(
    view: &V,
    policy: &PolicySet,
    own: Evaluated,
    envelopes: Envelopes,
    at: TimestampMs,
) -> Result<Result<Judged, DraftError>, V::Error> {
    let counts = own.policy == *policy.reference() && own.at == at;
    let Evaluated { proposal, verdict, facts, .. } = own;
    let Envelopes { proposal: proposal_envelope, verdict: verdict_envelope } = envelopes;
    let proposed = Proposed { proposal, proposal_envelope, verdict, verdict_envelope };
    if !counts {
        return draft(view, policy, proposed, at);
    }
    let admitted = admit(view, policy, &proposed.proposal, &proposed.verdict, at)?;
    Ok(admitted.and_then(|roster| open(proposed, &roster, facts)))
}

/// What a proposal in the log implies: the case as [`draft`] opens it, with the verdict that the
/// policy gives, in whatever envelope the gate has put it.
///
/// # Errors
/// [`DraftError`] as a value; the view's own.
pub(crate) fn implied<V: View>(
    view: &V,
    policy: &PolicySet,
    proposal: Proposal,
    envelope: Digest,
    at: TimestampMs,
) -> Result<Result<Implied, DraftError>, V::Error> {
    let (verdict, facts) = match ask(view, policy, &proposal, at)? {
        Ok(own) => own,
        Err(error) => return Ok(Err(error)),
    };
    let gate = match admit(view, policy, &proposal, &verdict, at)? {
        Ok(roster) => roster.gate.device,
        Err(error) => return Ok(Err(error)),
    };
    let issued = Issued::new(&verdict, facts, gate);
    Ok(opened(proposal, envelope, verdict, gate).map(|(received, judged)| {
        let Implied { mut expected, changes } = judged.into();
        expected.splice(..0, [received.into(), Expected::Verdict(issued)]);
        Implied { expected, changes }
    }))
}

/// Everything about a draft except what the policy says: the roster that it stands under.
fn admit<V: View>(
    view: &V,
    policy: &PolicySet,
    proposal: &Proposal,
    verdict: &Verdict,
    at: TimestampMs,
) -> Result<Result<Arc<Roster>, DraftError>, V::Error> {
    let world = view.world()?;
    let Some(roster) = roster_at(&world, at) else { return Ok(Err(DraftError::UnknownAgent)) };
    if world.policy.as_ref() != Some(policy.reference()) {
        return Ok(Err(DraftError::NoPolicy));
    }
    if view.has(&Mark::Case(proposal.id))? {
        return Ok(Err(DraftError::Known));
    }
    let source = match &proposal.origin {
        Origin::Draft(drafted) => check_agent(roster, drafted),
        Origin::Rollback(rollback) => {
            rollback::check(view, policy.vetting(), proposal, rollback, at)?
        }
    };
    if let Err(error) = source {
        return Ok(Err(error));
    }
    if proposal.action.assessed(policy.vetting(), at) != proposal.action {
        return Ok(Err(DraftError::Assessment));
    }
    let state = state_of(view, &proposal.action, at)?;
    Ok(check(roster, proposal, verdict, state.revision, at).map(|()| Arc::clone(roster)))
}

fn check_agent(roster: &Roster, Drafted { initiator, .. }: &Drafted) -> Result<(), DraftError> {
    let agent = roster.agent(initiator.agent).ok_or(DraftError::UnknownAgent)?;
    if agent.owner == initiator.owner && agent.name == initiator.agent_name {
        Ok(())
    } else {
        Err(DraftError::WrongInitiator)
    }
}

fn check(
    roster: &Roster,
    proposal: &Proposal,
    verdict: &Verdict,
    revision: u64,
    at: TimestampMs,
) -> Result<(), DraftError> {
    if proposal.workspace != roster.workspace {
        return Err(DraftError::Workspace);
    }
    let moments = proposal.created_at_ms == at
        && verdict.evaluated_at_ms == at
        && proposal.expires_at_ms > at;
    if !moments {
        return Err(DraftError::Moment);
    }
    if proposal.entity_revision != revision {
        return Err(DraftError::Revision);
    }
    proposal.action.check()?;
    Ok(())
}

fn open(proposed: Proposed, roster: &Roster, facts: Digest) -> Result<Judged, DraftError> {
    let Proposed { proposal, proposal_envelope, verdict, verdict_envelope } = proposed;
    let gate = roster.gate.device;
    let issued = Issued::new(&verdict, facts, gate).in_envelope(verdict_envelope);
    let (received, mut judged) = opened(proposal, proposal_envelope, verdict, gate)?;
    judged.entries.splice(..0, [received, issued]);
    Ok(judged)
}

/// The proposal's entry, and what follows from the opened case. The verdict's entry stands between.
fn opened(
    proposal: Proposal,
    envelope: Digest,
    verdict: Verdict,
    gate: DeviceId,
) -> Result<(Content, Judged), DraftError> {
    let received = received(&proposal, envelope)?;
    let mut judged = Judged::default();
    judged.put(Change::Mark(Mark::Case(proposal.id)));
    if let Some(rollback) = proposal.rollback() {
        judged.put(Change::Mark(rollback::opened(rollback.statement)));
    }
    let (case, effects) = Case::open(proposal, verdict)?;
    apply(&mut judged, case, effects, gate);
    Ok((received, judged))
}

fn received(proposal: &Proposal, envelope: Digest) -> Result<Content, CanonicalError> {
    let (proposal_id, change) = (proposal.id, proposal.action.clone());
    let drafted = match &proposal.origin {
        Origin::Draft(drafted) => drafted,
        Origin::Rollback(rollback) => {
            let event = LogEvent::RollbackOpened {
                proposal_id,
                of: rollback.of,
                statement: rollback.statement,
                output_hash: envelope,
                change,
            };
            return Ok(Content::new(person_actor(rollback.person, None), event));
        }
    };
    let Drafted { initiator, grounds, prompt_commitment } = &**drafted;
    let explanation = canonical::digest(&(&grounds.feature_attributions, &grounds.rationale))?;
    let event = LogEvent::ProposalReceived {
        proposal_id,
        model: grounds.model.clone(),
        prompt_commitment: *prompt_commitment,
        output_hash: envelope,
        explanation_digest: explanation,
        confidence: grounds.confidence,
        change,
    };
    Ok(Content::new(agent_actor(initiator.agent), event))
}

/// The first field in which two verdicts differ.
#[must_use]
pub fn difference(own: &Verdict, other: &Verdict) -> String {
    let fields = |verdict: &Verdict| serde_json::to_value(verdict).unwrap_or_default();
    let (own, other) = (fields(own), fields(other));
    let names = own.as_object().into_iter().chain(other.as_object()).flat_map(|map| map.keys());
    names.into_iter().find(|name| own.get(*name) != other.get(*name)).cloned().unwrap_or_default()
}
