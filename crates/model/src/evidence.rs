//! Evidence beside a proposal: content-addressed, sealed, fetched ahead of need.

use crate::{Digest, EntityRef, Money, TimestampMs};
use serde::{Deserialize, Serialize};

/// A piece of evidence by the digest of its plain canonical bytes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRef {
    /// What it is.
    pub kind: EvidenceKind,
    /// SHA-256 of the canonical bytes, before sealing.
    pub digest: Digest,
    /// Length of those bytes.
    pub size_bytes: u64,
}

/// The kinds of evidence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// A [`PacingSeries`].
    PacingSeries,
    /// A [`SealedPrompt`].
    Prompt,
}

/// Daily delivery of a campaign, as the platform reported it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PacingSeries {
    /// The campaign.
    pub entity: EntityRef,
    /// IANA name of the account's time zone; days are days there.
    pub time_zone: String,
    /// When the platform was read.
    pub read_at_ms: TimestampMs,
    /// The daily budget in force at that time.
    pub daily_budget: Money,
    /// Where the numbers come from, in words; says so when they are simulated.
    pub source: String,
    /// Oldest first, without gaps.
    pub days: Vec<PacingDay>,
}

/// One day of delivery.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PacingDay {
    /// ISO date in the account's time zone, `YYYY-MM-DD`.
    pub date: String,
    /// Spend.
    pub spend: Money,
    /// Impressions.
    pub impressions: u64,
    /// Clicks.
    pub clicks: u64,
}

/// The prompt with the salt of its commitment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedPrompt {
    /// 32 random bytes as hex; see [`Digest::commitment`].
    pub salt: Digest,
    /// The prompt.
    pub prompt: String,
}

/// Shows that there is a prompt, never what it says.
impl std::fmt::Debug for SealedPrompt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealedPrompt(…)")
    }
}

impl SealedPrompt {
    /// The commitment that stands in the proposal and the log.
    #[must_use]
    pub fn commitment(&self) -> Digest {
        Digest::commitment(self.salt.as_bytes(), self.prompt.as_bytes())
    }
}
