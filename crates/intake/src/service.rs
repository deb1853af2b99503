//! What stands behind the door. The gate implements it; nothing in it approves.

use crate::{
    CampaignDetails, CampaignQuery, CasesPage, CasesQuery, Exhausted, IdempotencyKey, Scope,
    Submission,
};
use async_trait::async_trait;
use countersign_model::{
    AgentId, AmountLimits, CampaignStatus, Digest, EntityRef, Money, Outcome, PersonId, ProposalId,
    TimestampMs,
    change::{Budget, Flight, Value},
    decision::EvidenceWanted,
    entity::{PlatformId, PlatformKind},
    evidence::PacingSeries,
};
use serde::Serialize;
use std::collections::BTreeSet;

/// An agent whose token was recognised.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AgentSession {
    /// The agent.
    pub agent: AgentId,
    /// Its name.
    pub name: String,
    /// The person responsible for it.
    pub owner: PersonId,
    /// What its token may ask for.
    pub scopes: BTreeSet<Scope>,
}

/// A campaign as the platform reports it now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CampaignSummary {
    /// The campaign; copy it into a draft.
    pub entity: EntityRef,
    /// Its name.
    pub name: String,
    /// Its budget, for a day or for its whole flight; copy the amount into `before`.
    pub budget: Budget,
    /// When it begins and ends; copy it into the `before` of a schedule change.
    pub flight: Flight,
    /// How many campaigns spend from that budget.
    pub shared_by: u32,
    /// Whether it runs; what is removed or has ended cannot be drafted about.
    pub status: CampaignStatus,
    /// The amounts that the platform takes.
    pub limits: AmountLimits,
}

/// The campaigns of every account that could be read.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct CampaignList {
    /// The campaigns.
    pub campaigns: Vec<CampaignSummary>,
    /// Accounts whose campaigns cannot be told now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<UnreadAccount>,
}

/// An account that could not be read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct UnreadAccount {
    /// Its platform.
    pub platform: PlatformKind,
    /// The account, as the platform writes it.
    pub account_id: PlatformId,
    /// Why, and what to do.
    pub message: String,
}

/// What an agent hears about a draft that was taken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DraftReceipt {
    /// The proposal that it became.
    pub proposal: ProposalId,
    /// The case's state, in one word.
    pub state: String,
    /// What policy said.
    pub outcome: Outcome,
    /// By when people must have signed.
    pub decide_by_ms: TimestampMs,
    /// The words of the rules that fired.
    pub words: Vec<String>,
    /// The draft was taken before, under the same key; `state` is the case's present one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
}

/// Where an agent's own case stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CaseStatus {
    /// The proposal.
    pub proposal: ProposalId,
    /// The case's state, in one word.
    pub state: String,
    /// The state in a sentence, with what to do.
    pub words: String,
    /// By when people must have signed.
    pub decide_by_ms: TimestampMs,
    /// The value read back after execution.
    pub executed: Option<Value>,
    /// What people asked for when they sent it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested: Option<Requested>,
}

/// What a person asks an agent to change, in fields that a program can follow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Requested {
    /// A daily budget that would do.
    pub max_after: Option<Money>,
    /// The longest window that would do, in days.
    pub max_days: Option<u32>,
    /// Evidence that is missing.
    pub evidence: BTreeSet<EvidenceWanted>,
    /// Whether other texts are wanted, as `text` describes them; left out where they are not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub texts: bool,
    /// The reason from the list.
    pub reason_code: String,
    /// The person's own words.
    pub text: String,
}

/// Why a draft was refused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefusalCode {
    /// The draft is not of the published schema.
    SchemaInvalid,
    /// The shape is right and the content makes no sense.
    DraftInvalid,
    /// The body is larger than is taken.
    BodyTooLarge,
    /// The body is not JSON.
    NotJson,
    /// The body is JSON and no JSON-RPC message, or not one that MCP knows.
    NotRpc,
    /// No such method or tool is offered.
    Unknown,
    /// The agent's budget of drafts an hour or of open cases ran out.
    BudgetExhausted,
    /// Another budget of the agent's ran out.
    TooManyRequests,
    /// The token's scopes do not give this.
    ScopeInsufficient,
    /// The platform knows no such campaign.
    EntityUnknown,
    /// The account is connected for reading only.
    ReadOnly,
    /// The agent has sent another draft under the same key.
    IdempotencyConflict,
    /// The platform's state is another than `before`.
    BeforeMoved,
    /// The account is in another currency.
    CurrencyMismatch,
    /// The campaign was removed or has ended.
    EntityEnded,
    /// The platform does not take such an amount.
    AmountNotTaken,
    /// The platform or the gate cannot answer now; nothing was taken.
    Unavailable,
}

impl RefusalCode {
    /// Whether a draft was refused, or an act that drafts stand in for: that belongs in the
    /// signed log. The rest is how clients misspeak.
    #[must_use]
    pub const fn is_for_the_log(self) -> bool {
        !matches!(self, Self::NotJson | Self::NotRpc | Self::Unknown | Self::TooManyRequests)
    }
}

/// Room for one case, as long as it is held.
pub type Reservation = Box<dyn Send + Sync>;

/// Why there is no room for a draft.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoRoom {
    /// The agent has as many open cases as it may.
    Exhausted(Exhausted),
    /// The store cannot answer now.
    Unavailable,
}

/// A refused draft: nothing was taken, nothing is half done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct DraftRefusal {
    /// Why.
    pub code: RefusalCode,
    /// JSON Pointer (RFC 6901) to the field; empty for the whole draft.
    pub path: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// Why a question found no answer; nothing was changed by it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ServiceError {
    /// No such campaign or case, or not this agent's.
    #[error("{0} is not known; list the campaigns, or check the id")]
    Unknown(&'static str),
    /// The store cannot answer now.
    #[error("{0} cannot answer now; try again in a minute")]
    Unavailable(&'static str),
    /// The account could not be read: why, and what to do.
    #[error("{0}")]
    Unread(String),
    /// The days of the account cannot be told, so no series of days can be given.
    #[error("{0}")]
    UnknownTimeZone(String),
}

/// What the door asks. Each method is durable when it returns; a caller may repeat reads.
#[async_trait]
pub trait AgentService: Send + Sync + 'static {
    /// Recognises a bearer token; `None` for a token that is unknown or revoked.
    async fn authenticate(&self, bearer: &str) -> Result<Option<AgentSession>, ServiceError>;

    /// The campaigns that the agent may draft about. An account that cannot be read is named
    /// beside the others' campaigns; an error means that none could be.
    async fn list_campaigns(&self, session: &AgentSession) -> Result<CampaignList, ServiceError>;

    /// One campaign, with what in it can be changed.
    async fn campaign(
        &self,
        session: &AgentSession,
        query: &CampaignQuery,
    ) -> Result<CampaignDetails, ServiceError>;

    /// Daily delivery of one campaign.
    async fn pacing(
        &self,
        session: &AgentSession,
        campaign: &EntityRef,
    ) -> Result<PacingSeries, ServiceError>;

    /// Holds room for one more open case of the agent while its draft is looked at.
    async fn reserve_draft(&self, session: &AgentSession) -> Result<Reservation, NoRoom>;

    /// Whether the agent's key is spent, so that a draft under it opens no case. A key that
    /// was spent stays so.
    async fn is_key_spent(
        &self,
        session: &AgentSession,
        key: &IdempotencyKey,
    ) -> Result<bool, ServiceError>;

    /// Takes a checked draft. The same draft under the same key gets the receipt of its one
    /// case; another draft under it is refused.
    async fn submit_draft(
        &self,
        session: &AgentSession,
        submission: Submission,
    ) -> Result<DraftReceipt, DraftRefusal>;

    /// The agent's own cases, newest first.
    async fn list_cases(
        &self,
        session: &AgentSession,
        query: &CasesQuery,
    ) -> Result<CasesPage, ServiceError>;

    /// Where one of the agent's own cases stands.
    async fn case_status(
        &self,
        session: &AgentSession,
        proposal: ProposalId,
    ) -> Result<CaseStatus, ServiceError>;

    /// Counts what was refused at the door; `input` is the digest of what was sent. However
    /// many there are, the log grows by an entry now and then.
    async fn record_refusal(&self, session: &AgentSession, code: RefusalCode, input: Digest);
}
