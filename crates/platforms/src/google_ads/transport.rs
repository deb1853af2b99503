//! One call: an access token, one request, one answer or a classified error.

use super::{
    config::{
        Credentials, GoogleAdsConfig, Grant, SetupError, Writing, check_address, is_this_machine,
    },
    errors, is_token_refused,
};
use countersign_executor::{ErrorClass, PlatformError, READ_ONLY};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use oauth2::{
    AuthType, ClientId, ClientSecret, RefreshToken, RequestTokenError, TokenResponse, TokenUrl,
    basic::BasicClient,
};
use reqwest::{Client, Response, StatusCode, header::RETRY_AFTER, redirect};
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use url::Url;
use zeroize::Zeroizing;

const VERSION: &str = "v26";
/// The largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 32 * 1024 * 1024;
/// The largest refusal that is read, in bytes; of a larger one the status counts.
const MAX_REFUSAL_BYTES: usize = 1024 * 1024;
/// The largest answer of the token endpoint, in bytes.
const MAX_TOKEN_BYTES: usize = 64 * 1024;
/// A token is renewed this long before it ends.
const TOKEN_MARGIN: Duration = Duration::from_secs(60);

/// Reading and writing alike; Google has no narrower scope.
const SCOPE: &str = "https://www.googleapis.com/auth/adwords";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// How long an assertion is good for, seconds; it is presented at once.
const ASSERTION_S: i64 = 300;

/// The claims of an assertion.
#[derive(serde::Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

/// What a call is for; decides what a failure means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Intent {
    Read,
    Validate,
    Write,
}

/// A call that succeeded.
pub(super) struct Answer {
    pub(super) body: Value,
    pub(super) request_id: Option<String>,
}

#[derive(Debug)]
pub(super) struct Transport {
    http: Client,
    /// Of its own, because the token endpoint may be where the API is not: on this machine.
    token_http: Client,
    config: GoogleAdsConfig,
    reader: Identity,
    writer: Option<Identity>,
}

/// The token of one identity; whoever holds the lock renews it, and the others wait for that.
#[derive(Debug, Default)]
struct Identity {
    token: Mutex<Option<AccessToken>>,
}

struct AccessToken {
    secret: Zeroizing<String>,
    renew_at: Instant,
}

/// Shows that there is a token, never what it is.
impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

impl Transport {
    pub(super) fn new(config: GoogleAdsConfig) -> Result<Self, SetupError> {
        check_address(&config.endpoint)?;
        check_address(&config.token_url)?;
        let http = client(&config.endpoint, config.timeout_ms)?;
        let token_http = client(&config.token_url, config.timeout_ms)?;
        let writer = matches!(config.writing, Writing::Identity(_)).then(Identity::default);
        Ok(Self { http, token_http, config, reader: Identity::default(), writer })
    }

    /// Sends one request. Only a refused token makes it send a second one, with a fresh
    /// token: a call that was not let in has changed nothing.
    pub(super) async fn post(
        &self,
        path: &str,
        body: &Value,
        intent: Intent,
    ) -> Result<Answer, PlatformError> {
        match self.post_once(path, body, intent).await {
            Err(error) if is_token_refused(&error) => {
                *self.identity(intent)?.0.token.lock().await = None;
                self.post_once(path, body, intent).await
            }
            result => result,
        }
    }

    async fn post_once(
        &self,
        path: &str,
        body: &Value,
        intent: Intent,
    ) -> Result<Answer, PlatformError> {
        let token = self.access_token(intent).await?;
        let url = self.url(path)?;
        // Before it is sent: a use is logged whatever becomes of it.
        let credential = self.identity(intent)?.1.name();
        tracing::info!(credential, ?intent, call = path, "credential used");
        let mut request = self.http.post(url).bearer_auth(token.as_str()).json(body);
        if let Some(manager) = &self.config.login_customer_id {
            request = request.header("login-customer-id", manager.as_str());
        }
        let response = request.send().await.map_err(|error| errors::of_transport(&error))?;
        let status = response.status();
        let request_id = response
            .headers()
            .get("request-id")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let is_refusal = status != StatusCode::OK;
        let limit = if is_refusal { MAX_REFUSAL_BYTES } else { MAX_ANSWER_BYTES };
        let bytes = match read(response, limit).await {
            Ok(bytes) => bytes,
            Err(Unread::TooLarge) if is_refusal => vec![],
            Err(Unread::TooLarge) => return Err(errors::unreadable(intent, request_id)),
            Err(Unread::Broken(error)) => return Err(errors::of_transport(&error)),
            // Of the token endpoint only.
            Err(Unread::NotNow(status, _)) => {
                return Err(errors::of_answer(status.as_u16(), &Value::Null, intent, request_id));
            }
        };
        tracing::debug!(?intent, status = status.as_u16(), request_id, "google ads answered");
        let body: Option<Value> = serde_json::from_slice(&bytes).ok();
        if is_refusal {
            let body = body.unwrap_or_default();
            return Err(errors::of_answer(status.as_u16(), &body, intent, request_id));
        }
        let body = body.ok_or_else(|| errors::unreadable(intent, request_id.clone()))?;
        if errors::parts(&body).any(|part| part.get("error").is_some()) {
            return Err(errors::of_answer(status.as_u16(), &body, intent, request_id));
        }
        Ok(Answer { body, request_id })
    }

    fn url(&self, path: &str) -> Result<Url, PlatformError> {
        let text =
            format!("{}/{VERSION}/{path}", self.config.endpoint.as_str().trim_end_matches('/'));
        Url::parse(&text)
            .map_err(|_| errors::of_gate("gate.MALFORMED_ADDRESS", "the endpoint is not usable"))
    }

    /// Who makes a call. A dry run is a writer's too: the platform lets nobody else make one.
    fn identity(&self, intent: Intent) -> Result<(&Identity, &Credentials), PlatformError> {
        let reader = (&self.reader, &self.config.credentials);
        match (&self.config.writing, &self.writer) {
            _ if intent == Intent::Read => Ok(reader),
            (Writing::SameIdentity, _) => Ok(reader),
            (Writing::Identity(credentials), Some(writer)) => Ok((writer, credentials)),
            _ => Err(errors::of_gate(READ_ONLY, "the account is connected for reading only")),
        }
    }

    async fn access_token(&self, intent: Intent) -> Result<Zeroizing<String>, PlatformError> {
        let (identity, credentials) = self.identity(intent)?;
        let mut token = identity.token.lock().await;
        if let Some(known) = token.as_ref().filter(|known| Instant::now() < known.renew_at) {
            return Ok(known.secret.clone());
        }
        let fresh = match &credentials.grant {
            Grant::RefreshToken { client_id, client_secret, refresh_token } => {
                self.refresh(client_id, client_secret, refresh_token).await?
            }
            Grant::ServiceAccount { email, key_id, key_pem } => {
                let assertion = self.assertion(email, key_id.as_deref(), key_pem)?;
                self.present(&assertion).await?
            }
        };
        let (credential, by) = (credentials.name(), credentials.grant.kind());
        tracing::info!(credential, by, "access token renewed");
        let secret = fresh.secret.clone();
        *token = Some(fresh);
        Ok(secret)
    }

    /// RFC 6749, section 6, with the client's credentials in the body as Google documents.
    async fn refresh(
        &self,
        client_id: &str,
        client_secret: &str,
        refresh_token: &str,
    ) -> Result<AccessToken, PlatformError> {
        let client = BasicClient::new(ClientId::new(client_id.to_owned()))
            .set_client_secret(ClientSecret::new(client_secret.to_owned()))
            .set_token_uri(TokenUrl::from_url(self.config.token_url.clone()))
            .set_auth_type(AuthType::RequestBody);
        let refresh_token = RefreshToken::new(refresh_token.to_owned());
        let http = self.token_http.clone();
        let send = move |request: oauth2::HttpRequest| exchange(http.clone(), request);
        let answer = client
            .exchange_refresh_token(&refresh_token)
            .request_async(&send)
            .await
            .map_err(|error| token_error(&error))?;
        Ok(AccessToken::new(answer.access_token().secret(), answer.expires_in()))
    }

    /// What a service account says of itself, signed: RFC 7523, section 3.
    fn assertion(
        &self,
        email: &str,
        key_id: Option<&str>,
        key_pem: &str,
    ) -> Result<Zeroizing<String>, PlatformError> {
        let now = jiff::Timestamp::now().as_second();
        let claims = Claims {
            iss: email,
            scope: SCOPE,
            aud: self.config.token_url.as_str(),
            iat: now,
            exp: now + ASSERTION_S,
        };
        let mut header = Header::new(Algorithm::RS256);
        header.kid = key_id.map(str::to_owned);
        EncodingKey::from_rsa_pem(key_pem.as_bytes())
            .and_then(|key| jsonwebtoken::encode(&header, &claims, &key))
            .map(Zeroizing::new)
            .map_err(|_| errors::of_gate("gate.KEY_NOT_USABLE", "the key cannot sign"))
    }

    /// RFC 7523, section 4.
    async fn present(&self, assertion: &str) -> Result<AccessToken, PlatformError> {
        let form = [("grant_type", JWT_BEARER), ("assertion", assertion)];
        let request = self.token_http.post(self.config.token_url.clone()).form(&form).build();
        let request = request.map_err(|error| token_error(&Unread::from(error).into_request()))?;
        let answer = answer_of(self.token_http.clone(), request)
            .await
            .map_err(|error| token_error(&error.into_request()))?;
        let not_understood = || token_error(&RequestTokenError::Other(String::new()));
        if answer.status() != StatusCode::OK {
            let refusal: oauth2::basic::BasicErrorResponse =
                serde_json::from_slice(answer.body()).map_err(|_| not_understood())?;
            return Err(token_error(&RequestTokenError::ServerResponse(refusal)));
        }
        let token: oauth2::basic::BasicTokenResponse =
            serde_json::from_slice(answer.body()).map_err(|_| not_understood())?;
        Ok(AccessToken::new(token.access_token().secret(), token.expires_in()))
    }
}

impl AccessToken {
    fn new(secret: &str, lifetime: Option<Duration>) -> Self {
        let lifetime = lifetime.unwrap_or(TOKEN_MARGIN);
        Self {
            secret: Zeroizing::new(secret.to_owned()),
            renew_at: Instant::now() + lifetime.saturating_sub(TOKEN_MARGIN),
        }
    }
}

/// A client for one address: it follows no redirect, because what it sends holds secrets of
/// this address; and no proxy of the environment is asked for what is on this machine.
fn client(address: &Url, timeout_ms: u64) -> Result<Client, reqwest::Error> {
    let client = Client::builder()
        .redirect(redirect::Policy::none())
        .timeout(Duration::from_millis(timeout_ms));
    if is_this_machine(address) { client.no_proxy() } else { client }.build()
}

/// Why an answer was not read to its end.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error(transparent)]
    Broken(#[from] reqwest::Error),
    #[error("the answer is too large")]
    TooLarge,
    /// A status that says that the endpoint cannot answer now, with the seconds that it asks
    /// to wait.
    #[error("the token endpoint answers {0}")]
    NotNow(StatusCode, Option<u64>),
}

impl Unread {
    fn into_request(self) -> RequestTokenError<Self, oauth2::basic::BasicErrorResponse> {
        RequestTokenError::Request(self)
    }
}

/// Reads a body and stops at the limit, whatever length it announced.
async fn read(mut response: Response, limit: usize) -> Result<Vec<u8>, Unread> {
    if response.content_length().is_some_and(|told| told > limit as u64) {
        return Err(Unread::TooLarge);
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if chunk.len() > limit - bytes.len() {
            return Err(Unread::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

async fn exchange(
    http: Client,
    request: oauth2::HttpRequest,
) -> Result<oauth2::HttpResponse, Unread> {
    answer_of(http, reqwest::Request::try_from(request)?).await
}

async fn answer_of(
    http: Client,
    request: reqwest::Request,
) -> Result<oauth2::HttpResponse, Unread> {
    let response = http.execute(request).await?;
    let status = response.status();
    let is_not_now = status.is_server_error()
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    if is_not_now {
        let headers = response.headers();
        let wait = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        return Err(Unread::NotNow(status, wait));
    }
    let mut answer = oauth2::HttpResponse::new(read(response, MAX_TOKEN_BYTES).await?);
    *answer.status_mut() = status;
    Ok(answer)
}

/// Answers of RFC 6749, section 5.2, and of its extensions, that say that the endpoint is at
/// fault and not the identity.
const NOT_NOW: [&str; 4] =
    ["temporarily_unavailable", "server_error", "slow_down", "internal_failure"];

/// No token means that the call itself was never sent. Only a refusal in the protocol's own
/// words is final; whatever else came, nobody has refused the identity.
fn token_error(
    error: &RequestTokenError<Unread, oauth2::basic::BasicErrorResponse>,
) -> PlatformError {
    let (class, code) = match error {
        RequestTokenError::ServerResponse(answer) => {
            let code = answer.error().as_ref();
            let is_final = !NOT_NOW.contains(&code);
            let class = if is_final { ErrorClass::Operator } else { ErrorClass::RetryAfterReread };
            (class, format!("oauth.{code}"))
        }
        RequestTokenError::Request(Unread::Broken(_)) => {
            (ErrorClass::RetryAfterReread, "oauth.NOT_REACHED".into())
        }
        RequestTokenError::Request(Unread::NotNow(status, wait)) => {
            let class = wait.map_or(ErrorClass::RetryAfterReread, |seconds| {
                ErrorClass::WaitUntil { delay_ms: seconds.saturating_mul(1_000) }
            });
            (class, format!("oauth.HTTP_{}", status.as_u16()))
        }
        RequestTokenError::Request(Unread::TooLarge)
        | RequestTokenError::Parse(..)
        | RequestTokenError::Other(_) => {
            (ErrorClass::RetryAfterReread, "oauth.ANSWER_NOT_UNDERSTOOD".into())
        }
    };
    PlatformError { class, ..errors::of_gate(&code, "no access token could be had") }
}

#[cfg(test)]
mod tests;
