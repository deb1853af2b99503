//! The demo agent's model: how a campaign's clicks respond to its spend. Ordinary least
//! squares on logarithms, with weekdays; fitted on one stretch of days and asked about
//! another, so that its backtest is a real one.
//!
//! `ln(1 + clicks) = a + b·ln(1 + spend) + weekday`, with normal errors. Standard theory
//! (e.g. Greene, Econometric Analysis, ch. 4) gives the intervals.

use anyhow::{Context, Result, ensure};
use jiff::civil::Date;
use nalgebra::{DMatrix, DVector};

/// Constant, spend, and six weekdays beside Monday.
const TERMS: usize = 8;
/// Two-sided 90 % of the normal distribution.
const Z_90: f64 = 1.644_853_626_951_472_2;
/// The probability that the intervals claim.
pub const LEVEL: f64 = 0.9;

/// What was spent and clicked on a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Day {
    /// The day in the account's zone.
    pub date: Date,
    /// Spend in the account's currency.
    pub spend: f64,
    /// Clicks.
    pub clicks: f64,
}

/// A value with the ends of its 90 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Expected.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A fitted model.
#[derive(Clone, Debug)]
pub struct Response {
    terms: DVector<f64>,
    /// Inverse of XᵀX.
    spread: DMatrix<f64>,
    /// Standard error of a residual.
    sigma: f64,
    /// How much of what the model explains is due to spend.
    pub spend_share: f64,
    /// How much of it is due to weekdays.
    pub weekday_share: f64,
}

impl Response {
    /// Fits the model.
    ///
    /// # Errors
    /// With fewer days than twice the terms, or days that do not tell the terms apart, such
    /// as a campaign that spent the same on every day.
    pub fn fit(days: &[Day]) -> Result<Self> {
        ensure!(days.len() >= 2 * TERMS, "{} days are too few to fit the model", days.len());
        let rows: Vec<f64> = days.iter().flat_map(features).collect();
        let design = DMatrix::from_row_slice(days.len(), TERMS, &rows);
        let observed =
            DVector::from_iterator(days.len(), days.iter().map(|day| day.clicks.ln_1p()));
        let singular = design.singular_values();
        let apart = "the days do not tell spend and weekday apart";
        ensure!(singular.min() > 1e-9 * singular.max(), apart);
        let transposed = design.transpose();
        let spread = (&transposed * &design).try_inverse().context(apart)?;
        let terms = &spread * (&transposed * &observed);
        let residuals = &observed - &design * &terms;
        let freedom = (days.len() - TERMS) as f64;
        let sigma = (residuals.norm_squared() / freedom).sqrt();
        let of_spend = design.column(1) * terms[1];
        let of_weekday = design.columns(2, TERMS - 2) * terms.rows(2, TERMS - 2);
        let (spend, weekday) = (variance(&of_spend), variance(&of_weekday));
        let explained = (spend + weekday).max(f64::MIN_POSITIVE);
        Ok(Self {
            terms,
            spread,
            sigma,
            spend_share: spend / explained,
            weekday_share: weekday / explained,
        })
    }

    /// Clicks to be expected on a day of that spend.
    #[must_use]
    pub fn clicks(&self, day: &Day) -> Range {
        let row = DVector::from_row_slice(&features(day));
        let centre = row.dot(&self.terms);
        let leverage = row.dot(&(&self.spread * &row));
        let margin = Z_90 * self.sigma * (1.0 + leverage).sqrt();
        let at = |logarithm: f64| logarithm.exp_m1().max(0.0);
        Range { value: at(centre), low: at(centre - margin), high: at(centre + margin) }
    }

    /// The relative change of clicks when spend changes by `ratio` (0.25 is a quarter more).
    #[must_use]
    pub fn lift(&self, ratio: f64) -> Range {
        let margin = Z_90 * self.sigma * self.spread[(1, 1)].sqrt();
        let at = |elasticity: f64| (1.0 + ratio).powf(elasticity) - 1.0;
        let ends = [at(self.terms[1] - margin), at(self.terms[1] + margin)];
        Range { value: at(self.terms[1]), low: ends[0].min(ends[1]), high: ends[0].max(ends[1]) }
    }
}

fn features(day: &Day) -> [f64; TERMS] {
    let mut row = [0.0; TERMS];
    row[0] = 1.0;
    row[1] = day.spend.ln_1p();
    let weekday = day.date.weekday().to_monday_zero_offset();
    if let Some(term) = usize::try_from(weekday).ok().filter(|offset| *offset > 0) {
        row[1 + term] = 1.0;
    }
    row
}

fn variance(column: &DVector<f64>) -> f64 {
    let mean = column.mean();
    column.map(|value| (value - mean).powi(2)).mean()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan as _;

    /// Days whose clicks follow the model exactly, but for a small wobble.
    fn days(elasticity: f64) -> Vec<Day> {
        let first: Date = "2026-01-05".parse().unwrap();
        (0..90)
            .map(|number| {
                let date = first + number.days();
                let spend = 50.0 + f64::from(number * 37 % 101);
                let weekend = if date.weekday().to_monday_zero_offset() >= 5 { 0.2 } else { 0.0 };
                let wobble = f64::from((number * number * 31 + 7) % 17 - 8) * 0.004;
                let logarithm = 1.0 + elasticity * spend.ln_1p() + weekend + wobble;
                Day { date, spend, clicks: logarithm.exp_m1() }
            })
            .collect()
    }

    #[test]
    fn it_finds_the_elasticity_that_made_the_days() {
        let model = Response::fit(&days(0.6)).unwrap();
        let lift = model.lift(0.25);
        let true_lift = 1.25_f64.powf(0.6) - 1.0;
        assert!(lift.low < true_lift && true_lift < lift.high, "{lift:?} {true_lift}");
        assert!((lift.value - true_lift).abs() < 0.01, "{lift:?} {true_lift}");
        let fall = model.lift(-0.2);
        assert!(fall.low <= fall.value && fall.value <= fall.high && fall.value < 0.0);
        assert!(model.spend_share > model.weekday_share);
    }

    #[test]
    fn nine_in_ten_days_fall_inside() {
        let days = days(0.6);
        let model = Response::fit(&days).unwrap();
        let inside = days.iter().filter(|day| {
            let range = model.clicks(day);
            range.low <= day.clicks && day.clicks <= range.high
        });
        let inside = inside.count();
        assert!((72..=90).contains(&inside), "{inside} of 90");
    }

    #[test]
    fn days_that_say_nothing_are_refused() {
        let first: Date = "2026-01-05".parse().unwrap();
        let same: Vec<Day> = (0..90)
            .map(|number| Day { date: first + number.days(), spend: 1.0, clicks: 2.0 })
            .collect();
        assert!(Response::fit(&same).is_err());
        assert!(Response::fit(&days(0.6)[..10]).is_err());
    }
}
