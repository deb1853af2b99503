//! Pages of the case lists by keyset, never by offset, with or without a search.

use crate::{
    CaseCounts, CaseFilter, Reader, Shelf, StoreError, handle,
    table::{case_count, case_filter::Condition},
};
use countersign_model::{ProposalId, TimestampMs};
use rusqlite::{Row, types::Value};
use std::{fmt, str::FromStr};

/// Rows on a page, at most.
const MAX_ROWS: u32 = 500;
/// Matches of a search are counted up to here.
const MAX_COUNTED: u32 = 1_000;

/// A list, with its order when nothing is searched for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CaseList {
    /// This person's signature is asked for; soonest deadline first.
    NeedsMe,
    /// Others are asked; soonest deadline first.
    WaitingOnOthers,
    /// Settled; newest first.
    Settled,
    /// Put away; soonest deadline first.
    Snoozed,
    /// A person must look at what was made; newest first.
    ToCheck,
    /// Open, and the deadline is within the hour or past; soonest first.
    DueSoon,
    /// Decided on a different value; newest first.
    Overrides,
    /// Every open case; soonest deadline first.
    Agenda,
    /// Everything: what is open, soonest first, then what is settled, newest first.
    #[default]
    All,
}

/// Which page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PageQuery {
    /// The list.
    pub list: CaseList,
    /// What its rows must have. With any filter, rows come newest first (by arrival).
    pub filter: CaseFilter,
    /// Where the last page ended.
    pub after: Option<Cursor>,
    /// The most rows wanted, up to 500.
    pub limit: u32,
    /// The time it is: for deadlines.
    pub now_ms: TimestampMs,
}

/// Where a page ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    rank: i64,
    number: i64,
}

/// A text is not a cursor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a cursor of a case list; ask for the first page again")]
pub struct CursorError;

/// One page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CasePage {
    /// The rows.
    pub rows: Vec<ListedCase>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
    /// How many rows the list has with its filter, on all pages.
    pub matches: MatchCount,
    /// The counters of all lists.
    pub counts: CaseCounts,
}

/// A row of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedCase {
    /// The case.
    pub proposal: ProposalId,
    /// Its list.
    pub shelf: Shelf,
    /// Until when it is put away.
    pub snooze_until_ms: Option<TimestampMs>,
    /// Pieces of evidence still to be fetched.
    pub evidence_wanted: u32,
    /// The client's own form.
    pub summary: Vec<u8>,
}

/// How many rows there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MatchCount {
    /// That many.
    pub count: u32,
    /// Or more: counting stopped there, or rows of before are still to be indexed.
    pub more: bool,
}

impl Default for PageQuery {
    fn default() -> Self {
        Self {
            list: CaseList::All,
            filter: CaseFilter::default(),
            after: None,
            limit: 50,
            now_ms: TimestampMs::from_millis(0),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.rank, self.number)
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (rank, number) = text.split_once('.').ok_or(CursorError)?;
        let parse = |digits: &str| digits.parse().map_err(|_| CursorError);
        Ok(Self { rank: parse(rank)?, number: parse(number)? })
    }
}

impl Reader<'_> {
    /// One page of a list with the counters.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn case_page(&self, query: &PageQuery) -> Result<CasePage, StoreError> {
        let counts = self.case_counts(query.now_ms)?;
        let limit = query.limit.clamp(1, MAX_ROWS);
        let whole = listed_count(query.list, &counts);
        let (mut rows, matches) = if whole.count == 0 || query.filter.is_empty() {
            (self.listed_rows(query, limit + 1)?, whole)
        } else {
            self.found_rows(query, limit + 1)?
        };
        let next = rows.get(limit as usize).and(rows.get(limit as usize - 1)).map(|row| row.0);
        rows.truncate(limit as usize);
        let rows = rows.into_iter().map(|(_, row)| row).collect();
        Ok(CasePage { rows, next, matches, counts })
    }

    fn listed_rows(
        &self,
        query: &PageQuery,
        limit: u32,
    ) -> Result<Vec<(Cursor, ListedCase)>, StoreError> {
        let sql = listed_sql(query.list);
        let newest = newest_first(query.list);
        let end = if newest { i64::MAX } else { i64::MIN };
        let after = query.after.unwrap_or(Cursor { rank: end, number: end });
        let mut values: Vec<i64> = vec![after.rank, after.number, i64::from(limit)];
        if query.list == CaseList::DueSoon {
            values.push(case_count::soon(query.now_ms));
        }
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(rusqlite::params_from_iter(values), listed_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Rows of a search, and how many there are. Numbers first: the index is gone through
    /// once for both, and only rows that are shown are read.
    fn found_rows(
        &self,
        query: &PageQuery,
        limit: u32,
    ) -> Result<(Vec<(Cursor, ListedCase)>, MatchCount), StoreError> {
        let condition = Condition::new(query, self.created_range()?);
        let mut numbers = self.found_numbers(&condition, i64::MAX, MAX_COUNTED + 1)?;
        let found = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        let cut = found > MAX_COUNTED;
        let matches =
            MatchCount { count: found.min(MAX_COUNTED), more: cut || self.is_any_not_indexed()? };
        if let Some(after) = query.after {
            if cut {
                numbers = self.found_numbers(&condition, after.number, limit)?;
            }
            numbers.retain(|number| *number < after.number);
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT 0, number, proposal, shelf, snooze_until_ms, evidence_wanted, summary
             FROM cases CROSS JOIN case_body USING (number) WHERE number = ?1",
        )?;
        let shown = numbers.into_iter().take(limit as usize);
        let rows = shown.map(|number| Ok(statement.query_row([number], listed_row)?));
        Ok((rows.collect::<Result<_, StoreError>>()?, matches))
    }

    /// Newest first: FTS5 yields rows in this order for nothing, and ranking a common
    /// word costs a thousand times as much.
    fn found_numbers(
        &self,
        condition: &Condition,
        before: i64,
        limit: u32,
    ) -> Result<Vec<i64>, StoreError> {
        let rows = if condition.sql.is_empty() {
            ""
        } else {
            "CROSS JOIN cases INDEXED BY cases_facets ON cases.number = case_words.rowid"
        };
        let sql = format!(
            "SELECT case_words.rowid FROM case_words {rows}
             WHERE case_words MATCH ? AND case_words.rowid < ?{}
             ORDER BY case_words.rowid DESC LIMIT ?",
            condition.sql
        );
        let mut values: Vec<Value> = vec![condition.matches.clone().into(), before.into()];
        values.extend(condition.values.iter().cloned());
        values.push(i64::from(limit).into());
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether there are rows that no search finds, because the index was rebuilt and they
    /// were not written since.
    fn is_any_not_indexed(&self) -> Result<bool, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM case_body INDEXED BY case_body_not_indexed
             WHERE text_digest IS NULL)",
        )?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// The first and the last moment at which a case was proposed.
    fn created_range(&self) -> Result<Option<(i64, i64)>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT (SELECT min(created_at_ms) FROM cases), (SELECT max(created_at_ms) FROM cases)",
        )?;
        let (first, last): (Option<i64>, Option<i64>) =
            statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(first.zip(last))
    }
}

/// Overrides are listed by their last change, the newest first; everything else by a rank
/// or a deadline that rises.
const fn newest_first(list: CaseList) -> bool {
    matches!(list, CaseList::Overrides)
}

fn listed_sql(list: CaseList) -> String {
    let (rank, condition) = match list {
        CaseList::NeedsMe => ("rank", "shelf = 0"),
        CaseList::WaitingOnOthers => ("rank", "shelf = 1"),
        CaseList::Settled => ("rank", "shelf = 2"),
        CaseList::Snoozed => ("rank", "shelf = 3"),
        CaseList::ToCheck => ("rank", "shelf = 4"),
        CaseList::DueSoon => ("decide_by_ms", "open = 1 AND decide_by_ms <= ?4"),
        CaseList::Agenda => ("decide_by_ms", "open = 1"),
        CaseList::Overrides => ("changed_at_ms", "overridden = 1"),
        CaseList::All => ("rank", "TRUE"),
    };
    let (follows, order) = if newest_first(list) { ("<", "DESC") } else { (">", "ASC") };
    format!(
        "SELECT cases.{rank}, number, proposal, shelf, snooze_until_ms, evidence_wanted, summary
         FROM cases CROSS JOIN case_body USING (number)
         WHERE {condition} AND (cases.{rank}, number) {follows} (?1, ?2)
         ORDER BY cases.{rank} {order}, number {order} LIMIT ?3"
    )
}

const fn listed_count(list: CaseList, counts: &CaseCounts) -> MatchCount {
    let count = match list {
        CaseList::NeedsMe => counts.needs_me,
        CaseList::WaitingOnOthers => counts.waiting_on_others,
        CaseList::Settled => counts.settled,
        CaseList::Snoozed => counts.snoozed,
        CaseList::ToCheck => counts.to_check,
        CaseList::DueSoon => counts.due_soon,
        CaseList::Overrides => counts.overrides,
        CaseList::Agenda => counts.open,
        CaseList::All => counts.all(),
    };
    MatchCount { count, more: matches!(list, CaseList::DueSoon) && count >= case_count::MAX_DUE }
}

fn listed_row(row: &Row<'_>) -> rusqlite::Result<(Cursor, ListedCase)> {
    let shelf: i64 = row.get(3)?;
    let listed = ListedCase {
        proposal: handle::id(row, 2)?,
        shelf: Shelf::from_number(shelf)
            .ok_or(rusqlite::Error::IntegralValueOutOfRange(3, shelf))?,
        snooze_until_ms: handle::moment(row, 4)?,
        evidence_wanted: row.get(5)?,
        summary: row.get(6)?,
    };
    Ok((Cursor { rank: row.get(0)?, number: row.get(1)? }, listed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    /// Each list is read from an index in its order: nothing is walked, nothing is sorted.
    #[test]
    fn no_list_is_walked_or_sorted() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::create(&folder.path().join("store.db"), &[1; 32]).unwrap();
        store
            .read::<_, StoreError>(|reader| {
                for list in LISTS {
                    let plan = reader.plan(&listed_sql(list));
                    assert!(plan.contains("cases_"), "{list:?}: {plan}");
                    assert!(!plan.contains("TEMP B-TREE"), "{list:?}: {plan}");
                    assert!(plan.matches("SCAN").count() == 0, "{list:?}: {plan}");
                }
                Ok(())
            })
            .unwrap();
    }

    const LISTS: [CaseList; 9] = [
        CaseList::NeedsMe,
        CaseList::WaitingOnOthers,
        CaseList::Settled,
        CaseList::Snoozed,
        CaseList::ToCheck,
        CaseList::DueSoon,
        CaseList::Overrides,
        CaseList::Agenda,
        CaseList::All,
    ];

    impl Reader<'_> {
        fn plan(&self, sql: &str) -> String {
            let mut statement =
                self.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let read = |row: &Row<'_>| row.get::<_, String>(3);
            let values = rusqlite::params_from_iter(vec![0; statement.parameter_count()]);
            let steps = statement.query_map(values, read).unwrap();
            steps.collect::<Result<Vec<_>, _>>().unwrap().join("; ")
        }
    }
}
