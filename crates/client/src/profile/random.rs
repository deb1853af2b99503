//! Randomness from the operating system: nonces, ids, secrets.

use countersign_model::TimestampMs;
use uuid::Uuid;

/// The operating system provided no random numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the operating system gave no random numbers")]
pub(crate) struct NoRandomness;

/// Fresh random bytes.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// A UUID of version 7 (RFC 9562) made at `now`.
pub(crate) fn uuid(now: TimestampMs) -> Result<Uuid, NoRandomness> {
    let millis = u64::try_from(now.millis()).unwrap_or(0);
    Ok(uuid::Builder::from_unix_timestamp_millis(millis, &bytes()?).into_uuid())
}
