//! Table `meta`: single values by name.

use super::{Reader, StoreError, Tx};
use rusqlite::OptionalExtension as _;

impl Reader<'_> {
    /// A value, if it was ever set.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?)
    }

    /// A value that is text.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it is missing or no text.
    pub fn meta_text(&self, name: &'static str) -> Result<String, StoreError> {
        let value = self.meta(name)?.ok_or(StoreError::Damaged(name))?;
        String::from_utf8(value).map_err(|_| StoreError::Damaged(name))
    }
}

impl Tx<'_> {
    /// Sets a value.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_meta(&self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
            )?
            .execute((name, value))?;
        Ok(())
    }
}
