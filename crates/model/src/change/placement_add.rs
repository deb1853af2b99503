//! Show ads in further places, or no longer: the placements that an ad group targets. Google
//! takes them at ad groups alone; a campaign can only exclude places.

use super::{
    Field, SampleError,
    set::{Place, PlaceVetting, ScoreClaim, SetChange, SetDraft, SetKind, Standing, VettedPlace},
};
use crate::{Ratio, confirm::Language};

/// Which kind it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AddsPlacements;

/// Target places, or take them back.
pub type PlacementAdd = SetChange<AddsPlacements>;
/// What an agent asks for.
pub type PlacementAddDraft = SetDraft<AddsPlacements>;

impl SetKind for AddsPlacements {
    type Thing = VettedPlace;

    const OFFER: &'static str = "Drafts that one ad group shows ads on further sites, apps, YouTube channels or videos, or no longer does.";
    const STANDING: Standing = Standing::Targeted;
    const FIELD: Field = Field::Placements;
    const NEEDS_GROUP: bool = true;

    fn noun(adds: bool, language: Language) -> &'static str {
        match (adds, language) {
            (true, Language::En) => "adding placements",
            (false, Language::En) => "removing placements",
            (true, Language::De) => "Hinzufügen von Placements",
            (false, Language::De) => "Entfernen von Placements",
        }
    }

    fn sample() -> Result<Vec<VettedPlace>, SampleError> {
        Ok(sample_places())
    }
}

/// A place that the company knows and an agent scores, and one of which nobody says anything.
pub(super) fn sample_places() -> Vec<VettedPlace> {
    let known = Place::Site("news.example".into());
    let vetting = PlaceVetting {
        known: known.clone(),
        score: Ratio::from_millionths(820_000),
        source: "Brand safety review, 2026-10".into(),
        publisher: Some("News House".into()),
        high_risk: false,
    };
    let claim =
        ScoreClaim { score: Ratio::from_millionths(900_000), source: "suitability-model-3".into() };
    let app = Place::App("2-com.example.game".into());
    vec![
        VettedPlace { place: known, claim: Some(claim), vetting: Some(vetting) },
        VettedPlace { place: app, claim: None, vetting: None },
    ]
}
