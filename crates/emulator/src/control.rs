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

use crate::account::{Account, BudgetPeriod, CURRENCY_CODE, CampaignStatus, DESCRIPTIVE_NAME};
use crate::data::SOURCE;
use crate::faults::FaultOrder;
use crate::gateway::World;
use crate::server::App;

/// Body of POST `/_control/foreign_write`: somebody else changes a budget now.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ForeignWrite {
    budget_id: Option<i64>,
    campaign_id: Option<i64>,
    amount_micros: i64,
}

/// Body of POST `/_control/campaign`: somebody else stops a campaign, or lets it run again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CampaignOrder {
    campaign_id: i64,
    /// Its new setting; stays when left out.
    status: Option<CampaignStatus>,
    /// Its new first second, `yyyy-MM-dd HH:mm:ss`; stays when left out.
    start_date_time: Option<String>,
    /// Its new last second, likewise.
    end_date_time: Option<String>,
    /// From now on its budget is for the whole flight, and this much.
    total_amount_micros: Option<i64>,
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

fn known_budget(account: &Account, budget: Option<i64>, campaign: Option<i64>) -> Option<i64> {
    account
        .budgets
        .iter()
        .find(|known| budget == Some(known.id) || campaign == Some(known.campaign_id))
        .map(|known| known.id)
}

/// POST `/_control/faults`.
pub(crate) async fn queue_fault(State(app): State<App>, body: Bytes) -> Response {
    let order: FaultOrder = match read(&body) {
        Ok(order) => order,
        Err(refusal) => return *refusal,
    };
    let mut world = app.world();
    let budget = known_budget(&world.account, order.budget_id, order.campaign_id);
    match world.faults.queue(&order, budget) {
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
    let Some(budget) = known_budget(&world.account, order.budget_id, order.campaign_id) else {
        return refuse(StatusCode::NOT_FOUND, "name a known budget_id or campaign_id");
    };
    world.account.foreign_write(budget, order.amount_micros);
    Json(json!({"budget": world.account.budget(budget)})).into_response()
}

/// POST `/_control/campaign`.
pub(crate) async fn campaign(State(app): State<App>, body: Bytes) -> Response {
    let order: CampaignOrder = match read(&body) {
        Ok(order) => order,
        Err(refusal) => return *refusal,
    };
    let mut world = app.world();
    let found = world.account.campaigns.iter_mut().find(|one| one.id == order.campaign_id);
    let Some(campaign) = found else {
        return refuse(StatusCode::NOT_FOUND, "name a known campaign_id");
    };
    campaign.status = order.status.unwrap_or(campaign.status);
    campaign.start_date_time = order.start_date_time.or(campaign.start_date_time.take());
    campaign.end_date_time = order.end_date_time.or(campaign.end_date_time.take());
    let budget_id = campaign.budget_id;
    let budget = world.account.budgets.iter_mut().find(|one| one.id == budget_id);
    if let Some((budget, amount)) = budget.zip(order.total_amount_micros) {
        budget.period = BudgetPeriod::CustomPeriod;
        budget.amount_micros = amount;
    }
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
        .budgets
        .iter()
        .zip(&account.campaigns)
        .map(|(budget, campaign)| {
            json!({
                "budget_id": budget.id,
                "resource_name": budget.resource_name(),
                "campaign_id": campaign.id,
                "campaign_name": campaign.name,
                "campaign_status": campaign.status,
                "amount_micros": budget.amount_micros,
            })
        })
        .collect();
    let changes: Vec<_> = account.commits.iter().filter(|c| c.effective).collect();
    json!({
        "simulated": true,
        "source": SOURCE,
        "shifted_days": account.shifted_days,
        "as_of": account.as_of,
        "first_day": account.data_days.0,
        "last_day": account.data_days.1,
        "customer": {
            "id": account.customer_id,
            "descriptive_name": DESCRIPTIVE_NAME,
            "currency_code": CURRENCY_CODE,
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
