//! The gate's clock and the ids it makes: the only place that reads time.

use countersign_model::{TimestampMs, time::MINUTE_MS};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// The system's clock may be moved by so much at once, in milliseconds; by more it has jumped.
pub const MAX_STEP_MS: i64 = MINUTE_MS;
/// How far in the future the newest entry may be stamped when the gate starts, in
/// milliseconds; beyond it an operator must say which of the two was wrong.
pub const MAX_AHEAD_MS: i64 = 5 * MINUTE_MS;

/// The present moment by the system's clock.
#[must_use]
pub fn now() -> TimestampMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    TimestampMs::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A fresh id (UUID version 7).
#[must_use]
pub fn new_uuid() -> Uuid {
    Uuid::now_v7()
}

/// The clock that the gate judges by. It follows the system's clock, except where that jumps:
/// then it goes on by a count of its own until the system's comes back or the gate is
/// started again, which is an operator's word that the new time is right.
#[derive(Clone, Copy, Debug)]
pub struct JudgingClock {
    /// What both clocks said when they last agreed.
    agreed: Clocks,
    jumped: bool,
}

/// What the two clocks say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Clocks {
    /// The system's clock, which may be set and may be wrong.
    pub wall: TimestampMs,
    /// What has passed since the process began, by a count that nobody sets.
    pub counted: Duration,
}

impl Clocks {
    /// Reads both, in a process that began at `began`.
    #[must_use]
    pub fn read(began: Instant) -> Self {
        Self { wall: now(), counted: began.elapsed() }
    }
}

impl JudgingClock {
    /// Begins at the system's time.
    #[must_use]
    pub const fn start(clocks: Clocks) -> Self {
        Self { agreed: clocks, jumped: false }
    }

    /// The moment to judge by.
    pub fn at(&mut self, clocks: Clocks) -> TimestampMs {
        let Clocks { wall, counted } = clocks;
        let since = counted.saturating_sub(self.agreed.counted);
        let counted_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        let own = self.agreed.wall.plus_ms(counted_ms);
        let off_by_ms = wall.since_ms(own);
        if off_by_ms.abs() > MAX_STEP_MS {
            if !self.jumped {
                tracing::error!(
                    off_by_ms,
                    "the system's clock has jumped: the gate goes on by its own count; set the clock right, or start the gate again if the new time is right"
                );
            }
            self.jumped = true;
            return own;
        }
        if self.jumped {
            tracing::warn!("the system's clock is right again");
        }
        *self = Self::start(clocks);
        wall
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> TimestampMs {
        TimestampMs::from_millis(ms)
    }

    #[test]
    fn a_jump_is_not_followed_and_its_end_is() {
        let after = |minutes: u64, wall| Clocks {
            wall: at(wall),
            counted: Duration::from_secs(minutes * 60),
        };
        let mut clock = JudgingClock::start(after(0, 0));
        assert_eq!(clock.at(after(1, 61_000)), at(61_000), "a second's correction");
        let day = 86_400_000;
        assert_eq!(clock.at(after(2, day)), at(121_000), "forward by a day");
        assert_eq!(clock.at(after(3, -day)), at(181_000), "back by a day");
        assert_eq!(clock.at(after(4, 241_000)), at(241_000), "right again");
        assert!(!clock.jumped);
    }
}
