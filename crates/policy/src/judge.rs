//! The one place where a proposal becomes a verdict. The gate judges with it, and so do the
//! desktop and the verifier that judge again what the gate has signed.

use crate::{PolicyError, PolicyInput, PolicySet, Trailing};
use countersign_model::{Digest, Proposal, TimestampMs, Verdict, verdict::AutonomyMode};

/// The verdict on a proposal at `now` and the digest of the facts that the rules saw.
///
/// A pure function: the same policy and the same arguments give the same bytes, on every
/// machine, thread and run.
///
/// # Errors
/// When the facts have no JSON form, or no virtual machine can be made. Rules that break are
/// no error: their verdict is `block`, or `escalate` when the budget falls.
pub fn judge(
    set: &PolicySet,
    proposal: &Proposal,
    trailing: Trailing,
    autonomy: AutonomyMode,
    now: TimestampMs,
) -> Result<(Verdict, Digest), PolicyError> {
    // What the company knows is what this policy's data say, whatever the proposal says of it:
    // a policy that is tried on an old case judges by its own.
    let action = proposal.action.assessed(set.vetting(), proposal.created_at_ms);
    let facts = if action == proposal.action {
        PolicyInput::of(proposal, trailing, autonomy)
    } else {
        PolicyInput::of(&Proposal { action, ..proposal.clone() }, trailing, autonomy)
    };
    let evaluation = set.evaluate(&facts)?;
    let digest = evaluation.input_digest;
    let policy = set.reference().clone();
    Ok((evaluation.into_verdict(proposal.workspace, proposal.id, policy, now), digest))
}
