//! Reach further people, or no longer: the audiences that a campaign or an ad group targets.

use super::{
    Field, SampleError,
    set::{
        Attribute, Audience, AudienceAssessment, AudienceClaim, AudienceState, ConsentBasis,
        KnownAudience, Region, SetChange, SetDraft, SetKind, Standing,
    },
};
use crate::{confirm::Language, entity::PlatformId};

/// Which kind it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AddsAudiences;

/// Target audiences, or take them back.
pub type AudienceAdd = SetChange<AddsAudiences>;
/// What an agent asks for.
pub type AudienceAddDraft = SetDraft<AddsAudiences>;

impl SetKind for AddsAudiences {
    type Thing = KnownAudience;

    const OFFER: &'static str = "Drafts that one campaign, or one of its ad groups, reaches the people of further lists or segments, or no longer does.";
    const STANDING: Standing = Standing::Targeted;
    const FIELD: Field = Field::Audiences;
    const NEEDS_GROUP: bool = false;

    fn noun(adds: bool, language: Language) -> &'static str {
        match (adds, language) {
            (true, Language::En) => "adding audiences",
            (false, Language::En) => "removing audiences",
            (true, Language::De) => "Hinzufügen von Zielgruppen",
            (false, Language::De) => "Entfernen von Zielgruppen",
        }
    }

    fn sample() -> Result<Vec<KnownAudience>, SampleError> {
        sample_audiences()
    }
}

/// A list of which everything is known, and one that says of people what the law protects.
pub(super) fn sample_audiences() -> Result<Vec<KnownAudience>, SampleError> {
    let list = |id| PlatformId::parse(id).map(Audience::UserList).map_err(|_| SampleError);
    let state = |name: &str, display, search| AudienceState {
        name: name.into(),
        made_of: "RULE_BASED".into(),
        size_for_display: Some(display),
        size_for_search: Some(search),
        is_open: Some(true),
        stays_days: Some(30),
    };
    let claim = |consent, regions: &[&str]| AudienceClaim {
        consent,
        regions: regions.iter().filter_map(|code| Region::parse(code)).collect(),
        sensitive: [].into(),
        shoppers: false,
    };
    Ok(vec![
        KnownAudience {
            audience: list("9001")?,
            state: state("practice buyers", 48_000, 21_000),
            claim: claim(ConsentBasis::Consent, &["AT", "DE"]),
            assessment: AudienceAssessment {
                shoppers: true,
                needs_consent: true,
                sale: Some("Holiday sale 2026".into()),
                source: Some("Data protection register, 2026-09".into()),
                ..AudienceAssessment::default()
            },
        },
        KnownAudience {
            audience: list("9002")?,
            state: state("practice allergy guide readers", 3_100, 800),
            claim: claim(ConsentBasis::Unknown, &[]),
            assessment: AudienceAssessment {
                sensitive: [Attribute::Health].into(),
                needs_consent: true,
                sale: Some("Holiday sale 2026".into()),
                ..AudienceAssessment::default()
            },
        },
    ])
}
