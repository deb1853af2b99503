//! The rosters that were accepted, by version.

use crate::{
    Reader, StoreError, Tx,
    handle::{from_db, to_db},
};
use rusqlite::params;

impl Reader<'_> {
    /// Every roster's version and envelope bytes, oldest first: the chain of trust.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn rosters(&self) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT version, envelope FROM roster ORDER BY version")?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
        rows.map(|row| {
            let (version, envelope) = row?;
            Ok((from_db(version, "roster.version")?, envelope))
        })
        .collect()
    }
}

impl Tx<'_> {
    /// Adds a verified roster; a version is never replaced.
    ///
    /// # Errors
    /// [`StoreError::Contradiction`] if the version is there already.
    pub fn add_roster(&self, version: u64, envelope: &[u8]) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO roster (version, envelope) VALUES (?1, ?2)")?
            .execute(params![to_db(version, "roster.version")?, envelope])?;
        Ok(())
    }
}
