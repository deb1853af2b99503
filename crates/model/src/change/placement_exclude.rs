//! Show no ads in places, or no longer leave them out: what a campaign or an ad group excludes.

use super::{
    Field, SampleError,
    placement_add::sample_places,
    set::{SetChange, SetDraft, SetKind, Standing, VettedPlace},
};
use crate::confirm::Language;

/// Which kind it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExcludesPlacements;

/// Exclude places, or let them in again.
pub type PlacementExclude = SetChange<ExcludesPlacements>;
/// What an agent asks for.
pub type PlacementExcludeDraft = SetDraft<ExcludesPlacements>;

impl SetKind for ExcludesPlacements {
    type Thing = VettedPlace;

    const OFFER: &'static str = "Drafts that one campaign, or one of its ad groups, shows no ads on some sites, apps, YouTube channels or videos, or may show them there again.";
    const STANDING: Standing = Standing::Excluded;
    const FIELD: Field = Field::ExcludedPlacements;
    const NEEDS_GROUP: bool = false;

    fn noun(adds: bool, language: Language) -> &'static str {
        match (adds, language) {
            (true, Language::En) => "excluding placements",
            (false, Language::En) => "letting excluded placements in again",
            (true, Language::De) => "Ausschluss von Placements",
            (false, Language::De) => "Aufhebung eines Ausschlusses von Placements",
        }
    }

    fn sample() -> Result<Vec<VettedPlace>, SampleError> {
        Ok(sample_places())
    }
}
