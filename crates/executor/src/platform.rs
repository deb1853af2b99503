//! The wall to an ad platform: what is read, what is written, and what errors mean.

use async_trait::async_trait;
use countersign_model::{
    Action, AmountLimits, CampaignStatus, EntityRef, Money,
    entity::PlatformId,
    evidence::{DayRange, PacingDay},
};
use countersign_workflow::Authorized;

/// An ad platform with one account's credentials.
///
/// Implementations send each write once and never repeat it by themselves; they may
/// repeat reads. Every call ends within a time-out. Who repeats what is the saga's to say.
#[async_trait]
pub trait Platform: Send + Sync {
    /// Every campaign of an account that is not removed, by id.
    async fn list_campaigns(&self, account: &PlatformId)
    -> Result<Vec<BudgetState>, PlatformError>;

    /// A campaign's budget as it is now.
    async fn read_budget(&self, entity: &EntityRef) -> Result<BudgetState, PlatformError>;

    /// Delivery of a campaign, as it was just read, on the last `days` whole days of its
    /// account, oldest first, without gaps. It begins with the first and ends with the last day that the platform
    /// reports, so a day that is not reported yet is absent and not zero.
    async fn read_pacing(&self, state: &BudgetState, days: u16) -> Result<Delivery, PlatformError>;

    /// Asks whether the write would be taken, changing nothing.
    async fn validate(&self, write: &BudgetWrite) -> Result<CommitAnswer, PlatformError>;

    /// Writes, once.
    async fn commit(&self, write: &BudgetWrite) -> Result<CommitAnswer, PlatformError>;
}

/// What a platform reports of some days, and which days were asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// The days that were asked for.
    pub asked: DayRange,
    /// The days that are reported; see [`Platform::read_pacing`].
    pub days: Vec<PacingDay>,
}

/// A campaign's budget as the platform reports it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BudgetState {
    /// The campaign.
    pub entity: EntityRef,
    /// Its name.
    pub campaign_name: String,
    /// The platform's name of the budget.
    pub budget_resource: String,
    /// How many campaigns spend from it.
    pub shared_by: u32,
    /// The average daily budget.
    pub daily: Money,
    /// IANA name of the account's time zone.
    pub time_zone: String,
    /// The account's name as the platform gives it; says so when it is simulated.
    pub account_name: String,
    /// Whether the campaign runs.
    pub status: CampaignStatus,
    /// The amounts that the platform takes for this budget.
    pub limits: AmountLimits,
    /// The platform's id of this call.
    pub request_id: Option<String>,
}

/// An absolute daily budget to set. Made from an authorised change only:
///
/// ```compile_fail
/// use countersign_executor::BudgetWrite;
/// fn forge(entity: countersign_model::EntityRef, target: countersign_model::Money) -> BudgetWrite {
///     BudgetWrite { entity, budget_resource: String::new(), target }
/// }
/// ```
///
/// ```compile_fail
/// use countersign_executor::BudgetWrite;
/// fn unsigned(action: &countersign_model::Action) -> BudgetWrite {
///     BudgetWrite::authorized(action)
/// }
/// ```
#[derive(Debug)]
pub struct BudgetWrite {
    entity: EntityRef,
    budget_resource: String,
    target: Money,
}

impl BudgetWrite {
    /// The write that an authorised change asks for.
    #[must_use]
    pub fn authorized(authorized: &Authorized<Action>) -> Self {
        let Action::BudgetChange(change) = authorized.action();
        Self {
            entity: change.entity.clone(),
            budget_resource: change.budget_resource.clone(),
            target: change.after,
        }
    }

    /// The campaign.
    #[must_use]
    pub const fn entity(&self) -> &EntityRef {
        &self.entity
    }

    /// The platform's name of the budget.
    #[must_use]
    pub fn budget_resource(&self) -> &str {
        &self.budget_resource
    }

    /// The daily budget that shall hold.
    #[must_use]
    pub const fn target(&self) -> Money {
        self.target
    }
}

/// A write, or its validation, that the platform took.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommitAnswer {
    /// The platform's id of this call.
    pub request_id: Option<String>,
}

/// What an error allows next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorClass {
    /// Not applied; may be tried again after reading again.
    RetryAfterReread,
    /// On a write: it may or may not have been applied. On a read: try again.
    Ambiguous,
    /// Not applied; the platform wants this many milliseconds of quiet first.
    WaitUntil {
        /// Milliseconds from now.
        delay_ms: u64,
    },
    /// Not applied; the credentials were refused even after they were refreshed once.
    RefreshToken,
    /// Not applied; somebody must set up the account or the connector.
    Operator,
    /// Not applied; the change itself is wrong.
    Final,
}

/// An error of the platform or of the way to it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the ad platform refused or did not answer: {code}")]
pub struct PlatformError {
    /// What it allows next.
    pub class: ErrorClass,
    /// The platform's code, `family.CODE`, or what broke on the way.
    pub code: String,
    /// The platform's words; may hold names and amounts, so it is shown and never logged.
    pub message: String,
    /// The platform's id of this call.
    pub request_id: Option<String>,
}
