//! Case projections: the rows that lists, counters and search read.

use crate::{Reader, StoreError, Tx, handle};
use countersign_model::{ProposalId, TimestampMs};
use rusqlite::{OptionalExtension as _, params};

/// Settled cases rank after every open one, newest first.
const SETTLED_BASE: i64 = i64::MAX / 2;

/// Which list a case stands on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Shelf {
    /// This person's signature is asked for.
    NeedsMe,
    /// Others are asked.
    WaitingOnOthers,
    /// Nothing more can be decided.
    Settled,
}

/// A case's projection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseRow {
    /// The case.
    pub proposal: ProposalId,
    /// Its list.
    pub shelf: Shelf,
    /// Open cases are listed by this, soonest first.
    pub decide_by_ms: TimestampMs,
    /// Settled cases are listed by this, newest first.
    pub changed_at_ms: TimestampMs,
    /// What it is about, in full.
    pub entity: String,
    /// The list row in the client's own form.
    pub summary: Vec<u8>,
    /// What full-text search finds.
    pub words: String,
}

/// How many cases each list holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CaseCounts {
    /// This person's signature is asked for.
    pub needs_me: u32,
    /// Others are asked.
    pub waiting_on_others: u32,
    /// Settled.
    pub settled: u32,
}

impl Shelf {
    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::NeedsMe => 0,
            Self::WaitingOnOthers => 1,
            Self::Settled => 2,
        }
    }
}

impl CaseRow {
    const fn rank(&self) -> i64 {
        match self.shelf {
            Shelf::NeedsMe | Shelf::WaitingOnOthers => self.decide_by_ms.millis(),
            Shelf::Settled => SETTLED_BASE.saturating_sub(self.changed_at_ms.millis()),
        }
    }
}

impl Reader<'_> {
    /// A case's list row in the client's own form.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn case_summary(&self, proposal: ProposalId) -> Result<Option<Vec<u8>>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT summary FROM cases WHERE proposal = ?1")?;
        Ok(statement.query_row([proposal.to_string()], |row| row.get(0)).optional()?)
    }

    /// The counters, kept by triggers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn case_counts(&self) -> Result<CaseCounts, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT cases FROM case_count ORDER BY shelf")?;
        let counts = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<u32>, _>>()?;
        match counts.as_slice() {
            &[needs_me, waiting_on_others, settled] => {
                Ok(CaseCounts { needs_me, waiting_on_others, settled })
            }
            _ => Err(StoreError::Range("case_count")),
        }
    }

    /// Open cases about an entity.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_cases_of(&self, entity: &str) -> Result<Vec<ProposalId>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT proposal FROM cases WHERE entity = ?1 AND shelf < 2 ORDER BY number",
        )?;
        let rows = statement.query_map([entity], |row| handle::id(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every case, in order of arrival; for rebuilding projections.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn all_cases(&self) -> Result<Vec<ProposalId>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT proposal FROM cases ORDER BY number")?;
        let rows = statement.query_map([], |row| handle::id(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    #[cfg(test)]
    pub(crate) fn counted_cases(&self) -> CaseCounts {
        let count = |shelf: Shelf| {
            self.connection
                .query_row("SELECT count(*) FROM cases WHERE shelf = ?1", [shelf.number()], |row| {
                    row.get(0)
                })
                .unwrap()
        };
        CaseCounts {
            needs_me: count(Shelf::NeedsMe),
            waiting_on_others: count(Shelf::WaitingOnOthers),
            settled: count(Shelf::Settled),
        }
    }
}

impl Tx<'_> {
    /// Stores a projection, replacing the case's last one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_case(&self, case: &CaseRow) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO cases (proposal, shelf, rank, entity, changed_at_ms, summary, words)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (proposal) DO UPDATE SET
                     shelf = excluded.shelf, rank = excluded.rank, entity = excluded.entity,
                     changed_at_ms = excluded.changed_at_ms, summary = excluded.summary,
                     words = excluded.words",
            )?
            .execute(params![
                case.proposal.to_string(),
                case.shelf.number(),
                case.rank(),
                case.entity,
                case.changed_at_ms.millis(),
                case.summary,
                case.words,
            ])?;
        Ok(())
    }
}
