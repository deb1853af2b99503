//! The practice case's series: made up by a formula, and said to be.

use countersign_model::{
    Action, Currency, Digest, Money, Ratio, TimestampMs,
    change::{Budget, Spend},
    draft::ModelRef,
    evidence::{
        Backtest, BacktestPoint, CountRange, DayRange, Forecast, ForecastDay, ForecastMethod,
        Metric, MoneyRange, PacingDay, PacingSeries,
    },
    time::HOUR_MS,
};

/// Days from the proposal to the flight's end.
pub(super) const FLIGHT_DAYS: i64 = 7;
const DAY_MS: i64 = 24 * HOUR_MS;
const HISTORY_DAYS: i64 = 60;
const BACKTEST_DAYS: i64 = 21;
/// Share of the budget that is spent on each weekday, in percent.
const WEEKDAYS: [i64; 7] = [97, 99, 96, 98, 93, 84, 88];
const ZONE: &str = "UTC";

pub(super) fn model() -> ModelRef {
    ModelRef {
        id: "practice-model".into(),
        version: "1".into(),
        training_snapshot: Digest::of(b"practice"),
    }
}

/// The date of a day before or after the case was made.
fn date(created: TimestampMs, days: i64) -> String {
    created.plus_ms(days * DAY_MS).rfc3339().chars().take(10).collect()
}

fn weekday_percent(created: TimestampMs, days: i64) -> i64 {
    let day = created.plus_ms(days * DAY_MS).millis().div_euclid(DAY_MS);
    let index = usize::try_from(day.rem_euclid(7)).unwrap_or(0);
    WEEKDAYS.get(index).copied().unwrap_or(90)
}

/// Clicks of a day: they follow the spend, with a small wave of their own.
fn clicks(created: TimestampMs, days: i64) -> u64 {
    let wave = (days * 7).rem_euclid(13) - 6;
    u64::try_from(weekday_percent(created, days) * 3 + wave * 2).unwrap_or(0)
}

fn spend(budget: Money, percent: i64) -> Money {
    Money { amount_micros: budget.amount_micros / 100 * percent, ..budget }
}

/// What the campaign may spend on a day while it runs.
fn daily_budget(action: &Action) -> Money {
    let larger = |spend: Spend| match spend.before.amount_micros {
        0 => spend.after,
        _ => spend.before,
    };
    action.spend().map_or(Money::from_micros(0, Currency::NONE), larger)
}

pub(super) fn pacing(action: &Action, created: TimestampMs) -> PacingSeries {
    let budget = daily_budget(action);
    PacingSeries {
        entity: action.entity().clone(),
        time_zone: ZONE.into(),
        read_at_ms: created,
        budget: Budget::daily(budget),
        source: "made up for practice".into(),
        asked: DayRange { first: date(created, -HISTORY_DAYS), last: date(created, -1) },
        days: (-HISTORY_DAYS..0)
            .map(|day| PacingDay {
                date: date(created, day),
                spend: spend(budget, weekday_percent(created, day)),
                impressions: clicks(created, day) * 41,
                clicks: clicks(created, day),
            })
            .collect(),
    }
}

/// As of a real change: none where there is nothing to foretell.
pub(super) fn forecast(action: &Action, created: TimestampMs) -> Option<Forecast> {
    let (before, after) = (daily_budget(action), action.forecast()?);
    let range = |budget: Money, percent: i64| MoneyRange {
        value: spend(budget, percent),
        low: spend(budget, percent - 8),
        high: spend(budget, (percent + 6).min(100)),
    };
    Some(Forecast {
        entity: action.entity().clone(),
        time_zone: ZONE.into(),
        method: ForecastMethod::WeekdayUtilisation,
        fitted_days: u32::try_from(HISTORY_DAYS).unwrap_or(0),
        level: Ratio::from_millionths(800_000),
        flight_end: Some(date(created, FLIGHT_DAYS)),
        days: (0..=FLIGHT_DAYS)
            .map(|day| ForecastDay {
                date: date(created, day),
                before: range(before, weekday_percent(created, day)),
                after: range(after, weekday_percent(created, day) - 4),
            })
            .collect(),
    })
}

pub(super) fn backtest(action: &Action, created: TimestampMs) -> Backtest {
    Backtest {
        entity: action.entity().clone(),
        model: model(),
        method: "Made up for practice: the mean of the same weekday".into(),
        fitted_from: date(created, -HISTORY_DAYS),
        fitted_until: date(created, -BACKTEST_DAYS - 1),
        metric: Metric::Clicks,
        level: Ratio::from_millionths(800_000),
        points: (-BACKTEST_DAYS..0)
            .map(|day| {
                let value = u64::try_from(weekday_percent(created, day) * 3).unwrap_or(0);
                let predicted = CountRange { value, low: value - 9, high: value + 9 };
                let actual = Some(clicks(created, day));
                BacktestPoint { date: date(created, day), predicted, actual }
            })
            .collect(),
    }
}
