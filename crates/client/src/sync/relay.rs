//! The relay over HTTP: signed requests out, untrusted bytes in, bounded in size and time.

use crate::profile::{access::lock, clock::Clock, random};
use countersign_model::{DeviceId, Digest, Signer, WorkspaceId};
use countersign_sync::{
    BoundedBody, Heartbeat, heartbeat,
    limits::{
        MAX_BATCH_RECORDS, MAX_BLOB_BYTES, MAX_ERROR_BYTES, MAX_PAGE_BYTES, MAX_PUSHED_BYTES,
    },
    refusal::{Code, Remedy},
    request::sign_request,
    wire::{self, ApiError, Floor, Page, Pushed},
};
use reqwest::{Method, Response, StatusCode};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, UNIX_EPOCH},
};
use tokio::time::{Instant, sleep};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// The most bytes of the live tail that are passed over before it is reopened.
const MAX_TAIL_BYTES: u64 = 64 * 1024 * 1024;

/// One workspace at one relay, as one device.
pub(crate) struct RelayClient {
    http: reqwest::Client,
    base: url::Url,
    workspace: WorkspaceId,
    device: DeviceId,
    signer: Arc<dyn Signer>,
    clock: Clock,
    /// This device's clock minus the relay's at its last answer, in milliseconds. The
    /// relay's word (`Date`, RFC 9110 section 6.6.1) is signed by nobody: a hint.
    clock_hint_ms: Mutex<Option<i64>>,
}

/// How often the time is looked at while a tail is quiet: a computer that slept finds out soon.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The live tail.
pub(crate) struct Tail {
    answer: Response,
    passed_over: u64,
    /// What the relay promised.
    heartbeat: Heartbeat,
    clock: Clock,
}

/// Why the relay did not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RelayError {
    /// No answer: offline, as far as anyone can tell.
    #[error("the relay does not answer")]
    Unreachable(#[source] reqwest::Error),
    /// Its live tail has not shown for too long that it lives.
    #[error("the relay has fallen silent")]
    Silent,
    /// It did not answer in time.
    #[error("the relay takes too long")]
    TooSlow,
    /// It answered, and refused.
    #[error("the relay refused the request ({status}, {code})")]
    Refused { status: StatusCode, code: Code },
    /// It answered that it is too early, and when it will not be.
    #[error("the relay asks to wait {} s ({code})", .wait.as_secs())]
    Later { wait: Duration, code: Code },
    /// It has no room for what was sent; waiting makes none.
    #[error("the relay has no room for it ({code})")]
    Full { code: Code },
    /// It has let go of what was asked for, or knows what was sent by a snapshot only.
    #[error("the relay has deleted its records up to position {}", .0.floor)]
    Compacted(Floor),
    /// It answered with what is not an answer.
    #[error("the relay's answer cannot be read")]
    Unreadable,
    /// The request could not be made.
    #[error("the request could not be signed")]
    Unsigned,
}

impl RelayError {
    fn refused(status: StatusCode, retry_after: Option<&str>, code: Code) -> Self {
        match Remedy::of(status.as_u16(), retry_after) {
            Remedy::Wait(wait) => Self::Later { wait, code },
            Remedy::Room => Self::Full { code },
            Remedy::Other => Self::Refused { status, code },
        }
    }
}

impl RelayClient {
    pub(crate) fn new(
        base: url::Url,
        workspace: WorkspaceId,
        device: DeviceId,
        signer: Arc<dyn Signer>,
        clock: Clock,
    ) -> Result<Self, RelayError> {
        let mut http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none());
        if is_loopback(&base) {
            // No proxy of the environment is asked for what is on this computer.
            http = http.no_proxy();
        }
        let http = http.build().map_err(RelayError::Unreachable)?;
        Ok(Self { http, base, workspace, device, signer, clock, clock_hint_ms: Mutex::default() })
    }

    /// Appends records; safe to repeat.
    pub(crate) async fn push(&self, records: &[Vec<u8>]) -> Result<Pushed, RelayError> {
        let body = wire::encode_batch(records).map_err(|_| RelayError::Unreadable)?;
        let path = wire::records_path(self.workspace);
        let answer = self.send(Method::POST, &path, body, Some(ANSWER_TIMEOUT)).await?;
        let bytes = read_all(answer, MAX_PUSHED_BYTES).await?;
        let pushed: Pushed = serde_json::from_slice(&bytes).map_err(|_| RelayError::Unreadable)?;
        if pushed.positions.len() == records.len() {
            Ok(pushed)
        } else {
            Err(RelayError::Unreadable)
        }
    }

    /// The page after a cursor.
    pub(crate) async fn page(&self, after: u64) -> Result<Page, RelayError> {
        let path = wire::page_path(self.workspace, after, MAX_BATCH_RECORDS);
        let answer = self.send(Method::GET, &path, vec![], Some(ANSWER_TIMEOUT)).await?;
        let bytes = read_all(answer, MAX_PAGE_BYTES).await?;
        Page::decode(&bytes).map_err(|_| RelayError::Unreadable)
    }

    /// A sealed blob of at most `max_bytes`; its digest is checked by whoever opens it.
    pub(crate) async fn blob(&self, digest: Digest, max_bytes: u64) -> Result<Vec<u8>, RelayError> {
        let path = wire::blob_path(self.workspace, digest);
        let answer = self.send(Method::GET, &path, vec![], Some(ANSWER_TIMEOUT)).await?;
        let most =
            usize::try_from(max_bytes).map_or(MAX_BLOB_BYTES, |most| most.min(MAX_BLOB_BYTES));
        read_all(answer, most).await
    }

    /// The live tail: whatever arrives on it only says that there is something to pull.
    pub(crate) async fn tail(&self, after: u64) -> Result<Tail, RelayError> {
        let path = wire::tail_path(self.workspace, after);
        let answer = self.send(Method::GET, &path, vec![], None).await?;
        let promise = answer.headers().get(heartbeat::HEADER);
        let heartbeat = Heartbeat::promised(promise.and_then(|value| value.to_str().ok()));
        Ok(Tail { answer, passed_over: 0, heartbeat, clock: self.clock.clone() })
    }

    /// How far this device's clock is from the relay's, as of its last answer.
    pub(crate) fn clock_hint_ms(&self) -> Option<i64> {
        *lock(&self.clock_hint_ms)
    }

    /// Notes the relay's time of day, which is given in whole seconds.
    fn note_date(&self, answer: &Response) {
        let date = answer.headers().get(reqwest::header::DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
        let since = date.and_then(|date| date.duration_since(UNIX_EPOCH).ok());
        let millis = since.and_then(|since| i64::try_from(since.as_millis()).ok());
        if let Some(millis) = millis {
            *lock(&self.clock_hint_ms) = Some((self.clock)().millis().saturating_sub(millis));
        }
    }

    async fn send(
        &self,
        method: Method,
        path_and_query: &str,
        body: Vec<u8>,
        timeout: Option<Duration>,
    ) -> Result<Response, RelayError> {
        // The signature covers the path as the relay sees it, under any prefix of the base.
        let prefix = self.base.path().trim_end_matches('/');
        let path = format!("{prefix}{path_and_query}");
        let url = self.base.join(&path).map_err(|_| RelayError::Unsigned)?;
        let nonce = random::bytes().map_err(|_| RelayError::Unsigned)?;
        let created = (self.clock)().millis().div_euclid(1_000);
        let signer = self.signer.as_ref();
        let headers =
            sign_request(method.as_str(), &path, &body, self.device, signer, created, &nonce)
                .map_err(|_| RelayError::Unsigned)?;
        let mut request = self.http.request(method, url).body(body);
        for (name, value) in headers.iter() {
            request = request.header(name, value);
        }
        request = request.header(reqwest::header::CONTENT_TYPE, wire::CBOR);
        if let Some(timeout) = timeout {
            request = request.timeout(timeout);
        }
        // A tail has no end, but its beginning has.
        let sent = tokio::time::timeout(ANSWER_TIMEOUT, request.send()).await;
        let answer = sent.map_err(|_| RelayError::TooSlow)?.map_err(RelayError::Unreachable)?;
        self.note_date(&answer);
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let asked = answer.headers().get(reqwest::header::RETRY_AFTER);
        let asked = asked.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let reading = tokio::time::timeout(ANSWER_TIMEOUT, read_all(answer, MAX_ERROR_BYTES)).await;
        let bytes = reading.map_err(|_| RelayError::TooSlow)?.unwrap_or_default();
        if let Some(floor) = wire::floor_of(&bytes) {
            return Err(RelayError::Compacted(floor));
        }
        let code =
            serde_json::from_slice::<ApiError>(&bytes).map_or(Code::Unknown, |error| error.code);
        Err(RelayError::refused(status, asked.as_deref(), code))
    }
}

impl Tail {
    /// Waits until the relay says something. What it says is passed over: it only means that
    /// there is something to pull. `false` at its end, or when it has said so much that it is
    /// to be reopened.
    ///
    /// # Errors
    /// [`RelayError::Silent`] when it says nothing for longer than it has promised.
    pub(crate) async fn says_something(&mut self) -> Result<bool, RelayError> {
        let silence = passed(self.heartbeat.deadline(), &self.clock);
        let chunk = tokio::select! {
            biased;
            chunk = self.answer.chunk() => chunk.map_err(RelayError::Unreachable)?,
            () = silence => return Err(RelayError::Silent),
        };
        let Some(chunk) = chunk else { return Ok(false) };
        self.passed_over = self.passed_over.saturating_add(chunk.len() as u64);
        Ok(self.passed_over <= MAX_TAIL_BYTES)
    }
}

/// Ends when this much time has passed, for this process or by the clock: while a computer
/// sleeps, only the clock goes on.
async fn passed(time: Duration, clock: &Clock) {
    let (end, begun) = (Instant::now() + time, clock());
    let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || clock().since_ms(begun) >= millis {
            return;
        }
        sleep(left.min(LOOK_EVERY)).await;
    }
}

/// Whether an address is on this computer.
fn is_loopback(base: &url::Url) -> bool {
    match base.host() {
        Some(url::Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => {
            address.to_ipv4_mapped().map_or(address.is_loopback(), |mapped| mapped.is_loopback())
        }
        None => false,
    }
}

/// Reads a body and stops at the limit, whatever length it announced.
async fn read_all(mut answer: Response, limit: usize) -> Result<Vec<u8>, RelayError> {
    let mut body = BoundedBody::new(limit);
    body.check_announced(answer.content_length()).map_err(|_| RelayError::Unreadable)?;
    while let Some(chunk) = answer.chunk().await.map_err(RelayError::Unreachable)? {
        body.handle_chunk(&chunk).map_err(|_| RelayError::Unreadable)?;
    }
    Ok(body.into_bytes())
}

#[cfg(test)]
mod tests;
