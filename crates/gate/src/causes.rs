//! The gate's errors are told in full, as all of ours ([`countersign_model::causes`]).

pub(crate) use countersign_model::causes::in_full;

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
