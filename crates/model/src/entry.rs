//! One entry of the audit log: what happened, to what, under which policy, signed by
//! the gate. Prompts and personal data stay outside; entries hold ids and digests.

use crate::{
    Action, DecisionId, DecisionKind, DeviceId, Digest, EventId, PersonId, ProposalId, PublicKey,
    Ratio, Role, Signature, Signer, TimestampMs, WorkspaceId, bounded,
    canonical::{self, CanonicalError},
    decision::Refusal,
    draft::ModelRef,
    reason::Reason,
    signature::{SignatureError, SignerError},
    verdict::{FactorKind, Flag, PolicyRef},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

/// Longest code of what an execution waits for, in characters.
pub const MAX_CODE_CHARS: usize = 128;
/// Largest entry in bytes: the length prefix of a C2SP tlog-tiles entry bundle has 16 bits.
pub const MAX_ENTRY_BYTES: usize = 65_535;
/// Said before the canonical bytes when an entry is signed, so that the signature fits nothing else.
const SIGNING_CONTEXT: &[u8] = b"countersign log entry v1\n";

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// The workspace began, or its roster changed.
    RosterAccepted,
    /// A draft became a proposal.
    ProposalReceived,
    /// A draft was refused at the door.
    DraftRefused,
    /// Policy was evaluated.
    VerdictIssued,
    /// A person's decision counts.
    DecisionAccepted,
    /// A person's decision does not count, and why.
    DecisionRefused,
    /// The quorum holds and the change is authorised.
    ChangeAuthorized,
    /// The executor is about to act.
    ExecutionIntended,
    /// The change cannot be made now: nothing was sent, and it is tried again while the
    /// signatures are valid.
    ExecutionWaiting,
    /// The executor is done, one way or the other.
    ExecutionFinished,
    /// A person rejected the proposal.
    CaseRejected,
    /// A person sent it back to the agent.
    ChangesRequested,
    /// Nobody decided in time.
    CaseExpired,
    /// The deadline passed and the case climbed the ladder.
    DeadlinePassed,
    /// Another change moved the entity first.
    CaseSuperseded,
    /// Nobody has signed yet, and the next role of the ladder was told.
    RungClimbed,
    /// A person stopped all work.
    WorkStopped,
    /// A person asked to go on; not enough have yet.
    ResumeAsked,
    /// Enough persons asked, and work goes on.
    WorkResumed,
    /// A person opened a case's prompt.
    PromptRead,
    /// A person's control statement does not count, and why.
    ControlRefused,
    /// The gate judges by this policy from here on.
    PolicyPublished,
    /// A device sent what is no statement of anybody's; how often, since the last such entry.
    ContentRefused,
    /// The gate's clock had been wrong; an operator says so, and stamps go on from here.
    ClockCorrected,
}

/// Who did it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// A person, an agent, or the gate.
    pub kind: ActorKind,
    /// Their id.
    pub id: String,
    /// The role acted in.
    pub role: Option<Role>,
}

/// The kinds of actor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A person.
    Person,
    /// An AI agent.
    Agent,
    /// The gate.
    Gate,
}

/// A person's decision as the log keeps it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionRecord {
    /// The decision.
    pub id: DecisionId,
    /// What was decided.
    pub kind: DecisionKind,
    /// Digest of the canonical envelope.
    pub envelope: Digest,
    /// Second factor that was checked.
    pub factor: Option<FactorKind>,
    /// Why it was refused.
    pub refusal: Option<Refusal>,
}

/// A signature that authorised a change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Who signed.
    pub person: PersonId,
    /// In which role.
    pub role: Role,
    /// The decision.
    pub decision: DecisionId,
    /// Digest of its canonical envelope.
    pub envelope: Digest,
}

/// What the ad platform answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformRecord {
    /// The platform's request ids, oldest first.
    pub request_ids: Vec<String>,
    /// How it ended.
    pub status: ExecutionStatus,
    /// The platform's error code, if any.
    pub code: Option<String>,
    /// The state that was read back.
    pub read_back: Option<Action>,
}

/// What an execution waits for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// The code of what stood in the way, the platform's own or the gate's.
    #[serde(deserialize_with = "bounded::line::<MAX_CODE_CHARS, _>")]
    pub code: String,
    /// Not tried before this moment, where the platform asked for quiet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<TimestampMs>,
}

impl PlatformRecord {
    /// The change that counts as made: what was read back, or, where nobody could read, what
    /// was authorised, so that small steps do not add up unseen. `None` where nothing was
    /// changed. One rule for whoever counts the increases of the last days.
    #[must_use]
    pub const fn counted<'a>(&'a self, authorized: &'a Action) -> Option<&'a Action> {
        match self.status {
            ExecutionStatus::Applied | ExecutionStatus::Mismatch => self.read_back.as_ref(),
            ExecutionStatus::Unknown => Some(authorized),
            ExecutionStatus::NotApplied | ExecutionStatus::Stale => None,
        }
    }
}

/// How an execution ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionStatus {
    /// The platform holds the authorised value, read back.
    Applied,
    /// Nothing was changed.
    NotApplied,
    /// `before` no longer held; nothing was changed.
    Stale,
    /// Something else holds than what was sent; a person must look.
    Mismatch,
    /// The write may have been applied and nobody could read the platform; a person must look.
    Unknown,
}

/// The content of an entry. Optional fields are absent where the kind does not need them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryBody {
    /// The entry.
    pub event_id: EventId,
    /// Position in the log, from 0.
    pub seq: u64,
    /// RFC 6962 leaf hash of the entry before; 32 zero bytes for the first.
    pub prev_hash: Digest,
    /// The gate's clock.
    pub at_ms: TimestampMs,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    pub action: EntryKind,
    /// The case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal_id: Option<ProposalId>,
    /// A decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionRecord>,
    /// A reason from the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    /// Salted commitment to the prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_commitment: Option<Digest>,
    /// Digest of the policy input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_commitment: Option<Digest>,
    /// Digest of the canonical envelope of what was produced or taken: proposal, verdict,
    /// roster, control statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_hash: Option<Digest>,
    /// The policy in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyRef>,
    /// Every rule that fired.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
    /// Digest of the explanation that was shown (attributions and rationale).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation_digest: Option<Digest>,
    /// The model's confidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Ratio>,
    /// The change in question, with its `before` and `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Action>,
    /// The signatures that authorised it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approval>,
    /// What the platform answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<PlatformRecord>,
    /// What an execution waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// The role that the ladder told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Role>,
    /// Why a control statement does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// The device that sent what was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// How many refusals this entry stands for; at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

/// A digest that an entry refers to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Reference {
    /// Digest of the bytes.
    pub digest: Digest,
    /// What they are.
    pub kind: ReferenceKind,
    /// Whether they must be at hand to judge the entry. Bytes that were refused as malformed
    /// may be no envelope at all.
    pub required: bool,
}

/// What an entry refers to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ReferenceKind {
    /// The canonical bytes of an envelope.
    Envelope,
    /// The canonical bytes of a [`crate::PolicyBundle`].
    Policy,
}

/// Where an entry stands in its log, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EntryHead {
    /// The entry.
    pub event_id: EventId,
    /// Position in the log, from 0.
    pub seq: u64,
    /// RFC 6962 leaf hash of the entry before; 32 zero bytes for the first.
    pub prev_hash: Digest,
    /// The gate's clock.
    pub at_ms: TimestampMs,
    /// The workspace.
    pub workspace: WorkspaceId,
}

/// An entry with the gate's signature; its canonical bytes are the Merkle leaf.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The content.
    pub body: EntryBody,
    /// Base64 of the gate's Ed25519 signature over context and canonical body.
    pub server_signature: String,
}

/// Why an entry could not be made or was refused.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// Not the canonical bytes of an entry.
    #[error("the entry is malformed: {0}")]
    Malformed(#[from] CanonicalError),
    /// Too large for a tlog-tiles bundle.
    #[error("the entry is larger than {MAX_ENTRY_BYTES} bytes")]
    TooLarge,
    /// The gate's key could not sign.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The signature is not the gate's.
    #[error("the entry's signature is not the gate's: {0}")]
    Signature(#[from] SignatureError),
}

impl EntryHead {
    /// The place after an entry. Its id follows from it (the layout of a UUIDv7 with bits of a
    /// digest where randomness would be), so that no two entries share one and nobody chooses it.
    #[must_use]
    pub fn of(workspace: WorkspaceId, seq: u64, prev_hash: Digest, at_ms: TimestampMs) -> Self {
        let seed = [
            workspace.uuid().as_bytes().as_slice(),
            seq.to_be_bytes().as_slice(),
            prev_hash.as_bytes().as_slice(),
        ]
        .concat();
        let mut random = [0_u8; 10];
        random.copy_from_slice(&Digest::of(&seed).as_bytes()[..10]);
        let millis = u64::try_from(at_ms.millis()).unwrap_or(0);
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        Self { event_id: EventId::from_uuid(id), seq, prev_hash, at_ms, workspace }
    }
}

impl EntryBody {
    /// An entry with nothing but its place, actor and kind.
    #[must_use]
    pub const fn blank(head: EntryHead, actor: Actor, action: EntryKind) -> Self {
        let EntryHead { event_id, seq, prev_hash, at_ms, workspace } = head;
        Self {
            event_id,
            seq,
            prev_hash,
            at_ms,
            workspace,
            actor,
            action,
            proposal_id: None,
            decision: None,
            reason: None,
            model: None,
            prompt_commitment: None,
            input_commitment: None,
            output_hash: None,
            policy: None,
            flags: vec![],
            explanation_digest: None,
            confidence: None,
            change: None,
            approvals: vec![],
            platform: None,
            waiting: None,
            told: None,
            refusal: None,
            device: None,
            count: None,
        }
    }

    /// The bytes that this entry refers to: what it produced or took, its decision, and the
    /// signatures that it rests on.
    #[must_use]
    pub fn references(&self) -> Vec<Reference> {
        let kind = match self.action {
            EntryKind::PolicyPublished => ReferenceKind::Policy,
            _ => ReferenceKind::Envelope,
        };
        let is_readable = self.refusal != Some(Refusal::Malformed);
        let output =
            self.output_hash.map(|digest| Reference { digest, kind, required: is_readable });
        let envelope =
            |digest, required| Reference { digest, kind: ReferenceKind::Envelope, required };
        let decision = self
            .decision
            .as_ref()
            .map(|record| envelope(record.envelope, record.refusal != Some(Refusal::Malformed)));
        let approvals = self.approvals.iter().map(|approval| envelope(approval.envelope, true));
        output.into_iter().chain(decision).chain(approvals).collect()
    }

    /// The bytes that the gate signs.
    ///
    /// # Errors
    /// Never for a body made from valid parts.
    pub fn signing_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        let mut bytes = SIGNING_CONTEXT.to_vec();
        bytes.extend(canonical::to_bytes(self)?);
        Ok(bytes)
    }

    /// Signs the entry with the gate's key.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign(self, gate: &dyn Signer) -> Result<Entry, EntryError> {
        let signature = gate.sign(&self.signing_bytes()?)?;
        Ok(Entry { body: self, server_signature: STANDARD.encode(signature.as_bytes()) })
    }

    /// The fields that this kind of entry must carry and does not.
    #[must_use]
    pub fn missing_fields(&self) -> Vec<&'static str> {
        let present = [
            ("proposal_id", self.proposal_id.is_some()),
            ("decision", self.decision.is_some()),
            ("reason", self.reason.is_some()),
            ("model", self.model.is_some()),
            ("prompt_commitment", self.prompt_commitment.is_some()),
            ("input_commitment", self.input_commitment.is_some()),
            ("output_hash", self.output_hash.is_some()),
            ("policy", self.policy.is_some()),
            ("explanation_digest", self.explanation_digest.is_some()),
            ("confidence", self.confidence.is_some()),
            ("change", self.change.is_some()),
            ("approvals", !self.approvals.is_empty()),
            ("platform", self.platform.is_some()),
            ("waiting", self.waiting.is_some()),
            ("told", self.told.is_some()),
            ("refusal", self.refusal.is_some()),
            ("device", self.device.is_some()),
            ("count", self.count.is_some()),
        ];
        let needed = needed_fields(self.action);
        present
            .into_iter()
            .filter(|(name, is_present)| needed.contains(name) && !is_present)
            .map(|(name, _)| name)
            .collect()
    }
}

/// What each kind of entry must carry; the completeness score counts these.
const fn needed_fields(kind: EntryKind) -> &'static [&'static str] {
    match kind {
        EntryKind::RosterAccepted => &["output_hash"],
        EntryKind::ProposalReceived => &[
            "proposal_id",
            "model",
            "prompt_commitment",
            "output_hash",
            "explanation_digest",
            "confidence",
            "change",
        ],
        EntryKind::DraftRefused => &["input_commitment", "count"],
        EntryKind::VerdictIssued => &["proposal_id", "input_commitment", "output_hash", "policy"],
        EntryKind::DecisionAccepted => &["proposal_id", "decision", "reason"],
        EntryKind::DecisionRefused => &["decision"],
        EntryKind::ChangeAuthorized => &["proposal_id", "change", "approvals", "policy"],
        EntryKind::ExecutionIntended => &["proposal_id", "change"],
        EntryKind::ExecutionWaiting => &["proposal_id", "waiting"],
        EntryKind::ExecutionFinished => &["proposal_id", "change", "platform"],
        EntryKind::CaseRejected | EntryKind::ChangesRequested => {
            &["proposal_id", "decision", "reason"]
        }
        EntryKind::CaseExpired | EntryKind::DeadlinePassed | EntryKind::CaseSuperseded => {
            &["proposal_id"]
        }
        EntryKind::RungClimbed => &["proposal_id", "told"],
        EntryKind::WorkStopped => &["output_hash"],
        EntryKind::ResumeAsked | EntryKind::WorkResumed => &["output_hash", "reason"],
        EntryKind::PromptRead => &["proposal_id", "output_hash"],
        EntryKind::ControlRefused => &["output_hash", "refusal"],
        EntryKind::PolicyPublished => &["output_hash", "policy"],
        EntryKind::ContentRefused => &["device", "count", "input_commitment"],
        EntryKind::ClockCorrected => &["reason"],
    }
}

impl Entry {
    /// Reads an entry from its canonical bytes.
    ///
    /// # Errors
    /// [`EntryError::TooLarge`] or [`EntryError::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(EntryError::TooLarge);
        }
        Ok(canonical::from_bytes(bytes)?)
    }

    /// The canonical bytes: the Merkle leaf.
    ///
    /// # Errors
    /// [`EntryError::TooLarge`] above [`MAX_ENTRY_BYTES`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, EntryError> {
        let bytes = canonical::to_bytes(self)?;
        if bytes.len() > MAX_ENTRY_BYTES { Err(EntryError::TooLarge) } else { Ok(bytes) }
    }

    /// The bytes that the gate signed, cut out of the leaf that this entry was read from:
    /// [`Entry::from_bytes`] has shown that the leaf is canonical, so the body's canonical
    /// form stands in it as it is. Verifying a long log needs no second encoding.
    ///
    /// # Errors
    /// When `leaf` is not what this entry was read from.
    pub fn signing_bytes_in(&self, leaf: &[u8]) -> Result<Vec<u8>, CanonicalError> {
        let after_body = format!(",\"server_signature\":\"{}\"}}", self.server_signature);
        let body = leaf
            .strip_prefix(b"{\"body\":")
            .and_then(|rest| rest.strip_suffix(after_body.as_bytes()))
            .ok_or(CanonicalError::NotCanonical)?;
        Ok([SIGNING_CONTEXT, body].concat())
    }

    /// Checks the gate's signature.
    ///
    /// # Errors
    /// [`EntryError::Signature`].
    pub fn verify(&self, gate: PublicKey) -> Result<(), EntryError> {
        gate.verify(&self.body.signing_bytes()?, &self.signature()?)?;
        Ok(())
    }

    /// The signature itself, for batch verification.
    ///
    /// # Errors
    /// [`EntryError::Signature`] when it is not 64 bytes of base64.
    pub fn signature(&self) -> Result<Signature, EntryError> {
        let bytes = STANDARD
            .decode(&self.server_signature)
            .map_err(|_| EntryError::Signature(SignatureError::Length))?;
        Ok(Signature::from_slice(&bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AmountLimits, BudgetChange, CampaignStatus, Currency, EntityRef, Money, entity::PlatformId,
    };

    fn to(amount_micros: i64) -> Action {
        let currency = Currency::parse("USD").unwrap();
        let id = |text: &str| PlatformId::parse(text).unwrap();
        Action::BudgetChange(BudgetChange {
            entity: EntityRef {
                platform: crate::entity::PlatformKind::GoogleAds,
                account_id: id("1"),
                campaign_id: id("2"),
            },
            campaign_name: "x".into(),
            budget_resource: "customers/1/campaignBudgets/3".into(),
            shared_by: 1,
            status: CampaignStatus::Enabled,
            limits: AmountLimits::unknown(currency),
            before: Money::from_micros(10, currency),
            after: Money::from_micros(amount_micros, currency),
            window: None,
        })
    }

    #[test]
    fn what_may_have_been_made_counts_as_made() {
        let (authorized, other) = (to(20), to(15));
        let record = |status, read_back: Option<&Action>| PlatformRecord {
            request_ids: vec![],
            status,
            code: None,
            read_back: read_back.cloned(),
        };
        for (status, read_back, counted) in [
            (ExecutionStatus::Applied, Some(&authorized), Some(&authorized)),
            (ExecutionStatus::Mismatch, Some(&other), Some(&other)),
            (ExecutionStatus::Unknown, None, Some(&authorized)),
            (ExecutionStatus::NotApplied, Some(&other), None),
            (ExecutionStatus::Stale, Some(&other), None),
        ] {
            assert_eq!(record(status, read_back).counted(&authorized), counted, "{status:?}");
        }
    }
}
