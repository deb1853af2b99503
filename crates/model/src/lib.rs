//! What Countersign signs and shows: ids, money, proposals, verdicts, decisions,
//! log entries, their canonical bytes and the verification of their signatures.
//! This room reaches no file, socket, clock, randomness, thread or window.
//!
//! Reading order: [`id`], [`money`], [`time`], [`ratio`], [`digest`] are the words,
//! [`text`] and [`bounded`] what a text and a list may be;
//! [`canonical`], [`signature`] and [`envelope`] make and check bytes; [`change`],
//! [`draft`], [`proposal`], [`verdict`], [`decision`] are the life of a case, [`comment`]
//! and [`control`] what else people sign ([`personal`] is what all that has in common);
//! [`roster`] says who may act; [`entry`] is a line of the audit log; [`confirm`]
//! renders what a person reads before signing; [`evidence`] is what charts need;
//! [`policy_bundle`] is the policy for reading; [`causes`] says an error in full.

pub mod bounded;
pub mod canonical;
pub mod causes;
pub mod change;
pub mod comment;
pub mod confirm;
pub mod control;
pub mod decision;
pub mod digest;
pub mod draft;
pub mod entity;
pub mod entry;
pub mod envelope;
pub mod evidence;
pub mod fingerprint;
pub mod id;
pub mod money;
pub mod personal;
pub mod policy_bundle;
pub mod proposal;
pub mod ratio;
pub mod reason;
pub mod roster;
pub mod signature;
mod spelling;
pub mod text;
pub mod time;
pub mod verdict;

pub use change::{Action, AmountLimits, BudgetChange, CampaignStatus, EntityState};
pub use comment::Comment;
pub use control::Control;
pub use decision::{Decision, DecisionKind, MfaProof};
pub use digest::Digest;
pub use draft::Draft;
pub use entity::{EntityRef, Target};
pub use envelope::Envelope;
pub use id::{
    AgentId, CommentId, ControlId, DecisionId, DeviceId, EventId, PersonId, ProposalId, WorkspaceId,
};
pub use money::{Currency, Money};
pub use policy_bundle::PolicyBundle;
pub use proposal::Proposal;
pub use ratio::Ratio;
pub use roster::{Role, Roster};
pub use signature::{PublicKey, Signature, Signer};
pub use time::TimestampMs;
pub use verdict::{Outcome, Verdict};
