//! The OAuth2 token desk: exchanges a refresh token for short-lived access tokens.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::errors::{AdsError, Refusal};

const SCOPE: &str = "https://www.googleapis.com/auth/adwords";

/// The one OAuth client that the desk knows. The defaults are public and open nothing but this
/// emulator.
#[derive(Clone)]
pub struct OauthClient {
    /// `client_id`.
    pub id: String,
    /// `client_secret`.
    pub secret: String,
    /// `refresh_token`.
    pub refresh_token: String,
}

impl OauthClient {
    /// Client id when none is configured.
    pub const DEFAULT_ID: &str = "emulator-client";
    /// Client secret when none is configured.
    pub const DEFAULT_SECRET: &str = "emulator-secret";
    /// Refresh token when none is configured.
    pub const DEFAULT_REFRESH_TOKEN: &str = "emulator-refresh-token";
}

impl Default for OauthClient {
    fn default() -> Self {
        Self {
            id: Self::DEFAULT_ID.to_owned(),
            secret: Self::DEFAULT_SECRET.to_owned(),
            refresh_token: Self::DEFAULT_REFRESH_TOKEN.to_owned(),
        }
    }
}

impl std::fmt::Debug for OauthClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OauthClient").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Form body of POST `/token`.
#[derive(Deserialize, Default)]
pub struct TokenRequest {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    refresh_token: Option<String>,
}

/// Issues and checks access tokens.
pub struct TokenDesk {
    client: OauthClient,
    lifetime: Duration,
    revoked: bool,
    outage: Option<StatusCode>,
    issued: BTreeMap<String, Instant>,
}

impl TokenDesk {
    /// A desk whose tokens live for `lifetime_s` seconds.
    #[must_use]
    pub fn new(client: OauthClient, lifetime_s: u32) -> Self {
        Self {
            client,
            lifetime: Duration::from_secs(u64::from(lifetime_s)),
            revoked: false,
            outage: None,
            issued: BTreeMap::new(),
        }
    }

    /// Answers POST `/token`.
    pub fn exchange(&mut self, request: &TokenRequest, now: Instant) -> (StatusCode, Value) {
        let refuse = |status, error: &str, description: &str| {
            let body = json!({"error": error, "error_description": description});
            (status, body)
        };
        if request.grant_type.as_deref() != Some("refresh_token") {
            let text = "Only grant_type=refresh_token is served here.";
            return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type", text);
        }
        if request.client_id.as_deref() != Some(&self.client.id)
            || request.client_secret.as_deref() != Some(&self.client.secret)
        {
            let text = "The OAuth client was not found.";
            return refuse(StatusCode::UNAUTHORIZED, "invalid_client", text);
        }
        let Some(refresh_token) = request.refresh_token.as_deref() else {
            let text = "Missing required parameter: refresh_token";
            return refuse(StatusCode::BAD_REQUEST, "invalid_request", text);
        };
        if self.revoked || refresh_token != self.client.refresh_token {
            let text = "Token has been expired or revoked.";
            return refuse(StatusCode::BAD_REQUEST, "invalid_grant", text);
        }
        let token = format!("ya29.emulated-{}", uuid::Uuid::now_v7().simple());
        self.issued.insert(token.clone(), now + self.lifetime);
        let body = json!({
            "access_token": token,
            "expires_in": self.lifetime.as_secs(),
            "scope": SCOPE,
            "token_type": "Bearer",
        });
        (StatusCode::OK, body)
    }

    /// Checks an `Authorization` header.
    ///
    /// # Errors
    /// The 401 that Google sends.
    pub fn check(&self, authorization: Option<&str>, now: Instant) -> Result<(), Refusal> {
        let refuse = |code, text: &str| {
            let error = AdsError::new("authenticationError", code, text);
            Err(Refusal::one(StatusCode::UNAUTHORIZED, error))
        };
        let Some(token) = authorization.and_then(|header| header.strip_prefix("Bearer ")) else {
            let text = "Send the access token as Authorization: Bearer <token>.";
            return refuse("OAUTH_TOKEN_HEADER_INVALID", text);
        };
        match self.issued.get(token) {
            None => refuse("OAUTH_TOKEN_INVALID", "OAuth token in the header is not valid."),
            Some(expires_at) if *expires_at <= now => {
                refuse("OAUTH_TOKEN_EXPIRED", "OAuth token in the header has expired.")
            }
            Some(_) => Ok(()),
        }
    }

    /// Makes every issued access token expired at `now`.
    pub fn expire_all(&mut self, now: Instant) {
        for expires_at in self.issued.values_mut() {
            *expires_at = now;
        }
    }

    /// The status with which nothing but HTML is answered.
    #[must_use]
    pub fn outage(&self) -> Option<StatusCode> {
        self.outage
    }

    /// Begins an outage, or ends it.
    pub fn set_outage(&mut self, outage: Option<StatusCode>) {
        self.outage = outage;
    }

    /// Revokes the refresh token, or takes the revocation back.
    pub fn set_revoked(&mut self, revoked: bool) {
        self.revoked = revoked;
    }
}
