//! What Countersign signs and shows: ids, money, proposals, verdicts, decisions,
//! log entries, their canonical bytes and the verification of their signatures.
//! This room reaches no file, socket, clock, randomness, thread or window.
//!
//! Reading order: [`id`], [`money`], [`time`], [`ratio`], [`digest`] are the words;
//! [`canonical`], [`signature`] and [`envelope`] make and check bytes; [`action`],
//! [`draft`], [`proposal`], [`verdict`], [`decision`] are the life of a case;
//! [`roster`] says who may act; [`entry`] is a line of the audit log; [`confirm`]
//! renders what a person reads before signing; [`evidence`] is what charts need.

pub mod action;
pub mod canonical;
pub mod confirm;
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
pub mod proposal;
pub mod ratio;
pub mod reason;
pub mod roster;
pub mod signature;
pub mod time;
pub mod verdict;

pub use action::{Action, BudgetChange};
pub use decision::{Decision, DecisionKind, MfaProof};
pub use digest::Digest;
pub use draft::Draft;
pub use entity::EntityRef;
pub use envelope::Envelope;
pub use id::{AgentId, DecisionId, DeviceId, EventId, PersonId, ProposalId, WorkspaceId};
pub use money::{Currency, Money};
pub use proposal::Proposal;
pub use ratio::Ratio;
pub use roster::{Role, Roster};
pub use signature::{PublicKey, Signature, Signer};
pub use time::TimestampMs;
pub use verdict::{Outcome, Verdict};
