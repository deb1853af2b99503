//! The gate's SQLite database: one file per table, one transaction per event, durable
//! when a write returns (WAL, synchronous=FULL).

mod agents;
mod cases;
mod envelopes;
mod factors;
mod filed;
mod hashes;
mod journal;
mod log;
mod marks;
mod meta;
mod outbox;
mod rosters;
mod targets;
mod timers;

pub use agents::AgentToken;
pub use hashes::Hashes;
pub use outbox::Waiting;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::{
    ops::Deref,
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// In order, one for each version; a released one is never edited.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/0001_first.sql")];
/// "CSGT": says to SQLite tools whose database this is.
const APPLICATION_ID: i32 = 0x4353_4754;

/// The open database.
pub struct Store {
    connection: Mutex<Connection>,
}

/// Reads from one consistent state; each table's file adds its own reads.
pub struct Reader<'a> {
    connection: &'a Connection,
}

/// Reads and writes in one transaction; each table's file adds its own writes.
pub struct Tx<'a> {
    reader: Reader<'a>,
}

/// Why the database could not be used. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused: a full disk, a damaged file, a lock.
    #[error("the gate's database refused: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A row does not hold what it must.
    #[error("the gate's database is damaged: {0}; restore it from a back-up")]
    Damaged(&'static str),
    /// Not the gate's database.
    #[error("the file is not a gate database")]
    Foreign,
    /// Made by a newer version.
    #[error(
        "the database is of version {found}, this program knows up to {known}; upgrade the program"
    )]
    Newer {
        /// Its version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// There is no database yet.
    #[error("there is no gate database here; run `countersign-gate init` first")]
    Absent,
}

impl<'a> Deref for Tx<'a> {
    type Target = Reader<'a>;

    fn deref(&self) -> &Reader<'a> {
        &self.reader
    }
}

impl Store {
    /// Makes a new database.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
    }

    /// Opens the database for serving and administration.
    ///
    /// # Errors
    /// [`StoreError::Absent`] when there is none; never makes one.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::Absent);
        }
        Self::open_with(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    fn open_with(path: &Path, flags: OpenFlags) -> Result<Self, StoreError> {
        let mut connection =
            Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", "on")?;
        migrate(&mut connection)?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    /// Reads one consistent state.
    ///
    /// # Errors
    /// Whatever `work` returns, or the database's own.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction().map_err(StoreError::from)?;
        work(&Reader { connection: &transaction })
    }

    /// Writes in one transaction: all of it is durable when this returns, or nothing is.
    ///
    /// # Errors
    /// Whatever `work` returns, or the database's own; nothing was changed then.
    pub fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::from)?;
        let result = work(&Tx { reader: Reader { connection: &transaction } })?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(result)
    }
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let known = MIGRATIONS.len() as i64;
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let owner: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if owner != APPLICATION_ID && !(owner == 0 && found == 0) {
        return Err(StoreError::Foreign);
    }
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    let done = usize::try_from(found).map_err(|_| StoreError::Foreign)?;
    let pending = MIGRATIONS.get(done..).unwrap_or_default();
    if pending.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    for sql in pending {
        transaction.execute_batch(sql)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}

/// An unsigned number for the database.
fn to_db(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Damaged("a number is out of range"))
}

/// An unsigned number from the database.
fn from_db(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::Damaged("a number is negative"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gate.sqlite");
        assert!(matches!(Store::open(&path), Err(StoreError::Absent)));
        let store = Store::create(&path).unwrap();
        let failed: Result<(), StoreError> = store.write(|tx| {
            tx.set_meta("name", b"half")?;
            Err(StoreError::Damaged("on purpose"))
        });
        assert!(failed.is_err());
        assert_eq!(store.read(|reader| reader.meta("name")).unwrap(), None);
        store.write(|tx| tx.set_meta("name", b"whole")).unwrap();
        drop(store);
        let store = Store::open(&path).unwrap();
        assert_eq!(store.read(|reader| reader.meta("name")).unwrap().unwrap(), b"whole");
    }

    #[test]
    fn a_foreign_or_cut_file_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gate.sqlite");
        std::fs::write(&path, b"not a database, but long enough to look like one to SQLite....")
            .unwrap();
        assert!(Store::open(&path).is_err());
        assert!(std::fs::read(&path).unwrap().starts_with(b"not a database"));
        let other = folder.path().join("other.sqlite");
        let foreign = Connection::open(&other).unwrap();
        foreign.execute_batch("PRAGMA application_id = 7; CREATE TABLE a (b)").unwrap();
        drop(foreign);
        assert!(matches!(Store::open(&other), Err(StoreError::Foreign)));
    }
}
