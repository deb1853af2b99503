//! Sealed records of this device, in the order they were written.

use crate::{
    Reader, Stage, StoreError, Tx,
    handle::{self, from_db, to_db},
};
use countersign_model::Digest;
use rusqlite::{OptionalExtension as _, params};

/// A sealed record to keep and send.
#[derive(Clone, Debug)]
pub struct NewRecord {
    /// Its place in this writer's chain, from 0.
    pub writer_seq: u64,
    /// The sealed bytes.
    pub record: Vec<u8>,
    /// The digest that the next record names as its predecessor.
    pub record_digest: Digest,
    /// The decision, comment or control statement that it carries.
    pub carries: Option<Digest>,
}

/// A record that the relay does not have yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutboxRow {
    /// Its place in this writer's chain.
    pub writer_seq: u64,
    /// The sealed bytes.
    pub record: Vec<u8>,
}

impl Reader<'_> {
    /// The last record's place and digest: what the next one must follow.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn outbox_head(&self) -> Result<Option<(u64, Digest)>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT writer_seq, record_digest FROM outbox ORDER BY writer_seq DESC LIMIT 1",
        )?;
        let head = statement
            .query_row([], |row| Ok((row.get::<_, i64>(0)?, handle::digest(row, 1)?)))
            .optional()?;
        head.map(|(seq, digest)| Ok((from_db(seq, "outbox.writer_seq")?, digest))).transpose()
    }

    /// The last position of the relay's at which a record of this device stands, 0 if none does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_delivered(&self) -> Result<u64, StoreError> {
        let sql = "SELECT coalesce(max(position), 0) FROM outbox";
        let position = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        from_db(position, "outbox.position")
    }

    /// Records that the relay does not have yet, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unsent_records(&self, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT writer_seq, record FROM outbox WHERE position IS NULL
             ORDER BY writer_seq LIMIT ?1",
        )?;
        let rows = statement.query_map([limit], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
        rows.map(|row| {
            let (seq, record) = row?;
            Ok(OutboxRow { writer_seq: from_db(seq, "outbox.writer_seq")?, record })
        })
        .collect()
    }
}

impl Tx<'_> {
    /// Keeps a sealed record for sending. Belongs into the transaction of what it carries.
    ///
    /// # Errors
    /// [`StoreError::Contradiction`] if that place is taken.
    pub fn add_record(&self, record: &NewRecord) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO outbox (writer_seq, record, record_digest, carries)
                 VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                to_db(record.writer_seq, "outbox.writer_seq")?,
                record.record,
                record.record_digest.as_bytes(),
                record.carries.as_ref().map(Digest::as_bytes),
            ])?;
        Ok(())
    }

    /// Notes that the relay has a record, and moves on what it carries, which is returned.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn mark_delivered(
        &self,
        writer_seq: u64,
        position: u64,
    ) -> Result<Option<Digest>, StoreError> {
        let carries = self
            .connection
            .prepare_cached(
                "UPDATE outbox SET position = ?2 WHERE writer_seq = ?1 RETURNING carries",
            )?
            .query_row(
                params![to_db(writer_seq, "outbox.writer_seq")?, to_db(position, "position")?],
                |row| row.get::<_, Option<[u8; 32]>>(0),
            )
            .optional()?;
        let Some(digest) = carries.flatten().map(Digest::from_bytes) else { return Ok(None) };
        let _ = self.advance_decision(digest, Stage::Delivered, None)?
            || self.advance_comment(digest, Stage::Delivered)?
            || self.advance_control(digest, Stage::Delivered, None)?;
        Ok(Some(digest))
    }

    /// Forgets that a relay has any of the records, so that all are sent again: to a relay
    /// that has lost them. What the relay still has it recognises.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn send_again(&self) -> Result<(), StoreError> {
        self.connection.prepare_cached("UPDATE outbox SET position = NULL")?.execute([])?;
        Ok(())
    }
}
