//! Rows of each resource before selection: everything the account knows, as snake_case JSON.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::account::{
    Account, Budget, BudgetPeriod, CURRENCY_CODE, Campaign, Commit, DESCRIPTIVE_NAME,
    MINIMUM_UNIT_MICROS, Settings, Writer, ZONE,
};
use crate::data::Day;

/// Address shown for writes through the API.
pub const API_USER_EMAIL: &str = "countersign-gate@example.com";
/// Address shown for writes by somebody else.
pub const FOREIGN_USER_EMAIL: &str = "someone-else@example.com";

/// Which days count, and whether each makes its own row.
pub struct Period<'a> {
    /// `segments.date` is selected: one row a day.
    pub daily: bool,
    /// The conditions on `segments.date`.
    pub includes: &'a dyn Fn(Date) -> bool,
    /// What a query names of a campaign's attributes, which are the same on every day; `None`
    /// when its conditions leave the campaign out.
    pub named: &'a dyn Fn(&Value) -> Option<Value>,
}

#[derive(Clone, Copy, Default)]
struct Totals {
    cost_micros: i64,
    impressions: i64,
    clicks: i64,
    /// Distinct people cannot be added up: known for one campaign on one day only.
    unique_users: i64,
}

impl Totals {
    fn of(day: &Day) -> Self {
        Self {
            cost_micros: day.cost_micros,
            impressions: day.impressions,
            clicks: day.clicks,
            unique_users: day.unique_users,
        }
    }

    fn add(&mut self, day: &Day) {
        self.cost_micros += day.cost_micros;
        self.impressions += day.impressions;
        self.clicks += day.clicks;
        self.unique_users = 0;
    }

    fn is_zero(self) -> bool {
        self.cost_micros == 0 && self.impressions == 0 && self.clicks == 0
    }

    fn to_json(self) -> Value {
        json!({
            "cost_micros": self.cost_micros,
            "impressions": self.impressions,
            "clicks": self.clicks,
            "unique_users": self.unique_users,
        })
    }
}

/// Rows of `campaign` (and of `campaign_budget`, which has one campaign each).
#[must_use]
pub fn campaign_rows(account: &Account, period: &Period<'_>) -> Vec<Value> {
    let mut rows = Vec::new();
    for campaign in &account.campaigns {
        let Some(budget) = account.budget(campaign.budget_id) else {
            continue;
        };
        let attributes = json!({
            "campaign": campaign_json(campaign, budget),
            "campaign_budget": budget_json(budget),
            "customer": customer_json(account),
        });
        // Before a row is made for each day.
        let Some(attributes) = (period.named)(&attributes) else { continue };
        let days = campaign.days.iter().filter(|day| (period.includes)(day.date));
        if period.daily {
            // Google leaves out segmented rows that have no metric at all.
            rows.extend(
                days.map(|day| (day.date, Totals::of(day)))
                    .filter(|(_, totals)| !totals.is_zero())
                    .map(|(date, totals)| with_metrics(&attributes, totals, Some(date))),
            );
        } else {
            let mut totals = Totals::default();
            days.for_each(|day| totals.add(day));
            rows.push(with_metrics(&attributes, totals, None));
        }
    }
    rows
}

/// Rows of `customer`: the sum over its campaigns.
#[must_use]
pub fn customer_rows(account: &Account, period: &Period<'_>) -> Vec<Value> {
    let attributes = json!({"customer": customer_json(account)});
    let mut by_day: BTreeMap<Date, Totals> = BTreeMap::new();
    let mut whole = Totals::default();
    for day in account.campaigns.iter().flat_map(|c| &c.days) {
        if (period.includes)(day.date) {
            by_day.entry(day.date).or_default().add(day);
            whole.add(day);
        }
    }
    if !period.daily {
        return vec![with_metrics(&attributes, whole, None)];
    }
    by_day
        .into_iter()
        .filter(|(_, totals)| !totals.is_zero())
        .map(|(date, totals)| with_metrics(&attributes, totals, Some(date)))
        .collect()
}

/// Rows of `currency_constant`: the account's own currency.
#[must_use]
pub fn currency_rows() -> Vec<Value> {
    vec![json!({"currency_constant": {
        "resource_name": format!("currencyConstants/{CURRENCY_CODE}"),
        "code": CURRENCY_CODE,
        "name": "US Dollar",
        "symbol": "$",
        "billable_unit_micros": MINIMUM_UNIT_MICROS,
    }})]
}

/// Rows of `change_event`: writes that are older than `delay`, as Google shows them late.
#[must_use]
pub fn change_event_rows(account: &Account, now: Timestamp, delay: SignedDuration) -> Vec<Value> {
    account
        .commits
        .iter()
        .filter(|commit| commit.effective && now.duration_since(commit.at) >= delay)
        .map(|commit| json!({"change_event": change_json(&account.customer_id, commit), "customer": customer_json(account)}))
        .collect()
}

fn with_metrics(attributes: &Value, totals: Totals, date: Option<Date>) -> Value {
    let mut row = attributes.clone();
    row["metrics"] = totals.to_json();
    if let Some(date) = date {
        row["segments"] = json!({"date": date.to_string()});
    }
    row
}

fn customer_json(account: &Account) -> Value {
    json!({
        "resource_name": format!("customers/{}", account.customer_id),
        "id": account.customer_id.parse::<i64>().unwrap_or_default(),
        "descriptive_name": DESCRIPTIVE_NAME,
        "currency_code": CURRENCY_CODE,
        "time_zone": account.time_zone,
        "manager": false,
        "test_account": true,
        "status": "ENABLED",
    })
}

fn campaign_json(campaign: &Campaign, budget: &Budget) -> Value {
    let mut json = json!({
        "resource_name": campaign.resource_name(),
        "id": campaign.id,
        "name": campaign.name,
        "status": campaign.status,
        "campaign_budget": budget.resource_name(),
    });
    if let Some(end) = &campaign.end_date_time {
        json["end_date_time"] = end.as_str().into();
    }
    if let Some(start) = &campaign.start_date_time {
        json["start_date_time"] = start.as_str().into();
    }
    json
}

/// A budget with every field that the emulator knows.
#[must_use]
pub fn budget_json(budget: &Budget) -> Value {
    let amount = match budget.period {
        BudgetPeriod::Daily => "amount_micros",
        BudgetPeriod::CustomPeriod => "total_amount_micros",
    };
    json!({
        "resource_name": budget.resource_name(),
        "id": budget.id,
        "name": budget.name,
        amount: budget.amount_micros,
        "status": "ENABLED",
        "delivery_method": budget.delivery_method,
        "explicitly_shared": budget.explicitly_shared,
        "reference_count": 1,
        "period": budget.period,
        "type": "STANDARD",
    })
}

/// Which fields of a campaign differ, and only these before and after.
fn differences(old: &Settings, new: &Settings) -> (String, Value, Value) {
    let pairs = [
        ("status", "status", json!(old.status), json!(new.status)),
        (
            "startDateTime",
            "start_date_time",
            json!(old.start_date_time),
            json!(new.start_date_time),
        ),
        ("endDateTime", "end_date_time", json!(old.end_date_time), json!(new.end_date_time)),
    ];
    let (mut fields, mut before, mut after) = (vec![], Map::new(), Map::new());
    for (path, name, old, new) in pairs {
        if old != new {
            fields.push(path);
            // What is cleared is left out.
            before.extend(Some((name.to_owned(), old)).filter(|(_, value)| !value.is_null()));
            after.extend(Some((name.to_owned(), new)).filter(|(_, value)| !value.is_null()));
        }
    }
    (fields.join(","), json!({ "campaign": before }), json!({ "campaign": after }))
}

fn change_json(customer_id: &str, commit: &Commit) -> Value {
    let (client_type, user_email) = match commit.writer {
        Writer::Api => ("GOOGLE_ADS_API", API_USER_EMAIL),
        Writer::Foreign => ("GOOGLE_ADS_WEB_CLIENT", FOREIGN_USER_EMAIL),
    };
    let campaign = format!("customers/{customer_id}/campaigns/{}", commit.campaign_id);
    let budget = format!("customers/{customer_id}/campaignBudgets/{}", commit.budget_id);
    let amount = |micros: i64| json!({"campaign_budget": {"amount_micros": micros}});
    let (kind, resource, field, old, new) = match &commit.settings {
        Some([old, new]) => {
            let (fields, old, new) = differences(old, new);
            ("CAMPAIGN", &campaign, fields, old, new)
        }
        None => (
            "CAMPAIGN_BUDGET",
            &budget,
            "amountMicros".into(),
            amount(commit.old_amount_micros),
            amount(commit.new_amount_micros),
        ),
    };
    let at = commit.at.to_zoned(ZONE.clone());
    json!({
        "resource_name": format!(
            "customers/{customer_id}/changeEvents/{}~{}~0", commit.at.as_microsecond(), commit.seq
        ),
        "change_date_time": at.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string(),
        "change_resource_type": kind,
        "change_resource_name": resource,
        "client_type": client_type,
        "user_email": user_email,
        "old_resource": old,
        "new_resource": new,
        "resource_change_operation": "UPDATE",
        "changed_fields": field,
        "campaign": campaign,
    })
}
