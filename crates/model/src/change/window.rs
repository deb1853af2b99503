//! When the reason for a change begins and ends, and what an amount per day can cost meanwhile.

use super::{Budget, BudgetPeriod};
use crate::{
    Money, TimestampMs,
    draft::{DraftError, MAX_MOMENT_MS},
    money::MoneyError,
    time::DAY_MS,
};
use serde::{Deserialize, Serialize};

/// Google's documented monthly cap of an average daily budget: 30.4 times, in tenths.
const MONTHLY_CAP_TENTHS: i64 = 304;
/// Google's documented cap of one day: twice the average daily budget.
const DAILY_OVERDELIVERY: i64 = 2;

/// A span of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// First moment.
    pub starts_at_ms: TimestampMs,
    /// Moment after the last.
    pub ends_at_ms: TimestampMs,
}

impl Window {
    /// Whether it lies within what dates can say and ends after it starts.
    pub(super) fn check(self) -> Result<(), DraftError> {
        let Self { starts_at_ms: start, ends_at_ms: end } = self;
        let fits = start < end && start.millis() >= 0 && end.millis() <= MAX_MOMENT_MS;
        if fits { Ok(()) } else { Err(DraftError::Window) }
    }
}

/// The most that a budget can cost over the window, or over a month when there is none. A daily
/// one: at most twice its amount on each day begun, never more than 30.4 times in all. A total
/// one is never exceeded, whatever the window.
///
/// # Errors
/// [`MoneyError::Range`] for absurd amounts.
pub(super) fn worst_case(budget: Budget, window: Option<Window>) -> Result<Money, MoneyError> {
    let amount = match budget.period {
        BudgetPeriod::Daily => budget.amount,
        BudgetPeriod::Total => return Ok(budget.amount),
    };
    let month = amount.times(MONTHLY_CAP_TENTHS)?;
    let month = Money { amount_micros: month.amount_micros / 10, ..month };
    let Some(window) = window else { return Ok(month) };
    let days = (window.ends_at_ms.since_ms(window.starts_at_ms) + DAY_MS - 1).div_euclid(DAY_MS);
    let in_window = amount.times(days.max(1))?.times(DAILY_OVERDELIVERY)?;
    Ok(if in_window.amount_micros < month.amount_micros { in_window } else { month })
}
