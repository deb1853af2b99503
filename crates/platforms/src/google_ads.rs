//! Google Ads API v26 over REST: reads by GAQL, writes absolute daily budgets.
//!
//! Reading order: [`config`] is what is set up, `transport` makes one call,
//! [`errors`] says what a failure allows, `rows` reads answers.

pub mod config;
pub mod errors;
mod rows;
mod transport;

pub use config::{Credentials, DEFAULT_ENDPOINT, DEFAULT_TOKEN_URL, GoogleAdsConfig, SetupError};

use async_trait::async_trait;
use countersign_executor::{
    BudgetState, BudgetWrite, CommitAnswer, Delivery, ErrorClass, Platform, PlatformError,
};
use countersign_model::{
    AmountLimits, Currency, EntityRef, Money, entity::PlatformId, evidence::DayRange,
};
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use tokio::sync::Mutex;
use transport::{Answer, Intent, Transport};

/// The code of an error that says that there is no such campaign in the account.
pub const CAMPAIGN_NOT_FOUND: &str = "gate.CAMPAIGN_NOT_FOUND";

const BUDGET_FIELDS: &str = "campaign.id, campaign.name, campaign.status, \
    campaign.end_date_time, \
    campaign_budget.resource_name, campaign_budget.amount_micros, campaign_budget.period, \
    campaign_budget.reference_count, customer.currency_code, customer.time_zone, \
    customer.descriptive_name";

/// A connection to Google Ads with one identity's credentials.
#[derive(Debug)]
pub struct GoogleAds {
    transport: Transport,
    /// The account's smallest daily budget in micros, which Google tells only when it refuses.
    least_daily_micros: Option<i64>,
    /// Steps of amounts by currency, in micros; constants, so that each is read once.
    units: Mutex<BTreeMap<Currency, i64>>,
}

impl GoogleAds {
    /// Sets up the connection; nothing is sent yet.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(config: GoogleAdsConfig) -> Result<Self, SetupError> {
        let least_daily_micros = config.least_daily_micros;
        let transport = Transport::new(config)?;
        Ok(Self { transport, least_daily_micros, units: Mutex::default() })
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
        let least = self.least_daily_micros.unwrap_or(unit).max(unit);
        let money = |micros| Money::from_micros(micros, currency);
        Ok(AmountLimits { unit: money(unit), least: money(least) })
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
        let rows = rows::read(&answer)?;
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
    ) -> Result<BudgetState, PlatformError> {
        let unreadable = || errors::unreadable(Intent::Read, request_id.clone());
        let currency = row.currency().ok_or_else(unreadable)?;
        let limits = self.limits(account, currency).await?;
        row.into_state(account, limits, request_id)
    }

    async fn query(&self, account: &PlatformId, query: &str) -> Result<Answer, PlatformError> {
        let path = format!("customers/{account}/googleAds:searchStream");
        self.transport.post(&path, &json!({ "query": query }), Intent::Read).await
    }

    async fn mutate(
        &self,
        write: &BudgetWrite,
        intent: Intent,
    ) -> Result<CommitAnswer, PlatformError> {
        let account = &write.entity().account_id;
        let name = write.budget_resource();
        let prefix = format!("customers/{account}/campaignBudgets/");
        if name.strip_prefix(&prefix).is_none_or(|id| PlatformId::parse(id).is_err()) {
            return Err(errors::of_gate(
                "gate.MALFORMED_BUDGET_RESOURCE",
                "the budget is not one of the campaign's account",
            ));
        }
        let body = json!({
            "operations": [{
                "update": {
                    "resourceName": name,
                    "amountMicros": write.target().amount_micros.to_string(),
                },
                "updateMask": "amountMicros",
            }],
            "partialFailure": false,
            "validateOnly": intent == Intent::Validate,
            "responseContentType": "MUTABLE_RESOURCE",
        });
        let path = format!("customers/{account}/campaignBudgets:mutate");
        let answer = self.transport.post(&path, &body, intent).await?;
        Ok(CommitAnswer { request_id: answer.request_id })
    }
}

#[async_trait]
impl Platform for GoogleAds {
    async fn list_campaigns(
        &self,
        account: &PlatformId,
    ) -> Result<Vec<BudgetState>, PlatformError> {
        let query = format!(
            "SELECT {BUDGET_FIELDS} FROM campaign WHERE campaign.status != 'REMOVED' ORDER BY campaign.id"
        );
        let answer = self.query(account, &query).await?;
        let daily = rows::read(&answer)?.into_iter().filter(rows::Row::has_daily_budget);
        let mut states = vec![];
        for row in daily {
            states.push(self.state(row, account, answer.request_id.clone()).await?);
        }
        Ok(states)
    }

    async fn read_budget(&self, entity: &EntityRef) -> Result<BudgetState, PlatformError> {
        let id = &entity.campaign_id;
        let query = format!("SELECT {BUDGET_FIELDS} FROM campaign WHERE campaign.id = {id}");
        let answer = self.query(&entity.account_id, &query).await?;
        let row = rows::read(&answer)?.into_iter().next().ok_or_else(|| PlatformError {
            request_id: answer.request_id.clone(),
            ..errors::of_gate(CAMPAIGN_NOT_FOUND, "the account has no campaign with this id")
        })?;
        if !row.has_daily_budget() {
            return Err(errors::of_gate(
                "gate.NOT_A_DAILY_BUDGET",
                "the campaign spends from a total budget, which has no daily amount to change",
            ));
        }
        self.state(row, &entity.account_id, answer.request_id).await
    }

    async fn read_pacing(&self, state: &BudgetState, days: u16) -> Result<Delivery, PlatformError> {
        let entity = &state.entity;
        let (first, last) = rows::last_days(&state.time_zone, days, Timestamp::now())?;
        let id = &entity.campaign_id;
        let query = format!(
            "SELECT segments.date, campaign.id, metrics.cost_micros, metrics.impressions, \
             metrics.clicks FROM campaign WHERE campaign.id = {id} \
             AND segments.date BETWEEN '{first}' AND '{last}' ORDER BY segments.date"
        );
        let answer = self.query(&entity.account_id, &query).await?;
        let period = (first, last);
        let request_id = answer.request_id.as_deref();
        let days = rows::pacing(rows::read(&answer)?, period, state.daily.currency, request_id)?;
        let asked = DayRange { first: first.to_string(), last: last.to_string() };
        Ok(Delivery { asked, days })
    }

    async fn validate(&self, write: &BudgetWrite) -> Result<CommitAnswer, PlatformError> {
        self.mutate(write, Intent::Validate).await
    }

    async fn commit(&self, write: &BudgetWrite) -> Result<CommitAnswer, PlatformError> {
        self.mutate(write, Intent::Write).await
    }
}

pub(crate) fn is_token_refused(error: &PlatformError) -> bool {
    error.class == ErrorClass::RefreshToken
}
