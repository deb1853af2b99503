//! What the sheet tells of each entry of a set: what it is, how suitable or how large, and whose
//! word that is. What an agent or a platform says stands behind a name of who says it.

use super::{Label, Language, Sheet};
use crate::{
    Ratio,
    change::set::{
        Attribute, Audience, AudienceState, ConsentBasis, KnownAudience, Place, VettedPlace,
    },
};
use std::collections::BTreeSet;

impl Sheet {
    /// A place, what the company knows of it, and what the agent says.
    pub(crate) fn place(&mut self, of: &VettedPlace) {
        let language = self.language;
        let name = format!("{} {}", sort(language, &of.place), of.place.content());
        self.foreign(Label::Place, &name);
        let known = match &of.vetting {
            Some(vetting) => {
                let part = (!of.is_vetted()).then(|| vetting.known.content());
                let mut told = vec![vetted(language, part, vetting.score, &vetting.source)];
                told.extend(vetting.publisher.as_ref().map(|name| published_by(language, name)));
                told.extend(vetting.high_risk.then(|| high_risk(language).to_owned()));
                told.join("; ")
            }
            None => not_vetted(language).into(),
        };
        self.foreign(Label::CompanyKnows, &known);
        if let Some(claim) = &of.claim {
            self.foreign(Label::AgentSays, &claimed(language, claim.score, &claim.source));
        }
    }

    /// An audience: what the platform says of it, what the company knows, and what the agent
    /// says of consent and regions.
    pub(crate) fn audience(&mut self, of: &KnownAudience) {
        let language = self.language;
        self.foreign(Label::Audience, &of.state.name);
        let mut told = vec![sort_of(language, &of.audience), size(language, &of.state)];
        told.extend((of.state.is_open == Some(false)).then(|| closed(language).to_owned()));
        self.add(Label::PlatformSays, told.join("; "));
        let assessment = &of.assessment;
        let mut told = vec![match &assessment.source {
            Some(source) => looked_at(language, source),
            None => not_vetted(language).into(),
        }];
        told.extend(attributes(language, &assessment.sensitive));
        told.extend(assessment.shoppers.then(|| shoppers(language).to_owned()));
        if of.are_shoppers() {
            told.extend(assessment.sale.as_ref().map(|sale| in_sale(language, sale)));
        }
        told.extend(of.lacks_consent().then(|| lacks_consent(language).to_owned()));
        self.foreign(Label::CompanyKnows, &told.join("; "));
        let regions: Vec<_> = of.claim.regions.iter().map(ToString::to_string).collect();
        let mut told = vec![consent(language, of.claim.consent).to_owned()];
        told.push(in_regions(language, &regions.join(", ")));
        told.extend(attributes(language, &of.claim.sensitive));
        told.extend(of.claim.shoppers.then(|| shoppers(language).to_owned()));
        self.add(Label::AgentSays, told.join("; "));
    }
}

/// From 0 to 1, with as many decimals as it has.
fn score(language: Language, score: Ratio) -> String {
    let text = format!("{}", score.as_f64());
    match language {
        Language::En => text,
        Language::De => text.replace('.', ","),
    }
}

const fn sort(language: Language, place: &Place) -> &'static str {
    match (place, language) {
        (Place::Site(_), Language::En) => "site",
        (Place::Site(_), Language::De) => "Website",
        (Place::App(_), Language::En) => "app",
        (Place::App(_), Language::De) => "App",
        (Place::YoutubeChannel(_), Language::En) => "YouTube channel",
        (Place::YoutubeChannel(_), Language::De) => "YouTube-Kanal",
        (Place::YoutubeVideo(_), Language::En) => "YouTube video",
        (Place::YoutubeVideo(_), Language::De) => "YouTube-Video",
    }
}

fn vetted(language: Language, part_of: Option<&str>, of: Ratio, source: &str) -> String {
    let of = score(language, of);
    match (language, part_of) {
        (Language::En, None) => format!("vetted, score {of} ({source})"),
        (Language::De, None) => format!("geprüft, Wert {of} ({source})"),
        (Language::En, Some(wider)) => {
            format!("not vetted itself; {wider} has score {of} ({source})")
        }
        (Language::De, Some(wider)) => {
            format!("selbst nicht geprüft; {wider} hat den Wert {of} ({source})")
        }
    }
}

const fn not_vetted(language: Language) -> &'static str {
    match language {
        Language::En => "not vetted",
        Language::De => "nicht geprüft",
    }
}

fn published_by(language: Language, publisher: &str) -> String {
    match language {
        Language::En => format!("published by {publisher}"),
        Language::De => format!("Publisher {publisher}"),
    }
}

fn claimed(language: Language, of: Ratio, source: &str) -> String {
    let of = score(language, of);
    match language {
        Language::En => format!("score {of} ({source})"),
        Language::De => format!("Wert {of} ({source})"),
    }
}

const fn high_risk(language: Language) -> &'static str {
    match language {
        Language::En => "high risk",
        Language::De => "hohes Risiko",
    }
}

fn sort_of(language: Language, audience: &Audience) -> String {
    match (audience, language) {
        (Audience::UserList(id), Language::En) => format!("list {id}"),
        (Audience::UserList(id), Language::De) => format!("Liste {id}"),
        (Audience::UserInterest(id), Language::En) => format!("segment {id}"),
        (Audience::UserInterest(id), Language::De) => format!("Segment {id}"),
    }
}

/// Both sizes, because a campaign reaches people in one of the two ways.
fn size(language: Language, state: &AudienceState) -> String {
    let people = |count: Option<u64>| match (count, language) {
        (Some(count), _) => super::words::grouped(language, count),
        (None, Language::En) => "unknown".into(),
        (None, Language::De) => "unbekannt".into(),
    };
    let (display, search) = (people(state.size_for_display), people(state.size_for_search));
    match language {
        Language::En => format!("people: display {display}, search {search}"),
        Language::De => format!("Personen: Display {display}, Suche {search}"),
    }
}

const fn closed(language: Language) -> &'static str {
    match language {
        Language::En => "closed",
        Language::De => "geschlossen",
    }
}

const fn consent(language: Language, basis: ConsentBasis) -> &'static str {
    match (basis, language) {
        (ConsentBasis::Consent, Language::En) => "by consent",
        (ConsentBasis::Consent, Language::De) => "mit Einwilligung",
        (ConsentBasis::Contract, Language::En) => "by contract",
        (ConsentBasis::Contract, Language::De) => "aufgrund eines Vertrags",
        (ConsentBasis::LegitimateInterest, Language::En) => "by legitimate interest",
        (ConsentBasis::LegitimateInterest, Language::De) => "aus berechtigtem Interesse",
        (ConsentBasis::Platform, Language::En) => "asked by the platform",
        (ConsentBasis::Platform, Language::De) => "von der Plattform gefragt",
        (ConsentBasis::Unknown, Language::En) => "basis unknown",
        (ConsentBasis::Unknown, Language::De) => "Grundlage unbekannt",
    }
}

fn in_regions(language: Language, regions: &str) -> String {
    match (language, regions.is_empty()) {
        (Language::En, true) => "region unknown".into(),
        (Language::De, true) => "Region unbekannt".into(),
        (Language::En | Language::De, false) => format!("in {regions}"),
    }
}

const fn lacks_consent(language: Language) -> &'static str {
    match language {
        Language::En => "consent is needed there and not claimed",
        Language::De => "dort braucht es die Einwilligung, und sie ist nicht genannt",
    }
}

/// An attribute in words.
const fn attribute(language: Language, of: Attribute) -> &'static str {
    match (of, language) {
        (Attribute::Health, Language::En) => "health",
        (Attribute::Health, Language::De) => "Gesundheit",
        (Attribute::Race, Language::En) => "origin",
        (Attribute::Race, Language::De) => "Herkunft",
        (Attribute::Politics, Language::En) => "politics",
        (Attribute::Politics, Language::De) => "Politik",
        (Attribute::SexualOrientation, Language::En) => "sexual orientation",
        (Attribute::SexualOrientation, Language::De) => "sexuelle Orientierung",
        (Attribute::Religion, Language::En) => "religion",
        (Attribute::Religion, Language::De) => "Religion",
    }
}

/// What an audience says of the people in it; nothing where it says nothing.
fn attributes(language: Language, of: &BTreeSet<Attribute>) -> Option<String> {
    let names: Vec<_> = of.iter().map(|one| attribute(language, *one)).collect();
    let names = names.join(", ");
    (!names.is_empty()).then(|| match language {
        Language::En => format!("sensitive: {names}"),
        Language::De => format!("sensibel: {names}"),
    })
}

fn looked_at(language: Language, source: &str) -> String {
    match language {
        Language::En => format!("vetted ({source})"),
        Language::De => format!("geprüft ({source})"),
    }
}

const fn shoppers(language: Language) -> &'static str {
    match language {
        Language::En => "about to buy",
        Language::De => "kurz vor dem Kauf",
    }
}

fn in_sale(language: Language, sale: &str) -> String {
    match language {
        Language::En => format!("lasts into a sale: {sale}"),
        Language::De => format!("reicht in eine Aktion: {sale}"),
    }
}
