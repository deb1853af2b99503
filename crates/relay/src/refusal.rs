//! Every refusal as `{code, message}` with its status.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use countersign_door::Shed;
use countersign_sync::{
    RequestError,
    limits::MAX_ERROR_MESSAGE_BYTES,
    wire::{self, ApiError, Floor},
};
use serde::Serialize;
use std::{borrow::Cow, time::Duration};

/// A refusal: a stable word for programs, a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: Cow<'static, str>,
    /// Where waiting helps, how long.
    pub(crate) retry_after: Option<Duration>,
    /// What stands instead of the records that were asked for or sent.
    compacted: Option<Floor>,
}

/// A refusal's body.
#[derive(Serialize)]
struct Body {
    #[serde(flatten)]
    error: ApiError,
    #[serde(skip_serializing_if = "Option::is_none")]
    compacted: Option<Floor>,
}

impl Refusal {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code, message: message.into(), retry_after: None, compacted: None }
    }

    pub(crate) fn bad(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    pub(crate) fn too_large(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", message)
    }

    pub(crate) fn not_found(message: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    }

    /// What was asked for or sent is at or below the floor.
    pub(crate) fn compacted(floor: Floor) -> Self {
        let message = format!(
            "records up to position {} were let go: read the snapshot at position {} first",
            floor.floor, floor.snapshot
        );
        let refusal = Self::new(StatusCode::GONE, wire::COMPACTED, message);
        Self { compacted: Some(floor), ..refusal }
    }

    /// The device was revoked.
    pub(crate) fn revoked() -> Self {
        let message = "this device was revoked: enrol it again";
        Self::new(StatusCode::FORBIDDEN, "REVOKED", message)
    }

    /// A budget of storage is used up: waiting does not help.
    pub(crate) fn full(code: &'static str, message: String) -> Self {
        Self::new(StatusCode::INSUFFICIENT_STORAGE, code, message)
    }

    /// A rate is used up: waiting helps.
    pub(crate) fn rate(message: String, wait: Duration) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE", message).after(wait)
    }

    /// The relay itself has too much to do.
    pub(crate) fn busy(message: &'static str) -> Self {
        let second = Duration::from_secs(1);
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "BUSY", message).after(second)
    }

    pub(crate) fn after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The store failed; what it said goes to the log, never to the asker.
    pub(crate) fn store(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "the store failed");
        let message = "the relay's store failed: nothing was stored, try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "STORE_FAILED", message)
    }
}

impl From<RequestError> for Refusal {
    fn from(error: RequestError) -> Self {
        let code = match error {
            RequestError::Unsigned => "UNSIGNED",
            RequestError::Malformed => "SIGNATURE_MALFORMED",
            RequestError::Body => "DIGEST_MISMATCH",
            RequestError::UnknownKey => "UNKNOWN_DEVICE",
            RequestError::Mismatch => "SIGNATURE_MISMATCH",
            RequestError::Stale => "STALE",
        };
        Self::new(StatusCode::UNAUTHORIZED, code, error.to_string())
    }
}

/// The words for a connection that was one too many.
pub(crate) fn shed(why: Shed) -> Response {
    let wait = Duration::from_secs(5);
    let refusal = match why {
        Shed::TooSlow(time) => Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "HEAD_TIMEOUT",
            format!("the request's head did not come within {} s: send it again", time.as_secs()),
        ),
        Shed::Full => Refusal::busy("the relay has as many connections as it takes: try again"),
        Shed::PeerFull => Refusal::new(
            StatusCode::TOO_MANY_REQUESTS,
            "PEER_CONNECTIONS",
            "this address has as many connections as one address may: close some, or wait",
        ),
    };
    refusal.after(wait).into_response()
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut message = self.message.into_owned();
        // Words may quote the request; a client reads no more than this.
        message.truncate(message.floor_char_boundary(MAX_ERROR_MESSAGE_BYTES));
        let error = ApiError { code: self.code.to_owned(), message };
        let body = Body { error, compacted: self.compacted };
        let mut answer = (self.status, Json(body)).into_response();
        if let Some(wait) = self.retry_after {
            // Whole seconds, rounded up: who comes back then is let in.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn words_that_quote_a_request_stay_short_and_waits_are_whole_seconds() {
        let refusal = Refusal::bad("MALFORMED", "é".repeat(MAX_ERROR_MESSAGE_BYTES));
        let answer = refusal.after(Duration::from_millis(1_001)).into_response();
        assert_eq!(answer.headers()[header::RETRY_AFTER], "2");
        let body = axum::body::to_bytes(answer.into_body(), 9_999).await.unwrap();
        let error: ApiError = serde_json::from_slice(&body).unwrap();
        assert_eq!(error.message.len(), MAX_ERROR_MESSAGE_BYTES);
    }
}
