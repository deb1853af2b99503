//! Causes that are about the whole workspace: rosters, policies, refusals that are counted,
//! which accounts may be written, and a clock that had been wrong.

use crate::{
    Anchors, Change, Content, Judged, View, World,
    content::{agent_actor, gate_actor},
};
use countersign_model::{
    AgentId, DeviceId, Digest, Envelope, PolicyBundle, Roster, TimestampMs, entity::AccountRef,
    entry::LogEvent, reason::Reason, roster::RosterError,
};
use countersign_policy::{PolicyError, PolicySet};
use std::sync::Arc;

/// The code of the reason for a corrected clock.
pub const CLOCK_REASON: &str = "clock";
/// The code of the reason for an account that may be written from here on, or no longer.
pub const WRITING_REASON: &str = "writing";

/// Why a roster or a policy is not taken.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The roster.
    #[error("the roster is refused")]
    Roster(#[from] RosterError),
    /// The roster is of another workspace or names other keys of the gate than are trusted.
    #[error("the roster names another workspace, gate key or log key than those trusted")]
    Foreign,
    /// There is no roster yet.
    #[error("no roster was in force")]
    NoRoster,
    /// The bundle is not what its digest says.
    #[error("the policy is not what its digest says")]
    PolicyDigest,
    /// The policy does not compile.
    #[error("the policy cannot be used")]
    Policy(#[from] PolicyError),
    /// The policy is in force already.
    #[error("the policy was in force already")]
    PolicyKnown,
    /// Stamps only go back when the clock is corrected.
    #[error("a corrected clock must be earlier than the one before")]
    ClockNotEarlier,
}

/// The roster in force, if it vouches for anybody: one that has expired does not.
#[must_use]
pub fn roster_at(world: &World, at: TimestampMs) -> Option<&Arc<Roster>> {
    world.roster.as_ref().filter(|roster| roster.expires_at_ms > at)
}

/// The next roster, or the first under the trusted roots; `digest` is its envelope's.
///
/// # Errors
/// [`WorldError`], as a value.
pub fn roster(
    world: &World,
    anchors: &Anchors,
    envelope: &Envelope,
    digest: Digest,
    at: TimestampMs,
) -> Result<Judged, WorldError> {
    let next = match &world.roster {
        None => Roster::open_first(envelope, &anchors.root(envelope)?, at)?,
        Some(before) => before.open_next(envelope, at)?,
    };
    let same_keys = next.workspace == anchors.workspace
        && next.gate.signing_key == anchors.gate_key
        && next.gate.log_vkey == anchors.log_vkey;
    if !same_keys {
        return Err(WorldError::Foreign);
    }
    let mut judged = Judged::default();
    let accepted = LogEvent::RosterAccepted { output_hash: digest };
    judged.log(Content::new(gate_actor(next.gate.device), accepted));
    judged.put(Change::Roster(Arc::new(next)));
    Ok(judged)
}

/// A policy that is published; `digest` is that of the bundle's canonical bytes. Also the
/// compiled rules, which judge every draft from here on.
///
/// # Errors
/// [`WorldError`], as a value.
pub fn policy(
    world: &World,
    bundle: &PolicyBundle,
    digest: Digest,
) -> Result<(Judged, Arc<PolicySet>), WorldError> {
    let roster = world.roster.as_deref().ok_or(WorldError::NoRoster)?;
    let set = compile(bundle)?;
    let reference = set.reference().clone();
    if world.policy.as_ref() == Some(&reference) {
        return Err(WorldError::PolicyKnown);
    }
    let mut judged = Judged::default();
    let published = LogEvent::PolicyPublished { output_hash: digest, policy: reference.clone() };
    judged.log(Content::new(gate_actor(roster.gate.device), published));
    judged.put(Change::Policy(reference));
    Ok((judged, set))
}

/// Compiles a published policy, whose digest must be that of its files.
///
/// # Errors
/// [`WorldError::PolicyDigest`] or [`WorldError::Policy`].
pub fn compile(bundle: &PolicyBundle) -> Result<Arc<PolicySet>, WorldError> {
    let set = PolicySet::from_files(&bundle.files)?;
    if set.digest() != bundle.digest || set.version() != bundle.version {
        return Err(WorldError::PolicyDigest);
    }
    Ok(Arc::new(set))
}

/// Drafts of one agent that were refused at the door: the first one's digest and how many.
#[must_use]
pub fn drafts_refused(agent: AgentId, first: Digest, count: u64) -> Content {
    let event = LogEvent::DraftRefused { input_commitment: first, count };
    Content::new(agent_actor(agent), event)
}

/// What a device sent and nobody signed: the first one's digest and how many.
#[must_use]
pub fn content_refused(gate: DeviceId, device: DeviceId, first: Digest, count: u64) -> Content {
    let event = LogEvent::ContentRefused { device, input_commitment: first, count };
    Content::new(gate_actor(gate), event)
}

/// An operator lets the gate write to an account with the credential of this name, or, without
/// one, only read it.
#[must_use]
pub fn writing_changed(
    gate: DeviceId,
    account: AccountRef,
    credential: Option<String>,
    text: String,
) -> Content {
    let reason = Reason { code: WRITING_REASON.into(), text };
    let event = match credential {
        Some(credential) => LogEvent::WritingOpened { account, credential, reason },
        None => LogEvent::WritingClosed { account, reason },
    };
    Content::new(gate_actor(gate), event)
}

/// An operator says that the stamps before were wrong, and that it is `at` now.
///
/// # Errors
/// [`WorldError::ClockNotEarlier`] when there is nothing to correct; the view's own.
pub fn clock_corrected<V: View>(
    view: &V,
    text: String,
    at: TimestampMs,
) -> Result<Result<Judged, WorldError>, V::Error> {
    let world = view.world()?;
    let Some(roster) = world.roster.as_deref() else { return Ok(Err(WorldError::NoRoster)) };
    if world.clock_ms.is_none_or(|clock| at >= clock) {
        return Ok(Err(WorldError::ClockNotEarlier));
    }
    let mut judged = Judged::default();
    let reason = Reason { code: CLOCK_REASON.into(), text };
    let corrected = LogEvent::ClockCorrected { reason };
    judged.log(Content::new(gate_actor(roster.gate.device), corrected));
    // Whatever is still open has a timer; what was done by the wrong clock stands.
    let end = TimestampMs::from_millis(i64::MAX);
    let open: std::collections::BTreeSet<_> =
        view.due(end)?.into_iter().map(|(_, proposal)| proposal).collect();
    for proposal in open {
        if let Some(case) = view.case(proposal)? {
            judged.put(Change::Case(Box::new(case.with_corrected_clock(at))));
        }
    }
    judged.put(Change::Clock(at));
    Ok(Ok(judged))
}
