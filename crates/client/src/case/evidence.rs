//! Evidence for charts and tables, read from content-addressed pieces on this device. What
//! is no evidence about this case is not shown.

use crate::{
    profile::failure::Failure,
    view::{
        BacktestPointView, BacktestView, CountsView, EvidencePieceView, EvidenceView,
        ForecastDayView, ForecastView, IntervalView, MoneyRangeView, PacingDayView, PacingView,
        headline, money::money, names,
    },
};
use countersign_model::{
    Proposal, canonical,
    draft::Grounds,
    evidence::{
        Backtest, BacktestPoint, CountRange, EvidenceKind, Forecast, MoneyRange, PacingSeries,
    },
    text,
};
use countersign_store::Reader;
use serde::de::DeserializeOwned;

/// What of the evidence is on this device.
pub(crate) fn pieces(reader: &Reader<'_>, proposal: &Proposal) -> Result<EvidenceView, Failure> {
    let pieces = proposal
        .evidence
        .iter()
        .map(|piece| {
            Ok(EvidencePieceView {
                kind: names::wire(&piece.kind),
                digest: piece.digest.to_string(),
                size_bytes: piece.size_bytes,
                on_device: reader.has_evidence(piece.digest)?,
            })
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    Ok(EvidenceView { complete: pieces.iter().all(|piece| piece.on_device), pieces })
}

/// The pacing chart's series.
pub(crate) fn pacing(
    reader: &Reader<'_>,
    proposal: &Proposal,
) -> Result<Option<PacingView>, Failure> {
    let series: Option<PacingSeries> = read(reader, proposal, EvidenceKind::PacingSeries)?;
    Ok(series.filter(|series| series.entity == *proposal.action.entity()).map(pacing_view))
}

/// The forecast.
pub(crate) fn forecast(
    reader: &Reader<'_>,
    proposal: &Proposal,
) -> Result<Option<ForecastView>, Failure> {
    let forecast: Option<Forecast> = read(reader, proposal, EvidenceKind::Forecast)?;
    Ok(forecast
        .filter(|forecast| forecast.entity == *proposal.action.entity())
        .and_then(forecast_view))
}

/// The backtest of the very model that made the proposal.
pub(crate) fn backtest(
    reader: &Reader<'_>,
    proposal: &Proposal,
) -> Result<Option<BacktestView>, Failure> {
    let backtest: Option<Backtest> = read(reader, proposal, EvidenceKind::Backtest)?;
    Ok(backtest
        .filter(|backtest| {
            let model = proposal.drafted().map(|drafted| &drafted.grounds.model);
            backtest.entity == *proposal.action.entity() && Some(&backtest.model) == model
        })
        .map(backtest_view))
}

/// The piece of a kind, if it is here and can be read.
fn read<T: DeserializeOwned + serde::Serialize>(
    reader: &Reader<'_>,
    proposal: &Proposal,
    kind: EvidenceKind,
) -> Result<Option<T>, Failure> {
    let named = proposal.evidence.iter().find(|piece| piece.kind == kind);
    let Some(named) = named else { return Ok(None) };
    let Some(bytes) = reader.evidence(named.digest)? else { return Ok(None) };
    let found = canonical::from_bytes(&bytes);
    if found.is_err() {
        tracing::warn!(case = %proposal.id, ?kind, "a piece of evidence cannot be read");
    }
    Ok(found.ok())
}

pub(crate) fn pacing_view(series: PacingSeries) -> PacingView {
    PacingView {
        source: series.source,
        time_zone: text::shown_line(&series.time_zone).into_owned(),
        read_at_ms: series.read_at_ms.millis(),
        budget: money(series.budget.amount),
        per: headline::period(series.budget.period),
        asked_first: series.asked.first,
        asked_last: series.asked.last,
        days: series
            .days
            .into_iter()
            .map(|day| PacingDayView {
                date: day.date,
                spend_micros: day.spend.amount_micros.to_string(),
                impressions: day.impressions,
                clicks: day.clicks,
            })
            .collect(),
    }
}

/// `None` without a day, or with more than one currency.
pub(crate) fn forecast_view(forecast: Forecast) -> Option<ForecastView> {
    let currency = forecast.days.first()?.before.value.currency;
    let amounts = |range: MoneyRange| [range.value, range.low, range.high];
    let mut all = forecast.days.iter().flat_map(|day| [amounts(day.before), amounts(day.after)]);
    if all.any(|amounts| amounts.iter().any(|amount| amount.currency != currency)) {
        return None;
    }
    Some(ForecastView {
        method: names::wire(&forecast.method),
        fitted_days: forecast.fitted_days,
        level: forecast.level.as_f64(),
        flight_end: forecast.flight_end,
        currency: currency.code().into(),
        days: forecast
            .days
            .into_iter()
            .map(|day| ForecastDayView {
                date: day.date,
                before: range(day.before),
                after: range(day.after),
            })
            .collect(),
    })
}

fn range(range: MoneyRange) -> MoneyRangeView {
    MoneyRangeView {
        value_micros: range.value.amount_micros.to_string(),
        low_micros: range.low.amount_micros.to_string(),
        high_micros: range.high.amount_micros.to_string(),
    }
}

/// Coverage, bias and error are computed here, from the points: the model's own opinion of
/// itself is not asked.
pub(crate) fn backtest_view(backtest: Backtest) -> BacktestView {
    let judged: Vec<(CountRange, u64)> =
        backtest.points.iter().filter_map(|point| Some((point.predicted, point.actual?))).collect();
    BacktestView {
        method: backtest.method,
        fitted_from: backtest.fitted_from,
        fitted_until: backtest.fitted_until,
        metric: names::wire(&backtest.metric),
        level: backtest.level.as_f64(),
        coverage: coverage(&judged),
        bias: bias(&judged),
        error: error(&judged),
        points: backtest.points.into_iter().map(point).collect(),
    }
}

fn point(point: BacktestPoint) -> BacktestPointView {
    let CountRange { value, low, high } = point.predicted;
    BacktestPointView {
        missed: point.actual.is_some_and(|actual| !point.predicted.contains(actual)),
        date: point.date,
        predicted: CountsView { value, low, high },
        actual: point.actual,
    }
}

/// The share of the points that fell inside.
fn coverage(judged: &[(CountRange, u64)]) -> Option<f64> {
    let inside = judged.iter().filter(|(range, actual)| range.contains(*actual)).count();
    quotient(inside as u128, judged.len() as u128)
}

/// What happened over what was predicted, both summed, minus 1.
fn bias(judged: &[(CountRange, u64)]) -> Option<f64> {
    let predicted = judged.iter().map(|(range, _)| u128::from(range.value)).sum();
    quotient(actual(judged), predicted).map(|ratio| ratio - 1.0)
}

/// Mean absolute error over mean actual.
fn error(judged: &[(CountRange, u64)]) -> Option<f64> {
    let off = judged.iter().map(|(range, actual)| u128::from(range.value.abs_diff(*actual))).sum();
    quotient(off, actual(judged))
}

fn actual(judged: &[(CountRange, u64)]) -> u128 {
    judged.iter().map(|(_, actual)| u128::from(*actual)).sum()
}

fn quotient(part: u128, whole: u128) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The predicted lift for the window.
pub(crate) fn interval(grounds: &Grounds) -> IntervalView {
    let interval = grounds.predicted_lift;
    IntervalView {
        value: interval.value.as_f64(),
        low: interval.low.as_f64(),
        high: interval.high.as_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_model::{
        Currency, Digest, EntityRef, Money, Ratio,
        draft::ModelRef,
        entity::{PlatformId, PlatformKind},
        evidence::{ForecastDay, ForecastMethod, Metric},
    };

    fn entity() -> EntityRef {
        EntityRef {
            platform: PlatformKind::GoogleAds,
            account_id: PlatformId::parse("1").unwrap(),
            campaign_id: PlatformId::parse("2").unwrap(),
        }
    }

    fn judged(points: &[(u64, u64, u64, Option<u64>)]) -> BacktestView {
        let point = |&(value, low, high, actual): &(u64, u64, u64, Option<u64>)| BacktestPoint {
            date: "2026-11-01".into(),
            predicted: CountRange { value, low, high },
            actual,
        };
        backtest_view(Backtest {
            entity: entity(),
            model: ModelRef {
                id: "m".into(),
                version: "1".into(),
                training_snapshot: Digest::of(b""),
            },
            method: String::new(),
            fitted_from: "2026-07-01".into(),
            fitted_until: "2026-10-01".into(),
            metric: Metric::Clicks,
            level: Ratio::from_millionths(800_000),
            points: points.iter().map(point).collect(),
        })
    }

    #[test]
    fn a_backtest_is_judged_by_its_points_alone() {
        let view = judged(&[
            (100, 90, 110, Some(100)),
            (100, 90, 110, Some(140)),
            (100, 90, 110, Some(110)),
            (100, 90, 110, Some(50)),
            (100, 90, 110, None),
        ]);
        assert_eq!(view.coverage, Some(0.5));
        assert_eq!(view.bias, Some(0.0));
        assert_eq!(view.error, Some(0.25));
        let missed: Vec<_> = view.points.iter().map(|point| point.missed).collect();
        assert_eq!(missed, [false, true, false, true, false]);
    }

    #[test]
    fn nothing_is_claimed_about_nothing() {
        let view = judged(&[(0, 0, 0, Some(0)), (1, 0, 2, None)]);
        assert_eq!((view.coverage, view.bias, view.error), (Some(1.0), None, None));
        let view = judged(&[]);
        assert_eq!((view.coverage, view.bias, view.error), (None, None, None));
        let huge = judged(&[(u64::MAX, 0, u64::MAX, Some(u64::MAX)); 3]);
        assert_eq!((huge.bias, huge.error), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn a_forecast_in_two_currencies_is_not_shown() {
        let range = |code: &str| {
            let value = Money::from_micros(1, Currency::parse(code).unwrap());
            MoneyRange { value, low: value, high: value }
        };
        let forecast = |after: &str| Forecast {
            entity: entity(),
            time_zone: "Europe/Berlin".into(),
            method: ForecastMethod::WeekdayUtilisation,
            fitted_days: 90,
            level: Ratio::from_millionths(800_000),
            flight_end: None,
            days: vec![ForecastDay {
                date: "2026-11-21".into(),
                before: range("EUR"),
                after: range(after),
            }],
        };
        assert_eq!(forecast_view(forecast("EUR")).unwrap().currency, "EUR");
        assert!(forecast_view(forecast("USD")).is_none());
    }
}
