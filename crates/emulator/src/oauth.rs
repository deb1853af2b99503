//! The OAuth2 token desk: exchanges a refresh token, or what a service account signed, for
//! short-lived access tokens.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
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
    assertion: Option<String>,
}

/// A service account that the desk knows: its address and the public half of its key, PEM.
#[derive(Debug, Clone)]
pub struct ServiceAccount {
    /// `client_email` of its key file, `iss` of its assertions.
    pub email: String,
    /// RSA public key, PEM.
    pub public_key_pem: String,
}

/// What an assertion says (RFC 7523, section 3), as Google asks for it.
#[derive(Deserialize)]
struct Claims {
    scope: String,
    iat: i64,
    exp: i64,
}

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Longest time that an assertion may be good for, seconds.
const LONGEST_ASSERTION_S: i64 = 3_600;

/// Issues and checks access tokens.
pub struct TokenDesk {
    client: OauthClient,
    service_account: Option<ServiceAccount>,
    lifetime: Duration,
    revoked: bool,
    outage: Option<StatusCode>,
    issued: BTreeMap<String, Instant>,
}

impl TokenDesk {
    /// A desk whose tokens live for `lifetime_s` seconds.
    #[must_use]
    pub fn new(
        client: OauthClient,
        service_account: Option<ServiceAccount>,
        lifetime_s: u32,
    ) -> Self {
        Self {
            client,
            service_account,
            lifetime: Duration::from_secs(u64::from(lifetime_s)),
            revoked: false,
            outage: None,
            issued: BTreeMap::new(),
        }
    }

    /// Answers POST `/token`, which is at `token_url`.
    pub fn exchange(
        &mut self,
        request: &TokenRequest,
        token_url: &str,
        now: Instant,
    ) -> (StatusCode, Value) {
        let refuse = |status, error: &str, description: &str| {
            let body = json!({"error": error, "error_description": description});
            (status, body)
        };
        if request.grant_type.as_deref() == Some(JWT_BEARER) {
            let assertion = request.assertion.as_deref().unwrap_or_default();
            return match self.check_assertion(assertion, token_url) {
                Ok(()) => self.issue(now),
                Err(text) => refuse(StatusCode::BAD_REQUEST, "invalid_grant", text),
            };
        }
        if request.grant_type.as_deref() != Some("refresh_token") {
            let text = "Only grant_type=refresh_token and the JWT bearer grant are served here.";
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
        self.issue(now)
    }

    /// Checks who signed an assertion, for whom, and until when.
    fn check_assertion(&self, assertion: &str, token_url: &str) -> Result<(), &'static str> {
        let account = self.service_account.as_ref().filter(|_| !self.revoked);
        let Some(account) = account else { return Err("Invalid grant: account not found") };
        let key = DecodingKey::from_rsa_pem(account.public_key_pem.as_bytes())
            .map_err(|_| "The emulator was started with a public key that is not one.")?;
        let mut rules = Validation::new(Algorithm::RS256);
        rules.set_issuer(&[&account.email]);
        rules.set_audience(&[token_url]);
        rules.set_required_spec_claims(&["exp", "iss", "aud"]);
        let claims = jsonwebtoken::decode::<Claims>(assertion, &key, &rules)
            .map_err(|_| "Invalid JWT Signature, issuer, audience or time.")?
            .claims;
        if claims.exp - claims.iat > LONGEST_ASSERTION_S {
            return Err("Invalid JWT: Token must be a short-lived token (60 minutes).");
        }
        if claims.scope != SCOPE {
            return Err("Invalid OAuth scope.");
        }
        Ok(())
    }

    fn issue(&mut self, now: Instant) -> (StatusCode, Value) {
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
