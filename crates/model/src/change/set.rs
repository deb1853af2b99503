//! Changes of a set: what a campaign or one of its ad groups reaches, or leaves out. Every
//! kind of them is this one, with another thing in its set and another way; its module says
//! which. Each entry says how it stands and how it shall stand, so that the way back is the same
//! set the other way round, and a signature covers exactly the entries that it names.
//!
//! Reading order: [`criterion`] is what can be reached and what a platform reports of it,
//! [`entries`] a set, [`place`] and [`audience`] what is known of each, [`vetting`] what the
//! company knows.

pub mod audience;
pub mod criterion;
pub mod entries;
pub mod place;
pub mod vetting;

pub use audience::{
    AskedAudience, Attribute, AudienceAssessment, AudienceClaim, ConsentBasis, KnownAudience,
};
pub use criterion::{
    Audience, AudienceState, CriteriaGroup, CriteriaPart, CriteriaState, Criterion, Place, Standing,
};
pub use entries::{Entries, MAX_ENTRIES, Moved, Named};
pub use place::{AskedPlace, PlaceVetting, ScoreClaim, VettedPlace};
pub use vetting::{Region, Vetting};

use super::{
    Asks, Budget, CampaignStatus, ChangeError, DiffRow, Direction, EntityState, Facts, Field,
    MAX_NAME_CHARS, MAX_RESOURCE_CHARS, Mutation, Part, PartKind, PartName, PartState, SampleError,
    Spend, Value, Window,
    kind::{Kind, only, sample_entity},
    window::worst_case,
};
use crate::{
    Currency, EntityRef, Money, TimestampMs, bounded,
    confirm::{Label, Language, Sheet},
    draft::DraftError,
    entity::PlatformId,
    money::MoneyError,
    text::printable,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{fmt::Debug, marker::PhantomData};

/// Most bytes of a set's entries without what the company knows of them: with its own words on
/// each, which are bounded one by one, a change then fits into an entry of the log.
pub const MAX_SET_BYTES: usize = 23 * 1024;

/// By what something is assessed, beside what the company knows.
pub struct Assessed<'a> {
    /// The campaign.
    pub entity: &'a EntityRef,
    /// When the change is proposed.
    pub at: TimestampMs,
    /// When the reason for it begins and ends.
    pub window: Option<Window>,
}

/// Something that can be in a set.
pub trait Thing: Named + Clone + PartialEq + Eq + Debug + Serialize + DeserializeOwned {
    /// What an agent says of it.
    type Asked: Named + Clone + PartialEq + Eq + Debug + Serialize + DeserializeOwned;

    /// What a schema cannot say of what is asked.
    ///
    /// # Errors
    /// The first [`DraftError`] found.
    fn check_asked(asked: &Self::Asked, in_ad_group: bool) -> Result<(), DraftError>;

    /// What is asked, with what the platform reports of it.
    ///
    /// # Errors
    /// [`ChangeError`]: why it cannot be changed.
    fn of_asked(asked: &Self::Asked, found: &CriteriaState) -> Result<Self, ChangeError>;

    /// Whether it is one that can be written and kept.
    ///
    /// # Errors
    /// [`ChangeError`]: the first that fits.
    fn check(&self, after: Standing) -> Result<(), ChangeError>;

    /// Its name in lists, which no other entry of a set has.
    fn label(&self) -> String;

    /// The same with what the company knows in place of what it said before.
    #[must_use]
    fn assessed(&self, vetting: &Vetting, by: &Assessed<'_>) -> Self;

    /// What rules may ask of a set of them.
    fn facts(things: &Entries<Moved<Self>>) -> Facts;

    /// The entry for whoever shows it.
    fn member(moved: &Moved<Self>) -> Member;
}

/// An entry of a set for whoever shows it as what it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Member {
    /// A place.
    Place(Moved<VettedPlace>),
    /// An audience.
    Audience(Moved<KnownAudience>),
}

/// What one kind of change of a set is.
pub trait SetKind: Clone + PartialEq + Eq + Debug {
    /// What is in its set.
    type Thing: Thing;

    /// What an agent may ask for with it, in a sentence.
    const OFFER: &'static str;
    /// What becomes of what it adds; what it takes back is absent.
    const STANDING: Standing;
    /// What of a campaign it changes.
    const FIELD: Field;
    /// Whether only ad groups can have such a set.
    const NEEDS_GROUP: bool;

    /// The kind as a noun; whether entries are added or taken back.
    fn noun(adds: bool, language: Language) -> &'static str;

    /// A made-up entry.
    ///
    /// # Errors
    /// Never: the parts are constants.
    fn sample() -> Result<Vec<Self::Thing>, SampleError>;
}

/// Change what a campaign or an ad group reaches, or leaves out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "")]
pub struct SetChange<K: SetKind> {
    /// The campaign.
    pub entity: EntityRef,
    /// The campaign's name as the platform gave it when `before` was read, byte for byte.
    #[serde(deserialize_with = "bounded::foreign::<MAX_NAME_CHARS, _>")]
    pub campaign_name: String,
    /// The platform's name of the campaign, e.g. `customers/1/campaigns/2`; what is written where
    /// there is no ad group.
    #[serde(deserialize_with = "bounded::foreign::<MAX_RESOURCE_CHARS, _>")]
    pub campaign_resource: String,
    /// Whether the campaign runs.
    pub status: CampaignStatus,
    /// What the campaign may spend. It stays as it is and bounds what can be spent on what is
    /// added; whoever lets more be reached signs for this amount.
    pub budget: Budget,
    /// The ad group whose set it is; `None` where it is the campaign's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad_group: Option<Box<CriteriaGroup>>,
    /// What changes, and nothing else does.
    pub entries: Entries<Moved<K::Thing>>,
    /// When the reason for the change begins and ends; `None` is until further notice.
    pub window: Option<Window>,
    #[serde(skip)]
    kind: PhantomData<K>,
}

/// What shall become of a set, with how the agent believes that its entries stand now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "")]
pub struct SetDraft<K: SetKind> {
    /// The campaign.
    pub entity: EntityRef,
    /// The ad group, where it is not the campaign's own set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad_group_id: Option<PlatformId>,
    /// How every entry stands, as the agent read it; refused when the platform says otherwise.
    pub before: Standing,
    /// How every entry shall stand.
    pub after: Standing,
    /// What is added or taken back.
    pub entries: Entries<<K::Thing as Thing>::Asked>,
    /// When the reason begins and ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    #[serde(skip)]
    kind: PhantomData<K>,
}

/// Whether a set may go from one standing to another: to what its kind is for, or back.
fn fits<K: SetKind>(before: Standing, after: Standing) -> bool {
    [before, after] == [Standing::Absent, K::STANDING]
        || [before, after] == [K::STANDING, Standing::Absent]
}

/// Whether entries are small enough to be kept together.
fn fit<T: Serialize>(entries: &Entries<T>) -> bool {
    serde_json::to_vec(entries).is_ok_and(|bytes| bytes.len() <= MAX_SET_BYTES)
}

impl<K: SetKind> Kind for SetChange<K> {
    type Draft = SetDraft<K>;

    const OFFER: &'static str = K::OFFER;
    const NEEDS_COUNTERFACTUAL: bool = true;

    fn entity(&self) -> &EntityRef {
        &self.entity
    }

    fn part(&self) -> Option<Part> {
        let ad_group = self.ad_group.as_ref().map(|group| group.id.clone());
        let of = self.entries.iter().map(Named::criterion).collect();
        Some(Part::Criteria(CriteriaPart { ad_group, of }))
    }

    fn draft_part(draft: &SetDraft<K>) -> Option<Part> {
        let of = draft.entries.iter().map(Named::criterion).collect();
        Some(Part::Criteria(CriteriaPart { ad_group: draft.ad_group_id.clone(), of }))
    }

    fn part_name(&self) -> Option<PartName> {
        let named = |name: &str| PartName { kind: PartKind::AdGroup, name: name.into() };
        self.ad_group.as_ref().map(|group| named(&group.name))
    }

    fn subject(&self) -> &str {
        &self.campaign_name
    }

    fn resource(&self) -> &str {
        self.ad_group.as_ref().map_or(&self.campaign_resource, |group| &group.resource)
    }

    fn status(&self) -> CampaignStatus {
        self.status
    }

    /// Whoever reaches more, or leaves less out, may spend where nothing was spent before.
    fn direction(&self) -> Direction {
        let weight = |standing: Standing| match standing {
            Standing::Excluded => 0,
            Standing::Absent => 1,
            Standing::Targeted | Standing::OwnSettings => 2,
        };
        let moves = || self.entries.iter().map(|one| (weight(one.before), weight(one.after)));
        if moves().any(|(before, after)| after > before) {
            Direction::Increase
        } else if moves().any(|(before, after)| after < before) {
            Direction::Decrease
        } else {
            Direction::None
        }
    }

    /// What may be spent on a day, or in all, stays as it is.
    fn spend(&self) -> Option<Spend> {
        None
    }

    fn currency(&self) -> Option<Currency> {
        Some(self.budget.amount.currency)
    }

    /// What is added may take the whole budget.
    fn stake(&self) -> Result<Option<Money>, MoneyError> {
        if self.direction() == Direction::Increase {
            worst_case(self.budget, self.window).map(Some)
        } else {
            Ok(None)
        }
    }

    fn window(&self) -> Option<Window> {
        self.window
    }

    fn facts(&self) -> Facts {
        K::Thing::facts(&self.entries)
    }

    fn diff(&self) -> Vec<DiffRow> {
        let (mut added, mut removed) = (vec![], vec![]);
        for Moved { of, before, after } in self.entries.iter() {
            match (*before == Standing::Absent, *after == Standing::Absent) {
                (true, false) => added.push(of.label()),
                (false, true) => removed.push(of.label()),
                (true, true) | (false, false) => {}
            }
        }
        vec![DiffRow::of(K::FIELD, None, Value::Set { added, removed })]
    }

    fn members(&self) -> Vec<Member> {
        self.entries.iter().map(K::Thing::member).collect()
    }

    fn noun(&self, language: Language) -> &'static str {
        K::noun(self.adds(), language)
    }

    fn context(&self, sheet: &mut Sheet) {
        sheet.unless_running(self.status);
        if let Some(group) = &self.ad_group {
            sheet.foreign(Label::AdGroup, &group.name);
            sheet.foreign(Label::Written, &group.resource);
            if group.status != CampaignStatus::Enabled {
                sheet.value(Label::AdGroupStatus, &Value::Status(group.status));
            }
        } else {
            sheet.foreign(Label::Written, &self.campaign_resource);
        }
        for member in self.members() {
            match member {
                Member::Place(moved) => sheet.place(&moved.of),
                Member::Audience(moved) => sheet.audience(&moved.of),
            }
        }
        sheet.budget(self.budget);
        sheet.budget_bounds();
    }

    fn check(&self) -> Result<(), ChangeError> {
        self.status.check()?;
        if let Some(group) = &self.ad_group {
            group.check()?;
        } else if K::NEEDS_GROUP {
            return Err(ChangeError::NoPart("ad group"));
        }
        let adds = self.adds();
        for Moved { of, before, after } in self.entries.iter() {
            of.check(*after)?;
            if !fits::<K>(*before, *after) || (*after != Standing::Absent) != adds {
                return Err(ChangeError::State);
            }
        }
        // What nobody assessed is the same at every moment.
        let bare = self.assessed(&Vetting::default(), TimestampMs::from_millis(0));
        if fit(&bare.entries) { Ok(()) } else { Err(ChangeError::TooLarge) }
    }

    fn mutation(&self) -> Option<Mutation> {
        Some(Mutation::SetCriteria {
            resource: self.resource().to_owned(),
            criteria: self.entries.iter().map(Named::criterion).collect(),
            standing: self.entries.iter().next()?.after,
        })
    }

    /// Without its part the ad group is gone. What a platform does not name is absent.
    fn seen_in(&self, state: &EntityState) -> Self {
        let found = state.part.as_ref().and_then(PartState::criteria);
        let ad_group = self.ad_group.as_ref().map(|own| {
            match found.and_then(|found| found.ad_group.as_ref()) {
                Some(found) => CriteriaGroup {
                    id: found.id.clone(),
                    name: own.name.clone(),
                    resource: printable(&found.resource, MAX_RESOURCE_CHARS),
                    status: found.status,
                },
                None => CriteriaGroup { status: CampaignStatus::Removed, ..(**own).clone() },
            }
        });
        let stands = |one: &Moved<K::Thing>| {
            let standing = found.and_then(|found| found.standing.get(&one.criterion()));
            Moved { after: standing.copied().unwrap_or(Standing::Absent), ..one.clone() }
        };
        Self {
            entity: state.entity.clone(),
            campaign_resource: printable(&state.resource, MAX_RESOURCE_CHARS),
            status: state.status,
            budget: state.budget.holds,
            ad_group: ad_group.map(Box::new),
            entries: self.entries.map(stands),
            ..self.clone()
        }
    }

    /// Whether the campaign and the ad group run, and what may be spent, is not written.
    fn is_held_by(&self, held: &Self) -> bool {
        let mut own = Self { status: held.status, budget: held.budget, ..self.clone() };
        if let (Some(group), Some(found)) = (&mut own.ad_group, &held.ad_group)
            && found.status.takes_changes()
        {
            group.status = found.status;
        }
        own == *held
    }

    /// To reach more is another change with another budget; to reach less never is.
    fn is_unmade_in(&self, held: &Self) -> bool {
        let raises = self.direction() == Direction::Increase;
        let budget = if raises { self.budget } else { held.budget };
        let entries = self.entries.map(|one| Moved { after: one.before, ..one.clone() });
        Self { entries, budget, ..self.clone() } == *held
    }

    /// A part of what was signed, each entry as it was signed, and nothing beside it.
    fn is_covered_by(&self, ceiling: &Self) -> bool {
        let same_but_set = Self { entries: ceiling.entries.clone(), ..self.clone() } == *ceiling;
        same_but_set && self.entries.are_within(&ceiling.entries)
    }

    fn inverse(&self) -> Self {
        let back =
            |one: &Moved<K::Thing>| Moved { before: one.after, after: one.before, ..one.clone() };
        Self { entries: self.entries.map(back), window: None, ..self.clone() }
    }

    /// A change of one entry is signed whole or not at all.
    fn has_own_part(&self) -> bool {
        self.entries.len() > 1
    }

    fn with_own_part(&self, keys: &[String]) -> Option<Self> {
        let key = |one: &Moved<K::Thing>| one.criterion().key();
        let known = |name: &String| self.entries.iter().any(|one| key(one) == *name);
        if !self.has_own_part() || !keys.iter().all(known) {
            return None;
        }
        let entries = self.entries.kept(|one| keys.contains(&key(one)))?;
        Some(Self { entries, ..self.clone() })
    }

    /// Only entries that were proposed, by their names and the way in which they go.
    fn with_own_value(&self, value: Value) -> Option<Self> {
        let Value::Set { added, removed } = value else { return None };
        if !self.has_own_part() {
            return None;
        }
        let (own, other) = if self.adds() { (added, removed) } else { (removed, added) };
        let known = |name: &String| self.entries.iter().any(|one| one.of.label() == *name);
        if !other.is_empty() || !own.iter().all(known) {
            return None;
        }
        let entries = self.entries.kept(|one| own.contains(&one.of.label()))?;
        Some(Self { entries, ..self.clone() })
    }

    fn asks(&self) -> Asks {
        Asks { days: true, ..Asks::default() }
    }

    fn entities(draft: &SetDraft<K>) -> Vec<&EntityRef> {
        vec![&draft.entity]
    }

    fn check_draft(draft: &SetDraft<K>) -> Result<(), DraftError> {
        if draft.before == draft.after {
            return Err(DraftError::NoChange);
        }
        if !fits::<K>(draft.before, draft.after) {
            return Err(DraftError::Set(
                "before and change.after must be absent and what this kind makes of its entries, in either order",
            ));
        }
        if K::NEEDS_GROUP && draft.ad_group_id.is_none() {
            return Err(DraftError::Set(
                "ad_group_id: the platform takes this at ad groups only; name one",
            ));
        }
        for asked in draft.entries.iter() {
            K::Thing::check_asked(asked, draft.ad_group_id.is_some())?;
        }
        if !fit(&draft.entries) {
            return Err(DraftError::Set("entries are too large together; draft them in parts"));
        }
        draft.window.map_or(Ok(()), Window::check)
    }

    fn of_draft(draft: &SetDraft<K>, states: &[EntityState]) -> Result<Self, ChangeError> {
        let state = only(states)?;
        state.check(&[&state.resource])?;
        let found = state.part.as_ref().and_then(PartState::criteria);
        let found = found.ok_or(ChangeError::NoPart("ad group"))?;
        if let Some(group) = &found.ad_group {
            group.check()?;
        }
        let mut entries = vec![];
        for asked in draft.entries.iter() {
            let of = K::Thing::of_asked(asked, found)?;
            let stands = found.standing.get(&asked.criterion()).copied();
            if stands != Some(draft.before) {
                return Err(ChangeError::BeforeMoved(K::FIELD));
            }
            entries.push(Moved { of, before: draft.before, after: draft.after });
        }
        Ok(Self {
            entity: draft.entity.clone(),
            campaign_name: state.name.clone(),
            campaign_resource: state.resource.clone(),
            status: state.status,
            budget: state.budget.holds,
            ad_group: found.ad_group.clone().map(Box::new),
            entries: Entries::of(entries).ok_or(ChangeError::State)?,
            window: draft.window,
            kind: PhantomData,
        })
    }

    fn assessed(&self, vetting: &Vetting, at: TimestampMs) -> Self {
        let by = Assessed { entity: &self.entity, at, window: self.window };
        let assess =
            |one: &Moved<K::Thing>| Moved { of: one.of.assessed(vetting, &by), ..one.clone() };
        Self { entries: self.entries.map(assess), ..self.clone() }
    }

    fn sample(_: TimestampMs) -> Result<Self, SampleError> {
        let usd = Currency::parse("USD").map_err(|_| SampleError)?;
        let group = CriteriaGroup {
            id: PlatformId::parse("4001").map_err(|_| SampleError)?,
            name: "practice_spring_sale group".into(),
            resource: "customers/1000000001/adGroups/4001".into(),
            status: CampaignStatus::Enabled,
        };
        let moved = |of| Moved { of, before: Standing::Absent, after: K::STANDING };
        let entries = K::sample()?.into_iter().map(moved).collect();
        Ok(Self {
            entity: sample_entity()?,
            campaign_name: "practice_spring_sale".into(),
            campaign_resource: "customers/1000000001/campaigns/1001".into(),
            status: CampaignStatus::Enabled,
            budget: Budget::daily(Money::from_micros(200_000_000, usd)),
            ad_group: K::NEEDS_GROUP.then(|| Box::new(group)),
            entries: Entries::of(entries).ok_or(SampleError)?,
            window: None,
            kind: PhantomData,
        })
    }
}

impl<K: SetKind> SetChange<K> {
    /// Whether its first entry becomes what its kind is for; of a change that can be made, all.
    fn adds(&self) -> bool {
        self.entries.iter().next().is_some_and(|one| one.after != Standing::Absent)
    }
}

#[cfg(test)]
mod tests;
