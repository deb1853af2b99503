//! The gate's clock and the ids it makes: the only place that reads time.

use countersign_model::TimestampMs;
use std::time::{SystemTime, UNIX_EPOCH};
use uuid::Uuid;

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
