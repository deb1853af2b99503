//! What can go wrong with the file, each with words that say what to do.

use rusqlite::ErrorCode;

/// Why an existing store could not be opened. The file is left exactly as it was.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no file.
    #[error(
        "there is no store at this place; restore the profile folder from a back-up, or start with a new profile folder"
    )]
    Missing,
    /// The file is something else.
    #[error(
        "the file is not a Countersign store; move it away, or choose another profile folder. It was not changed"
    )]
    NotOurs,
    /// The file is ours, and the key does not open it.
    #[error(
        "the key in the keychain does not open this store, or its first page is damaged; use the keychain of the person it belongs to, or restore the profile folder from a back-up. Nothing was changed"
    )]
    WrongKey,
    /// The file ends too early.
    #[error(
        "the store has been cut short (its file has {found_bytes} bytes); restore it from a back-up. Nothing was deleted"
    )]
    Truncated {
        /// Bytes found.
        found_bytes: u64,
    },
    /// The file is damaged inside.
    #[error("the store is damaged; restore it from a back-up. Nothing was deleted")]
    Damaged(#[source] rusqlite::Error),
    /// `quick_check` found a broken page or index.
    #[error("the store is damaged: {0}; restore it from a back-up. Nothing was deleted")]
    Inconsistent(String),
    /// Written by a newer version of the app.
    #[error(
        "the store was written by a newer version of the app (format {found}; this app knows {known}); update the app"
    )]
    NewerVersion {
        /// The form found.
        found: i64,
        /// The newest form that this app knows.
        known: i64,
    },
    /// Another process has it open.
    #[error("the store is open in another window or process; close that one first")]
    InUse,
    /// The disk is full.
    #[error("the disk is full; free some space, then open the app again. Nothing was changed")]
    DiskFull,
    /// The file cannot be read or written.
    #[error(
        "the store's file cannot be read or written; check the disk and the folder's permissions"
    )]
    Io(#[source] std::io::Error),
    /// The database engine failed.
    #[error("the store could not be opened")]
    Engine(#[source] rusqlite::Error),
}

/// Why a new store could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Something is there already; it is never replaced.
    #[error("there is already a file at this place; it is never replaced")]
    AlreadyThere,
    /// The new file failed to open.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Why a read or a transaction failed. A failed transaction has changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full.
    #[error("the disk is full; nothing was stored. Free some space and try again")]
    DiskFull,
    /// The file is damaged.
    #[error("the store is damaged; close the app and restore the store from a back-up")]
    Damaged(#[source] rusqlite::Error),
    /// A rule of the tables refused it, e.g. the same decision twice.
    #[error("the store refused a row that contradicts what it holds")]
    Contradiction(#[source] rusqlite::Error),
    /// A number does not fit the database's 64 signed bits, or a stored value is not what was written.
    #[error("a value of `{0}` is out of range")]
    Range(&'static str),
    /// The database engine failed.
    #[error("the store failed")]
    Engine(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error),
            Some(ErrorCode::ConstraintViolation) => Self::Contradiction(error),
            _ => Self::Engine(error),
        }
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse,
            _ => Self::Engine(error),
        }
    }
}
