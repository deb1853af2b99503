//! `campaigns:mutate`: status, dates, budget and bidding of a campaign.
//!
//! The account takes updates; creating and removing is not carried. Every campaign here is one
//! of whole days.

use jiff::civil::{Date, DateTime, date};
use serde_json::Value;

use crate::bidding::{check_bid, in_effect, scheme_of};
use crate::budgets::{check_days, is_total};
use crate::errors::AdsError;
use crate::kinds::Kind;
use crate::operations::{Ask, Draft, Operation, Planned, is_set, not_carried, touches};
use crate::patch::{flag, text};

const CARRIED: [&str; 12] = [
    "name",
    "status",
    "start_date_time",
    "end_date_time",
    "campaign_budget",
    "bidding_strategy",
    "manual_cpc",
    "maximize_conversions",
    "maximize_conversion_value",
    "target_cpa",
    "target_roas",
    "target_spend",
];
const LAST_DATE: Date = date(2037, 12, 30);

pub(crate) fn plan(draft: &Draft<'_>, operation: &Operation) -> Result<Planned, AdsError> {
    let Ask::Update(update, mask) = &operation.ask else { return Err(not_carried(operation)) };
    let index = operation.index;
    let (old, next) = draft.updated(operation, update, mask, &CARRIED)?;
    for path in mask {
        let checked = match path.as_str() {
            "name" => check_name(draft, &next),
            "start_date_time" | "end_date_time" => check_date(draft, &old, &next, path),
            "campaign_budget" => check_budget(draft, &old, &next, index),
            _ => check_bid(draft, &next, path),
        };
        checked.map_err(|error| error.at(index, &["update", path]))?;
    }
    let first = mask.first().map(String::as_str).unwrap_or_default();
    check_order(&next, mask)
        .and_then(|()| check_days(draft, &next, mask))
        .and_then(|()| check_scheme(draft, &next, mask))
        .map_err(|error| error.at(index, &["update", first]))?;
    let name = text(&next, "resource_name").to_owned();
    Ok(Planned::one(Kind::Campaign, &name, Some(next)))
}

fn check_name(draft: &Draft<'_>, next: &Value) -> Result<(), AdsError> {
    let refuse = |code, text| Err(AdsError::new("campaignError", code, text));
    if text(next, "name").trim().is_empty() {
        return refuse("INVALID_CAMPAIGN_NAME", "A campaign needs a name.");
    }
    let taken = draft.all(Kind::Campaign).any(|one| {
        text(one, "resource_name") != text(next, "resource_name")
            && text(one, "name") == text(next, "name")
    });
    if taken {
        return refuse("DUPLICATE_CAMPAIGN_NAME", "A campaign with this name already exists.");
    }
    Ok(())
}

fn moment(value: &Value, path: &str) -> Option<DateTime> {
    DateTime::strptime("%Y-%m-%d %H:%M:%S", text(value, path)).ok()
}

fn check_date(draft: &Draft<'_>, old: &Value, next: &Value, path: &str) -> Result<(), AdsError> {
    let refuse = |category, code, text: &str| Err(AdsError::new(category, code, text));
    let today = draft.account.today();
    let is_start = path == "start_date_time";
    let has_begun = moment(old, "start_date_time").is_some_and(|start| start.date() <= today);
    if is_start && has_begun && text(old, path) != text(next, path) {
        let code = "CANNOT_MODIFY_START_DATE_IF_ALREADY_STARTED";
        return refuse("campaignError", code, "The campaign has already started.");
    }
    if !is_set(next, path) {
        // Without an end it runs on; without a start it starts today.
        return Ok(());
    }
    let Some(at) = moment(next, path) else {
        let text = "Write the time as yyyy-MM-dd HH:mm:ss.";
        return refuse("dateError", "INVALID_STRING_DATE_TIME_SECONDS", text);
    };
    let (hour, minute, second) = if is_start { (0, 0, 0) } else { (23, 59, 59) };
    if at.time() != jiff::civil::time(hour, minute, second, 0) {
        let text = "This campaign starts at 00:00:00 and ends at 23:59:59.";
        return refuse("dateRangeError", "REQUESTED_DATE_GRANULARITY_NOT_SUPPORTED", text);
    }
    if at.date() < today && text(old, path) != text(next, path) {
        return refuse("dateRangeError", "CANNOT_SET_DATE_TO_PAST", "The date is in the past.");
    }
    if at.date() > LAST_DATE {
        let text = "The date is after the latest that is allowed.";
        return refuse("dateRangeError", "AFTER_MAXIMUM_ALLOWABLE_DATE", text);
    }
    Ok(())
}

fn check_order(next: &Value, mask: &[String]) -> Result<(), AdsError> {
    let moved = touches(mask, "start_date_time") || touches(mask, "end_date_time");
    let ends = moment(next, "start_date_time").zip(moment(next, "end_date_time"));
    if moved && ends.is_some_and(|(start, end)| start > end) {
        let text = "The campaign would end before it starts.";
        return Err(AdsError::new("dateRangeError", "START_DATE_AFTER_END_DATE", text));
    }
    Ok(())
}

fn check_budget(
    draft: &Draft<'_>,
    old: &Value,
    next: &Value,
    index: usize,
) -> Result<(), AdsError> {
    let path = ["update", "campaign_budget"];
    let name = text(next, "campaign_budget");
    let budget = draft.find(Kind::CampaignBudget, index, &path, name)?;
    let before = draft.named(text(old, "campaign_budget"));
    if before.is_some_and(|before| is_total(before) != is_total(budget)) {
        let text = "A campaign stays with a daily or a total budget.";
        return Err(AdsError::new("campaignError", "CANNOT_CHANGE_BUDGET_PERIOD", text));
    }
    let is_other = |one: &Value| text(one, "resource_name") != text(next, "resource_name");
    let used = draft.all(Kind::Campaign).any(|one| {
        is_other(one) && text(one, "status") != "REMOVED" && text(one, "campaign_budget") == name
    });
    if used && !flag(budget, "explicitly_shared") {
        let code = "CANNOT_USE_IMPLICITLY_SHARED_CAMPAIGN_BUDGET_WITH_MULTIPLE_CAMPAIGNS";
        let text = "The budget is another campaign's own.";
        return Err(AdsError::new("campaignBudgetError", code, text));
    }
    Ok(())
}

/// A campaign has one scheme, or one portfolio.
fn check_scheme(draft: &Draft<'_>, next: &Value, mask: &[String]) -> Result<(), AdsError> {
    let switches = mask.iter().any(|path| {
        let head = path.split('.').next().unwrap_or_default();
        head == "bidding_strategy" || crate::bidding::SCHEMES.iter().any(|(one, _)| *one == head)
    });
    if !switches && !touches(mask, "campaign_budget") {
        return Ok(());
    }
    let portfolio = text(next, "bidding_strategy");
    if !portfolio.is_empty() {
        let found = draft.named(portfolio).filter(|one| text(one, "status") != "REMOVED");
        if found.and_then(scheme_of).is_none() {
            let text = "There is no such bidding strategy.";
            return Err(AdsError::new("mutateError", "RESOURCE_NOT_FOUND", text));
        }
    }
    let Some((scheme, ..)) = in_effect(next, |name| draft.named(name)) else {
        let text = "A campaign needs a bidding strategy.";
        return Err(AdsError::new("fieldError", "FIELD_CANNOT_BE_CLEARED", text));
    };
    let budget = draft.named(text(next, "campaign_budget"));
    let shared = budget.is_some_and(|budget| flag(budget, "explicitly_shared"));
    if shared && portfolio.is_empty() && scheme.starts_with("maximize_") {
        let code = "BIDDING_STRATEGY_TYPE_INCOMPATIBLE_WITH_SHARED_BUDGET";
        let text = "With a shared budget this strategy has to be a portfolio's.";
        return Err(AdsError::new("biddingError", code, text));
    }
    Ok(())
}
