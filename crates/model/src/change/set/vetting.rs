//! What the company itself knows of places and audiences: data of its policy, which no agent can
//! say. A change is assessed by it when it becomes a proposal, and whoever checks the proposal
//! assesses it again.

use super::{
    audience::Attribute,
    criterion::{MAX_PLACE_BYTES, Place},
};
use crate::{Ratio, bounded, entity::PlatformId, text::check_line, time::is_date};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most places that a policy may know.
pub const MAX_PLACES: usize = 20_000;
/// Most audiences.
pub const MAX_AUDIENCES: usize = 5_000;
/// Most words that give an attribute away.
pub const MAX_HINTS: usize = 200;
/// Most sales.
pub const MAX_SALES: usize = 100;
/// Longest source, publisher and name of a sale, in characters: each stands beside every entry
/// of a set, and all of them in one entry of the log.
pub const MAX_SOURCE_CHARS: usize = 48;
/// Longest name of a place or audience there, in characters.
const MAX_KEY_CHARS: usize = MAX_PLACE_BYTES + 16;
/// Length of `YYYY-MM-DD`.
const DATE_CHARS: usize = 10;

/// What the company knows, empty until it says something: then no place is vetted.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vetting {
    /// The places that people have looked at, by their names such as `site:news.example`.
    #[serde(default, deserialize_with = "bounded::map::<MAX_PLACES, MAX_KEY_CHARS, _, _>")]
    pub places: BTreeMap<String, PlaceRecord>,
    /// The audiences that people have looked at, by account and name such as
    /// `1234567890/user_list:9000000001`.
    #[serde(default, deserialize_with = "bounded::map::<MAX_AUDIENCES, MAX_KEY_CHARS, _, _>")]
    pub audiences: BTreeMap<String, AudienceRecord>,
    /// Words that give a sensitive attribute away where an audience's name holds them.
    #[serde(default)]
    pub sensitive_words: BTreeMap<Attribute, Hints>,
    /// Where people may be addressed by their consent alone: ISO 3166-1 codes.
    #[serde(default)]
    pub consent_regions: BTreeSet<Region>,
    /// Sales in which nobody who is about to buy is to be left out.
    #[serde(default, deserialize_with = "bounded::list::<MAX_SALES, _, _>")]
    pub sales: Vec<Sale>,
}

/// Words that a name may hold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hints(
    #[serde(deserialize_with = "bounded::texts::<MAX_HINTS, MAX_SOURCE_CHARS, _>")] Vec<String>,
);

/// A place that people have looked at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceRecord {
    /// How suitable it is, from 0 to 1.
    pub score: Ratio,
    /// Who says so, and of when.
    #[serde(deserialize_with = "bounded::line::<MAX_SOURCE_CHARS, _>")]
    pub source: String,
    /// Who publishes there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "bounded::optional_text::<MAX_SOURCE_CHARS, _>")]
    pub publisher: Option<String>,
    /// Whether a person must sign off each use of it, whatever its score.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub high_risk: bool,
}

/// An audience that people have looked at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudienceRecord {
    /// What it says of the people in it.
    #[serde(default)]
    pub sensitive: BTreeSet<Attribute>,
    /// Whether they are about to buy.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shoppers: bool,
    /// Who says so, and of when.
    #[serde(deserialize_with = "bounded::line::<MAX_SOURCE_CHARS, _>")]
    pub source: String,
}

/// A sale, by its first and its last day in UTC, `YYYY-MM-DD`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sale {
    /// What it is called.
    #[serde(deserialize_with = "bounded::line::<MAX_SOURCE_CHARS, _>")]
    pub name: String,
    /// Its first day.
    #[serde(deserialize_with = "bounded::line::<DATE_CHARS, _>")]
    pub first: String,
    /// Its last day.
    #[serde(deserialize_with = "bounded::line::<DATE_CHARS, _>")]
    pub last: String,
}

/// A region by its ISO 3166-1 code of two letters, e.g. `DE`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Region([u8; 2]);

impl Region {
    /// Reads a code; `None` of what is none by its form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.as_bytes() {
            [one, two] if one.is_ascii_uppercase() && two.is_ascii_uppercase() => {
                Some(Self([*one, *two]))
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self([one, two]) = self;
        write!(f, "{}{}", char::from(*one), char::from(*two))
    }
}

impl Serialize for Region {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let words = "a region is an ISO 3166-1 code of two capital letters, such as DE";
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(words))
    }
}

impl Hints {
    /// Whether a name, in small letters, holds one of the words.
    pub(super) fn are_in(&self, name: &str) -> bool {
        self.0.iter().any(|word| name.contains(&word.to_lowercase()))
    }
}

impl Vetting {
    /// What its types cannot say: where something is that cannot be, with what is wrong.
    ///
    /// # Errors
    /// The place below the vetting, and words.
    pub fn check(&self) -> Result<(), (String, &'static str)> {
        for (key, record) in &self.places {
            let PlaceRecord { score, source, publisher, .. } = record;
            if !Place::named(key).is_some_and(|place| place.is_normal()) {
                let words = "must be the name of a place, such as site:news.example";
                return Err((format!("places/{key}"), words));
            }
            if !(0..=1_000_000).contains(&score.millionths()) {
                return Err((format!("places/{key}/score"), "must be a share from 0 to 1"));
            }
            told(&format!("places/{key}"), [source].into_iter().chain(publisher))?;
        }
        for (key, AudienceRecord { source, .. }) in &self.audiences {
            if !is_audience(key) {
                let words = "must be an account and an audience, such as 1234567890/user_list:9";
                return Err((format!("audiences/{key}"), words));
            }
            told(&format!("audiences/{key}"), [source])?;
        }
        for (attribute, Hints(words)) in &self.sensitive_words {
            told(&format!("sensitive_words/{attribute}"), words)?;
        }
        for (index, Sale { name, first, last }) in self.sales.iter().enumerate() {
            told(&format!("sales/{index}"), [name])?;
            if !is_date(first) || !is_date(last) || first > last {
                let words = "must have a first and a last day, as YYYY-MM-DD, in this order";
                return Err((format!("sales/{index}"), words));
            }
        }
        Ok(())
    }
}

/// Whether a key names an audience of an account.
fn is_audience(key: &str) -> bool {
    let named = key.split_once('/').and_then(|(account, audience)| {
        let (sort, id) = audience.split_once(':')?;
        let is_sort = ["user_list", "user_interest"].contains(&sort);
        Some(is_sort && PlatformId::parse(account).is_ok() && PlatformId::parse(id).is_ok())
    });
    named == Some(true)
}

/// Whether each of these says something, in one line.
fn told<'a>(
    place: &str,
    texts: impl IntoIterator<Item = &'a String>,
) -> Result<(), (String, &'static str)> {
    let says = |text: &String| !text.is_empty() && check_line(text, MAX_SOURCE_CHARS).is_ok();
    let words = "must be told in 1 to 48 characters of one line";
    if texts.into_iter().all(says) { Ok(()) } else { Err((place.into(), words)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_cannot_be_is_said_with_its_place() {
        let check = |value| serde_json::from_value::<Vetting>(value).unwrap().check();
        let place =
            |score| json!({ "places": { "site:a.example": { "score": score, "source": "s" } } });
        assert_eq!(check(place(0.4)), Ok(()));
        assert_eq!(check(place(1.1)).unwrap_err().0, "places/site:a.example/score");
        let sale =
            |first, last| json!({ "sales": [{ "name": "s", "first": first, "last": last }] });
        assert_eq!(check(sale("2026-11-27", "2026-11-27")), Ok(()));
        for (first, last) in [("2026-11-28", "2026-11-27"), ("2026-02-30", "2026-03-01")] {
            assert_eq!(check(sale(first, last)).unwrap_err().0, "sales/0");
        }
        for word in ["", "a\nb"] {
            let vetting = json!({ "sensitive_words": { "health": [word] } });
            assert_eq!(check(vetting).unwrap_err().0, "sensitive_words/health");
        }
        let nobody = json!({ "audiences": { "1/user_list:1": { "source": "" } } });
        assert_eq!(check(nobody).unwrap_err().0, "audiences/1/user_list:1");
        for key in ["", "news.example", "sites:news.example", "site:News.example", "app:x"] {
            let unnamed = json!({ "places": { key: { "score": 0.4, "source": "s" } } });
            assert_eq!(check(unnamed).unwrap_err().0, format!("places/{key}"));
        }
        for key in ["", "user_list:9", "1/list:9", "1/user_list:", "/user_list:9"] {
            let unnamed = json!({ "audiences": { key: { "source": "s" } } });
            assert_eq!(check(unnamed).unwrap_err().0, format!("audiences/{key}"));
        }
        for odd in [json!({ "consent_regions": ["de"] }), json!({ "placs": {} })] {
            assert!(serde_json::from_value::<Vetting>(odd).is_err());
        }
    }
}
