//! The gate's SQLite database: one file per table, one transaction per event, durable
//! when a write returns (WAL, synchronous=FULL).

mod agents;
mod attempts;
mod cases;
mod compaction;
mod cosignatures;
mod draft_keys;
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
pub use compaction::MadeSnapshot;
pub use cosignatures::ForkRow;
pub use draft_keys::{KeyedDraft, Replay};
pub use hashes::Hashes;
pub use outbox::{Waiting, WaitingBlob};

use countersign_database::{Form, FormError, Version};
use rusqlite::{Connection, OpenFlags};
use std::{
    ops::Deref,
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

const FORM: Form = Form {
    // "CSGT".
    application_id: 0x4353_4754,
    migrations: &[
        include_str!("../migrations/0001_first.sql"),
        include_str!("../migrations/0002_cosignatures.sql"),
        include_str!("../migrations/0003_compaction.sql"),
        include_str!("../migrations/0004_agents_cases.sql"),
        include_str!("../migrations/0005_delivery.sql"),
        include_str!("../migrations/0006_attempts.sql"),
        include_str!("../migrations/0007_lost_relay.sql"),
        include_str!("../migrations/0008_courses.sql"),
        include_str!("../migrations/0009_further_targets.sql"),
        include_str!("../migrations/0010_rollbacks.sql"),
    ],
};
/// How long another process may hold the database before it counts as refused.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// What the writing connection keeps of the file, in KiB. Digests are spread over their
/// indexes, so that the default of 2 MiB is read and written over and over.
const CACHE_KIB: i64 = 16 * 1024;

/// The open database: one connection writes, and another reads, so that no reader waits for
/// a disk. A read sees what was committed before it began.
pub struct Store {
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
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
    #[error("the gate's database refused")]
    Sqlite(#[from] rusqlite::Error),
    /// A row does not hold what it must.
    #[error("the gate's database is damaged: {0}; restore it from a back-up")]
    Damaged(&'static str),
    /// Not the gate's database.
    #[error("the file is not a gate database")]
    Foreign,
    /// Made by a newer version.
    #[error(
        "the database has version {found}; this program knows versions up to {known}; upgrade the program"
    )]
    Newer {
        /// Its version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// Made by an older version, where only reading is allowed.
    #[error(
        "the database is of version {found}, this program reads version {known}; start the gate once with this version, which migrates the database, and run the command again"
    )]
    Older {
        /// Its version.
        found: i64,
        /// The version known here.
        known: i64,
    },
    /// There is no database yet.
    #[error("there is no gate database here; run `countersign-gate init` first")]
    Absent,
}

impl From<FormError> for StoreError {
    fn from(error: FormError) -> Self {
        match error {
            FormError::Foreign => Self::Foreign,
            FormError::Newer(Version { found, known }) => Self::Newer { found, known },
            FormError::Sqlite(error) => Self::Sqlite(error),
        }
    }
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

    /// Opens the database for reading alone, whether or not the gate serves from it: nothing
    /// is migrated, and nothing can be written through what this returns.
    ///
    /// # Errors
    /// [`StoreError::Older`] when the database would have to be migrated first.
    pub fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::Absent);
        }
        let connection = open_reader(path)?;
        match FORM.version(&connection)? {
            Version { found, known } if found < known => Err(StoreError::Older { found, known }),
            _ => {
                Ok(Self { writer: Mutex::new(connection), reader: Mutex::new(open_reader(path)?) })
            }
        }
    }

    fn open_with(path: &Path, flags: OpenFlags) -> Result<Self, StoreError> {
        let mut connection =
            Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.set_prepared_statement_cache_capacity(countersign_database::STATEMENTS);
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", "on")?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        FORM.bring_forward(&mut connection)?;
        Ok(Self { writer: Mutex::new(connection), reader: Mutex::new(open_reader(path)?) })
    }

    /// Reads one consistent state.
    ///
    /// # Errors
    /// Whatever `work` returns, or the database's own.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        countersign_database::read::<_, StoreError, _>(&mut connection, |connection| {
            work(&Reader { connection })
        })
    }

    /// Writes in one transaction: all of it is durable when this returns, or nothing is.
    ///
    /// # Errors
    /// Whatever `work` returns, or the database's own; nothing was changed then.
    pub fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        write_in(&mut connection, work)
    }

    /// Writes in one transaction what may be lost by a power cut, because whoever wrote it
    /// comes to it again. What is durable already stays so: the log of writes is in one order.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_unsynced<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let set = |connection: &Connection, level| {
            connection.pragma_update(None, "synchronous", level).map_err(StoreError::from)
        };
        set(&connection, "normal")?;
        let result = write_in(&mut connection, work);
        set(&connection, "full")?;
        result
    }
}

fn write_in<T, E: From<StoreError>>(
    connection: &mut Connection,
    work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    countersign_database::write::<_, StoreError, _>(connection, |connection| {
        work(&Tx { reader: Reader { connection } })
    })
}

fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_prepared_statement_cache_capacity(countersign_database::STATEMENTS);
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// An unsigned number for the database.
fn to_db(number: u64) -> Result<i64, StoreError> {
    countersign_database::to_db(number).ok_or(StoreError::Damaged("a number is out of range"))
}

/// An unsigned number from the database.
fn from_db(number: i64) -> Result<u64, StoreError> {
    countersign_database::from_db(number).ok_or(StoreError::Damaged("a number is negative"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_model::AgentId;

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
        assert!(matches!(Store::open_to_read(&other), Err(StoreError::Foreign)));
    }

    /// A database as the first version left it.
    fn first_version(path: &Path) {
        let connection = Connection::open(path).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        connection.execute_batch(FORM.migrations[0]).unwrap();
        connection.pragma_update(None, "application_id", FORM.application_id).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
    }

    #[test]
    fn reading_never_migrates() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gate.sqlite");
        assert!(matches!(Store::open_to_read(&path), Err(StoreError::Absent)));
        assert!(!path.exists());
        first_version(&path);
        let before = std::fs::read(&path).unwrap();
        let known = FORM.migrations.len() as i64;
        let Err(refused) = Store::open_to_read(&path) else { panic!("an old database was read") };
        assert!(matches!(refused, StoreError::Older { found: 1, known: k } if k == known));
        assert!(refused.to_string().contains("start the gate once"), "{refused}");
        assert_eq!(std::fs::read(&path).unwrap(), before, "the file is as it was");
        // The gate itself brings it forward, and then it can be read.
        drop(Store::open(&path).unwrap());
        assert!(Store::open_to_read(&path).is_ok());
        let newer = Connection::open(&path).unwrap();
        newer.pragma_update(None, "user_version", known + 1).unwrap();
        drop(newer);
        assert!(matches!(Store::open_to_read(&path), Err(StoreError::Newer { .. })));
    }

    #[test]
    fn cases_of_the_first_version_keep_their_agents() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gate.sqlite");
        first_version(&path);
        let agent = AgentId::from_uuid(uuid::Uuid::from_u128(7));
        let state = serde_json::json!({"proposal": {"initiator": {"agent": agent}}}).to_string();
        let rows = Connection::open(&path).unwrap();
        rows.execute("INSERT INTO cases VALUES ('p', 't', 'deciding', ?1)", [state.as_bytes()])
            .unwrap();
        drop(rows);
        let store = Store::open(&path).unwrap();
        assert_eq!(store.read(|reader| reader.count_open_of(agent)).unwrap(), 1);
    }

    #[test]
    fn a_reader_sees_what_a_serving_gate_commits_and_can_write_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gate.sqlite");
        let serving = Store::create(&path).unwrap();
        serving.write(|tx| tx.set_meta("name", b"one")).unwrap();
        let reader = Store::open_to_read(&path).unwrap();
        let name = || reader.read(|reader| reader.meta("name")).unwrap().unwrap();
        assert_eq!(name(), b"one");
        serving.write(|tx| tx.set_meta("name", b"two")).unwrap();
        assert_eq!(name(), b"two");
        assert!(reader.write(|tx| tx.set_meta("name", b"three")).is_err());
        assert_eq!(name(), b"two");
        // Also when no gate serves and its write-ahead log is gone.
        drop((serving, reader));
        let reader = Store::open_to_read(&path).unwrap();
        assert_eq!(reader.read(|reader| reader.meta("name")).unwrap().unwrap(), b"two");
    }
}
