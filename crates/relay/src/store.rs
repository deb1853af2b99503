//! The relay's SQLite file: tables, opening, and what readers ask.
//! WAL with `synchronous=FULL`: what was answered survives a power cut.

use crate::compaction;
use countersign_model::{DeviceId, Digest, PublicKey, WorkspaceId};
use countersign_sync::{
    VerifiedRequest,
    limits::{MAX_BATCH_RECORDS, MAX_PAGE_BYTES},
    wire::{DeviceEntry, Floor, Page},
};
use rusqlite::{Connection, OptionalExtension, params};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS workspace (
    id BLOB PRIMARY KEY, owner BLOB NOT NULL, others_bytes INTEGER NOT NULL DEFAULT 0,
    floor INTEGER NOT NULL DEFAULT 0, snapshot INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS device (
    workspace BLOB NOT NULL, id BLOB NOT NULL, key BLOB NOT NULL, revoked INTEGER NOT NULL,
    PRIMARY KEY (workspace, id)) STRICT;
CREATE TABLE IF NOT EXISTS record (
    workspace BLOB NOT NULL, position INTEGER NOT NULL, writer BLOB NOT NULL,
    writer_seq INTEGER NOT NULL, digest BLOB NOT NULL, bytes BLOB NOT NULL,
    UNIQUE (workspace, position), UNIQUE (workspace, writer, writer_seq)) STRICT;
CREATE TABLE IF NOT EXISTS chain (
    workspace BLOB NOT NULL, writer BLOB NOT NULL, records INTEGER NOT NULL, last BLOB NOT NULL,
    PRIMARY KEY (workspace, writer)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blob (
    workspace BLOB NOT NULL, digest BLOB NOT NULL, sender BLOB NOT NULL, bytes BLOB NOT NULL,
    UNIQUE (workspace, digest)) STRICT;
CREATE TABLE IF NOT EXISTS stored (
    workspace BLOB NOT NULL, device BLOB NOT NULL, records INTEGER NOT NULL,
    record_bytes INTEGER NOT NULL, blobs INTEGER NOT NULL, blob_bytes INTEGER NOT NULL,
    PRIMARY KEY (workspace, device)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS disk (
    one INTEGER PRIMARY KEY CHECK (one = 1), bytes INTEGER NOT NULL,
    workspaces INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO disk VALUES (1, 0, 0);
CREATE TABLE IF NOT EXISTS nonce (
    workspace BLOB NOT NULL, device BLOB NOT NULL, nonce BLOB NOT NULL, created INTEGER NOT NULL,
    PRIMARY KEY (workspace, device, nonce)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS nonce_by_age ON nonce (created);
PRAGMA user_version = 3;
";

/// Why the store could not do something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The file system refused.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The file holds what this version cannot read.
    #[error("the file was written by another version of the relay, or is damaged")]
    Foreign,
}

/// The devices of a workspace.
pub(crate) type Devices = BTreeMap<DeviceId, DeviceEntry>;

/// A nonce that a write has spent: whose, which, and when it was signed.
pub(crate) type Spent = (WorkspaceId, VerifiedRequest);

/// A workspace as the relay knows it.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    pub(crate) owner: DeviceId,
    pub(crate) devices: Arc<Devices>,
    pub(crate) head: u64,
    pub(crate) floor: Floor,
}

/// The file; hands out connections for reading.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Store {
    pub(crate) fn open(directory: &Path) -> Result<Self, StoreError> {
        make_private(directory)?;
        Self::at(directory.join("relay.sqlite3"))
    }

    /// Opens the file at this path, or makes it.
    pub(crate) fn at(path: PathBuf) -> Result<Self, StoreError> {
        let store = Self { path, idle: Mutex::default() };
        let connection = store.connect()?;
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if ![0, 3].contains(&version) {
            return Err(StoreError::Foreign);
        }
        connection.execute_batch(SCHEMA)?;
        Ok(store)
    }

    pub(crate) fn connect(&self) -> Result<Connection, StoreError> {
        let connection = Connection::open(&self.path)?;
        connection.set_prepared_statement_cache_capacity(countersign_database::STATEMENTS);
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        Ok(connection)
    }

    /// Runs a read on an idle connection; blocking.
    fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = idle.map_or_else(|| self.connect(), Ok)?;
        let result = read(&connection);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        result
    }

    /// Records after a position, up to `limit` and a message's size, or the floor that is above
    /// it; blocking.
    pub(crate) fn page(
        &self,
        workspace: WorkspaceId,
        after: u64,
        limit: usize,
        head: u64,
    ) -> Result<Result<Page, Floor>, StoreError> {
        let limit = limit.min(MAX_BATCH_RECORDS);
        self.read(|connection| {
            // One state: a floor that rises between two questions would look like a hole.
            let connection = connection.unchecked_transaction()?;
            let floor = compaction::floor(&connection, workspace)?;
            if after < floor.floor {
                return Ok(Err(floor));
            }
            let after = i64::try_from(after).unwrap_or(i64::MAX);
            let mut select = connection.prepare_cached(
                "SELECT position, bytes FROM record WHERE workspace = ?1 AND position > ?2
                 ORDER BY position LIMIT ?3",
            )?;
            let mut rows = select.query(params![
                workspace.uuid().as_bytes(),
                after,
                i64::try_from(limit).unwrap_or(i64::MAX)
            ])?;
            let mut page = Page { records: Vec::new(), head };
            let mut size = 64;
            while let Some(row) = rows.next()? {
                let bytes: Vec<u8> = row.get(1)?;
                size += bytes.len() + 16;
                if size > MAX_PAGE_BYTES {
                    break;
                }
                let position = unsigned(row.get(0)?)?;
                page.head = page.head.max(position);
                page.records.push((position, bytes));
            }
            Ok(Ok(page))
        })
    }

    /// A blob's sealed bytes; blocking.
    pub(crate) fn blob(
        &self,
        workspace: WorkspaceId,
        digest: Digest,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|connection| {
            let mut select = connection
                .prepare_cached("SELECT bytes FROM blob WHERE workspace = ?1 AND digest = ?2")?;
            let id = workspace.uuid();
            let key = params![id.as_bytes(), digest.as_bytes()];
            Ok(select.query_row(key, |row| row.get(0)).optional()?)
        })
    }

    /// Every workspace with its devices and head; blocking, at start.
    pub(crate) fn workspaces(&self) -> Result<BTreeMap<WorkspaceId, Workspace>, StoreError> {
        self.read(|connection| {
            let mut all = BTreeMap::new();
            let mut select = connection.prepare(
                "SELECT id, owner, floor, snapshot, MAX(floor, (SELECT COALESCE(MAX(position), 0)
                 FROM record WHERE workspace = id)) FROM workspace",
            )?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let workspace = Workspace {
                    owner: DeviceId::from_uuid(Uuid::from_bytes(row.get(1)?)),
                    devices: Arc::default(),
                    head: unsigned(row.get(4)?)?,
                    floor: Floor {
                        floor: unsigned(row.get(2)?)?,
                        snapshot: unsigned(row.get(3)?)?,
                    },
                };
                all.insert(WorkspaceId::from_uuid(Uuid::from_bytes(row.get(0)?)), workspace);
            }
            let mut select =
                connection.prepare("SELECT workspace, id, key, revoked FROM device")?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let workspace = WorkspaceId::from_uuid(Uuid::from_bytes(row.get(0)?));
                let device = DeviceId::from_uuid(Uuid::from_bytes(row.get(1)?));
                let key = PublicKey::from_bytes(row.get(2)?).map_err(|_| StoreError::Foreign)?;
                let entry = DeviceEntry { device, key, revoked: row.get(3)? };
                let workspace = all.get_mut(&workspace).ok_or(StoreError::Foreign)?;
                Arc::make_mut(&mut workspace.devices).insert(device, entry);
            }
            Ok(all)
        })
    }

    /// Nonces of writes that may still be replayed; blocking, at start.
    pub(crate) fn nonces(&self) -> Result<Vec<Spent>, StoreError> {
        self.read(|connection| {
            let mut select =
                connection.prepare("SELECT workspace, device, nonce, created FROM nonce")?;
            let rows = select.query_map([], |row| {
                let workspace = WorkspaceId::from_uuid(Uuid::from_bytes(row.get(0)?));
                let key_id = DeviceId::from_uuid(Uuid::from_bytes(row.get(1)?));
                let (nonce, created_unix_s) = (row.get(2)?, row.get(3)?);
                Ok((workspace, VerifiedRequest { key_id, created_unix_s, nonce }))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

pub(crate) fn signed(value: u64) -> Result<i64, StoreError> {
    countersign_database::to_db(value).ok_or(StoreError::Foreign)
}

pub(crate) fn unsigned(value: i64) -> Result<u64, StoreError> {
    countersign_database::from_db(value).ok_or(StoreError::Foreign)
}

/// Makes the directory (0700) and the file (0600); SQLite gives its side files the same mode.
fn make_private(directory: &Path) -> Result<(), StoreError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
        builder.mode(0o700);
        options.mode(0o600);
        builder.create(directory)?;
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700))?;
    }
    #[cfg(not(unix))]
    builder.create(directory)?;
    options.open(directory.join("relay.sqlite3"))?;
    Ok(())
}
