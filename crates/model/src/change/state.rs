//! What a platform reports of an entity, and what it can be asked to write. No platform's own
//! words are in it.

use super::{
    AmountLimits, Bidding, ChangeError, Creative, Criterion, Field, MAX_NAME_CHARS,
    MAX_RESOURCE_CHARS, Part, PartState, Standing,
};
use crate::{Currency, EntityRef, Money, TimestampMs, text::check_length};
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
    /// Its first and its last moment.
    pub flight: Flight,
    /// The part that was asked for; `None` where none was, and where the campaign has no such
    /// part.
    pub part: Option<PartState>,
    /// Whether its first moment has passed, so that it can no longer be moved.
    pub has_started: bool,
    /// IANA name of the account's time zone.
    pub time_zone: String,
    /// The account's name as the platform gives it; says so when it is simulated.
    pub account_name: String,
    /// The platform's id of the call that read it.
    pub request_id: Option<String>,
}

/// A budget as the platform reports it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BudgetState {
    /// The platform's name of the budget, e.g. `customers/1/campaignBudgets/2`.
    pub resource: String,
    /// How many campaigns spend from it.
    pub shared_by: u32,
    /// What it is for, and how much.
    pub holds: Budget,
    /// The amounts that the platform takes for it.
    pub limits: AmountLimits,
}

/// An amount, and what it is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// What the amount is for.
    pub period: BudgetPeriod,
    /// The amount.
    pub amount: Money,
}

/// What a budget's amount is for. A platform never turns one sort into the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetPeriod {
    /// A day, on average.
    Daily,
    /// The whole flight of the campaign.
    Total,
}

impl BudgetState {
    /// Whether a draft is about a budget of this sort that holds what it believes, and asks for
    /// an amount that the platform takes.
    pub(super) fn check(
        &self,
        period: BudgetPeriod,
        before: Money,
        after: Money,
    ) -> Result<(), ChangeError> {
        let Budget { period: held, amount } = self.holds;
        if held != period {
            return Err(ChangeError::OtherBudget(held));
        }
        if amount.currency != before.currency {
            return Err(ChangeError::Currency(amount.currency));
        }
        if amount != before {
            return Err(ChangeError::BeforeMoved(period.field()));
        }
        Ok(self.limits.check(after)?)
    }
}

impl BudgetPeriod {
    /// What of a change it is.
    const fn field(self) -> Field {
        match self {
            Self::Daily => Field::DailyBudget,
            Self::Total => Field::TotalBudget,
        }
    }

    /// The budget in words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Daily => "daily budget",
            Self::Total => "total budget for its whole flight",
        }
    }

    /// The kind of change that is about such a budget.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Daily => "budget_change",
            Self::Total => "total_budget_change",
        }
    }
}

impl Budget {
    /// An average daily budget.
    #[must_use]
    pub const fn daily(amount: Money) -> Self {
        Self { period: BudgetPeriod::Daily, amount }
    }

    /// The amount, if it is for a day.
    #[must_use]
    pub const fn per_day(self) -> Option<Money> {
        match self.period {
            BudgetPeriod::Daily => Some(self.amount),
            BudgetPeriod::Total => None,
        }
    }
}

/// When a campaign's flight begins and ends, as the platform keeps it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flight {
    /// Its first moment; `None` where the platform says none.
    pub starts_at_ms: Option<TimestampMs>,
    /// The moment after its last one; `None` is until further notice.
    pub ends_at_ms: Option<TimestampMs>,
}

impl EntityState {
    /// Whether this part was read with it.
    #[must_use]
    pub fn has(&self, part: &Part) -> bool {
        self.part.as_ref().is_some_and(|found| found.is_of(part))
    }

    /// The account's currency.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.budget.holds.amount.currency
    }

    /// What every kind asks of a campaign before it is changed: that a change means something,
    /// and that its name and those of what is written or read with it can be kept.
    pub(super) fn check(&self, resources: &[&str]) -> Result<(), ChangeError> {
        self.status.check()?;
        check_length(&self.name, MAX_NAME_CHARS)?;
        for resource in resources {
            check_length(resource, MAX_RESOURCE_CHARS)?;
        }
        Ok(())
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

    /// The same, as the reason against a change.
    pub(super) const fn check(self) -> Result<(), ChangeError> {
        if self.takes_changes() { Ok(()) } else { Err(ChangeError::Ended) }
    }
}

/// What a platform is asked to write: absolute, so that writing it twice is writing it once,
/// unless it [is not repeatable](Mutation::is_repeatable).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mutation {
    /// Set the average daily budget.
    SetDailyBudget {
        /// The platform's name of the budget.
        resource: String,
        /// The amount that shall hold.
        amount: Money,
    },
    /// Set the budget of a whole flight.
    SetTotalBudget {
        /// The platform's name of the budget.
        resource: String,
        /// The amount that shall hold.
        amount: Money,
    },
    /// Set when a campaign's flight begins and ends.
    SetFlight {
        /// The platform's name of the campaign.
        resource: String,
        /// The flight as it is.
        before: Flight,
        /// The flight that shall hold; what differs is written.
        after: Flight,
        /// IANA name of the account's time zone, in which platforms write days.
        time_zone: String,
    },
    /// Set what a click in an ad group may cost.
    SetCpcBid {
        /// The platform's name of the ad group.
        resource: String,
        /// The amount that shall hold.
        amount: Money,
    },
    /// Set what a thousand impressions in an ad group may cost.
    SetCpmBid {
        /// The platform's name of the ad group.
        resource: String,
        /// The amount that shall hold.
        amount: Money,
    },
    /// Set how a campaign bids.
    SetBidding {
        /// The platform's name of the campaign.
        resource: String,
        /// The strategy that shall hold, with its target or without one.
        bidding: Bidding,
    },
    /// Let an ad group run, or pause it.
    SetAdGroupRuns {
        /// The platform's name of the ad group.
        resource: String,
        /// Whether it may spend.
        runs: bool,
    },
    /// Set how things stand to a campaign or an ad group, all of them together or none.
    SetCriteria {
        /// The platform's name of the campaign or of the ad group.
        resource: String,
        /// The things, each once.
        criteria: Vec<Criterion>,
        /// How each of them shall stand.
        standing: Standing,
    },
    /// Let a campaign run, or pause it.
    SetCampaignRuns {
        /// The platform's name of the campaign.
        resource: String,
        /// Whether it may spend.
        runs: bool,
    },
    /// Pause an ad and let another one of the same ad group run, both or none.
    SwapAds {
        /// The platform's name of the ad group.
        ad_group: String,
        /// The platform's name of the ad that is paused.
        pause: String,
        /// The ad that runs.
        run: NextAd,
    },
}

/// An ad that shall run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NextAd {
    /// One that there is not yet.
    Create(Creative),
    /// One that is there, by the platform's name of it.
    Enable(String),
}

/// What of an account can be written, as people speak of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// A budget that campaigns spend from.
    Budget,
    /// A campaign.
    Campaign,
    /// An ad group of a campaign.
    AdGroup,
    /// An ad of an ad group.
    Ad,
    /// What a campaign or an ad group reaches and leaves out.
    Criteria,
}

impl Mutation {
    /// At which level it writes.
    #[must_use]
    pub const fn level(&self) -> Level {
        match self {
            Self::SetDailyBudget { .. } | Self::SetTotalBudget { .. } => Level::Budget,
            Self::SetFlight { .. } | Self::SetCampaignRuns { .. } | Self::SetBidding { .. } => {
                Level::Campaign
            }
            Self::SetCpcBid { .. } | Self::SetCpmBid { .. } | Self::SetAdGroupRuns { .. } => {
                Level::AdGroup
            }
            Self::SwapAds { .. } => Level::Ad,
            Self::SetCriteria { .. } => Level::Criteria,
        }
    }

    /// Whether writing it twice is writing it once. Where it is not, a write of which nobody knows
    /// whether it arrived is never sent again.
    #[must_use]
    pub const fn is_repeatable(&self) -> bool {
        !matches!(self, Self::SwapAds { run: NextAd::Create(_), .. })
    }
}
