//! `campaignBudgets:mutate`: what each operation would do, and the errors Google documents for it.
//!
//! The account takes updates. Removing answers CAMPAIGN_BUDGET_IN_USE, since every budget is used;
//! creating answers MUTATE_NOT_ALLOWED, which is this emulator's limit and not Google's.

use prost_reflect::DynamicMessage;
use serde_json::{Map, Value, json};

use crate::account::{Account, Budget, BudgetPeriod, CURRENCY_CODE, MINIMUM_UNIT_MICROS};
use crate::descriptor::{DescriptorError, Schema, bool_field, enum_field, int_field, string_field};
use crate::errors::AdsError;
use crate::operations::{self, plan_each, writable};
use crate::rows::budget_json;

/// Least daily amount of this account: 5 USD.
pub const MINIMUM_DAILY_MICROS: i64 = 5_000_000;
/// Largest daily amount of this account: 1,000,000 USD.
pub const MAXIMUM_DAILY_MICROS: i64 = 1_000_000_000_000;
const BUDGET: &str = "resources.CampaignBudget";

/// What one operation would leave behind, or why it cannot.
pub type Outcome = Result<Budget, AdsError>;

/// Works out every operation of `request` against the account, writing nothing.
///
/// # Errors
/// The outer error is about the request as a whole.
pub fn plan(
    schema: &Schema,
    account: &Account,
    request: &DynamicMessage,
) -> Result<Vec<Outcome>, AdsError> {
    plan_each(request, |index, one| plan_one(schema, account, index, one), |budget| budget.id)
}

fn plan_one(
    schema: &Schema,
    account: &Account,
    index: usize,
    operation: &DynamicMessage,
) -> Outcome {
    if operation.has_field_by_name("create") {
        let text = "The emulated account takes updates of its own budgets only.";
        let error = AdsError::new("mutateError", "MUTATE_NOT_ALLOWED", text);
        return Err(error.at(index, &["create"]));
    }
    if operation.has_field_by_name("remove") {
        find(account, index, &["remove"], &string_field(operation, "remove"))?;
        let text = "The budget is in use by a campaign and cannot be removed.";
        let error = AdsError::new("campaignBudgetError", "CAMPAIGN_BUDGET_IN_USE", text);
        return Err(error.at(index, &["remove"]));
    }
    let update = operations::update(operation, index)?;
    let name = string_field(&update, "resource_name");
    let mut next = find(account, index, &["update", "resource_name"], &name)?;
    let mask = operations::mask(operation, index)?;
    for path in &mask {
        writable(schema, BUDGET, index, path)?;
        set(account, &mut next, index, path, &update)?;
    }
    Ok(next)
}

fn find(account: &Account, index: usize, path: &[&str], name: &str) -> Outcome {
    let parts: Vec<&str> = name.split('/').collect();
    let refuse = |category, code, text: String| {
        Err(AdsError::new(category, code, text).at(index, path).caused_by_text(name))
    };
    let (customer, id) = match parts.as_slice() {
        ["customers", customer, "campaignBudgets", id] => (*customer, id.parse::<i64>().ok()),
        [""] => {
            let text = "The resource name is missing.".to_owned();
            return refuse("requestError", "RESOURCE_NAME_MISSING", text);
        }
        _ => ("", None),
    };
    let Some(id) = id else {
        let text = format!("'{name}' is not a campaign budget's resource name.");
        return refuse("requestError", "RESOURCE_NAME_MALFORMED", text);
    };
    match account.budget(id).filter(|_| customer == account.customer_id) {
        Some(budget) => Ok(budget.clone()),
        None => refuse("mutateError", "RESOURCE_NOT_FOUND", "Resource was not found.".to_owned()),
    }
}

fn set(
    account: &Account,
    next: &mut Budget,
    index: usize,
    path: &str,
    update: &DynamicMessage,
) -> Result<(), AdsError> {
    let refuse = |category, code, text: &str| {
        Err(AdsError::new(category, code, text).at(index, &["update", path]))
    };
    match path {
        "amount_micros" if next.period == BudgetPeriod::CustomPeriod => {
            let code = "BUDGET_AMOUNT_MUST_BE_UNSET_FOR_CUSTOM_BUDGET_PERIOD";
            let text = "A total budget has no daily amount.";
            return refuse("campaignBudgetError", code, text);
        }
        "amount_micros" => {
            let amount = int_field(update, path);
            check_amount(amount).map_err(|error| error.at(index, &["update", path]))?;
            next.amount_micros = amount;
        }
        "total_amount_micros" if next.period == BudgetPeriod::CustomPeriod => {
            let amount = int_field(update, path);
            check_amount(amount).map_err(|error| error.at(index, &["update", path]))?;
            next.amount_micros = amount;
        }
        "name" => {
            let name = string_field(update, path);
            if account.budgets.iter().any(|b| b.id != next.id && b.name == name) {
                let text = "A campaign budget with this name already exists.";
                return refuse("campaignBudgetError", "DUPLICATE_NAME", text);
            }
            next.name = name;
        }
        "explicitly_shared" => {
            let shared = bool_field(update, path);
            if next.explicitly_shared && !shared {
                let code = "CANNOT_UPDATE_CAMPAIGN_BUDGET_TO_IMPLICITLY_SHARED";
                return refuse("campaignBudgetError", code, "A shared budget stays shared.");
            }
            next.explicitly_shared = shared;
        }
        "delivery_method" => {
            if enum_field(update, path) != "STANDARD" {
                let code = "CANNOT_USE_ACCELERATED_DELIVERY_MODE";
                return refuse("campaignBudgetError", code, "Use STANDARD delivery.");
            }
        }
        "total_amount_micros" => {
            let code = "TOTAL_BUDGET_AMOUNT_MUST_BE_UNSET_FOR_BUDGET_PERIOD_DAILY";
            let text = "A daily budget has no total amount.";
            return refuse("campaignBudgetError", code, text);
        }
        _ => {
            let text = "The emulated account does not carry this field.";
            return refuse("mutateError", "MUTATE_NOT_ALLOWED", text);
        }
    }
    Ok(())
}

fn check_amount(amount: i64) -> Result<(), AdsError> {
    let error = |code, text: &str| {
        Err(AdsError::new("campaignBudgetError", code, text).caused_by_int(amount))
    };
    if amount < 0 {
        return error("NEGATIVE_MONEY_AMOUNT", "The money amount cannot be negative.");
    }
    if amount % MINIMUM_UNIT_MICROS != 0 {
        let text = "The amount is not a multiple of the currency's minimum unit.";
        return error("NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT", text);
    }
    if amount > MAXIMUM_DAILY_MICROS {
        return error("MONEY_AMOUNT_TOO_LARGE", "The money amount is too large.");
    }
    if amount >= MINIMUM_DAILY_MICROS {
        return Ok(());
    }
    let text = "The budget is below the minimum for one day.";
    error("BUDGET_BELOW_PER_DAY_MINIMUM", text).map_err(|error| {
        error.with_details(json!({"budgetPerDayMinimumErrorDetails": {
            "currencyCode": CURRENCY_CODE,
            "budgetPerDayMinimumMicros": MINIMUM_DAILY_MICROS,
            "minimumBudgetAmountMicros": MINIMUM_DAILY_MICROS,
            "failedBudgetAmountMicros": amount,
        }}))
    })
}

/// The budget with its mutable fields only, as `MUTABLE_RESOURCE` returns it.
///
/// # Errors
/// [`DescriptorError`] when the descriptor lacks the budget.
pub fn mutable_resource(schema: &Schema, budget: &Budget) -> Result<Value, DescriptorError> {
    let message = schema.message(BUDGET)?;
    let mut mutable = Map::new();
    if let Value::Object(all) = budget_json(budget) {
        mutable.extend(all.into_iter().filter(|(name, value)| {
            let field = schema.field_at(&message, name);
            let writable = field.is_some_and(|field| !schema.is_read_only(&field));
            name == "resource_name" || (writable && *value != Value::Bool(false))
        }));
    }
    Ok(Value::Object(mutable))
}
