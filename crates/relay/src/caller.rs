//! Who asks, step by step: each is cheaper than what it protects. The signature covers the
//! body's digest, so a stranger is refused before a byte of its body is read, and can use
//! up nothing of the device that it names.

use crate::{
    api::{App, parse},
    auth::{PENALTY, Seat, now_unix_s},
    refusal::{Code, Refusal},
};
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use bytes::Bytes;
use countersign_door::Peer;
use countersign_model::{PublicKey, WorkspaceId};
use countersign_sync::{BoundedBody, RequestSignature, VerifiedRequest};
use std::{sync::Arc, time::Duration};
use tokio::sync::OwnedSemaphorePermit;
use tokio_stream::StreamExt as _;

/// How long a sender may leave its body lying.
const BODY_PAUSE: Duration = Duration::from_secs(15);
/// How long a body may take in all.
const BODY_TIME: Duration = Duration::from_secs(120);

/// A device that has shown who it is, with its request.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) workspace: WorkspaceId,
    pub(crate) request: VerifiedRequest,
    pub(crate) key: PublicKey,
    pub(crate) seat: Arc<Seat>,
    pub(crate) body: Bytes,
    /// Held until the request is answered.
    slot: Option<OwnedSemaphorePermit>,
}

impl Caller {
    /// For what goes on after the answer has begun.
    pub(crate) fn without_slot(mut self) -> Self {
        self.slot = None;
        self
    }
}

impl App {
    /// Finds out who asks, and reads the body of a device that has room for it.
    pub(crate) async fn authenticate(
        &self,
        workspace: &str,
        request: Request,
        max_body: usize,
    ) -> Result<Caller, Refusal> {
        let workspace = parse::<WorkspaceId>(workspace)?;
        let (parts, body) = request.into_parts();
        let peer = parts.extensions.get::<Peer>().copied();
        if self.guard.is_slowed(peer) {
            tokio::time::sleep(PENALTY).await;
        }
        // What a body may have is paid before it is read.
        let most = claimed_length(&parts.headers).unwrap_or(max_body as u64).min(max_body as u64);
        let admitted = self.identify(workspace, &parts).and_then(|known| {
            let slot = known.seat.admit(&known.request, most, now_unix_s())?;
            Ok((known, slot))
        });
        let (known, slot) = match admitted {
            Ok(admitted) => admitted,
            Err(refusal) => {
                if refusal.status() == StatusCode::UNAUTHORIZED {
                    self.guard.note_stranger(peer);
                } else if refusal.status() == StatusCode::TOO_MANY_REQUESTS {
                    tokio::time::sleep(PENALTY).await;
                }
                countersign_door::discard(body, max_body, BODY_PAUSE).await;
                return Err(refusal);
            }
        };
        let body = read_body(body, &parts.headers, max_body).await?;
        known.seat.refund_written(most.saturating_sub(body.len() as u64));
        known.claim.verify_body(&body)?;
        let Known { request, key, seat, .. } = known;
        Ok(Caller { workspace, request, key, seat, body, slot: Some(slot) })
    }

    /// Who signed the request's head.
    fn identify(&self, workspace: WorkspaceId, parts: &Parts) -> Result<Known, Refusal> {
        let claim = RequestSignature::parse(|name| {
            parts.headers.get(name).and_then(|value| value.to_str().ok())
        })?;
        claim.check_fresh(now_unix_s())?;
        let (key, owner) = self.key_of(workspace, claim.key_id())?;
        let principal = (workspace, claim.key_id());
        self.guard.peek(principal)?;
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let request = claim.verify_head(parts.method.as_str(), target, &key)?;
        Ok(Known { claim, request, key, seat: self.guard.seat(principal, owner) })
    }
}

/// A true signature, and whose.
struct Known {
    claim: RequestSignature,
    request: VerifiedRequest,
    key: PublicKey,
    seat: Arc<Seat>,
}

/// Reads a body that is neither too large nor too slow.
pub(crate) async fn read_body(
    body: Body,
    headers: &HeaderMap,
    max: usize,
) -> Result<Bytes, Refusal> {
    let too_large = || Refusal::too_large(format!("the body is larger than {max} bytes"));
    let mut read = BoundedBody::new(max);
    read.check_announced(claimed_length(headers)).map_err(|_| too_large())?;
    let mut chunks = body.into_data_stream();
    let all = async {
        loop {
            let next = tokio::time::timeout(BODY_PAUSE, chunks.next());
            let Some(chunk) = next.await.map_err(|_| too_slow())? else {
                return Ok::<(), Refusal>(());
            };
            let chunk =
                chunk.map_err(|_| Refusal::new(Code::Body, "the body broke off: send it again"))?;
            read.handle_chunk(&chunk).map_err(|_| too_large())?;
        }
    };
    tokio::time::timeout(BODY_TIME, all).await.map_err(|_| too_slow())??;
    Ok(read.into_bytes().into())
}

fn claimed_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_slow() -> Refusal {
    let message = "the body came too slowly: send less at once";
    Refusal::new(Code::BodyTimeout, message)
}
