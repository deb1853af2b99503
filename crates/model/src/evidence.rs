//! Evidence beside a proposal: content-addressed, sealed, fetched ahead of need.

use crate::{
    Digest, EntityRef, Money, Ratio, TimestampMs, bounded,
    change::Budget,
    draft::{MAX_PROMPT_CHARS, MAX_WORDS_CHARS, ModelRef},
};
use serde::{Deserialize, Serialize};

/// A piece of evidence by the digest of its plain canonical bytes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRef {
    /// What it is.
    pub kind: EvidenceKind,
    /// SHA-256 of the canonical bytes, before sealing.
    pub digest: Digest,
    /// Length of those bytes.
    pub size_bytes: u64,
}

/// The kinds of evidence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// A [`PacingSeries`].
    PacingSeries,
    /// A [`SealedPrompt`].
    Prompt,
    /// A [`Forecast`].
    Forecast,
    /// A [`Backtest`].
    Backtest,
}

/// Spend to be expected under the present and the proposed budget; computed by the gate from
/// the account's own series, so that it is nobody's claim.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// The campaign.
    pub entity: EntityRef,
    /// IANA name of the account's time zone; days are days there.
    pub time_zone: String,
    /// How it was computed.
    pub method: ForecastMethod,
    /// From how many days of the series.
    pub fitted_days: u32,
    /// The probability that a day's spend falls inside its range.
    pub level: Ratio,
    /// The flight's last day, `YYYY-MM-DD`; absent without a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flight_end: Option<String>,
    /// Days to come, the day of reading first, without gaps.
    pub days: Vec<ForecastDay>,
}

/// The ways to forecast spend.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForecastMethod {
    /// The share of the daily budget that was spent on the same weekday, its mean for the
    /// expected value and its empirical quantiles for the range, times the budget.
    WeekdayUtilisation,
}

/// A day to come.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForecastDay {
    /// ISO date in the account's time zone, `YYYY-MM-DD`.
    pub date: String,
    /// Under the present budget.
    pub before: MoneyRange,
    /// Under the proposed one.
    pub after: MoneyRange,
}

/// An amount with its range; `low <= value <= high`, one currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoneyRange {
    /// Expected.
    pub value: Money,
    /// Lower end.
    pub low: Money,
    /// Upper end.
    pub high: Money,
}

/// A model's predictions for days that it was not fitted on, beside what the platform
/// reported for them. The predictions are the agent's claim; the actual values are not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backtest {
    /// The campaign.
    pub entity: EntityRef,
    /// The model.
    pub model: ModelRef,
    /// How it predicts, in the agent's words.
    #[serde(deserialize_with = "bounded::text::<MAX_WORDS_CHARS, _>")]
    pub method: String,
    /// First day that it was fitted on, `YYYY-MM-DD`.
    pub fitted_from: String,
    /// Last day that it was fitted on, before the first point.
    pub fitted_until: String,
    /// What is predicted.
    pub metric: Metric,
    /// The probability that the model claims for its intervals.
    pub level: Ratio,
    /// Oldest first.
    pub points: Vec<BacktestPoint>,
}

/// What a platform reports per day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Clicks.
    Clicks,
    /// Impressions.
    Impressions,
}

/// A prediction and what happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BacktestPoint {
    /// ISO date in the account's time zone, `YYYY-MM-DD`.
    pub date: String,
    /// What the model says.
    pub predicted: CountRange,
    /// What the platform reported; absent where it has no figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<u64>,
}

/// A count with its range; `low <= value <= high`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountRange {
    /// Expected.
    pub value: u64,
    /// Lower end.
    pub low: u64,
    /// Upper end.
    pub high: u64,
}

impl CountRange {
    /// Whether `count` lies inside.
    #[must_use]
    pub const fn contains(self, count: u64) -> bool {
        self.low <= count && count <= self.high
    }
}

impl PacingDay {
    /// What the platform reported of `metric`.
    #[must_use]
    pub const fn count(&self, metric: Metric) -> u64 {
        match metric {
            Metric::Clicks => self.clicks,
            Metric::Impressions => self.impressions,
        }
    }
}

/// Daily delivery of a campaign, as the platform reported it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PacingSeries {
    /// The campaign.
    pub entity: EntityRef,
    /// IANA name of the account's time zone; days are days there.
    pub time_zone: String,
    /// When the platform was read.
    pub read_at_ms: TimestampMs,
    /// The budget in force at that time.
    pub budget: Budget,
    /// Where the numbers come from, in words; says so when they are simulated.
    pub source: String,
    /// The days that were asked for. Between the first and the last of [`Self::days`] the
    /// series is whole; of asked days before and after them the platform reported nothing.
    pub asked: DayRange,
    /// Oldest first, without gaps.
    pub days: Vec<PacingDay>,
}

/// A span of days, both in it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayRange {
    /// ISO date, `YYYY-MM-DD`.
    pub first: String,
    /// ISO date, `YYYY-MM-DD`.
    pub last: String,
}

/// One day of delivery.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PacingDay {
    /// ISO date in the account's time zone, `YYYY-MM-DD`.
    pub date: String,
    /// Spend.
    pub spend: Money,
    /// Impressions.
    pub impressions: u64,
    /// Clicks.
    pub clicks: u64,
}

/// The prompt with the salt of its commitment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedPrompt {
    /// 32 random bytes as hex; see [`Digest::commitment`].
    pub salt: Digest,
    /// The prompt.
    #[serde(deserialize_with = "bounded::text::<MAX_PROMPT_CHARS, _>")]
    pub prompt: String,
}

/// Shows that there is a prompt, never what it says.
impl std::fmt::Debug for SealedPrompt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealedPrompt(…)")
    }
}

impl SealedPrompt {
    /// The commitment that stands in the proposal and the log.
    #[must_use]
    pub fn commitment(&self) -> Digest {
        Digest::commitment(self.salt.as_bytes(), self.prompt.as_bytes())
    }
}
