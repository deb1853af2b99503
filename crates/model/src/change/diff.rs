//! How a change is told: rows of what was and what shall be. List rows, the case's head,
//! lines of the confirm sheet, the form for an own value, search and sentences for the ear
//! are all made of these rows, in every language.

use super::{BasisPoints, CampaignStatus, Strategy};
use crate::{Digest, Money, Ratio, TimestampMs, confirm::Language};
use serde::Serialize;

/// One thing that changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DiffRow {
    /// The name of what it is about, where that is not what the whole change is about.
    pub subject: Option<String>,
    /// Which thing.
    pub field: Field,
    /// What is; `None` where there is nothing yet.
    pub before: Option<Value>,
    /// What shall be.
    pub after: Value,
}

/// The things that a change can be about. Each has a key, which is the same in every
/// language, and words.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The average daily budget.
    DailyBudget,
    /// Whether the campaign runs.
    Status,
    /// The budget of the whole flight.
    TotalBudget,
    /// The first moment of the flight.
    FlightStart,
    /// The moment after the last one of the flight.
    FlightEnd,
    /// What is moved between daily budgets.
    Moved,
    /// The most that a click in an ad group may cost.
    CpcBid,
    /// The most that a thousand impressions in an ad group may cost.
    CpmBid,
    /// The most that a click in a campaign may cost.
    MaxCpc,
    /// What a conversion shall cost on average.
    TargetCpa,
    /// What conversions shall be worth, in shares of their cost.
    TargetRoas,
    /// How a campaign bids.
    Strategy,
    /// Whether an ad group runs.
    AdGroupStatus,
    /// A headline of an ad.
    Headline,
    /// A description of an ad.
    Description,
    /// What stands behind the host in the address that an ad shows.
    DisplayPath,
    /// The page that an ad leads to.
    FinalUrl,
    /// The place to which a text of an ad is pinned.
    Pin,
    /// Where ads are shown.
    Placements,
    /// Where they are not.
    ExcludedPlacements,
    /// Who sees them.
    Audiences,
    /// Who does not.
    ExcludedAudiences,
}

/// A value that can be before or after. In JSON it is what it holds, so that an agent reads
/// money as it writes it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// An amount.
    Money(Money),
    /// A share or a factor.
    Percent(Ratio),
    /// A number of things.
    Count(u64),
    /// Words, as the platform or a person gave them.
    Text(String),
    /// Whether a campaign runs.
    Status(CampaignStatus),
    /// A point in time.
    Moment(TimestampMs),
    /// No point in time: until further notice.
    Open,
    /// What is spent comes back in such shares: 350 % for each amount spent.
    Return(BasisPoints),
    /// How a campaign bids.
    Strategy(Strategy),
    /// Nothing is set.
    Unset,
    /// A picture, by the digest of its bytes.
    Image(Digest),
    /// What is added to a set of names, and what is taken from it.
    Set {
        /// Added.
        added: Vec<String>,
        /// Removed.
        removed: Vec<String>,
    },
}

impl Value {
    /// Whether two values are of one sort, and amounts of one currency.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Money(own), Self::Money(other)) => own.currency == other.currency,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }

    /// The amount, if it is one.
    #[must_use]
    pub const fn money(&self) -> Option<Money> {
        match self {
            Self::Money(money) => Some(*money),
            _ => None,
        }
    }
}

impl DiffRow {
    /// A row about what the whole change is about.
    #[must_use]
    pub const fn of(field: Field, before: Option<Value>, after: Value) -> Self {
        Self { subject: None, field, before, after }
    }

    /// The change relative to `before`, of amounts and of returns; `None` from nothing.
    #[must_use]
    pub fn ratio(&self) -> Option<Ratio> {
        match (self.before.as_ref()?, &self.after) {
            (Value::Money(before), Value::Money(after)) => super::amount::ratio(*before, *after),
            (Value::Return(before), Value::Return(after)) => before.ratio_to(*after),
            _ => None,
        }
    }
}

impl Field {
    /// Every field there is.
    pub const ALL: [Self; 22] = [
        Self::DailyBudget,
        Self::Status,
        Self::TotalBudget,
        Self::FlightStart,
        Self::FlightEnd,
        Self::Moved,
        Self::CpcBid,
        Self::CpmBid,
        Self::MaxCpc,
        Self::TargetCpa,
        Self::TargetRoas,
        Self::Strategy,
        Self::AdGroupStatus,
        Self::Headline,
        Self::Description,
        Self::DisplayPath,
        Self::FinalUrl,
        Self::Pin,
        Self::Placements,
        Self::ExcludedPlacements,
        Self::Audiences,
        Self::ExcludedAudiences,
    ];

    /// Its name inside of a sentence.
    #[must_use]
    pub const fn name(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::DailyBudget, Language::En) => "daily budget",
            (Self::DailyBudget, Language::De) => "Tagesbudget",
            (Self::Status, Language::En) => "status",
            (Self::Status, Language::De) => "Status",
            (Self::TotalBudget, Language::En) => "total budget",
            (Self::TotalBudget, Language::De) => "Gesamtbudget",
            (Self::FlightStart, Language::En) => "start",
            (Self::FlightStart, Language::De) => "Beginn",
            (Self::FlightEnd, Language::En) => "end",
            (Self::FlightEnd, Language::De) => "Ende",
            (Self::Moved, Language::En) => "moved daily budget",
            (Self::Moved, Language::De) => "verschobenes Tagesbudget",
            (Self::CpcBid, Language::En) => "CPC bid",
            (Self::CpcBid, Language::De) => "CPC-Gebot",
            (Self::CpmBid, Language::En) => "CPM bid",
            (Self::CpmBid, Language::De) => "CPM-Gebot",
            (Self::MaxCpc, Language::En) => "maximum CPC",
            (Self::MaxCpc, Language::De) => "maximaler CPC",
            (Self::TargetCpa, Language::En) => "target CPA",
            (Self::TargetCpa, Language::De) => "Ziel-CPA",
            (Self::TargetRoas, Language::En) => "target ROAS",
            (Self::TargetRoas, Language::De) => "Ziel-ROAS",
            (Self::Strategy, Language::En) => "bidding strategy",
            (Self::Strategy, Language::De) => "Gebotsstrategie",
            (Self::AdGroupStatus, Language::En) => "status of the ad group",
            (Self::AdGroupStatus, Language::De) => "Status der Anzeigengruppe",
            (Self::Headline, Language::En) => "headline",
            (Self::Headline, Language::De) => "Anzeigentitel",
            (Self::Description, Language::En) => "description",
            (Self::Description, Language::De) => "Beschreibung",
            (Self::DisplayPath, Language::En) => "display path",
            (Self::DisplayPath, Language::De) => "angezeigter Pfad",
            (Self::FinalUrl, Language::En) => "landing page",
            (Self::FinalUrl, Language::De) => "Zielseite",
            (Self::Pin, Language::En) => "pinned place",
            (Self::Pin, Language::De) => "fester Platz",
            (Self::Placements, Language::En) => "placements",
            (Self::Placements, Language::De) => "Placements",
            (Self::ExcludedPlacements, Language::En) => "excluded placements",
            (Self::ExcludedPlacements, Language::De) => "ausgeschlossene Placements",
            (Self::Audiences, Language::En) => "audiences",
            (Self::Audiences, Language::De) => "Zielgruppen",
            (Self::ExcludedAudiences, Language::En) => "excluded audiences",
            (Self::ExcludedAudiences, Language::De) => "ausgeschlossene Zielgruppen",
        }
    }
}
