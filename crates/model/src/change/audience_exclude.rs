//! Leave people out, or no longer: the audiences that a campaign or an ad group excludes.

use super::{
    Field, SampleError,
    audience_add::sample_audiences,
    set::{KnownAudience, SetChange, SetDraft, SetKind, Standing},
};
use crate::confirm::Language;

/// Which kind it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExcludesAudiences;

/// Exclude audiences, or let them in again.
pub type AudienceExclude = SetChange<ExcludesAudiences>;
/// What an agent asks for.
pub type AudienceExcludeDraft = SetDraft<ExcludesAudiences>;

impl SetKind for ExcludesAudiences {
    type Thing = KnownAudience;

    const OFFER: &'static str = "Drafts that one campaign, or one of its ad groups, leaves out the people of some lists or segments, or may reach them again.";
    const STANDING: Standing = Standing::Excluded;
    const FIELD: Field = Field::ExcludedAudiences;
    const NEEDS_GROUP: bool = false;

    fn noun(adds: bool, language: Language) -> &'static str {
        match (adds, language) {
            (true, Language::En) => "excluding audiences",
            (false, Language::En) => "letting excluded audiences in again",
            (true, Language::De) => "Ausschluss von Zielgruppen",
            (false, Language::De) => "Aufhebung eines Ausschlusses von Zielgruppen",
        }
    }

    fn sample() -> Result<Vec<KnownAudience>, SampleError> {
        sample_audiences()
    }
}
