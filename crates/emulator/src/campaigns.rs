//! `campaigns:mutate`: what each operation would do, and the errors Google documents for it.
//!
//! The account takes updates of `status`; every other field is not carried, which is this
//! emulator's limit and not Google's.

use prost_reflect::DynamicMessage;
use serde_json::{Value, json};

use crate::account::{Account, Campaign, CampaignStatus};
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
    /// Its new setting.
    pub status: CampaignStatus,
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
    let mut status = campaign.status;
    for path in &mask {
        writable(schema, CAMPAIGN, index, path)?;
        if path != "status" {
            let text = "The emulated account does not carry this field.";
            let error = AdsError::new("mutateError", "MUTATE_NOT_ALLOWED", text);
            return Err(error.at(index, &["update", path]));
        }
        status = match enum_field(&update, path).as_str() {
            "ENABLED" => CampaignStatus::Enabled,
            "PAUSED" => CampaignStatus::Paused,
            // Removing is an operation of its own.
            _ => {
                let text = "Enum value cannot be used here.";
                let error = AdsError::new("requestError", "INVALID_ENUM_VALUE", text);
                return Err(error.at(index, &["update", path]));
            }
        };
    }
    Ok(Standing { id: campaign.id, resource_name: campaign.resource_name(), status })
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
    json!({ "resource_name": standing.resource_name, "status": standing.status })
}
