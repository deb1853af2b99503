//! Rows of a searchStream answer. 64-bit numbers are strings, defaults are left out.

use super::{
    ads, criteria, errors, moments, parts,
    transport::{Answer, Intent},
};
use crate::days::AccountDays;
use countersign_executor::PlatformError;
use countersign_model::{
    AmountLimits, CampaignStatus, Currency, EntityRef, EntityState, Money,
    change::{Budget, BudgetPeriod, BudgetState, Flight},
    entity::{PlatformId, PlatformKind},
    evidence::PacingDay,
};
use jiff::{Timestamp, ToSpan, civil::Date};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

/// One row; which parts are filled depends on the query.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Row {
    campaign: CampaignRow,
    campaign_budget: BudgetRow,
    customer: CustomerRow,
    segments: SegmentsRow,
    metrics: MetricsRow,
    currency_constant: CurrencyRow,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct CampaignRow {
    id: String,
    name: String,
    status: String,
    start_date_time: Option<String>,
    end_date_time: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct BudgetRow {
    resource_name: String,
    amount_micros: Option<String>,
    total_amount_micros: Option<String>,
    period: String,
    reference_count: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct CustomerRow {
    currency_code: String,
    time_zone: String,
    descriptive_name: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct CurrencyRow {
    code: String,
    billable_unit_micros: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct SegmentsRow {
    date: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct MetricsRow {
    cost_micros: Option<String>,
    impressions: Option<String>,
    clicks: Option<String>,
}

/// One row about a kind of recommendation that may be applied without asking.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct SubscriptionRow {
    recommendation_subscription: Subscription,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Subscription {
    r#type: String,
}

impl SubscriptionRow {
    pub(super) fn into_kind(self) -> String {
        self.recommendation_subscription.r#type
    }
}

/// One element of the stream. Rows may grow members that nobody asked for; a chunk with an
/// undocumented one is something else than a chunk, and what it left out is not known.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Chunk<R: Default> {
    results: Vec<R>,
    #[serde(rename = "fieldMask")]
    _field_mask: IgnoredAny,
    #[serde(rename = "requestId")]
    _request_id: IgnoredAny,
    #[serde(rename = "summaryRow")]
    _summary_row: IgnoredAny,
    #[serde(rename = "queryResourceConsumption")]
    _query_resource_consumption: IgnoredAny,
}

/// All rows of all chunks; every element has to be one.
pub(super) fn read<R: DeserializeOwned + Default>(
    answer: &Answer,
) -> Result<Vec<R>, PlatformError> {
    let unreadable = || errors::unreadable(Intent::Read, answer.request_id.clone());
    let elements = answer.body.as_array().ok_or_else(unreadable)?;
    let mut rows = Vec::new();
    for element in elements {
        // A list would be taken for the members of a chunk in their order.
        let chunk =
            element.is_object().then(|| Chunk::<R>::deserialize(element)).and_then(Result::ok);
        rows.extend(chunk.ok_or_else(unreadable)?.results);
    }
    Ok(rows)
}

/// Reads an answer as states and as days, whichever it is.
pub(super) fn read_all(answer: &Answer) -> Result<(), PlatformError> {
    let unreadable = || errors::unreadable(Intent::Read, None);
    let account = PlatformId::parse("1").map_err(|_| unreadable())?;
    for row in read::<Row>(answer)? {
        let Some(currency) = row.currency() else { continue };
        let _ = row.billable_unit(currency);
        let _ = row.into_state(&account, AmountLimits::unknown(currency), None);
    }
    let currency = Currency::parse("USD").map_err(|_| unreadable())?;
    for row in read(answer)? {
        let _ = parts::read_all(row, AmountLimits::unknown(currency));
    }
    let _ = ads::read(read(answer)?, &account, None);
    criteria::read_all(read(answer)?);
    let year = (jiff::civil::date(2026, 1, 1), jiff::civil::date(2026, 12, 31));
    pacing(read(answer)?, year, currency, None).map(drop)
}

impl Row {
    /// What the campaign's budget is for; `None` for what is not known here.
    pub(super) fn period(&self) -> Option<BudgetPeriod> {
        match self.campaign_budget.period.as_str() {
            "DAILY" => Some(BudgetPeriod::Daily),
            "CUSTOM_PERIOD" => Some(BudgetPeriod::Total),
            _ => None,
        }
    }

    /// The amount of the campaign's budget, in micros.
    fn budget_micros(&self) -> Option<i64> {
        let BudgetRow { amount_micros, total_amount_micros, .. } = &self.campaign_budget;
        number(match self.period()? {
            BudgetPeriod::Daily => amount_micros.as_deref(),
            BudgetPeriod::Total => total_amount_micros.as_deref(),
        })
    }

    /// The account's currency.
    pub(super) fn currency(&self) -> Option<Currency> {
        Currency::parse(&self.customer.currency_code).ok()
    }

    /// The smallest step of amounts in `currency`, in micros.
    pub(super) fn billable_unit(&self, currency: Currency) -> Option<i64> {
        let CurrencyRow { code, billable_unit_micros } = &self.currency_constant;
        let unit: i64 = billable_unit_micros.as_deref()?.parse().ok()?;
        (code == currency.code() && unit > 0).then_some(unit)
    }

    /// Whether the campaign runs at `now`, by its own setting and its last day.
    fn campaign_status(&self, now: Timestamp) -> Result<CampaignStatus, PlatformError> {
        let CampaignRow { status, end_date_time, .. } = &self.campaign;
        let own = match status.as_str() {
            "ENABLED" => CampaignStatus::Enabled,
            "PAUSED" => CampaignStatus::Paused,
            "REMOVED" => return Ok(CampaignStatus::Removed),
            _ => return Ok(CampaignStatus::Unknown),
        };
        let Some(end) = end_date_time else { return Ok(own) };
        // A moment of the account's own clock (since v23), in its last second.
        let days = AccountDays::of(&self.customer.time_zone)?;
        let end = moments::read(end)?;
        Ok(if days.time_of(now) > end { CampaignStatus::Ended } else { own })
    }

    /// When the campaign begins and ends.
    fn flight(&self) -> Result<Flight, PlatformError> {
        let CampaignRow { start_date_time, end_date_time, .. } = &self.campaign;
        if start_date_time.is_none() && end_date_time.is_none() {
            return Ok(Flight::default());
        }
        let days = AccountDays::of(&self.customer.time_zone)?;
        let starts_at_ms = start_date_time.as_deref().map(|at| moments::first(&days, at));
        let ends_at_ms = end_date_time.as_deref().map(|at| moments::after_last(&days, at));
        Ok(Flight { starts_at_ms: starts_at_ms.transpose()?, ends_at_ms: ends_at_ms.transpose()? })
    }

    pub(super) fn into_state(
        self,
        account: &PlatformId,
        limits: AmountLimits,
        request_id: Option<String>,
    ) -> Result<EntityState, PlatformError> {
        let unreadable = || errors::unreadable(Intent::Read, request_id.clone());
        let campaign_id = PlatformId::parse(&self.campaign.id).map_err(|_| unreadable())?;
        let currency = self.currency().ok_or_else(unreadable)?;
        let now = Timestamp::now();
        let status = self.campaign_status(now)?;
        let flight = self.flight()?;
        let period = self.period().ok_or_else(unreadable)?;
        let amount = self.budget_micros().ok_or_else(unreadable)?;
        let shared_by =
            number(self.campaign_budget.reference_count.as_deref()).ok_or_else(unreadable)?;
        Ok(EntityState {
            // What Google itself calls a campaign by its id.
            resource: format!("customers/{account}/campaigns/{campaign_id}"),
            entity: EntityRef {
                platform: PlatformKind::GoogleAds,
                account_id: account.clone(),
                campaign_id,
            },
            name: self.campaign.name,
            status,
            budget: BudgetState {
                resource: self.campaign_budget.resource_name,
                shared_by,
                holds: Budget { period, amount: Money::from_micros(amount, currency) },
                limits,
            },
            has_started: flight
                .starts_at_ms
                .is_some_and(|start| start.millis() <= now.as_millisecond()),
            flight,
            part: None,
            time_zone: self.customer.time_zone,
            account_name: self.customer.descriptive_name,
            request_id,
        })
    }

    fn into_day(self, currency: Currency) -> Option<(Date, PacingDay)> {
        let date: Date = self.segments.date.parse().ok()?;
        let spend = Money::from_micros(number(self.metrics.cost_micros.as_deref())?, currency);
        let impressions = number(self.metrics.impressions.as_deref())?;
        let clicks = number(self.metrics.clicks.as_deref())?;
        Some((date, PacingDay { date: date.to_string(), spend, impressions, clicks }))
    }
}

/// The first and last of the last `days` whole days of the account. One whose days cannot be
/// told is refused: by other days than its own every figure would be a day off.
pub(super) fn last_days(
    time_zone: &str,
    days: u16,
    now: Timestamp,
) -> Result<(Date, Date), PlatformError> {
    let today = AccountDays::of(time_zone)?.day_of(now);
    let back = |days: i64| today.checked_sub(days.days());
    back(i64::from(days.max(1)))
        .and_then(|first| Ok((first, back(1)?)))
        .map_err(|_| errors::of_gate("gate.DAYS_OUT_OF_RANGE", "the period is out of range"))
}

/// Days in order, each of the period that was asked for and reported once; a day between two
/// reported ones that Google leaves out had no delivery.
pub(super) fn pacing(
    rows: Vec<Row>,
    (first, last): (Date, Date),
    currency: Currency,
    request_id: Option<&str>,
) -> Result<Vec<PacingDay>, PlatformError> {
    let unreadable = || errors::unreadable(Intent::Read, request_id.map(str::to_owned));
    let mut days: Vec<PacingDay> = Vec::with_capacity(rows.len());
    let mut expected: Option<Date> = None;
    for row in rows {
        let (date, day) = row.into_day(currency).ok_or_else(unreadable)?;
        if date > last || date < expected.unwrap_or(first) {
            return Err(unreadable());
        }
        while let Some(missing) = expected.filter(|expected| *expected < date) {
            let spend = Money::from_micros(0, currency);
            days.push(PacingDay { date: missing.to_string(), spend, impressions: 0, clicks: 0 });
            expected = missing.tomorrow().ok();
        }
        days.push(day);
        expected = date.tomorrow().ok();
    }
    Ok(days)
}

/// An absent number is zero.
pub(super) fn number<N: std::str::FromStr + Default>(text: Option<&str>) -> Option<N> {
    text.map_or_else(|| Some(N::default()), |text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_without_delivery_are_zero_and_in_order() {
        let rows: Vec<Row> = serde_json::from_str(
            r#"[{"segments":{"date":"2026-02-27"},"metrics":{"costMicros":"5","clicks":"1"}},
                {"segments":{"date":"2026-03-02"},"metrics":{"impressions":"9"}}]"#,
        )
        .unwrap();
        let days = pacing(rows, FEBRUARY_TO_MARCH, Currency::parse("USD").unwrap(), None).unwrap();
        let dates: Vec<_> = days.iter().map(|day| day.date.as_str()).collect();
        assert_eq!(dates, ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]);
        assert_eq!(days[0].spend.amount_micros, 5);
        assert_eq!(days[1].spend.amount_micros, 0);
        assert_eq!(days[3].impressions, 9);
    }

    const FEBRUARY_TO_MARCH: (Date, Date) =
        (jiff::civil::date(2026, 2, 1), jiff::civil::date(2026, 3, 31));

    #[test]
    fn days_that_were_not_asked_for_or_come_twice_are_no_series() {
        for (dates, is_read) in [
            (&["2026-02-01", "2026-03-31"][..], true),
            (&["2026-02-02", "2026-02-02"], false),
            (&["2026-02-03", "2026-02-02"], false),
            (&["2026-01-31", "2026-02-01"], false),
            (&["2026-03-31", "2026-04-01"], false),
        ] {
            let rows = dates.iter().map(|date| Row {
                segments: SegmentsRow { date: (*date).into() },
                ..Row::default()
            });
            let usd = Currency::parse("USD").unwrap();
            let days = pacing(rows.collect(), FEBRUARY_TO_MARCH, usd, Some("r-1"));
            assert_eq!(days.is_ok(), is_read, "{dates:?}");
            assert!(days.err().is_none_or(|error| error.request_id.as_deref() == Some("r-1")));
        }
    }

    #[test]
    fn a_campaign_ends_with_its_last_second_in_the_account() {
        let row = |status: &str, end: Option<&str>| Row {
            campaign: CampaignRow {
                status: status.into(),
                end_date_time: end.map(str::to_owned),
                ..CampaignRow::default()
            },
            customer: CustomerRow {
                time_zone: "America/New_York".into(),
                ..CustomerRow::default()
            },
            ..Row::default()
        };
        // Half past four in the morning of 1 March, UTC; in New York it is still February.
        let now: Timestamp = "2026-03-01T04:30:00Z".parse().unwrap();
        let later: Timestamp = "2026-03-01T05:00:01Z".parse().unwrap();
        let end = Some("2026-02-28 23:59:59");
        for (status, end, now, expected) in [
            ("ENABLED", None, now, CampaignStatus::Enabled),
            ("ENABLED", end, now, CampaignStatus::Enabled),
            ("ENABLED", end, later, CampaignStatus::Ended),
            ("PAUSED", None, now, CampaignStatus::Paused),
            ("PAUSED", end, later, CampaignStatus::Ended),
            ("REMOVED", end, later, CampaignStatus::Removed),
            ("", None, now, CampaignStatus::Unknown),
        ] {
            assert_eq!(row(status, end).campaign_status(now), Ok(expected), "{status} {end:?}");
        }
        assert!(row("ENABLED", Some("tomorrow")).campaign_status(now).is_err());
    }

    #[test]
    fn the_last_days_are_the_accounts() {
        // Still the 28th in New York and UTC, and the 29th in India.
        let now = "2026-11-28T20:00:00Z".parse().unwrap();
        let days = |zone| last_days(zone, 2, now).map(|(first, last)| format!("{first} {last}"));
        assert_eq!(days("America/New_York").unwrap(), "2026-11-26 2026-11-27");
        for india in ["Asia/Calcutta", "Asia/Kolkata"] {
            assert_eq!(days(india).unwrap(), "2026-11-27 2026-11-28");
        }
        let error = days("Mars/Crater").unwrap_err();
        assert_eq!(error.code, crate::days::UNKNOWN_TIME_ZONE);
    }

    #[test]
    fn a_number_is_whole_or_refused() {
        assert_eq!(number::<i64>(None), Some(0));
        assert_eq!(number::<i64>(Some("25500000")), Some(25_500_000));
        assert_eq!(number::<i64>(Some("1e6")), None);
        assert_eq!(number::<u32>(Some("-1")), None);
    }
}
