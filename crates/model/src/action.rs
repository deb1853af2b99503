//! The changes that can be proposed, as absolute states: what is, and what shall be.

use crate::{
    Currency, EntityRef, Money, Ratio, Target, TimestampMs, bounded, money::MoneyError,
    time::DAY_MS,
};
use serde::{Deserialize, Serialize};

/// Longest name of a campaign, in characters.
pub const MAX_NAME_CHARS: usize = 512;
/// Longest name of what a platform lets be written, in characters.
pub const MAX_RESOURCE_CHARS: usize = 256;

/// A proposed or decided change. The kind is part of the bytes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    /// Set a campaign's average daily budget.
    BudgetChange(BudgetChange),
}

/// Set a campaign's average daily budget from `before` to `after`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetChange {
    /// The campaign.
    pub entity: EntityRef,
    /// The campaign's name as the platform gave it when `before` was read, byte for byte.
    #[serde(deserialize_with = "bounded::foreign::<MAX_NAME_CHARS, _>")]
    pub campaign_name: String,
    /// The platform's name of the budget that is written, e.g. `customers/1/campaignBudgets/2`.
    #[serde(deserialize_with = "bounded::foreign::<MAX_RESOURCE_CHARS, _>")]
    pub budget_resource: String,
    /// How many campaigns spend from this budget; one write moves them all.
    pub shared_by: u32,
    /// Whether the campaign runs. What is signed for a running campaign is not signed for one
    /// that was stopped since.
    pub status: CampaignStatus,
    /// The amounts that the platform takes, read together with `before`.
    pub limits: AmountLimits,
    /// The daily budget that the platform reported.
    pub before: Money,
    /// The daily budget that shall hold.
    pub after: Money,
    /// When the reason for the change begins and ends; `None` is until further notice.
    /// The end is information for the approver: going back is a proposal of its own.
    pub window: Option<Window>,
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
    /// Whether a change of its budget still means something.
    #[must_use]
    pub const fn takes_changes(self) -> bool {
        matches!(self, Self::Enabled | Self::Paused)
    }
}

/// The amounts that a platform takes for one budget.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmountLimits {
    /// Every amount is a whole multiple of this; for most currencies their smallest coin.
    pub unit: Money,
    /// The smallest amount.
    pub least: Money,
}

/// Why an amount is not one that the platform takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AmountError {
    /// It is in another currency.
    #[error("the amount must be in {0}, the currency of the account")]
    Currency(Currency),
    /// It is no whole multiple of the unit.
    #[error("{amount} is not a multiple of {unit}, the smallest step that the platform takes")]
    NotWhole {
        /// The amount.
        amount: Money,
        /// The step.
        unit: Money,
    },
    /// It is too small.
    #[error("{amount} is below {least}, the smallest amount that the platform takes")]
    TooSmall {
        /// The amount.
        amount: Money,
        /// The smallest.
        least: Money,
    },
}

impl AmountLimits {
    /// Where a platform tells nothing beforehand: whatever is above zero.
    #[must_use]
    pub const fn unknown(currency: Currency) -> Self {
        let least = Money::from_micros(1, currency);
        Self { unit: least, least }
    }

    /// Whether the platform takes this amount; the one rule for drafts, overrides and what is
    /// asked of an agent.
    ///
    /// # Errors
    /// [`AmountError`]: the first that fits.
    pub fn check(self, amount: Money) -> Result<(), AmountError> {
        let Self { unit, least } = self;
        if unit.currency != amount.currency {
            return Err(AmountError::Currency(unit.currency));
        }
        if amount.amount_micros < least.amount_micros {
            return Err(AmountError::TooSmall { amount, least });
        }
        if unit.amount_micros > 1 && amount.amount_micros % unit.amount_micros != 0 {
            return Err(AmountError::NotWhole { amount, unit });
        }
        Ok(())
    }
}

/// A span of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// First moment.
    pub starts_at_ms: TimestampMs,
    /// Moment after the last.
    pub ends_at_ms: TimestampMs,
}

/// Which way an amount moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More money at risk.
    Increase,
    /// Less money at risk; never blocked by the gate.
    Decrease,
    /// Nothing changes.
    None,
}

/// Google's documented monthly cap of an average daily budget: 30.4 times, in tenths.
const MONTHLY_CAP_TENTHS: i64 = 304;
/// Google's documented cap of one day: twice the average daily budget.
const DAILY_OVERDELIVERY: i64 = 2;

impl Action {
    /// The name of the kind, as in schemas and policy input.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::BudgetChange(_) => "budget_change",
        }
    }

    /// What the change is about.
    #[must_use]
    pub const fn entity(&self) -> &EntityRef {
        match self {
            Self::BudgetChange(change) => &change.entity,
        }
    }

    /// What is written when the change is made. Revisions, supersession, trailing sums and
    /// "one write at a time" count per target: two campaigns that share a budget have one.
    #[must_use]
    pub fn target(&self) -> Target {
        match self {
            Self::BudgetChange(change) => Target {
                platform: change.entity.platform,
                account_id: change.entity.account_id.clone(),
                resource: change.budget_resource.clone(),
            },
        }
    }

    /// Which way it moves.
    #[must_use]
    pub fn direction(&self) -> Direction {
        match self {
            Self::BudgetChange(change) => {
                match change.after.amount_micros.cmp(&change.before.amount_micros) {
                    std::cmp::Ordering::Greater => Direction::Increase,
                    std::cmp::Ordering::Less => Direction::Decrease,
                    std::cmp::Ordering::Equal => Direction::None,
                }
            }
        }
    }

    /// Whether the platform takes the amount that shall hold.
    ///
    /// # Errors
    /// [`AmountError`].
    pub fn check_amount(&self) -> Result<(), AmountError> {
        let Self::BudgetChange(change) = self;
        change.limits.check(change.after)
    }

    /// Whether `held` is what this change asks for. Whether the campaign runs is not written,
    /// so that somebody who pauses it meanwhile has not undone the write.
    #[must_use]
    pub fn is_held_by(&self, held: &Self) -> bool {
        let (Self::BudgetChange(own), Self::BudgetChange(held)) = (self, held);
        BudgetChange { status: own.status, ..held.clone() } == *own
    }

    /// Whether `held` is still what this change began with: its `before` in the same budget of
    /// a campaign in the same state.
    #[must_use]
    pub fn is_unmade_in(&self, held: &Self) -> bool {
        let (Self::BudgetChange(own), Self::BudgetChange(held)) = (self, held);
        held.after == own.before && BudgetChange { after: own.after, ..held.clone() } == *own
    }

    /// Whether a signature under `ceiling` also covers `self`: the same thing, from the
    /// same `before`, in the same direction, and no further. An approval is a ceiling.
    #[must_use]
    pub fn is_covered_by(&self, ceiling: &Self) -> bool {
        let (Self::BudgetChange(own), Self::BudgetChange(top)) = (self, ceiling);
        let same_but_after = BudgetChange { after: top.after, ..own.clone() } == *top;
        let no_further = match ceiling.direction() {
            Direction::Increase => own.after.amount_micros <= top.after.amount_micros,
            Direction::Decrease => own.after.amount_micros >= top.after.amount_micros,
            Direction::None => own.after == top.after,
        };
        same_but_after
            && own.after.currency == top.after.currency
            && self.direction() == ceiling.direction()
            && no_further
    }
}

impl BudgetChange {
    /// The change relative to `before`; `None` when `before` is zero.
    #[must_use]
    pub fn change_ratio(&self) -> Option<Ratio> {
        let basis_points = self.after.change_basis_points(self.before)?;
        basis_points.checked_mul(100).map(Ratio::from_millionths)
    }

    /// The most that `amount` per day can cost over the window, or over a month when
    /// there is none: at most twice the daily amount on each day begun, never more than
    /// 30.4 times in all.
    ///
    /// # Errors
    /// [`MoneyError::Range`] for absurd amounts.
    pub fn worst_case(&self, amount: Money) -> Result<Money, MoneyError> {
        let month = amount.times(MONTHLY_CAP_TENTHS)?;
        let month = Money { amount_micros: month.amount_micros / 10, ..month };
        let Some(window) = self.window else { return Ok(month) };
        let days =
            (window.ends_at_ms.since_ms(window.starts_at_ms) + DAY_MS - 1).div_euclid(DAY_MS);
        let in_window = amount.times(days.max(1))?.times(DAILY_OVERDELIVERY)?;
        Ok(if in_window.amount_micros < month.amount_micros { in_window } else { month })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{
        Currency,
        entity::{PlatformId, PlatformKind},
    };
    use proptest::prelude::*;

    pub(crate) fn budget(before: i64, after: i64) -> Action {
        let usd = Currency::parse("USD").unwrap();
        Action::BudgetChange(BudgetChange {
            entity: EntityRef {
                platform: PlatformKind::GoogleAds,
                account_id: PlatformId::parse("1234567890").unwrap(),
                campaign_id: PlatformId::parse("1001").unwrap(),
            },
            campaign_name: "flash_sale_burst".into(),
            budget_resource: "customers/1234567890/campaignBudgets/2001".into(),
            shared_by: 1,
            status: CampaignStatus::Enabled,
            limits: AmountLimits::unknown(usd),
            before: Money::from_micros(before, usd),
            after: Money::from_micros(after, usd),
            window: Some(Window {
                starts_at_ms: TimestampMs::from_millis(0),
                ends_at_ms: TimestampMs::from_millis(3 * DAY_MS),
            }),
        })
    }

    #[test]
    fn an_approval_is_a_ceiling() {
        let ceiling = budget(100, 125);
        assert!(budget(100, 115).is_covered_by(&ceiling));
        assert!(budget(100, 125).is_covered_by(&ceiling));
        assert!(!budget(100, 126).is_covered_by(&ceiling), "wider");
        assert!(!budget(100, 95).is_covered_by(&ceiling), "opposite");
        assert!(!budget(100, 100).is_covered_by(&ceiling), "nothing is not a raise");
        assert!(!budget(101, 115).is_covered_by(&ceiling), "another before");
        assert!(budget(100, 90).is_covered_by(&budget(100, 80)));
        assert!(!budget(100, 70).is_covered_by(&budget(100, 80)));
    }

    #[test]
    fn an_amount_is_one_that_the_platform_takes() {
        let [usd, eur] = ["USD", "EUR"].map(|code| Currency::parse(code).unwrap());
        let money = |micros| Money::from_micros(micros, usd);
        let limits = AmountLimits { unit: money(10_000), least: money(5_000_000) };
        assert_eq!(limits.check(money(94_500_000)), Ok(()));
        assert_eq!(limits.check(money(5_000_000)), Ok(()));
        for (amount, words) in [
            (
                94_500_001,
                "USD 94.500001 is not a multiple of USD 0.01, the smallest step that the platform takes",
            ),
            (4_990_000, "USD 4.99 is below USD 5.00, the smallest amount that the platform takes"),
            (0, "USD 0.00 is below USD 5.00, the smallest amount that the platform takes"),
            (
                -5_000_000,
                "USD -5.00 is below USD 5.00, the smallest amount that the platform takes",
            ),
        ] {
            assert_eq!(limits.check(money(amount)).unwrap_err().to_string(), words);
        }
        let foreign = Money::from_micros(94_500_000, eur);
        assert_eq!(limits.check(foreign), Err(AmountError::Currency(usd)));
    }

    #[test]
    fn a_pause_does_not_undo_a_write_and_is_another_state_before_it() {
        let authorized = budget(100, 125);
        let with = |after, status| {
            let Action::BudgetChange(change) = budget(100, after);
            Action::BudgetChange(BudgetChange { status, ..change })
        };
        let (enabled, paused) = (CampaignStatus::Enabled, CampaignStatus::Paused);
        assert!(authorized.is_held_by(&with(125, enabled)));
        assert!(authorized.is_held_by(&with(125, paused)));
        assert!(!authorized.is_held_by(&with(124, enabled)));
        assert!(authorized.is_unmade_in(&with(100, enabled)));
        assert!(!authorized.is_unmade_in(&with(100, paused)));
        assert!(!authorized.is_unmade_in(&with(125, enabled)));
    }

    #[test]
    fn worst_case_is_bounded_by_window_and_month() {
        let Action::BudgetChange(change) = budget(100_000_000, 125_000_000);
        assert_eq!(change.worst_case(change.after).unwrap().amount_micros, 750_000_000);
        let open_ended = BudgetChange { window: None, ..change };
        assert_eq!(open_ended.worst_case(open_ended.after).unwrap().amount_micros, 3_800_000_000);
    }

    proptest! {
        #[test]
        fn covering_is_transitive(before in 1i64..1000, a in 1i64..1000, b in 1i64..1000, c in 1i64..1000) {
            let (a, b, c) = (budget(before, a), budget(before, b), budget(before, c));
            prop_assert!(a.is_covered_by(&a));
            if a.is_covered_by(&b) && b.is_covered_by(&c) {
                prop_assert!(a.is_covered_by(&c));
            }
        }
    }
}
