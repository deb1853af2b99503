//! Keeps the evidence within a budget: what settled cases left is let go, oldest first;
//! evidence of an open case never is.

use crate::{Reader, StoreError, Tx, WantedEvidence, handle};
use countersign_model::Digest;
use rusqlite::params;

impl Tx<'_> {
    /// Stops wanting a piece of evidence: nobody has it. It is wanted again when somebody opens
    /// the case, as what was let go of here is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stop_wanting(&self, wanted: &WantedEvidence) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE evidence_refs SET state = 2
                 WHERE proposal = ?1 AND digest = ?2 AND state = 0",
            )?
            .execute(params![wanted.proposal.to_string(), wanted.evidence.as_bytes()])?;
        Ok(())
    }

    /// Removes evidence of settled cases, longest settled first, until what is left fits the
    /// budget or nothing more may go. Returns how many bytes were freed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn evict_evidence(&self, budget_bytes: u64) -> Result<u64, StoreError> {
        let before = self.evidence_total()?.bytes;
        let mut left = before;
        let mut settled = (i64::MAX, i64::MAX);
        while left > budget_bytes {
            let Some((place, pieces)) = self.next_evictable(settled)? else { break };
            settled = place;
            for digest in pieces {
                if left <= budget_bytes {
                    break;
                }
                self.evict(digest)?;
                left = self.evidence_total()?.bytes;
            }
        }
        Ok(before.saturating_sub(left))
    }

    fn evict(&self, digest: Digest) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM evidence WHERE digest = ?1")?
            .execute([digest.as_bytes()])?;
        self.connection
            .prepare_cached("UPDATE evidence_refs SET state = 2 WHERE digest = ?1")?
            .execute([digest.as_bytes()])?;
        Ok(())
    }
}

impl Reader<'_> {
    /// The case that was settled next before a place, and its evidence that no case needs
    /// that is open or has not fully arrived.
    #[expect(clippy::type_complexity, reason = "a place and what is there, used once")]
    fn next_evictable(
        &self,
        (rank, number): (i64, i64),
    ) -> Result<Option<((i64, i64), Vec<Digest>)>, StoreError> {
        let mut cases = self.connection.prepare_cached(
            "SELECT rank, number FROM cases INDEXED BY cases_evictable
             WHERE shelf = 2 AND evidence_here > 0 AND (rank, number) < (?1, ?2)
             ORDER BY rank DESC, number DESC LIMIT 1",
        )?;
        let mut found = cases.query([rank, number])?;
        let Some(case) = found.next()? else { return Ok(None) };
        let place = (case.get(0)?, case.get(1)?);
        let mut pieces = self.connection.prepare_cached(
            "SELECT digest FROM evidence_refs AS mine
             WHERE proposal = (SELECT proposal FROM cases WHERE number = ?1) AND state = 1
                 AND NOT EXISTS (
                     SELECT 1 FROM evidence_refs AS other
                         LEFT JOIN cases ON cases.proposal = other.proposal
                     WHERE other.digest = mine.digest AND coalesce(cases.shelf, 0) <> 2)",
        )?;
        let rows = pieces.query_map([place.1], |row| handle::digest(row, 0))?;
        Ok(Some((place, rows.collect::<Result<_, _>>()?)))
    }
}
