//! Bytes that the log may refer to by their digest and that no other table keeps: rosters and
//! policies of before, control statements, decisions that were refused for their form.

use crate::{Reader, StoreError, Tx};
use countersign_model::Digest;
use rusqlite::{OptionalExtension as _, params};

impl Reader<'_> {
    /// Bytes by their SHA-256.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn source(&self, digest: Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT bytes FROM sources WHERE digest = ?1")?;
        Ok(statement.query_row([digest.as_bytes()], |row| row.get(0)).optional()?)
    }
}

impl Tx<'_> {
    /// Keeps bytes under their SHA-256.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_source(&self, bytes: &[u8]) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO sources VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute(params![Digest::of(bytes).as_bytes(), bytes])?;
        Ok(())
    }
}
