//! Randomness from the operating system: nonces, ids, secrets.

use crate::view::{
    ProblemView,
    problem::{Code, problem},
};
use countersign_model::TimestampMs;
use uuid::Uuid;

/// Fresh random bytes.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], ProblemView> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| {
        problem(
            Code::NoRandomness,
            "The operating system gave no random numbers.",
            &["Restart the computer."],
        )
    })?;
    Ok(bytes)
}

/// A UUID of version 7 (RFC 9562) made at `now`.
pub(crate) fn uuid(now: TimestampMs) -> Result<Uuid, ProblemView> {
    let millis = u64::try_from(now.millis()).unwrap_or(0);
    Ok(uuid::Builder::from_unix_timestamp_millis(millis, &bytes()?).into_uuid())
}
