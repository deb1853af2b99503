//! An error says what is wrong where it is; what caused it says so itself. Whoever writes an
//! error down writes both.

use std::error::Error;

/// An error with everything that caused it, in one line.
pub(crate) fn in_full(error: &(dyn Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        let more = source.to_string();
        // Transparent errors say the same as their source.
        if !words.ends_with(&more) {
            words = format!("{words}: {more}");
        }
        cause = source.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ledger::LedgerError, shell::ShellError, store::StoreError};

    #[test]
    fn every_cause_is_said_once() {
        let full = rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL),
            Some("the disk is full".into()),
        );
        let error = ShellError::Ledger(LedgerError::Store(StoreError::Sqlite(full)));
        assert!(in_full(&error).starts_with("the gate's database refused: the disk is full"));
        assert_eq!(in_full(&error).matches("the disk is full").count(), 1, "{}", in_full(&error));
    }
}
