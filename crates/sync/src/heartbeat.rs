//! How a quiet live tail is told from a dead one: the relay promises how often it shows that it
//! is alive, and whoever listens waits a little longer than that and no more.

use std::time::Duration;

/// The header of a tail's answer that carries the promise, in milliseconds.
pub const HEADER: &str = "countersign-heartbeat-ms";
/// What the relay promises by default, and what counts where nothing that can be read is promised.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(15);
/// The longest interval that is believed: a relay must not be trusted for an hour by one header.
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);
/// The shortest one: no network is faster than that.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// A promise to show a sign of life at least once in an interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Heartbeat {
    interval: Duration,
}

impl Heartbeat {
    /// A promise, within what a listener believes.
    #[must_use]
    pub fn every(interval: Duration) -> Self {
        Self { interval: interval.clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL) }
    }

    /// The promise of a tail's answer, by its header's value.
    #[must_use]
    pub fn promised(header: Option<&str>) -> Self {
        let millis = header.and_then(|text| text.trim().parse().ok());
        Self::every(millis.map_or(DEFAULT_INTERVAL, Duration::from_millis))
    }

    /// The header's value.
    #[must_use]
    pub fn header_value(self) -> String {
        self.interval.as_millis().to_string()
    }

    /// From one sign of life to the next, at most.
    #[must_use]
    pub const fn interval(self) -> Duration {
        self.interval
    }

    /// How long a listener hears nothing before the tail counts as dead: one sign may be
    /// lost and the next one late.
    #[must_use]
    pub fn deadline(self) -> Duration {
        self.interval * 5 / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_comes_back_and_gives_the_deadline() {
        let promise = Heartbeat::every(Duration::from_secs(4));
        assert_eq!(Heartbeat::promised(Some(&promise.header_value())), promise);
        assert_eq!(promise.deadline(), Duration::from_secs(10));
    }

    #[test]
    fn no_promise_makes_a_listener_wait_for_ever() {
        let longest = Heartbeat::every(Duration::MAX).deadline();
        assert_eq!(longest, Duration::from_secs(150));
        for (header, interval_ms) in [
            (None, 15_000),
            (Some(""), 15_000),
            (Some("soon"), 15_000),
            (Some("-1"), 15_000),
            (Some("99999999999999999999999"), 15_000),
            (Some("0"), 100),
            (Some(" 250 "), 250),
            (Some("86400000"), 60_000),
        ] {
            let promise = Heartbeat::promised(header);
            assert_eq!(promise.interval(), Duration::from_millis(interval_ms), "{header:?}");
            assert!(promise.deadline() <= longest);
        }
    }
}
