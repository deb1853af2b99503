//! What a refusal of the relay asks of whoever was refused: one rule for gate and desktop.

use std::time::Duration;

/// Waited where the relay does not say how long.
const DEFAULT_WAIT: Duration = Duration::from_secs(2);
/// The longest wait that is believed: a relay must not silence a device by one header.
pub const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);

/// What helps after a refusal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remedy {
    /// The same request is welcome after this long: a rate is used up, or the relay is busy.
    Wait(Duration),
    /// What was sent finds no room, and waiting makes none: a person must be told, and whoever
    /// runs the relay must give more. Asking again costs little and is done rarely.
    Room,
    /// Neither.
    Other,
}

impl Remedy {
    /// Reads status and `Retry-After` (RFC 9110 section 10.2.3; the relay writes whole seconds).
    #[must_use]
    pub fn of(status: u16, retry_after: Option<&str>) -> Self {
        match status {
            429 | 503 => {
                let seconds = retry_after.and_then(|text| text.trim().parse().ok());
                let wait = seconds.map_or(DEFAULT_WAIT, Duration::from_secs);
                Self::Wait(wait.min(LONGEST_WAIT))
            }
            507 => Self::Room,
            _ => Self::Other,
        }
    }

    /// How long nothing of the kind is to be sent again.
    #[must_use]
    pub const fn pause(self) -> Option<Duration> {
        match self {
            Self::Wait(wait) => Some(wait),
            Self::Room => Some(LONGEST_WAIT),
            Self::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_kept_and_has_an_end() {
        let wait = |seconds| Remedy::Wait(Duration::from_secs(seconds));
        assert_eq!(Remedy::of(429, Some("7")), wait(7));
        assert_eq!(Remedy::of(503, Some(" 1 ")), wait(1));
        assert_eq!(Remedy::of(429, Some("0")), wait(0));
        for text in [None, Some("soon"), Some("-1"), Some("Sat, 28 Nov 2026 12:00:00 GMT")] {
            assert_eq!(Remedy::of(503, text), Remedy::Wait(DEFAULT_WAIT));
        }
        assert_eq!(Remedy::of(429, Some(&u64::MAX.to_string())), Remedy::Wait(LONGEST_WAIT));
        assert_eq!(Remedy::of(507, Some("1")), Remedy::Room);
        assert_eq!(Remedy::of(507, None).pause(), Some(LONGEST_WAIT));
        assert_eq!(Remedy::of(409, Some("1")), Remedy::Other);
        assert_eq!(Remedy::of(500, None).pause(), None);
    }
}
