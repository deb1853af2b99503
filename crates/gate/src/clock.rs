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
    anchor: TimestampMs,
    counted_from: Instant,
    jumped: bool,
}

impl JudgingClock {
    /// Begins at the system's time.
    #[must_use]
    pub fn start() -> Self {
        Self { anchor: now(), counted_from: Instant::now(), jumped: false }
    }

    /// The moment to judge by.
    pub fn now(&mut self) -> TimestampMs {
        self.at(now(), self.counted_from.elapsed())
    }

    /// The moment to judge by, when the system's clock says `wall` and `counted` has passed
    /// since the last time that both agreed.
    fn at(&mut self, wall: TimestampMs, counted: Duration) -> TimestampMs {
        let counted_ms = i64::try_from(counted.as_millis()).unwrap_or(i64::MAX);
        let own = self.anchor.plus_ms(counted_ms);
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
        *self = Self { anchor: wall, counted_from: self.counted_from + counted, jumped: false };
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
        let minute = Duration::from_secs(60);
        let mut clock = JudgingClock { anchor: at(0), counted_from: Instant::now(), jumped: false };
        assert_eq!(clock.at(at(61_000), minute), at(61_000), "a second's correction");
        let day = 86_400_000;
        assert_eq!(clock.at(at(day), minute), at(121_000), "forward by a day");
        assert_eq!(clock.at(at(-day), 2 * minute), at(181_000), "back by a day");
        assert_eq!(clock.at(at(241_000), 3 * minute), at(241_000), "right again");
        assert!(!clock.jumped);
    }
}
