//! Cases whose list row is to be rewritten.

use crate::{Reader, StoreError, Tx, handle};
use countersign_model::ProposalId;
use rusqlite::params;

/// A case whose facts have changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DueCase {
    /// The case.
    pub proposal: ProposalId,
    /// A decision that was made on this device was refused meanwhile.
    pub refused: bool,
}

impl Reader<'_> {
    /// Cases whose list row is to be rewritten, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn due_cases(&self, limit: u32) -> Result<Vec<DueCase>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT proposal, refused FROM cases_due ORDER BY proposal DESC LIMIT ?1",
        )?;
        let rows = statement.query_map([limit], |row| {
            Ok(DueCase { proposal: handle::id(row, 0)?, refused: row.get(1)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Says that a case's list row is to be rewritten.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_due(&self, due: DueCase) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO cases_due (proposal, refused) VALUES (?1, ?2)
                 ON CONFLICT (proposal) DO UPDATE SET refused = max(refused, excluded.refused)",
            )?
            .execute(params![due.proposal.to_string(), due.refused])?;
        Ok(())
    }

    /// Says that a case's list row was written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remove_due(&self, case: ProposalId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM cases_due WHERE proposal = ?1")?
            .execute([case.to_string()])?;
        Ok(())
    }
}
