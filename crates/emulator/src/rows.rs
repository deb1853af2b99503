//! Rows of each resource before selection: everything the account knows, as snake_case JSON.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::account::{Account, Commit, ZONE};
use crate::data::Day;
use crate::kinds::Kind;
use crate::patch::{flag, list, text};
use crate::views::{beside_owners, customer};
use crate::violations::camel_case;

/// Which days count, and whether each makes its own row.
pub struct Period<'a> {
    /// `segments.date` is selected: one row a day.
    pub daily: bool,
    /// The conditions on `segments.date`.
    pub includes: &'a dyn Fn(Date) -> bool,
    /// What a query names of a subject's attributes, which are the same on every day; `None`
    /// when its conditions leave it out.
    pub named: &'a dyn Fn(&Value) -> Option<Value>,
}

/// Thousandths of a campaign's days, from one to another, so that parts add up to the whole.
type Share = [i64; 2];
const WHOLE: Share = [0, 1_000];

/// Where ads were shown (simulated): the place, its type, and its part of cost, impressions and
/// clicks. The third takes much and brings little.
const PLACEMENTS: [(&str, &str, [Share; 3]); 4] = [
    ("news.example.com", "WEBSITE", [[0, 450], [0, 400], [0, 600]]),
    ("videos.example.com", "WEBSITE", [[450, 700], [400, 650], [600, 900]]),
    ("kids-games.example.com", "WEBSITE", [[700, 930], [650, 950], [900, 920]]),
    (
        "mobileapp::2-com.example.game",
        "MOBILE_APPLICATION",
        [[930, 1_000], [950, 1_000], [920, 1_000]],
    ),
];

#[derive(Clone, Copy, Default)]
struct Totals {
    cost_micros: i64,
    impressions: i64,
    clicks: i64,
    /// Distinct people cannot be added up: known for one campaign on one day only.
    unique_users: i64,
}

impl Totals {
    fn of(day: &Day, [cost, impressions, clicks]: [Share; 3]) -> Self {
        let part = |amount: i64, [from, to]: Share| amount * to / 1_000 - amount * from / 1_000;
        Self {
            cost_micros: part(day.cost_micros, cost),
            impressions: part(day.impressions, impressions),
            clicks: part(day.clicks, clicks),
            unique_users: if impressions == WHOLE { day.unique_users } else { 0 },
        }
    }

    fn add(&mut self, other: Self) {
        self.cost_micros += other.cost_micros;
        self.impressions += other.impressions;
        self.clicks += other.clicks;
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

/// Something that rows are about, and which part of which campaigns' days it had.
struct Subject {
    attributes: Value,
    parts: Vec<(String, [Share; 3])>,
}

/// The rows of a resource that has days, or at least attributes.
#[must_use]
pub fn rows(account: &Account, from: &str, period: &Period<'_>) -> Vec<Value> {
    let mut rows = Vec::new();
    for Subject { attributes, parts } in subjects(account, from) {
        // Before a row is made for each day.
        let Some(attributes) = (period.named)(&attributes) else { continue };
        let mut by_day: BTreeMap<Date, Totals> = BTreeMap::new();
        for (campaign, shares) in parts {
            for day in account.days.get(&campaign).into_iter().flatten() {
                if (period.includes)(day.date) {
                    let totals = Totals::of(day, shares);
                    by_day.entry(day.date).and_modify(|sum| sum.add(totals)).or_insert(totals);
                }
            }
        }
        if period.daily {
            // Google leaves out segmented rows that have no metric at all.
            let days = by_day.into_iter().filter(|(_, totals)| !totals.is_zero());
            rows.extend(days.map(|(date, totals)| with_metrics(&attributes, totals, Some(date))));
        } else {
            let mut whole = Totals::default();
            by_day.into_values().for_each(|totals| whole.add(totals));
            rows.push(with_metrics(&attributes, whole, None));
        }
    }
    rows
}

/// What the rows of a resource are about.
fn subjects(account: &Account, from: &str) -> Vec<Subject> {
    let of_kind = |kind: Kind| -> Vec<Subject> {
        let standing = account.all(kind).filter(|one| !flag(one, "_removed"));
        let subject = |one: &Value| Subject {
            attributes: beside_owners(account, kind, one),
            parts: parts(account, kind, one),
        };
        standing.map(subject).collect()
    };
    match from {
        "customer" => {
            let all = account.days.keys().map(|name| (name.clone(), [WHOLE; 3]));
            vec![Subject {
                attributes: json!({"customer": customer(account)}),
                parts: all.collect(),
            }]
        }
        "detail_placement_view" | "group_placement_view" => placements(account, from),
        "accessible_bidding_strategy" => of_kind(Kind::BiddingStrategy)
            .into_iter()
            .map(|mut subject| {
                subject.attributes[from] = accessible(account, &subject.attributes);
                subject
            })
            .collect(),
        "campaign_budget" => of_kind(Kind::CampaignBudget),
        "bidding_strategy" => of_kind(Kind::BiddingStrategy),
        "ad_group" => of_kind(Kind::AdGroup),
        "ad_group_ad" => of_kind(Kind::AdGroupAd),
        "ad_group_criterion" | "keyword_view" => of_kind(Kind::AdGroupCriterion),
        "campaign_criterion" => of_kind(Kind::CampaignCriterion),
        "customer_negative_criterion" => of_kind(Kind::CustomerNegativeCriterion),
        "asset" => of_kind(Kind::Asset),
        "user_list" => of_kind(Kind::UserList),
        "user_interest" => of_kind(Kind::UserInterest),
        "recommendation" => of_kind(Kind::Recommendation),
        "recommendation_subscription" => of_kind(Kind::RecommendationSubscription),
        _ => of_kind(Kind::Campaign),
    }
}

fn accessible(account: &Account, attributes: &Value) -> Value {
    let mut strategy = attributes[Kind::BiddingStrategy.field()].clone();
    let id = strategy["id"].clone();
    let customer = &account.customer_id;
    let name = format!("customers/{customer}/accessibleBiddingStrategies/{id}");
    strategy["resource_name"] = name.into();
    strategy["owner_customer_id"] = customer.parse::<i64>().unwrap_or_default().into();
    strategy
}

/// The part of its campaign's days that a resource had; what was created later had none.
fn parts(account: &Account, kind: Kind, value: &Value) -> Vec<(String, [Share; 3])> {
    let share = || -> Option<[Share; 3]> {
        let mut ends = list(value, "_share").filter_map(Value::as_i64);
        Some([[ends.next()?, ends.next()?]; 3])
    };
    let campaign_of =
        |group: &str| account.named(group).map(|group| text(group, "campaign").to_owned());
    match kind {
        Kind::Campaign => vec![(text(value, "resource_name").to_owned(), [WHOLE; 3])],
        Kind::AdGroup => vec![(text(value, "campaign").to_owned(), [WHOLE; 3])],
        Kind::CampaignBudget => account
            .all(Kind::Campaign)
            .filter(|one| text(one, "campaign_budget") == text(value, "resource_name"))
            .map(|one| (text(one, "resource_name").to_owned(), [WHOLE; 3]))
            .collect(),
        Kind::AdGroupAd | Kind::AdGroupCriterion => {
            campaign_of(text(value, "ad_group")).zip(share()).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn placements(account: &Account, from: &str) -> Vec<Subject> {
    let collection = if from == "detail_placement_view" {
        "detailPlacementViews"
    } else {
        "groupPlacementViews"
    };
    let of_group = |group: &Value| {
        let attributes = beside_owners(account, Kind::AdGroup, group);
        let campaign = text(group, "campaign").to_owned();
        let id = group["id"].to_string();
        PLACEMENTS.map(|(place, type_name, shares)| {
            let mut attributes = attributes.clone();
            let encoded = place.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
            attributes[from] = json!({
                "resource_name":
                    format!("customers/{}/{collection}/{id}~{encoded}", account.customer_id),
                "placement": place,
                "display_name": format!("{place} (simulated)"),
                "target_url": place,
                "placement_type": type_name,
            });
            Subject { attributes, parts: vec![(campaign.clone(), shares)] }
        })
    };
    account.all(Kind::AdGroup).flat_map(of_group).collect()
}

/// Kinds whose changes `change_event` shows. Portfolio strategies, what the whole account
/// excludes, lists of people and recommendations change without a trace there.
fn change_type(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::CampaignBudget => Some("CAMPAIGN_BUDGET"),
        Kind::Campaign => Some("CAMPAIGN"),
        Kind::AdGroup => Some("AD_GROUP"),
        Kind::Ad => Some("AD"),
        Kind::AdGroupAd => Some("AD_GROUP_AD"),
        Kind::AdGroupCriterion => Some("AD_GROUP_CRITERION"),
        Kind::CampaignCriterion => Some("CAMPAIGN_CRITERION"),
        Kind::Asset => Some("ASSET"),
        Kind::BiddingStrategy
        | Kind::CustomerNegativeCriterion
        | Kind::UserList
        | Kind::UserInterest
        | Kind::Recommendation
        | Kind::RecommendationSubscription => None,
    }
}

/// Rows of `change_event`: writes that are older than `delay`, as Google shows them late.
#[must_use]
pub fn change_event_rows(account: &Account, now: Timestamp, delay: SignedDuration) -> Vec<Value> {
    account
        .commits
        .iter()
        .filter(|commit| commit.effective && now.duration_since(commit.at) >= delay)
        .filter_map(|commit| Some((commit, change_type(commit.kind)?)))
        .map(|(commit, kind)| {
            json!({
                "change_event": change_json(&account.customer_id, commit, kind),
                "customer": customer(account),
            })
        })
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

fn change_json(customer_id: &str, commit: &Commit, kind: &str) -> Value {
    let at = commit.at.to_zoned(ZONE.clone());
    let part = |value: &Value| json!({ commit.kind.field(): value });
    let changed: Vec<String> = commit.changed.iter().map(|path| camel_case(path)).collect();
    let mut event = json!({
        "resource_name": format!(
            "customers/{customer_id}/changeEvents/{}~{}~0", commit.at.as_microsecond(), commit.seq
        ),
        "change_date_time": at.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string(),
        "change_resource_type": kind,
        "change_resource_name": commit.resource_name,
        "client_type": commit.client_type,
        "user_email": commit.user_email,
        "resource_change_operation": commit.operation,
        "changed_fields": changed.join(","),
    });
    if commit.operation != "CREATE" {
        event["old_resource"] = part(&commit.old);
    }
    if !commit.new.is_null() {
        event["new_resource"] = part(&commit.new);
    }
    for (name, owner) in [("campaign", &commit.campaign), ("ad_group", &commit.ad_group)] {
        if let Some(owner) = owner {
            event[name] = owner.as_str().into();
        }
    }
    event
}
