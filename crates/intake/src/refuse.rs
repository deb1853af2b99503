//! Answers of the door to requests that go no further, each with what to do.

use crate::Scope;
use axum::{
    Json,
    http::{StatusCode, header::WWW_AUTHENTICATE},
    response::{IntoResponse, Response},
};
use serde_json::json;

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
            "No scope of an agent's token gives this. Agents draft; people approve on their own devices.".into(),
        ),
    };
    let body = Json(json!({ "error": "SCOPE_INSUFFICIENT", "message": message }));
    (StatusCode::FORBIDDEN, [(WWW_AUTHENTICATE, challenge)], body).into_response()
}

/// 413.
pub(crate) fn too_large(limit_bytes: usize) -> Response {
    let message = format!(
        "The body is larger than {limit_bytes} bytes. Send less; a draft needs a few thousand."
    );
    let body = Json(json!({ "error": "BODY_TOO_LARGE", "message": message }));
    (StatusCode::PAYLOAD_TOO_LARGE, body).into_response()
}

/// 400 with the parse error of JSON-RPC 2.0.
pub(crate) fn not_json() -> Response {
    let message =
        "The body is not JSON. NaN and Infinity are no JSON numbers; send one JSON-RPC message.";
    let error = json!({ "code": -32_700, "message": message });
    let body = Json(json!({ "jsonrpc": "2.0", "id": null, "error": error }));
    (StatusCode::BAD_REQUEST, body).into_response()
}

/// 503.
pub(crate) fn unavailable() -> Response {
    let message = "The gate cannot check tokens now. Try again in a minute; nothing was taken.";
    let body = Json(json!({ "error": "UNAVAILABLE", "message": message }));
    (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
}
