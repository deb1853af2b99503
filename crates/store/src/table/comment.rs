//! Signed comments, mine and others', as plain rows.

use crate::{Reader, Stage, StoreError, Tx, handle, table::decision};
use countersign_model::{CommentId, Digest, ProposalId, TimestampMs};
use rusqlite::{OptionalExtension as _, Row, params};

/// A signed comment; the same to store and stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommentRow {
    /// Digest of the signed payload bytes.
    pub digest: Digest,
    /// Its id.
    pub id: CommentId,
    /// The case.
    pub proposal: ProposalId,
    /// Canonical envelope bytes.
    pub envelope: Vec<u8>,
    /// Signed on this device.
    pub mine: bool,
    /// How far it has got.
    pub stage: Stage,
    /// When it was stored.
    pub stored_at_ms: TimestampMs,
}

const COLUMNS: &str = "digest, id, proposal, envelope, mine, stage, stored_at_ms";

impl Reader<'_> {
    /// The comments of a case, in order of arrival.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn comments_of(&self, proposal: ProposalId) -> Result<Vec<CommentRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM comments WHERE proposal = ?1 ORDER BY number");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([proposal.to_string()], read_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One comment by the digest of its signed bytes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn comment(&self, digest: Digest) -> Result<Option<CommentRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM comments WHERE digest = ?1");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row([digest.as_bytes()], read_row).optional()?)
    }
}

impl Tx<'_> {
    /// Stores a comment; one that is there already is left as it is. `true` if it is new.
    ///
    /// # Errors
    /// [`StoreError::Contradiction`] for an own comment id with other bytes.
    pub fn add_comment(&self, comment: &CommentRow) -> Result<bool, StoreError> {
        let added = self
            .connection
            .prepare_cached(
                "INSERT INTO comments (digest, id, proposal, envelope, mine, stage, stored_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (digest) DO NOTHING",
            )?
            .execute(params![
                comment.digest.as_bytes(),
                comment.id.to_string(),
                comment.proposal.to_string(),
                comment.envelope,
                comment.mine,
                comment.stage.number(),
                comment.stored_at_ms.millis(),
            ])?;
        Ok(added == 1)
    }

    /// Moves a comment on; a stage it has passed is ignored. `true` if it moved.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn advance_comment(&self, digest: Digest, stage: Stage) -> Result<bool, StoreError> {
        let moved = self
            .connection
            .prepare_cached("UPDATE comments SET stage = ?2 WHERE digest = ?1 AND stage < ?2")?
            .execute(params![digest.as_bytes(), stage.number()])?;
        Ok(moved == 1)
    }
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<CommentRow> {
    Ok(CommentRow {
        digest: handle::digest(row, 0)?,
        id: handle::id(row, 1)?,
        proposal: handle::id(row, 2)?,
        envelope: row.get(3)?,
        mine: row.get(4)?,
        stage: decision::stage(row, 5)?,
        stored_at_ms: TimestampMs::from_millis(row.get(6)?),
    })
}
