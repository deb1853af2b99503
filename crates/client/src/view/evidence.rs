//! Evidence that charts and tables show.

use super::{
    BudgetPeriodView, CaseState, DiffRowView, ForecastMethodName, IntervalView, MetricName,
    MoneyView,
};

view! {
    /// The pacing chart.
    pub struct PacingView {
        /// Where the numbers come from; says so when simulated.
        #[serde(serialize_with = "super::shown::line")]
        pub source: String,
        /// Account time zone (IANA).
        #[serde(serialize_with = "super::shown::line")]
        pub time_zone: String,
        /// When the platform was read.
        #[ts(type = "number")]
        pub read_at_ms: i64,
        /// Daily budget in force then.
        pub budget: MoneyView,
        /// What the budget is for.
        pub per: BudgetPeriodView,
        /// First day that was asked for, `YYYY-MM-DD`.
        pub asked_first: String,
        /// Last day that was asked for.
        pub asked_last: String,
        /// Days, oldest first, without gaps; asked days before and after them were not reported.
        pub days: Vec<PacingDayView>,
    }

    /// A day of delivery.
    pub struct PacingDayView {
        /// `YYYY-MM-DD` in the account's zone.
        pub date: String,
        /// Spend.
        pub spend_micros: String,
        /// Impressions.
        #[ts(type = "number")]
        pub impressions: u64,
        /// Clicks.
        #[ts(type = "number")]
        pub clicks: u64,
    }

    /// Spend to be expected under both budgets, computed by the gate from the account's series.
    pub struct ForecastView {
        /// How it was computed.
        #[ts(as = "ForecastMethodName")]
        pub method: String,
        /// From how many days.
        pub fitted_days: u32,
        /// Probability that a day's spend falls in its range.
        pub level: f64,
        /// The flight's last day, `YYYY-MM-DD`; null without a window.
        pub flight_end: Option<String>,
        /// Currency of all amounts.
        pub currency: String,
        /// Days to come, today first.
        pub days: Vec<ForecastDayView>,
    }

    /// A day to come.
    pub struct ForecastDayView {
        /// `YYYY-MM-DD` in the account's zone.
        pub date: String,
        /// Under the present budget.
        pub before: MoneyRangeView,
        /// Under the proposed one.
        pub after: MoneyRangeView,
    }

    /// An amount with its range, in micros as text.
    pub struct MoneyRangeView {
        /// Expected.
        pub value_micros: String,
        /// Lower end.
        pub low_micros: String,
        /// Upper end.
        pub high_micros: String,
    }

    /// The model's predictions against what the platform reported afterwards.
    pub struct BacktestView {
        /// The agent's words on how the model predicts.
        pub method: String,
        /// First day that the model was fitted on.
        pub fitted_from: String,
        /// Last day that the model was fitted on.
        pub fitted_until: String,
        /// What is predicted: clicks, impressions.
        #[ts(as = "MetricName")]
        pub metric: String,
        /// Probability that the model claims for its intervals.
        pub level: f64,
        /// Share of the points that fell inside; null without points.
        pub coverage: Option<f64>,
        /// Mean of actual over predicted, minus 1: above zero the model is too modest.
        pub bias: Option<f64>,
        /// Mean absolute error over mean actual.
        pub error: Option<f64>,
        /// Points, oldest first; the actual values are the platform's.
        pub points: Vec<BacktestPointView>,
    }

    /// A prediction and what happened.
    pub struct BacktestPointView {
        /// `YYYY-MM-DD`.
        pub date: String,
        /// Predicted.
        pub predicted: CountsView,
        /// What the platform reported; null when it has no figure for that day.
        #[ts(type = "number | null")]
        pub actual: Option<u64>,
        /// Whether it fell outside of the interval.
        pub missed: bool,
    }

    /// A count with its range.
    #[derive(Copy, Eq)]
    pub struct CountsView {
        /// Expected.
        #[ts(type = "number")]
        pub value: u64,
        /// Lower end.
        #[ts(type = "number")]
        pub low: u64,
        /// Upper end.
        #[ts(type = "number")]
        pub high: u64,
    }

    /// A settled case like this one.
    pub struct SimilarView {
        /// Proposal id.
        pub proposal: String,
        /// Campaign name.
        #[serde(serialize_with = "super::shown::line")]
        pub campaign: String,
        /// It is about the same entity.
        pub same_entity: bool,
        /// What was proposed.
        pub proposed: Vec<DiffRowView>,
        /// What was applied in the end, if that was told.
        pub applied: Option<Vec<DiffRowView>>,
        /// Predicted lift; null for a case that no agent drafted.
        pub predicted_lift: Option<IntervalView>,
        /// What became of it.
        pub state: CaseState,
        /// Somebody decided on a different value.
        pub overridden: bool,
        /// Settled.
        #[ts(type = "number")]
        pub settled_at_ms: i64,
    }
}
