//! Tables `outbox` and `blobs`: what the relay must get. Rows stay after delivery, so that
//! a lost relay can be filled again.

use super::{Reader, StoreError, Tx, from_db, to_db};
use countersign_model::Digest;
use rusqlite::OptionalExtension as _;
use std::ops::Range;

/// A sealed record that waits for the relay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// Its place among the gate's records.
    pub writer_seq: u64,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
}

/// A sealed blob that waits for the relay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WaitingBlob {
    /// Digest of the sealed bytes.
    pub digest: Digest,
    /// Their number.
    pub size_bytes: u64,
}

impl Reader<'_> {
    /// The newest record that was queued.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_record(&self) -> Result<Option<Waiting>, StoreError> {
        let sql = "SELECT writer_seq, sealed FROM outbox ORDER BY writer_seq DESC LIMIT 1";
        let row = self
            .connection
            .prepare_cached(sql)?
            .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))
            .optional()?;
        row.map(|(seq, sealed)| Ok(Waiting { writer_seq: from_db(seq)?, sealed })).transpose()
    }

    /// Records not delivered yet, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn waiting_records(&self, limit: u32) -> Result<Vec<Waiting>, StoreError> {
        let sql = "SELECT writer_seq, sealed FROM outbox \
                   WHERE writer_seq >= (SELECT next_record FROM delivery) \
                   ORDER BY writer_seq LIMIT ?1";
        let mut query = self.connection.prepare_cached(sql)?;
        let rows = query
            .query_map([limit], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
        rows.map(|row| {
            let (seq, sealed) = row?;
            Ok(Waiting { writer_seq: from_db(seq)?, sealed })
        })
        .collect()
    }

    /// The last position that the relay has named in answer to a push; one that names an
    /// earlier one has lost records.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn relay_head(&self) -> Result<u64, StoreError> {
        let mut query = self.connection.prepare_cached("SELECT head FROM delivery")?;
        from_db(query.query_row([], |row| row.get(0))?)
    }

    /// Entries of the log whose statements by devices must become records of the gate's, because
    /// a relay has lost them and their writers may not come again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn to_file_again(&self) -> Result<Range<u64>, StoreError> {
        let sql = "SELECT filed_again, to_file_again FROM delivery";
        let mut query = self.connection.prepare_cached(sql)?;
        let (first, end) = query.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(from_db(first)?..from_db(end)?)
    }

    /// Every blob not delivered yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn waiting_blobs(&self) -> Result<Vec<WaitingBlob>, StoreError> {
        let sql = "SELECT digest, size_bytes FROM blobs_to_deliver ORDER BY digest";
        let mut query = self.connection.prepare_cached(sql)?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.map(|row| {
            let (digest, size) = row?;
            Ok(WaitingBlob { digest: Digest::from_bytes(digest), size_bytes: from_db(size)? })
        })
        .collect()
    }

    /// The sealed bytes of a blob.
    ///
    /// # Errors
    /// [`StoreError`]; also when there is none of this digest.
    pub fn sealed_blob(&self, digest: Digest) -> Result<Vec<u8>, StoreError> {
        let sql = "SELECT bytes FROM blobs WHERE digest = ?1";
        let mut query = self.connection.prepare_cached(sql)?;
        Ok(query.query_row([digest.as_bytes()], |row| row.get(0))?)
    }
}

impl Tx<'_> {
    /// Queues a sealed record.
    ///
    /// # Errors
    /// [`StoreError`]; also when the place is taken.
    pub fn queue_record(&self, writer_seq: u64, sealed: &[u8]) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO outbox (writer_seq, sealed) VALUES (?1, ?2)")?
            .execute((to_db(writer_seq)?, sealed))?;
        Ok(())
    }

    /// Marks records up to and including `writer_seq` as delivered; `head` is the relay's last
    /// position, as it answers. `false` if it has named a later one before: it has lost records,
    /// and everything is delivered again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn mark_records_delivered(&self, writer_seq: u64, head: u64) -> Result<bool, StoreError> {
        if head < self.relay_head()? {
            self.deliver_again()?;
            return Ok(false);
        }
        let sql = "UPDATE delivery SET next_record = max(next_record, ?1 + 1), head = ?2";
        self.connection.prepare_cached(sql)?.execute((to_db(writer_seq)?, to_db(head)?))?;
        Ok(true)
    }

    /// Statements of devices up to this entry of the log are records of the gate's too.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn mark_filed_again(&self, end: u64) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE delivery SET filed_again = ?1")?
            .execute([to_db(end)?])?;
        Ok(())
    }

    /// Queues a sealed blob under the digest of its sealed bytes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn queue_blob(&self, digest: Digest, sealed: &[u8]) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT OR IGNORE INTO blobs (digest, bytes) VALUES (?1, ?2)")?
            .execute((digest.as_bytes(), sealed))?;
        self.connection
            .prepare_cached("INSERT OR IGNORE INTO blobs_to_deliver VALUES (?1, ?2)")?
            .execute((digest.as_bytes(), to_db(sealed.len() as u64)?))?;
        Ok(())
    }

    /// Forgets that a relay has anything, so that all of it is delivered again, with what devices
    /// have signed and the log refers to: to a relay that has lost it. What the relay still has
    /// it recognises. A snapshot whose floor is not in force never comes into force.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn deliver_again(&self) -> Result<(), StoreError> {
        self.connection.execute_batch(
            "UPDATE delivery SET next_record = 0, head = 0, \
                 to_file_again = (SELECT coalesce(max(seq) + 1, 0) FROM log_entries); \
                 INSERT OR IGNORE INTO blobs_to_deliver SELECT digest, length(bytes) FROM blobs;",
        )?;
        self.void_made_snapshot()
    }

    /// Marks blobs as delivered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn mark_blobs_delivered(&self, delivered: &[WaitingBlob]) -> Result<(), StoreError> {
        let sql = "DELETE FROM blobs_to_deliver WHERE digest = ?1";
        let mut mark = self.connection.prepare_cached(sql)?;
        for blob in delivered {
            mark.execute([blob.digest.as_bytes()])?;
        }
        Ok(())
    }
}
