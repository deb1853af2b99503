//! The agents' door: drafts in, words out, over MCP (streamable HTTP). An agent's path ends
//! at a draft; this room cannot reach policy, workflow, keys, the executor or a platform.
//!
//! Reading order: [`AgentService`] is what stands behind the door; [`scope`] says what a token
//! may ask for and [`budget`] how much; [`read_draft`] checks a draft; [`router`] is the door
//! itself.

pub mod budget;
mod campaign;
mod cases;
mod door;
mod refuse;
mod rpc;
pub mod scope;
mod server;
mod service;
mod submission;
mod validate;

pub use budget::{AgentLimits, Budget, Exhausted};
pub use campaign::{AdGroupSummary, BiddingSummary, CampaignDetails, CampaignQuery, PartsPage};
pub use cases::{CaseGroup, CasesPage, CasesQuery, Cursor, ListedCase, MAX_PAGE};
pub use door::{Limits, Peer, router};
pub use rpc::read_body;
pub use scope::Scope;
pub use service::{
    AgentService, AgentSession, CampaignList, CampaignSummary, CaseStatus, DraftReceipt,
    DraftRefusal, NoRoom, RefusalCode, Requested, Reservation, ServiceError, UnreadAccount,
};
pub use submission::{IdempotencyKey, KeyError, Submission};
pub use validate::read_draft;
