//! Evidence that the gate makes itself from what the platform reported, so that it is
//! nobody's claim. Pure: series in, evidence out.

pub mod backtest;
pub mod forecast;

use countersign_model::{TimestampMs, evidence::PacingSeries};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// The day that holds a moment, in the account's time zone; `None` when the zone is unknown.
fn day_of(series: &PacingSeries, at: TimestampMs) -> Option<Date> {
    let zone = TimeZone::get(&series.time_zone).ok()?;
    Some(Timestamp::from_millisecond(at.millis()).ok()?.to_zoned(zone).date())
}
