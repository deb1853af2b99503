//! What an agent sends: a draft. It becomes a proposal only when the gate has read the
//! platform and signed. The published JSON Schemas in `schemas/` describe the same shape.

use crate::{
    Digest, Ratio, bounded,
    change::DraftChange,
    evidence::{CountRange, Metric},
    time::is_date,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A drafted change with everything an approver needs to judge it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// What shall change.
    pub change: DraftChange,
    /// Why it shall change.
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

/// What an agent gives for a change: its prediction, its reasons and where they come from. In
/// JSON these are members of what holds them, draft or proposal.
// serde does not promise that `flatten` and `deny_unknown_fields` go together; a test in
// `tests/grounds.rs` holds that a member that is unknown or comes twice is refused here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Grounds {
    /// The predicted relative lift of the outcome, with its interval.
    pub predicted_lift: Interval,
    /// The probability that the realised lift falls inside the interval.
    pub confidence: Ratio,
    /// Which signals moved the model, and how much each (signed weights).
    #[serde(deserialize_with = "bounded::map::<MAX_ATTRIBUTIONS, MAX_KEY_CHARS, _, _>")]
    pub feature_attributions: BTreeMap<String, Ratio>,
    /// Why, in the model's words.
    #[serde(deserialize_with = "bounded::text::<MAX_WORDS_CHARS, _>")]
    pub rationale: String,
    /// What happened that caused it.
    #[serde(deserialize_with = "bounded::text::<MAX_WORDS_CHARS, _>")]
    pub trigger: String,
    /// What is expected if it is followed.
    #[serde(deserialize_with = "bounded::text::<MAX_WORDS_CHARS, _>")]
    pub likely_outcome: String,
    /// What the campaign is for, so that intent can be told apart from exposure.
    #[serde(deserialize_with = "bounded::text::<MAX_WORDS_CHARS, _>")]
    pub campaign_intent: String,
    /// Which model made it; without this a draft is refused.
    pub model: ModelRef,
}

/// Most points of a backtest.
pub const MAX_BACKTEST_POINTS: usize = 366;
/// Longest text for approvers, in characters.
pub const MAX_WORDS_CHARS: usize = 4_000;
/// Longest prompt, in characters.
pub const MAX_PROMPT_CHARS: usize = 200_000;
/// Longest id or version of a model, in characters.
pub const MAX_NAME_CHARS: usize = 200;
/// Most signals of a prediction.
pub const MAX_ATTRIBUTIONS: usize = 64;
/// Longest name of a signal, in characters.
pub const MAX_KEY_CHARS: usize = 100;
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

/// A predicted value with its interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The point prediction.
    pub value: Ratio,
    /// Lower end.
    pub low: Ratio,
    /// Upper end.
    pub high: Ratio,
}

/// Provenance of a model.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelRef {
    /// The model's id, e.g. `genai-v2-2026-01`.
    #[serde(deserialize_with = "bounded::text::<MAX_NAME_CHARS, _>")]
    pub id: String,
    /// Its version.
    #[serde(deserialize_with = "bounded::text::<MAX_NAME_CHARS, _>")]
    pub version: String,
    /// The digest of the training-data snapshot.
    pub training_snapshot: Digest,
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
        self.grounds.check()?;
        if let Some(backtest) = &self.backtest {
            backtest.check()?;
        }
        if self.prompt.trim().is_empty() { Err(DraftError::Empty("prompt")) } else { Ok(()) }
    }
}

impl Grounds {
    fn check(&self) -> Result<(), DraftError> {
        let lift = self.predicted_lift;
        if !(lift.low <= lift.value && lift.value <= lift.high) {
            return Err(DraftError::Interval);
        }
        if !(0..=1_000_000).contains(&self.confidence.millionths()) {
            return Err(DraftError::Confidence);
        }
        let texts = [
            ("rationale", &self.rationale),
            ("trigger", &self.trigger),
            ("likely_outcome", &self.likely_outcome),
            ("campaign_intent", &self.campaign_intent),
            ("model.id", &self.model.id),
            ("model.version", &self.model.version),
        ];
        if self.feature_attributions.keys().any(String::is_empty) {
            return Err(DraftError::Empty("feature_attributions: each signal's name"));
        }
        match texts.iter().find(|(_, text)| text.trim().is_empty()) {
            Some((name, _)) => Err(DraftError::Empty(name)),
            None if self.feature_attributions.is_empty() => {
                Err(DraftError::Empty("feature_attributions"))
            }
            None => Ok(()),
        }
    }
}
