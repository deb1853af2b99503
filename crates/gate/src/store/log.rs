//! Tables `log_entries` and `log_checkpoints`: the audit log. Nothing here removes a row.

use super::{Reader, StoreError, Tx, from_db, to_db};
use rusqlite::OptionalExtension as _;

impl Reader<'_> {
    /// Number of entries.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn log_size(&self) -> Result<u64, StoreError> {
        let sql = "SELECT coalesce(max(seq) + 1, 0) FROM log_entries";
        let size: i64 = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        from_db(size)
    }

    /// Leaf bytes of up to `limit` entries from `first` on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn log_entries(&self, first: u64, limit: u32) -> Result<Vec<Vec<u8>>, StoreError> {
        let sql = "SELECT bytes FROM log_entries WHERE seq >= ?1 ORDER BY seq LIMIT ?2";
        let mut query = self.connection.prepare_cached(sql)?;
        let rows = query.query_map((to_db(first)?, limit), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest signed head: how many entries it covers, and the note.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn newest_checkpoint(&self) -> Result<Option<(u64, String)>, StoreError> {
        let sql = "SELECT size, note FROM log_checkpoints ORDER BY size DESC LIMIT 1";
        let row: Option<(i64, String)> = self
            .connection
            .prepare_cached(sql)?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        row.map(|(size, note)| Ok((from_db(size)?, note))).transpose()
    }
}

impl Tx<'_> {
    /// Appends an entry at its place.
    ///
    /// # Errors
    /// [`StoreError`]; also when the place is taken.
    pub fn put_entry(&self, seq: u64, bytes: &[u8]) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO log_entries VALUES (?1, ?2)")?
            .execute((to_db(seq)?, bytes))?;
        Ok(())
    }

    /// Keeps a signed head.
    ///
    /// # Errors
    /// [`StoreError`]; also when there is one of this size.
    pub fn put_checkpoint(&self, size: u64, note: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO log_checkpoints VALUES (?1, ?2)")?
            .execute((to_db(size)?, note))?;
        Ok(())
    }
}
