//! `campaigns:mutate`: what each operation would do, and the errors Google documents for it.
//!
//! The account takes updates of `status`, `start_date_time` and `end_date_time`; every other field is not carried, which is this
//! emulator's limit and not Google's.

use jiff::civil::DateTime;
use prost_reflect::DynamicMessage;
use serde_json::{Value, json};

use crate::account::{Account, BudgetPeriod, Campaign, CampaignStatus, Settings};
use crate::descriptor::{Schema, enum_field, string_field};
use crate::errors::AdsError;
use crate::operations::{self, plan_each, writable};

const CAMPAIGN: &str = "resources.Campaign";

/// What an operation leaves of a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Campaign id.
    pub id: i64,
    /// Its resource name.
    pub resource_name: String,
    /// Its new settings.
    pub settings: Settings,
}

/// Works out every operation of `request` against the account, writing nothing.
///
/// # Errors
/// The outer error is about the request as a whole.
pub fn plan(
    schema: &Schema,
    account: &Account,
    request: &DynamicMessage,
) -> Result<Vec<Result<Standing, AdsError>>, AdsError> {
    plan_each(request, |index, one| plan_one(schema, account, index, one), |one| one.id)
}

fn plan_one(
    schema: &Schema,
    account: &Account,
    index: usize,
    operation: &DynamicMessage,
) -> Result<Standing, AdsError> {
    for other in ["create", "remove"] {
        if operation.has_field_by_name(other) {
            let text = "The emulated account takes updates of its own campaigns only.";
            let error = AdsError::new("mutateError", "MUTATE_NOT_ALLOWED", text);
            return Err(error.at(index, &[other]));
        }
    }
    let update = operations::update(operation, index)?;
    let campaign = find(account, index, &string_field(&update, "resource_name"))?;
    if campaign.status == CampaignStatus::Removed {
        let text = "A removed resource cannot be changed.";
        let code = "OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE";
        let error = AdsError::new("operationAccessDeniedError", code, text);
        return Err(error.at(index, &["update", "resource_name"]));
    }
    let mask = operations::mask(operation, index)?;
    let mut settings = campaign.settings();
    for path in &mask {
        writable(schema, CAMPAIGN, index, path)?;
        set(account, campaign, &mut settings, path, &update)
            .map_err(|error| error.at(index, &["update", path]))?;
    }
    let Settings { start_date_time: start, end_date_time: end, .. } = &settings;
    // In this form text is in the order of time.
    if start.as_ref().zip(end.as_ref()).is_some_and(|(start, end)| start > end) {
        let text = "The start must not be after the end.";
        let error = AdsError::new("dateRangeError", "START_DATE_AFTER_END_DATE", text);
        return Err(error.at(index, &["update"]));
    }
    Ok(Standing { id: campaign.id, resource_name: campaign.resource_name(), settings })
}

fn set(
    account: &Account,
    campaign: &Campaign,
    settings: &mut Settings,
    path: &str,
    update: &DynamicMessage,
) -> Result<(), AdsError> {
    let refuse = |category, code, text: &str| Err(AdsError::new(category, code, text));
    match path {
        "status" => match enum_field(update, path).as_str() {
            "ENABLED" => settings.status = CampaignStatus::Enabled,
            "PAUSED" => settings.status = CampaignStatus::Paused,
            // Removing is an operation of its own.
            _ => {
                let text = "Enum value cannot be used here.";
                return refuse("requestError", "INVALID_ENUM_VALUE", text);
            }
        },
        "start_date_time" => {
            if campaign.start_date_time.as_deref().is_some_and(Account::is_past) {
                let code = "CANNOT_MODIFY_START_DATE_IF_ALREADY_STARTED";
                return refuse("campaignError", code, "The campaign has started.");
            }
            settings.start_date_time = moment(update, path, "00:00:00")?;
        }
        "end_date_time" => {
            let end = moment(update, path, "23:59:59")?;
            let is_total = account
                .budget(campaign.budget_id)
                .is_some_and(|budget| budget.period == BudgetPeriod::CustomPeriod);
            if end.is_none() && is_total {
                let code = "END_DATE_TIME_REQUIRED_FOR_TOTAL_BUDGET";
                return refuse("campaignError", code, "A total budget needs an end.");
            }
            if end.as_deref().is_some_and(Account::is_past) {
                let text = "The end lies in the past.";
                return refuse("dateRangeError", "CANNOT_SET_DATE_TO_PAST", text);
            }
            settings.end_date_time = end;
        }
        _ => {
            let text = "The emulated account does not carry this field.";
            return refuse("mutateError", "MUTATE_NOT_ALLOWED", text);
        }
    }
    Ok(())
}

/// A moment of the account's clock; `None` where the update clears it. Whole days only, as
/// Google takes them for most campaigns.
fn moment(update: &DynamicMessage, path: &str, time: &str) -> Result<Option<String>, AdsError> {
    let text = string_field(update, path);
    if text.is_empty() {
        return Ok(None);
    }
    if DateTime::strptime("%Y-%m-%d %H:%M:%S", &text).is_err() {
        let words = "Use yyyy-MM-dd HH:mm:ss.";
        return Err(AdsError::new("dateError", "INVALID_FIELD_VALUES_IN_DATE_TIME", words));
    }
    if !text.ends_with(time) {
        let words = "Only whole days can be set for this campaign.";
        let code = "REQUESTED_DATE_GRANULARITY_NOT_SUPPORTED";
        return Err(AdsError::new("dateRangeError", code, words));
    }
    Ok(Some(text))
}

fn find<'a>(account: &'a Account, index: usize, name: &str) -> Result<&'a Campaign, AdsError> {
    let refuse = |category, code, text: &str| {
        let error = AdsError::new(category, code, text);
        Err(error.at(index, &["update", "resource_name"]).caused_by_text(name))
    };
    let parts: Vec<&str> = name.split('/').collect();
    let (customer, id) = match parts.as_slice() {
        ["customers", customer, "campaigns", id] => (*customer, id.parse::<i64>().ok()),
        [""] => {
            return refuse(
                "requestError",
                "RESOURCE_NAME_MISSING",
                "The resource name is missing.",
            );
        }
        _ => ("", None),
    };
    let Some(id) = id else {
        let text = "This is not a campaign's resource name.";
        return refuse("requestError", "RESOURCE_NAME_MALFORMED", text);
    };
    let found =
        account.campaigns.iter().find(|one| one.id == id && customer == account.customer_id);
    match found {
        Some(campaign) => Ok(campaign),
        None => refuse("mutateError", "RESOURCE_NOT_FOUND", "Resource was not found."),
    }
}

/// The campaign with the mutable fields that the account carries.
#[must_use]
pub fn mutable_resource(standing: &Standing) -> Value {
    let Settings { status, start_date_time, end_date_time } = &standing.settings;
    let mut json = json!({ "resource_name": standing.resource_name, "status": status });
    for (name, value) in [("start_date_time", start_date_time), ("end_date_time", end_date_time)] {
        if let Some(value) = value {
            json[name] = value.as_str().into();
        }
    }
    json
}
