//! The gate's way to the relay: signed requests, each once; who repeats is the courier's
//! to say.

use crate::{clock, identity::Identity, keys};
use countersign_model::{Digest, Roster, text};
use countersign_sync::{
    BodyTooLong, BoundedBody,
    limits::{MAX_BLOB_BYTES, MAX_ERROR_BYTES, MAX_PAGE_BYTES, MAX_PUSHED_BYTES},
    refusal::{Code, Remedy},
    sign_request,
    wire::{
        self, ApiError, CreateWorkspace, DeviceEntry, DeviceList, DroppedBlobs, Floor, Page, Pushed,
    },
};
use reqwest::{
    Client, Method, Response,
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect::Policy,
};
use std::{sync::Arc, time::Duration};
use url::{Host, Url};

/// One request's time-out, body included; a live tail's up to its head.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest words of a refusal that are repeated here, in characters.
const MAX_MESSAGE_CHARS: usize = 500;
/// How many records are asked for at once.
const PAGE: usize = 256;

/// A connection to the relay.
#[derive(Clone)]
pub struct Relay {
    client: Client,
    base: Url,
    identity: Arc<Identity>,
}

/// Why the relay did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The relay cannot be reached, or broke off.
    #[error("the relay cannot be reached")]
    Unreachable(#[from] reqwest::Error),
    /// The relay refused.
    #[error("the relay refused with {status}: {code}: {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Why.
        code: Code,
        /// Its words.
        message: String,
        /// What helps.
        remedy: Remedy,
    },
    /// The relay has let go of what was asked for.
    #[error(
        "the relay has deleted its records up to position {}; a snapshot is at its position {}",
        .0.floor, .0.snapshot
    )]
    Compacted(Floor),
    /// The relay did not begin to answer.
    #[error("the relay did not answer within {} s", TIMEOUT.as_secs())]
    Silent,
    /// The answer is larger than it may be; the rest was not read.
    #[error("reading the relay's answer was abandoned")]
    TooLarge(#[from] BodyTooLong),
    /// The answer makes no sense.
    #[error("the relay's answer cannot be read: {0}")]
    Answer(String),
    /// The request could not be signed.
    #[error("the request to the relay cannot be signed: {0}")]
    Sign(String),
}

impl RelayError {
    /// What helps after it.
    #[must_use]
    pub const fn remedy(&self) -> Remedy {
        match self {
            Self::Refused { remedy, .. } => *remedy,
            _ => Remedy::Other,
        }
    }
}

impl Relay {
    /// Sets up the connection; nothing is sent yet.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(base: Url, identity: Arc<Identity>) -> Result<Self, RelayError> {
        let client = client(&base)?;
        Ok(Self { client, base, identity })
    }

    /// Registers the workspace with the gate as its owner.
    ///
    /// # Errors
    /// [`RelayError`].
    pub async fn create_workspace(&self, operator_token: &str) -> Result<(), RelayError> {
        let body =
            CreateWorkspace { device: self.identity.device, key: self.identity.log_keys.gate_key };
        let url = self.url(&wire::workspace_path(self.identity.workspace))?;
        let request = self.client.put(url).timeout(TIMEOUT).bearer_auth(operator_token).json(&body);
        refuse_errors(request.send().await?).await?;
        Ok(())
    }

    /// Tells the relay every device of the roster.
    ///
    /// # Errors
    /// [`RelayError`].
    pub async fn put_devices(&self, roster: &Roster) -> Result<(), RelayError> {
        let own = DeviceEntry {
            device: self.identity.device,
            key: self.identity.log_keys.gate_key,
            revoked: false,
        };
        let now = clock::now();
        let people = roster.people.iter().flat_map(|person| &person.devices);
        let others = people.map(|device| DeviceEntry {
            device: device.id,
            key: device.signing_key,
            revoked: device.revoked_at_ms.is_some_and(|revoked| revoked <= now),
        });
        let list = DeviceList { devices: std::iter::once(own).chain(others).collect() };
        let body =
            serde_json::to_vec(&list).map_err(|error| RelayError::Answer(error.to_string()))?;
        let path = wire::devices_path(self.identity.workspace);
        self.send(Method::PUT, &path, "application/json", body).await?;
        Ok(())
    }

    /// Appends records.
    ///
    /// # Errors
    /// [`RelayError`].
    pub async fn push(&self, records: &[Vec<u8>]) -> Result<Pushed, RelayError> {
        let body =
            wire::encode_batch(records).map_err(|error| RelayError::Answer(error.to_string()))?;
        let path = wire::records_path(self.identity.workspace);
        let answer = self.send(Method::POST, &path, wire::CBOR, body).await?;
        let bytes = read(answer, MAX_PUSHED_BYTES).await?;
        serde_json::from_slice(&bytes).map_err(|error| RelayError::Answer(error.to_string()))
    }

    /// Uploads sealed blobs, all of them or none.
    ///
    /// # Errors
    /// [`RelayError`].
    pub async fn put_blobs(&self, sealed: &[Vec<u8>]) -> Result<(), RelayError> {
        let body =
            wire::encode_blobs(sealed).map_err(|error| RelayError::Answer(error.to_string()))?;
        let path = wire::blobs_path(self.identity.workspace);
        self.send(Method::POST, &path, wire::CBOR, body).await?;
        Ok(())
    }

    /// The records after a cursor.
    ///
    /// # Errors
    /// [`RelayError`].
    pub async fn page(&self, after: u64) -> Result<Page, RelayError> {
        let path = wire::page_path(self.identity.workspace, after, PAGE);
        let answer = self.send(Method::GET, &path, wire::CBOR, vec![]).await?;
        let bytes = read(answer, MAX_PAGE_BYTES).await?;
        Page::decode(&bytes).map_err(|error| RelayError::Answer(error.to_string()))
    }

    /// Opens the live tail. Whatever arrives on it only means that there is something to
    /// ask for: what counts comes by [`Relay::page`].
    ///
    /// # Errors
    /// [`RelayError`].
    pub async fn tail(&self, after: u64) -> Result<Response, RelayError> {
        let path = wire::tail_path(self.identity.workspace, after);
        let request = self.signed(&Method::GET, &path, wire::CBOR, vec![])?;
        // Only the head has a time-out: a tail stays open.
        let answer = tokio::time::timeout(TIMEOUT, request.send());
        let answer = answer.await.map_err(|_| RelayError::Silent)??;
        tokio::time::timeout(TIMEOUT, refuse_errors(answer))
            .await
            .map_err(|_| RelayError::Silent)?
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<Response, RelayError> {
        let request = self.signed(&method, path, content_type, body)?.timeout(TIMEOUT);
        refuse_errors(request.send().await?).await
    }

    fn signed(
        &self,
        method: &Method,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<reqwest::RequestBuilder, RelayError> {
        let sign_error = |error: &dyn std::fmt::Display| RelayError::Sign(error.to_string());
        let nonce = keys::random::<16>().map_err(|error| sign_error(&error))?;
        let headers = sign_request(
            method.as_str(),
            path,
            &body,
            self.identity.device,
            &self.identity.signing,
            clock::now().millis().div_euclid(1_000),
            &nonce,
        )
        .map_err(|error| sign_error(&error))?;
        let mut request = self
            .client
            .request(method.clone(), self.url(path)?)
            .header(CONTENT_TYPE, content_type)
            .body(body);
        for (name, value) in headers.iter() {
            request = request.header(name, value);
        }
        Ok(request)
    }

    fn url(&self, path: &str) -> Result<Url, RelayError> {
        self.base.join(path).map_err(|error| RelayError::Answer(error.to_string()))
    }
}

/// A client for `base` alone: it follows no redirect, because what it sends is signed for
/// this relay; and a relay on this machine is never asked through a proxy.
fn client(base: &Url) -> Result<Client, reqwest::Error> {
    let client = Client::builder().connect_timeout(CONNECT_TIMEOUT).redirect(Policy::none());
    if is_loopback(base) { client.no_proxy() } else { client }.build()
}

fn is_loopback(base: &Url) -> bool {
    match base.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        None => false,
    }
}

/// Reads a body to its end; stops as soon as it is too large.
async fn read(mut answer: Response, limit: usize) -> Result<Vec<u8>, RelayError> {
    let mut body = BoundedBody::new(limit);
    body.check_announced(answer.content_length())?;
    while let Some(chunk) = answer.chunk().await? {
        body.handle_chunk(&chunk)?;
    }
    Ok(body.into_bytes())
}

async fn refuse_errors(answer: Response) -> Result<Response, RelayError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let remedy = Remedy::of(status.as_u16(), asked);
    let told = read(answer, MAX_ERROR_BYTES).await.ok();
    if let Some(floor) = told.as_deref().and_then(wire::floor_of) {
        return Err(RelayError::Compacted(floor));
    }
    let error: ApiError =
        told.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_else(|| ApiError {
            code: Code::Unknown,
            message: "no details were given".into(),
        });
    // These words go to logs and terminals.
    let ApiError { code, message } = error;
    let shown = message.chars().filter(|one| text::hidden(*one).is_none());
    let message = shown.take(MAX_MESSAGE_CHARS).collect();
    Err(RelayError::Refused { status: status.as_u16(), code, message, remedy })
}

/// What compaction asks for.
impl Relay {
    /// A sealed blob; whoever opens it checks its digest.
    ///
    /// # Errors
    /// [`RelayError`].
    pub async fn blob(&self, digest: Digest) -> Result<Vec<u8>, RelayError> {
        let path = wire::blob_path(self.identity.workspace, digest);
        let answer = self.send(Method::GET, &path, wire::CBOR, vec![]).await?;
        read(answer, MAX_BLOB_BYTES).await
    }

    /// Has the relay let go of its records up to the floor, and where the floor then is: the
    /// relay goes in steps.
    ///
    /// # Errors
    /// [`RelayError`].
    pub async fn put_floor(&self, floor: Floor) -> Result<Floor, RelayError> {
        let path = wire::floor_path(self.identity.workspace);
        let answer = self.send_json(Method::PUT, &path, &floor).await?;
        let bytes = read(answer, MAX_ERROR_BYTES).await?;
        serde_json::from_slice(&bytes).map_err(|error| RelayError::Answer(error.to_string()))
    }

    /// Has the relay let go of blobs; at most
    /// [`countersign_sync::limits::MAX_DROPPED_BLOBS`] at once.
    ///
    /// # Errors
    /// [`RelayError`].
    pub async fn drop_blobs(&self, blobs: &[Digest]) -> Result<(), RelayError> {
        let path = wire::dropped_blobs_path(self.identity.workspace);
        self.send_json(Method::POST, &path, &DroppedBlobs { blobs: blobs.to_vec() }).await?;
        Ok(())
    }

    async fn send_json(
        &self,
        method: Method,
        path: &str,
        body: &impl serde::Serialize,
    ) -> Result<Response, RelayError> {
        let body =
            serde_json::to_vec(body).map_err(|error| RelayError::Answer(error.to_string()))?;
        self.send(method, path, "application/json", body).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_on_this_machine_is_told_by_its_address() {
        for url in [
            "http://127.0.0.1:7410",
            "http://127.9.9.9",
            "http://[::1]:1",
            "http://[::ffff:127.0.0.1]",
            "http://localhost:7410",
            "http://relay.localhost",
        ] {
            assert!(is_loopback(&url.parse().unwrap()), "{url}");
        }
        for url in ["https://relay.example.com", "http://10.0.0.1", "http://localhost.example.com"]
        {
            assert!(!is_loopback(&url.parse().unwrap()), "{url}");
        }
    }
}
