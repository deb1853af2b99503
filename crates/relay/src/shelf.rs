//! The relay without sockets, threads and clock: its store and its writer's rules, asked in
//! turn. The simulation drives it over a disk of its own.

use crate::{
    compaction,
    config::Limits,
    refusal::Code,
    store::{Store, StoreError},
    writer::{self, Change, Order, Written},
};
use countersign_model::{Digest, WorkspaceId};
use countersign_sync::{
    SealedRecord, VerifiedRequest,
    wire::{CreateWorkspace, DeviceEntry, Floor, Page, Pushed},
};
use rusqlite::Connection;
use std::path::PathBuf;

/// One workspace on a relay's disk.
#[derive(Debug)]
pub struct Shelf {
    store: Store,
    connection: Connection,
    workspace: WorkspaceId,
    limits: Limits,
}

impl Shelf {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: PathBuf, workspace: WorkspaceId, limits: Limits) -> Result<Self, StoreError> {
        let store = Store::at(path)?;
        let connection = store.connect()?;
        Ok(Self { store, connection, workspace, limits })
    }

    /// Makes the workspace, unless it is there already.
    ///
    /// # Errors
    /// [`StoreError`] when the disk fails, the code inside when the relay refuses.
    pub fn create(
        &mut self,
        create: CreateWorkspace,
        now_unix_s: i64,
    ) -> Result<Result<(), Code>, StoreError> {
        let written = self.write(None, Change::Workspace(create), now_unix_s)?;
        Ok(written.map(|_| ()))
    }

    /// Replaces the list of devices, for a request that was verified.
    ///
    /// # Errors
    /// As [`Shelf::create`].
    pub fn set_devices(
        &mut self,
        request: VerifiedRequest,
        devices: Vec<DeviceEntry>,
        now_unix_s: i64,
    ) -> Result<Result<(), Code>, StoreError> {
        let written = self.write(Some(request), Change::Devices(devices), now_unix_s)?;
        Ok(written.map(|_| ()))
    }

    /// Appends records whose signatures were checked, for a request that was verified.
    ///
    /// # Errors
    /// As [`Shelf::create`].
    pub fn push(
        &mut self,
        request: VerifiedRequest,
        records: Vec<SealedRecord>,
        now_unix_s: i64,
    ) -> Result<Result<Pushed, Code>, StoreError> {
        let written = self.write(Some(request), Change::Records(records), now_unix_s)?;
        Ok(written.map(|written| match written {
            Written::Records { positions, head } => Pushed { positions, head },
            Written::Stored | Written::Floor(_) => Pushed { positions: vec![], head: 0 },
        }))
    }

    /// Keeps sealed blobs, each under the digest of its bytes.
    ///
    /// # Errors
    /// As [`Shelf::create`].
    pub fn put_blobs(
        &mut self,
        request: VerifiedRequest,
        blobs: Vec<Vec<u8>>,
        now_unix_s: i64,
    ) -> Result<Result<(), Code>, StoreError> {
        let blobs = blobs.into_iter().map(|bytes| (Digest::of(&bytes), bytes.into())).collect();
        let written = self.write(Some(request), Change::Blobs(blobs), now_unix_s)?;
        Ok(written.map(|_| ()))
    }

    /// Lets go of records up to a floor, as many as one job may, and says where it then is.
    ///
    /// # Errors
    /// As [`Shelf::create`].
    pub fn raise_floor(
        &mut self,
        request: VerifiedRequest,
        floor: Floor,
        now_unix_s: i64,
    ) -> Result<Result<Floor, Code>, StoreError> {
        let written = self.write(Some(request), Change::Floor(floor), now_unix_s)?;
        Ok(written.map(|written| match written {
            Written::Floor(reached) => reached,
            Written::Stored | Written::Records { .. } => Floor { floor: 0, snapshot: 0 },
        }))
    }

    /// Lets go of blobs.
    ///
    /// # Errors
    /// As [`Shelf::create`].
    pub fn drop_blobs(
        &mut self,
        request: VerifiedRequest,
        blobs: Vec<Digest>,
        now_unix_s: i64,
    ) -> Result<Result<(), Code>, StoreError> {
        let written = self.write(Some(request), Change::DropBlobs(blobs), now_unix_s)?;
        Ok(written.map(|_| ()))
    }

    /// Records after a position, or the floor that is above it.
    ///
    /// # Errors
    /// [`StoreError`] when the disk fails.
    pub fn page(&self, after: u64, limit: usize) -> Result<Result<Page, Floor>, StoreError> {
        let head = compaction::head(&self.connection, self.workspace)?;
        self.store.page(self.workspace, after, limit, head)
    }

    /// A blob's sealed bytes, if it is here.
    ///
    /// # Errors
    /// [`StoreError`] when the disk fails.
    pub fn blob(&self, digest: Digest) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.blob(self.workspace, digest)
    }

    fn write(
        &mut self,
        request: Option<VerifiedRequest>,
        change: Change,
        now_unix_s: i64,
    ) -> Result<Result<Written, Code>, StoreError> {
        let order = Order { workspace: self.workspace, request, change };
        let results = writer::commit(
            &mut self.connection,
            std::iter::once(&order),
            &self.limits,
            now_unix_s,
        )?;
        let result = results.into_iter().next().ok_or(StoreError::Foreign)?;
        Ok(result.map_err(|refusal| refusal.code))
    }
}
