//! People who are reached or left out: what the platform knows of them, what the agent says of
//! their consent and their region, and what the company knows.

use super::{
    Assessed, Entries, Moved, Named, Thing,
    criterion::{Audience, AudienceState, CriteriaState, Criterion, Standing},
    vetting::{MAX_SOURCE_CHARS, Region, Sale, Vetting},
};
use crate::{
    TimestampMs, bounded,
    change::{ChangeError, Facts, Window},
    draft::DraftError,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

/// Most regions that a claim can name.
pub const MAX_REGIONS: usize = 12;

/// What of people is nobody's business unless the law says so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// Their health.
    Health,
    /// Their origin.
    Race,
    /// What they think of politics.
    Politics,
    /// Whom they love.
    SexualOrientation,
    /// What they believe.
    Religion,
}

/// On what people may be addressed, as the agent says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentBasis {
    /// They have agreed.
    Consent,
    /// They have a contract with the advertiser.
    Contract,
    /// The advertiser's interest outweighs theirs.
    LegitimateInterest,
    /// The platform has asked them, and answers for it.
    Platform,
    /// Nobody knows.
    Unknown,
}

/// What an agent says of an audience. It is shown as its word, and can only make a change
/// stricter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudienceClaim {
    /// On what the people in it may be addressed.
    pub consent: ConsentBasis,
    /// Where they are; empty where nobody knows.
    #[serde(deserialize_with = "bounded::list::<MAX_REGIONS, _, _>")]
    pub regions: Vec<Region>,
    /// What it says of them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sensitive: BTreeSet<Attribute>,
    /// Whether they are about to buy.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shoppers: bool,
}

/// An audience that an agent asks for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedAudience {
    /// The audience.
    pub audience: Audience,
    /// What the agent says of it.
    pub claim: AudienceClaim,
}

/// An audience of a change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownAudience {
    /// The audience.
    pub audience: Audience,
    /// What the platform reported of it.
    pub state: AudienceState,
    /// What the agent says of it.
    pub claim: AudienceClaim,
    /// What the policy's data imply.
    #[serde(default)]
    pub assessment: AudienceAssessment,
}

/// What the policy's data said of an audience when the change was proposed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudienceAssessment {
    /// What it says of the people in it, by the company's own list or by its name.
    pub sensitive: BTreeSet<Attribute>,
    /// Whether they are about to buy, by the company's own list.
    pub shoppers: bool,
    /// Whether some of them are where consent alone counts, or nobody says where they are.
    pub needs_consent: bool,
    /// The sale that the change would last into; `None` where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "bounded::optional_text::<MAX_SOURCE_CHARS, _>")]
    pub sale: Option<String>,
    /// Who has looked at it; `None` where nobody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "bounded::optional_text::<MAX_SOURCE_CHARS, _>")]
    pub source: Option<String>,
}

impl Attribute {
    /// Every attribute.
    pub const ALL: [Self; 5] =
        [Self::Health, Self::Race, Self::Politics, Self::SexualOrientation, Self::Religion];
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Health => "health",
            Self::Race => "race",
            Self::Politics => "politics",
            Self::SexualOrientation => "sexual_orientation",
            Self::Religion => "religion",
        })
    }
}

impl KnownAudience {
    /// What it says of the people in it, whoever says so: a claim can add and never take away.
    #[must_use]
    pub fn sensitive(&self) -> BTreeSet<Attribute> {
        self.claim.sensitive.union(&self.assessment.sensitive).copied().collect()
    }

    /// Whether they are about to buy, whoever says so.
    #[must_use]
    pub const fn are_shoppers(&self) -> bool {
        self.claim.shoppers || self.assessment.shoppers
    }

    /// Whether nobody says that they have agreed, where that alone counts. Segments of the
    /// platform are its own to answer for.
    #[must_use]
    pub fn lacks_consent(&self) -> bool {
        let is_own = matches!(self.audience, Audience::UserList(_));
        let is_platforms = !is_own && self.claim.consent == ConsentBasis::Platform;
        self.assessment.needs_consent
            && self.claim.consent != ConsentBasis::Consent
            && !is_platforms
    }
}

impl Named for KnownAudience {
    fn criterion(&self) -> Criterion {
        Criterion::Audience(self.audience.clone())
    }
}

impl Named for AskedAudience {
    fn criterion(&self) -> Criterion {
        Criterion::Audience(self.audience.clone())
    }
}

impl Thing for KnownAudience {
    type Asked = AskedAudience;

    fn check_asked(asked: &AskedAudience, in_ad_group: bool) -> Result<(), DraftError> {
        if matches!(asked.audience, Audience::UserInterest(_)) && !in_ad_group {
            return Err(DraftError::Set(
                "ad_group_id: the platform takes segments at ad groups only; name one",
            ));
        }
        let regions: BTreeSet<_> = asked.claim.regions.iter().collect();
        if regions.len() < asked.claim.regions.len() {
            return Err(DraftError::Set("entries: name each region once"));
        }
        Ok(())
    }

    fn of_asked(asked: &AskedAudience, found: &CriteriaState) -> Result<Self, ChangeError> {
        let state =
            found.audiences.get(&asked.audience).ok_or(ChangeError::NotThere("audience"))?;
        state.check()?;
        Ok(Self {
            audience: asked.audience.clone(),
            state: state.clone(),
            claim: asked.claim.clone(),
            assessment: AudienceAssessment::default(),
        })
    }

    fn check(&self, after: Standing) -> Result<(), ChangeError> {
        if after == Standing::Targeted && self.state.is_open == Some(false) {
            return Err(ChangeError::Closed);
        }
        self.state.check()
    }

    /// Its name, and its id behind it, because two may have one name.
    fn label(&self) -> String {
        format!("{} \u{b7} {}", self.state.name, self.audience.key())
    }

    fn assessed(&self, vetting: &Vetting, by: &Assessed<'_>) -> Self {
        let key = format!("{}/{}", by.entity.account_id, self.audience.key());
        let record = vetting.audiences.get(&key);
        let name = self.state.name.to_lowercase();
        let hinted = vetting.sensitive_words.iter().filter(|(_, words)| words.are_in(&name));
        let listed = record.into_iter().flat_map(|record| &record.sensitive);
        let nowhere = self.claim.regions.is_empty() && !vetting.consent_regions.is_empty();
        let assessment = AudienceAssessment {
            sensitive: hinted.map(|(attribute, _)| attribute).chain(listed).copied().collect(),
            shoppers: record.is_some_and(|record| record.shoppers),
            needs_consent: nowhere
                || self.claim.regions.iter().any(|one| vetting.consent_regions.contains(one)),
            sale: sale(&vetting.sales, by.at, by.window),
            source: record.map(|record| record.source.clone()),
        };
        Self { assessment, ..self.clone() }
    }

    fn facts(things: &Entries<Moved<Self>>) -> Facts {
        let mut facts = Facts::default();
        for Moved { of, .. } in things.iter() {
            facts.audiences += 1;
            facts.sensitive_audiences += u32::from(!of.sensitive().is_empty());
            facts.audiences_without_consent += u32::from(of.lacks_consent());
            let in_sale = of.are_shoppers() && of.assessment.sale.is_some();
            facts.shoppers_in_sale += u32::from(in_sale);
            facts.audiences_of_unknown_size += u32::from(of.state.size().is_none());
            let smallest = facts.smallest_audience.into_iter().chain(of.state.size()).min();
            facts.smallest_audience = smallest;
        }
        facts
    }

    fn member(moved: &Moved<Self>) -> super::Member {
        super::Member::Audience(moved.clone())
    }
}

/// The first sale that a change made at `at` would last into. One without a window lasts until
/// somebody takes it back, and so into every sale that is not over.
fn sale(sales: &[Sale], at: TimestampMs, window: Option<Window>) -> Option<String> {
    let day = |moment: TimestampMs| moment.rfc3339().get(..10).map(str::to_owned);
    let (today, end) = (day(at)?, window.and_then(|window| day(window.ends_at_ms.plus_ms(-1))));
    let reaches =
        |sale: &&Sale| sale.last >= today && end.as_ref().is_none_or(|end| sale.first <= *end);
    sales.iter().filter(reaches).min_by_key(|sale| &sale.first).map(|sale| sale.name.clone())
}
