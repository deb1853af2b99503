//! Numbers as the window and the store count.

/// How many, where nobody counts beyond 32 bits.
pub(crate) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
