//! A change, whatever its kind: rows of what was and what should be, and what they put at risk.

use super::{AudienceView, MoneyView, PlaceView, SwapView};
use countersign_model::change;
use ts_rs::{Config, TS};

/// The names of the kinds of change, for the window's words.
pub struct KindName;

impl TS for KindName {
    type WithoutGenerics = Self;
    type OptionInnerType = Self;

    fn docs() -> Option<String> {
        Some("/**\n * The kinds of change that there are.\n */\n".into())
    }

    fn name(_: &Config) -> String {
        "KindName".into()
    }

    fn inline(_: &Config) -> String {
        let names: Vec<_> = change::KINDS.iter().map(|kind| format!("\"{}\"", kind.name)).collect();
        names.join(" | ")
    }

    fn decl(config: &Config) -> String {
        format!("type KindName = {};", Self::inline(config))
    }

    fn decl_concrete(config: &Config) -> String {
        Self::decl(config)
    }

    fn output_path() -> Option<std::path::PathBuf> {
        Some("KindName.ts".into())
    }
}

view! {
    /// Whether a campaign runs.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum CampaignStatusView {
        /// It may spend.
        Enabled,
        /// Somebody has paused it, and may again.
        Paused,
        /// Its last day has passed.
        Ended,
        /// For good.
        Removed,
        /// Not known here.
        Unknown,
    }

    /// Which way the money at risk moves.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum DirectionView {
        /// More.
        Increase,
        /// Less.
        Decrease,
        /// As much as before.
        None,
    }

    /// What a change can be about.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum FieldView {
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

    /// A part of a campaign.
    pub struct PartView {
        /// What it is.
        pub kind: PartKindView,
        /// Its name.
        #[serde(serialize_with = "super::shown::line")]
        pub name: String,
    }

    /// The sorts of parts that a change can be about.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum PartKindView {
        /// An ad group.
        AdGroup,
    }

    /// How a campaign bids.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum StrategyView {
        /// A click costs at most what is bid.
        ManualCpc,
        /// A thousand impressions cost at most what is bid.
        ManualCpm,
        /// As many clicks as the budget buys.
        MaximizeClicks,
        /// As many conversions as the budget buys.
        MaximizeConversions,
        /// As much worth of conversions as the budget buys.
        MaximizeConversionValue,
        /// Conversions at a target cost.
        TargetCpa,
        /// Conversions at a target return.
        TargetRoas,
        /// Not known here.
        Other,
    }

    /// What a budget's amount is for.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum BudgetPeriodView {
        /// A day, on average.
        Daily,
        /// The whole flight.
        Total,
    }

    /// A value that can be before or after.
    #[serde(tag = "type", rename_all = "snake_case")]
    pub enum ValueView {
        /// An amount.
        Money {
            /// Millionths of the major unit, as decimal text.
            amount_micros: String,
            /// ISO 4217.
            currency: String,
        },
        /// A share: 0.12 is 12 %.
        Percent {
            /// The share.
            ratio: f64,
        },
        /// A number of things.
        Count {
            /// How many.
            #[ts(type = "number")]
            count: u64,
        },
        /// Words.
        Text {
            /// As the platform or a person gave them; what they hide is shown.
            #[serde(serialize_with = "super::shown::text")]
            text: String,
        },
        /// Whether a campaign runs.
        Status {
            /// The state.
            status: CampaignStatusView,
        },
        /// A point in time.
        Moment {
            /// UTC milliseconds.
            #[ts(type = "number")]
            at_ms: i64,
        },
        /// No point in time: until further notice.
        Open,
        /// What is spent comes back in such a share: 3.5 is 350 %.
        Return {
            /// The share.
            ratio: f64,
        },
        /// How a campaign bids.
        Strategy {
            /// The way.
            strategy: StrategyView,
        },
        /// Nothing is set.
        Unset,
        /// A picture.
        Image {
            /// SHA-256 of its bytes.
            digest: String,
        },
        /// What is added to a set of names, and what is taken from it.
        Set {
            /// Added.
            #[serde(serialize_with = "super::shown::lines")]
            added: Vec<String>,
            /// Removed.
            #[serde(serialize_with = "super::shown::lines")]
            removed: Vec<String>,
        },
    }

    /// One thing that changes.
    pub struct DiffRowView {
        /// The name of what it is about, where that is not what the whole change is about.
        #[serde(serialize_with = "super::shown::maybe_line")]
        pub subject: Option<String>,
        /// Which thing.
        pub field: FieldView,
        /// What is; null where there is nothing yet.
        pub before: Option<ValueView>,
        /// What should be.
        pub after: ValueView,
        /// The relative change of an amount; null from nothing.
        pub ratio: Option<f64>,
    }

    /// A change without its kind.
    pub struct ChangeView {
        /// Its kind, for words.
        #[ts(as = "KindName")]
        pub kind: String,
        /// Campaign name.
        #[serde(serialize_with = "super::shown::line")]
        pub campaign: String,
        /// The part of the campaign that it is about, such as an ad group; null where it is about
        /// the campaign itself.
        pub part: Option<PartView>,
        /// Full entity id.
        pub entity: String,
        /// Which way the money at risk moves.
        pub direction: DirectionView,
        /// What changes, most important first; never empty.
        pub diff: Vec<DiffRowView>,
        /// The two ads of which one takes the other's place, in full; null for other kinds.
        pub swap: Option<SwapView>,
        /// The places of a change of a set of them; empty for any other.
        pub places: Vec<PlaceView>,
        /// The audiences of a change of a set of them; empty for any other.
        pub audiences: Vec<AudienceView>,
        /// Whether a person may sign a part of these entries.
        pub has_own_part: bool,
        /// What may be spent, where the kind has to do with money.
        pub spend: Option<SpendView>,
        /// The most it can cost over the window, or a month.
        pub worst_case: Option<MoneyView>,
        /// Whether a change of its kind says when its reason begins and ends.
        pub has_window: bool,
        /// Window start.
        #[ts(type = "number | null")]
        pub starts_at_ms: Option<i64>,
        /// Window end.
        #[ts(type = "number | null")]
        pub ends_at_ms: Option<i64>,
        /// How many campaigns the write moves.
        pub shared_by: u32,
        /// Whether the campaign ran when the change was proposed.
        pub status: CampaignStatusView,
        /// The amounts that a person may set instead; null for a kind that has none.
        pub own_amounts: Option<AmountsView>,
        /// The amounts that the agent may be asked for; null for a kind that has none.
        pub asked_amounts: Option<AmountsView>,
        /// Whether the agent may be asked for a shorter window.
        pub asks_days: bool,
        /// Whether the agent may be asked for other texts.
        pub asks_texts: bool,
    }

    /// What may be spent.
    pub struct SpendView {
        /// What the amounts are for.
        pub per: BudgetPeriodView,
        /// As things are.
        pub before: MoneyView,
        /// Once the change holds.
        pub after: MoneyView,
        /// After minus before.
        pub delta: MoneyView,
        /// Relative change, if before is not zero.
        pub ratio: Option<f64>,
    }

    /// The amounts that a platform takes.
    pub struct AmountsView {
        /// The step between them.
        pub step: MoneyView,
        /// The smallest.
        pub min: MoneyView,
    }
}

impl ValueView {
    /// The amount, if it is one.
    #[must_use]
    pub fn money(&self) -> Option<MoneyView> {
        match self {
            Self::Money { amount_micros, currency } => {
                Some(MoneyView { amount_micros: amount_micros.clone(), currency: currency.clone() })
            }
            _ => None,
        }
    }
}
