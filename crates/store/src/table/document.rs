//! Case documents as saved bytes; read only when a case is opened or merged.

use crate::{Reader, StoreError, Tx, handle};
use countersign_model::ProposalId;
use rusqlite::{OptionalExtension as _, params};

impl Reader<'_> {
    /// A case's document.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn document(&self, proposal: ProposalId) -> Result<Option<Vec<u8>>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT bytes FROM documents WHERE proposal = ?1")?;
        Ok(statement.query_row([proposal.to_string()], |row| row.get(0)).optional()?)
    }

    /// Cases that have a document or envelopes that wait, the newest first, for taking stock
    /// again: those that come after one, or the first ones.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn documented_cases(
        &self,
        after: Option<ProposalId>,
        limit: u32,
    ) -> Result<Vec<ProposalId>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT proposal FROM documents WHERE proposal < ?1
             UNION SELECT proposal FROM waiting_envelopes WHERE proposal < ?1
             ORDER BY proposal DESC LIMIT ?2",
        )?;
        // No id begins with a letter that comes after these.
        let after = after.map_or_else(|| "~".into(), |case| case.to_string());
        let rows = statement.query_map(params![after, limit], |row| handle::id(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Stores a case's document, replacing the last state.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_document(&self, proposal: ProposalId, bytes: &[u8]) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO documents (proposal, bytes) VALUES (?1, ?2)
                 ON CONFLICT (proposal) DO UPDATE SET bytes = excluded.bytes",
            )?
            .execute(params![proposal.to_string(), bytes])?;
        Ok(())
    }
}
