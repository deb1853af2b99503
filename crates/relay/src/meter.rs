//! One rate, kept as the moment at which all of it is there again (the generic cell rate
//! algorithm): integers only, and nothing to refill.

use crate::config::Rate;
use std::time::{Duration, Instant};

/// The longest debt; also keeps the arithmetic in range.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How much of a rate is used.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Meter {
    /// When the whole burst may be used again; never used before the first time.
    full_at: Option<Instant>,
}

impl Meter {
    /// How long to wait until `amount` may be taken. More than the burst may be taken once
    /// the whole burst is there, and is paid for afterwards.
    pub(crate) fn wait(self, amount: u64, rate: Rate, now: Instant) -> Duration {
        let used = self.full_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        let burst = cost(rate.burst, rate);
        (used + cost(amount, rate).min(burst)).saturating_sub(burst)
    }

    /// Takes `amount`, or says how long to wait.
    pub(crate) fn take(&mut self, amount: u64, rate: Rate, now: Instant) -> Result<(), Duration> {
        let wait = self.wait(amount, rate, now);
        if wait > Duration::ZERO {
            return Err(wait);
        }
        self.charge(amount, rate, now);
        Ok(())
    }

    /// Takes `amount` that was used already, into debt if need be.
    pub(crate) fn charge(&mut self, amount: u64, rate: Rate, now: Instant) {
        let base = self.full_at.map_or(now, |at| at.max(now));
        self.full_at = (base + cost(amount, rate)).min(now + LONGEST).into();
    }

    /// Gives back what was taken and not used.
    pub(crate) fn refund(&mut self, amount: u64, rate: Rate) {
        self.full_at = self.full_at.and_then(|at| at.checked_sub(cost(amount, rate)));
    }

    /// Whether nothing of the rate is used any more.
    pub(crate) fn is_full(self, now: Instant) -> bool {
        self.full_at.is_none_or(|at| at <= now)
    }
}

/// How long the rate takes to bring `amount` back.
fn cost(amount: u64, rate: Rate) -> Duration {
    let nanos = u128::from(amount) * 1_000_000_000 / u128::from(rate.per_second.max(1));
    u64::try_from(nanos).map_or(LONGEST, |nanos| Duration::from_nanos(nanos).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 10, burst: 30 };

    #[test]
    fn a_burst_and_then_the_rate() {
        let (mut meter, start) = (Meter::default(), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        assert_eq!(meter.take(20, RATE, start), Ok(()));
        assert_eq!(meter.take(10, RATE, start), Ok(()));
        assert_eq!(meter.take(1, RATE, start), Err(Duration::from_millis(100)));
        assert_eq!(meter.take(1, RATE, at(100)), Ok(()));
        assert_eq!(meter.take(1, RATE, at(199)), Err(Duration::from_millis(1)));
        // A pause brings the burst back and no more.
        assert_eq!(meter.take(30, RATE, at(100_000)), Ok(()));
        assert_eq!(meter.take(1, RATE, at(100_000)), Err(Duration::from_millis(100)));
        assert!(!meter.is_full(at(100_000)) && meter.is_full(at(104_000)));
    }

    #[test]
    fn more_than_a_burst_is_paid_for_afterwards() {
        let (mut meter, start) = (Meter::default(), Instant::now());
        assert_eq!(meter.take(100, RATE, start), Ok(()));
        assert_eq!(meter.wait(1, RATE, start), Duration::from_millis(7_100));
        meter.refund(100, RATE);
        assert_eq!(meter.wait(30, RATE, start), Duration::ZERO);
        meter.charge(u64::MAX, RATE, start);
        meter.charge(u64::MAX, RATE, start);
        assert!(meter.wait(1, RATE, start) <= LONGEST);
    }

    #[test]
    fn a_rate_of_nothing_lets_nothing_divide_by_zero() {
        let none = Rate { per_second: 0, burst: 0 };
        assert_eq!(Meter::default().take(1, none, Instant::now()), Ok(()));
    }
}
