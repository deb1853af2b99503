//! What each device has stored, as rows beside what they count: a job reads and writes them
//! in its own transaction, so that they survive whatever the records survive.

use crate::{
    config::Limits,
    refusal::{Code, Refusal},
    store::{StoreError, signed, unsigned},
};
use countersign_model::{DeviceId, WorkspaceId};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What one device has stored.
#[derive(Debug, Clone, Copy, Default)]
struct Stored {
    records: u64,
    record_bytes: u64,
    blobs: u64,
    blob_bytes: u64,
}

/// One job's view of the budgets; nothing is kept before [`Tab::settle`].
#[derive(Debug)]
pub(crate) struct Tab<'c> {
    connection: &'c Connection,
    limits: &'c Limits,
    workspace: WorkspaceId,
    owner: DeviceId,
    stored: BTreeMap<DeviceId, Stored>,
    /// Bytes of the workspace's devices without its owner.
    workspace_bytes: u64,
    /// The same of all workspaces.
    disk_bytes: u64,
    workspaces: u64,
}

/// What is to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    Record,
    Blob,
}

impl<'c> Tab<'c> {
    pub(crate) fn open(
        connection: &'c Connection,
        limits: &'c Limits,
        workspace: WorkspaceId,
    ) -> Result<Self, StoreError> {
        let (owner, bytes, disk, workspaces) = connection
            .prepare_cached(
                "SELECT owner, others_bytes, disk.bytes, disk.workspaces
                 FROM workspace, disk WHERE id = ?1",
            )?
            .query_row([workspace.uuid().as_bytes()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?;
        Ok(Self {
            connection,
            limits,
            workspace,
            owner: DeviceId::from_uuid(Uuid::from_bytes(owner)),
            stored: BTreeMap::new(),
            workspace_bytes: unsigned(bytes)?,
            disk_bytes: unsigned(disk)?,
            workspaces: unsigned(workspaces)?,
        })
    }

    /// Counts an item of its author, or says which budget it does not fit into.
    pub(crate) fn take(
        &mut self,
        author: DeviceId,
        item: Item,
        bytes: usize,
    ) -> Result<Result<(), Refusal>, StoreError> {
        let bytes = u64::try_from(bytes).map_err(|_| StoreError::Foreign)?;
        let mut stored = match self.stored.get(&author) {
            Some(stored) => *stored,
            None => self.load(author)?,
        };
        let is_owner = author == self.owner;
        if let Err(refusal) = stored.add(author, item, bytes, self.limits, is_owner) {
            return Ok(Err(refusal));
        }
        if !is_owner {
            if let Err(refusal) = self.check_common(bytes) {
                return Ok(Err(refusal));
            }
            self.workspace_bytes += bytes;
            self.disk_bytes += bytes;
        }
        self.stored.insert(author, stored);
        Ok(Ok(()))
    }

    /// Counts no more what is let go of in the same transaction.
    pub(crate) fn give_back(
        &mut self,
        author: DeviceId,
        item: Item,
        count: u64,
        bytes: u64,
    ) -> Result<(), StoreError> {
        let mut stored = match self.stored.get(&author) {
            Some(stored) => *stored,
            None => self.load(author)?,
        };
        let (counted, size) = match item {
            Item::Record => (&mut stored.records, &mut stored.record_bytes),
            Item::Blob => (&mut stored.blobs, &mut stored.blob_bytes),
        };
        if *counted < count || *size < bytes {
            // Nobody else is to suffer from it: the counter starts over.
            tracing::error!(device = %author, "fewer items were counted than there were");
        }
        *counted = counted.saturating_sub(count);
        *size = size.saturating_sub(bytes);
        if author != self.owner {
            self.workspace_bytes = self.workspace_bytes.saturating_sub(bytes);
            self.disk_bytes = self.disk_bytes.saturating_sub(bytes);
        }
        self.stored.insert(author, stored);
        Ok(())
    }

    /// What is not set aside for owners, and is shared by all other devices.
    fn check_common(&self, bytes: u64) -> Result<(), Refusal> {
        let Limits { workspace_bytes: limit, .. } = *self.limits;
        if self.workspace_bytes.saturating_add(bytes) > limit {
            return Err(Refusal::new(
                Code::WorkspaceFull,
                format!(
                    "the devices of this workspace have stored {} of their {limit} bytes; the gate has \
                 its own room: ask the relay's operator for more",
                    self.workspace_bytes
                ),
            ));
        }
        let limit = self.limits.common_bytes(self.workspaces);
        if self.disk_bytes.saturating_add(bytes) > limit {
            return Err(Refusal::new(
                Code::DiskFull,
                format!(
                    "the devices of all workspaces have stored {} of their {limit} bytes at this relay; \
                 gates have their own room: ask the relay's operator for more",
                    self.disk_bytes
                ),
            ));
        }
        Ok(())
    }

    fn load(&self, device: DeviceId) -> Result<Stored, StoreError> {
        let (workspace, device) = (self.workspace.uuid(), device.uuid());
        let row: Option<[i64; 4]> = self
            .connection
            .prepare_cached(
                "SELECT records, record_bytes, blobs, blob_bytes FROM stored
                 WHERE workspace = ?1 AND device = ?2",
            )?
            .query_row(params![workspace.as_bytes(), device.as_bytes()], |row| {
                Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
            })
            .optional()?;
        let Some([records, record_bytes, blobs, blob_bytes]) = row else {
            return Ok(Stored::default());
        };
        Ok(Stored {
            records: unsigned(records)?,
            record_bytes: unsigned(record_bytes)?,
            blobs: unsigned(blobs)?,
            blob_bytes: unsigned(blob_bytes)?,
        })
    }

    /// Writes what was counted.
    pub(crate) fn settle(self) -> Result<(), StoreError> {
        let workspace = self.workspace.uuid();
        for (device, stored) in &self.stored {
            self.connection
                .prepare_cached("INSERT OR REPLACE INTO stored VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
                .execute(params![
                    workspace.as_bytes(),
                    device.uuid().as_bytes(),
                    signed(stored.records)?,
                    signed(stored.record_bytes)?,
                    signed(stored.blobs)?,
                    signed(stored.blob_bytes)?
                ])?;
        }
        if self.stored.is_empty() {
            return Ok(());
        }
        self.connection
            .prepare_cached("UPDATE workspace SET others_bytes = ?2 WHERE id = ?1")?
            .execute(params![workspace.as_bytes(), signed(self.workspace_bytes)?])?;
        self.connection
            .prepare_cached("UPDATE disk SET bytes = ?1")?
            .execute([signed(self.disk_bytes)?])?;
        Ok(())
    }
}

impl Stored {
    fn add(
        &mut self,
        author: DeviceId,
        item: Item,
        bytes: u64,
        limits: &Limits,
        is_owner: bool,
    ) -> Result<(), Refusal> {
        let budget = if is_owner { &limits.owner } else { &limits.device };
        let (count, size, most, max_bytes, what) = match item {
            Item::Record => (
                &mut self.records,
                &mut self.record_bytes,
                budget.records,
                budget.record_bytes,
                "records",
            ),
            Item::Blob => {
                (&mut self.blobs, &mut self.blob_bytes, budget.blobs, budget.blob_bytes, "blobs")
            }
        };
        let help = "nobody else is affected: ask the relay's operator for a larger budget";
        if *count >= most {
            let code =
                if item == Item::Record { Code::DeviceRecordsFull } else { Code::DeviceBlobsFull };
            let message =
                format!("device {author} has stored {count} of its {most} {what}; {help}");
            return Err(Refusal::new(code, message));
        }
        if size.saturating_add(bytes) > max_bytes {
            let code = if item == Item::Record {
                Code::DeviceBytesFull
            } else {
                Code::DeviceBlobBytesFull
            };
            let message = format!(
                "device {author} has stored {size} of its {max_bytes} bytes of {what}, and {bytes} \
                 more do not fit; {help}"
            );
            return Err(Refusal::new(code, message));
        }
        *count += 1;
        *size += bytes;
        Ok(())
    }
}

/// Whether another workspace's owner would find its room, and counts the workspace then.
pub(crate) fn add_workspace(
    connection: &Connection,
    limits: &Limits,
) -> Result<Result<(), Refusal>, StoreError> {
    let (bytes, workspaces) =
        connection.query_row("SELECT bytes, workspaces FROM disk", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let workspaces = unsigned(workspaces)? + 1;
    let needed = limits.owner_bytes().saturating_mul(workspaces).saturating_add(unsigned(bytes)?);
    if needed > limits.disk_bytes {
        return Ok(Err(Refusal::new(
            Code::DiskFull,
            format!(
                "another workspace needs {} bytes set aside for its gate, and this relay may store {} \
             in all: raise its limit of bytes on disk",
                limits.owner_bytes(),
                limits.disk_bytes
            ),
        )));
    }
    connection.execute("UPDATE disk SET workspaces = ?1", [signed(workspaces)?])?;
    Ok(Ok(()))
}
