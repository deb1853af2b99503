//! Spend to be expected under the present and the proposed budget.
//!
//! The rule: the share of the present daily budget that was spent on the same weekday, over
//! the whole series; its mean gives the expected value, its 10 % and 90 % quantiles (nearest
//! rank) the range, each times the budget in question. From the day of reading to the
//! flight's last day, or 30 days without a window. The day of reading is not over and does
//! not count. With fewer than 28 days, without a budget, or after the flight there is none.

use super::day_of;
use countersign_model::{
    Money, Ratio,
    change::Window,
    evidence::{Forecast, ForecastDay, ForecastMethod, MoneyRange, PacingSeries},
};
use jiff::{ToSpan as _, civil::Date};

/// Four of every weekday.
const LEAST_DAYS: usize = 28;
/// Without a window.
const DAYS_WITHOUT_FLIGHT: i32 = 30;
/// A longer flight is shown up to here.
const MOST_DAYS: usize = 366;
/// Between the quantiles.
const LEVEL_MILLIONTHS: i64 = 800_000;
/// Below the lower and above the upper quantile, in tenths.
const TAIL_TENTHS: usize = 1;
const WEEK: usize = 7;

/// Spend in micros under the present budget on one weekday.
#[derive(Clone, Copy)]
struct Usual {
    value: i128,
    low: i128,
    high: i128,
}

/// The forecast, or `None` when the series does not carry one.
#[must_use]
pub fn forecast(series: &PacingSeries, after: Money, window: Option<Window>) -> Option<Forecast> {
    let before = series.budget.per_day()?;
    before.same_currency(after).ok()?;
    if before.amount_micros <= 0 || after.amount_micros < 0 {
        return None;
    }
    let today = day_of(series, series.read_at_ms)?;
    let (usual, fitted_days) = usual_week(series, today)?;
    let flight_end = match window {
        None => None,
        Some(window) => Some(day_of(series, window.ends_at_ms.plus_ms(-1))?),
    };
    let last = match flight_end {
        Some(end) => end,
        None => today.checked_add((DAYS_WITHOUT_FLIGHT - 1).days()).ok()?,
    };
    let days = today
        .series(1.day())
        .take_while(|day| *day <= last)
        .take(MOST_DAYS)
        .map(|day| {
            let usual = usual.get(weekday(day)).copied()?;
            Some(ForecastDay {
                date: day.to_string(),
                before: usual.under(before, before)?,
                after: usual.under(after, before)?,
            })
        })
        .collect::<Option<Vec<_>>>()?;
    (!days.is_empty()).then(|| Forecast {
        entity: series.entity.clone(),
        time_zone: series.time_zone.clone(),
        method: ForecastMethod::WeekdayUtilisation,
        fitted_days,
        level: Ratio::from_millionths(LEVEL_MILLIONTHS),
        flight_end: flight_end.map(|day| day.to_string()),
        days,
    })
}

/// What is usual on each weekday, from Monday, and from how many days that is known.
fn usual_week(series: &PacingSeries, today: Date) -> Option<([Usual; WEEK], u32)> {
    let mut spent: [Vec<i128>; WEEK] = Default::default();
    let mut fitted = 0;
    for day in &series.days {
        let date: Date = day.date.parse().ok()?;
        if date >= today {
            continue;
        }
        spent.get_mut(weekday(date))?.push(i128::from(day.spend.amount_micros.max(0)));
        fitted += 1;
    }
    if fitted < LEAST_DAYS || spent.iter().any(Vec::is_empty) {
        return None;
    }
    Some((spent.map(usual), u32::try_from(fitted).ok()?))
}

/// Mean and quantiles of one weekday; of nothing, nothing.
fn usual(mut spent: Vec<i128>) -> Usual {
    spent.sort_unstable();
    let count = spent.len().max(1);
    let value = spent.iter().sum::<i128>() / count as i128;
    let at = |tenths: usize| {
        let rank = (tenths * count).div_ceil(10).max(1);
        spent.get(rank - 1).copied().unwrap_or_default()
    };
    // A mean drawn out of the range by single days widens it.
    let (low, high) = (at(TAIL_TENTHS).min(value), at(10 - TAIL_TENTHS).max(value));
    Usual { value, low, high }
}

impl Usual {
    fn under(self, budget: Money, present: Money) -> Option<MoneyRange> {
        let scaled = |micros: i128| {
            let micros = micros.checked_mul(budget.amount_micros.into())?;
            let micros = micros / i128::from(present.amount_micros);
            Some(Money::from_micros(i64::try_from(micros).ok()?, budget.currency))
        };
        Some(MoneyRange {
            value: scaled(self.value)?,
            low: scaled(self.low)?,
            high: scaled(self.high)?,
        })
    }
}

fn weekday(day: Date) -> usize {
    usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use countersign_model::change::Budget;
    use countersign_model::{
        Currency, EntityRef, TimestampMs,
        entity::{PlatformId, PlatformKind},
        evidence::{DayRange, PacingDay},
    };
    use proptest::prelude::*;

    /// Read at noon in Berlin on Saturday 2026-11-21; the series ends `ends` days before
    /// the day after.
    pub(in crate::evidence) fn series(spend: &[i64], budget: i64, ends: i32) -> PacingSeries {
        let usd = Currency::parse("USD").unwrap();
        let count = i32::try_from(spend.len()).unwrap();
        let first = jiff::civil::date(2026, 11, 22).checked_sub((count + ends - 1).days()).unwrap();
        let days = spend.iter().zip(0_i32..).map(|(micros, index)| PacingDay {
            date: first.checked_add(index.days()).unwrap().to_string(),
            spend: Money::from_micros(*micros, usd),
            impressions: 10_000 + u64::from(index.unsigned_abs()),
            clicks: 100 + u64::from(index.unsigned_abs()),
        });
        PacingSeries {
            entity: EntityRef {
                platform: PlatformKind::GoogleAds,
                account_id: PlatformId::parse("1234567890").unwrap(),
                campaign_id: PlatformId::parse("101").unwrap(),
            },
            time_zone: "Europe/Berlin".into(),
            read_at_ms: TimestampMs::from_millis(1_795_258_800_000),
            budget: Budget::daily(Money::from_micros(budget, usd)),
            source: "a test".into(),
            asked: DayRange { first: first.to_string(), last: "2026-11-20".into() },
            days: days.collect(),
        }
    }

    fn usd(micros: i64) -> Money {
        Money::from_micros(micros, Currency::parse("USD").unwrap())
    }

    #[test]
    fn weekdays_keep_their_own_shares() {
        // Five weeks: 60 % on Saturdays and Sundays, 90 % otherwise.
        let mut spend = vec![];
        let first = series(&[0; 35], 100, 2);
        for day in &first.days {
            let date: Date = day.date.parse().unwrap();
            spend.push(if weekday(date) >= 5 { 60_000_000 } else { 90_000_000 });
        }
        let series = series(&spend, 100_000_000, 2);
        let made = forecast(&series, usd(200_000_000), None).unwrap();
        assert_eq!((made.fitted_days, made.days.len(), made.flight_end), (35, 30, None));
        let [saturday, _, monday] = [0, 1, 2].map(|index| made.days[index].clone());
        assert_eq!((saturday.date.as_str(), monday.date.as_str()), ("2026-11-21", "2026-11-23"));
        assert_eq!(saturday.before.value, usd(60_000_000));
        assert_eq!(saturday.after.value, usd(120_000_000));
        assert_eq!(monday.after.value, usd(180_000_000));
        assert_eq!((monday.after.low, monday.after.high), (usd(180_000_000), usd(180_000_000)));
    }

    #[test]
    fn too_little_to_go_by_gives_none() {
        let after = usd(20_000_000);
        let of = |spend: &[i64], budget| forecast(&series(spend, budget, 2), after, None);
        assert!(of(&[], 10_000_000).is_none(), "zero history");
        assert!(of(&[1; 27], 10_000_000).is_none());
        assert!(of(&[1; 28], 10_000_000).is_some());
        assert!(of(&[1; 28], 0).is_none(), "no share of nothing");
        let today_counts_not = forecast(&series(&[1; 28], 10_000_000, 1), after, None);
        assert!(today_counts_not.is_none(), "27 days that are over");
        let elsewhere = PacingSeries { time_zone: "Mars/Crater".into(), ..series(&[1; 28], 1, 2) };
        assert!(forecast(&elsewhere, after, None).is_none());
        let euros = Money::from_micros(1, Currency::parse("EUR").unwrap());
        assert!(forecast(&series(&[1; 28], 1, 2), euros, None).is_none());
    }

    #[test]
    fn a_flight_ends_on_its_last_day_in_the_accounts_zone() {
        let series = series(&[1; 28], 10, 2);
        let window = |ends: i64| Window {
            starts_at_ms: series.read_at_ms,
            ends_at_ms: series.read_at_ms.plus_ms(ends),
        };
        let day = 24 * 3_600_000;
        // Read at noon; the end is the moment after the last, here midnight in Berlin.
        let made = forecast(&series, usd(20), Some(window(3 * day - day / 2))).unwrap();
        assert_eq!(made.flight_end.as_deref(), Some("2026-11-23"));
        assert_eq!(made.days.last().unwrap().date, "2026-11-23");
        assert_eq!(made.days.len(), 3);
        assert!(forecast(&series, usd(20), Some(window(-2 * day))).is_none(), "it is over");
        let long = forecast(&series, usd(20), Some(window(900 * day))).unwrap();
        assert_eq!(long.days.len(), MOST_DAYS);
    }

    proptest! {
        #[test]
        fn ranges_are_in_order_and_more_budget_never_means_less_spend(
            spend in prop::collection::vec(0_i64..2_000_000_000, 28..150),
            budget in 1_i64..1_000_000_000, after in 0_i64..4_000_000_000, ends in 1..3,
        ) {
            let series = series(&spend, budget, ends);
            let Some(made) = forecast(&series, usd(after), None) else {
                prop_assert!(spend.len() == 28 && ends == 1);
                return Ok(());
            };
            let more = forecast(&series, usd(after + 1_000_000), None).unwrap();
            for (day, wider) in made.days.iter().zip(&more.days) {
                for range in [day.before, day.after] {
                    prop_assert!(range.low.amount_micros <= range.value.amount_micros);
                    prop_assert!(range.value.amount_micros <= range.high.amount_micros);
                    prop_assert!(range.low.amount_micros >= 0);
                }
                prop_assert_eq!(day.before, wider.before);
                prop_assert!(day.after.value.amount_micros <= wider.after.value.amount_micros);
                prop_assert!(day.after.high.amount_micros <= wider.after.high.amount_micros);
                prop_assert!(after < budget || day.before.low.amount_micros <= day.after.low.amount_micros);
            }
        }
    }
}
