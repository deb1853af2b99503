//! Opening, making and closing the file.

use crate::{
    CreateError, OpenError, Reader, StoreError, Tx,
    file::{self, FileFacts, MAGIC_SALT, PAGE_BYTES},
    migrate,
};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};
use zeroize::Zeroizing;

/// Decrypted pages kept in memory: the common word lists of 100,000 cases fit.
const CACHE_KIB: i64 = 8 * 1024;

/// Pages of the write-ahead log that a commit moves into the file: few, so that the commit
/// which does it takes milliseconds, because someone who is typing waits for it.
const LOG_PAGES: i64 = 250;

/// Held while a file is opened: SQLite says that it is ready before SQLCipher is, so that the
/// first two opened at once by two threads would find no cipher.
static ENGINE: Mutex<()> = Mutex::new(());

/// An open store. One process at a time; one writer at a time by `&mut`.
///
/// Every commit is on disk when it returns (`synchronous = FULL`): each one carries a
/// signed decision, the trusted head of the log, or the cursor that guards replay.
pub struct Store {
    connection: Connection,
}

impl Store {
    /// Opens an existing store. Never makes, replaces or deletes a file.
    ///
    /// # Errors
    /// [`OpenError`], with the file left as it was.
    pub fn open(path: &Path, key: &[u8; 32]) -> Result<Self, OpenError> {
        let facts = file::inspect(path)?;
        let mut connection = connect(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        check_key(&connection, &facts)?;
        configure(&connection)?;
        if facts.unclean {
            quick_check(&connection)?;
        }
        migrate::migrate(&mut connection)?;
        Ok(Self { connection })
    }

    /// Makes a new store where there is no file. It is made under another name and
    /// renamed when it is whole, so that a crash leaves no half-made store.
    ///
    /// # Errors
    /// [`CreateError::AlreadyThere`] if there is any file; otherwise as [`Store::open`].
    pub fn create(path: &Path, key: &[u8; 32]) -> Result<Self, CreateError> {
        if path.symlink_metadata().is_ok() {
            return Err(CreateError::AlreadyThere);
        }
        let draft = file::beside(path, ".new");
        for leftover in ["", "-wal", "-journal"] {
            let _ = std::fs::remove_file(file::beside(&draft, leftover));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut connection = connect(&draft, key, flags)?;
        configure(&connection)?;
        migrate::migrate(&mut connection)?;
        connection.close().map_err(|(_, error)| OpenError::from(error))?;
        std::fs::rename(&draft, path).map_err(OpenError::Io)?;
        sync_directory(path).map_err(OpenError::Io)?;
        Ok(Self::open(path, key)?)
    }

    /// Reads from one consistent state.
    ///
    /// # Errors
    /// What `read` returns, or [`StoreError`] as the caller's error.
    pub fn read<T, E: From<StoreError>>(
        &mut self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        countersign_database::read::<_, StoreError, _>(&mut self.connection, |connection| {
            read(&Reader::new(connection))
        })
    }

    /// Runs `work` in one transaction: all of it is on disk when this returns `Ok`, or
    /// none of it is.
    ///
    /// # Errors
    /// What `work` returns, or [`StoreError`] as the caller's error.
    pub fn transaction<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        countersign_database::write::<_, StoreError, _>(&mut self.connection, |connection| {
            work(&Tx::new(connection))
        })
    }

    /// Bounds the file's size, never below what it has; a write beyond it fails as on a
    /// full disk.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn limit_size(&self, max_bytes: u64) -> Result<(), StoreError> {
        // 0 would mean "no change" to the engine.
        let pages = i64::try_from(max_bytes / PAGE_BYTES).unwrap_or(i64::MAX).max(1);
        self.connection.pragma_update(None, "max_page_count", pages)?;
        Ok(())
    }

    /// Bytes in use, the write-ahead log not counted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn size_bytes(&self) -> Result<u64, StoreError> {
        let pages: i64 = self.connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        Ok(u64::try_from(pages).unwrap_or(0) * PAGE_BYTES)
    }

    /// Reads every page and index, free pages too: slow, for the background and for support.
    ///
    /// # Errors
    /// [`OpenError::Damaged`] or [`OpenError::Inconsistent`].
    pub fn check(&self) -> Result<(), OpenError> {
        quick_check(&self.connection)?;
        // What is still in the write-ahead log may be stale or half-written in the file itself.
        let moved = self.connection.query_row("PRAGMA wal_checkpoint(FULL)", [], |_| Ok(()));
        moved.map_err(OpenError::Damaged)?;
        let mut statement = self.connection.prepare("PRAGMA cipher_integrity_check")?;
        let mut broken = statement.query([])?;
        match broken.next().map_err(OpenError::Damaged)? {
            None => Ok(()),
            Some(page) => Err(OpenError::Inconsistent(page.get(0)?)),
        }
    }
}

fn connect(path: &Path, key: &[u8; 32], flags: OpenFlags) -> Result<Connection, OpenError> {
    let engine = ENGINE.lock().unwrap_or_else(PoisonError::into_inner);
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                OpenError::Io(std::io::Error::other(error))
            }
            _ => OpenError::from(error),
        })?;
    drop(engine);
    connection.set_prepared_statement_cache_capacity(countersign_database::STATEMENTS);
    // Raw key and salt in hex: no passphrase derivation (SQLCipher API, PRAGMA key).
    let mut pragma = Zeroizing::new(String::with_capacity(128));
    pragma.push_str("PRAGMA key = \"x'");
    for byte in key.iter().chain(MAGIC_SALT) {
        for nibble in [byte >> 4, byte & 15] {
            pragma.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    pragma.push_str("'\"");
    // The engine's own log names page numbers on stderr; the typed errors say it better.
    connection.execute_batch("PRAGMA cipher_log_level = NONE; PRAGMA locking_mode = EXCLUSIVE")?;
    connection.execute_batch(&pragma)?;
    Ok(connection)
}

/// Reads the first page: its authentication code fits only under the right key, and its
/// page count must not exceed the file.
fn check_key(connection: &Connection, facts: &FileFacts) -> Result<(), OpenError> {
    let first: rusqlite::Result<i64> =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0));
    match first.map_err(|error| (error.sqlite_error_code(), error)) {
        Ok(_) => Ok(()),
        Err((Some(ErrorCode::NotADatabase), _)) => Err(OpenError::WrongKey),
        Err((Some(ErrorCode::DatabaseCorrupt), _)) if !facts.unclean => {
            Err(OpenError::Truncated { found_bytes: facts.bytes })
        }
        Err((_, error)) => Err(error.into()),
    }
}

fn configure(connection: &Connection) -> Result<(), OpenError> {
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY;",
    )?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    Ok(())
}

fn quick_check(connection: &Connection) -> Result<(), OpenError> {
    let answer: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(OpenError::Damaged)?;
    if answer == "ok" { Ok(()) } else { Err(OpenError::Inconsistent(answer)) }
}

/// Makes the rename durable.
#[cfg(unix)]
fn sync_directory(path: &Path) -> std::io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    std::fs::File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

/// Windows makes a rename durable with the file itself.
#[cfg(not(unix))]
fn sync_directory(_: &Path) -> std::io::Result<()> {
    Ok(())
}
