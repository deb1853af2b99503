//! What every SQLite file of ours has in common: whose it is and in which form, migrations,
//! transactions, and unsigned numbers. Which tables there are, and who holds a connection, each
//! room says for itself.

mod form;

pub use form::{Form, FormError, Version};

use rusqlite::{Connection, TransactionBehavior};

/// How many prepared statements a connection keeps: more than any room has, so that none is
/// parsed again. rusqlite keeps 16 unless it is told.
pub const STATEMENTS: usize = 128;

/// Reads one consistent state; nothing that `work` writes stays.
///
/// # Errors
/// What `work` returns, or SQLite's own error, as the room's `S` in the caller's error.
pub fn read<T, S: From<rusqlite::Error>, E: From<S>>(
    connection: &mut Connection,
    work: impl FnOnce(&Connection) -> Result<T, E>,
) -> Result<T, E> {
    let transaction = connection.transaction().map_err(S::from)?;
    work(&transaction)
}

/// Writes in one transaction: all of it is kept when this returns `Ok`, or nothing is.
///
/// # Errors
/// As [`read`]; nothing was changed then.
pub fn write<T, S: From<rusqlite::Error>, E: From<S>>(
    connection: &mut Connection,
    work: impl FnOnce(&Connection) -> Result<T, E>,
) -> Result<T, E> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(S::from)?;
    let answer = work(&transaction)?;
    transaction.commit().map_err(S::from)?;
    Ok(answer)
}

/// An unsigned number for the database, whose integers have 64 signed bits (SQLite,
/// "Datatypes in SQLite", section 2); `None` when it does not fit.
#[must_use]
pub fn to_db(number: u64) -> Option<i64> {
    i64::try_from(number).ok()
}

/// An unsigned number from the database; `None` when it is negative.
#[must_use]
pub fn from_db(number: i64) -> Option<u64> {
    u64::try_from(number).ok()
}
