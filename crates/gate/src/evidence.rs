//! Evidence that the gate makes itself from what the platform reported, so that it is
//! nobody's claim. Pure: series in, evidence out.

pub mod backtest;
pub mod forecast;

use countersign_model::{TimestampMs, evidence::PacingSeries};
use countersign_platforms::days::AccountDays;
use jiff::{Timestamp, civil::Date};

/// The day that holds a moment, in the account's time zone; `None` when the zone is unknown.
fn day_of(series: &PacingSeries, at: TimestampMs) -> Option<Date> {
    let days = AccountDays::of(&series.time_zone).ok()?;
    Some(days.day_of(Timestamp::from_millisecond(at.millis()).ok()?))
}
