//! The days of an account. Its zone is looked up in the zone data that is part of the program:
//! a machine's own may lack the zone, or differ from that of the next machine.

use countersign_executor::{ErrorClass, PlatformError};
use countersign_model::text;
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::{TimeZone, TimeZoneDatabase},
};

/// The code of an error that says that the days of the account cannot be told here.
pub const UNKNOWN_TIME_ZONE: &str = "gate.UNKNOWN_TIME_ZONE";

/// A platform's text is repeated up to here.
const SHOWN_CHARS: usize = 64;

/// Tells on which day of an account a moment falls.
#[derive(Clone, Debug)]
pub struct AccountDays(TimeZone);

/// An account's time zone that stands for no place in the program's zone data.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the account's time zone {0} is not in the zone data of this version, so its days cannot be told; update Countersign"
)]
pub struct UnknownTimeZone(String);

impl AccountDays {
    /// The days of an account in the zone with this IANA name; old names count too.
    ///
    /// # Errors
    /// [`UnknownTimeZone`], also for a name that says that the zone is not known.
    pub fn of(time_zone: &str) -> Result<Self, UnknownTimeZone> {
        let found = TimeZoneDatabase::bundled().get(time_zone).ok();
        // Both stand in the zone data and behave like UTC.
        let is_nowhere =
            |zone: &TimeZone| zone.is_unknown() || time_zone.eq_ignore_ascii_case("Factory");
        found.filter(|zone| !is_nowhere(zone)).map(Self).ok_or_else(|| {
            let name: String = time_zone.chars().take(SHOWN_CHARS).collect();
            UnknownTimeZone(text::isolated(&name))
        })
    }

    /// What the account's clock shows at a moment.
    #[must_use]
    pub fn time_of(&self, at: Timestamp) -> DateTime {
        self.0.to_datetime(at)
    }

    /// The moment at which the account's clock shows this; of two, the first one, and where a
    /// clock is put forward over it, the moment at which that happens.
    #[must_use]
    pub fn moment_of(&self, shown: DateTime) -> Option<Timestamp> {
        self.0.to_ambiguous_timestamp(shown).compatible().ok()
    }

    /// The day that holds a moment.
    #[must_use]
    pub fn day_of(&self, at: Timestamp) -> Date {
        self.time_of(at).date()
    }
}

impl From<UnknownTimeZone> for PlatformError {
    fn from(unknown: UnknownTimeZone) -> Self {
        Self {
            class: ErrorClass::Operator,
            code: UNKNOWN_TIME_ZONE.into(),
            message: unknown.to_string(),
            request_id: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, path::Path, process::Command};

    fn day(zone: &str, at: &str) -> String {
        AccountDays::of(zone).unwrap().day_of(at.parse().unwrap()).to_string()
    }

    #[test]
    fn days_begin_at_midnight_of_the_account() {
        for (zone, at, expected) in [
            ("UTC", "2026-11-28T23:59:59Z", "2026-11-28"),
            // 5 h 30 min before UTC, by its old name, by the present one, and as somebody types it.
            ("Asia/Calcutta", "2026-11-28T18:29:59Z", "2026-11-28"),
            ("Asia/Calcutta", "2026-11-28T18:30:00Z", "2026-11-29"),
            ("Asia/Kolkata", "2026-11-28T18:30:00Z", "2026-11-29"),
            ("asia/kolkata", "2026-11-28T18:30:00Z", "2026-11-29"),
            // Before, on and after the days of 23 and 25 hours of 2026.
            ("America/New_York", "2026-03-08T04:59:59Z", "2026-03-07"),
            ("America/New_York", "2026-03-08T05:00:00Z", "2026-03-08"),
            ("America/New_York", "2026-03-09T03:59:59Z", "2026-03-08"),
            ("America/New_York", "2026-03-09T04:00:00Z", "2026-03-09"),
            ("America/New_York", "2026-11-01T04:00:00Z", "2026-11-01"),
            ("America/New_York", "2026-11-02T04:59:59Z", "2026-11-01"),
            ("America/New_York", "2026-11-02T05:00:00Z", "2026-11-02"),
            ("Pacific/Kiritimati", "2026-11-28T10:00:00Z", "2026-11-29"),
            ("US/Eastern", "2026-11-02T04:59:59Z", "2026-11-01"),
        ] {
            assert_eq!(day(zone, at), expected, "{zone} {at}");
        }
    }

    #[test]
    fn a_zone_that_is_no_place_is_refused_by_its_name() {
        for zone in ["Mars/Crater", "", "Etc/Unknown", "Factory", "EST5EDT6", "/etc/passwd"] {
            let error = PlatformError::from(AccountDays::of(zone).unwrap_err());
            let told = (error.class, error.code.as_str());
            assert_eq!(told, (ErrorClass::Operator, UNKNOWN_TIME_ZONE), "{zone}");
            assert!(error.message.contains(zone), "{}", error.message);
        }
        let long = format!("\u{202e}{}", "x".repeat(9_999));
        let words = AccountDays::of(&long).unwrap_err().to_string();
        assert!(words.len() < 400 && !words.contains('\u{202e}'), "{words}");
    }

    /// The tests above again, on a machine that has nothing, or nothing of Asia and America.
    #[test]
    fn days_do_not_depend_on_the_machines_zone_data() {
        let folder = tempfile::tempdir().unwrap();
        let (empty, one) = (folder.path().join("empty"), folder.path().join("one"));
        fs::create_dir(&empty).unwrap();
        fs::create_dir_all(one.join("Europe")).unwrap();
        // What makes jiff list a file as a zone is its first bytes.
        fs::write(one.join("Europe/Berlin"), [b"TZif2".as_slice(), &[0; 39]].concat()).unwrap();
        let told_with = |zones: &Path| {
            let output = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "days::tests::days_begin_at_midnight_of_the_account"])
                .env("TZDIR", zones)
                .env("TZ", "Asia/Tokyo")
                .output()
                .unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        for zones in [&empty, &one] {
            let told = told_with(zones);
            assert!(told.contains("1 passed"), "{told}");
        }
    }
}
