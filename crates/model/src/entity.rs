//! What a change is about: one campaign of one account on one ad platform.

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// An ad platform with a connector.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlatformKind {
    /// Google Ads (API v26).
    GoogleAds,
}

/// A platform's own numeric id: 1 to 20 decimal digits, no leading zero.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct PlatformId(String);

/// A text is not a platform id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a platform id: expected 1 to 20 decimal digits with no leading zero")]
pub struct PlatformIdError;

impl PlatformId {
    /// Reads an id.
    ///
    /// # Errors
    /// [`PlatformIdError`].
    pub fn parse(text: &str) -> Result<Self, PlatformIdError> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if digits && (1..=20).contains(&text.len()) && !text.starts_with('0') {
            Ok(Self(text.into()))
        } else {
            Err(PlatformIdError)
        }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlatformId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PlatformId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// One campaign: what a change is about. What is written for it is its [`Target`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityRef {
    /// The ad platform.
    pub platform: PlatformKind,
    /// The advertiser account (Google: customer id without hyphens).
    pub account_id: PlatformId,
    /// The campaign.
    pub campaign_id: PlatformId,
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:campaign:{}", self.platform, self.account_id, self.campaign_id)
    }
}

impl fmt::Display for PlatformKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GoogleAds => "google_ads",
        })
    }
}

/// One thing that a platform lets be written, by the platform's own name for it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The ad platform.
    pub platform: PlatformKind,
    /// The advertiser account.
    pub account_id: PlatformId,
    /// The platform's name of what is written, e.g. `customers/1/campaignBudgets/2`.
    pub resource: String,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.platform, self.account_id, self.resource)
    }
}
