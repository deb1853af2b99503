//! What a platform reports of an entity, and what it can be asked to write. No platform's own
//! words are in it.

use crate::{Currency, EntityRef, Money, change::AmountLimits};
use serde::{Deserialize, Serialize};

/// A campaign as the platform reports it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntityState {
    /// The campaign.
    pub entity: EntityRef,
    /// Its name.
    pub name: String,
    /// The platform's name of the campaign itself, e.g. `customers/1/campaigns/2`.
    pub resource: String,
    /// Whether it runs.
    pub status: CampaignStatus,
    /// What it spends from.
    pub budget: BudgetState,
    /// IANA name of the account's time zone.
    pub time_zone: String,
    /// The account's name as the platform gives it; says so when it is simulated.
    pub account_name: String,
    /// The platform's id of the call that read it.
    pub request_id: Option<String>,
}

/// A daily budget as the platform reports it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BudgetState {
    /// The platform's name of the budget, e.g. `customers/1/campaignBudgets/2`.
    pub resource: String,
    /// How many campaigns spend from it.
    pub shared_by: u32,
    /// The average daily budget.
    pub daily: Money,
    /// The amounts that the platform takes for it.
    pub limits: AmountLimits,
}

impl EntityState {
    /// The account's currency.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.budget.daily.currency
    }
}

/// Whether a campaign runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CampaignStatus {
    /// It may spend.
    Enabled,
    /// Somebody has paused it; it may be enabled again.
    Paused,
    /// Its last day has passed.
    Ended,
    /// It was removed, for good.
    Removed,
    /// The platform says something that is not known here.
    Unknown,
}

impl CampaignStatus {
    /// Whether it may spend now.
    #[must_use]
    pub const fn may_spend(self) -> bool {
        matches!(self, Self::Enabled)
    }

    /// Whether a change of it still means something.
    #[must_use]
    pub const fn takes_changes(self) -> bool {
        matches!(self, Self::Enabled | Self::Paused)
    }
}

/// What a platform is asked to write: absolute, so that writing it twice is writing it once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mutation {
    /// Set the average daily budget.
    SetDailyBudget {
        /// The platform's name of the budget.
        resource: String,
        /// The amount that shall hold.
        amount: Money,
    },
    /// Let a campaign run, or pause it.
    SetCampaignRuns {
        /// The platform's name of the campaign.
        resource: String,
        /// Whether it may spend.
        runs: bool,
    },
}

/// What of an account can be written, as people speak of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// A budget that campaigns spend from.
    Budget,
    /// A campaign.
    Campaign,
}

impl Mutation {
    /// At which level it writes.
    #[must_use]
    pub const fn level(&self) -> Level {
        match self {
            Self::SetDailyBudget { .. } => Level::Budget,
            Self::SetCampaignRuns { .. } => Level::Campaign,
        }
    }
}
