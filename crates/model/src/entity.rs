//! What a change is about: one campaign of one account on one ad platform.

use serde::{Deserialize, Deserializer, Serialize};
use std::{borrow::Cow, fmt};

/// An ad platform with a connector.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlatformKind {
    /// Google Ads (API v26).
    GoogleAds,
}

/// A platform's own id of an account or of what is in it, as the platform writes it: 1 to 128
/// visible ASCII characters, so that it hides nothing. What one platform takes more narrowly,
/// its connector checks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct PlatformId(String);

/// A text is not a platform id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a platform id: expected 1 to 128 visible ASCII characters without white space")]
pub struct PlatformIdError;

/// Longest id, in characters.
pub const MAX_ID_CHARS: usize = 128;

impl PlatformId {
    /// Reads an id.
    ///
    /// # Errors
    /// [`PlatformIdError`].
    pub fn parse(text: &str) -> Result<Self, PlatformIdError> {
        let fits = (1..=MAX_ID_CHARS).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(text.into())) } else { Err(PlatformIdError) }
    }

    /// The id as a part of a longer name, in which a colon separates: no two names are alike.
    fn escaped(&self) -> Cow<'_, str> {
        if self.0.contains([':', '%']) {
            self.0.replace('%', "%25").replace(':', "%3A").into()
        } else {
            Cow::Borrowed(&self.0)
        }
    }

    /// The id as it is written.
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
        crate::spelling::read(deserializer, Self::parse)
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

/// One advertiser account on one ad platform.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountRef {
    /// The ad platform.
    pub platform: PlatformKind,
    /// The account (Google: customer id without hyphens).
    pub account_id: PlatformId,
}

impl AccountRef {
    /// The one that an entity is in.
    #[must_use]
    pub fn of(entity: &EntityRef) -> Self {
        Self { platform: entity.platform, account_id: entity.account_id.clone() }
    }
}

impl fmt::Display for AccountRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.platform, self.account_id.escaped())
    }
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (account, campaign) = (self.account_id.escaped(), self.campaign_id.escaped());
        write!(f, "{}:{account}:campaign:{campaign}", self.platform)
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
        write!(f, "{}:{}:{}", self.platform, self.account_id.escaped(), self.resource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_what_a_platform_writes() {
        let longest = "9".repeat(MAX_ID_CHARS);
        for text in ["1234567890", "0123", "act_123", "urn:li:sponsoredAccount:5", &longest] {
            assert_eq!(PlatformId::parse(text).unwrap().as_str(), text);
            let json = serde_json::to_string(text).unwrap();
            assert_eq!(serde_json::from_str::<PlatformId>(&json).unwrap().as_str(), text);
        }
        for text in ["", " 1", "1 2", "1\n", "1\u{202e}2", "é", &format!("{longest}9")] {
            assert!(PlatformId::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn no_two_entities_have_one_name() {
        let entity = |account: &str, campaign: &str| {
            let [account_id, campaign_id] =
                [account, campaign].map(|text| PlatformId::parse(text).unwrap());
            EntityRef { platform: PlatformKind::GoogleAds, account_id, campaign_id }
        };
        assert_eq!(entity("1", "2").to_string(), "google_ads:1:campaign:2");
        let one = entity("1", "2:campaign:3").to_string();
        assert_ne!(one, entity("1:campaign:2", "3").to_string());
        assert_ne!(one, entity("1", "2%3Acampaign%3A3").to_string());
    }
}
