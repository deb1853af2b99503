//! The published series: 120 days of seven simulated campaigns, read from CSV and moved in time.
//!
//! The daily budget of a campaign is not in the set. It is derived as the median spend of the
//! campaign's active days, rounded up to the next 5 USD. A campaign is ENABLED when the set calls
//! it active on the last day, else PAUSED. Its start date is its first active day.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use jiff::{Span, ToSpan as _};
use serde::Deserialize;

/// The file of the set that the account is made from.
pub const DAILY_METRICS_FILE: &str = "credibility_campaign_daily_metrics.csv";
/// Where the set comes from, as shown wherever it is shown.
pub const SOURCE: &str = "pymc-marketing 1.3.0 data/credibility_campaign_daily_metrics.csv \
                          (Apache-2.0), simulated with a known ground truth";
/// Derived budgets are multiples of 5 USD.
const BUDGET_STEP_MICROS: i64 = 5_000_000;

/// Why the series could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SeriesError {
    /// The file is absent or unreadable.
    #[error("cannot read {file}: point --data at the folder that holds it")]
    Unreadable {
        /// Path that was tried.
        file: String,
        /// What the reader said.
        #[source]
        source: csv::Error,
    },
    /// A row does not have the published form.
    #[error("row {row} of the daily metrics is malformed: restore the published file")]
    MalformedRow {
        /// 1-based row, the header not counted.
        row: usize,
        /// What the reader said.
        #[source]
        source: csv::Error,
    },
    /// An amount is not a decimal number with at most six decimals.
    #[error("row {row}: spend is not a decimal amount with at most six decimals")]
    MalformedAmount {
        /// 1-based row, the header not counted.
        row: usize,
    },
    /// The file has a header and nothing else.
    #[error("the daily metrics hold no rows: restore the published file")]
    Empty,
    /// The dates cannot be moved to the asked day.
    #[error("the series cannot be moved to {as_of}: choose a date between years 1 and 9000")]
    DateOutOfRange {
        /// The asked day.
        as_of: Date,
    },
}

/// One campaign on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The day, already moved.
    pub date: Date,
    /// Spend in micros of the account currency.
    pub cost_micros: i64,
    /// Times shown.
    pub impressions: i64,
    /// Distinct people reached on this day (Google calls it unique users).
    pub unique_users: i64,
    /// Clicks.
    pub clicks: i64,
}

/// One campaign of the set.
#[derive(Debug, Clone)]
pub struct CampaignSeries {
    /// Name as published.
    pub name: String,
    /// All days in order, inactive ones with zeros.
    pub days: Vec<Day>,
    /// Active on the last day of the set.
    pub active_at_end: bool,
    /// First active day.
    pub first_active: Option<Date>,
    /// Median active-day spend rounded up to the next 5 USD.
    pub derived_daily_budget_micros: i64,
}

/// The whole set, moved in time.
#[derive(Debug, Clone)]
pub struct Series {
    /// Campaigns in the order of the file.
    pub campaigns: Vec<CampaignSeries>,
    /// Days that every date was moved by; a multiple of seven.
    pub shifted_days: i64,
    /// First day after the move.
    pub first_day: Date,
    /// Last day after the move.
    pub last_day: Date,
}

#[derive(Debug, Deserialize)]
struct CsvRow {
    date: Date,
    campaign: String,
    active: String,
    spend: String,
    impressions: i64,
    reach: i64,
    clicks: i64,
}

struct Parsed {
    row: CsvRow,
    cost_micros: i64,
}

impl Series {
    /// Reads the set from `folder` and moves it so that its last day is within the seven days
    /// before `as_of`.
    ///
    /// # Errors
    /// [`SeriesError`] names the file or row that is wrong.
    pub fn load(folder: &Path, as_of: Date) -> Result<Self, SeriesError> {
        let rows = read_rows(&folder.join(DAILY_METRICS_FILE))?;
        let published_last =
            rows.iter().map(|parsed| parsed.row.date).max().ok_or(SeriesError::Empty)?;
        let out_of_range = || SeriesError::DateOutOfRange { as_of };
        let shifted_days = whole_weeks_between(published_last, as_of).ok_or_else(out_of_range)?;
        let shift = Span::new().try_days(shifted_days).map_err(|_| out_of_range())?;
        let mut order = Vec::new();
        let mut grouped: BTreeMap<String, Vec<(Day, bool)>> = BTreeMap::new();
        for Parsed { row, cost_micros } in rows {
            let date = row.date.checked_add(shift).map_err(|_| out_of_range())?;
            if !grouped.contains_key(&row.campaign) {
                order.push(row.campaign.clone());
            }
            grouped.entry(row.campaign).or_default().push((
                Day {
                    date,
                    cost_micros,
                    impressions: row.impressions,
                    unique_users: row.reach,
                    clicks: row.clicks,
                },
                row.active == "True",
            ));
        }
        let campaigns: Vec<_> = order
            .into_iter()
            .filter_map(|name| grouped.remove(&name).map(|days| summarise(name, days)))
            .collect();
        let dates = || campaigns.iter().flat_map(|c| c.days.iter().map(|d| d.date));
        let first_day = dates().min().ok_or(SeriesError::Empty)?;
        let last_day = dates().max().ok_or(SeriesError::Empty)?;
        Ok(Self { campaigns, shifted_days, first_day, last_day })
    }
}

/// The whole-week shift, in days, that brings `last` into `as_of - 7 ..= as_of - 1`.
fn whole_weeks_between(last: Date, as_of: Date) -> Option<i64> {
    let yesterday = as_of.checked_sub(1.day()).ok()?;
    let days = last.until(yesterday).ok()?.get_days();
    Some(i64::from(days.div_euclid(7)) * 7)
}

fn read_rows(file: &Path) -> Result<Vec<Parsed>, SeriesError> {
    let mut reader = csv::Reader::from_path(file)
        .map_err(|source| SeriesError::Unreadable { file: file.display().to_string(), source })?;
    reader
        .deserialize::<CsvRow>()
        .enumerate()
        .map(|(index, row)| {
            let row_number = index + 1;
            let row =
                row.map_err(|source| SeriesError::MalformedRow { row: row_number, source })?;
            let cost_micros =
                parse_micros(&row.spend).ok_or(SeriesError::MalformedAmount { row: row_number })?;
            Ok(Parsed { row, cost_micros })
        })
        .collect()
}

fn summarise(name: String, mut days: Vec<(Day, bool)>) -> CampaignSeries {
    days.sort_by_key(|(day, _)| day.date);
    let mut active_spend: Vec<i64> =
        days.iter().filter(|(_, active)| *active).map(|(day, _)| day.cost_micros).collect();
    active_spend.sort_unstable();
    CampaignSeries {
        name,
        active_at_end: days.last().is_some_and(|(_, active)| *active),
        first_active: days.iter().find(|(_, active)| *active).map(|(day, _)| day.date),
        derived_daily_budget_micros: derive_budget(&active_spend),
        days: days.into_iter().map(|(day, _)| day).collect(),
    }
}

/// The median rounded up to the next step; one step when there is no active day.
fn derive_budget(sorted_spend: &[i64]) -> i64 {
    let at = |index: usize| sorted_spend.get(index).copied().unwrap_or_default();
    let middle = sorted_spend.len() / 2;
    let median = if sorted_spend.len() % 2 == 1 {
        at(middle)
    } else {
        i64::midpoint(at(middle.saturating_sub(1)), at(middle))
    };
    let steps = (median + BUDGET_STEP_MICROS - 1) / BUDGET_STEP_MICROS;
    steps.max(1) * BUDGET_STEP_MICROS
}

/// Reads a non-negative decimal amount as micros, exactly.
fn parse_micros(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 6 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<6}").parse().ok()?;
    let whole: i64 = whole.parse().ok().filter(|w| *w >= 0)?;
    whole.checked_mul(1_000_000)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn amounts_are_read_exactly_or_refused() {
        assert_eq!(parse_micros("78.75"), Some(78_750_000));
        assert_eq!(parse_micros("0.0"), Some(0));
        assert_eq!(parse_micros("3"), Some(3_000_000));
        for bad in ["-1.0", "1.0000001", "1e3", "", "NaN", "1.-5"] {
            assert_eq!(parse_micros(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_shift_keeps_weekdays_and_ends_within_a_week() {
        let last = date(2025, 4, 30);
        let mut as_of = date(2024, 2, 20);
        for _ in 0..1000 {
            let shift = whole_weeks_between(last, as_of).unwrap();
            assert_eq!(shift % 7, 0);
            let moved = last.checked_add(Span::new().days(shift)).unwrap();
            let age = moved.until(as_of).unwrap().get_days();
            assert!((1..=7).contains(&age), "{as_of}: {age}");
            as_of = as_of.tomorrow().unwrap();
        }
    }

    #[test]
    fn budgets_round_the_median_up() {
        assert_eq!(derive_budget(&[]), 5_000_000);
        assert_eq!(derive_budget(&[9_230_000]), 10_000_000);
        assert_eq!(derive_budget(&[1, 10_000_000, 90_000_000]), 10_000_000);
        assert_eq!(derive_budget(&[4_000_000, 16_000_000]), 10_000_000);
    }
}
