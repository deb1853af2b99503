//! How campaigns bid, in no platform's own words.

use super::{DiffRow, Direction, Field, Value, amount};
use crate::{Money, Ratio, confirm::Language};
use serde::{Deserialize, Serialize};

/// A ratio in whole hundredths of a percent: 35,000 is 350 %, a return of 3.5 for each 1 spent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BasisPoints(u32);

/// How a campaign bids, with the target that goes with it. In JSON, `strategy` says which.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "strategy", rename_all = "snake_case", deny_unknown_fields)]
pub enum Bidding {
    /// A click costs at most what its ad group, or its keyword, bids.
    ManualCpc {},
    /// A thousand impressions cost at most what their ad group bids.
    ManualCpm {},
    /// As many clicks as the budget buys.
    MaximizeClicks {
        /// The most that a click may cost.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_cpc: Option<Money>,
    },
    /// As many conversions as the budget buys.
    MaximizeConversions {
        /// What a conversion shall cost on average.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target_cpa: Option<Money>,
    },
    /// As much worth of conversions as the budget buys.
    MaximizeConversionValue {
        /// What the conversions shall be worth, in shares of their cost.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target_roas: Option<BasisPoints>,
    },
    /// As many conversions as there are at a target cost.
    TargetCpa {
        /// What a conversion shall cost on average.
        target_cpa: Money,
    },
    /// As much worth of conversions as there is at a target return.
    TargetRoas {
        /// What the conversions shall be worth, in shares of their cost.
        target_roas: BasisPoints,
    },
    /// In a way that is not known here.
    Other {},
}

/// The ways to bid, without their targets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// [`Bidding::ManualCpc`].
    ManualCpc,
    /// [`Bidding::ManualCpm`].
    ManualCpm,
    /// [`Bidding::MaximizeClicks`].
    MaximizeClicks,
    /// [`Bidding::MaximizeConversions`].
    MaximizeConversions,
    /// [`Bidding::MaximizeConversionValue`].
    MaximizeConversionValue,
    /// [`Bidding::TargetCpa`].
    TargetCpa,
    /// [`Bidding::TargetRoas`].
    TargetRoas,
    /// [`Bidding::Other`].
    Other,
}

/// What is bid, and for what: the value of a change of bids.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bid {
    /// The most that a click in an ad group may cost; zero where it has no bid of its own.
    Cpc(Money),
    /// The most that a thousand impressions in an ad group may cost, likewise.
    Cpm(Money),
    /// How a campaign bids.
    Bidding(Bidding),
}

/// What a bid, or the target of a strategy, says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Aim {
    /// An amount; the larger, the more is bid.
    Amount(Money),
    /// A return; the smaller, the more is bid.
    Return(BasisPoints),
}

impl BasisPoints {
    /// The least and the most return that platforms take as a target: 0.01 and 1,000
    /// (Google Ads API, `TargetRoas.target_roas`).
    const BOUNDS: std::ops::RangeInclusive<u32> = 100..=10_000_000;

    /// Whole hundredths of a percent.
    #[must_use]
    pub const fn new(basis_points: u32) -> Self {
        Self(basis_points)
    }

    /// Whole hundredths of a percent.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The same number as a ratio: 35,000 is 3.5.
    #[must_use]
    pub fn ratio(self) -> Ratio {
        Ratio::from_millionths(i64::from(self.0) * 100)
    }

    /// Whether platforms take it as the target of a return.
    #[must_use]
    pub fn is_target(self) -> bool {
        Self::BOUNDS.contains(&self.0)
    }

    /// By how much `after` differs from it, in hundredths of a percent rounded away from zero as
    /// those of amounts are; `None` from nothing.
    #[must_use]
    pub fn ratio_to(self, after: Self) -> Option<Ratio> {
        let [before, after] = [self, after].map(|points| i64::from(points.0));
        let scaled = (after - before) * 10_000;
        let up = if scaled >= 0 { before - 1 } else { 1 - before };
        (scaled + up).checked_div(before).map(|one| Ratio::from_millionths(one * 100))
    }
}

impl Bidding {
    /// Which way it is, without its target.
    #[must_use]
    pub const fn strategy(self) -> Strategy {
        match self {
            Self::ManualCpc {} => Strategy::ManualCpc,
            Self::ManualCpm {} => Strategy::ManualCpm,
            Self::MaximizeClicks { .. } => Strategy::MaximizeClicks,
            Self::MaximizeConversions { .. } => Strategy::MaximizeConversions,
            Self::MaximizeConversionValue { .. } => Strategy::MaximizeConversionValue,
            Self::TargetCpa { .. } => Strategy::TargetCpa,
            Self::TargetRoas { .. } => Strategy::TargetRoas,
            Self::Other {} => Strategy::Other,
        }
    }

    /// The target, where there is one.
    pub(super) fn aim(self) -> Option<Aim> {
        match self {
            Self::MaximizeClicks { max_cpc } => max_cpc.map(Aim::Amount),
            Self::MaximizeConversions { target_cpa } => target_cpa.map(Aim::Amount),
            Self::MaximizeConversionValue { target_roas } => target_roas.map(Aim::Return),
            Self::TargetCpa { target_cpa } => Some(Aim::Amount(target_cpa)),
            Self::TargetRoas { target_roas } => Some(Aim::Return(target_roas)),
            Self::ManualCpc {} | Self::ManualCpm {} | Self::Other {} => None,
        }
    }

    /// The same way to bid with this amount as its target; `None` where its target is none.
    const fn with_amount(self, amount: Money) -> Option<Self> {
        Some(match self {
            Self::MaximizeClicks { .. } => Self::MaximizeClicks { max_cpc: Some(amount) },
            Self::MaximizeConversions { .. } => {
                Self::MaximizeConversions { target_cpa: Some(amount) }
            }
            Self::TargetCpa { .. } => Self::TargetCpa { target_cpa: amount },
            _ => return None,
        })
    }
}

impl Strategy {
    /// Its name inside of a sentence.
    #[must_use]
    pub const fn name(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::ManualCpc, Language::En) => "manual CPC",
            (Self::ManualCpc, Language::De) => "manueller CPC",
            (Self::ManualCpm, Language::En) => "manual CPM",
            (Self::ManualCpm, Language::De) => "manueller CPM",
            (Self::MaximizeClicks, Language::En) => "maximize clicks",
            (Self::MaximizeClicks, Language::De) => "Klicks maximieren",
            (Self::MaximizeConversions, Language::En) => "maximize conversions",
            (Self::MaximizeConversions, Language::De) => "Conversions maximieren",
            (Self::MaximizeConversionValue, Language::En) => "maximize conversion value",
            (Self::MaximizeConversionValue, Language::De) => "Conversion-Wert maximieren",
            (Self::TargetCpa, Language::En) => "target CPA",
            (Self::TargetCpa, Language::De) => "Ziel-CPA",
            (Self::TargetRoas, Language::En) => "target ROAS",
            (Self::TargetRoas, Language::De) => "Ziel-ROAS",
            (Self::Other, Language::En) => "a strategy that is not known here",
            (Self::Other, Language::De) => "eine hier unbekannte Strategie",
        }
    }

    /// What its target is, where it can have one.
    #[must_use]
    pub const fn field(self) -> Option<Field> {
        match self {
            Self::MaximizeClicks => Some(Field::MaxCpc),
            Self::MaximizeConversions | Self::TargetCpa => Some(Field::TargetCpa),
            Self::MaximizeConversionValue | Self::TargetRoas => Some(Field::TargetRoas),
            Self::ManualCpc | Self::ManualCpm | Self::Other => None,
        }
    }
}

impl Bid {
    /// The strategy, where it is one.
    #[must_use]
    pub fn strategy(self) -> Option<Strategy> {
        match self {
            Self::Bidding(bidding) => Some(bidding.strategy()),
            Self::Cpc(_) | Self::Cpm(_) => None,
        }
    }

    /// Whether it is an ad group's own.
    pub(super) const fn is_of_ad_group(self) -> bool {
        matches!(self, Self::Cpc(_) | Self::Cpm(_))
    }

    /// The only strategy under which an ad group's bid has the effect that it says.
    pub(super) const fn needs(self) -> Option<Strategy> {
        match self {
            Self::Cpc(_) => Some(Strategy::ManualCpc),
            Self::Cpm(_) => Some(Strategy::ManualCpm),
            Self::Bidding(_) => None,
        }
    }

    /// Whether both are of one sort.
    pub(super) fn is_like(self, other: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }

    /// Whether going to `after` changes the strategy itself.
    pub(super) fn is_other_strategy(self, after: Self) -> bool {
        self.strategy() != after.strategy()
    }

    /// Whether it can be what a change begins with.
    pub(super) fn is_known(self) -> bool {
        self.strategy() != Some(Strategy::Other)
    }

    /// Whether it can be asked for.
    pub(super) fn is_askable(self) -> bool {
        let in_bounds = match self.aim() {
            Some(Aim::Return(points)) => points.is_target(),
            Some(Aim::Amount(_)) | None => true,
        };
        self.is_known() && in_bounds
    }

    /// What it says, where it says something.
    pub(super) fn aim(self) -> Option<Aim> {
        match self {
            Self::Cpc(amount) | Self::Cpm(amount) => Some(Aim::Amount(amount)),
            Self::Bidding(bidding) => bidding.aim(),
        }
    }

    /// What changes when it says something else.
    const fn field(self) -> Option<Field> {
        match self {
            Self::Cpc(_) => Some(Field::CpcBid),
            Self::Cpm(_) => Some(Field::CpmBid),
            Self::Bidding(bidding) => bidding.strategy().field(),
        }
    }

    /// The same with another amount; `None` where it has none.
    pub(super) fn with_amount(self, amount: Money) -> Option<Self> {
        Some(match self {
            Self::Cpc(_) => Self::Cpc(amount),
            Self::Cpm(_) => Self::Cpm(amount),
            Self::Bidding(bidding) => Self::Bidding(bidding.with_amount(amount)?),
        })
    }

    /// Which way the money at risk moves. What another strategy spends nobody can tell
    /// beforehand, so that it counts as more.
    pub(super) fn direction(self, after: Self) -> Direction {
        if self.is_other_strategy(after) {
            Direction::Increase
        } else {
            direction(self.aim(), after.aim())
        }
    }

    /// Whether going to `own` goes the way to `ceiling`, and no further. Another strategy is
    /// exactly the one that was signed, with its target.
    pub(super) fn goes_no_further(self, own: Self, ceiling: Self) -> bool {
        if self.is_other_strategy(ceiling) || own.is_other_strategy(ceiling) {
            own == ceiling
        } else {
            goes_no_further(self.aim(), own.aim(), ceiling.aim())
        }
    }

    /// The change to `after` in percent, rounded away from zero, as rules count: 25 is 25 %.
    /// `None` from nothing, to nothing and between strategies.
    pub(super) fn percent_to(self, after: Self) -> Option<Ratio> {
        let ratio = self.ratio_to(after)?;
        ratio.millionths().checked_mul(100).map(Ratio::from_millionths)
    }

    fn ratio_to(self, after: Self) -> Option<Ratio> {
        if self.is_other_strategy(after) { None } else { self.aim()?.ratio_to(after.aim()?) }
    }

    /// The rows of going to `after`.
    pub(super) fn diff(self, after: Self) -> Vec<DiffRow> {
        let value = |bid: Self| bid.aim().map_or(Value::Unset, Aim::value);
        if !self.is_other_strategy(after) {
            let row = |field| DiffRow::of(field, Some(value(self)), value(after));
            return self.field().map(row).into_iter().collect();
        }
        let [from, to] = [self, after].map(|bid| bid.strategy().map(Value::Strategy));
        let strategy = to.map(|after| DiffRow::of(Field::Strategy, from, after));
        let mut rows: Vec<_> = strategy.into_iter().collect();
        if self.field() == after.field() {
            let row = |field| DiffRow::of(field, Some(value(self)), value(after));
            rows.extend(self.field().map(row));
            return rows;
        }
        let row = |field, before, after| DiffRow::of(field, Some(before), after);
        rows.extend(self.field().map(|field| row(field, value(self), Value::Unset)));
        rows.extend(after.field().map(|field| row(field, Value::Unset, value(after))));
        rows.retain(|row| row.before.as_ref() != Some(&row.after));
        rows
    }
}

impl Aim {
    /// How much is bid for the same thing, as a number that only compares.
    const fn boldness(self) -> i64 {
        match self {
            Self::Amount(money) => money.amount_micros,
            Self::Return(points) => -(points.0 as i64),
        }
    }

    /// The amount, if it is one.
    pub(super) const fn money(self) -> Option<Money> {
        match self {
            Self::Amount(money) => Some(money),
            Self::Return(_) => None,
        }
    }

    /// The value in a row.
    const fn value(self) -> Value {
        match self {
            Self::Amount(money) => Value::Money(money),
            Self::Return(points) => Value::Return(points),
        }
    }

    /// By how much `after` differs from it; `None` from nothing, and between two sorts.
    fn ratio_to(self, after: Self) -> Option<Ratio> {
        match (self, after) {
            (Self::Amount(before), Self::Amount(after)) => amount::ratio(before, after),
            (Self::Return(before), Self::Return(after)) => before.ratio_to(after),
            _ => None,
        }
    }
}

/// Which way a target moves what is bid; without one nothing bounds it.
fn direction(before: Option<Aim>, after: Option<Aim>) -> Direction {
    let [before, after] = [before, after].map(boldness);
    match after.cmp(&before) {
        std::cmp::Ordering::Greater => Direction::Increase,
        std::cmp::Ordering::Less => Direction::Decrease,
        std::cmp::Ordering::Equal => Direction::None,
    }
}

/// Whether going from `before` to `own` goes the way from `before` to `ceiling`, and no further.
fn goes_no_further(before: Option<Aim>, own: Option<Aim>, ceiling: Option<Aim>) -> bool {
    let way = direction(before, ceiling);
    let no_further = match way {
        Direction::Increase => boldness(own) <= boldness(ceiling),
        Direction::Decrease => boldness(own) >= boldness(ceiling),
        Direction::None => own == ceiling,
    };
    direction(before, own) == way && no_further
}

fn boldness(target: Option<Aim>) -> i64 {
    target.map_or(i64::MAX, Aim::boldness)
}
