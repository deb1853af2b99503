//! What an entry can say: one variant for each kind, with exactly the fields of that kind.
//! A field that does not belong and one that is missing are errors of reading.

use super::{
    Approval, DecisionRecord, MAX_CREDENTIAL_CHARS, PlatformRecord, Reference, ReferenceKind,
    Waiting,
};
use crate::{
    Action, DeviceId, Digest, ProposalId, Ratio, Role, bounded,
    decision::Refusal,
    draft::ModelRef,
    entity::AccountRef,
    reason::Reason,
    verdict::{Flag, PolicyRef},
};
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, VariantArray};

/// What happened. `output_hash` is the digest of the canonical bytes of what was produced or
/// taken: an envelope, or the [`crate::PolicyBundle`] that was published.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, EnumDiscriminants)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[strum_discriminants(
    name(EntryKind),
    doc = "The kind of an event: its name alone, as it stands in the entry.",
    derive(PartialOrd, Ord, Hash, Serialize, Deserialize, VariantArray),
    serde(rename_all = "snake_case")
)]
pub enum LogEvent {
    /// The workspace began, or its roster changed.
    RosterAccepted {
        /// The roster's envelope.
        output_hash: Digest,
    },
    /// A draft became a proposal.
    ProposalReceived {
        /// The case.
        proposal_id: ProposalId,
        /// The model that drafted it.
        model: ModelRef,
        /// Salted commitment to the prompt.
        prompt_commitment: Digest,
        /// The proposal's envelope.
        output_hash: Digest,
        /// Digest of the explanation that was shown (attributions and rationale).
        explanation_digest: Digest,
        /// The model's confidence.
        confidence: Ratio,
        /// The proposed change, with its `before` and `after`.
        change: Action,
    },
    /// Drafts of one agent were refused at the door.
    DraftRefused {
        /// Digest of the first of them.
        input_commitment: Digest,
        /// How many refusals this entry stands for; at least 1.
        count: u64,
    },
    /// Policy was evaluated.
    VerdictIssued {
        /// The case.
        proposal_id: ProposalId,
        /// Digest of the facts that the policy saw.
        input_commitment: Digest,
        /// The verdict's envelope.
        output_hash: Digest,
        /// The policy in force.
        policy: PolicyRef,
        /// Every rule that fired.
        flags: Vec<Flag>,
    },
    /// A person's decision counts.
    DecisionAccepted {
        /// The case.
        proposal_id: ProposalId,
        /// The decision.
        decision: DecisionRecord,
        /// The person's reason.
        reason: Reason,
    },
    /// A person's decision does not count, and why.
    DecisionRefused {
        /// The case.
        proposal_id: ProposalId,
        /// The decision.
        decision: DecisionRecord,
        /// The person's reason, where somebody is known to have signed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
        /// Why it does not count.
        refusal: Refusal,
    },
    /// The quorum holds and the change is authorised.
    ChangeAuthorized {
        /// The case.
        proposal_id: ProposalId,
        /// What was authorised; it may be narrower than what was proposed.
        change: Action,
        /// The signatures that authorised it.
        approvals: Vec<Approval>,
        /// The policy that asked for them.
        policy: PolicyRef,
    },
    /// The executor is about to act.
    ExecutionIntended {
        /// The case.
        proposal_id: ProposalId,
        /// What is to be made.
        change: Action,
    },
    /// The change cannot be made now: nothing was sent, and it is tried again while the
    /// signatures are valid.
    ExecutionWaiting {
        /// The case.
        proposal_id: ProposalId,
        /// What it waits for.
        waiting: Waiting,
    },
    /// The executor is done, one way or the other.
    ExecutionFinished {
        /// The case.
        proposal_id: ProposalId,
        /// What was to be made.
        change: Action,
        /// What the platform answered.
        platform: PlatformRecord,
    },
    /// A person rejected the proposal.
    CaseRejected {
        /// The case.
        proposal_id: ProposalId,
        /// The rejection.
        decision: DecisionRecord,
        /// The person's reason.
        reason: Reason,
    },
    /// A person sent it back to the agent.
    ChangesRequested {
        /// The case.
        proposal_id: ProposalId,
        /// The request.
        decision: DecisionRecord,
        /// The person's reason.
        reason: Reason,
    },
    /// Nobody decided in time.
    CaseExpired {
        /// The case.
        proposal_id: ProposalId,
    },
    /// The deadline passed and the case climbed the ladder.
    DeadlinePassed {
        /// The case.
        proposal_id: ProposalId,
    },
    /// Another change moved the entity first.
    CaseSuperseded {
        /// The case.
        proposal_id: ProposalId,
    },
    /// Nobody has signed yet, and the next role of the ladder was told.
    RungClimbed {
        /// The case.
        proposal_id: ProposalId,
        /// The role that was told.
        told: Role,
    },
    /// A person stopped all work.
    WorkStopped {
        /// The statement's envelope.
        output_hash: Digest,
        /// The person's words, which may be none.
        reason: Reason,
    },
    /// A person asked to go on; not enough have yet.
    ResumeAsked {
        /// The statement's envelope.
        output_hash: Digest,
        /// The person's words.
        reason: Reason,
    },
    /// Enough persons asked, and work goes on.
    WorkResumed {
        /// The last statement's envelope.
        output_hash: Digest,
        /// That person's words.
        reason: Reason,
    },
    /// A person opened a case's prompt.
    PromptRead {
        /// The case.
        proposal_id: ProposalId,
        /// The statement's envelope.
        output_hash: Digest,
    },
    /// A person asked to take back what was executed in a case.
    RollbackAsked {
        /// The case that was executed.
        proposal_id: ProposalId,
        /// The statement's envelope.
        output_hash: Digest,
        /// The person's words.
        reason: Reason,
    },
    /// What takes an executed change back became a proposal.
    RollbackOpened {
        /// The new case.
        proposal_id: ProposalId,
        /// The case that was executed.
        of: ProposalId,
        /// The statement that asked for it: digest of its envelope.
        statement: Digest,
        /// The proposal's envelope.
        output_hash: Digest,
        /// The inverse of what was read back, with its `before` and `after`.
        change: Action,
    },
    /// A person's control statement does not count, and why.
    ControlRefused {
        /// The statement's envelope.
        output_hash: Digest,
        /// Why it does not count.
        refusal: Refusal,
    },
    /// The gate judges by this policy from here on.
    PolicyPublished {
        /// The policy bundle.
        output_hash: Digest,
        /// The policy.
        policy: PolicyRef,
    },
    /// A device sent something that nobody signed; how often, since the last such entry.
    ContentRefused {
        /// The device that sent it.
        device: DeviceId,
        /// Digest of the first of it.
        input_commitment: Digest,
        /// How many refusals this entry stands for; at least 1.
        count: u64,
    },
    /// The gate's clock had been wrong; an operator says so, and stamps go on from here.
    ClockCorrected {
        /// The operator's words.
        reason: Reason,
    },
    /// An operator lets the gate write to an account from here on.
    WritingOpened {
        /// The account.
        account: AccountRef,
        /// The name of the credential that writes, as the gate's configuration has it.
        #[serde(deserialize_with = "bounded::line::<MAX_CREDENTIAL_CHARS, _>")]
        credential: String,
        /// The operator's words.
        reason: Reason,
    },
    /// An operator lets the gate only read an account from here on.
    WritingClosed {
        /// The account.
        account: AccountRef,
        /// The operator's words.
        reason: Reason,
    },
}

impl LogEvent {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> EntryKind {
        self.into()
    }

    /// The case that it is about, if it is about one.
    #[must_use]
    pub const fn proposal_id(&self) -> Option<ProposalId> {
        match self {
            Self::ProposalReceived { proposal_id, .. }
            | Self::VerdictIssued { proposal_id, .. }
            | Self::DecisionAccepted { proposal_id, .. }
            | Self::DecisionRefused { proposal_id, .. }
            | Self::ChangeAuthorized { proposal_id, .. }
            | Self::ExecutionIntended { proposal_id, .. }
            | Self::ExecutionWaiting { proposal_id, .. }
            | Self::ExecutionFinished { proposal_id, .. }
            | Self::CaseRejected { proposal_id, .. }
            | Self::ChangesRequested { proposal_id, .. }
            | Self::CaseExpired { proposal_id }
            | Self::DeadlinePassed { proposal_id }
            | Self::CaseSuperseded { proposal_id }
            | Self::RungClimbed { proposal_id, .. }
            | Self::RollbackAsked { proposal_id, .. }
            | Self::RollbackOpened { proposal_id, .. }
            | Self::PromptRead { proposal_id, .. } => Some(*proposal_id),
            Self::RosterAccepted { .. }
            | Self::DraftRefused { .. }
            | Self::WorkStopped { .. }
            | Self::ResumeAsked { .. }
            | Self::WorkResumed { .. }
            | Self::ControlRefused { .. }
            | Self::PolicyPublished { .. }
            | Self::ContentRefused { .. }
            | Self::ClockCorrected { .. }
            | Self::WritingOpened { .. }
            | Self::WritingClosed { .. } => None,
        }
    }

    /// The digest of what was produced or taken, if that has bytes of its own.
    #[must_use]
    pub const fn output_hash(&self) -> Option<Digest> {
        match self {
            Self::RosterAccepted { output_hash }
            | Self::ProposalReceived { output_hash, .. }
            | Self::VerdictIssued { output_hash, .. }
            | Self::WorkStopped { output_hash, .. }
            | Self::ResumeAsked { output_hash, .. }
            | Self::WorkResumed { output_hash, .. }
            | Self::PromptRead { output_hash, .. }
            | Self::RollbackAsked { output_hash, .. }
            | Self::RollbackOpened { output_hash, .. }
            | Self::ControlRefused { output_hash, .. }
            | Self::PolicyPublished { output_hash, .. } => Some(*output_hash),
            Self::DraftRefused { .. }
            | Self::DecisionAccepted { .. }
            | Self::DecisionRefused { .. }
            | Self::ChangeAuthorized { .. }
            | Self::ExecutionIntended { .. }
            | Self::ExecutionWaiting { .. }
            | Self::ExecutionFinished { .. }
            | Self::CaseRejected { .. }
            | Self::ChangesRequested { .. }
            | Self::CaseExpired { .. }
            | Self::DeadlinePassed { .. }
            | Self::CaseSuperseded { .. }
            | Self::RungClimbed { .. }
            | Self::ContentRefused { .. }
            | Self::ClockCorrected { .. }
            | Self::WritingOpened { .. }
            | Self::WritingClosed { .. } => None,
        }
    }

    /// The decision that it is about.
    #[must_use]
    pub const fn decision(&self) -> Option<&DecisionRecord> {
        match self {
            Self::DecisionAccepted { decision, .. }
            | Self::DecisionRefused { decision, .. }
            | Self::CaseRejected { decision, .. }
            | Self::ChangesRequested { decision, .. } => Some(decision),
            _ => None,
        }
    }

    /// Why a person's statement does not count.
    #[must_use]
    pub const fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::DecisionRefused { refusal, .. } | Self::ControlRefused { refusal, .. } => {
                Some(*refusal)
            }
            _ => None,
        }
    }

    /// The reason that somebody gave.
    #[must_use]
    pub const fn reason(&self) -> Option<&Reason> {
        match self {
            Self::DecisionAccepted { reason, .. }
            | Self::DecisionRefused { reason: Some(reason), .. }
            | Self::CaseRejected { reason, .. }
            | Self::ChangesRequested { reason, .. }
            | Self::WorkStopped { reason, .. }
            | Self::ResumeAsked { reason, .. }
            | Self::WorkResumed { reason, .. }
            | Self::RollbackAsked { reason, .. }
            | Self::ClockCorrected { reason }
            | Self::WritingOpened { reason, .. }
            | Self::WritingClosed { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// The change in question, with its `before` and `after`.
    #[must_use]
    pub const fn change(&self) -> Option<&Action> {
        match self {
            Self::ProposalReceived { change, .. }
            | Self::RollbackOpened { change, .. }
            | Self::ChangeAuthorized { change, .. }
            | Self::ExecutionIntended { change, .. }
            | Self::ExecutionFinished { change, .. } => Some(change),
            _ => None,
        }
    }

    /// What the platform answered.
    #[must_use]
    pub const fn platform(&self) -> Option<&PlatformRecord> {
        match self {
            Self::ExecutionFinished { platform, .. } => Some(platform),
            _ => None,
        }
    }

    /// Which account may be written from here on, and with which credential; none when it may no
    /// longer be written.
    #[must_use]
    pub fn writing(&self) -> Option<(&AccountRef, Option<&str>)> {
        match self {
            Self::WritingOpened { account, credential, .. } => Some((account, Some(credential))),
            Self::WritingClosed { account, .. } => Some((account, None)),
            _ => None,
        }
    }

    /// What an execution waits for.
    #[must_use]
    pub const fn waiting(&self) -> Option<&Waiting> {
        match self {
            Self::ExecutionWaiting { waiting, .. } => Some(waiting),
            _ => None,
        }
    }

    /// The signatures that it rests on.
    #[must_use]
    pub fn approvals(&self) -> &[Approval] {
        match self {
            Self::ChangeAuthorized { approvals, .. } => approvals,
            _ => &[],
        }
    }

    /// The bytes that it refers to: what it produced or took, its decision, and the
    /// signatures that it rests on.
    #[must_use]
    pub fn references(&self) -> Vec<Reference> {
        let required = self.refusal() != Some(Refusal::Malformed);
        let kind = match self {
            Self::PolicyPublished { .. } => ReferenceKind::Policy,
            _ => ReferenceKind::Envelope,
        };
        let envelope = |digest| Reference { digest, kind: ReferenceKind::Envelope, required };
        let output = self.output_hash().map(|digest| Reference { digest, kind, required });
        let decision = self.decision().map(|record| envelope(record.envelope));
        let approvals = self.approvals().iter().map(|approval| envelope(approval.envelope));
        output.into_iter().chain(decision).chain(approvals).collect()
    }
}
