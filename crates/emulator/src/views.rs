//! Resources as they are read: with what Google derives from others, and beside their owners.

use serde_json::{Value, json};

use crate::account::{Account, DESCRIPTIVE_NAME};
use crate::bidding::{in_effect, scheme_of, target_cpa, target_roas};
use crate::kinds::Kind;
use crate::patch::{flag, list, text, whole};

/// A resource with its derived fields.
#[must_use]
pub fn shown(account: &Account, kind: Kind, value: &Value) -> Value {
    let mut shown = value.clone();
    match kind {
        Kind::CampaignBudget => {
            let name = text(value, "resource_name");
            shown["reference_count"] = users(account, "campaign_budget", name).into();
        }
        Kind::Campaign => {
            if let Some((_, type_name, _)) = in_effect(value, |name| account.named(name)) {
                shown["bidding_strategy_type"] = type_name.into();
            }
        }
        Kind::BiddingStrategy => {
            let name = text(value, "resource_name");
            if let Some((_, type_name)) = scheme_of(value) {
                shown["type"] = type_name.into();
            }
            shown["campaign_count"] = users(account, "bidding_strategy", name).into();
            shown["non_removed_campaign_count"] = users(account, "bidding_strategy", name).into();
            shown["effective_currency_code"] = account.currency.code.into();
        }
        Kind::AdGroup => effective_bids(account, value, &mut shown),
        Kind::AdGroupCriterion if !flag(value, "negative") => {
            effective_bid(account, value, &mut shown);
        }
        Kind::AdGroupAd => {
            let ad = account.named(text(value, "ad.resource_name"));
            shown["policy_summary"] = policy_summary(account, ad.unwrap_or(&Value::Null));
            if let Some(ad) = ad {
                shown["ad"] = ad.clone();
            }
        }
        _ => {}
    }
    shown
}

/// Campaigns, not removed, whose `field` names a resource.
fn users(account: &Account, field: &str, name: &str) -> i64 {
    let uses = |one: &&Value| text(one, field) == name && text(one, "status") != "REMOVED";
    i64::try_from(account.all(Kind::Campaign).filter(uses).count()).unwrap_or_default()
}

fn effective_bids(account: &Account, group: &Value, shown: &mut Value) {
    let Some(campaign) = account.named(text(group, "campaign")) else { return };
    let Some((scheme, _, holder)) = in_effect(campaign, |name| account.named(name)) else {
        return;
    };
    if scheme == "manual_cpc" {
        shown["effective_cpc_bid_micros"] = group["cpc_bid_micros"].clone();
    }
    if let Some(target) = target_cpa(holder) {
        let own = whole(group, "target_cpa_micros");
        shown["effective_target_cpa_micros"] = own.unwrap_or(target).into();
        shown["effective_target_cpa_source"] = source(own.is_some(), "AD_GROUP");
    }
    if let Some(target) = target_roas(holder) {
        let own = group["target_roas"].as_f64();
        shown["effective_target_roas"] = own.unwrap_or(target).into();
        shown["effective_target_roas_source"] = source(own.is_some(), "AD_GROUP");
    }
}

fn source(is_own: bool, own: &str) -> Value {
    if is_own { own } else { "CAMPAIGN_BIDDING_STRATEGY" }.into()
}

/// A criterion's bid: its own, or its ad group's; only where clicks are bid for by hand.
fn effective_bid(account: &Account, criterion: &Value, shown: &mut Value) {
    let Some(group) = account.named(text(criterion, "ad_group")) else { return };
    let Some(campaign) = account.named(text(group, "campaign")) else { return };
    let scheme = in_effect(campaign, |name| account.named(name));
    if scheme.is_none_or(|(scheme, ..)| scheme != "manual_cpc") {
        return;
    }
    let own = whole(criterion, "cpc_bid_micros");
    if let Some(bid) = own.or_else(|| whole(group, "cpc_bid_micros")) {
        shown["effective_cpc_bid_micros"] = bid.into();
        let source = if own.is_some() { "AD_GROUP_CRITERION" } else { "AD_GROUP" };
        shown["effective_cpc_bid_source"] = source.into();
    }
}

fn policy_summary(account: &Account, ad: &Value) -> Value {
    if whole(ad, "_review_ends_s").unwrap_or_default() > account.now().as_second() {
        return json!({"review_status": "REVIEW_IN_PROGRESS", "approval_status": "UNKNOWN"});
    }
    let has = |strictness| list(ad, "_topics").any(|topic| text(topic, "type") == strictness);
    let approval = match () {
        () if has("PROHIBITED") => "DISAPPROVED",
        () if has("LIMITED") => "APPROVED_LIMITED",
        () => "APPROVED",
    };
    json!({
        "review_status": "REVIEWED",
        "approval_status": approval,
        "policy_topic_entries": ad["_topics"],
    })
}

/// The account itself.
#[must_use]
pub fn customer(account: &Account) -> Value {
    json!({
        "resource_name": format!("customers/{}", account.customer_id),
        "id": account.customer_id.parse::<i64>().unwrap_or_default(),
        "descriptive_name": DESCRIPTIVE_NAME,
        "currency_code": account.currency.code,
        "time_zone": account.time_zone,
        "manager": false,
        "test_account": true,
        "status": "ENABLED",
    })
}

/// A row about a resource: itself, its ad group, campaign, budget, portfolio, and the account.
#[must_use]
pub fn beside_owners(account: &Account, kind: Kind, value: &Value) -> Value {
    let mut row = json!({"customer": customer(account)});
    let mut current = Some((kind, value));
    while let Some((kind, value)) = current {
        row[kind.field()] = shown(account, kind, value);
        let next = match kind {
            Kind::AdGroupAd | Kind::AdGroupCriterion => Some((Kind::AdGroup, "ad_group")),
            Kind::AdGroup | Kind::CampaignCriterion | Kind::Recommendation => {
                Some((Kind::Campaign, "campaign"))
            }
            Kind::Campaign => {
                let portfolio = account.named(text(value, "bidding_strategy"));
                if let Some(portfolio) = portfolio {
                    let shown = shown(account, Kind::BiddingStrategy, portfolio);
                    row[Kind::BiddingStrategy.field()] = shown;
                }
                Some((Kind::CampaignBudget, "campaign_budget"))
            }
            _ => None,
        };
        current = next.and_then(|(kind, field)| Some((kind, account.named(text(value, field))?)));
    }
    row
}
