//! This device's replica of the audit log: Merkle hashes, entries, and the trusted head.

use crate::{
    Reader, StoreError, Tx,
    handle::{self, from_db, to_db},
};
use countersign_model::{Digest, ProposalId, TimestampMs};
use rusqlite::{OptionalExtension as _, params};

/// The last head of the log that this device verified itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogHead {
    /// Entries.
    pub size: u64,
    /// Merkle root (RFC 6962).
    pub root: Digest,
    /// The signed checkpoint.
    pub note: String,
    /// When this device verified it.
    pub verified_at_ms: TimestampMs,
    /// The gate's clock in the newest entry.
    pub gate_clock_ms: TimestampMs,
}

impl Reader<'_> {
    /// The trusted head.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn log_head(&self) -> Result<Option<LogHead>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT size, root, note, verified_at_ms, gate_clock_ms FROM log_head",
        )?;
        let row = statement
            .query_row([], |row| {
                let size: i64 = row.get(0)?;
                Ok((
                    size,
                    LogHead {
                        size: 0,
                        root: handle::digest(row, 1)?,
                        note: row.get(2)?,
                        verified_at_ms: TimestampMs::from_millis(row.get(3)?),
                        gate_clock_ms: TimestampMs::from_millis(row.get(4)?),
                    },
                ))
            })
            .optional()?;
        row.map(|(size, head)| Ok(LogHead { size: from_db(size, "log_head.size")?, ..head }))
            .transpose()
    }

    /// One Merkle hash by its stored-hash index (tlog numbering).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn log_hash(&self, number: u64) -> Result<Option<[u8; 32]>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT hash FROM log_hash WHERE number = ?1")?;
        let number = to_db(number, "log_hash.number")?;
        Ok(statement.query_row([number], |row| row.get(0)).optional()?)
    }

    /// An entry's leaf bytes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn log_entry(&self, seq: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT bytes FROM log_entry WHERE seq = ?1")?;
        Ok(statement.query_row([to_db(seq, "log_entry.seq")?], |row| row.get(0)).optional()?)
    }

    /// The entries of a case, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn log_entries_of(&self, proposal: ProposalId) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT seq, bytes FROM log_entry WHERE proposal = ?1 ORDER BY seq")?;
        let rows = statement
            .query_map([proposal.to_string()], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
        rows.map(|row| {
            let (seq, bytes) = row?;
            Ok((from_db(seq, "log_entry.seq")?, bytes))
        })
        .collect()
    }
}

impl Tx<'_> {
    /// Adds Merkle hashes by their stored-hash index; none is ever replaced.
    ///
    /// # Errors
    /// [`StoreError::Contradiction`] if an index is taken.
    pub fn add_log_hashes(&self, first: u64, hashes: &[[u8; 32]]) -> Result<(), StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("INSERT INTO log_hash (number, hash) VALUES (?1, ?2)")?;
        for (number, hash) in (to_db(first, "log_hash.number")?..).zip(hashes) {
            statement.execute(params![number, hash])?;
        }
        Ok(())
    }

    /// Adds a verified entry, by its action as the entry spells it; none is ever replaced.
    ///
    /// # Errors
    /// [`StoreError::Contradiction`] if the position is taken.
    pub fn add_log_entry(
        &self,
        seq: u64,
        proposal: Option<ProposalId>,
        action: &str,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO log_entry (seq, proposal, action, bytes) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                to_db(seq, "log_entry.seq")?,
                proposal.map(|proposal| proposal.to_string()),
                action,
                bytes
            ])?;
        Ok(())
    }

    /// Moves the trusted head on; it never shrinks.
    ///
    /// # Errors
    /// [`StoreError::Range`] if the new head is smaller.
    pub fn put_log_head(&self, head: &LogHead) -> Result<(), StoreError> {
        let changed = self
            .connection
            .prepare_cached(
                "INSERT INTO log_head (one, size, root, note, verified_at_ms, gate_clock_ms)
                 VALUES (1, ?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (one) DO UPDATE SET
                     size = excluded.size, root = excluded.root, note = excluded.note,
                     verified_at_ms = excluded.verified_at_ms,
                     gate_clock_ms = excluded.gate_clock_ms
                 WHERE excluded.size >= log_head.size",
            )?
            .execute(params![
                to_db(head.size, "log_head.size")?,
                head.root.as_bytes(),
                head.note,
                head.verified_at_ms.millis(),
                head.gate_clock_ms.millis(),
            ])?;
        if changed == 1 { Ok(()) } else { Err(StoreError::Range("log_head.size")) }
    }
}
