//! Table `rosters`: every accepted version, as signed.

use super::{Reader, StoreError, Tx, to_db};

impl Reader<'_> {
    /// The canonical envelopes of all versions, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn rosters(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut query =
            self.connection.prepare_cached("SELECT envelope FROM rosters ORDER BY version")?;
        let rows = query.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Keeps a version; never replaces one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_roster(&self, version: u64, envelope: &[u8]) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO rosters VALUES (?1, ?2)")?
            .execute((to_db(version)?, envelope))?;
        Ok(())
    }
}
