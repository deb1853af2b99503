//! The HTTP API v1 (`docs/formats/relay-api.md`).

use crate::{
    auth::{Guard, now_unix_s},
    config::{Config, Limits},
    refusal::Refusal,
    store::{Store, StoreError, Workspace},
    tail,
    writer::{Change, Writer, Written},
};
use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{Path, Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use bytes::Bytes;
use countersign_model::{DeviceId, Digest, PublicKey, WorkspaceId};
use countersign_sync::{
    RequestSignature, SealedRecord, VerifiedRequest,
    limits::{MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_BLOB_BYTES, MAX_DEVICES},
    wire::{self, CreateWorkspace, DeviceList, Page, Pushed},
};
use std::{
    collections::BTreeMap,
    str::FromStr,
    sync::{Arc, PoisonError, RwLock},
};
use tokio::sync::{Semaphore, watch};

/// The largest body of a JSON request, in bytes.
const MAX_JSON_BYTES: usize = 512 * 1024;

/// What every handler needs.
#[derive(Debug)]
pub(crate) struct App {
    store: Arc<Store>,
    writer: Writer,
    guard: Guard,
    limits: Limits,
    operator_token: Digest,
    workspaces: RwLock<BTreeMap<WorkspaceId, Entry>>,
    tails: Arc<Semaphore>,
    closing: watch::Receiver<bool>,
}

#[derive(Debug)]
struct Entry {
    workspace: Workspace,
    head: watch::Sender<u64>,
}

type Answer = Result<Response, Refusal>;

pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/v1/workspaces/{workspace}", put(create_workspace))
        .route("/v1/workspaces/{workspace}/devices", put(set_devices))
        .route("/v1/workspaces/{workspace}/records", post(push).get(pull))
        .route("/v1/workspaces/{workspace}/tail", get(open_tail))
        .route("/v1/workspaces/{workspace}/blobs/{digest}", put(put_blob).get(get_blob))
        .fallback(|| async { Refusal::not_found("no such path in this API") })
        .with_state(app)
}

impl App {
    pub(crate) fn new(
        store: Store,
        writer: Writer,
        config: &Config,
        closing: watch::Receiver<bool>,
    ) -> Result<Self, StoreError> {
        let workspaces = store.workspaces()?.into_iter().map(|(id, workspace)| {
            let head = watch::Sender::new(workspace.head);
            (id, Entry { workspace, head })
        });
        Ok(Self {
            workspaces: RwLock::new(workspaces.collect()),
            guard: Guard::with_spent(store.nonces()?),
            store: Arc::new(store),
            writer,
            limits: config.limits,
            operator_token: Digest::of(config.operator_token.as_bytes()),
            tails: Arc::new(Semaphore::new(config.limits.tails)),
            closing,
        })
    }

    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.clone()
    }

    pub(crate) async fn page(
        &self,
        workspace: WorkspaceId,
        after: u64,
        limit: usize,
    ) -> Result<Page, Refusal> {
        let head = self.with(workspace, |entry| *entry.head.borrow())?;
        self.read(move |store| store.page(workspace, after, limit, head)).await
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || read(&store))
            .await
            .map_err(|error| Refusal::store(&error))?
            .map_err(|error| Refusal::store(&error))
    }

    fn with<T>(
        &self,
        workspace: WorkspaceId,
        look: impl FnOnce(&Entry) -> T,
    ) -> Result<T, Refusal> {
        let all = self.workspaces.read().unwrap_or_else(PoisonError::into_inner);
        // The same answer as for a stranger's key: nobody learns which workspaces exist.
        all.get(&workspace).map(look).ok_or_else(unknown_device)
    }

    fn key_of(&self, workspace: WorkspaceId, device: DeviceId) -> Result<PublicKey, Refusal> {
        let entry = self.with(workspace, |entry| entry.workspace.devices.get(&device).copied())?;
        let entry = entry.ok_or_else(unknown_device)?;
        if entry.revoked {
            let message = "this device was revoked: enrol it again";
            return Err(Refusal::new(StatusCode::FORBIDDEN, "REVOKED", message));
        }
        Ok(entry.key)
    }

    /// Checks who asks before the body is read, and the body before anything is done.
    async fn authenticate(
        &self,
        workspace: &str,
        request: Request,
        max_body: usize,
    ) -> Result<(WorkspaceId, VerifiedRequest, Bytes), Refusal> {
        let workspace = parse::<WorkspaceId>(workspace)?;
        let (parts, body) = request.into_parts();
        let claim = RequestSignature::parse(|name| {
            parts.headers.get(name).and_then(|value| value.to_str().ok())
        })?;
        claim.check_fresh(now_unix_s())?;
        let key = self.key_of(workspace, claim.key_id())?;
        let body = read_body(body, &parts.headers, max_body).await?;
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let verified = claim.verify(parts.method.as_str(), target, &body, &key)?;
        // Only a true signature spends the device's tokens and nonces.
        self.guard.take(verified.key_id, &self.limits)?;
        self.guard.spend(&verified, now_unix_s())?;
        Ok((workspace, verified, body))
    }
}

async fn create_workspace(
    State(app): State<Arc<App>>,
    Path(workspace): Path<String>,
    request: Request,
) -> Answer {
    let (parts, body) = request.into_parts();
    let token = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer "));
    // Digests are compared, so the time taken tells nothing about the token.
    if token.map(|token| Digest::of(token.as_bytes())) != Some(app.operator_token) {
        let message = "creating a workspace needs the operator's bearer token";
        return Err(Refusal::new(StatusCode::UNAUTHORIZED, "OPERATOR_TOKEN", message));
    }
    let id = parse::<WorkspaceId>(&workspace)?;
    let body = read_body(body, &parts.headers, MAX_JSON_BYTES).await?;
    let create: CreateWorkspace = json(&body)?;
    app.writer.write(id, None, Change::Workspace(create)).await?;
    let mut all = app.workspaces.write().unwrap_or_else(PoisonError::into_inner);
    all.entry(id).or_insert_with(|| {
        let CreateWorkspace { device, key } = create;
        let entry = wire::DeviceEntry { device, key, revoked: false };
        let workspace = Workspace { owner: device, devices: [(device, entry)].into(), head: 0 };
        Entry { workspace, head: watch::Sender::new(0) }
    });
    tracing::info!(workspace = %id, "workspace ready");
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn set_devices(
    State(app): State<Arc<App>>,
    Path(workspace): Path<String>,
    request: Request,
) -> Answer {
    let (id, verified, body) = app.authenticate(&workspace, request, MAX_JSON_BYTES).await?;
    let owner = app.with(id, |entry| entry.workspace.owner)?;
    if verified.key_id != owner {
        let message = "only the workspace's owner device sets its devices";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "NOT_OWNER", message));
    }
    let DeviceList { devices } = json(&body)?;
    let by_id: BTreeMap<_, _> = devices.iter().map(|entry| (entry.device, *entry)).collect();
    if devices.len() > MAX_DEVICES {
        return Err(Refusal::too_large(format!("at most {MAX_DEVICES} devices")));
    }
    if by_id.len() != devices.len() || by_id.get(&owner).is_none_or(|entry| entry.revoked) {
        let message = "list each device once, and the owner device unrevoked";
        return Err(Refusal::bad("DEVICES", message));
    }
    let change = Change::Devices(devices);
    app.writer.write(id, Some(verified), change).await?;
    let mut all = app.workspaces.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(entry) = all.get_mut(&id) {
        entry.workspace.devices = by_id;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn push(
    State(app): State<Arc<App>>,
    Path(workspace): Path<String>,
    request: Request,
) -> Answer {
    let (id, verified, body) = app.authenticate(&workspace, request, MAX_BATCH_BYTES).await?;
    let devices = app.with(id, |entry| entry.workspace.devices.clone())?;
    // Signatures are checked off the async threads.
    let records = tokio::task::spawn_blocking(move || check_records(id, &devices, &body))
        .await
        .map_err(|error| Refusal::store(&error))??;
    let count = records.len();
    let Written::Records { positions, head } =
        app.writer.write(id, Some(verified), Change::Records(records)).await?
    else {
        return Err(Refusal::store(&"the writer answered another question"));
    };
    app.with(id, |entry| {
        entry.head.send_if_modified(|known| {
            let risen = head > *known;
            *known = head.max(*known);
            risen
        })
    })?;
    tracing::debug!(workspace = %id, device = %verified.key_id, count, head, "records stored");
    Ok(Json(Pushed { positions, head }).into_response())
}

/// Refuses at the door what no reader would accept. The writer need not be the sender:
/// any device may bring a new relay what an old one lost.
fn check_records(
    workspace: WorkspaceId,
    devices: &BTreeMap<DeviceId, wire::DeviceEntry>,
    body: &[u8],
) -> Result<Vec<SealedRecord>, Refusal> {
    let batch = wire::decode_batch(body).map_err(|error| match error {
        wire::WireError::TooLarge => Refusal::too_large(error.to_string()),
        wire::WireError::Malformed => Refusal::bad("MALFORMED", error.to_string()),
    })?;
    let check = |bytes: Vec<u8>| {
        let record = SealedRecord::decode(&bytes).map_err(|error| match error {
            countersign_sync::record::DecodeError::TooLarge => {
                Refusal::too_large(error.to_string())
            }
            countersign_sync::record::DecodeError::Malformed => {
                Refusal::bad("MALFORMED", error.to_string())
            }
        })?;
        if record.header().workspace != workspace {
            let message = "the record belongs to another workspace";
            return Err(Refusal::bad("FOREIGN_WORKSPACE", message));
        }
        let writer = devices.get(&record.header().writer).ok_or_else(|| {
            let message = "the record's writer is not a device of this workspace";
            Refusal::bad("UNKNOWN_WRITER", message)
        })?;
        record.verify(&writer.key).map_err(|_| {
            let message = "the record is not signed by the device that it names";
            Refusal::bad("RECORD_SIGNATURE", message)
        })?;
        Ok(record)
    };
    batch.into_iter().map(check).collect()
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    #[serde(default)]
    after: u64,
    limit: Option<usize>,
}

async fn pull(
    State(app): State<Arc<App>>,
    Path(workspace): Path<String>,
    query: Result<Query<After>, axum::extract::rejection::QueryRejection>,
    request: Request,
) -> Answer {
    let (id, _, _) = app.authenticate(&workspace, request, 0).await?;
    let Query(After { after, limit }) = query.map_err(|_| bad_query())?;
    let page = app.page(id, after, limit.unwrap_or(MAX_BATCH_RECORDS)).await?;
    let body = page.encode().map_err(|error| Refusal::store(&error))?;
    Ok(([(header::CONTENT_TYPE, wire::CBOR)], body).into_response())
}

async fn open_tail(
    State(app): State<Arc<App>>,
    Path(workspace): Path<String>,
    query: Result<Query<After>, axum::extract::rejection::QueryRejection>,
    request: Request,
) -> Answer {
    let (id, _, _) = app.authenticate(&workspace, request, 0).await?;
    let Query(After { after, .. }) = query.map_err(|_| bad_query())?;
    let permit = Arc::clone(&app.tails).try_acquire_owned().map_err(|_| {
        let message = "the relay serves as many live tails as it can: read pages instead";
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "BUSY", message)
    })?;
    let head = app.with(id, |entry| entry.head.subscribe())?;
    let body = tail::open(Arc::clone(&app), id, after, head, permit);
    Ok(([(header::CONTENT_TYPE, wire::TAIL)], body).into_response())
}

async fn put_blob(
    State(app): State<Arc<App>>,
    Path((workspace, digest)): Path<(String, String)>,
    request: Request,
) -> Answer {
    let (id, verified, body) = app.authenticate(&workspace, request, MAX_BLOB_BYTES).await?;
    let digest = parse::<Digest>(&digest)?;
    if Digest::of(&body) != digest {
        return Err(Refusal::bad("BLOB_DIGEST", "the blob's bytes do not have this digest"));
    }
    app.writer.write(id, Some(verified), Change::Blob(digest, body)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn get_blob(
    State(app): State<Arc<App>>,
    Path((workspace, digest)): Path<(String, String)>,
    request: Request,
) -> Answer {
    let (id, _, _) = app.authenticate(&workspace, request, 0).await?;
    let digest = parse::<Digest>(&digest)?;
    let blob = app.read(move |store| store.blob(id, digest)).await?;
    let blob = blob.ok_or_else(|| Refusal::not_found("no such blob in this workspace"))?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], blob).into_response())
}

async fn read_body(body: Body, headers: &HeaderMap, max: usize) -> Result<Bytes, Refusal> {
    let too_large = || Refusal::too_large(format!("the body is larger than {max} bytes"));
    let claimed = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if claimed.and_then(|value| value.parse::<u64>().ok()).is_some_and(|size| size > max as u64) {
        return Err(too_large());
    }
    to_bytes(body, max).await.map_err(|_| too_large())
}

fn json<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::bad("MALFORMED", format!("not the expected JSON: {error}")))
}

fn parse<T: FromStr>(text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("not an id or digest of this API"))
}

fn bad_query() -> Refusal {
    Refusal::bad("QUERY", "the query takes `after` and `limit`, whole numbers")
}

fn unknown_device() -> Refusal {
    Refusal::from(countersign_sync::RequestError::UnknownKey)
}
