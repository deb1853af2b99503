//! The device's clock, handed in so that tests can set it.

use countersign_model::TimestampMs;
use std::{
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> TimestampMs + Send + Sync>;

/// The operating system's clock.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        TimestampMs::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    })
}

/// Whole milliseconds since a moment.
pub(crate) fn millis_since(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}
