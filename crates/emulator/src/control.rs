//! The control API under `/_control/`: faults on demand and the truth about what was written.
//! It is not part of Google's contract and asks for a token of its own.

use std::time::Instant;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use jiff::SignedDuration;

use crate::account::{Author, CampaignStatus, DESCRIPTIVE_NAME};
use crate::data::SOURCE;
use crate::faults::FaultOrder;
use crate::gateway::World;
use crate::kinds::Kind;
use crate::patch::text;
use crate::server::App;

/// Body of POST `/_control/foreign_write`: somebody else changes a budget now, or any resource.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ForeignWrite {
    budget_id: Option<i64>,
    campaign_id: Option<i64>,
    amount_micros: Option<i64>,
    /// Any resource, in place of a budget.
    resource_name: Option<String>,
    /// The fields that are set, in the names of the official message; `null` clears.
    set: Option<Value>,
    /// `client_type` that `change_event` shows; the web client when left out.
    client_type: Option<String>,
    /// `user_email` that `change_event` shows.
    user_email: Option<String>,
}

/// Body of POST `/_control/clock`: the account's clock moves on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockOrder {
    advance_s: u32,
}

/// Body of POST `/_control/review`: how long reviews of ads take from now on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReviewOrder {
    /// Seconds that a review takes which begins now; stays when left out.
    duration_s: Option<u32>,
    /// Reviews that are under way end now.
    #[serde(default)]
    finish: bool,
}

/// Body of POST `/_control/campaign`: somebody else stops a campaign, or lets it run again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CampaignOrder {
    campaign_id: i64,
    /// Its new setting; stays when left out.
    status: Option<CampaignStatus>,
    /// Its new last second, `yyyy-MM-dd HH:mm:ss`; stays when left out.
    end_date_time: Option<String>,
}

/// Body of POST `/_control/time_zone`: the account says from now on that this is its zone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TimeZoneOrder {
    time_zone: String,
}

/// Body of POST `/_control/oauth`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OauthOrder {
    /// Every access token issued so far expires now.
    #[serde(default)]
    expire_access_tokens: bool,
    /// True revokes the refresh token, false takes that back; nothing happens when left out.
    refresh_token_revoked: Option<bool>,
    /// The token endpoint answers HTML with this status, as a front end does whose back end is
    /// away; 200 ends that.
    outage_status: Option<u16>,
}

/// Lets a request pass that bears the control token.
pub(crate) async fn require_token(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    let expected = format!("Bearer {}", app.control_token());
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given == Some(&expected) {
        return next.run(request).await;
    }
    let text = "send the control token as Authorization: Bearer <token>";
    refuse(StatusCode::UNAUTHORIZED, text)
}

fn refuse(status: StatusCode, text: impl Into<String>) -> Response {
    (status, Json(json!({"error": text.into()}))).into_response()
}

/// Reads a JSON body whatever its content type; the refusal says what is wrong.
fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Box<Response>> {
    serde_json::from_slice(body)
        .map_err(|error| Box::new(refuse(StatusCode::BAD_REQUEST, error.to_string())))
}

/// POST `/_control/faults`.
pub(crate) async fn queue_fault(State(app): State<App>, body: Bytes) -> Response {
    let order: FaultOrder = match read(&body) {
        Ok(order) => order,
        Err(refusal) => return *refusal,
    };
    let mut world = app.world();
    let named = order.resource_name.clone().filter(|name| world.account.named(name).is_some());
    let named = named.or_else(|| world.account.budget_name(order.budget_id, order.campaign_id));
    match world.faults.queue(&order, named) {
        Ok(fault) => (StatusCode::CREATED, Json(json!(fault))).into_response(),
        Err(error) => refuse(StatusCode::BAD_REQUEST, error.to_string()),
    }
}

/// DELETE `/_control/faults`.
pub(crate) async fn clear_faults(State(app): State<App>) -> StatusCode {
    app.world().faults.clear();
    StatusCode::NO_CONTENT
}

/// POST `/_control/foreign_write`.
pub(crate) async fn foreign_write(State(app): State<App>, body: Bytes) -> Response {
    let order: ForeignWrite = match read(&body) {
        Ok(order) => order,
        Err(refusal) => return *refusal,
    };
    let mut world = app.world();
    let budget = || world.account.budget_name(order.budget_id, order.campaign_id);
    let amount = order.amount_micros.map(|amount| json!({"amount_micros": amount}));
    let Some((name, set)) = order.resource_name.or_else(budget).zip(order.set.or(amount)) else {
        let text = "name a known budget_id or campaign_id with amount_micros, or resource_name \
                    with set";
        return refuse(StatusCode::NOT_FOUND, text);
    };
    let mut author = Author::foreign();
    author.client_type = order.client_type.unwrap_or(author.client_type);
    author.user_email = order.user_email.unwrap_or(author.user_email);
    if !world.account.foreign_write(&name, &set, &author) {
        return refuse(StatusCode::NOT_FOUND, "there is no such resource");
    }
    let written = world.account.named(&name);
    Json(json!({"budget": written, "resource": written})).into_response()
}

/// POST `/_control/clock`.
pub(crate) async fn clock(State(app): State<App>, body: Bytes) -> Response {
    let order: ClockOrder = match read(&body) {
        Ok(order) => order,
        Err(refusal) => return *refusal,
    };
    let mut world = app.world();
    world.account.clock_offset += SignedDuration::from_secs(i64::from(order.advance_s));
    StatusCode::NO_CONTENT.into_response()
}

/// POST `/_control/review`.
pub(crate) async fn review(State(app): State<App>, body: Bytes) -> Response {
    let order: ReviewOrder = match read(&body) {
        Ok(order) => order,
        Err(refusal) => return *refusal,
    };
    let mut world = app.world();
    if let Some(seconds) = order.duration_s {
        world.account.review_s = i64::from(seconds);
    }
    if order.finish {
        let ads: Vec<Value> = world.account.all(Kind::Ad).cloned().collect();
        for mut ad in ads {
            ad["_review_ends_s"] = 0.into();
            world.account.seed(Kind::Ad, ad);
        }
    }
    StatusCode::NO_CONTENT.into_response()
}

/// POST `/_control/campaign`.
pub(crate) async fn campaign(State(app): State<App>, body: Bytes) -> Response {
    let order: CampaignOrder = match read(&body) {
        Ok(order) => order,
        Err(refusal) => return *refusal,
    };
    let mut world = app.world();
    let name = world.account.name(Kind::Campaign, order.campaign_id);
    let Some(mut campaign) = world.account.named(&name).cloned() else {
        return refuse(StatusCode::NOT_FOUND, "name a known campaign_id");
    };
    if let Some(status) = order.status {
        campaign["status"] = json!(status);
    }
    if let Some(end) = order.end_date_time {
        campaign["end_date_time"] = end.into();
    }
    world.account.seed(Kind::Campaign, campaign);
    StatusCode::NO_CONTENT.into_response()
}

/// POST `/_control/time_zone`.
pub(crate) async fn time_zone(State(app): State<App>, body: Bytes) -> Response {
    let order: TimeZoneOrder = match read(&body) {
        Ok(order) => order,
        Err(refusal) => return *refusal,
    };
    app.world().account.time_zone = order.time_zone;
    StatusCode::NO_CONTENT.into_response()
}

/// POST `/_control/oauth`.
pub(crate) async fn oauth(State(app): State<App>, body: Bytes) -> Response {
    let order: OauthOrder = match read(&body) {
        Ok(order) => order,
        Err(refusal) => return *refusal,
    };
    let mut world = app.world();
    if order.expire_access_tokens {
        world.desk.expire_all(Instant::now());
    }
    if let Some(revoked) = order.refresh_token_revoked {
        world.desk.set_revoked(revoked);
    }
    if let Some(status) = order.outage_status {
        let Ok(status) = StatusCode::from_u16(status) else {
            return refuse(StatusCode::BAD_REQUEST, "outage_status is no HTTP status");
        };
        world.desk.set_outage((status != StatusCode::OK).then_some(status));
    }
    StatusCode::NO_CONTENT.into_response()
}

/// GET `/_control/state`.
pub(crate) async fn state(State(app): State<App>) -> Json<Value> {
    let holding = app.holding();
    Json(describe(&app.world(), holding))
}

fn describe(world: &World, holding: usize) -> Value {
    let account = &world.account;
    let budgets: Vec<Value> = account
        .all(Kind::Campaign)
        .filter_map(|campaign| {
            let budget = account.named(text(campaign, "campaign_budget"))?;
            Some(json!({
                "budget_id": budget["id"],
                "resource_name": budget["resource_name"],
                "campaign_id": campaign["id"],
                "campaign_name": campaign["name"],
                "campaign_status": campaign["status"],
                "amount_micros": budget["amount_micros"],
            }))
        })
        .collect();
    let changes: Vec<_> = account.commits.iter().filter(|c| c.effective).collect();
    json!({
        "simulated": true,
        "source": SOURCE,
        "shifted_days": account.shifted_days,
        "as_of": account.today(),
        "first_day": account.data_days.0,
        "last_day": account.data_days.1,
        "customer": {
            "id": account.customer_id,
            "descriptive_name": DESCRIPTIVE_NAME,
            "currency_code": account.currency.code,
            "time_zone": account.time_zone,
        },
        "budgets": budgets,
        "commits": account.commits,
        "changes": changes,
        "validate_only_calls": world.validate_only_calls,
        "mutate_calls": world.mutate_calls,
        "search_calls": world.search_calls,
        "holding": holding,
        "faults_waiting": world.faults.waiting(),
        "faults_struck": world.faults.struck(),
    })
}
