//! The one thread that writes. Requests that wait together share one durable commit; each
//! is all or nothing, and its nonce is spent in the same transaction.

use crate::{
    config::Limits,
    refusal::Refusal,
    store::{Store, StoreError, unsigned},
};
use axum::http::StatusCode;
use bytes::Bytes;
use countersign_model::{DeviceId, Digest, WorkspaceId};
use countersign_sync::{
    SealedRecord, VerifiedRequest,
    limits::CREATED_WINDOW_S,
    wire::{CreateWorkspace, DeviceEntry},
};
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::{mpsc, oneshot};

/// Requests that may wait for the writer; more are refused.
const QUEUE: usize = 1_024;
/// Requests in one commit.
const GROUP: usize = 256;

/// What is to be written.
#[derive(Debug)]
pub(crate) enum Change {
    Workspace(CreateWorkspace),
    Devices(Vec<DeviceEntry>),
    Records(Vec<SealedRecord>),
    Blob(Digest, Bytes),
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Written {
    Stored,
    Records { positions: Vec<u64>, head: u64 },
}

#[derive(Debug)]
struct Job {
    workspace: WorkspaceId,
    request: Option<VerifiedRequest>,
    change: Change,
    answer: oneshot::Sender<Result<Written, Refusal>>,
}

/// Hands changes to the writer thread, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Writer(mpsc::Sender<Job>);

impl Writer {
    pub(crate) fn start(store: &Store, limits: Limits) -> Result<Self, StoreError> {
        let connection = store.connect()?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        std::thread::Builder::new()
            .name("relay-writer".to_owned())
            .spawn(move || run(connection, queue, limits))?;
        Ok(Self(jobs))
    }

    /// Writes durably, or refuses and writes nothing.
    pub(crate) async fn write(
        &self,
        workspace: WorkspaceId,
        request: Option<VerifiedRequest>,
        change: Change,
    ) -> Result<Written, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.0.try_send(Job { workspace, request, change, answer }).map_err(|_| {
            let message = "the relay has too much to write: try again in a moment";
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "BUSY", message)
        })?;
        answered.await.unwrap_or_else(|_| Err(Refusal::store(&"the writer ended")))
    }
}

fn run(mut connection: Connection, mut queue: mpsc::Receiver<Job>, limits: Limits) {
    while let Some(first) = queue.blocking_recv() {
        let mut jobs = vec![first];
        while jobs.len() < GROUP {
            let Ok(job) = queue.try_recv() else { break };
            jobs.push(job);
        }
        match commit(&mut connection, &jobs, limits) {
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

fn commit(
    connection: &mut Connection,
    jobs: &[Job],
    limits: Limits,
) -> Result<Vec<Result<Written, Refusal>>, StoreError> {
    let mut transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut results = Vec::with_capacity(jobs.len());
    for job in jobs {
        let savepoint = transaction.savepoint()?;
        let result = apply(&savepoint, job, limits)?;
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
    job: &Job,
    limits: Limits,
) -> Result<Result<Written, Refusal>, StoreError> {
    if let Some(request) = &job.request {
        connection
            .prepare_cached("DELETE FROM nonce WHERE created < ?1")?
            .execute([request.created_unix_s.saturating_sub(4 * CREATED_WINDOW_S)])?;
        connection.prepare_cached("INSERT OR IGNORE INTO nonce VALUES (?1, ?2, ?3)")?.execute(
            params![request.key_id.uuid().as_bytes(), request.nonce, request.created_unix_s],
        )?;
    }
    let workspace = job.workspace;
    match &job.change {
        Change::Workspace(create) => create_workspace(connection, workspace, *create),
        Change::Devices(devices) => set_devices(connection, workspace, devices),
        Change::Records(records) => append(connection, workspace, records, limits),
        Change::Blob(digest, bytes) => put_blob(connection, workspace, *digest, bytes, limits),
    }
}

fn create_workspace(
    connection: &Connection,
    workspace: WorkspaceId,
    create: CreateWorkspace,
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
            Err(Refusal::conflict("EXISTS", message))
        });
    }
    let owner = create.device.uuid();
    connection.execute(
        "INSERT INTO workspace VALUES (?1, ?2)",
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
    limits: Limits,
) -> Result<Result<Written, Refusal>, StoreError> {
    let id = workspace.uuid();
    let mut head = unsigned(
        connection
            .prepare_cached("SELECT COALESCE(MAX(position), 0) FROM record WHERE workspace = ?1")?
            .query_row([id.as_bytes()], |row| row.get(0))?,
    )?;
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
        if head >= limits.records_per_workspace {
            let message = "the workspace has as many records as this relay allows";
            let status = StatusCode::INSUFFICIENT_STORAGE;
            return Ok(Err(Refusal::new(status, "WORKSPACE_FULL", message)));
        }
        head += 1;
        let header = record.header();
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
            Place::Refused(Refusal::conflict("FORK", message))
        });
    }
    let prev = match header.writer_seq.checked_sub(1) {
        None => Some([0; 32]),
        Some(seq) => at(connection, workspace, writer, seq, "digest", |row| row.get(0))?,
    };
    Ok(match prev {
        None => {
            let message =
                "records of this writer before this writer_seq are missing: push them first";
            Place::Refused(Refusal::conflict("GAP", message))
        }
        Some(prev) if prev != *header.prev.as_bytes() => {
            let message = "the record does not follow the writer's last one: the chain forked";
            Place::Refused(Refusal::conflict("FORK", message))
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

fn put_blob(
    connection: &Connection,
    workspace: WorkspaceId,
    digest: Digest,
    bytes: &Bytes,
    limits: Limits,
) -> Result<Result<Written, Refusal>, StoreError> {
    let id = workspace.uuid();
    let count: i64 = connection
        .prepare_cached("SELECT COUNT(*) FROM blob WHERE workspace = ?1")?
        .query_row([id.as_bytes()], |row| row.get(0))?;
    let known = connection
        .prepare_cached("SELECT 1 FROM blob WHERE workspace = ?1 AND digest = ?2")?
        .exists(params![id.as_bytes(), digest.as_bytes()])?;
    if known {
        return Ok(Ok(Written::Stored));
    }
    if unsigned(count)? >= limits.blobs_per_workspace {
        let message = "the workspace has as many blobs as this relay allows";
        let status = StatusCode::INSUFFICIENT_STORAGE;
        return Ok(Err(Refusal::new(status, "WORKSPACE_FULL", message)));
    }
    connection.prepare_cached("INSERT INTO blob VALUES (?1, ?2, ?3)")?.execute(params![
        id.as_bytes(),
        digest.as_bytes(),
        bytes.as_ref()
    ])?;
    Ok(Ok(Written::Stored))
}

fn signed(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Foreign)
}
