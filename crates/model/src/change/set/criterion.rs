//! What a campaign or an ad group reaches and leaves out: places and people, in no platform's
//! own words, and what a platform reports of each that a change names.

use crate::{
    bounded,
    change::{CampaignStatus, ChangeError, MAX_NAME_CHARS, MAX_RESOURCE_CHARS},
    entity::PlatformId,
    text::check_length,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Longest content of a place, in bytes: Google's longest address of a placement.
pub const MAX_PLACE_BYTES: usize = 250;

/// Where ads are shown.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A site, or a part of one: its host in small letters, without `www.`, and a path.
    Site(#[serde(deserialize_with = "bounded::line::<MAX_PLACE_BYTES, _>")] String),
    /// An app, by its store: `1-` and the App Store's id, `2-` and the package.
    App(#[serde(deserialize_with = "bounded::line::<MAX_PLACE_BYTES, _>")] String),
    /// A channel of YouTube.
    YoutubeChannel(#[serde(deserialize_with = "bounded::line::<MAX_PLACE_BYTES, _>")] String),
    /// A video of YouTube.
    YoutubeVideo(#[serde(deserialize_with = "bounded::line::<MAX_PLACE_BYTES, _>")] String),
}

/// The people who are reached.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// A list of the account's own.
    UserList(PlatformId),
    /// A segment that the platform makes, by what people are interested in.
    UserInterest(PlatformId),
}

/// One thing that can be targeted and excluded.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Criterion {
    /// Where.
    Place(Place),
    /// Who.
    Audience(Audience),
}

/// How a campaign or an ad group stands to such a thing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It does not name it.
    Absent,
    /// It targets it, with nothing of its own beside that.
    Targeted,
    /// It excludes it.
    Excluded,
    /// It targets it with a bid, a modifier or a pause of its own, none of which could be put
    /// back.
    OwnSettings,
}

impl Place {
    /// Its content as the platform writes it.
    #[must_use]
    pub fn content(&self) -> &str {
        match self {
            Self::Site(content)
            | Self::App(content)
            | Self::YoutubeChannel(content)
            | Self::YoutubeVideo(content) => content,
        }
    }

    /// Its name in the policy's data, e.g. `site:news.example`.
    #[must_use]
    pub fn key(&self) -> String {
        let sort = match self {
            Self::Site(_) => "site",
            Self::App(_) => "app",
            Self::YoutubeChannel(_) => "youtube_channel",
            Self::YoutubeVideo(_) => "youtube_video",
        };
        format!("{sort}:{}", self.content())
    }

    /// The place of such a name; `None` of a name of no sort.
    #[must_use]
    pub fn named(key: &str) -> Option<Self> {
        let (sort, content) = key.split_once(':')?;
        let content = content.to_owned();
        match sort {
            "site" => Some(Self::Site(content)),
            "app" => Some(Self::App(content)),
            "youtube_channel" => Some(Self::YoutubeChannel(content)),
            "youtube_video" => Some(Self::YoutubeVideo(content)),
            _ => None,
        }
    }

    /// The places that it is a part of, the nearest first: of `a.news.example/x` these are
    /// `a.news.example` and `news.example`.
    pub(super) fn wider(&self) -> Vec<Self> {
        let Self::Site(site) = self else { return vec![] };
        let (mut host, path) = site.split_once('/').unwrap_or((site, ""));
        let mut wider: Vec<Self> = path
            .match_indices('/')
            .rev()
            .map(|(end, _)| Self::Site(format!("{host}/{}", &path[..end])))
            .collect();
        if !path.is_empty() {
            wider.push(Self::Site(host.into()));
        }
        while let Some((_, parent)) = host.split_once('.').filter(|(_, rest)| rest.contains('.')) {
            wider.push(Self::Site(parent.into()));
            host = parent;
        }
        wider
    }

    /// Whether it is written in the one way in which it is compared: the same place twice is
    /// then the same bytes twice.
    #[must_use]
    pub fn is_normal(&self) -> bool {
        let content = self.content();
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let fits = (1..=MAX_PLACE_BYTES).contains(&content.len())
            && content.bytes().all(|byte| byte.is_ascii_graphic());
        fits && match self {
            Self::Site(site) => is_site(site),
            Self::App(app) => {
                let of = |store| app.strip_prefix(store).filter(|id: &&str| !id.is_empty());
                of("1-").is_some_and(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
                    || of("2-").is_some_and(|id| id.bytes().all(|b| is_word(b) || b == b'.'))
            }
            Self::YoutubeChannel(id) => {
                id.len() == 24 && id.starts_with("UC") && id.bytes().all(is_word)
            }
            Self::YoutubeVideo(id) => id.len() == 11 && id.bytes().all(is_word),
        }
    }
}

/// A host of two labels or more in small letters, without `www.`, and perhaps a path.
fn is_site(site: &str) -> bool {
    let host = site.split('/').next().unwrap_or_default();
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let path = site.get(host.len()..).unwrap_or_default();
    host.contains('.')
        && host.split('.').all(is_label)
        && !host.starts_with("www.")
        && !path.ends_with('/')
        && !path.contains("//")
        && !path.contains(['?', '#', '%', '\\'])
        && !path.bytes().any(|byte| byte.is_ascii_uppercase())
}

impl Audience {
    /// Its id.
    #[must_use]
    pub const fn id(&self) -> &PlatformId {
        match self {
            Self::UserList(id) | Self::UserInterest(id) => id,
        }
    }

    /// Its name in the policy's data within an account, e.g. `user_list:9000000001`.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::UserList(id) => format!("user_list:{id}"),
            Self::UserInterest(id) => format!("user_interest:{id}"),
        }
    }
}

impl Criterion {
    /// Its name in the policy's data, and among the entries of a set.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Place(place) => place.key(),
            Self::Audience(audience) => audience.key(),
        }
    }
}

impl Standing {
    /// Whether ads may be shown there, or to them.
    #[must_use]
    pub const fn is_reached(self) -> bool {
        matches!(self, Self::Targeted | Self::OwnSettings)
    }
}

/// An ad group that a change is about, as the platform reported it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CriteriaGroup {
    /// Its id.
    pub id: PlatformId,
    /// Its name as the platform gave it, byte for byte.
    #[serde(deserialize_with = "bounded::foreign::<MAX_NAME_CHARS, _>")]
    pub name: String,
    /// The platform's name of it, which is what is written, e.g. `customers/1/adGroups/2`.
    #[serde(deserialize_with = "bounded::foreign::<MAX_RESOURCE_CHARS, _>")]
    pub resource: String,
    /// Whether it runs.
    pub status: CampaignStatus,
}

/// What is read beside a campaign for a change of what it reaches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CriteriaPart {
    /// The ad group, where it is not the campaign itself that names them.
    pub ad_group: Option<PlatformId>,
    /// The things whose standing is asked for.
    pub of: BTreeSet<Criterion>,
}

/// What a platform reports of that.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CriteriaState {
    /// The ad group, where one was asked for.
    pub ad_group: Option<CriteriaGroup>,
    /// How each thing stands; every one that was asked for is there.
    pub standing: BTreeMap<Criterion, Standing>,
    /// What is known of each audience that there is.
    pub audiences: BTreeMap<Audience, AudienceState>,
}

/// An audience as the platform reports it. Sizes are the platform's estimates.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudienceState {
    /// Its name, byte for byte.
    #[serde(deserialize_with = "bounded::foreign::<MAX_AUDIENCE_CHARS, _>")]
    pub name: String,
    /// What the platform makes it of, in its own code, e.g. `RULE_BASED`.
    #[serde(deserialize_with = "bounded::foreign::<MAX_CODE_CHARS, _>")]
    pub made_of: String,
    /// How many people ads can reach on sites; `None` where the platform does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_for_display: Option<u64>,
    /// How many on search.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_for_search: Option<u64>,
    /// Whether people still join it; `None` where the platform does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_open: Option<bool>,
    /// For how many days somebody stays in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stays_days: Option<u32>,
}

/// Longest name of an audience, in characters: Google's longest of a user list.
pub const MAX_AUDIENCE_CHARS: usize = 255;
/// Longest code of a platform, in characters.
pub const MAX_CODE_CHARS: usize = 64;

impl AudienceState {
    /// The smaller of its sizes that are known: what one of the two ways to reach it comes to.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.size_for_display.into_iter().chain(self.size_for_search).min()
    }

    pub(super) fn check(&self) -> Result<(), ChangeError> {
        check_length(&self.name, MAX_AUDIENCE_CHARS)?;
        Ok(check_length(&self.made_of, MAX_CODE_CHARS)?)
    }
}

impl CriteriaState {
    /// Whether this is what was asked for.
    #[must_use]
    pub fn is_of(&self, part: &CriteriaPart) -> bool {
        self.ad_group.as_ref().map(|group| &group.id) == part.ad_group.as_ref()
            && part.of.iter().all(|one| self.standing.contains_key(one))
    }
}

impl CriteriaGroup {
    /// What every change of what an ad group reaches asks of it.
    pub(super) fn check(&self) -> Result<(), ChangeError> {
        if !self.status.takes_changes() {
            return Err(ChangeError::PartEnded("ad group"));
        }
        check_length(&self.name, MAX_NAME_CHARS)?;
        Ok(check_length(&self.resource, MAX_RESOURCE_CHARS)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_in_one_way() {
        let site = |text: &str| Place::Site(text.into());
        for normal in ["news.example", "a.b-c.example", "xn--bcher-kva.example", "news.example/x/y"]
        {
            assert!(site(normal).is_normal(), "{normal}");
        }
        for odd in [
            "",
            "example",
            "News.example",
            "www.news.example",
            "https://news.example",
            "news.example/",
            "news.example//x",
            "news example",
            "b\u{fc}cher.example",
            "-a.example",
            "a..example",
            "news.example/X",
            "news.example?x",
            ".example",
        ] {
            assert!(!site(odd).is_normal(), "{odd}");
        }
        let long = format!("news.example/{}", "x".repeat(MAX_PLACE_BYTES));
        assert!(!site(&long).is_normal());
        for (place, is_normal) in [
            (Place::App("2-com.example.game".into()), true),
            (Place::App("1-476943146".into()), true),
            (Place::App("1-com.example".into()), false),
            (Place::App("3-com.example".into()), false),
            (Place::App("2-".into()), false),
            (Place::YoutubeChannel("UCabcdefghijklmnopqrstuv".into()), true),
            (Place::YoutubeChannel("UCabc".into()), false),
            (Place::YoutubeVideo("abcdefghij-".into()), true),
            (Place::YoutubeVideo("abcdefghij~".into()), false),
        ] {
            assert_eq!(place.is_normal(), is_normal, "{place:?}");
        }
    }

    #[test]
    fn a_place_is_a_part_of_wider_ones() {
        let wider = |text: &str| {
            let of: Vec<_> = Place::Site(text.into()).wider();
            of.iter().map(|place| place.content().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            wider("a.b.example/x/y"),
            ["a.b.example/x", "a.b.example", "b.example"].map(str::to_owned)
        );
        assert_eq!(wider("news.example"), Vec::<String>::new());
        assert!(Place::App("2-a.b.c".into()).wider().is_empty());
    }
}
