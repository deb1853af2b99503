//! A date and time for the name of a folder, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

/// `20261121-055126` for now.
pub(crate) fn stamp() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    format_stamp(since)
}

/// Days to a civil date after Hinnant, <https://howardhinnant.github.io/date_algorithms.html>.
fn format_stamp(unix_s: u64) -> String {
    let days = unix_s / 86_400 + 719_468;
    let of_day = unix_s % 86_400;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}")
}

#[cfg(test)]
mod tests {
    use super::format_stamp;

    #[test]
    fn names_known_moments() {
        assert_eq!(format_stamp(0), "19700101-000000");
        assert_eq!(format_stamp(951_782_399), "20000228-235959");
        assert_eq!(format_stamp(951_782_400), "20000229-000000");
        assert_eq!(format_stamp(1_795_240_286), "20261121-055126");
    }
}
