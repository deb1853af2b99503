//! Pages of the case list by keyset, never by offset, with or without full-text search.

use crate::{CaseCounts, Reader, Shelf, StoreError};
use rusqlite::{Row, params};
use std::{fmt, str::FromStr};

/// Which page.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PageQuery {
    /// One list, or all.
    pub shelf: Option<Shelf>,
    /// Words or their beginnings, all of which must occur; empty for none.
    pub search: String,
    /// Where the last page ended.
    pub after: Option<Cursor>,
    /// Most rows wanted.
    pub limit: u32,
}

/// Where a page ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    rank: i64,
    number: i64,
}

/// A text is no cursor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a cursor of a case list; ask for the first page again")]
pub struct CursorError;

/// One page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CasePage {
    /// The rows in the client's own form: most urgent first, or newest first in a search.
    pub summaries: Vec<Vec<u8>>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
    /// The counters of all lists.
    pub counts: CaseCounts,
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
    /// One page of the list with the counters.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn case_page(&self, query: &PageQuery) -> Result<CasePage, StoreError> {
        let mut rows = match match_expression(&query.search) {
            Some(words) => self.search_rows(query, &words)?,
            None => self.listed_rows(query)?,
        };
        let limit = query.limit as usize;
        let next = (rows.len() > limit && limit > 0).then(|| rows[limit - 1].0);
        rows.truncate(limit);
        Ok(CasePage {
            summaries: rows.into_iter().map(|(_, summary)| summary).collect(),
            next,
            counts: self.case_counts()?,
        })
    }

    fn listed_rows(&self, query: &PageQuery) -> Result<Vec<(Cursor, Vec<u8>)>, StoreError> {
        let after = query.after.unwrap_or(Cursor { rank: i64::MIN, number: i64::MIN });
        let more = i64::from(query.limit) + 1;
        let rows = if let Some(shelf) = query.shelf {
            self.connection
                .prepare_cached(
                    "SELECT rank, number, summary FROM cases
                     WHERE shelf = ?1 AND (rank, number) > (?2, ?3)
                     ORDER BY rank, number LIMIT ?4",
                )?
                .query_map(params![shelf.number(), after.rank, after.number, more], cursor_row)?
                .collect::<Result<_, _>>()?
        } else {
            self.connection
                .prepare_cached(
                    "SELECT rank, number, summary FROM cases WHERE (rank, number) > (?1, ?2)
                     ORDER BY rank, number LIMIT ?3",
                )?
                .query_map(params![after.rank, after.number, more], cursor_row)?
                .collect::<Result<_, _>>()?
        };
        Ok(rows)
    }

    /// Newest first: FTS5 yields rows in this order for nothing, and ranking a common
    /// word costs a thousand times as much.
    fn search_rows(
        &self,
        query: &PageQuery,
        words: &str,
    ) -> Result<Vec<(Cursor, Vec<u8>)>, StoreError> {
        let before = query.after.map_or(i64::MAX, |cursor| cursor.number);
        let rows = self
            .connection
            .prepare_cached(
                "SELECT cases.rank, number, summary
                 FROM case_words CROSS JOIN cases ON number = case_words.rowid
                 WHERE case_words MATCH ?1 AND case_words.rowid < ?2
                     AND (?3 IS NULL OR shelf = ?3)
                 ORDER BY case_words.rowid DESC
                 LIMIT ?4",
            )?
            .query_map(
                params![words, before, query.shelf.map(Shelf::number), i64::from(query.limit) + 1],
                cursor_row,
            )?
            .collect::<Result<_, _>>()?;
        Ok(rows)
    }
}

fn cursor_row(row: &Row<'_>) -> rusqlite::Result<(Cursor, Vec<u8>)> {
    Ok((Cursor { rank: row.get(0)?, number: row.get(1)? }, row.get(2)?))
}

/// Each word as a quoted prefix, joined by AND; nothing a person types is query syntax.
fn match_expression(search: &str) -> Option<String> {
    let terms: Vec<String> = search
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| format!("\"{word}\"*"))
        .collect();
    (!terms.is_empty()).then(|| terms.join(" "))
}
