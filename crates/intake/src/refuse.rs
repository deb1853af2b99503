//! Answers of the door to requests that go no further, each with what to do.

use crate::{Scope, budget::Exhausted, rpc::NotJson};
use axum::{
    Json,
    http::{
        StatusCode,
        header::{CONNECTION, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::time::Duration;

/// 401 (RFC 6750, section 3).
pub(crate) fn unauthenticated(presented: bool) -> Response {
    let (challenge, message) = if presented {
        (
            "Bearer error=\"invalid_token\"",
            "The token is unknown or revoked. Ask the workspace's administrator for a new one.",
        )
    } else {
        ("Bearer", "Send the agent's token in the header `Authorization: Bearer …`.")
    };
    let body = Json(json!({ "error": "UNAUTHENTICATED", "message": message }));
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, challenge)], body).into_response()
}

/// 403 (RFC 6750, section 3.1). Without a scope to name, no scope gives what was asked for.
pub(crate) fn scope_insufficient(needed: Option<Scope>) -> Response {
    let (challenge, message) = match needed {
        Some(scope) => (
            format!("Bearer error=\"insufficient_scope\", scope=\"{}\"", scope.as_str()),
            format!("The token lacks the scope {}. Ask the workspace's administrator.", scope.as_str()),
        ),
        None => (
            "Bearer error=\"insufficient_scope\"".into(),
            "No scope of an agent's token allows this. Agents draft; people approve on their own devices.".into(),
        ),
    };
    let body = Json(json!({ "error": "SCOPE_INSUFFICIENT", "message": message }));
    (StatusCode::FORBIDDEN, [(WWW_AUTHENTICATE, challenge)], body).into_response()
}

/// 403, as MCP's streamable HTTP asks for an `Origin` that is not allowed.
pub(crate) fn origin_refused() -> Response {
    let message = "The gate does not answer pages from this origin. Call it from a program, or have its administrator add the origin to `allowed_origins`; nothing was taken.";
    let body = Json(json!({ "error": "ORIGIN_NOT_ALLOWED", "message": message }));
    (StatusCode::FORBIDDEN, body).into_response()
}

/// 413.
pub(crate) fn too_large(limit_bytes: usize) -> Response {
    let message = format!(
        "The body is larger than {limit_bytes} bytes. Send less; a draft needs a few thousand."
    );
    let body = Json(json!({ "error": "BODY_TOO_LARGE", "message": message }));
    (StatusCode::PAYLOAD_TOO_LARGE, body).into_response()
}

/// 408.
pub(crate) fn too_slow(limit: Duration) -> Response {
    let seconds = limit.as_secs();
    let message =
        format!("The body did not arrive within {seconds} s. Send it again; nothing was accepted.");
    let body = Json(json!({ "error": "BODY_TOO_SLOW", "message": message }));
    (StatusCode::REQUEST_TIMEOUT, [(CONNECTION, "close")], body).into_response()
}

/// 400 with the parse error of JSON-RPC 2.0.
pub(crate) fn not_json(error: &NotJson) -> Response {
    rpc_error(StatusCode::BAD_REQUEST, &Value::Null, -32_700, &error.to_string(), None)
}

/// 400 with the invalid request of JSON-RPC 2.0.
pub(crate) fn not_rpc(id: &Value, words: &str) -> Response {
    rpc_error(StatusCode::BAD_REQUEST, id, -32_600, words, None)
}

/// 202: a notification is never answered with more.
pub(crate) fn accepted() -> Response {
    StatusCode::ACCEPTED.into_response()
}

/// 429 with `Retry-After`; as a JSON-RPC error when the caller speaks JSON-RPC.
pub(crate) fn exhausted(out: &Exhausted, id: Option<&Value>) -> Response {
    let message = out.to_string();
    let retry_after_ms = u64::try_from(out.retry_after.as_millis()).unwrap_or(u64::MAX);
    let details = json!({
        "code": "BUDGET_EXHAUSTED",
        "budget": out.budget,
        "limit": out.limit,
        "retry_after_ms": retry_after_ms,
    });
    let status = StatusCode::TOO_MANY_REQUESTS;
    let mut answer = match id {
        Some(id) => rpc_error(status, id, -32_000, &message, Some(details)),
        None => {
            let body = json!({ "error": "BUDGET_EXHAUSTED", "message": message, "data": details });
            (status, Json(body)).into_response()
        }
    };
    answer.headers_mut().insert(RETRY_AFTER, out.retry_after_s().into());
    answer
}

fn rpc_error(
    status: StatusCode,
    id: &Value,
    code: i64,
    message: &str,
    data: Option<Value>,
) -> Response {
    let mut error = json!({ "code": code, "message": message });
    if let Some(data) = data {
        error["data"] = data;
    }
    (status, Json(json!({ "jsonrpc": "2.0", "id": id, "error": error }))).into_response()
}

/// 503.
pub(crate) fn unavailable() -> Response {
    let message =
        "The gate's database cannot answer now. Try again in a minute; nothing was taken.";
    let body = Json(json!({ "error": "UNAVAILABLE", "message": message }));
    (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
}
