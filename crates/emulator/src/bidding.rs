//! `biddingStrategies:mutate`, and the bids and targets that every level has in common.
//!
//! The account takes updates of portfolios; creating and removing is not carried. Largest bids
//! and the bounds of targets are this emulator's own.

use serde_json::Value;

use crate::errors::AdsError;
use crate::kinds::Kind;
use crate::operations::{Ask, Draft, Operation, Planned, is_set, not_carried};
use crate::patch::{at, text, whole};

/// Schemes of campaigns and portfolios that the account carries, with their types.
pub(crate) const SCHEMES: [(&str, &str); 7] = [
    ("manual_cpc", "MANUAL_CPC"),
    // Of display campaigns: it can be there and is not set, since every campaign here is search.
    ("manual_cpm", "MANUAL_CPM"),
    ("maximize_conversions", "MAXIMIZE_CONVERSIONS"),
    ("maximize_conversion_value", "MAXIMIZE_CONVERSION_VALUE"),
    ("target_cpa", "TARGET_CPA"),
    ("target_roas", "TARGET_ROAS"),
    ("target_spend", "TARGET_SPEND"),
];
const CARRIED: [&str; 6] = [
    "name",
    "maximize_conversions",
    "maximize_conversion_value",
    "target_cpa",
    "target_roas",
    "target_spend",
];
/// Largest bid, in steps of the currency: 10,000 USD.
const LARGEST_BID_STEPS: i64 = 1_000_000;

pub(crate) fn plan(draft: &Draft<'_>, operation: &Operation) -> Result<Planned, AdsError> {
    let Ask::Update(update, mask) = &operation.ask else { return Err(not_carried(operation)) };
    let index = operation.index;
    let (old, next) = draft.updated(operation, update, mask, &CARRIED)?;
    let at_mask = |error: AdsError, path: &str| error.at(index, &["update", path]);
    let first = mask.first().map(String::as_str).unwrap_or_default();
    if scheme_of(&old) != scheme_of(&next) {
        let text = "The type of a portfolio strategy is fixed.";
        let code = "CANNOT_CHANGE_BIDDING_STRATEGY_TYPE";
        return Err(at_mask(AdsError::new("biddingStrategyError", code, text), first));
    }
    let taken = draft.all(Kind::BiddingStrategy).any(|one| {
        text(one, "resource_name") != text(&next, "resource_name")
            && text(one, "name") == text(&next, "name")
    });
    if taken {
        let text = "A strategy with this name already exists.";
        return Err(at_mask(AdsError::new("biddingStrategyError", "DUPLICATE_NAME", text), "name"));
    }
    for path in mask {
        check_bid(draft, &next, path).map_err(|error| at_mask(error, path))?;
        if matches!(path.as_str(), "target_cpa.target_cpa_micros" | "target_roas.target_roas")
            && !is_set(&next, path)
        {
            let text = "The target of this strategy cannot be cleared.";
            let error = AdsError::new("fieldError", "FIELD_CANNOT_BE_CLEARED", text);
            return Err(at_mask(error, path));
        }
    }
    let name = text(&next, "resource_name").to_owned();
    Ok(Planned::one(Kind::BiddingStrategy, &name, Some(next)))
}

/// The scheme that a campaign or portfolio has of its own, and its type.
pub(crate) fn scheme_of(value: &Value) -> Option<(&'static str, &'static str)> {
    SCHEMES.into_iter().find(|(field, _)| is_set(value, field))
}

/// The scheme that is in effect for a campaign: its own, or its portfolio's, with the resource
/// that holds it.
pub(crate) fn in_effect<'a>(
    campaign: &'a Value,
    named: impl Fn(&str) -> Option<&'a Value>,
) -> Option<(&'static str, &'static str, &'a Value)> {
    let portfolio = text(campaign, "bidding_strategy");
    let holder = if portfolio.is_empty() { campaign } else { named(portfolio)? };
    scheme_of(holder).map(|(field, kind)| (field, kind, holder))
}

/// The target CPA that a scheme sets, micros.
pub(crate) fn target_cpa(holder: &Value) -> Option<i64> {
    whole(holder, "maximize_conversions.target_cpa_micros")
        .or_else(|| whole(holder, "target_cpa.target_cpa_micros"))
}

/// The target ROAS that a scheme sets.
pub(crate) fn target_roas(holder: &Value) -> Option<f64> {
    let of = |path| at(holder, path).and_then(Value::as_f64);
    of("maximize_conversion_value.target_roas").or_else(|| of("target_roas.target_roas"))
}

/// Checks the bid, target or limit at `path` when it is one; cleared is fine.
pub(crate) fn check_bid(draft: &Draft<'_>, value: &Value, path: &str) -> Result<(), AdsError> {
    let leaf = path.rsplit('.').next().unwrap_or_default();
    if leaf == "target_roas" {
        let Some(target) = at(value, path).and_then(Value::as_f64) else { return Ok(()) };
        let code = match target {
            _ if target < 0.01 => "TOO_LOW",
            _ if target > 1_000.0 => "TOO_HIGH",
            _ => return Ok(()),
        };
        return Err(AdsError::new("rangeError", code, "The target ROAS is out of range."));
    }
    let Some(micros) = whole(value, path).filter(|_| leaf.ends_with("_micros")) else {
        return Ok(());
    };
    let unit = draft.account.currency.unit_micros;
    let code = match micros {
        _ if micros < unit => "BID_TOO_SMALL",
        _ if micros > unit * LARGEST_BID_STEPS => "BID_TOO_BIG",
        _ if micros % unit != 0 => "BID_TOO_MANY_FRACTIONAL_DIGITS",
        _ => return Ok(()),
    };
    let text = "The bid is not one that the currency allows.";
    Err(AdsError::new("biddingError", code, text).caused_by_int(micros))
}
