//! The door: token, budgets, size, form, scope, and only then MCP. Sessions are not kept, so
//! that every request carries its own authority.

use crate::{
    AgentService, AgentSession, IdempotencyKey, NoRoom, RefusalCode, Reservation, Scope,
    budget::{AgentLimits, Budgets, Exhausted},
    refuse,
    rpc::{self, Message},
    scope::{Need, need},
    server::Tools,
    validate::IDEMPOTENCY_KEY,
};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{
        Method, StatusCode,
        header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, ORIGIN},
        request::Parts,
    },
    middleware::{self, Next},
    response::Response,
    routing::any,
};
use countersign_model::{AgentId, Digest};
use futures::StreamExt;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use serde_json::Value;
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// What the door takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The largest body in bytes.
    pub max_body_bytes: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// What one agent may use.
    pub agents: AgentLimits,
    /// How many requests a minute without a known token are answered per address.
    pub strangers_per_minute: u32,
    /// `Host` values that are answered, against DNS rebinding; with or without a port.
    pub allowed_hosts: Vec<String>,
    /// Browser origins that are answered, as browsers write them (RFC 6454, section 6.2):
    /// `https://tools.example.com`. Empty refuses every request with an `Origin`.
    pub allowed_origins: Vec<String>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body_bytes: 1024 * 1024,
            body_timeout: Duration::from_secs(20),
            agents: AgentLimits::default(),
            strangers_per_minute: 120,
            allowed_hosts: vec!["localhost".into(), "127.0.0.1".into(), "::1".into()],
            allowed_origins: Vec::new(),
        }
    }
}

/// Where a request came from; the listener puts it among a request's extensions. Without it
/// all callers count as one address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Peer(pub IpAddr);

/// A body this many times too large is read to its end, so that the sender hears why.
const DRAIN_FACTOR: usize = 32;

/// How much of a body is taken, and for how long, when nothing is done with it.
const MAX_UNREAD_BYTES: usize = 2 * 1024;
const UNREAD_TIMEOUT: Duration = Duration::from_millis(250);

#[derive(Clone)]
struct Door {
    service: Arc<dyn AgentService>,
    max_body_bytes: usize,
    body_timeout: Duration,
    budgets: Arc<Mutex<Budgets>>,
    opened: Instant,
}

/// The routes for agents: `/mcp`, and paths of approval that refuse every agent.
pub fn router(service: Arc<dyn AgentService>, limits: Limits) -> Router {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(limits.max_body_bytes)
        .with_allowed_hosts(limits.allowed_hosts)
        // Origins are judged before anything else, by `check_origin`.
        .disable_allowed_origins();
    let tools = Tools::new(Arc::clone(&service));
    let transport = StreamableHttpService::new(
        move || Ok(tools.clone()),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    let budgets = Budgets::new(limits.agents, limits.strangers_per_minute);
    let door = Door {
        service,
        max_body_bytes: limits.max_body_bytes,
        body_timeout: limits.body_timeout,
        budgets: Arc::new(Mutex::new(budgets)),
        opened: Instant::now(),
    };
    let mcp = Router::new()
        .route_service("/mcp", transport)
        .layer(middleware::from_fn_with_state(door.clone(), check_message));
    let approvals =
        ["/v1/approvals", "/v1/approvals/{*rest}", "/v1/decisions", "/v1/decisions/{*rest}"]
            .into_iter()
            .fold(Router::new(), |router, path| router.route(path, any(never_for_agents)))
            .with_state(door.clone());
    let origins: Arc<[String]> = limits.allowed_origins.into();
    mcp.merge(approvals)
        .layer(middleware::from_fn_with_state(door, recognise))
        .layer(middleware::from_fn_with_state(origins, check_origin))
}

/// Whose page asks. A browser names the page's origin and lets no page change that; without
/// this, any page that a person opens could speak to a gate on that person's machine (DNS
/// rebinding). What is no browser names none.
/// <https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning>
async fn check_origin(
    State(allowed): State<Arc<[String]>>,
    request: Request,
    next: Next,
) -> Response {
    let mut named = request.headers().get_all(ORIGIN).iter();
    if named.all(|origin| allowed.iter().any(|one| one.as_bytes() == origin.as_bytes())) {
        return next.run(request).await;
    }
    refuse::origin_refused()
}

impl Door {
    fn budgets<T>(&self, ask: impl FnOnce(&mut Budgets, Duration) -> T) -> T {
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        ask(&mut budgets, self.opened.elapsed())
    }
}

/// A request under way; says so when it ends, however it ends.
struct UnderWay<'a> {
    door: &'a Door,
    agent: AgentId,
}

impl<'a> UnderWay<'a> {
    fn begin(door: &'a Door, agent: AgentId) -> Result<Self, Exhausted> {
        door.budgets(|budgets, now| budgets.begin(agent, now))?;
        Ok(Self { door, agent })
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.door.budgets(|budgets, _| budgets.end(self.agent));
    }
}

/// Room for a body; given back however its request ends.
struct Held<'a> {
    door: &'a Door,
    agent: AgentId,
    bytes: u64,
}

impl<'a> Held<'a> {
    /// Before any of the body is read; one of unknown length takes as much as the largest.
    fn take(door: &'a Door, agent: AgentId, parts: &Parts) -> Result<Self, Exhausted> {
        let most = door.max_body_bytes as u64;
        let told = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        let bytes = told.and_then(|length| length.parse().ok()).map_or(most, |told| most.min(told));
        door.budgets(|budgets, _| budgets.hold_bytes(agent, bytes))?;
        Ok(Self { door, agent, bytes })
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.door.budgets(|budgets, _| budgets.release(self.agent, self.bytes));
    }
}

/// Who asks. A caller without a token that is known costs one digest at most, and nothing
/// once its address has used its budget; that budget is never taken from known tokens.
async fn recognise(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    let token = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(kind, token)| kind.eq_ignore_ascii_case("bearer") && !token.trim().is_empty())
        .map(|(_, token)| token.trim().to_owned());
    let unspecified = Peer(Ipv4Addr::UNSPECIFIED.into());
    let Peer(peer) = request.extensions().get().copied().unwrap_or(unspecified);
    let stranger = |presented| {
        let counted = door.budgets(|budgets, now| budgets.stranger(peer, now));
        counted.map_or_else(
            |out| refuse::exhausted(&out, None),
            |()| refuse::unauthenticated(presented),
        )
    };
    let Some(token) = token else { return stranger(false) };
    let session = match door.service.authenticate(&token).await {
        Ok(Some(session)) => session,
        Ok(None) => return stranger(true),
        Err(error) => {
            tracing::warn!(%error, "an agent's token could not be checked");
            return refuse::unavailable();
        }
    };
    let is_rpc = request.uri().path() == "/mcp" && request.method() == Method::POST;
    match UnderWay::begin(&door, session.agent) {
        Ok(_under_way) => {
            request.extensions_mut().insert(session);
            next.run(request).await
        }
        Err(out) => {
            // A small body is mostly here already; without it the connection can be used again.
            let small = read(request.into_body(), MAX_UNREAD_BYTES);
            let _ = tokio::time::timeout(UNREAD_TIMEOUT, small).await;
            ran_out(&door, &session, &out, is_rpc.then_some(Value::Null)).await
        }
    }
}

/// What they ask for. What was checked is what is passed on: the message is rewritten,
/// so that no second spelling of a key can mean something else further in.
async fn check_message(State(door): State<Door>, request: Request, next: Next) -> Response {
    let Some(session) = request.extensions().get::<AgentSession>().cloned() else {
        return refuse::unauthenticated(false);
    };
    if session.scopes.is_empty() {
        return no_scope(&door, &session, None, b"").await;
    }
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let _held = match Held::take(&door, session.agent, &parts) {
        Ok(held) => held,
        Err(out) => return ran_out(&door, &session, &out, Some(Value::Null)).await,
    };
    let read = tokio::time::timeout(door.body_timeout, read(body, door.max_body_bytes)).await;
    let bytes = match read {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(TooLarge)) => {
            record(&door, &session, RefusalCode::BodyTooLarge, b"").await;
            return refuse::too_large(door.max_body_bytes);
        }
        Err(_) => return refuse::too_slow(door.body_timeout),
    };
    let message = match rpc::parse(&bytes) {
        Ok(message) => message,
        Err(error) => {
            record(&door, &session, RefusalCode::NotJson, &bytes).await;
            return refuse::not_json(&error);
        }
    };
    let Pass { id, reserved: _reserved } = match judge(&door, &session, &message, &bytes).await {
        Ok(pass) => pass,
        Err(answer) => return *answer,
    };
    parts.headers.remove(CONTENT_LENGTH);
    let is_json = is_json(&parts);
    let answer = next.run(Request::from_parts(parts, Body::from(message.to_string()))).await;
    // The SDK says so of what it cannot read; the media type was right.
    if is_json && answer.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        record(&door, &session, RefusalCode::NotRpc, &bytes).await;
        return refuse::not_rpc(&id, "The message is not one that MCP knows.");
    }
    answer
}

/// A message that goes on, and the room for a case that it may take.
struct Pass {
    id: Value,
    reserved: Option<Reservation>,
}

async fn judge(
    door: &Door,
    session: &AgentSession,
    message: &Value,
    bytes: &[u8],
) -> Result<Pass, Box<Response>> {
    let pass = |id| Ok(Pass { id, reserved: None });
    let batch = message.as_array().map(Vec::as_slice).unwrap_or_default();
    let (id, need) = match rpc::read(message) {
        Message::Answer => return pass(Value::Null),
        _ if batch.iter().any(|one| need(one) == Need::Nothing) => (None, Need::Nothing),
        Message::Invalid { id, words } => {
            record(door, session, RefusalCode::NotRpc, bytes).await;
            return Err(Box::new(refuse::not_rpc(&id, words)));
        }
        Message::Notification { need } => (None, need),
        Message::Request { id, need } => (Some(id), need),
    };
    match (need, id) {
        (Need::Nothing, _) => Err(Box::new(no_scope(door, session, None, bytes).await)),
        (Need::Any, id) => pass(id.unwrap_or_default()),
        (Need::Unknown, id) => {
            record(door, session, RefusalCode::Unknown, bytes).await;
            id.map_or_else(|| Err(Box::new(refuse::accepted())), pass)
        }
        // Nothing is done for a call whose answer nobody waits for.
        (Need::One(_), None) => {
            record(door, session, RefusalCode::NotRpc, bytes).await;
            Err(Box::new(refuse::accepted()))
        }
        (Need::One(scope), _) if !session.scopes.contains(&scope) => {
            Err(Box::new(no_scope(door, session, Some(scope), bytes).await))
        }
        (Need::One(Scope::Read), Some(id)) => pass(id),
        // It opens no case, whatever it says; so it takes nothing of what drafts may take.
        (Need::One(Scope::Draft), Some(id)) if is_key_spent(door, session, message).await? => {
            pass(id)
        }
        (Need::One(Scope::Draft), Some(id)) => {
            let reserved = reserve(door, session, &id, bytes).await?;
            Ok(Pass { id, reserved: Some(reserved) })
        }
    }
}

/// Whether a draft is sent under a key that the agent has spent. What is no key is refused
/// further in, with words.
async fn is_key_spent(
    door: &Door,
    session: &AgentSession,
    message: &Value,
) -> Result<bool, Box<Response>> {
    let key = message.pointer("/params/arguments").and_then(|draft| draft.get(IDEMPOTENCY_KEY));
    let key = key.and_then(Value::as_str).and_then(|key| IdempotencyKey::parse(key).ok());
    let Some(key) = key else { return Ok(false) };
    door.service.is_key_spent(session, &key).await.map_err(|_| Box::new(refuse::unavailable()))
}

async fn reserve(
    door: &Door,
    session: &AgentSession,
    id: &Value,
    bytes: &[u8],
) -> Result<Reservation, Box<Response>> {
    let counted = door.budgets(|budgets, now| budgets.draft(session.agent, now));
    let reserved = match counted {
        Ok(()) => door.service.reserve_draft(session).await,
        Err(out) => Err(NoRoom::Exhausted(out)),
    };
    match reserved {
        Ok(reserved) => Ok(reserved),
        Err(NoRoom::Exhausted(out)) => {
            record(door, session, RefusalCode::BudgetExhausted, bytes).await;
            Err(Box::new(refuse::exhausted(&out, Some(id))))
        }
        Err(NoRoom::Unavailable) => Err(Box::new(refuse::unavailable())),
    }
}

async fn never_for_agents(State(door): State<Door>, request: Request) -> Response {
    match request.extensions().get::<AgentSession>().cloned() {
        Some(session) => no_scope(&door, &session, None, b"").await,
        None => refuse::unauthenticated(false),
    }
}

async fn no_scope(
    door: &Door,
    session: &AgentSession,
    needed: Option<Scope>,
    input: &[u8],
) -> Response {
    record(door, session, RefusalCode::ScopeInsufficient, input).await;
    refuse::scope_insufficient(needed)
}

async fn ran_out(
    door: &Door,
    session: &AgentSession,
    out: &Exhausted,
    id: Option<Value>,
) -> Response {
    record(door, session, RefusalCode::TooManyRequests, b"").await;
    refuse::exhausted(out, id.as_ref())
}

async fn record(door: &Door, session: &AgentSession, code: RefusalCode, input: &[u8]) {
    door.service.record_refusal(session, code, Digest::of(input)).await;
}

fn is_json(parts: &Parts) -> bool {
    let told = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = told.and_then(|value| value.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

struct TooLarge;

/// Reads at most `limit` bytes. A broken stream is an incomplete body, which is no JSON.
async fn read(body: Body, limit: usize) -> Result<Vec<u8>, TooLarge> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut seen = 0_usize;
    while let Some(Ok(chunk)) = stream.next().await {
        seen = seen.saturating_add(chunk.len());
        if seen <= limit {
            bytes.extend_from_slice(&chunk);
        } else if seen > limit.saturating_mul(DRAIN_FACTOR) {
            return Err(TooLarge);
        }
    }
    if seen > limit { Err(TooLarge) } else { Ok(bytes) }
}
