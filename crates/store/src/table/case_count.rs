//! How many cases each view holds: kept by triggers, never counted.

use crate::{Reader, Shelf, StoreError};
use countersign_model::{TimestampMs, time::HOUR_MS};
use rusqlite::params;

/// Counting by index stops at this many.
pub(crate) const MAX_DUE: u32 = 10_000;
const OVERRIDDEN: i64 = 10;
const OPEN: i64 = 11;

/// How many cases each view holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CaseCounts {
    /// This person's signature is asked for.
    pub needs_me: u32,
    /// Others are asked.
    pub waiting_on_others: u32,
    /// Settled.
    pub settled: u32,
    /// Put away.
    pub snoozed: u32,
    /// A person must look at what was made.
    pub to_check: u32,
    /// Open, and the deadline is within the hour or past; at most 10,000.
    pub due_soon: u32,
    /// Decided on a different value.
    pub overrides: u32,
    /// Open, in all.
    pub open: u32,
}

impl CaseCounts {
    /// Every case there is.
    #[must_use]
    pub const fn all(&self) -> u32 {
        self.needs_me + self.waiting_on_others + self.settled + self.snoozed + self.to_check
    }
}

/// Until when a deadline counts as soon.
pub(crate) const fn soon(now: TimestampMs) -> i64 {
    now.plus_ms(HOUR_MS).millis()
}

impl Reader<'_> {
    /// The counters; those of deadlines as of `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn case_counts(&self, now: TimestampMs) -> Result<CaseCounts, StoreError> {
        let mut counts = CaseCounts { due_soon: self.due_count(now)?, ..CaseCounts::default() };
        let mut statement =
            self.connection.prepare_cached("SELECT counter, cases FROM case_count")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let place = match row.get(0)? {
                OVERRIDDEN => &mut counts.overrides,
                OPEN => &mut counts.open,
                shelf => match Shelf::from_number(shelf) {
                    Some(Shelf::NeedsMe) => &mut counts.needs_me,
                    Some(Shelf::WaitingOnOthers) => &mut counts.waiting_on_others,
                    Some(Shelf::Settled) => &mut counts.settled,
                    Some(Shelf::Snoozed) => &mut counts.snoozed,
                    Some(Shelf::ToCheck) => &mut counts.to_check,
                    None => return Err(StoreError::Range("case_count.counter")),
                },
            };
            *place = row.get(1)?;
        }
        Ok(counts)
    }

    fn due_count(&self, now: TimestampMs) -> Result<u32, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM cases INDEXED BY cases_open
             WHERE open = 1 AND decide_by_ms <= ?1 LIMIT ?2)",
        )?;
        Ok(statement.query_row(params![soon(now), MAX_DUE], |row| row.get(0))?)
    }

    #[cfg(test)]
    pub(crate) fn counted_cases(&self, now: TimestampMs) -> CaseCounts {
        let count = |condition: String| -> u32 {
            let sql = format!("SELECT count(*) FROM cases NOT INDEXED WHERE {condition}");
            self.connection.query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        CaseCounts {
            needs_me: count("shelf = 0".into()),
            waiting_on_others: count("shelf = 1".into()),
            settled: count("shelf = 2".into()),
            snoozed: count("shelf = 3".into()),
            to_check: count("shelf = 4".into()),
            due_soon: count(format!("open = 1 AND decide_by_ms <= {}", soon(now))),
            overrides: count("overridden = 1".into()),
            open: count("open = 1".into()),
        }
    }
}
