//! The door: token, size, scope, and only then MCP. Sessions are not kept, so that every
//! request carries its own authority.

use crate::{
    AgentSession, DraftDesk, RefusalCode, refuse,
    scope::{Need, need},
    server::Tools,
};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{
        Method,
        header::{AUTHORIZATION, CONTENT_LENGTH},
    },
    middleware::{self, Next},
    response::Response,
    routing::any,
};
use countersign_model::Digest;
use futures::StreamExt;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use serde_json::Value;
use std::sync::Arc;

/// What the door takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The largest body in bytes.
    pub max_body_bytes: usize,
    /// `Host` values that are answered, against DNS rebinding; with or without a port.
    pub allowed_hosts: Vec<String>,
    /// Browser origins that are answered; empty refuses every request with an `Origin`.
    pub allowed_origins: Vec<String>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body_bytes: 1024 * 1024,
            allowed_hosts: vec!["localhost".into(), "127.0.0.1".into(), "::1".into()],
            allowed_origins: Vec::new(),
        }
    }
}

/// A body this many times too large is read to its end, so that the sender hears why.
const DRAIN_FACTOR: usize = 32;

#[derive(Clone)]
struct Door {
    desk: Arc<dyn DraftDesk>,
    max_body_bytes: usize,
}

/// The routes for agents: `/mcp`, and paths of approval that refuse every agent.
pub fn router(desk: Arc<dyn DraftDesk>, limits: Limits) -> Router {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(limits.max_body_bytes)
        .with_allowed_hosts(limits.allowed_hosts)
        .with_allowed_origins(limits.allowed_origins)
        .enforce_origin_validation();
    let tools = Tools::new(Arc::clone(&desk));
    let service = StreamableHttpService::new(
        move || Ok(tools.clone()),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    let door = Door { desk, max_body_bytes: limits.max_body_bytes };
    let mcp = Router::new()
        .route_service("/mcp", service)
        .layer(middleware::from_fn_with_state(door.clone(), check_scope));
    let approvals =
        ["/v1/approvals", "/v1/approvals/{*rest}", "/v1/decisions", "/v1/decisions/{*rest}"]
            .into_iter()
            .fold(Router::new(), |router, path| router.route(path, any(never_for_agents)))
            .with_state(door.clone());
    mcp.merge(approvals).layer(middleware::from_fn_with_state(door, recognise))
}

/// Who asks.
async fn recognise(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    let token = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(kind, token)| kind.eq_ignore_ascii_case("bearer") && !token.trim().is_empty())
        .map(|(_, token)| token.trim().to_owned());
    let Some(token) = token else { return refuse::unauthenticated(false) };
    match door.desk.authenticate(&token).await {
        Ok(Some(session)) => {
            request.extensions_mut().insert(session);
            next.run(request).await
        }
        Ok(None) => refuse::unauthenticated(true),
        Err(error) => {
            tracing::warn!(%error, "an agent's token could not be checked");
            refuse::unavailable()
        }
    }
}

/// What they ask for. What was checked is what is passed on: the message is written anew,
/// so that no second spelling of a key can mean something else further in.
async fn check_scope(State(door): State<Door>, request: Request, next: Next) -> Response {
    let Some(session) = request.extensions().get::<AgentSession>().cloned() else {
        return refuse::unauthenticated(false);
    };
    if session.scopes.is_empty() {
        return refused(&door, &session, RefusalCode::ScopeInsufficient, b"").await;
    }
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let bytes = match read(body, door.max_body_bytes).await {
        Ok(bytes) => bytes,
        Err(TooLarge) => return refused(&door, &session, RefusalCode::BodyTooLarge, b"").await,
    };
    let Ok(message) = serde_json::from_slice::<Value>(&bytes) else {
        return refused(&door, &session, RefusalCode::NotJson, &bytes).await;
    };
    let messages = message.as_array().map_or_else(|| std::slice::from_ref(&message), Vec::as_slice);
    for one in messages {
        match need(one) {
            Need::Any => {}
            Need::One(scope) if session.scopes.contains(&scope) => {}
            Need::One(scope) => {
                record(&door, &session, RefusalCode::ScopeInsufficient, &bytes).await;
                return refuse::scope_insufficient(Some(scope));
            }
            Need::Nothing => {
                return refused(&door, &session, RefusalCode::ScopeInsufficient, &bytes).await;
            }
        }
    }
    parts.headers.remove(CONTENT_LENGTH);
    next.run(Request::from_parts(parts, Body::from(message.to_string()))).await
}

async fn never_for_agents(State(door): State<Door>, request: Request) -> Response {
    match request.extensions().get::<AgentSession>().cloned() {
        Some(session) => refused(&door, &session, RefusalCode::ScopeInsufficient, b"").await,
        None => refuse::unauthenticated(false),
    }
}

async fn refused(door: &Door, session: &AgentSession, code: RefusalCode, input: &[u8]) -> Response {
    record(door, session, code, input).await;
    match code {
        RefusalCode::BodyTooLarge => refuse::too_large(door.max_body_bytes),
        RefusalCode::NotJson => refuse::not_json(),
        _ => refuse::scope_insufficient(None),
    }
}

async fn record(door: &Door, session: &AgentSession, code: RefusalCode, input: &[u8]) {
    tracing::info!(agent = %session.agent, ?code, "refused at the door");
    door.desk.record_refusal(session, code, Digest::of(input)).await;
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
