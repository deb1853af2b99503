//! The agents' door: drafts in, words out, over MCP (streamable HTTP). An agent's path ends
//! at a draft; this room cannot reach policy, workflow, keys, the executor or a platform.
//!
//! Reading order: [`DraftDesk`] is what stands behind the door; [`scope`] says what a token
//! may ask for; [`read_draft`] checks a draft; [`router`] is the door itself.

mod desk;
mod door;
mod refuse;
pub mod scope;
mod server;
mod validate;

pub use desk::{
    AgentSession, CampaignSummary, CaseStatus, DeskError, DraftDesk, DraftReceipt, DraftRefusal,
    RefusalCode, Requested,
};
pub use door::{Limits, router};
pub use scope::Scope;
pub use validate::{BUDGET_CHANGE_SCHEMA, read_draft};
