//! A place where ads are shown, with how suitable it is and who says so.

use super::{
    Assessed, Entries, Moved, Named, Thing,
    criterion::{CriteriaState, Criterion, Place, Standing},
    vetting::{MAX_SOURCE_CHARS, Vetting},
};
use crate::{
    Ratio, bounded,
    change::{ChangeError, Facts},
    draft::DraftError,
};
use serde::{Deserialize, Serialize};

/// A place of a change: what the agent says of it, and what the company knows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VettedPlace {
    /// The place.
    pub place: Place,
    /// How suitable the agent says that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<ScoreClaim>,
    /// What the policy's data say; `None` where they say nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vetting: Option<PlaceVetting>,
}

/// A place that an agent asks for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedPlace {
    /// The place.
    pub place: Place,
    /// How suitable the agent says that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<ScoreClaim>,
}

/// A score that an agent brings. It can only lower what the company knows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreClaim {
    /// From 0 to 1.
    pub score: Ratio,
    /// Where the agent has it from.
    #[serde(deserialize_with = "bounded::line::<MAX_SOURCE_CHARS, _>")]
    pub source: String,
}

/// What the policy's data said of a place when the change was proposed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceVetting {
    /// The place that they know: this one, or a wider one that it is a part of.
    pub known: Place,
    /// Its score, from 0 to 1.
    pub score: Ratio,
    /// Who says so, and of when.
    #[serde(deserialize_with = "bounded::line::<MAX_SOURCE_CHARS, _>")]
    pub source: String,
    /// Who publishes there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "bounded::optional_text::<MAX_SOURCE_CHARS, _>")]
    pub publisher: Option<String>,
    /// Whether a person must sign off each use of it.
    pub high_risk: bool,
}

impl VettedPlace {
    /// Its score: the lower one of what the company knows and what the agent says; `None` where
    /// nobody says anything.
    #[must_use]
    pub fn score(&self) -> Option<Ratio> {
        let known = self.vetting.as_ref().map(|vetting| vetting.score);
        known.into_iter().chain(self.claim.as_ref().map(|claim| claim.score)).min()
    }

    /// Whether people have looked at this very place. That a wider one was vetted does not make
    /// it vetted: anybody may publish on a part of some sites.
    #[must_use]
    pub fn is_vetted(&self) -> bool {
        self.vetting.as_ref().is_some_and(|vetting| vetting.known == self.place)
    }

    /// Whether a person must sign off each use of it.
    #[must_use]
    pub fn is_high_risk(&self) -> bool {
        self.vetting.as_ref().is_some_and(|vetting| vetting.high_risk)
    }
}

impl Named for VettedPlace {
    fn criterion(&self) -> Criterion {
        Criterion::Place(self.place.clone())
    }
}

impl Named for AskedPlace {
    fn criterion(&self) -> Criterion {
        Criterion::Place(self.place.clone())
    }
}

impl Thing for VettedPlace {
    type Asked = AskedPlace;

    fn check_asked(asked: &AskedPlace, _: bool) -> Result<(), DraftError> {
        if !asked.place.is_normal() {
            return Err(DraftError::Set(
                "entries: write each site as its host in small letters without www. and with no trailing slash, and each app, channel and video as the platform's id",
            ));
        }
        match &asked.claim {
            Some(ScoreClaim { score, .. }) if !(0..=1_000_000).contains(&score.millionths()) => {
                Err(DraftError::Set("entries: a score must lie between 0 and 1"))
            }
            Some(ScoreClaim { source, .. }) if source.trim().is_empty() => {
                Err(DraftError::Set("entries: a score must say where it comes from"))
            }
            _ => Ok(()),
        }
    }

    fn of_asked(asked: &AskedPlace, _: &CriteriaState) -> Result<Self, ChangeError> {
        Ok(Self { place: asked.place.clone(), claim: asked.claim.clone(), vetting: None })
    }

    fn check(&self, _: Standing) -> Result<(), ChangeError> {
        if self.place.is_normal() { Ok(()) } else { Err(ChangeError::State) }
    }

    /// No site holds a colon, so that no two places have one label.
    fn label(&self) -> String {
        match &self.place {
            Place::Site(site) => site.clone(),
            other => other.key(),
        }
    }

    /// The nearest place that is known: a bad site's pages are as bad, and a good site's are
    /// for people to look at.
    fn assessed(&self, vetting: &Vetting, _: &Assessed<'_>) -> Self {
        let nearest = std::iter::once(self.place.clone()).chain(self.place.wider());
        let found = nearest.into_iter().find_map(|place| {
            let record = vetting.places.get(&place.key())?;
            Some(PlaceVetting {
                known: place,
                score: record.score,
                source: record.source.clone(),
                publisher: record.publisher.clone(),
                high_risk: record.high_risk,
            })
        });
        Self { vetting: found, ..self.clone() }
    }

    fn facts(things: &Entries<Moved<Self>>) -> Facts {
        let mut facts = Facts::default();
        for Moved { of, .. } in things.iter() {
            facts.places += 1;
            facts.unvetted_places += u32::from(!of.is_vetted());
            facts.high_risk_places += u32::from(of.is_high_risk());
            let lowest = facts.lowest_place_score.into_iter().chain(of.score()).min();
            facts.lowest_place_score = lowest;
        }
        facts
    }

    fn member(moved: &Moved<Self>) -> super::Member {
        super::Member::Place(moved.clone())
    }
}
