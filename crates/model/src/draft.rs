//! What an agent sends: a draft. It becomes a proposal only when the gate has read the
//! platform and signed. The published JSON Schemas in `schemas/` describe the same shape.

mod grounds;

pub use grounds::{
    ConsideredInput, Grounds, InputKind, Interval, MAX_ATTRIBUTIONS, MAX_INPUTS, MAX_KEY_CHARS,
    MAX_LINE_CHARS, MAX_SOURCES, MAX_STEPS, ModelRef, RiskFactors, SourceReference,
};

use crate::{
    Ratio, bounded,
    change::{CreativeError, DraftChange},
    evidence::{CountRange, Metric},
    time::is_date,
};
use serde::{Deserialize, Serialize};

/// A drafted change with everything an approver needs to judge it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// What should change.
    pub change: DraftChange,
    /// Why it should change.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// The prompt; kept sealed, with only a commitment in the log.
    #[serde(deserialize_with = "bounded::text::<MAX_PROMPT_CHARS, _>")]
    pub prompt: String,
    /// What the model predicted for days it was not fitted on. The gate puts the platform's
    /// own figures beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backtest: Option<BacktestDraft>,
}

/// Most points of a backtest.
pub const MAX_BACKTEST_POINTS: usize = 366;
/// Longest text for approvers, in characters.
pub const MAX_WORDS_CHARS: usize = 4_000;
/// Longest prompt, in characters.
pub const MAX_PROMPT_CHARS: usize = 200_000;
/// Longest id or version of a model, or title of a source, in characters.
pub const MAX_NAME_CHARS: usize = 200;
/// Largest predicted count: what JSON numbers hold exactly everywhere.
pub const MAX_COUNT: u64 = (1 << 53) - 1;
/// Last moment of a window, 9999-12-31T23:59:59.999Z in UTC milliseconds.
pub const MAX_MOMENT_MS: i64 = 253_402_300_799_999;
/// Length of `YYYY-MM-DD`.
const DATE_CHARS: usize = 10;

/// Predictions to be held against what happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BacktestDraft {
    /// How the model predicts, in a sentence or two.
    #[serde(deserialize_with = "bounded::text::<MAX_WORDS_CHARS, _>")]
    pub method: String,
    /// First day that it was fitted on, `YYYY-MM-DD` in the account's time zone.
    #[serde(deserialize_with = "bounded::text::<DATE_CHARS, _>")]
    pub fitted_from: String,
    /// Last day that it was fitted on; every prediction is for a later day.
    #[serde(deserialize_with = "bounded::text::<DATE_CHARS, _>")]
    pub fitted_until: String,
    /// What is predicted.
    pub metric: Metric,
    /// The probability that the model claims for its intervals.
    pub level: Ratio,
    /// Oldest first, 1 to 366.
    #[serde(deserialize_with = "bounded::list::<MAX_BACKTEST_POINTS, _, _>")]
    pub predictions: Vec<Prediction>,
}

/// A prediction for one day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prediction {
    /// `YYYY-MM-DD` in the account's time zone.
    #[serde(deserialize_with = "bounded::text::<DATE_CHARS, _>")]
    pub date: String,
    /// The count with its range.
    pub predicted: CountRange,
}

/// Why a draft that has the right shape still makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// `before` and `after` are in different currencies.
    #[error(
        "change.before and change.after are in different currencies; give both in the account's currency"
    )]
    Currency,
    /// An amount is negative.
    #[error("change.before and change.after must not be negative")]
    Negative,
    /// Nothing would change.
    #[error("change.after equals change.before; there is nothing to approve")]
    NoChange,
    /// A state that nobody can ask for.
    #[error("change.before and change.after must be enabled or paused")]
    State,
    /// A campaign that stands twice in a transfer.
    #[error("change.from and change.to must name each campaign once")]
    Twice,
    /// An amount that goes the other way than its side.
    #[error("every part of change.{name} must {way} its budget")]
    Side {
        /// The side.
        name: &'static str,
        /// What its parts must do.
        way: &'static str,
    },
    /// One side of a transfer has amounts of two currencies, or more than can be counted.
    #[error(
        "change.from must be in one currency, and so must change.to; draft a transfer for each pair of currencies"
    )]
    SideCurrency,
    /// What is taken is not what is given.
    #[error("what change.from gives up must equal what change.to receives")]
    Unbalanced,
    /// A bid and what it is for do not go together.
    #[error(
        "change.before and change.after must both be cpc or both be cpm, with ad_group_id, or both be bidding, without it"
    )]
    Bid,
    /// A strategy that nobody can ask for.
    #[error(
        "change.before and change.after must name a bidding strategy, and a target ROAS must lie between 100 and 10000000 basis points"
    )]
    Strategy,
    /// An ad that cannot be asked for.
    #[error("change.after: {0}")]
    Creative(#[from] CreativeError),
    /// A set that cannot be asked for.
    #[error("change.{0}")]
    Set(&'static str),
    /// The window ends before it begins, or lies outside of time.
    #[error("change.window must lie between 1970 and 9999 and end after it starts")]
    Window,
    /// A flight that ends before it begins, has lost its start, or lies outside of time.
    #[error(
        "change.after must lie between 1970 and 9999, end after it starts, and keep a start where there is one"
    )]
    Flight,
    /// low <= value <= high does not hold.
    #[error("predicted_lift must satisfy low <= value <= high")]
    Interval,
    /// Confidence outside 0 to 1.
    #[error("confidence must lie between 0 and 1")]
    Confidence,
    /// A risk factor outside 0 to 1.
    #[error("risk_factors.{0} must lie between 0 and 1")]
    Risk(&'static str),
    /// A list holds too few or too many.
    #[error("{name} must hold {min} to {max} items")]
    Count {
        /// The list.
        name: &'static str,
        /// At least this many.
        min: usize,
        /// At most this many.
        max: usize,
    },
    /// A text that this kind of change cannot do without is not there.
    #[error("{0} must be given for this kind of change")]
    Demanded(&'static str),
    /// A text that an approver needs is empty.
    #[error("{0} must not be empty")]
    Empty(&'static str),
    /// The backtest contradicts itself.
    #[error("backtest: {0}")]
    Backtest(&'static str),
}

impl BacktestDraft {
    fn check(&self) -> Result<(), DraftError> {
        let refuse = |what| Err(DraftError::Backtest(what));
        if self.method.trim().is_empty() {
            return refuse("method must say how the model predicts");
        }
        if !(1..=MAX_BACKTEST_POINTS).contains(&self.predictions.len()) {
            return refuse("predictions must hold 1 to 366 days");
        }
        if !(1..1_000_000).contains(&self.level.millionths()) {
            return refuse("level must lie between 0 and 1");
        }
        let mut last = &self.fitted_until;
        if !is_date(&self.fitted_from) || !is_date(last) || self.fitted_from > *last {
            return refuse("fitted_from and fitted_until must be dates, the first one first");
        }
        for prediction in &self.predictions {
            if !is_date(&prediction.date) || prediction.date <= *last {
                return refuse(
                    "predictions must be for later days than fitted_until, oldest first",
                );
            }
            let range = prediction.predicted;
            if !range.contains(range.value) || range.high > MAX_COUNT {
                return refuse("each prediction must satisfy low <= value <= high < 2^53");
            }
            last = &prediction.date;
        }
        Ok(())
    }
}

impl Draft {
    /// Checks what a schema cannot say.
    ///
    /// # Errors
    /// The first [`DraftError`] found.
    pub fn check(&self) -> Result<(), DraftError> {
        self.change.check()?;
        self.grounds.check(self.change.needs_counterfactual())?;
        if let Some(backtest) = &self.backtest {
            backtest.check()?;
        }
        if self.prompt.trim().is_empty() { Err(DraftError::Empty("prompt")) } else { Ok(()) }
    }
}
