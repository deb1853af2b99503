//! Which amounts a platform takes, as it states beforehand: the one rule for drafts,
//! overrides and what is asked of an agent.

use super::{CampaignStatus, ChangeError, Direction, Value};
use crate::{Currency, Money, Ratio, draft::DraftError};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// The amounts that a platform takes for one budget.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmountLimits {
    /// Every amount is a whole multiple of this; for most currencies their smallest coin.
    pub unit: Money,
    /// The smallest amount.
    pub min: Money,
}

/// Why an amount is not one that the platform takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AmountError {
    /// It is in another currency.
    #[error("the amount must be in {0}, the currency of the account")]
    Currency(Currency),
    /// It is no whole multiple of the unit.
    #[error("{amount} is not a multiple of {unit}, the smallest step that the platform accepts")]
    NotWhole {
        /// The amount.
        amount: Money,
        /// The step.
        unit: Money,
    },
    /// It is too small.
    #[error("{amount} is below {min}, the smallest amount that the platform accepts")]
    TooSmall {
        /// The amount.
        amount: Money,
        /// The smallest.
        min: Money,
    },
}

impl AmountLimits {
    /// Where a platform tells nothing beforehand: whatever is above zero.
    #[must_use]
    pub const fn unknown(currency: Currency) -> Self {
        let min = Money::from_micros(1, currency);
        Self { unit: min, min }
    }

    /// Whether the platform takes this amount; the one rule for drafts, overrides and what is
    /// asked of an agent.
    ///
    /// # Errors
    /// [`AmountError`]: the first that fits.
    pub fn check(self, amount: Money) -> Result<(), AmountError> {
        let Self { unit, min } = self;
        if unit.currency != amount.currency {
            return Err(AmountError::Currency(unit.currency));
        }
        if amount.amount_micros < min.amount_micros {
            return Err(AmountError::TooSmall { amount, min });
        }
        if unit.amount_micros > 1 && amount.amount_micros % unit.amount_micros != 0 {
            return Err(AmountError::NotWhole { amount, unit });
        }
        Ok(())
    }
}

/// A change of one amount that lets more be spent the larger it is: what budgets of every sort
/// have in common.
pub(super) trait OfAmount: Clone + PartialEq {
    /// What is, and what shall be.
    fn amounts(&self) -> (Money, Money);

    /// The same change to another amount.
    #[must_use]
    fn to(&self, after: Money) -> Self;

    /// Which way it moves.
    fn way(&self) -> Direction {
        let (before, after) = self.amounts();
        direction(before, after)
    }

    /// Whether `held` is what it began with, alike in everything but the amount.
    fn began_as(&self, held: &Self) -> bool {
        let (before, after) = self.amounts();
        held.amounts().1 == before && held.to(after) == *self
    }

    /// Whether a signature under `ceiling` also covers it: the same from the same amount, and no
    /// further.
    fn is_within(&self, ceiling: &Self) -> bool {
        let ((before, after), (_, most)) = (self.amounts(), ceiling.amounts());
        self.to(most) == *ceiling && goes_no_further(before, after, most)
    }

    /// The same change to a person's own amount.
    fn with_own(&self, value: &Value) -> Option<Self> {
        value.money().map(|after| self.to(after))
    }
}

/// Whether a platform takes an amount for a campaign in this state.
pub(super) fn check(
    limits: AmountLimits,
    after: Money,
    status: CampaignStatus,
) -> Result<(), ChangeError> {
    limits.check(after)?;
    status.check()
}

/// The change relative to `before`; `None` when that is zero.
pub(super) fn ratio(before: Money, after: Money) -> Option<Ratio> {
    let basis_points = after.change_basis_points(before)?;
    basis_points.checked_mul(100).map(Ratio::from_millionths)
}

/// How much of `before` an amount moves, whichever way: percent with two decimals, rounded up;
/// `None` when `before` is zero.
pub(super) fn share_percent(before: Money, after: Money) -> Option<Ratio> {
    let hundredths = after.change_basis_points(before)?.checked_abs()?;
    hundredths.checked_mul(10_000).map(Ratio::from_millionths)
}

/// Which way an amount moves that lets more be spent the larger it is.
pub(super) fn direction(before: Money, after: Money) -> Direction {
    match after.amount_micros.cmp(&before.amount_micros) {
        Ordering::Greater => Direction::Increase,
        Ordering::Less => Direction::Decrease,
        Ordering::Equal => Direction::None,
    }
}

/// Whether going from `before` to `own` goes the way from `before` to `ceiling`, and no further.
pub(super) fn goes_no_further(before: Money, own: Money, ceiling: Money) -> bool {
    let way = direction(before, ceiling);
    let no_further = match way {
        Direction::Increase => own.amount_micros <= ceiling.amount_micros,
        Direction::Decrease => own.amount_micros >= ceiling.amount_micros,
        Direction::None => own == ceiling,
    };
    own.currency == ceiling.currency && direction(before, own) == way && no_further
}

/// What a draft of two amounts must keep.
pub(super) fn check_draft(before: Money, after: Money) -> Result<(), DraftError> {
    before.same_currency(after).map_err(|_| DraftError::Currency)?;
    if before.amount_micros < 0 || after.amount_micros < 0 {
        return Err(DraftError::Negative);
    }
    if before == after { Err(DraftError::NoChange) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_one_that_the_platform_takes() {
        let [usd, eur] = ["USD", "EUR"].map(|code| Currency::parse(code).unwrap());
        let money = |micros| Money::from_micros(micros, usd);
        let limits = AmountLimits { unit: money(10_000), min: money(5_000_000) };
        assert_eq!(limits.check(money(94_500_000)), Ok(()));
        assert_eq!(limits.check(money(5_000_000)), Ok(()));
        for (amount, words) in [
            (
                94_500_001,
                "USD 94.500001 is not a multiple of USD 0.01, the smallest step that the platform accepts",
            ),
            (
                4_990_000,
                "USD 4.99 is below USD 5.00, the smallest amount that the platform accepts",
            ),
            (0, "USD 0.00 is below USD 5.00, the smallest amount that the platform accepts"),
            (
                -5_000_000,
                "USD -5.00 is below USD 5.00, the smallest amount that the platform accepts",
            ),
        ] {
            assert_eq!(limits.check(money(amount)).unwrap_err().to_string(), words);
        }
        let foreign = Money::from_micros(94_500_000, eur);
        assert_eq!(limits.check(foreign), Err(AmountError::Currency(usd)));
    }
}
