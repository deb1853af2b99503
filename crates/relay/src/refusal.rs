//! Every refusal as `{code, message}` with its status.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use countersign_door::Shed;
pub(crate) use countersign_sync::refusal::Code;
use countersign_sync::{
    RequestError,
    limits::MAX_ERROR_MESSAGE_BYTES,
    wire::{ApiError, Floor},
};
use serde::Serialize;
use std::{borrow::Cow, time::Duration};

/// A refusal: a stable word for programs, a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
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
    pub(crate) fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), retry_after: None, compacted: None }
    }

    pub(crate) fn status(&self) -> StatusCode {
        let status = self.code.status().and_then(|status| StatusCode::from_u16(status).ok());
        status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(crate) fn too_large(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::TooLarge, message)
    }

    pub(crate) fn not_found(message: &'static str) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// What was asked for or sent is at or below the floor.
    pub(crate) fn compacted(floor: Floor) -> Self {
        let message = format!(
            "records up to position {} were let go: read the snapshot at position {} first",
            floor.floor, floor.snapshot
        );
        let refusal = Self::new(Code::Compacted, message);
        Self { compacted: Some(floor), ..refusal }
    }

    /// The device was revoked.
    pub(crate) fn revoked() -> Self {
        let message = "this device was revoked: enrol it again";
        Self::new(Code::Revoked, message)
    }

    /// A rate is used up: waiting helps.
    pub(crate) fn rate(message: String, wait: Duration) -> Self {
        Self::new(Code::Rate, message).after(wait)
    }

    /// The relay itself has too much to do.
    pub(crate) fn busy(message: &'static str) -> Self {
        let second = Duration::from_secs(1);
        Self::new(Code::Busy, message).after(second)
    }

    pub(crate) fn after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The store failed; what it said goes to the log, never to the asker.
    pub(crate) fn store(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "the store failed");
        let message = "the relay's store failed: nothing was stored, try again";
        Self::new(Code::StoreFailed, message)
    }
}

impl From<RequestError> for Refusal {
    fn from(error: RequestError) -> Self {
        let code = match error {
            RequestError::Unsigned => Code::Unsigned,
            RequestError::Malformed => Code::SignatureMalformed,
            RequestError::Body => Code::DigestMismatch,
            RequestError::UnknownKey => Code::UnknownDevice,
            RequestError::Mismatch => Code::SignatureMismatch,
            RequestError::Stale => Code::Stale,
        };
        Self::new(code, error.to_string())
    }
}

/// The words for a connection that was one too many.
pub(crate) fn shed(why: Shed) -> Response {
    let wait = Duration::from_secs(5);
    let refusal = match why {
        Shed::TooSlow(time) => Refusal::new(
            Code::HeadTimeout,
            format!("the request's head did not come within {} s: send it again", time.as_secs()),
        ),
        Shed::Full => Refusal::busy("the relay has as many connections as it takes: try again"),
        Shed::PeerFull => Refusal::new(
            Code::PeerConnections,
            "this address has as many connections as one address may: close some, or wait",
        ),
    };
    refusal.after(wait).into_response()
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut message = self.message.into_owned();
        // Words may quote the request; a client reads no more than this.
        message.truncate(message.floor_char_boundary(MAX_ERROR_MESSAGE_BYTES));
        let error = ApiError { code: self.code, message };
        let body = Body { error, compacted: self.compacted };
        let mut answer = (status, Json(body)).into_response();
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
        let refusal = Refusal::new(Code::Malformed, "é".repeat(MAX_ERROR_MESSAGE_BYTES));
        let answer = refusal.after(Duration::from_millis(1_001)).into_response();
        assert_eq!(answer.headers()[header::RETRY_AFTER], "2");
        let body = axum::body::to_bytes(answer.into_body(), 9_999).await.unwrap();
        let error: ApiError = serde_json::from_slice(&body).unwrap();
        assert_eq!(error.message.len(), MAX_ERROR_MESSAGE_BYTES);
    }
}
