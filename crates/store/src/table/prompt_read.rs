//! When the prompt behind a case was read on this device.

use crate::{Reader, StoreError, Tx, handle};
use countersign_model::{ProposalId, TimestampMs};
use rusqlite::params;

impl Reader<'_> {
    /// When the prompt of a case was last read here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn prompt_read_at(&self, case: ProposalId) -> Result<Option<TimestampMs>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT max(at_ms) FROM prompt_reads WHERE proposal = ?1")?;
        Ok(statement.query_row([case.to_string()], |row| handle::moment(row, 0))?)
    }
}

impl Tx<'_> {
    /// Notes that the prompt of a case was read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn mark_prompt_read(&self, case: ProposalId, at_ms: TimestampMs) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO prompt_reads (proposal, at_ms) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            )?
            .execute(params![case.to_string(), at_ms.millis()])?;
        Ok(())
    }
}
