//! Every refusal as `{code, message}` with its status.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use countersign_sync::{RequestError, wire::ApiError};
use std::borrow::Cow;

/// A refusal: a stable word for programs, a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: Cow<'static, str>,
}

impl Refusal {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code, message: message.into() }
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

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = ApiError { code: self.code.to_owned(), message: self.message.into_owned() };
        (self.status, Json(body)).into_response()
    }
}
