//! The policy's files as the gate publishes them, so that anyone can read the rules and try
//! a change offline. Believed by digest: every verdict that the gate signs names it.

use crate::{
    Digest, TimestampMs,
    canonical::{self, CanonicalError},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All files of a policy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyBundle {
    /// The version its authors gave it.
    pub version: String,
    /// The digest over the files, as verdicts name it; recompute it before believing.
    pub digest: Digest,
    /// When the gate began to judge by it.
    pub in_force_since_ms: TimestampMs,
    /// File texts by path below the policy folder, `/` between parts.
    pub files: BTreeMap<String, String>,
}

impl PolicyBundle {
    /// Reads a bundle from its canonical bytes.
    ///
    /// # Errors
    /// [`CanonicalError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CanonicalError> {
        canonical::from_bytes(bytes)
    }

    /// The canonical bytes.
    ///
    /// # Errors
    /// Never for a bundle made from valid parts.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_bytes(self)
    }
}
