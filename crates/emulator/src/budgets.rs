//! `campaignBudgets:mutate`: daily, total and shared budgets, and the errors Google documents.
//!
//! The account takes updates. Removing answers CAMPAIGN_BUDGET_IN_USE, since every budget is used;
//! creating answers MUTATE_NOT_ALLOWED, which is this emulator's limit and not Google's. Google's
//! longest total budget is not published: [`MOST_TOTAL_DAYS`] is ours.

use jiff::civil::DateTime;
use serde_json::{Value, json};

use crate::currency::Currency;
use crate::errors::AdsError;
use crate::kinds::Kind;
use crate::operations::{Ask, Draft, Operation, Planned, not_carried, touches};
use crate::patch::{flag, text, whole};

/// Most days that a total budget may last here.
pub(crate) const MOST_TOTAL_DAYS: i64 = 366;
const CARRIED: [&str; 5] =
    ["amount_micros", "total_amount_micros", "name", "explicitly_shared", "delivery_method"];
const ERROR: &str = "campaignBudgetError";

pub(crate) fn plan(draft: &Draft<'_>, operation: &Operation) -> Result<Planned, AdsError> {
    let index = operation.index;
    match &operation.ask {
        Ask::Create(_) => Err(not_carried(operation)),
        Ask::Remove(name) => {
            draft.find(Kind::CampaignBudget, index, &["remove"], name)?;
            let text = "The budget is in use by a campaign and cannot be removed.";
            Err(AdsError::new(ERROR, "CAMPAIGN_BUDGET_IN_USE", text).at(index, &["remove"]))
        }
        Ask::Update(update, mask) => {
            let (old, next) = draft.updated(operation, update, mask, &CARRIED)?;
            for path in mask {
                check(draft, &old, &next, path)
                    .map_err(|error| error.at(index, &["update", path]))?;
            }
            Ok(Planned::one(Kind::CampaignBudget, text(&next, "resource_name"), Some(next.clone())))
        }
    }
}

/// Whether a budget is for a whole period and not for a day.
pub(crate) fn is_total(budget: &Value) -> bool {
    text(budget, "period") == "CUSTOM_PERIOD"
}

fn check(draft: &Draft<'_>, old: &Value, next: &Value, path: &str) -> Result<(), AdsError> {
    let refuse = |code, text: &str| Err(AdsError::new(ERROR, code, text));
    match path {
        "amount_micros" if is_total(next) => {
            let text = "A budget of a custom period has no daily amount.";
            refuse("BUDGET_AMOUNT_MUST_BE_UNSET_FOR_CUSTOM_BUDGET_PERIOD", text)
        }
        "total_amount_micros" if !is_total(next) => {
            let text = "A daily budget has no total amount.";
            refuse("TOTAL_BUDGET_AMOUNT_MUST_BE_UNSET_FOR_BUDGET_PERIOD_DAILY", text)
        }
        "amount_micros" => {
            check_daily(draft.account.currency, whole(next, path).unwrap_or_default())
        }
        "total_amount_micros" => check_total(draft, next),
        "name" => {
            let name = text(next, path);
            let is_other = |one: &Value| text(one, "resource_name") != text(next, "resource_name");
            let mut others = draft.all(Kind::CampaignBudget).filter(|one| is_other(one));
            if others.any(|other| text(other, "name") == name) {
                let text = "A campaign budget with this name already exists.";
                return refuse("DUPLICATE_NAME", text);
            }
            Ok(())
        }
        "explicitly_shared" if flag(old, path) && !flag(next, path) => {
            let code = "CANNOT_UPDATE_CAMPAIGN_BUDGET_TO_IMPLICITLY_SHARED";
            refuse(code, "A shared budget stays shared.")
        }
        "explicitly_shared" if flag(next, path) && is_total(next) => {
            refuse("CAMPAIGN_BUDGET_CANNOT_BE_SHARED", "A total budget cannot be shared.")
        }
        "delivery_method" if text(next, path) != "STANDARD" => {
            refuse("CANNOT_USE_ACCELERATED_DELIVERY_MODE", "Use STANDARD delivery.")
        }
        _ => Ok(()),
    }
}

fn check_unit(currency: Currency, amount: i64) -> Result<(), AdsError> {
    let error = |code, text: &str| Err(AdsError::new(ERROR, code, text).caused_by_int(amount));
    if amount < 0 {
        return error("NEGATIVE_MONEY_AMOUNT", "The money amount cannot be negative.");
    }
    if amount % currency.unit_micros != 0 {
        let text = "The amount is not a multiple of the currency's minimum unit.";
        return error("NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT", text);
    }
    Ok(())
}

fn check_daily(currency: Currency, amount: i64) -> Result<(), AdsError> {
    check_unit(currency, amount)?;
    if amount > currency.largest_daily_micros() {
        let text = "The money amount is too large.";
        return Err(AdsError::new(ERROR, "MONEY_AMOUNT_TOO_LARGE", text).caused_by_int(amount));
    }
    let min = currency.min_daily_micros;
    if amount >= min {
        return Ok(());
    }
    Err(below_minimum(amount).with_details(json!({"budgetPerDayMinimumErrorDetails": {
        "currencyCode": currency.code,
        "budgetPerDayMinimumMicros": min,
        "minimumBudgetAmountMicros": min,
        "failedBudgetAmountMicros": amount,
    }})))
}

fn below_minimum(amount: i64) -> AdsError {
    let text = "The budget is below the minimum for one day.";
    AdsError::new(ERROR, "BUDGET_BELOW_PER_DAY_MINIMUM", text).caused_by_int(amount)
}

/// A total has to be enough for each day of the campaign that spends it.
fn check_total(draft: &Draft<'_>, budget: &Value) -> Result<(), AdsError> {
    let currency = draft.account.currency;
    let amount = whole(budget, "total_amount_micros").unwrap_or_default();
    check_unit(currency, amount)?;
    let name = text(budget, "resource_name");
    let campaign = draft.all(Kind::Campaign).find(|one| text(one, "campaign_budget") == name);
    let days = campaign.and_then(days_of).unwrap_or(1);
    if amount / days > currency.largest_daily_micros() {
        let text = "The money amount is too large.";
        return Err(AdsError::new(ERROR, "MONEY_AMOUNT_TOO_LARGE", text).caused_by_int(amount));
    }
    let min = currency.min_daily_micros * days;
    if amount >= min {
        return Ok(());
    }
    Err(below_minimum(amount).with_details(json!({"budgetPerDayMinimumErrorDetails": {
        "currencyCode": currency.code,
        "budgetPerDayMinimumMicros": currency.min_daily_micros,
        "minimumBudgetTotalAmountMicros": min,
        "failedBudgetTotalAmountMicros": amount,
    }})))
}

/// Days from a campaign's first to its last, both counted.
pub(crate) fn days_of(campaign: &Value) -> Option<i64> {
    let day = |path| DateTime::strptime("%Y-%m-%d %H:%M:%S", text(campaign, path)).ok();
    let (start, end) = (day("start_date_time")?.date(), day("end_date_time")?.date());
    Some(i64::from(start.until(end).ok()?.get_days()) + 1)
}

/// A campaign that moves its last day has to leave enough of a total for each.
pub(crate) fn check_days(
    draft: &Draft<'_>,
    campaign: &Value,
    mask: &[String],
) -> Result<(), AdsError> {
    let moved = touches(mask, "end_date_time") || touches(mask, "start_date_time");
    let budget = draft.named(text(campaign, "campaign_budget"));
    let Some(budget) = budget.filter(|budget| moved && is_total(budget)) else { return Ok(()) };
    let refuse = |code, text| Err(AdsError::new("campaignError", code, text));
    match days_of(campaign) {
        None => refuse(
            "END_DATE_TIME_REQUIRED_FOR_TOTAL_BUDGET",
            "A campaign with a total budget needs an end.",
        ),
        Some(days) if days > MOST_TOTAL_DAYS => refuse(
            "DURATION_TOO_LONG_FOR_TOTAL_BUDGET",
            "The campaign lasts longer than a total budget may.",
        ),
        Some(days) => {
            let amount = whole(budget, "total_amount_micros").unwrap_or_default();
            if amount < draft.account.currency.min_daily_micros * days {
                return Err(below_minimum(amount));
            }
            Ok(())
        }
    }
}
