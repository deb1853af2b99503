//! Ads as people see them: texts, paths and the page they lead to, and what a platform reports
//! of them. Whether a text fits is judged here, once, for the door, the sheet and the window.

use super::{
    CampaignStatus, ChangeError, DiffRow, Field, MAX_NAME_CHARS, MAX_RESOURCE_CHARS, Value,
};
use crate::{
    bounded,
    draft::DraftError,
    entity::PlatformId,
    text::{TextError, check_length, check_line},
};
use icu_properties::props::{EastAsianWidth, EnumeratedProperty as _};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Longest text that a platform may report of an ad, in characters.
pub const MAX_TEXT_CHARS: usize = 512;
/// Longest address of a page, in characters.
pub const MAX_URL_CHARS: usize = 2_048;
/// Most texts of one sort that an ad is read with.
const MAX_TEXTS: usize = 20;
/// Most policy topics that are kept of an ad.
pub const MAX_TOPICS: usize = 20;
/// Longest name of a policy topic, in characters.
pub const MAX_TOPIC_CHARS: usize = 128;
/// Most parts of a display path.
const MAX_PATHS: usize = 2;
/// Longest part of a display path, in units.
const PATH_UNITS: usize = 15;

/// What an ad shows, by its format.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "snake_case")]
pub enum Creative {
    /// A responsive search ad: the platform shows some of its texts together.
    ResponsiveSearch(SearchAd),
}

/// The texts of a search ad. Their order says nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchAd {
    /// 3 to 15 headlines of at most 30 units.
    #[serde(deserialize_with = "bounded::list::<MAX_TEXTS, _, _>")]
    pub headlines: Vec<AdText>,
    /// 2 to 4 descriptions of at most 90 units.
    #[serde(deserialize_with = "bounded::list::<MAX_TEXTS, _, _>")]
    pub descriptions: Vec<AdText>,
    /// What stands behind the host in the address that is shown: at most two parts of at most 15
    /// units each.
    #[serde(default, deserialize_with = "bounded::list::<MAX_PATHS, _, _>")]
    pub paths: Vec<PathPart>,
    /// The page that the ad leads to.
    #[serde(deserialize_with = "bounded::foreign::<MAX_URL_CHARS, _>")]
    pub final_url: String,
}

/// One text of an ad.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdText {
    /// The words, byte for byte.
    #[serde(deserialize_with = "bounded::foreign::<MAX_TEXT_CHARS, _>")]
    pub text: String,
    /// The place at which alone it is shown, from 1; `None` leaves that to the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<u8>,
}

/// A part of a display path.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PathPart(
    /// The words, byte for byte.
    #[serde(deserialize_with = "bounded::foreign::<MAX_TEXT_CHARS, _>")]
    pub String,
);

/// The sorts of texts that an ad has, each with what a platform takes of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TextSort {
    /// A headline.
    Headline,
    /// A description.
    Description,
}

/// Why an ad cannot be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CreativeError {
    /// A text is empty.
    #[error("{} {position} is empty; write it or leave it out", sort.name())]
    Empty {
        /// Which sort of text.
        sort: TextSort,
        /// Which of them, from 1.
        position: usize,
    },
    /// A text is too long for its place.
    #[error(
        "{} {position} has {units} of at most {} characters, wide ones counted twice; shorten it", sort.name(), sort.max_units()
    )]
    TooLong {
        /// Which sort of text.
        sort: TextSort,
        /// Which of them, from 1.
        position: usize,
        /// How long it is, in units.
        units: usize,
    },
    /// A text hides something.
    #[error("{} {position} {error}", sort.name())]
    Hidden {
        /// Which sort of text.
        sort: TextSort,
        /// Which of them, from 1.
        position: usize,
        /// What it hides.
        error: TextError,
    },
    /// A text stands twice.
    #[error("{} {position} stands twice in the ad; write another one", sort.name())]
    Twice {
        /// Which sort of text.
        sort: TextSort,
        /// Which of them, from 1.
        position: usize,
    },
    /// A text is filled in by the platform when it is shown, so that nobody can sign for it.
    #[error("{} {position} holds braces, which the platform fills with words that nobody has signed; write the words", sort.name())]
    FilledIn {
        /// Which sort of text.
        sort: TextSort,
        /// Which of them, from 1.
        position: usize,
    },
    /// A place that there is not.
    #[error("{} {position} is pinned to a place that there is not; pin it to 1 to {}", sort.name(), sort.places())]
    Pin {
        /// Which sort of text.
        sort: TextSort,
        /// Which of them, from 1.
        position: usize,
    },
    /// A part of the display path cannot be shown.
    #[error(
        "a part of paths is empty, longer than 15 characters, or holds a slash, a space or something hidden; correct it"
    )]
    Path,
    /// The page's address is not one that people can judge.
    #[error(
        "final_url must be an address such as https://shop.example/sale: http or https, a host with a dot and without user, visible ASCII characters, no backslash"
    )]
    Url,
}

/// What a platform says of an ad: whether it was reviewed, and what came of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdStanding {
    /// It is being reviewed and may not be shown everywhere yet.
    InReview,
    /// It is not reviewed yet and may be shown.
    MayServe,
    /// Somebody has appealed against what the review found.
    UnderAppeal,
    /// It may be shown.
    Approved,
    /// It may be shown to some people only.
    Limited,
    /// It may be shown in some places only.
    LimitedByArea,
    /// It may not be shown.
    Disapproved,
    /// The platform says something that is not known here.
    Unknown,
}

/// A platform's review of an ad.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// How the ad stands.
    pub standing: AdStanding,
    /// The policy topics that it raises, in the platform's words.
    #[serde(deserialize_with = "bounded::list::<MAX_TOPICS, _, _>")]
    pub topics: Vec<Topic>,
}

/// A policy topic that an ad raises.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Topic(
    /// The platform's name for it.
    #[serde(deserialize_with = "bounded::foreign::<MAX_TOPIC_CHARS, _>")]
    pub String,
);

/// One ad of an ad group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AdKey {
    /// The ad group.
    pub ad_group: PlatformId,
    /// The ad in it.
    pub ad: PlatformId,
}

/// An ad group with its ads as the platform reports them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AdsState {
    /// The ad group's id.
    pub id: PlatformId,
    /// Its name.
    pub name: String,
    /// The platform's name of it, e.g. `customers/1/adGroups/2`.
    pub resource: String,
    /// Whether it runs, as long as its campaign does.
    pub status: CampaignStatus,
    /// Its ads, removed ones included, in the platform's order.
    pub ads: Vec<AdState>,
}

/// An ad as the platform reports it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AdState {
    /// Its id.
    pub id: PlatformId,
    /// The platform's name of it in its ad group, e.g. `customers/1/adGroupAds/2~3`.
    pub resource: String,
    /// Whether it runs, as long as its ad group does.
    pub status: CampaignStatus,
    /// What it shows; `None` of a format that is not known here.
    pub creative: Option<Creative>,
    /// What else it holds that another ad with the same texts would lose, in words.
    pub beyond: Option<&'static str>,
    /// The platform's review.
    pub review: Review,
}

impl TextSort {
    /// How many of them an ad has.
    #[must_use]
    pub const fn count(self) -> RangeInclusive<usize> {
        match self {
            Self::Headline => 3..=15,
            Self::Description => 2..=4,
        }
    }

    /// How long each may be, in units.
    #[must_use]
    pub const fn max_units(self) -> usize {
        match self {
            Self::Headline => 30,
            Self::Description => 90,
        }
    }

    /// How many places there are to pin one to.
    const fn places(self) -> u8 {
        match self {
            Self::Headline => 3,
            Self::Description => 2,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Headline => "headline",
            Self::Description => "description",
        }
    }

    const fn list(self) -> &'static str {
        match self {
            Self::Headline => "change.after.headlines",
            Self::Description => "change.after.descriptions",
        }
    }

    const fn field(self) -> Field {
        match self {
            Self::Headline => Field::Headline,
            Self::Description => Field::Description,
        }
    }
}

/// How long a text is as ad platforms count: a character that takes the room of two counts twice
/// (Unicode's East Asian Width, wide and fullwidth).
#[must_use]
pub fn units(text: &str) -> usize {
    let is_wide = |letter| {
        matches!(EastAsianWidth::for_char(letter), EastAsianWidth::Wide | EastAsianWidth::Fullwidth)
    };
    text.chars().map(|letter| if is_wide(letter) { 2 } else { 1 }).sum()
}

impl Creative {
    /// Every text that people may read in it, its display path included.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let Self::ResponsiveSearch(ad) = self;
        let texts = ad.headlines.iter().chain(&ad.descriptions).map(|text| text.text.as_str());
        texts.chain(ad.paths.iter().map(|part| part.0.as_str()))
    }

    /// The page that it leads to.
    #[must_use]
    pub fn final_url(&self) -> &str {
        let Self::ResponsiveSearch(ad) = self;
        &ad.final_url
    }

    /// The host of that page, in lower case; empty where there is none.
    #[must_use]
    pub fn host(&self) -> String {
        host(self.final_url()).unwrap_or_default().to_ascii_lowercase()
    }

    /// Whether that page is only reached by an encrypted connection.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.final_url().get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
    }

    /// Whether people could not tell the two apart: the order of texts says nothing.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let sorted = |texts: &[AdText]| {
            let mut texts = texts.to_vec();
            texts.sort();
            texts
        };
        let (Self::ResponsiveSearch(own), Self::ResponsiveSearch(other)) = (self, other);
        sorted(&own.headlines) == sorted(&other.headlines)
            && sorted(&own.descriptions) == sorted(&other.descriptions)
            && own.paths == other.paths
            && own.final_url == other.final_url
    }

    /// What differs: texts, the display path, the page, and last the places that texts are pinned
    /// to. What goes and what comes stand side by side in their order.
    #[must_use]
    pub fn diff(&self, other: &Self) -> Vec<DiffRow> {
        let (Self::ResponsiveSearch(own), Self::ResponsiveSearch(other)) = (self, other);
        let sorts = [
            (TextSort::Headline, &own.headlines, &other.headlines),
            (TextSort::Description, &own.descriptions, &other.descriptions),
        ];
        let mut rows: Vec<_> =
            sorts.iter().flat_map(|(sort, own, other)| texts_diff(*sort, own, other)).collect();
        if own.paths != other.paths {
            let [before, after] = [own, other].map(|ad| match ad.path().as_str() {
                "" => Value::Unset,
                path => Value::Text(path.into()),
            });
            rows.push(DiffRow::of(Field::DisplayPath, Some(before), after));
        }
        if own.final_url != other.final_url {
            let [before, after] = [own, other].map(|ad| Value::Text(ad.final_url.clone()));
            rows.push(DiffRow::of(Field::FinalUrl, Some(before), after));
        }
        rows.extend(sorts.iter().flat_map(|(_, own, other)| pins_diff(own, other)));
        rows
    }

    /// The texts that stand in both.
    pub fn kept<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a str> {
        let (Self::ResponsiveSearch(own), Self::ResponsiveSearch(other)) = (self, other);
        let both = [(&own.headlines, &other.headlines), (&own.descriptions, &other.descriptions)];
        both.into_iter()
            .flat_map(|(own, other)| own.iter().filter(|text| has(other, &text.text)))
            .map(|text| text.text.as_str())
    }

    /// Whether it can be asked for.
    ///
    /// # Errors
    /// The first thing that a platform would not take, or that people could not judge.
    pub fn check(&self) -> Result<(), DraftError> {
        let Self::ResponsiveSearch(ad) = self;
        check_texts(TextSort::Headline, &ad.headlines)?;
        check_texts(TextSort::Description, &ad.descriptions)?;
        let fits = |part: &PathPart| {
            (1..=PATH_UNITS).contains(&units(&part.0))
                && check_line(&part.0, MAX_TEXT_CHARS).is_ok()
                && !part.0.contains(|letter: char| {
                    letter.is_whitespace() || matches!(letter, '/' | '{' | '}')
                })
        };
        if ad.paths.len() > MAX_PATHS || !ad.paths.iter().all(fits) {
            return Err(CreativeError::Path.into());
        }
        let is_address = ad.final_url.len() <= MAX_URL_CHARS
            && ad.final_url.bytes().all(|byte| byte.is_ascii_graphic())
            && !ad.final_url.contains(['\\', '{', '}', '<', '>', '"'])
            && host(&ad.final_url).is_some_and(is_host);
        if is_address { Ok(()) } else { Err(CreativeError::Url.into()) }
    }
}

impl SearchAd {
    /// What stands behind the host in the address that is shown.
    #[must_use]
    pub fn path(&self) -> String {
        self.paths.iter().map(|part| part.0.as_str()).collect::<Vec<_>>().join("/")
    }
}

fn has(texts: &[AdText], text: &str) -> bool {
    texts.iter().any(|one| one.text == text)
}

fn texts_diff(sort: TextSort, own: &[AdText], other: &[AdText]) -> Vec<DiffRow> {
    let only = |these: &[AdText], those: &[AdText]| -> Vec<Value> {
        let missing = these.iter().filter(|text| !has(those, &text.text));
        missing.map(|text| Value::Text(text.text.clone())).collect()
    };
    let (mut gone, mut come) = (only(own, other), only(other, own));
    let rows = gone.len().max(come.len());
    gone.resize(rows, Value::Unset);
    come.resize(rows, Value::Unset);
    let row = |(before, after)| DiffRow::of(sort.field(), Some(before), after);
    gone.into_iter().zip(come).map(row).collect()
}

/// Rows of texts whose place is or was set. One that goes takes its place with it.
fn pins_diff(own: &[AdText], other: &[AdText]) -> Vec<DiffRow> {
    let value = |pin: Option<u8>| pin.map_or(Value::Unset, |pin| Value::Count(pin.into()));
    let moved = other.iter().filter_map(|text| {
        let before = own.iter().find(|one| one.text == text.text).and_then(|one| one.pin);
        (before != text.pin).then(|| DiffRow {
            subject: Some(text.text.clone()),
            field: Field::Pin,
            before: Some(value(before)),
            after: value(text.pin),
        })
    });
    moved.collect()
}

fn check_texts(sort: TextSort, texts: &[AdText]) -> Result<(), DraftError> {
    let (min, max) = (*sort.count().start(), *sort.count().end());
    if !sort.count().contains(&texts.len()) {
        return Err(DraftError::Count { name: sort.list(), min, max });
    }
    for (at, AdText { text, pin }) in texts.iter().enumerate() {
        let position = at + 1;
        if text.trim().is_empty() {
            return Err(CreativeError::Empty { sort, position }.into());
        }
        check_line(text, MAX_TEXT_CHARS).map_err(|error| CreativeError::Hidden {
            sort,
            position,
            error,
        })?;
        if text.contains(['{', '}']) {
            return Err(CreativeError::FilledIn { sort, position }.into());
        }
        let units = units(text);
        if units > sort.max_units() {
            return Err(CreativeError::TooLong { sort, position, units }.into());
        }
        let is_same = |other: &AdText| other.text.to_lowercase() == text.to_lowercase();
        if texts.iter().take(at).any(is_same) {
            return Err(CreativeError::Twice { sort, position }.into());
        }
        if pin.is_some_and(|pin| !(1..=sort.places()).contains(&pin)) {
            return Err(CreativeError::Pin { sort, position }.into());
        }
    }
    Ok(())
}

/// The host of an address, its port left out; `None` where people could take something else for
/// it.
fn host(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    if authority.contains('@') {
        return None;
    }
    Some(authority.split(':').next().unwrap_or_default())
}

fn is_host(host: &str) -> bool {
    let fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    host.contains('.') && host.split('.').all(fits)
}

impl AdsState {
    /// The ad of this id.
    #[must_use]
    pub fn ad(&self, id: &PlatformId) -> Option<&AdState> {
        self.ads.iter().find(|ad| ad.id == *id)
    }

    /// The ad that shows this: one that runs before one that does not, and none that is removed.
    #[must_use]
    pub fn showing(&self, creative: &Creative) -> Option<&AdState> {
        let shows = |ad: &&AdState| {
            ad.status.takes_changes()
                && ad.creative.as_ref().is_some_and(|own| own.is_same(creative))
        };
        let running = self.ads.iter().filter(shows).find(|ad| ad.status.may_spend());
        running.or_else(|| self.ads.iter().find(shows))
    }

    /// What is asked of an ad group before an ad in it is changed.
    pub(super) fn check(&self) -> Result<(), ChangeError> {
        if !self.status.takes_changes() {
            return Err(ChangeError::PartEnded("ad group"));
        }
        check_length(&self.name, MAX_NAME_CHARS)?;
        Ok(check_length(&self.resource, MAX_RESOURCE_CHARS)?)
    }
}

#[cfg(test)]
mod tests;
