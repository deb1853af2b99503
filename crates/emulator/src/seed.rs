//! The account as it begins, made from the published series: seven campaigns with a budget, an ad
//! group, keywords and ads each, lists of people, a portfolio strategy, and Google's proposals.
//!
//! Everything beside the series is derived, the same at every start, and named as simulated.
//! `whole` adds campaigns with a total budget and with a shared one; they repeat published days.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan as _};
use serde_json::{Value, json};

use crate::account::{Account, TIME_ZONE};
use crate::criteria::content_id;
use crate::currency::Currency;
use crate::data::{CampaignSeries, Series};
use crate::kinds::Kind;
use crate::patch::text;

/// First campaign id; budgets are numbered likewise from [`FIRST_BUDGET_ID`].
pub const FIRST_CAMPAIGN_ID: i64 = 2_000_000_001;
/// First budget id; campaign n has budget n.
pub const FIRST_BUDGET_ID: i64 = 3_000_000_001;
/// First ad group id; campaign n has ad group n.
pub const FIRST_AD_GROUP_ID: i64 = 4_000_000_001;
/// First ad id; ad group n has ads 2n-1 and 2n.
pub const FIRST_AD_ID: i64 = 5_000_000_001;
/// Id of the portfolio strategy of campaigns 5 and 6.
pub const PORTFOLIO_ID: i64 = 8_000_000_001;
/// First user list id: an open list, a closed one and a removed one.
pub const FIRST_USER_LIST_ID: i64 = 9_000_000_001;
const DEFAULT_REVIEW_S: i64 = 86_400;
/// What is created later is numbered from here.
const FIRST_FRESH_ID: i64 = 9_500_000_000;

/// Makes an account of this customer id from the series.
#[must_use]
pub fn account(
    customer_id: &str,
    currency: Currency,
    series: Series,
    as_of: Date,
    whole: bool,
) -> Account {
    let mut account = Account {
        customer_id: customer_id.to_owned(),
        currency,
        time_zone: TIME_ZONE.to_owned(),
        began: as_of,
        clock_offset: SignedDuration::ZERO,
        review_s: DEFAULT_REVIEW_S,
        shifted_days: series.shifted_days,
        data_days: (series.first_day, series.last_day),
        resources: BTreeMap::new(),
        before: BTreeMap::new(),
        days: BTreeMap::new(),
        commits: Vec::new(),
        next_id: FIRST_FRESH_ID,
    };
    user_lists(&mut account);
    user_interests(&mut account);
    portfolio(&mut account);
    for (offset, source) in (0_i64..).zip(&series.campaigns) {
        campaign(&mut account, offset, source, FIRST_BUDGET_ID + offset);
        if offset == 0 {
            proposals(&mut account, source.derived_daily_budget_micros);
        }
    }
    if whole {
        others(&mut account, &series.campaigns, as_of);
    }
    account
}

/// The scheme of the n-th campaign: each that is carried, and the portfolio twice.
fn scheme(account: &Account, offset: i64) -> (&'static str, Value) {
    match offset {
        2 => ("maximize_conversions", json!({"target_cpa_micros": 12_000_000})),
        3 => ("maximize_conversion_value", json!({"target_roas": 3.5})),
        4 | 5 => ("bidding_strategy", account.name(Kind::BiddingStrategy, PORTFOLIO_ID).into()),
        6 => ("target_spend", json!({"cpc_bid_ceiling_micros": 2_000_000})),
        _ => ("manual_cpc", json!({"enhanced_cpc_enabled": false})),
    }
}

fn campaign(account: &mut Account, offset: i64, source: &CampaignSeries, budget_id: i64) {
    let name = account.name(Kind::Campaign, FIRST_CAMPAIGN_ID + offset);
    let budget = account.name(Kind::CampaignBudget, budget_id);
    if account.named(&budget).is_none() {
        account.seed(
            Kind::CampaignBudget,
            json!({
                "resource_name": budget,
                "id": budget_id,
                "name": format!("{} budget", source.name),
                "amount_micros": source.derived_daily_budget_micros,
                "status": "ENABLED",
                "delivery_method": "STANDARD",
                "explicitly_shared": false,
                "period": "DAILY",
                "type": "STANDARD",
            }),
        );
    }
    let mut campaign = json!({
        "resource_name": name,
        "id": FIRST_CAMPAIGN_ID + offset,
        "name": source.name,
        "status": if source.active_at_end { "ENABLED" } else { "PAUSED" },
        "campaign_budget": budget,
        "advertising_channel_type": "SEARCH",
    });
    let (scheme, value) = scheme(account, offset);
    campaign[scheme] = value;
    if let Some(start) = source.first_active {
        campaign["start_date_time"] = format!("{start} 00:00:00").into();
    }
    account.seed(Kind::Campaign, campaign);
    account.days.insert(name.clone(), source.days.clone());
    ad_group(account, offset, &name, &source.name);
}

fn ad_group(account: &mut Account, offset: i64, campaign: &str, words: &str) {
    let id = FIRST_AD_GROUP_ID + offset;
    let name = account.name(Kind::AdGroup, id);
    account.seed(
        Kind::AdGroup,
        json!({
            "resource_name": name,
            "id": id,
            "name": format!("{words} group (simulated)"),
            "status": "ENABLED",
            "type": "SEARCH_STANDARD",
            "campaign": campaign,
            "cpc_bid_micros": 500_000 + 50_000 * offset,
        }),
    );
    for (n, (status, share)) in (0_i64..).zip([("ENABLED", [0, 600]), ("PAUSED", [600, 1000])]) {
        ad(account, FIRST_AD_ID + 2 * offset + n, &name, words, status, share);
    }
    let keywords = [words.replace('_', " "), format!("buy {}", words.replace('_', " "))];
    for (keyword, share) in keywords.into_iter().zip([[0, 700], [700, 1000]]) {
        let content = json!({"keyword": {"text": keyword, "match_type": "PHRASE"}});
        let own = json!({"cpc_bid_micros": (share[0] == 0).then_some(750_000), "_share": share});
        criterion(account, &name, "keyword", "keyword.text", &content, &own);
    }
    let list = account.name(Kind::UserList, FIRST_USER_LIST_ID);
    let audience = json!({"user_list": {"user_list": list}});
    criterion(account, &name, "user_list", "user_list.user_list", &audience, &json!({}));
}

fn criterion(
    account: &mut Account,
    group: &str,
    field: &str,
    path: &str,
    content: &Value,
    own: &Value,
) {
    let id = content_id(field, content, path);
    let group_id = group.rsplit('/').next().unwrap_or_default().to_owned();
    let mut one = json!({
        "resource_name": account.name(Kind::AdGroupCriterion, format!("{group_id}~{id}")),
        "criterion_id": id,
        "ad_group": group,
        "status": "ENABLED",
        "type": field.to_uppercase(),
        "negative": false,
    });
    for (name, value) in content.as_object().into_iter().chain(own.as_object()).flatten() {
        if !value.is_null() {
            one[name] = value.clone();
        }
    }
    account.seed(Kind::AdGroupCriterion, one);
}

fn ad(account: &mut Account, id: i64, group: &str, words: &str, status: &str, share: [i64; 2]) {
    let ad = account.name(Kind::Ad, id);
    let words = words.replace('_', " ");
    let texts = |texts: &[String]| -> Vec<Value> {
        texts.iter().map(|text| json!({"text": text})).collect()
    };
    account.seed(
        Kind::Ad,
        json!({
            "resource_name": ad,
            "id": id,
            "type": "RESPONSIVE_SEARCH_AD",
            "final_urls": ["https://example.com/"],
            "responsive_search_ad": {
                "headlines": texts(&[words.clone(), "Simulated offer".to_owned(), format!("Variant {}", id % 2 + 1)]),
                "descriptions": texts(&[format!("{words}: a simulated description"), "Nothing here is sold".to_owned()]),
            },
            "_review_ends_s": 0,
            "_topics": [],
        }),
    );
    let group_id = group.rsplit('/').next().unwrap_or_default().to_owned();
    let name = account.name(Kind::AdGroupAd, format!("{group_id}~{id}"));
    account.seed(
        Kind::AdGroupAd,
        json!({
            "resource_name": name,
            "ad_group": group,
            "status": status,
            "ad": {"resource_name": ad},
            "_share": share,
        }),
    );
}

fn user_lists(account: &mut Account) {
    let lists = [
        ("All buyers (simulated)", "OPEN", 48_000, 21_000, false),
        ("Spring visitors (simulated, closed)", "CLOSED", 9_000, 4_000, false),
        ("Old leads (simulated, removed)", "OPEN", 0, 0, true),
    ];
    for (id, (name, status, display, search, removed)) in (FIRST_USER_LIST_ID..).zip(lists) {
        let list = json!({
            "resource_name": account.name(Kind::UserList, id),
            "id": id,
            "name": name,
            "description": "Simulated people; nobody is in this list.",
            "membership_status": status,
            "membership_life_span": 30,
            "size_for_display": display,
            "size_for_search": search,
            "type": "RULE_BASED",
            "_removed": removed,
        });
        account.seed(Kind::UserList, list);
    }
}

/// Segments that the platform makes, as it names them; one says of people what the law protects.
fn user_interests(account: &mut Account) {
    let segments = [(80_001, "Travel buffs (simulated)"), (80_002, "Health insurance (simulated)")];
    for (id, name) in segments {
        let segment = json!({
            "resource_name": account.name(Kind::UserInterest, id),
            "user_interest_id": id,
            "name": name,
            "taxonomy_type": "AFFINITY",
        });
        account.seed(Kind::UserInterest, segment);
    }
}

fn portfolio(account: &mut Account) {
    let strategy = json!({
        "resource_name": account.name(Kind::BiddingStrategy, PORTFOLIO_ID),
        "id": PORTFOLIO_ID,
        "name": "Portfolio target ROAS (simulated)",
        "status": "ENABLED",
        "target_roas": {"target_roas": 3.0},
    });
    account.seed(Kind::BiddingStrategy, strategy);
}

/// Google's proposals for the first campaign and the third, and one that applies itself.
fn proposals(account: &mut Account, budget_micros: i64) {
    let metrics = |micros: i64, clicks: f64| json!({"clicks": clicks, "cost_micros": micros});
    let impact = |more: i64| {
        json!({
            "base_metrics": metrics(budget_micros * 7, 700.0),
            "potential_metrics": metrics((budget_micros + more) * 7, 800.0),
        })
    };
    let campaign = account.name(Kind::Campaign, FIRST_CAMPAIGN_ID);
    let third = account.name(Kind::Campaign, FIRST_CAMPAIGN_ID + 2);
    let recommended = budget_micros + 50_000_000;
    let budget = json!({
        "resource_name": account.name(Kind::Recommendation, 1),
        "type": "CAMPAIGN_BUDGET",
        "campaign": campaign,
        "campaigns": [campaign],
        "campaign_budget": account.name(Kind::CampaignBudget, FIRST_BUDGET_ID),
        "impact": impact(50_000_000),
        "campaign_budget_recommendation": {
            "current_budget_amount_micros": budget_micros,
            "recommended_budget_amount_micros": recommended,
            "budget_options": [
                {"budget_amount_micros": recommended, "impact": impact(50_000_000)},
            ],
        },
    });
    let target = json!({
        "resource_name": account.name(Kind::Recommendation, 2),
        "type": "TARGET_CPA_OPT_IN",
        "campaign": third,
        "campaigns": [third],
        "impact": impact(0),
        "target_cpa_opt_in_recommendation": {"recommended_target_cpa_micros": 11_000_000},
    });
    let subscription = json!({
        "resource_name": account.name(Kind::RecommendationSubscription, "USE_BROAD_MATCH_KEYWORD"),
        "type": "USE_BROAD_MATCH_KEYWORD",
        "create_date_time": "2026-01-01 00:00:00",
        "modify_date_time": "2026-01-01 00:00:00",
        "status": "ENABLED",
    });
    account.seed(Kind::Recommendation, budget);
    account.seed(Kind::Recommendation, target);
    account.seed(Kind::RecommendationSubscription, subscription);
}

/// A campaign with a total budget (8), and two that share one (9 and 10).
fn others(account: &mut Account, published: &[CampaignSeries], as_of: Date) {
    let names = ["seasonal total", "shared first", "shared second"];
    for (n, name) in (0_i64..).zip(names) {
        let offset = i64::try_from(published.len()).unwrap_or_default() + n;
        let Some(source) = usize::try_from(n).ok().and_then(|n| published.get(n)) else { continue };
        let mut source = source.clone();
        source.name = format!("{name} (simulated)");
        let budget_id = FIRST_BUDGET_ID + offset - i64::from(n == 2);
        campaign(account, offset, &source, budget_id);
        let name = account.name(Kind::Campaign, FIRST_CAMPAIGN_ID + offset);
        let budget = account.name(Kind::CampaignBudget, budget_id);
        let Some(mut value) = account.named(&budget).cloned() else { continue };
        if n == 0 {
            let Some(mut campaign) = account.named(&name).cloned() else { continue };
            let start = text(&campaign, "start_date_time").get(..10).and_then(|d| d.parse().ok());
            let start: Date = start.unwrap_or(as_of);
            let end = as_of.checked_add(30.days()).unwrap_or(as_of);
            campaign["end_date_time"] = format!("{end} 23:59:59").into();
            account.seed(Kind::Campaign, campaign);
            let days = start.until(end).map_or(1, |span| i64::from(span.get_days()) + 1);
            value["period"] = "CUSTOM_PERIOD".into();
            value["total_amount_micros"] = (account.currency.min_daily_micros * 4 * days).into();
            if let Some(members) = value.as_object_mut() {
                members.remove("amount_micros");
            }
        } else {
            value["explicitly_shared"] = true.into();
            value["name"] = "Shared budget (simulated)".into();
        }
        account.seed(Kind::CampaignBudget, value);
    }
}
