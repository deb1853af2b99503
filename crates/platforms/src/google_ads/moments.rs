//! Moments as Google writes them: `yyyy-MM-dd HH:mm:ss` of the account's own clock (since v23). A
//! flight's last second is written, not the moment after it.

use super::{errors, transport::Intent};
use crate::days::AccountDays;
use countersign_executor::PlatformError;
use countersign_model::TimestampMs;
use jiff::{Timestamp, civil::DateTime};

const FORM: &str = "%Y-%m-%d %H:%M:%S";
const SECOND_MS: i64 = 1_000;

/// What the account's clock shows.
pub(super) fn read(text: &str) -> Result<DateTime, PlatformError> {
    DateTime::strptime(FORM, text).map_err(|_| errors::unreadable(Intent::Read, None))
}

/// The first moment of a flight.
pub(super) fn first(days: &AccountDays, text: &str) -> Result<TimestampMs, PlatformError> {
    let at = days.moment_of(read(text)?);
    let at = at.ok_or_else(|| errors::unreadable(Intent::Read, None))?;
    Ok(TimestampMs::from_millis(at.as_millisecond()))
}

/// The moment after the last second of a flight.
pub(super) fn after_last(days: &AccountDays, text: &str) -> Result<TimestampMs, PlatformError> {
    Ok(first(days, text)?.plus_ms(SECOND_MS))
}

/// A first moment as Google writes it; `None` for one that is in no calendar.
pub(super) fn write_first(days: &AccountDays, at: TimestampMs) -> Option<String> {
    let at = Timestamp::from_millisecond(at.millis()).ok()?;
    Some(days.time_of(at).strftime(FORM).to_string())
}

/// The last second before a moment, as Google writes it.
pub(super) fn write_last(days: &AccountDays, after: TimestampMs) -> Option<String> {
    write_first(days, after.plus_ms(-SECOND_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flight_is_read_as_it_is_written() {
        for zone in ["America/New_York", "Asia/Kolkata", "UTC"] {
            let days = AccountDays::of(zone).unwrap();
            // A day of 23 hours and one of 25 among them.
            for day in ["2026-03-08", "2026-11-01", "2026-12-31"] {
                let [start, end] = ["00:00:00", "23:59:59"].map(|time| format!("{day} {time}"));
                let (from, until) =
                    (first(&days, &start).unwrap(), after_last(&days, &end).unwrap());
                assert_eq!(write_first(&days, from).unwrap(), start, "{zone}");
                assert_eq!(write_last(&days, until).unwrap(), end, "{zone}");
            }
        }
        let days = AccountDays::of("America/New_York").unwrap();
        let until = after_last(&days, "2026-12-31 23:59:59").unwrap();
        assert_eq!(until.rfc3339(), "2027-01-01T05:00:00.000Z");
        assert!(first(&days, "2026-12-31").is_err());
    }
}
