//! Let another ad run in place of one: the one that runs is paused, and the other is created, or
//! enabled where the ad group has one with the same texts. Both are one write.
//!
//! Ads cannot be rewritten in place without losing what was shown before, and creating one twice
//! makes two. So the change holds both ads in full, a new one has no name yet, and it is
//! recognised by what it shows ([`Creative::is_same`]).

use super::{
    AdKey, AdStanding, AdState, Asks, CampaignStatus, ChangeError, Creative, DiffRow, Direction,
    EntityState, Facts, Field, MAX_NAME_CHARS, MAX_RESOURCE_CHARS, Mutation, Part, PartKind,
    PartName, PartState, Review, SampleError, Spend,
    creative::{AdText, SearchAd, Topic},
    kind::{Kind, only, sample_entity},
    state::NextAd,
};
use crate::{
    EntityRef, Money, TimestampMs, bounded,
    confirm::{Label, Language, Sheet},
    draft::DraftError,
    entity::PlatformId,
    money::MoneyError,
    text::{check_length, printable},
};
use serde::{Deserialize, Serialize};

/// Most flags that an agent may raise about its own texts.
const MAX_POLICY_FLAGS: usize = 10;
/// Longest of them, in characters.
const MAX_FLAG_CHARS: usize = 64;

/// Pause one ad of an ad group and let another one run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreativeSwap {
    /// The campaign.
    pub entity: EntityRef,
    /// The campaign's name as the platform gave it when `before` was read, byte for byte.
    #[serde(deserialize_with = "bounded::foreign::<MAX_NAME_CHARS, _>")]
    pub campaign_name: String,
    /// Whether the campaign runs.
    pub status: CampaignStatus,
    /// The ad group that both ads are in.
    pub ad_group: Box<SwapGroup>,
    /// The ad that ran when this was proposed.
    pub old: Box<OldAd>,
    /// The ad that is to run instead.
    pub new: Box<NewAd>,
    /// What the agent itself says of the new texts; it can only make the rules stricter.
    #[serde(deserialize_with = "bounded::list::<MAX_POLICY_FLAGS, _, _>")]
    pub policy_flags: Vec<PolicyFlag>,
    /// Which of the two ran, as the platform reported.
    pub before: Runs,
    /// Which of the two shall run.
    pub after: Runs,
}

/// The ad group of two ads.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwapGroup {
    /// Its id.
    pub id: PlatformId,
    /// Its name as the platform gave it, byte for byte.
    #[serde(deserialize_with = "bounded::foreign::<MAX_NAME_CHARS, _>")]
    pub name: String,
    /// The platform's name of it, e.g. `customers/1/adGroups/2`.
    #[serde(deserialize_with = "bounded::foreign::<MAX_RESOURCE_CHARS, _>")]
    pub resource: String,
    /// Whether it runs.
    pub status: CampaignStatus,
}

/// How a platform calls an ad.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdName {
    /// Its id.
    pub id: PlatformId,
    /// Its name in its ad group, which is what is written, e.g. `customers/1/adGroupAds/2~3`.
    #[serde(deserialize_with = "bounded::foreign::<MAX_RESOURCE_CHARS, _>")]
    pub resource: String,
}

/// The ad that ran.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OldAd {
    /// How the platform calls it.
    pub ad: AdName,
    /// What it shows, as the platform gave it, byte for byte.
    pub creative: Creative,
    /// What the platform's review says of it.
    pub review: Review,
}

/// The ad that is to run instead.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAd {
    /// How the platform calls it; `None` as long as it has no such ad.
    pub ad: Option<AdName>,
    /// What it shows.
    pub creative: Creative,
    /// What the platform's review says of it; `None` as long as there is no such ad.
    pub review: Option<Review>,
}

/// A flag that an agent raises about its own texts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PolicyFlag(
    /// A word or two.
    #[serde(deserialize_with = "bounded::line::<MAX_FLAG_CHARS, _>")]
    pub String,
);

/// Whether each of two ads runs; `None` where there is no such ad.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runs {
    /// The ad that ran when this was proposed.
    pub old: Option<CampaignStatus>,
    /// The other one.
    pub new: Option<CampaignStatus>,
}

/// Another ad in place of one that runs, with the texts that the agent believes to run now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreativeDraft {
    /// The campaign.
    pub entity: EntityRef,
    /// The ad group.
    pub ad_group_id: PlatformId,
    /// The ad in it that runs now.
    pub ad_id: PlatformId,
    /// What the agent read of it; refused when the platform says otherwise.
    pub before: Creative,
    /// What shall be shown instead.
    pub after: Creative,
    /// What the agent itself says of the new texts.
    #[serde(default, deserialize_with = "bounded::list::<MAX_POLICY_FLAGS, _, _>")]
    pub policy_flags: Vec<PolicyFlag>,
}

impl Runs {
    const OLD: Self =
        Self { old: Some(CampaignStatus::Enabled), new: Some(CampaignStatus::Paused) };
    const NEW: Self =
        Self { old: Some(CampaignStatus::Paused), new: Some(CampaignStatus::Enabled) };
}

impl Kind for CreativeSwap {
    type Draft = CreativeDraft;

    const OFFER: &'static str = "Drafts another ad in place of one that runs: the new one is created and the old one paused.";

    /// Texts have no day on which they end by themselves.
    const HAS_WINDOW: bool = false;

    /// Nobody can judge from texts alone why they should be other ones.
    const NEEDS_COUNTERFACTUAL: bool = true;

    fn entity(&self) -> &EntityRef {
        &self.entity
    }

    fn part(&self) -> Option<Part> {
        Some(Part::Ad(AdKey { ad_group: self.ad_group.id.clone(), ad: self.old.ad.id.clone() }))
    }

    fn draft_part(draft: &CreativeDraft) -> Option<Part> {
        Some(Part::Ad(AdKey { ad_group: draft.ad_group_id.clone(), ad: draft.ad_id.clone() }))
    }

    fn part_name(&self) -> Option<PartName> {
        Some(PartName { kind: PartKind::AdGroup, name: self.ad_group.name.clone() })
    }

    fn subject(&self) -> &str {
        &self.campaign_name
    }

    /// The old ad, both ways: two changes that put different ads in its place meet.
    fn resource(&self) -> &str {
        &self.old.ad.resource
    }

    fn status(&self) -> CampaignStatus {
        self.status
    }

    /// What may be spent stays as it is.
    fn direction(&self) -> Direction {
        Direction::None
    }

    fn spend(&self) -> Option<Spend> {
        None
    }

    fn stake(&self) -> Result<Option<Money>, MoneyError> {
        Ok(None)
    }

    fn facts(&self) -> Facts {
        let (from, to) = self.swapped();
        let texts = self
            .diff()
            .iter()
            .filter(|row| matches!(row.field, Field::Headline | Field::Description))
            .count();
        Facts {
            texts_changed: u32::try_from(texts).ok(),
            landing_host_changes: from.host() != to.host(),
            landing_loses_encryption: from.is_encrypted() && !to.is_encrypted(),
            platform_review: Some(self.old.review.standing),
            policy_flags: u32::try_from(self.policy_flags.len()).unwrap_or(u32::MAX),
            ..Facts::default()
        }
    }

    fn texts(&self) -> Vec<&str> {
        self.swapped().1.texts().collect()
    }

    fn diff(&self) -> Vec<DiffRow> {
        let (from, to) = self.swapped();
        from.diff(to)
    }

    fn swap(&self) -> Option<Swap> {
        let old = Shown {
            ad: Some(self.old.ad.clone()),
            creative: self.old.creative.clone(),
            review: Some(self.old.review.clone()),
        };
        let NewAd { ad, creative, review } = (*self.new).clone();
        let new = Shown { ad, creative, review };
        Some(if self.runs_new() {
            Swap { from: old, to: new }
        } else {
            Swap { from: new, to: old }
        })
    }

    fn noun(&self, language: Language) -> &'static str {
        match (self.runs_new(), language) {
            (true, Language::En) => "another ad",
            (false, Language::En) => "the earlier ad",
            (true, Language::De) => "Andere Anzeige",
            (false, Language::De) => "Frühere Anzeige",
        }
    }

    fn context(&self, sheet: &mut Sheet) {
        sheet.unless_running(self.status);
        sheet.foreign(Label::AdGroup, &self.ad_group.name);
        let Some(Swap { from, to }) = self.swap() else { return };
        if let Some(ad) = &from.ad {
            sheet.foreign(Label::AdPaused, &ad.resource);
        }
        match &to.ad {
            Some(ad) => sheet.foreign(Label::AdRuns, &ad.resource),
            None => sheet.new_ad(),
        }
        sheet.standing(self.old.review.standing);
        if !self.old.review.topics.is_empty() {
            let topics = self.old.review.topics.iter().map(|topic| topic.0.as_str());
            sheet.foreign(Label::PolicyTopics, &topics.collect::<Vec<_>>().join(", "));
        }
        for flag in &self.policy_flags {
            sheet.foreign(Label::AgentFlag, &flag.0);
        }
        for text in from.creative.kept(&to.creative) {
            sheet.foreign(Label::TextKept, text);
        }
        if from.creative.final_url() == to.creative.final_url() {
            sheet.foreign(Label::FinalUrl, to.creative.final_url());
        }
    }

    fn check(&self) -> Result<(), ChangeError> {
        self.status.check()?;
        if !self.ad_group.status.takes_changes() {
            return Err(ChangeError::PartEnded("ad group"));
        }
        let one_of = [Runs::OLD, Runs { new: None, ..Runs::OLD }];
        let fits = match (self.before, self.after) {
            (before, Runs::NEW) if one_of.contains(&before) => {
                // What is created is one that can be asked for; what is there was taken once.
                before.new.is_some() == self.new.ad.is_some()
                    && (self.new.ad.is_some() || self.new.creative.check().is_ok())
            }
            // The way back pauses an ad, and that one has a name.
            (Runs::NEW, Runs::OLD) => self.new.ad.is_some(),
            _ => false,
        };
        if fits && !self.diff().is_empty() { Ok(()) } else { Err(ChangeError::State) }
    }

    /// `None` for the way back of an ad of which the name is not known yet.
    fn mutation(&self) -> Option<Mutation> {
        let new = self.new.ad.as_ref().map(|ad| ad.resource.clone());
        let old = self.old.ad.resource.clone();
        let ad_group = self.ad_group.resource.clone();
        Some(if self.runs_new() {
            let run = new.map_or_else(|| NextAd::Create(self.new.creative.clone()), NextAd::Enable);
            Mutation::SwapAds { ad_group, pause: old, run }
        } else {
            Mutation::SwapAds { ad_group, pause: new?, run: NextAd::Enable(old) }
        })
    }

    /// An ad that has a name is looked for by that, a new one by what it shows. Without its part
    /// both are gone.
    fn seen_in(&self, state: &EntityState) -> Self {
        let ads = state.part.as_ref().and_then(PartState::ads);
        let old = ads.and_then(|ads| ads.ad(&self.old.ad.id));
        let new = ads.and_then(|ads| match &self.new.ad {
            Some(ad) => ads.ad(&ad.id),
            None => ads.showing(&self.new.creative),
        });
        let group = SwapGroup {
            name: self.ad_group.name.clone(),
            resource: ads
                .map_or_else(String::new, |ads| printable(&ads.resource, MAX_RESOURCE_CHARS)),
            id: ads.map_or_else(|| self.ad_group.id.clone(), |ads| ads.id.clone()),
            status: ads.map_or(CampaignStatus::Removed, |ads| ads.status),
        };
        Self {
            entity: state.entity.clone(),
            campaign_name: self.campaign_name.clone(),
            status: state.status,
            ad_group: Box::new(group),
            old: Box::new(old.map_or_else(|| (*self.old).clone(), |ad| self.old.seen_as(ad))),
            new: Box::new(new.map_or_else(|| (*self.new).clone(), |ad| self.new.seen_as(ad))),
            policy_flags: self.policy_flags.clone(),
            before: self.before,
            after: Runs { old: old.map(|ad| ad.status), new: new.map(|ad| ad.status) },
        }
    }

    fn is_held_by(&self, held: &Self) -> bool {
        self.after == held.after && self.is_about_same(held)
    }

    /// Whether the campaign and the ad group run is not written; that they can is asked.
    fn is_unmade_in(&self, held: &Self) -> bool {
        let can_run = held.status.takes_changes() && held.ad_group.status.takes_changes();
        self.before == held.after && can_run && self.is_about_same(held)
    }

    /// Of texts nobody may sign a part.
    fn is_covered_by(&self, ceiling: &Self) -> bool {
        self == ceiling
    }

    /// The old ad runs again and the new one is paused. What is removed at a platform cannot come
    /// back, so the new ad stays as a paused one. Made from what was read back, it knows the new
    /// ad's name.
    fn inverse(&self) -> Self {
        let (before, after) =
            if self.runs_new() { (Runs::NEW, Runs::OLD) } else { (Runs::OLD, Runs::NEW) };
        Self { before, after, ..self.clone() }
    }

    /// An edited text is another ad, and gets a round of its own.
    fn asks(&self) -> Asks {
        Asks { texts: true, ..Asks::default() }
    }

    fn entities(draft: &CreativeDraft) -> Vec<&EntityRef> {
        vec![&draft.entity]
    }

    fn check_draft(draft: &CreativeDraft) -> Result<(), DraftError> {
        if draft.before.diff(&draft.after).is_empty() {
            return Err(DraftError::NoChange);
        }
        if draft.policy_flags.iter().any(|flag| flag.0.trim().is_empty()) {
            return Err(DraftError::Empty("change.policy_flags"));
        }
        draft.after.check()
    }

    fn of_draft(draft: &CreativeDraft, states: &[EntityState]) -> Result<Self, ChangeError> {
        let state = only(states)?;
        state.check(&[])?;
        let found = state.part.as_ref().and_then(PartState::ads);
        let ads = found.ok_or(ChangeError::NoPart("ad"))?;
        ads.check()?;
        let ad = ads.ad(&draft.ad_id).ok_or(ChangeError::NoPart("ad"))?;
        let old = OldAd::of(ad)?;
        if let Some(row) = old.creative.diff(&draft.before).first() {
            return Err(ChangeError::BeforeMoved(row.field));
        }
        let known = ads.showing(&draft.after);
        if known.is_some_and(|ad| ad.status.may_spend()) {
            return Err(ChangeError::AdRuns);
        }
        Ok(Self {
            entity: draft.entity.clone(),
            campaign_name: state.name.clone(),
            status: state.status,
            ad_group: Box::new(SwapGroup {
                id: ads.id.clone(),
                name: ads.name.clone(),
                resource: ads.resource.clone(),
                status: ads.status,
            }),
            old: Box::new(old),
            new: Box::new(NewAd {
                ad: known.map(AdName::of).transpose()?,
                creative: draft.after.clone(),
                review: known.map(|ad| ad.review.clone()),
            }),
            policy_flags: draft.policy_flags.clone(),
            before: Runs { old: Some(ad.status), new: known.map(|ad| ad.status) },
            after: Runs::NEW,
        })
    }

    fn sample(_: TimestampMs) -> Result<Self, SampleError> {
        let id = |text| PlatformId::parse(text).map_err(|_| SampleError);
        let texts = |texts: &[&str]| -> Vec<AdText> {
            texts.iter().map(|text| AdText { text: (*text).into(), pin: None }).collect()
        };
        let creative = |first: &str, description: &str| {
            Creative::ResponsiveSearch(SearchAd {
                headlines: texts(&[first, "Practice shop", "Nothing here is sold"]),
                descriptions: texts(&[description, "These texts are made up for practice."]),
                paths: vec![],
                final_url: "https://practice.example.com/spring".into(),
            })
        };
        Ok(Self {
            entity: sample_entity()?,
            campaign_name: "practice_spring_sale".into(),
            status: CampaignStatus::Enabled,
            ad_group: Box::new(SwapGroup {
                id: id("4001")?,
                name: "practice_spring_sale group".into(),
                resource: "customers/1000000001/adGroups/4001".into(),
                status: CampaignStatus::Enabled,
            }),
            old: Box::new(OldAd {
                ad: AdName {
                    id: id("5001")?,
                    resource: "customers/1000000001/adGroupAds/4001~5001".into(),
                },
                creative: creative("Rain jackets", "Jackets for every weather."),
                review: Review {
                    standing: AdStanding::Limited,
                    topics: vec![Topic("CLOTHING".into())],
                },
            }),
            new: Box::new(NewAd {
                ad: None,
                creative: creative("Light rain jackets", "Jackets that fit into a pocket."),
                review: None,
            }),
            policy_flags: vec![],
            before: Runs { new: None, ..Runs::OLD },
            after: Runs::NEW,
        })
    }
}

/// An ad as people see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    /// How the platform calls it; `None` of one that there is not yet.
    pub ad: Option<AdName>,
    /// What it shows.
    pub creative: Creative,
    /// What the platform's review says of it.
    pub review: Option<Review>,
}

/// Two ads, of which one takes the other's place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Swap {
    /// The ad that is paused.
    pub from: Shown,
    /// The ad that runs.
    pub to: Shown,
}

impl CreativeSwap {
    /// Whether it is the new ad that shall run, and not the earlier one again.
    fn runs_new(&self) -> bool {
        self.after.new.is_some_and(CampaignStatus::may_spend)
    }

    /// What is shown now and what shall be.
    fn swapped(&self) -> (&Creative, &Creative) {
        let (old, new) = (&self.old.creative, &self.new.creative);
        if self.runs_new() { (old, new) } else { (new, old) }
    }

    /// Whether both are about the same two ads, and these show the same. A review goes on by
    /// itself, and a new ad gets its name by being made.
    fn is_about_same(&self, held: &Self) -> bool {
        self.entity == held.entity
            && self.campaign_name == held.campaign_name
            && self.policy_flags == held.policy_flags
            && self.before == held.before
            && SwapGroup { status: held.ad_group.status, ..(*self.ad_group).clone() }
                == *held.ad_group
            && self.old.ad == held.old.ad
            && self.old.creative.is_same(&held.old.creative)
            && self.new.creative.is_same(&held.new.creative)
            && (self.new.ad.is_none() || self.new.ad == held.new.ad)
    }
}

impl AdName {
    fn of(ad: &AdState) -> Result<Self, ChangeError> {
        check_length(&ad.resource, MAX_RESOURCE_CHARS)?;
        Ok(Self { id: ad.id.clone(), resource: ad.resource.clone() })
    }

    fn seen_as(ad: &AdState) -> Self {
        Self { id: ad.id.clone(), resource: printable(&ad.resource, MAX_RESOURCE_CHARS) }
    }
}

impl OldAd {
    /// The ad that runs and whose place another one can take.
    fn of(ad: &AdState) -> Result<Self, ChangeError> {
        match ad.status {
            CampaignStatus::Enabled => {}
            CampaignStatus::Removed => return Err(ChangeError::PartEnded("ad")),
            _ => return Err(ChangeError::AdPaused),
        }
        let creative = ad.creative.clone().ok_or(ChangeError::AdFormat)?;
        if let Some(beyond) = ad.beyond {
            return Err(ChangeError::AdHolds(beyond));
        }
        Ok(Self { ad: AdName::of(ad)?, creative, review: ad.review.clone() })
    }

    /// The same as it is now. One whose format is no longer known shows nothing that was signed.
    fn seen_as(&self, ad: &AdState) -> Self {
        Self {
            ad: AdName::seen_as(ad),
            creative: ad.creative.clone().unwrap_or_else(|| self.creative.clone()),
            review: ad.review.clone(),
        }
    }
}

impl NewAd {
    fn seen_as(&self, ad: &AdState) -> Self {
        Self {
            ad: Some(AdName::seen_as(ad)),
            creative: ad.creative.clone().unwrap_or_else(|| self.creative.clone()),
            review: Some(ad.review.clone()),
        }
    }
}

#[cfg(test)]
mod tests;
