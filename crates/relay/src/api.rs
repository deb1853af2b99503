//! The HTTP API v1 (`docs/formats/relay-api.md`).

use crate::{
    auth::{Guard, PENALTY, Seat},
    caller::{Caller, read_body},
    config::Config,
    refusal::{Code, Refusal},
    store::{Devices, Store, StoreError, Workspace},
    tail::{self, Watched},
    writer::{Change, Writer, Written},
};
use axum::{
    Json, Router,
    extract::{Path, Query, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use bytes::Bytes;
use countersign_door::Peer;
use countersign_model::{DeviceId, Digest, PublicKey, WorkspaceId};
use countersign_sync::{
    Heartbeat, SealedRecord, heartbeat,
    limits::{MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_JSON_BYTES, MAX_UPLOAD_BYTES},
    wire::{self, CreateWorkspace, DeviceList, DroppedBlobs, Floor, Page, Pushed},
};
use std::{
    collections::BTreeMap,
    str::FromStr,
    sync::{Arc, PoisonError, RwLock},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// What every handler needs.
#[derive(Debug)]
pub(crate) struct App {
    store: Arc<Store>,
    writer: Writer,
    pub(crate) guard: Guard,
    operator_token: Digest,
    workspaces: RwLock<BTreeMap<WorkspaceId, Entry>>,
    tails: Arc<Semaphore>,
    heartbeat: Heartbeat,
    /// Heavy work at once. Each device waits for it at most once, and it is given out in
    /// the order of asking: so devices take turns.
    work: Arc<Semaphore>,
    closing: watch::Receiver<bool>,
}

#[derive(Debug)]
struct Entry {
    workspace: Workspace,
    head: watch::Sender<u64>,
    /// Rises with every new list of devices.
    lists: watch::Sender<u64>,
}

/// A device's turn at heavy work.
struct Turn {
    _own: OwnedSemaphorePermit,
    _work: OwnedSemaphorePermit,
}

type Answer = Result<Response, Refusal>;

/// Tells nginx, and what was made after it, to pass an answer on as it comes
/// (`proxy_buffering` in nginx's `ngx_http_proxy_module`).
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/v1/workspaces/{workspace}", put(create_workspace))
        .route("/v1/workspaces/{workspace}/devices", put(set_devices))
        .route("/v1/workspaces/{workspace}/floor", put(raise_floor))
        .route("/v1/workspaces/{workspace}/dropped-blobs", post(drop_blobs))
        .route("/v1/workspaces/{workspace}/records", post(push).get(pull))
        .route("/v1/workspaces/{workspace}/tail", get(open_tail))
        .route("/v1/workspaces/{workspace}/blobs", post(put_blobs))
        .route("/v1/workspaces/{workspace}/blobs/{digest}", get(get_blob))
        .fallback(|| async { Refusal::not_found("no such path in this API") })
        .layer(map_response(never_stored))
        .with_state(app)
}

/// An answer is for this device at this moment: a cache on the way must not give it again.
async fn never_stored(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    answer
}

impl App {
    pub(crate) fn new(
        store: Store,
        writer: Writer,
        config: &Config,
        closing: watch::Receiver<bool>,
    ) -> Result<Self, StoreError> {
        let guard = Guard::new(config.limits);
        let workspaces = store.workspaces()?;
        for (workspace, request) in store.nonces()? {
            if let Some(Workspace { owner, .. }) = workspaces.get(&workspace) {
                guard.seat((workspace, request.key_id), *owner).restore(&request);
            }
        }
        let workspaces = workspaces.into_iter().map(|(id, workspace)| (id, Entry::new(workspace)));
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Ok(Self {
            workspaces: RwLock::new(workspaces.collect()),
            guard,
            store: Arc::new(store),
            writer,
            operator_token: Digest::of(config.operator_token.as_bytes()),
            tails: Arc::new(Semaphore::new(config.limits.tails)),
            heartbeat: config.limits.heartbeat,
            work: Arc::new(Semaphore::new(cores)),
            closing,
        })
    }

    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.clone()
    }

    pub(crate) async fn page(
        &self,
        seat: &Seat,
        workspace: WorkspaceId,
        after: u64,
        limit: usize,
    ) -> Result<Page, Refusal> {
        let head = self.with(workspace, |entry| *entry.head.borrow())?;
        let read = self.work(seat, move |store| store.page(workspace, after, limit, head));
        let page = read.await?.map_err(|error| Refusal::store(&error))?;
        let page = page.map_err(Refusal::compacted)?;
        seat.charge_read(page.records.iter().map(|(_, bytes)| bytes.len()).sum());
        Ok(page)
    }

    /// Does heavy work in the device's turn, off the async threads.
    async fn work<T: Send + 'static>(
        &self,
        seat: &Seat,
        work: impl FnOnce(&Store) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let ended = |_| Refusal::store(&"the relay stops");
        let own = Arc::clone(&seat.turn).acquire_owned().await.map_err(ended)?;
        let all = Arc::clone(&self.work).acquire_owned().await.map_err(ended)?;
        let turn = Turn { _own: own, _work: all };
        let store = Arc::clone(&self.store);
        let done = tokio::task::spawn_blocking(move || {
            // Given back when the work is done, even if the asker has gone.
            let _turn = turn;
            work(&store)
        });
        done.await.map_err(|error| Refusal::store(&error))
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

    /// A device's key and its workspace's owner.
    pub(crate) fn key_of(
        &self,
        workspace: WorkspaceId,
        device: DeviceId,
    ) -> Result<(PublicKey, DeviceId), Refusal> {
        let (entry, owner) = self.with(workspace, |entry| {
            (entry.workspace.devices.get(&device).copied(), entry.workspace.owner)
        })?;
        let entry = entry.ok_or_else(unknown_device)?;
        if entry.revoked { Err(Refusal::revoked()) } else { Ok((entry.key, owner)) }
    }

    /// Whether a device that has shown who it is still is on the list, with the same key.
    pub(crate) fn is_listed(&self, caller: &Caller) -> bool {
        let known = self.key_of(caller.workspace, caller.request.key_id);
        known.is_ok_and(|(key, _)| key == caller.key)
    }

    /// The workspace's owner, if that is who asks.
    fn check_owner(&self, caller: &Caller, what: &str) -> Result<DeviceId, Refusal> {
        let owner = self.with(caller.workspace, |entry| entry.workspace.owner)?;
        if caller.request.key_id == owner {
            return Ok(owner);
        }
        let message = format!("only the workspace's owner device {what}");
        Err(Refusal::new(Code::NotOwner, message))
    }

    async fn write(&self, caller: &Caller, change: Change) -> Result<Written, Refusal> {
        let share = caller.seat.budget.at_once;
        self.writer.write(caller.workspace, Some((caller.request, share)), change).await
    }
}

impl Entry {
    fn new(workspace: Workspace) -> Self {
        let head = watch::Sender::new(workspace.head);
        Self { workspace, head, lists: watch::Sender::new(0) }
    }
}

async fn create_workspace(
    State(app): State<Arc<App>>,
    Path(workspace): Path<String>,
    request: Request,
) -> Answer {
    let (parts, body) = request.into_parts();
    let peer = parts.extensions.get::<Peer>().copied();
    if app.guard.is_slowed(peer) {
        tokio::time::sleep(PENALTY).await;
    }
    let token = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer "));
    // Digests are compared, so the time taken tells nothing about the token.
    if token.map(|token| Digest::of(token.as_bytes())) != Some(app.operator_token) {
        app.guard.note_stranger(peer);
        let message = "creating a workspace needs the operator's bearer token";
        return Err(Refusal::new(Code::OperatorToken, message));
    }
    let id = parse::<WorkspaceId>(&workspace)?;
    let body = read_body(body, &parts.headers, MAX_JSON_BYTES).await?;
    let create: CreateWorkspace = json(&body)?;
    app.writer.write(id, None, Change::Workspace(create)).await?;
    let mut all = app.workspaces.write().unwrap_or_else(PoisonError::into_inner);
    all.entry(id).or_insert_with(|| {
        let CreateWorkspace { device, key } = create;
        let entry = wire::DeviceEntry { device, key, revoked: false };
        let devices = Arc::new([(device, entry)].into());
        let floor = Floor { floor: 0, snapshot: 0 };
        Entry::new(Workspace { owner: device, devices, head: 0, floor })
    });
    tracing::info!(workspace = %id, "workspace ready");
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn set_devices(
    State(app): State<Arc<App>>,
    Path(workspace): Path<String>,
    request: Request,
) -> Answer {
    let caller = app.authenticate(&workspace, request, MAX_JSON_BYTES).await?;
    let id = caller.workspace;
    let owner = app.check_owner(&caller, "sets its devices")?;
    let DeviceList { devices } = json(&caller.body)?;
    let by_id: BTreeMap<_, _> = devices.iter().map(|entry| (entry.device, *entry)).collect();
    if by_id.len() != devices.len() || by_id.get(&owner).is_none_or(|entry| entry.revoked) {
        let message = "list each device once, and the owner device unrevoked";
        return Err(Refusal::new(Code::Devices, message));
    }
    app.write(&caller, Change::Devices(devices)).await?;
    let mut all = app.workspaces.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(entry) = all.get_mut(&id) {
        entry.workspace.devices = Arc::new(by_id);
        // Tails look at the new list before anything else is answered.
        entry.lists.send_modify(|count| *count += 1);
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn raise_floor(
    State(app): State<Arc<App>>,
    Path(workspace): Path<String>,
    request: Request,
) -> Answer {
    let caller = app.authenticate(&workspace, request, MAX_JSON_BYTES).await?;
    app.check_owner(&caller, "raises its floor")?;
    let wanted: Floor = json(&caller.body)?;
    let Written::Floor(floor) = app.write(&caller, Change::Floor(wanted)).await? else {
        return Err(Refusal::store(&"the writer answered another question"));
    };
    let mut all = app.workspaces.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(entry) = all.get_mut(&caller.workspace) {
        // Two that are answered at once may come here in either order.
        let present = &mut entry.workspace.floor;
        if (present.floor, present.snapshot) < (floor.floor, floor.snapshot) {
            *present = floor;
        }
    }
    tracing::info!(workspace = %caller.workspace, floor = floor.floor, "records were let go");
    Ok(Json(floor).into_response())
}

async fn drop_blobs(
    State(app): State<Arc<App>>,
    Path(workspace): Path<String>,
    request: Request,
) -> Answer {
    let caller = app.authenticate(&workspace, request, MAX_JSON_BYTES).await?;
    app.check_owner(&caller, "lets its blobs go")?;
    let DroppedBlobs { blobs } = json(&caller.body)?;
    app.write(&caller, Change::DropBlobs(blobs)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn push(
    State(app): State<Arc<App>>,
    Path(workspace): Path<String>,
    request: Request,
) -> Answer {
    let caller = app.authenticate(&workspace, request, MAX_BATCH_BYTES).await?;
    let (id, body, seat) = (caller.workspace, caller.body.clone(), Arc::clone(&caller.seat));
    let devices = app.with(id, |entry| Arc::clone(&entry.workspace.devices))?;
    let check = move |_: &Store| check_records(id, &devices, &seat, &body);
    let records = app.work(&caller.seat, check).await??;
    let count = records.len();
    let Written::Records { positions, head } = app.write(&caller, Change::Records(records)).await?
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
    tracing::debug!(workspace = %id, device = %caller.request.key_id, count, head, "records stored");
    Ok(Json(Pushed { positions, head }).into_response())
}

/// Refuses at the door what no reader would accept. The writer need not be the sender:
/// any device may bring a new relay what an old one lost.
fn check_records(
    workspace: WorkspaceId,
    devices: &Devices,
    seat: &Seat,
    body: &[u8],
) -> Result<Vec<SealedRecord>, Refusal> {
    let batch = wire::decode_batch(body).map_err(unreadable)?;
    // Each is a signature to check: they are paid for before the first is.
    seat.take_records(batch.len() as u64)?;
    let check = |bytes: &[u8]| {
        let record = SealedRecord::decode(bytes).map_err(|error| match error {
            countersign_sync::record::DecodeError::TooLarge => {
                Refusal::too_large(error.to_string())
            }
            countersign_sync::record::DecodeError::Malformed => {
                Refusal::new(Code::Malformed, error.to_string())
            }
        })?;
        if record.header().workspace != workspace {
            let message = "the record belongs to another workspace";
            return Err(Refusal::new(Code::ForeignWorkspace, message));
        }
        let writer = devices.get(&record.header().writer).ok_or_else(|| {
            let message = "the record's writer is not a device of this workspace";
            Refusal::new(Code::UnknownWriter, message)
        })?;
        record.verify(&writer.key).map_err(|_| {
            let message = "the record is not signed by the device that it names";
            Refusal::new(Code::RecordSignature, message)
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
    let caller = app.authenticate(&workspace, request, 0).await?;
    let Query(After { after, limit }) = query.map_err(|_| bad_query())?;
    caller.seat.check_read()?;
    let limit = limit.unwrap_or(MAX_BATCH_RECORDS);
    let page = app.page(&caller.seat, caller.workspace, after, limit).await?;
    let body = page.encode().map_err(|error| Refusal::store(&error))?;
    Ok(([(header::CONTENT_TYPE, wire::CBOR)], body).into_response())
}

async fn open_tail(
    State(app): State<Arc<App>>,
    Path(workspace): Path<String>,
    query: Result<Query<After>, axum::extract::rejection::QueryRejection>,
    request: Request,
) -> Answer {
    let caller = app.authenticate(&workspace, request, 0).await?;
    let Query(After { after, .. }) = query.map_err(|_| bad_query())?;
    let (owner, floor, head, lists) = app.with(caller.workspace, |entry| {
        let Workspace { owner, floor, .. } = entry.workspace;
        (owner, floor, entry.head.subscribe(), entry.lists.subscribe())
    })?;
    if after < floor.floor {
        return Err(Refusal::compacted(floor));
    }
    let most = caller.seat.budget.tails;
    let own = Arc::clone(&caller.seat.tails).try_acquire_owned().map_err(|_| {
        let message = format!("this device has {most} live tails, as many as one may: close one");
        Refusal::new(Code::DeviceTails, message).after(PENALTY)
    })?;
    let all = if caller.request.key_id == owner {
        None
    } else {
        let all = Arc::clone(&app.tails).try_acquire_owned();
        Some(all.map_err(|_| {
            Refusal::busy("the relay serves as many live tails as it can: read pages instead")
        })?)
    };
    let heartbeat = app.heartbeat;
    let watched = Watched { head, lists, heartbeat, permits: (own, all) };
    let body = tail::open(Arc::clone(&app), caller.without_slot(), after, watched);
    let head = [
        (header::CONTENT_TYPE, wire::TAIL.to_owned()),
        // Nothing on the way may keep bytes until there are more of them, or pack them.
        (header::CACHE_CONTROL, "no-store, no-transform".to_owned()),
        (UNBUFFERED, "no".to_owned()),
        (HeaderName::from_static(heartbeat::HEADER), heartbeat.header_value()),
    ];
    Ok((head, body).into_response())
}

async fn put_blobs(
    State(app): State<Arc<App>>,
    Path(workspace): Path<String>,
    request: Request,
) -> Answer {
    let caller = app.authenticate(&workspace, request, MAX_UPLOAD_BYTES).await?;
    let body = caller.body.clone();
    let blobs = app.work(&caller.seat, move |_| name_blobs(&body)).await??;
    app.write(&caller, Change::Blobs(blobs)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Each blob with its digest. They stay where they came.
fn name_blobs(body: &Bytes) -> Result<Vec<(Digest, Bytes)>, Refusal> {
    let blobs = wire::decode_blobs(body).map_err(unreadable)?;
    Ok(blobs.into_iter().map(|blob| (Digest::of(blob), body.slice_ref(blob))).collect())
}

async fn get_blob(
    State(app): State<Arc<App>>,
    Path((workspace, digest)): Path<(String, String)>,
    request: Request,
) -> Answer {
    let caller = app.authenticate(&workspace, request, 0).await?;
    let (id, digest) = (caller.workspace, parse::<Digest>(&digest)?);
    caller.seat.check_read()?;
    let blob = app.work(&caller.seat, move |store| store.blob(id, digest)).await?;
    let blob = blob.map_err(|error| Refusal::store(&error))?;
    caller.seat.charge_read(blob.as_ref().map_or(0, Vec::len));
    let blob = blob.ok_or_else(|| Refusal::not_found("no such blob in this workspace"))?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], blob).into_response())
}

fn unreadable(error: wire::WireError) -> Refusal {
    match error {
        wire::WireError::TooLarge => Refusal::too_large(error.to_string()),
        wire::WireError::Malformed => Refusal::new(Code::Malformed, error.to_string()),
    }
}

fn json<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::new(Code::Malformed, format!("not the expected JSON: {error}")))
}

pub(crate) fn parse<T: FromStr>(text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("not an id or digest of this API"))
}

fn bad_query() -> Refusal {
    Refusal::new(Code::Query, "the query takes `after` and `limit`, whole numbers")
}

fn unknown_device() -> Refusal {
    Refusal::from(countersign_sync::RequestError::UnknownKey)
}
