//! A person's decision: what is signed, and the checks that need nothing but bytes and
//! the roster. Whether it counts is for the workflow to say.

use crate::{
    Action, DecisionId, DeviceId, Digest, Envelope, Money, PersonId, ProposalId, Role, Roster,
    TimestampMs, WorkspaceId, bounded,
    canonical::CanonicalError,
    envelope::{self, Claim, Predicate},
    personal::{self, Unfit},
    reason::Reason,
    verdict::FactorKind,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most digests of one kind that a decision names.
pub const MAX_SHOWN: usize = 1_024;
/// Longest code of a second factor, in characters.
pub const MAX_FACTOR_CHARS: usize = 16;

/// What the person decided.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// The change as proposed; a ceiling for narrower ones.
    Approve,
    /// Another value than proposed.
    Override,
    /// No; the case ends.
    Reject,
    /// Back to the agent; the case ends and the agent may draft again.
    RequestChanges,
}

/// The predicate of a decision statement (`urn:countersign:decision:v1`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The decision; also its replay nonce.
    pub id: DecisionId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The proposal decided; the statement's subject is its digest.
    pub proposal: ProposalId,
    /// What was decided.
    pub kind: DecisionKind,
    /// The change that this signature permits: the proposed one for an approval, the own
    /// one for an override, none otherwise.
    pub effective: Option<Action>,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    pub person: PersonId,
    /// On which device.
    pub device: DeviceId,
    /// In which role.
    pub role: Role,
    /// For whom, under a delegation.
    pub on_behalf_of: Option<PersonId>,
    /// Digest of the verdict that was shown.
    pub verdict: Digest,
    /// Digest of the policy in force.
    pub policy: Digest,
    /// The entity's revision that `before` was read at.
    pub entity_revision: u64,
    /// Digests of the evidence that was on the device and shown.
    #[serde(deserialize_with = "bounded::list::<MAX_SHOWN, _, _>")]
    pub evidence_shown: Vec<Digest>,
    /// Digests of the signed payloads of the comments that were shown.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "bounded::list::<MAX_SHOWN, _, _>"
    )]
    pub comments_shown: Vec<Digest>,
    /// What the agent should change; only when changes are requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested: Option<RequestedChanges>,
    /// The log head this device had last verified.
    pub checkpoint_seen: Option<CheckpointSeen>,
    /// The device's clock when it was signed.
    pub signed_at_ms: TimestampMs,
    /// Valid if unchanged until this moment.
    pub valid_until_ms: TimestampMs,
    /// The second factor, where one was asked for.
    pub mfa: Option<MfaProof>,
}

/// What an agent is asked to change, in fields that a program can follow.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestedChanges {
    /// A daily budget that would do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_after: Option<Money>,
    /// The longest window that would do, in days; at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_days: Option<u32>,
    /// Evidence that is missing.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub evidence: BTreeSet<EvidenceWanted>,
    /// Whether other texts are wanted, as the reason says in words.
    #[serde(default, skip_serializing_if = "is_false")]
    pub texts: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Evidence that an approver may miss.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceWanted {
    /// Predictions held against what happened.
    Backtest,
    /// A model fitted on more days.
    LongerHistory,
    /// A prediction that says more.
    NarrowerInterval,
    /// Reasons that a person can follow.
    Rationale,
}

impl RequestedChanges {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A log head.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointSeen {
    /// Number of entries.
    pub size: u64,
    /// Merkle root (RFC 6962).
    pub root: Digest,
}

/// Proof of a second factor, part of the signed bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum MfaProof {
    /// A code of RFC 6238, valid once, for the minute of `signed_at_ms`.
    Totp {
        /// The digits as typed.
        #[serde(deserialize_with = "bounded::text::<MAX_FACTOR_CHARS, _>")]
        code: String,
    },
}

impl MfaProof {
    /// Its kind, for policy.
    #[must_use]
    pub const fn kind(&self) -> FactorKind {
        match self {
            Self::Totp { .. } => FactorKind::Totp,
        }
    }
}

/// Names the kind, never the code.
impl std::fmt::Debug for MfaProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Totp { .. } => f.write_str("Totp(…)"),
        }
    }
}

impl Predicate for Decision {
    const TYPE: &'static str = "urn:countersign:decision:v1";
}

/// A decision whose signature, device and role were checked against a roster.
///
/// Only [`verify`] makes one:
///
/// ```compile_fail
/// use countersign_model::decision::SignedDecision;
/// fn forge(decision: countersign_model::Decision) -> SignedDecision {
///     SignedDecision { decision, subject: todo!(), digest: todo!() }
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedDecision {
    decision: Decision,
    subject: Digest,
    digest: Digest,
}

impl SignedDecision {
    /// What was decided.
    #[must_use]
    pub const fn decision(&self) -> &Decision {
        &self.decision
    }

    /// The digest of the proposal that it is about.
    #[must_use]
    pub const fn proposal_digest(&self) -> Digest {
        self.subject
    }

    /// The digest of the signed payload bytes.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

/// Why a decision was refused. A value with words for its author, not an error.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Not an envelope, not canonical, or not a decision.
    Malformed,
    /// Signed by a key that the roster does not hold for this person and device.
    UnknownKey,
    /// The signature does not fit the bytes.
    BadSignature,
    /// The device was revoked before it signed.
    DeviceRevoked,
    /// The person does not hold the role that the decision names.
    RoleNotHeld,
    /// About another proposal, or another version of it.
    WrongProposal,
    /// Made under another verdict or policy than the case holds.
    PolicyMoved,
    /// The entity has changed since `before` was read.
    EntityMoved,
    /// Signed after it, or arrived after, the validity it names.
    Expired,
    /// This decision was received before.
    Replayed,
    /// The device's clock was too far from the gate's.
    ClockSkew,
    /// The agent's owner cannot decide about the agent's draft, nor can whoever asked for a
    /// rollback decide about that.
    InitiatorMayNotDecide,
    /// This person has decided already; a second device does not make a second person.
    PersonAlreadyDecided,
    /// The role is not asked for in this case.
    RoleNotAsked,
    /// The reason is not in the list, or its text is missing.
    ReasonMissing,
    /// The decision's change does not fit its kind.
    ChangeDoesNotFit,
    /// An override beyond what was proposed needs a fresh proposal.
    WiderThanProposed,
    /// The platform does not take such an amount.
    AmountNotTaken,
    /// Policy asks for a second factor and there is none.
    FactorMissing,
    /// The second factor is wrong, or not of the minute of signing.
    FactorWrong,
    /// This second factor was used before.
    FactorReused,
    /// Too many wrong second factors; none is looked at for a while.
    FactorLocked,
    /// The case was settled before this arrived; see the recorded outcome.
    CaseSettled,
    /// The device has seen another history of the log than the gate's.
    LogDiffers,
    /// This person has sent more decisions about the case than are looked at.
    TooMany,
    /// Nothing was applied in the case, so that there is nothing to take back.
    NotExecuted,
    /// What was applied has no inverse that the platform takes.
    NoWayBack,
    /// A case that takes it back is open already.
    RollbackOpen,
}

impl Refusal {
    /// What happened and what to do, for the person who signed.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Malformed => "The decision could not be read. Update the app and decide again.",
            Self::UnknownKey => "This device is not enrolled for you. Enrol it, then decide again.",
            Self::BadSignature => {
                "The signature does not match the decision. Decide again; if it happens twice, tell your administrator."
            }
            Self::DeviceRevoked => {
                "This device was revoked before it signed. Use an enrolled device."
            }
            Self::RoleNotHeld => {
                "You do not hold the role that the decision names. Ask an administrator."
            }
            Self::WrongProposal => {
                "The decision is about another version of this proposal. Open the case again and decide on what it says now."
            }
            Self::PolicyMoved => {
                "The decision was made under another verdict. Open the case again and decide."
            }
            Self::EntityMoved => {
                "The campaign has changed since the proposal was made. Wait for a fresh proposal."
            }
            Self::Expired => "The decision arrived after it had expired. Open the case again.",
            Self::Replayed => "This decision was received before; it counts only once.",
            Self::ClockSkew => {
                "This device's clock is too far from the gate's. Set the clock, then decide again."
            }
            Self::InitiatorMayNotDecide => {
                "You answer for the agent that drafted this, or asked for this rollback, so another person must decide."
            }
            Self::PersonAlreadyDecided => {
                "You have already decided on this case; the other signature must come from another person."
            }
            Self::RoleNotAsked => "This case does not ask for that role.",
            Self::ReasonMissing => {
                "A reason from the list is needed, with a few words where the list asks for them."
            }
            Self::ChangeDoesNotFit => "The change in the decision does not fit the proposal.",
            Self::WiderThanProposed => {
                "An override can only narrow the proposal. Ask for a fresh proposal for anything else."
            }
            Self::AmountNotTaken => {
                "The ad platform does not accept this amount: it is too small or has parts of the smallest coin. Choose another value."
            }
            Self::FactorMissing => {
                "This decision needs a second factor. Decide again and enter the code."
            }
            Self::FactorWrong => "The code was wrong or too old. Decide again with a fresh code.",
            Self::FactorReused => {
                "That code was used before. Wait for the next one and decide again."
            }
            Self::FactorLocked => {
                "Too many wrong codes. Wait a quarter of an hour, then decide again with a fresh code."
            }
            Self::CaseSettled => {
                "The case was settled before this arrived. The recorded outcome stands."
            }
            Self::LogDiffers => {
                "This device has seen another history of the log than the gate keeps. Sign nothing more and tell an administrator."
            }
            Self::TooMany => {
                "You have sent more decisions about this case than are looked at. Ask another person to decide."
            }
            Self::NotExecuted => {
                "Nothing was applied in this case, so there is nothing to take back."
            }
            Self::NoWayBack => {
                "The platform does not take the inverse of this change. Ask for a new change instead."
            }
            Self::RollbackOpen => {
                "This change is being taken back already. Decide in the case that is open for it."
            }
        }
    }
}

/// The exact bytes that will be hashed and signed for a decision on a proposal.
///
/// # Errors
/// Never for a decision made from valid parts.
pub fn statement_bytes(decision: &Decision, proposal: Digest) -> Result<Vec<u8>, CanonicalError> {
    envelope::statement_bytes(&decision.proposal.to_string(), proposal, decision)
}

/// Checks signature, device, person and role. Nothing here depends on the case.
///
/// # Errors
/// The [`Refusal`], as a value.
pub fn verify(envelope: &Envelope, roster: &Roster) -> Result<SignedDecision, Refusal> {
    let claim = envelope.claim().map_err(|_| Refusal::Malformed)?;
    examine(claim, roster).map_err(|unfit| unfit.refusal())
}

/// As [`verify`], and says of what does not stand whether a person signed it.
///
/// # Errors
/// [`Unfit`], as a value.
pub fn examine(claim: Claim<Decision>, roster: &Roster) -> Result<SignedDecision, Unfit<Decision>> {
    let (verified, person) = personal::open(claim, roster)?;
    let decision = verified.predicate;
    let refusal = if verified.subject_name != decision.proposal.to_string() {
        Refusal::WrongProposal
    } else if !person.roles.contains(&decision.role) {
        Refusal::RoleNotHeld
    } else {
        let (subject, digest) = (verified.subject, verified.payload_digest);
        return Ok(SignedDecision { decision, subject, digest });
    };
    Err(Unfit::Signed(Box::new(decision), refusal))
}
