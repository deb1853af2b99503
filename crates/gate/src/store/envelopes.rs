//! Table `envelopes`: what the log refers to, envelopes and policies, by the digest of its bytes.

use super::{Reader, StoreError, Tx};
use countersign_model::Digest;
use rusqlite::OptionalExtension as _;

impl Reader<'_> {
    /// The canonical bytes of an envelope.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn envelope(&self, digest: Digest) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT bytes FROM envelopes WHERE digest = ?1")?
            .query_row([digest.as_bytes()], |row| row.get(0))
            .optional()?)
    }
}

impl Tx<'_> {
    /// Keeps an envelope.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_envelope(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        let digest = Digest::of(bytes);
        self.connection
            .prepare_cached("INSERT OR IGNORE INTO envelopes VALUES (?1, ?2)")?
            .execute((digest.as_bytes(), bytes))?;
        Ok(digest)
    }
}
