//! Searches kept under a name, in the client's own words.

use crate::{Reader, StoreError, Tx};
use rusqlite::params;

/// A search kept under a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SavedFilterRow {
    /// Its id, the client's own.
    pub id: String,
    /// Its name; no two have the same.
    pub name: String,
    /// The view that it searches, the client's own word.
    pub view: String,
    /// The search as typed.
    pub search: String,
}

impl Reader<'_> {
    /// Every saved filter, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn saved_filters(&self) -> Result<Vec<SavedFilterRow>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, name, view, search FROM saved_filters ORDER BY name, id")?;
        let rows = statement.query_map([], |row| {
            Ok(SavedFilterRow {
                id: row.get(0)?,
                name: row.get(1)?,
                view: row.get(2)?,
                search: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Stores a filter; one of the same id or the same name is replaced.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_saved_filter(&self, filter: &SavedFilterRow) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO saved_filters (id, name, view, search)
                 VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![filter.id, filter.name, filter.view, filter.search])?;
        Ok(())
    }

    /// Deletes a filter. `false` if there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn delete_saved_filter(&self, id: &str) -> Result<bool, StoreError> {
        let deleted = self
            .connection
            .prepare_cached("DELETE FROM saved_filters WHERE id = ?1")?
            .execute([id])?;
        Ok(deleted == 1)
    }
}
