//! Giving storage back: the owner names a floor and the snapshot that stands for what is below
//! it. The relay cannot look into either. It keeps what it needs to hold writers to their
//! chains: how many records of each were let go, and the digest of the last.

use crate::{
    budget::{Item, Tab},
    config::Limits,
    refusal::{Code, Refusal},
    store::{StoreError, signed, unsigned},
    writer::Written,
};
use countersign_model::{DeviceId, Digest, WorkspaceId};
use countersign_sync::wire::Floor;
use rusqlite::{Connection, OptionalExtension as _, params};
use uuid::Uuid;

/// Positions that one job lets go of: so long may the others' writes wait.
pub(crate) const STEP: u64 = 2_000;

/// The floor of a workspace.
pub(crate) fn floor(connection: &Connection, workspace: WorkspaceId) -> Result<Floor, StoreError> {
    let (floor, snapshot) = connection
        .prepare_cached("SELECT floor, snapshot FROM workspace WHERE id = ?1")?
        .query_row([workspace.uuid().as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Floor { floor: unsigned(floor)?, snapshot: unsigned(snapshot)? })
}

/// The workspace's last position, whether or not its record is still here.
pub(crate) fn head(connection: &Connection, workspace: WorkspaceId) -> Result<u64, StoreError> {
    let highest = connection
        .prepare_cached("SELECT COALESCE(MAX(position), 0) FROM record WHERE workspace = ?1")?
        .query_row([workspace.uuid().as_bytes()], |row| row.get(0))?;
    Ok(unsigned(highest)?.max(floor(connection, workspace)?.floor))
}

/// How many records of a writer were let go, and the digest of the last.
pub(crate) fn let_go_of(
    connection: &Connection,
    workspace: WorkspaceId,
    writer: DeviceId,
) -> Result<Option<(u64, [u8; 32])>, StoreError> {
    let (workspace, writer) = (workspace.uuid(), writer.uuid());
    let row: Option<(i64, [u8; 32])> = connection
        .prepare_cached("SELECT records, last FROM chain WHERE workspace = ?1 AND writer = ?2")?
        .query_row(params![workspace.as_bytes(), writer.as_bytes()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    row.map(|(records, last)| Ok((unsigned(records)?, last))).transpose()
}

/// Lets go of what is at or below the floor, as much as one job may, and says where the floor
/// then is. It never goes back, and nothing is let go without a record of the owner's above it
/// that stands for it.
pub(crate) fn raise_floor(
    connection: &Connection,
    workspace: WorkspaceId,
    wanted: Floor,
    limits: &Limits,
) -> Result<Result<Written, Refusal>, StoreError> {
    let present = floor(connection, workspace)?;
    if wanted == present {
        return Ok(Ok(Written::Floor(present)));
    }
    if wanted.floor < present.floor || wanted.snapshot < present.snapshot {
        let message = format!(
            "the floor is {} with its snapshot at {}, and neither goes back",
            present.floor, present.snapshot
        );
        return Ok(Err(Refusal::new(Code::FloorBack, message)));
    }
    if wanted.snapshot <= wanted.floor || !is_owners(connection, workspace, wanted.snapshot)? {
        let message = "no record of the owner device stands where the snapshot should be, above \
                       the floor";
        return Ok(Err(Refusal::new(Code::NoSnapshot, message)));
    }
    let id = workspace.uuid();
    let reached = Floor { floor: wanted.floor.min(present.floor + STEP), ..wanted };
    let mut tab = Tab::open(connection, limits, workspace)?;
    let mut select = connection.prepare_cached(
        "SELECT writer, COUNT(*), SUM(length(bytes)), MAX(writer_seq) FROM record
         WHERE workspace = ?1 AND position <= ?2 GROUP BY writer",
    )?;
    let mut rows = select.query(params![id.as_bytes(), signed(reached.floor)?])?;
    while let Some(row) = rows.next()? {
        let writer = DeviceId::from_uuid(Uuid::from_bytes(row.get(0)?));
        let (count, bytes): (i64, i64) = (row.get(1)?, row.get(2)?);
        tab.give_back(writer, Item::Record, unsigned(count)?, unsigned(bytes)?)?;
        keep_chain(connection, workspace, writer, row.get(3)?)?;
    }
    tab.settle()?;
    connection
        .prepare_cached("DELETE FROM record WHERE workspace = ?1 AND position <= ?2")?
        .execute(params![id.as_bytes(), signed(reached.floor)?])?;
    connection
        .prepare_cached("UPDATE workspace SET floor = ?2, snapshot = ?3 WHERE id = ?1")?
        .execute(params![id.as_bytes(), signed(reached.floor)?, signed(reached.snapshot)?])?;
    Ok(Ok(Written::Floor(reached)))
}

/// Lets go of blobs; one that is not here is let go already.
pub(crate) fn drop_blobs(
    connection: &Connection,
    workspace: WorkspaceId,
    blobs: &[Digest],
    limits: &Limits,
) -> Result<Result<Written, Refusal>, StoreError> {
    let id = workspace.uuid();
    let mut tab = Tab::open(connection, limits, workspace)?;
    for digest in blobs {
        let dropped: Option<([u8; 16], i64)> = connection
            .prepare_cached(
                "DELETE FROM blob WHERE workspace = ?1 AND digest = ?2
                 RETURNING sender, length(bytes)",
            )?
            .query_row(params![id.as_bytes(), digest.as_bytes()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        if let Some((sender, bytes)) = dropped {
            let sender = DeviceId::from_uuid(Uuid::from_bytes(sender));
            tab.give_back(sender, Item::Blob, 1, unsigned(bytes)?)?;
        }
    }
    tab.settle()?;
    Ok(Ok(Written::Stored))
}

fn is_owners(
    connection: &Connection,
    workspace: WorkspaceId,
    position: u64,
) -> Result<bool, StoreError> {
    let Ok(position) = i64::try_from(position) else { return Ok(false) };
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM record JOIN workspace ON id = workspace AND owner = writer
             WHERE workspace = ?1 AND position = ?2",
        )?
        .exists(params![workspace.uuid().as_bytes(), position])?)
}

/// Keeps what the writer's next record must follow.
fn keep_chain(
    connection: &Connection,
    workspace: WorkspaceId,
    writer: DeviceId,
    last_seq: i64,
) -> Result<(), StoreError> {
    let (workspace, writer) = (workspace.uuid(), writer.uuid());
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO chain
             SELECT workspace, writer, writer_seq + 1, digest FROM record
             WHERE workspace = ?1 AND writer = ?2 AND writer_seq = ?3",
        )?
        .execute(params![workspace.as_bytes(), writer.as_bytes(), last_seq])?;
    Ok(())
}
