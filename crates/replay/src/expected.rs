//! What a follower still has to see: entries that follow from those before, as far as the signed
//! records say what stands in them.

use crate::{Change, Content, Judged, content::gate_actor};
use countersign_model::{
    DeviceId, Digest, ProposalId, Verdict,
    entry::{EntryKind, LogEvent},
    verdict::{Flag, PolicyRef},
};
use serde::{Deserialize, Serialize};

/// One entry that must come.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Expected {
    /// One that says exactly this.
    Entry(Box<Content>),
    /// That of a verdict. Its envelope is the gate's to make: any that holds what the policy
    /// says will do.
    Verdict(Issued),
}

/// The entry of a verdict without the digest of its envelope.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issued {
    gate: DeviceId,
    proposal: ProposalId,
    facts: Digest,
    policy: PolicyRef,
    flags: Vec<Flag>,
}

/// What follows from one cause, for whoever follows the log.
pub(crate) struct Implied {
    /// The entries, in order.
    pub(crate) expected: Vec<Expected>,
    /// What to keep, in order.
    pub(crate) changes: Vec<Change>,
}

impl Expected {
    /// The kind of what must have happened.
    #[must_use]
    pub fn kind(&self) -> EntryKind {
        match self {
            Self::Entry(content) => content.kind(),
            Self::Verdict(_) => EntryKind::VerdictIssued,
        }
    }

    /// The case that it is about, if it is about one.
    #[must_use]
    pub const fn proposal_id(&self) -> Option<ProposalId> {
        match self {
            Self::Entry(content) => content.proposal_id(),
            Self::Verdict(issued) => Some(issued.proposal),
        }
    }
}

impl From<Content> for Expected {
    fn from(content: Content) -> Self {
        Self::Entry(Box::new(content))
    }
}

impl Issued {
    /// A verdict that the gate issues on these facts.
    pub(crate) fn new(verdict: &Verdict, facts: Digest, gate: DeviceId) -> Self {
        Self {
            gate,
            proposal: verdict.proposal,
            facts,
            policy: verdict.policy.clone(),
            flags: verdict.flags.clone(),
        }
    }

    /// The case that it is about.
    pub(crate) const fn proposal(&self) -> ProposalId {
        self.proposal
    }

    /// The whole entry, once the envelope is known.
    pub(crate) fn in_envelope(self, envelope: Digest) -> Content {
        let event = LogEvent::VerdictIssued {
            proposal_id: self.proposal,
            input_commitment: self.facts,
            output_hash: envelope,
            policy: self.policy,
            flags: self.flags,
        };
        Content::new(gate_actor(self.gate), event)
    }
}

impl From<Judged> for Implied {
    fn from(judged: Judged) -> Self {
        let Judged { entries, changes, .. } = judged;
        Self { expected: entries.into_iter().map(Expected::from).collect(), changes }
    }
}
