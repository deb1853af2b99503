//! An agent's predictions beside what the platform reported for the same days.

use super::day_of;
use countersign_model::{
    draft::{BacktestDraft, ModelRef},
    evidence::{Backtest, BacktestPoint, PacingSeries},
};
use std::collections::BTreeMap;

/// Puts the platform's own figures beside the predictions. A day that the series does not
/// hold, and the day of reading, which is not over, have none; in an unknown time zone no day
/// is known to be over.
#[must_use]
pub fn backtest(draft: &BacktestDraft, model: &ModelRef, series: &PacingSeries) -> Backtest {
    let today = day_of(series, series.read_at_ms).map(|day| day.to_string());
    let is_over = |date: &String| today.as_ref().is_some_and(|today| date < today);
    let reported: BTreeMap<_, _> = series
        .days
        .iter()
        .filter(|day| is_over(&day.date))
        .map(|day| (&day.date, day.count(draft.metric)))
        .collect();
    let points = draft.predictions.iter().map(|prediction| BacktestPoint {
        date: prediction.date.clone(),
        predicted: prediction.predicted,
        actual: reported.get(&prediction.date).copied(),
    });
    Backtest {
        entity: series.entity.clone(),
        model: model.clone(),
        method: draft.method.clone(),
        fitted_from: draft.fitted_from.clone(),
        fitted_until: draft.fitted_until.clone(),
        metric: draft.metric,
        level: draft.level,
        points: points.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::forecast::tests::series;
    use countersign_model::{
        Digest, Ratio,
        draft::Prediction,
        evidence::{CountRange, Metric},
    };

    #[test]
    fn actual_values_are_the_platforms_and_missing_where_it_has_none() {
        // Ends on the day of reading, which is not over.
        let series = series(&[10_000_000; 31], 20_000_000, 1);
        let last = series.days.len() - 1;
        let predicted = CountRange { value: 5, low: 1, high: 9 };
        let on = |date: &str| Prediction { date: date.into(), predicted };
        let draft = BacktestDraft {
            method: "least squares".into(),
            fitted_from: series.days[0].date.clone(),
            fitted_until: series.days[last - 3].date.clone(),
            metric: Metric::Clicks,
            level: Ratio::from_millionths(900_000),
            predictions: vec![
                on(&series.days[last - 2].date),
                on(&series.days[last - 1].date),
                on(&series.days[last].date),
                on("2099-01-01"),
            ],
        };
        let model =
            ModelRef { id: "m".into(), version: "1".into(), training_snapshot: Digest::of(b"s") };
        let made = backtest(&draft, &model, &series);
        let actual: Vec<_> = made.points.iter().map(|point| point.actual).collect();
        let clicks = |back: usize| Some(series.days[last - back].clicks);
        assert_eq!(actual, [clicks(2), clicks(1), None, None]);
        assert_ne!(clicks(2), clicks(1), "or the days could be mixed up");
        assert!(made.points.iter().all(|point| point.predicted == predicted));
        let by_impressions = BacktestDraft { metric: Metric::Impressions, ..draft };
        let made = backtest(&by_impressions, &model, &series);
        assert_eq!(made.points[0].actual, Some(series.days[last - 2].impressions));
        let elsewhere = PacingSeries { time_zone: "Mars/Crater".into(), ..series };
        let made = backtest(&by_impressions, &model, &elsewhere);
        assert!(made.points.iter().all(|point| point.actual.is_none()));
    }
}
