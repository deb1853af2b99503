//! The one thread that writes. Requests that wait together share one durable commit; each
//! is all or nothing, and its nonce is spent in the same transaction, as is its budget.

use crate::{
    auth::now_unix_s,
    budget::{Item, Tab, add_workspace},
    compaction,
    config::Limits,
    queue::Queue,
    refusal::{Code, Refusal},
    store::{Store, StoreError, signed, unsigned},
};
use bytes::Bytes;
use countersign_model::{DeviceId, Digest, WorkspaceId};
use countersign_sync::{
    SealedRecord, VerifiedRequest,
    limits::CREATED_WINDOW_S,
    wire::{CreateWorkspace, DeviceEntry, Floor},
};
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Jobs of the operator that may wait.
const OPERATOR_SHARE: usize = 16;

/// What is to be written.
#[derive(Debug)]
pub(crate) enum Change {
    Workspace(CreateWorkspace),
    Devices(Vec<DeviceEntry>),
    Records(Vec<SealedRecord>),
    /// Each with its digest.
    Blobs(Vec<(Digest, Bytes)>),
    Floor(Floor),
    DropBlobs(Vec<Digest>),
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Written {
    Stored,
    Records { positions: Vec<u64>, head: u64 },
    Floor(Floor),
}

/// A change that somebody asks for.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) workspace: WorkspaceId,
    /// Whose it is; `None` is the operator's.
    pub(crate) request: Option<VerifiedRequest>,
    pub(crate) change: Change,
}

#[derive(Debug)]
struct Job {
    order: Order,
    answer: oneshot::Sender<Result<Written, Refusal>>,
}

/// Hands changes to the writer thread, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Writer(Arc<Queue<Job>>);

impl Writer {
    pub(crate) fn start(store: &Store, limits: Limits) -> Result<Self, StoreError> {
        let connection = store.connect()?;
        let queue = Arc::new(Queue::new());
        let jobs = Arc::clone(&queue);
        std::thread::Builder::new()
            .name("relay-writer".to_owned())
            .spawn(move || run(connection, &jobs, limits))?;
        Ok(Self(queue))
    }

    /// Writes durably, or refuses and writes nothing. `request` is of a device that may have
    /// `share` changes waiting.
    pub(crate) async fn write(
        &self,
        workspace: WorkspaceId,
        request: Option<(VerifiedRequest, usize)>,
        change: Change,
    ) -> Result<Written, Refusal> {
        let (answer, answered) = oneshot::channel();
        let share = request.map_or(OPERATOR_SHARE, |(_, share)| share);
        let request = request.map(|(request, _)| request);
        let principal = request.map(|request| (workspace, request.key_id));
        let bytes = change.bytes();
        let job = Job { order: Order { workspace, request, change }, answer };
        self.0.push(principal, share, bytes, job).map_err(|_| {
            Refusal::busy("this device has as much to be written as one may: try again in a moment")
        })?;
        answered.await.unwrap_or_else(|_| Err(Refusal::store(&"the writer ended")))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Change {
    /// What it weighs in the queue.
    fn bytes(&self) -> usize {
        match self {
            Self::Workspace(_) => 0,
            // It takes as long as many records do.
            Self::Floor(_) => 1 << 20,
            Self::DropBlobs(blobs) => blobs.len() * 32,
            Self::Devices(devices) => devices.len() * 128,
            Self::Records(records) => records.iter().map(|record| record.as_bytes().len()).sum(),
            Self::Blobs(blobs) => blobs.iter().map(|(_, bytes)| bytes.len()).sum(),
        }
    }
}

fn run(mut connection: Connection, queue: &Queue<Job>, limits: Limits) {
    while let Some(jobs) = queue.next_group() {
        let orders = jobs.iter().map(|job| &job.order);
        match commit(&mut connection, orders, &limits, now_unix_s()) {
            Ok(results) => {
                for (job, result) in jobs.into_iter().zip(results) {
                    // The asker may have gone; what was written stays.
                    let _ = job.answer.send(result);
                }
            }
            Err(error) => {
                for job in jobs {
                    let _ = job.answer.send(Err(Refusal::store(&error)));
                }
            }
        }
    }
}

/// Writes orders in one durable transaction; each is all or nothing.
pub(crate) fn commit<'a>(
    connection: &mut Connection,
    orders: impl Iterator<Item = &'a Order>,
    limits: &Limits,
    now_unix_s: i64,
) -> Result<Vec<Result<Written, Refusal>>, StoreError> {
    let mut transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // Once for all: the index by age finds what is old without looking at the rest.
    transaction
        .prepare_cached("DELETE FROM nonce WHERE created < ?1")?
        .execute([now_unix_s.saturating_sub(4 * CREATED_WINDOW_S)])?;
    let mut results = Vec::new();
    for order in orders {
        let savepoint = transaction.savepoint()?;
        let result = apply(&savepoint, order, limits)?;
        if result.is_ok() {
            savepoint.commit()?;
        } else {
            savepoint.finish()?;
        }
        results.push(result);
    }
    transaction.commit()?;
    Ok(results)
}

fn apply(
    connection: &Connection,
    order: &Order,
    limits: &Limits,
) -> Result<Result<Written, Refusal>, StoreError> {
    let workspace = order.workspace;
    let Some(request) = &order.request else {
        return match &order.change {
            Change::Workspace(create) => create_workspace(connection, workspace, *create, limits),
            _ => Ok(Err(Refusal::store(&"a change without a device"))),
        };
    };
    if !is_enrolled(connection, workspace, request.key_id)? {
        // It was when it asked; a new list of devices was written in between.
        return Ok(Err(Refusal::revoked()));
    }
    connection.prepare_cached("INSERT OR IGNORE INTO nonce VALUES (?1, ?2, ?3, ?4)")?.execute(
        params![
            workspace.uuid().as_bytes(),
            request.key_id.uuid().as_bytes(),
            request.nonce,
            request.created_unix_s
        ],
    )?;
    match &order.change {
        Change::Workspace(_) => Ok(Err(Refusal::store(&"a device creates no workspace"))),
        Change::Devices(devices) => set_devices(connection, workspace, devices),
        Change::Records(records) => append(connection, workspace, records, limits),
        Change::Blobs(blobs) => put_blobs(connection, workspace, request.key_id, blobs, limits),
        Change::Floor(floor) => compaction::raise_floor(connection, workspace, *floor, limits),
        Change::DropBlobs(blobs) => compaction::drop_blobs(connection, workspace, blobs, limits),
    }
}

fn is_enrolled(
    connection: &Connection,
    workspace: WorkspaceId,
    device: DeviceId,
) -> Result<bool, StoreError> {
    let (workspace, device) = (workspace.uuid(), device.uuid());
    let mut select = connection
        .prepare_cached("SELECT 1 FROM device WHERE workspace = ?1 AND id = ?2 AND revoked = 0")?;
    Ok(select.exists(params![workspace.as_bytes(), device.as_bytes()])?)
}

fn create_workspace(
    connection: &Connection,
    workspace: WorkspaceId,
    create: CreateWorkspace,
    limits: &Limits,
) -> Result<Result<Written, Refusal>, StoreError> {
    let id = workspace.uuid();
    let existing: Option<([u8; 16], [u8; 32])> = connection
        .query_row(
            "SELECT owner, key FROM workspace JOIN device
             ON device.workspace = workspace.id AND device.id = owner WHERE workspace.id = ?1",
            [id.as_bytes()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    if let Some((owner, key)) = existing {
        let same = owner == *create.device.uuid().as_bytes() && key == *create.key.as_bytes();
        let message = "the workspace exists with another owner device";
        return Ok(if same {
            Ok(Written::Stored)
        } else {
            Err(Refusal::new(Code::Exists, message))
        });
    }
    if let Err(refusal) = add_workspace(connection, limits)? {
        return Ok(Err(refusal));
    }
    let owner = create.device.uuid();
    connection.execute(
        "INSERT INTO workspace (id, owner) VALUES (?1, ?2)",
        params![id.as_bytes(), owner.as_bytes()],
    )?;
    let entry = DeviceEntry { device: create.device, key: create.key, revoked: false };
    insert_device(connection, workspace, &entry)?;
    Ok(Ok(Written::Stored))
}

fn insert_device(
    connection: &Connection,
    workspace: WorkspaceId,
    entry: &DeviceEntry,
) -> Result<(), StoreError> {
    connection.prepare_cached("INSERT INTO device VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        workspace.uuid().as_bytes(),
        entry.device.uuid().as_bytes(),
        entry.key.as_bytes(),
        entry.revoked
    ])?;
    Ok(())
}

fn set_devices(
    connection: &Connection,
    workspace: WorkspaceId,
    devices: &[DeviceEntry],
) -> Result<Result<Written, Refusal>, StoreError> {
    connection.execute("DELETE FROM device WHERE workspace = ?1", [workspace.uuid().as_bytes()])?;
    for entry in devices {
        insert_device(connection, workspace, entry)?;
    }
    Ok(Ok(Written::Stored))
}

fn append(
    connection: &Connection,
    workspace: WorkspaceId,
    records: &[SealedRecord],
    limits: &Limits,
) -> Result<Result<Written, Refusal>, StoreError> {
    let id = workspace.uuid();
    let mut head = compaction::head(connection, workspace)?;
    let mut tab = Tab::open(connection, limits, workspace)?;
    let mut positions = Vec::with_capacity(records.len());
    for record in records {
        match place(connection, record)? {
            Place::Known(position) => {
                positions.push(position);
                continue;
            }
            Place::Refused(refusal) => return Ok(Err(refusal)),
            Place::Next => {}
        }
        // Its writer pays, whoever brings it: nobody can write in another's name.
        let header = record.header();
        if let Err(refusal) = tab.take(header.writer, Item::Record, record.as_bytes().len())? {
            return Ok(Err(refusal));
        }
        head += 1;
        connection.prepare_cached("INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?.execute(
            params![
                id.as_bytes(),
                signed(head)?,
                header.writer.uuid().as_bytes(),
                signed(header.writer_seq)?,
                record.digest().as_bytes(),
                record.as_bytes()
            ],
        )?;
        positions.push(head);
    }
    tab.settle()?;
    Ok(Ok(Written::Records { positions, head }))
}

enum Place {
    Known(u64),
    Next,
    Refused(Refusal),
}

/// Where a record stands in its writer's chain.
fn place(connection: &Connection, record: &SealedRecord) -> Result<Place, StoreError> {
    let header = record.header();
    let (workspace, writer) = (header.workspace.uuid(), header.writer);
    if let Some((position, digest)) =
        at(connection, workspace, writer, header.writer_seq, "position, digest", |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 32]>(1)?))
        })?
    {
        return Ok(if digest == *record.digest().as_bytes() {
            Place::Known(unsigned(position)?)
        } else {
            let message = "another record stands at this writer_seq: the writer's chain forked";
            Place::Refused(Refusal::new(Code::Fork, message))
        });
    }
    let let_go = compaction::let_go_of(connection, header.workspace, writer)?;
    if let_go.is_some_and(|(records, _)| header.writer_seq < records) {
        let floor = compaction::floor(connection, header.workspace)?;
        return Ok(Place::Refused(Refusal::compacted(floor)));
    }
    let prev = match header.writer_seq.checked_sub(1) {
        None => Some([0; 32]),
        Some(seq) => at(connection, workspace, writer, seq, "digest", |row| row.get(0))?
            .or_else(|| let_go.and_then(|(records, last)| (records == seq + 1).then_some(last))),
    };
    Ok(match prev {
        None => {
            let message =
                "records of this writer before this writer_seq are missing: push them first";
            Place::Refused(Refusal::new(Code::Gap, message))
        }
        Some(prev) if prev != *header.prev.as_bytes() => {
            let message = "the record does not follow the writer's last one: the chain forked";
            Place::Refused(Refusal::new(Code::Fork, message))
        }
        Some(_) => Place::Next,
    })
}

fn at<T>(
    connection: &Connection,
    workspace: uuid::Uuid,
    writer: DeviceId,
    writer_seq: u64,
    columns: &'static str,
    read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, StoreError> {
    let query = format!(
        "SELECT {columns} FROM record WHERE workspace = ?1 AND writer = ?2 AND writer_seq = ?3"
    );
    // A seq beyond the column's range is nowhere.
    let seq = i64::try_from(writer_seq).unwrap_or(-1);
    let writer = writer.uuid();
    let key = params![workspace.as_bytes(), writer.as_bytes(), seq];
    Ok(connection.prepare_cached(&query)?.query_row(key, read).optional()?)
}

/// A refusal takes back what was inserted: the job stands in a savepoint of its own.
fn put_blobs(
    connection: &Connection,
    workspace: WorkspaceId,
    sender: DeviceId,
    blobs: &[(Digest, Bytes)],
    limits: &Limits,
) -> Result<Result<Written, Refusal>, StoreError> {
    let id = workspace.uuid();
    let mut tab = Tab::open(connection, limits, workspace)?;
    let mut insert =
        connection.prepare_cached("INSERT OR IGNORE INTO blob VALUES (?1, ?2, ?3, ?4)")?;
    for (digest, bytes) in blobs {
        let is_new = insert.execute(params![
            id.as_bytes(),
            digest.as_bytes(),
            sender.uuid().as_bytes(),
            bytes.as_ref()
        ])? > 0;
        if is_new && let Err(refusal) = tab.take(sender, Item::Blob, bytes.len())? {
            return Ok(Err(refusal));
        }
    }
    tab.settle()?;
    Ok(Ok(Written::Stored))
}
