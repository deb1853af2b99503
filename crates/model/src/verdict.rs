//! What policy said about a proposal: outcome, who must sign, by when, and why.

use crate::{
    Digest, Envelope, ProposalId, PublicKey, Role, Signer, TimestampMs, WorkspaceId, bounded,
    canonical::{self, CanonicalError},
    envelope::{EnvelopeError, Predicate, SealError, Verified},
};
use serde::{Deserialize, Serialize};

/// The outcome, ordered so that the strictest is the greatest: `block > hold > escalate > allow`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Within limits; in `propose_only` workspaces this means eligible, not applied.
    Allow,
    /// People must sign.
    Escalate,
    /// People must sign, and nothing proceeds on a time-out.
    Hold,
    /// Refused.
    Block,
}

/// How much is at stake; decides second factors and what happens on a time-out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskTier {
    /// May proceed inside guardrails.
    Low,
    /// Applies the conservative default and notifies.
    Medium,
    /// Holds and climbs the ladder.
    High,
}

/// Who owns a decision of this type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionType {
    /// Deterministic, owned by the agent.
    AgentOwned,
    /// Led by the agent inside human bounds.
    AgentLedHumanBounded,
    /// Strategic, owned by people.
    HumanOwned,
    /// Novel; owned by people of necessity.
    HumanOwnedByNecessity,
}

/// What `allow` may do in this workspace.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AutonomyMode {
    /// Nothing is applied without people.
    ProposeOnly,
}

/// A layer of policy, highest authority first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// What every workspace keeps.
    Protocol,
    /// The company's rules.
    Corporate,
    /// The brand's.
    Brand,
    /// The campaign's, temporary.
    Campaign,
}

/// How many persons of a role must sign; groups are joined by AND.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuorumGroup {
    /// The role.
    pub role: Role,
    /// How many distinct persons; at least 1.
    pub minimum: u8,
}

/// A kind of second factor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorKind {
    /// A time-based one-time password (RFC 6238).
    Totp,
}

/// Which second factors policy accepts; an empty list asks for none.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorRule {
    /// For approving, rejecting and asking for changes.
    pub to_decide: Vec<FactorKind>,
    /// For overriding with an own value.
    pub to_override: Vec<FactorKind>,
}

/// Longest words of a flag, in characters.
pub const MAX_FLAG_CHARS: usize = 512;

/// Longest version of a policy, in characters.
pub const MAX_VERSION_CHARS: usize = 64;

/// A rule that fired, in its own words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// The rule's id, e.g. `budget_change_over_15_percent`.
    #[serde(deserialize_with = "bounded::line::<MAX_FLAG_CHARS, _>")]
    pub rule: String,
    /// The layer it comes from.
    pub layer: Layer,
    /// What it asks for.
    pub outcome: Outcome,
    /// The rule in plain words, with the threshold.
    #[serde(deserialize_with = "bounded::line::<MAX_FLAG_CHARS, _>")]
    pub words: String,
}

/// The policy that was in force, by content.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRef {
    /// The version its authors gave it.
    #[serde(deserialize_with = "bounded::line::<MAX_VERSION_CHARS, _>")]
    pub version: String,
    /// Digest over all policy files.
    pub digest: Digest,
}

/// The policy's verdict on one proposal; a later policy never changes it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The proposal judged.
    pub proposal: ProposalId,
    /// The outcome.
    pub outcome: Outcome,
    /// The risk tier.
    pub risk_tier: RiskTier,
    /// Who owns such a decision.
    pub decision_type: DecisionType,
    /// What `allow` may do here.
    pub autonomy: AutonomyMode,
    /// Who must sign, joined by AND. Empty means that nothing can be authorised.
    pub quorum: Vec<QuorumGroup>,
    /// Which second factors are asked for.
    pub factors: FactorRule,
    /// Every rule that fired.
    pub flags: Vec<Flag>,
    /// The policy in force.
    pub policy: PolicyRef,
    /// When it was evaluated.
    pub evaluated_at_ms: TimestampMs,
    /// By when people must have signed.
    pub decide_by_ms: TimestampMs,
    /// Who is notified next while nobody signs, soonest first. Being notified gives no authority.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ladder: Vec<Rung>,
    /// The class of cases that may be signed together; `None` is one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_class: Option<String>,
}

/// A rung of the escalation ladder.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// When it is climbed, unless the case is settled.
    pub at_ms: TimestampMs,
    /// The role that is told.
    pub role: Role,
}

impl Predicate for Verdict {
    const TYPE: &'static str = "urn:countersign:verdict:v1";
}

impl Verdict {
    /// The digest that decisions refer to.
    ///
    /// # Errors
    /// Never for a verdict made from valid parts.
    pub fn digest(&self) -> Result<Digest, CanonicalError> {
        canonical::digest(self)
    }

    /// Signs the verdict about a proposal with the gate's key.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn seal(&self, proposal: Digest, gate: &dyn Signer) -> Result<Envelope, SealError> {
        Envelope::seal(&self.proposal.to_string(), proposal, self, gate)
    }

    /// Opens a verdict that must be signed by the gate and be about `proposal`.
    ///
    /// # Errors
    /// When it is malformed, not by the gate, or about another proposal.
    pub fn open(
        envelope: &Envelope,
        proposal: Digest,
        gate: PublicKey,
    ) -> Result<Verified<Self>, EnvelopeError> {
        let verified = envelope.open::<Self>(&[gate])?;
        if verified.subject == proposal {
            Ok(verified)
        } else {
            Err(EnvelopeError::Malformed("the verdict is about another proposal"))
        }
    }
}
