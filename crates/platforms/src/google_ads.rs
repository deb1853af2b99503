//! Google Ads API v26 over REST: reads by GAQL, writes absolute fields of one resource, or two
//! resources in one transaction.
//!
//! Reading order: [`config`] is what is set up, `transport` makes one call,
//! [`errors`] says what a failure allows, `rows` reads answers about campaigns, `parts` those
//! about what is in them, `ads` those about ads, and `criteria` reads and writes what they reach.

mod ads;
pub mod config;
mod criteria;
pub mod errors;
mod moments;
mod parts;
mod rows;
mod transport;

pub use config::{
    Credentials, DEFAULT_ENDPOINT, DEFAULT_TOKEN_URL, GoogleAdsConfig, SetupError, Writing,
};

use crate::days::AccountDays;
use async_trait::async_trait;
use countersign_executor::{
    AuthorizedWrite, Capabilities, CommitAnswer, Delivery, ErrorClass, Parts, PartsAfter, Platform,
    PlatformError,
};
use countersign_model::{
    AmountLimits, Currency, EntityRef, EntityState, Money,
    change::{Flight, Level, Mutation, Part},
    entity::PlatformId,
    evidence::DayRange,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::sync::Mutex;
use transport::{Answer, Intent, Transport};

/// The code of an error that says that there is no such campaign in the account.
pub const CAMPAIGN_NOT_FOUND: &str = "gate.CAMPAIGN_NOT_FOUND";

const STATE_FIELDS: &str = "campaign.id, campaign.name, campaign.status, \
    campaign.start_date_time, campaign.end_date_time, \
    campaign_budget.resource_name, campaign_budget.amount_micros, \
    campaign_budget.total_amount_micros, campaign_budget.period, \
    campaign_budget.reference_count, customer.currency_code, customer.time_zone, \
    customer.descriptive_name";

/// Reads bytes as every answer that Google Ads may give; for whoever looks for answers that
/// cannot be borne (`fuzz`).
pub fn read_answer(bytes: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Value>(bytes) else { return };
    for (status, intent) in [(200, Intent::Read), (400, Intent::Validate), (503, Intent::Write)] {
        let _ = errors::of_answer(status, &body, intent, None);
    }
    let answer = Answer { body, request_id: None };
    let _ = rows::read_all(&answer);
}

/// A connection to Google Ads with one identity's credentials.
#[derive(Debug)]
pub struct GoogleAds {
    transport: Transport,
    /// The account's smallest daily budget in micros, which Google tells only when it refuses.
    min_daily_micros: Option<i64>,
    /// Steps of amounts by currency, in micros; constants, so that each is read once.
    units: Mutex<BTreeMap<Currency, i64>>,
}

impl GoogleAds {
    /// Sets up the connection; nothing is sent yet.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(config: GoogleAdsConfig) -> Result<Self, SetupError> {
        let min_daily_micros = config.min_daily_micros;
        let transport = Transport::new(config)?;
        Ok(Self { transport, min_daily_micros, units: Mutex::default() })
    }

    /// The kinds of recommendation that the account applies by itself, as Google names them:
    /// changes that reach it past everybody.
    ///
    /// # Errors
    /// [`PlatformError`].
    pub async fn applied_by_itself(
        &self,
        account: &PlatformId,
    ) -> Result<Vec<String>, PlatformError> {
        let query = "SELECT recommendation_subscription.type FROM recommendation_subscription \
             WHERE recommendation_subscription.status = 'ENABLED'";
        let answer = self.query(account, query).await?;
        let rows = rows::read::<rows::SubscriptionRow>(&answer)?;
        Ok(rows.into_iter().map(rows::SubscriptionRow::into_kind).collect())
    }

    /// The amounts that Google takes in a currency.
    async fn limits(
        &self,
        account: &PlatformId,
        currency: Currency,
    ) -> Result<AmountLimits, PlatformError> {
        let known = self.units.lock().await.get(&currency).copied();
        let unit = match known {
            Some(unit) => unit,
            None => self.read_unit(account, currency).await?,
        };
        let min = self.min_daily_micros.unwrap_or(unit).max(unit);
        let money = |micros| Money::from_micros(micros, currency);
        Ok(AmountLimits { unit: money(unit), min: money(min) })
    }

    async fn read_unit(
        &self,
        account: &PlatformId,
        currency: Currency,
    ) -> Result<i64, PlatformError> {
        let query = format!(
            "SELECT currency_constant.code, currency_constant.billable_unit_micros \
             FROM currency_constant WHERE currency_constant.code = '{currency}'"
        );
        let answer = self.query(account, &query).await?;
        let rows = rows::read::<rows::Row>(&answer)?;
        let unit = rows.iter().find_map(|row| row.billable_unit(currency));
        let unit = unit.ok_or_else(|| errors::unreadable(Intent::Read, answer.request_id))?;
        self.units.lock().await.insert(currency, unit);
        Ok(unit)
    }

    async fn state(
        &self,
        row: rows::Row,
        account: &PlatformId,
        request_id: Option<String>,
    ) -> Result<EntityState, PlatformError> {
        let unreadable = || errors::unreadable(Intent::Read, request_id.clone());
        let currency = row.currency().ok_or_else(unreadable)?;
        let limits = self.limits(account, currency).await?;
        row.into_state(account, limits, request_id)
    }

    async fn query(&self, account: &PlatformId, query: &str) -> Result<Answer, PlatformError> {
        let path = format!("customers/{}/googleAds:searchStream", digits(account)?);
        self.transport.post(&path, &json!({ "query": query }), Intent::Read).await
    }

    async fn mutate(
        &self,
        write: &AuthorizedWrite,
        intent: Intent,
    ) -> Result<CommitAnswer, PlatformError> {
        let account = digits(&write.entity().account_id)?;
        if let Mutation::SetCriteria { resource, criteria, standing } = write.mutation() {
            let account = &write.entity().account_id;
            return self.write_criteria(account, resource, criteria, *standing, intent).await;
        }
        let (collection, mut body) = request(account, write.mutation())?;
        body["partialFailure"] = false.into();
        body["validateOnly"] = (intent == Intent::Validate).into();
        body["responseContentType"] = "MUTABLE_RESOURCE".into();
        let path = format!("customers/{account}/{collection}:mutate");
        let answer = self.transport.post(&path, &body, intent).await?;
        Ok(CommitAnswer { request_id: answer.request_id })
    }
}

/// Fields of one resource, in Google's words, by their paths; one without a value is cleared.
type Fields = Vec<(&'static str, Option<Value>)>;

/// How Google writes a mutation: the service, and the operations of a request.
fn request(account: &str, mutation: &Mutation) -> Result<(&'static str, Value), PlatformError> {
    let of = |collection, resource: &String, fields| update(account, collection, resource, fields);
    let status = |runs| Value::from(if runs { "ENABLED" } else { "PAUSED" });
    let micros = |amount: &Money| Some(amount.amount_micros.to_string().into());
    match mutation {
        Mutation::SetDailyBudget { resource, amount } => {
            of("campaignBudgets", resource, vec![("amountMicros", micros(amount))])
        }
        Mutation::SetTotalBudget { resource, amount } => {
            of("campaignBudgets", resource, vec![("totalAmountMicros", micros(amount))])
        }
        Mutation::SetFlight { resource, before, after, time_zone } => {
            of("campaigns", resource, flight_fields(*before, *after, time_zone)?)
        }
        Mutation::SetCpcBid { resource, amount } => {
            of("adGroups", resource, vec![("cpcBidMicros", micros(amount))])
        }
        Mutation::SetCpmBid { resource, amount } => {
            of("adGroups", resource, vec![("cpmBidMicros", micros(amount))])
        }
        Mutation::SetBidding { resource, bidding } => {
            of("campaigns", resource, vec![parts::written(*bidding)?])
        }
        Mutation::SetCampaignRuns { resource, runs } => {
            of("campaigns", resource, vec![("status", Some(status(*runs)))])
        }
        Mutation::SetAdGroupRuns { resource, runs } => {
            of("adGroups", resource, vec![("status", Some(status(*runs)))])
        }
        Mutation::SwapAds { ad_group, pause, run } => {
            Ok(("googleAds", ads::swap(account, ad_group, pause, run)?))
        }
        Mutation::SetCriteria { .. } => {
            let words = "criteria are made and removed, and have no fields that are set";
            Err(errors::of_gate("gate.NOT_FIELDS", words))
        }
    }
}

/// An operation that sets fields of one resource.
fn update(
    account: &str,
    collection: &'static str,
    resource: &str,
    fields: Fields,
) -> Result<(&'static str, Value), PlatformError> {
    let prefix = format!("customers/{account}/{collection}/");
    if !resource.strip_prefix(&prefix).is_some_and(is_digits) {
        return Err(errors::of_gate(
            "gate.MALFORMED_RESOURCE",
            "what is to be written is not in the campaign's account",
        ));
    }
    let mut update = json!({ "resourceName": resource });
    let mask: Vec<_> = fields.iter().map(|(field, _)| *field).collect();
    for (path, value) in fields {
        let (parents, field) = path.rsplit_once('.').unwrap_or(("", path));
        let mut message = &mut update;
        for parent in parents.split('.').filter(|parent| !parent.is_empty()) {
            message = &mut message[parent];
            if message.is_null() {
                *message = json!({});
            }
        }
        // A field of the mask that stands in no update is cleared.
        if let Some(value) = value {
            message[field] = value;
        }
    }
    let operation = json!({ "update": update, "updateMask": mask.join(",") });
    Ok((collection, json!({ "operations": [operation] })))
}

/// What differs between two flights.
fn flight_fields(before: Flight, after: Flight, time_zone: &str) -> Result<Fields, PlatformError> {
    let days = AccountDays::of(time_zone)?;
    let in_no_calendar =
        || errors::of_gate("gate.MALFORMED_MOMENT", "a moment of the flight is in no calendar");
    let mut fields = vec![];
    if before.starts_at_ms != after.starts_at_ms {
        let start = after.starts_at_ms.ok_or_else(in_no_calendar)?;
        let start = moments::write_first(&days, start).ok_or_else(in_no_calendar)?;
        fields.push(("startDateTime", Some(start.into())));
    }
    if before.ends_at_ms != after.ends_at_ms {
        let write = |end| moments::write_last(&days, end).ok_or_else(in_no_calendar);
        let end = after.ends_at_ms.map(write).transpose()?;
        fields.push(("endDateTime", end.map(Value::from)));
    }
    Ok(fields)
}

/// Google's ids are 1 to 20 digits with no leading zero. Any other is of no account and no
/// campaign, and stands in no address and no query.
fn digits(id: &PlatformId) -> Result<&str, PlatformError> {
    if is_id(id) {
        Ok(id.as_str())
    } else {
        Err(errors::of_gate(CAMPAIGN_NOT_FOUND, "Google's ids are digits"))
    }
}

/// Whether an id can be one of Google's.
#[must_use]
pub fn is_id(id: &PlatformId) -> bool {
    is_digits(id.as_str())
}

fn is_digits(text: &str) -> bool {
    (1..=20).contains(&text.len())
        && !text.starts_with('0')
        && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[async_trait]
impl Platform for GoogleAds {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            validate_only: true,
            levels: &[Level::Budget, Level::Campaign, Level::AdGroup, Level::Ad, Level::Criteria],
        }
    }

    async fn list(&self, account: &PlatformId) -> Result<Vec<EntityState>, PlatformError> {
        let query = format!(
            "SELECT {STATE_FIELDS} FROM campaign WHERE campaign.status != 'REMOVED' ORDER BY campaign.id"
        );
        let answer = self.query(account, &query).await?;
        let known =
            rows::read::<rows::Row>(&answer)?.into_iter().filter(|row| row.period().is_some());
        let mut states = vec![];
        for row in known {
            states.push(self.state(row, account, answer.request_id.clone()).await?);
        }
        Ok(states)
    }

    async fn read(
        &self,
        entity: &EntityRef,
        part: Option<&Part>,
    ) -> Result<EntityState, PlatformError> {
        let id = digits(&entity.campaign_id)?;
        let query = format!("SELECT {STATE_FIELDS} FROM campaign WHERE campaign.id = {id}");
        let answer = self.query(&entity.account_id, &query).await?;
        let row =
            rows::read::<rows::Row>(&answer)?.into_iter().next().ok_or_else(|| PlatformError {
                request_id: answer.request_id.clone(),
                ..errors::of_gate(CAMPAIGN_NOT_FOUND, "the account has no campaign with this id")
            })?;
        if row.period().is_none() {
            return Err(errors::of_gate(
                "gate.UNKNOWN_BUDGET_PERIOD",
                "the campaign spends from a budget that is neither for a day nor for its flight",
            ));
        }
        let mut state = self.state(row, &entity.account_id, answer.request_id).await?;
        if let Some(part) = part {
            state.part = self.part(&state, part).await?;
        }
        Ok(state)
    }

    async fn read_parts(
        &self,
        state: &EntityState,
        after: &PartsAfter,
    ) -> Result<Parts, PlatformError> {
        self.parts(state, after).await
    }

    async fn read_pacing(&self, state: &EntityState, days: u16) -> Result<Delivery, PlatformError> {
        let (first, last) = rows::last_days(&state.time_zone, days, Timestamp::now())?;
        let id = digits(&state.entity.campaign_id)?;
        let query = format!(
            "SELECT segments.date, campaign.id, metrics.cost_micros, metrics.impressions, \
             metrics.clicks FROM campaign WHERE campaign.id = {id} \
             AND segments.date BETWEEN '{first}' AND '{last}' ORDER BY segments.date"
        );
        let answer = self.query(&state.entity.account_id, &query).await?;
        let period = (first, last);
        let request_id = answer.request_id.as_deref();
        let days = rows::pacing(rows::read(&answer)?, period, state.currency(), request_id)?;
        let asked = DayRange { first: first.to_string(), last: last.to_string() };
        Ok(Delivery { asked, days })
    }

    async fn validate(&self, write: &AuthorizedWrite) -> Result<CommitAnswer, PlatformError> {
        self.mutate(write, Intent::Validate).await
    }

    async fn commit(&self, write: &AuthorizedWrite) -> Result<CommitAnswer, PlatformError> {
        self.mutate(write, Intent::Write).await
    }
}

pub(crate) fn is_token_refused(error: &PlatformError) -> bool {
    error.class == ErrorClass::RefreshToken
}
