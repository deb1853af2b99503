//! Table `log_hashes`: the Merkle tree's nodes, and the reader that proofs are made from.

use super::{Reader, StoreError, Tx, to_db};
use countersign_audit::{StoredHashes, StoredHashesError};
use countersign_model::Digest;
use rusqlite::OptionalExtension as _;

/// The stored hashes as the tree reads them.
pub struct Hashes<'a>(pub &'a Reader<'a>);

impl StoredHashes for Hashes<'_> {
    fn read(&self, indexes: &[u64]) -> Result<Vec<Digest>, StoredHashesError> {
        indexes
            .iter()
            .map(|&index| self.0.log_hash(index))
            .collect::<Result<_, _>>()
            .map_err(|error| StoredHashesError(Box::new(error)))
    }
}

impl Reader<'_> {
    fn log_hash(&self, position: u64) -> Result<Digest, StoreError> {
        let hash: Option<[u8; 32]> = self
            .connection
            .prepare_cached("SELECT hash FROM log_hashes WHERE position = ?1")?
            .query_row([to_db(position)?], |row| row.get(0))
            .optional()?;
        hash.map(Digest::from_bytes).ok_or(StoreError::Damaged("a hash of the log is missing"))
    }
}

impl Tx<'_> {
    /// Stores hashes at consecutive positions.
    ///
    /// # Errors
    /// [`StoreError`]; also when a position is taken.
    pub fn put_hashes(&self, first: u64, hashes: &[Digest]) -> Result<(), StoreError> {
        let mut insert =
            self.connection.prepare_cached("INSERT INTO log_hashes VALUES (?1, ?2)")?;
        for (position, hash) in (first..).zip(hashes) {
            insert.execute((to_db(position)?, hash.as_bytes()))?;
        }
        Ok(())
    }
}
