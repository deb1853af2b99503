//! The two handles on an open store: a reader, and a transaction that also writes.

use crate::StoreError;
use countersign_model::{Currency, Digest, TimestampMs};
use rusqlite::{Connection, Row};
use std::{ops::Deref, str::FromStr};

/// Reads from one consistent state; each table's module adds its own reads.
pub struct Reader<'store> {
    pub(crate) connection: &'store Connection,
}

/// Reads and writes in one transaction; each table's module adds its own writes.
pub struct Tx<'store> {
    reader: Reader<'store>,
}

impl<'store> Reader<'store> {
    pub(crate) const fn new(connection: &'store Connection) -> Self {
        Self { connection }
    }
}

impl<'store> Tx<'store> {
    pub(crate) const fn new(connection: &'store Connection) -> Self {
        Self { reader: Reader::new(connection) }
    }

    /// Does a part of a transaction's work, all of it or none: what a failed part has written
    /// is undone, and the transaction can go on.
    ///
    /// # Errors
    /// What `work` returns, or [`StoreError`] as the caller's error.
    pub fn attempt<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let run = |sql| -> Result<(), StoreError> {
            self.reader.connection.prepare_cached(sql)?.execute([])?;
            Ok(())
        };
        run("SAVEPOINT attempt")?;
        let answer = work(self);
        if answer.is_err() && run("ROLLBACK TO attempt").is_err() {
            // A full disk ends the whole transaction: its own error says it best.
            return answer;
        }
        run("RELEASE attempt")?;
        answer
    }
}

impl<'store> Deref for Tx<'store> {
    type Target = Reader<'store>;

    fn deref(&self) -> &Reader<'store> {
        &self.reader
    }
}

/// An unsigned number for the database.
pub(crate) fn to_db(number: u64, name: &'static str) -> Result<i64, StoreError> {
    countersign_database::to_db(number).ok_or(StoreError::Range(name))
}

/// An unsigned number from the database.
pub(crate) fn from_db(number: i64, name: &'static str) -> Result<u64, StoreError> {
    countersign_database::from_db(number).ok_or(StoreError::Range(name))
}

/// A digest column.
pub(crate) fn digest(row: &Row<'_>, column: usize) -> rusqlite::Result<Digest> {
    Ok(Digest::from_bytes(row.get(column)?))
}

/// An id column.
pub(crate) fn id<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let text: String = row.get(column)?;
    text.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            Box::new(error),
        )
    })
}

/// A currency column.
pub(crate) fn currency(row: &Row<'_>, column: usize) -> rusqlite::Result<Currency> {
    let code: String = row.get(column)?;
    Currency::parse(&code).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            Box::new(error),
        )
    })
}

/// A moment column that may be empty.
pub(crate) fn moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<TimestampMs>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(TimestampMs::from_millis))
}
