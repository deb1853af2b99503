//! A proposal: an agent's draft with the platform's own `before`, or a person's wish to take an
//! executed change back, signed by the gate.

use crate::{
    Action, AgentId, Digest, Envelope, PersonId, ProposalId, PublicKey, Signer, TimestampMs,
    WorkspaceId, bounded,
    canonical::{self, CanonicalError},
    draft::Grounds,
    envelope::{EnvelopeError, Predicate, SealError, Verified},
    evidence::EvidenceRef,
    reason::MAX_TEXT_CHARS,
    roster::MAX_NAME_CHARS,
};
use serde::{Deserialize, Serialize};

/// A proposed change. Field order is not part of the bytes (JCS sorts); names are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// The proposal and its case.
    pub id: ProposalId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// When the gate took it in.
    pub created_at_ms: TimestampMs,
    /// After this moment nothing can be decided any more.
    pub expires_at_ms: TimestampMs,
    /// Who wants it, and why.
    pub origin: Origin,
    /// The change, with the platform's `before`.
    pub action: Action,
    /// The entity's revision that `before` was read at; any execution raises it.
    pub entity_revision: u64,
    /// Everything shown beside the proposal, by content.
    pub evidence: Vec<EvidenceRef>,
}

/// Who wants a change, and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// An agent drafted it.
    Draft(Box<Drafted>),
    /// A person takes back what was executed. It is the exact inverse of what was read back
    /// then, and needs the signatures that such a change needs from any other source.
    Rollback(Rollback),
}

/// What an agent drafted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drafted {
    /// Who drafted it.
    pub initiator: Initiator,
    /// Why, as the agent said.
    pub grounds: Grounds,
    /// Salted commitment to the prompt; salt and prompt travel as sealed evidence.
    pub prompt_commitment: Digest,
}

/// A person's wish to take an executed change back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// The case that was executed.
    pub of: ProposalId,
    /// Who asked. Does not count towards the quorum.
    pub person: PersonId,
    /// The signed statement: digest of its canonical envelope.
    pub statement: Digest,
    /// The person's own words; not empty.
    #[serde(deserialize_with = "bounded::text::<MAX_TEXT_CHARS, _>")]
    pub text: String,
}

/// An agent and the person who answers for it; neither counts towards a quorum.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Initiator {
    /// The agent.
    pub agent: AgentId,
    /// Its name when it drafted.
    #[serde(deserialize_with = "bounded::line::<MAX_NAME_CHARS, _>")]
    pub agent_name: String,
    /// The person who owns the agent.
    pub owner: PersonId,
}

impl Predicate for Proposal {
    const TYPE: &'static str = "urn:countersign:proposal:v1";
}

impl Proposal {
    /// What an agent drafted; `None` where no agent did.
    #[must_use]
    pub fn drafted(&self) -> Option<&Drafted> {
        match &self.origin {
            Origin::Draft(drafted) => Some(drafted),
            Origin::Rollback(_) => None,
        }
    }

    /// What is taken back; `None` where nothing is.
    #[must_use]
    pub const fn rollback(&self) -> Option<&Rollback> {
        match &self.origin {
            Origin::Rollback(rollback) => Some(rollback),
            Origin::Draft(_) => None,
        }
    }

    /// The agent that drafted it.
    #[must_use]
    pub fn agent(&self) -> Option<AgentId> {
        self.drafted().map(|drafted| drafted.initiator.agent)
    }

    /// The person who answers for it, and who does not count towards the quorum: the agent's
    /// owner, or whoever asked for the rollback.
    #[must_use]
    pub fn answerable(&self) -> PersonId {
        match &self.origin {
            Origin::Draft(drafted) => drafted.initiator.owner,
            Origin::Rollback(rollback) => rollback.person,
        }
    }

    /// The digest that verdicts and decisions refer to.
    ///
    /// # Errors
    /// Never for a proposal made from valid parts.
    pub fn digest(&self) -> Result<Digest, CanonicalError> {
        canonical::digest(self)
    }

    /// Signs the proposal with the gate's key.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn seal(&self, gate: &dyn Signer) -> Result<Envelope, SealError> {
        let digest = self.digest().map_err(SealError::Canonical)?;
        Envelope::seal(&self.id.to_string(), digest, self, gate)
    }

    /// Opens a proposal that must be signed by the gate.
    ///
    /// # Errors
    /// When it is malformed, not by the gate, or names another subject than itself.
    pub fn open(envelope: &Envelope, gate: PublicKey) -> Result<Verified<Self>, EnvelopeError> {
        let verified = envelope.open::<Self>(&[gate])?;
        let own = verified.predicate.digest().map_err(EnvelopeError::Statement)?;
        if verified.subject == own && verified.subject_name == verified.predicate.id.to_string() {
            Ok(verified)
        } else {
            Err(EnvelopeError::Malformed("the proposal's subject is not the proposal"))
        }
    }
}
