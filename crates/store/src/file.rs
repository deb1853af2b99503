//! What can be told from the file alone, before any key is tried.

use crate::OpenError;
use std::{
    fs::File,
    io::{ErrorKind, Read as _},
    path::{Path, PathBuf},
};

/// The first 16 bytes of every store. SQLCipher keeps its salt there; with a raw 256-bit
/// key the salt need not be random, so ours says whose file it is without the key.
pub(crate) const MAGIC_SALT: &[u8; 16] = b"Countersign 0001";
/// SQLCipher 4's page size.
pub(crate) const PAGE_BYTES: u64 = 4096;

/// What the file looks like from outside.
pub(crate) struct FileFacts {
    /// Its length.
    pub(crate) bytes: u64,
    /// A write-ahead log was left behind: the last run ended without closing.
    pub(crate) unclean: bool,
}

/// Checks that the file is ours and long enough to hold a page.
pub(crate) fn inspect(path: &Path) -> Result<FileFacts, OpenError> {
    let mut file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => OpenError::Missing,
        _ => OpenError::Io(error),
    })?;
    let bytes = file.metadata().map_err(OpenError::Io)?.len();
    let mut head = Vec::with_capacity(MAGIC_SALT.len());
    (&mut file).take(MAGIC_SALT.len() as u64).read_to_end(&mut head).map_err(OpenError::Io)?;
    if !MAGIC_SALT.starts_with(&head) {
        return Err(OpenError::NotOurs);
    }
    let wal = beside(path, "-wal");
    let unclean = std::fs::metadata(wal).is_ok_and(|wal| wal.len() > 0);
    // A run that was killed may leave a part of a page; the write-ahead log has all of it.
    if bytes < PAGE_BYTES || (bytes % PAGE_BYTES != 0 && !unclean) {
        return Err(OpenError::Truncated { found_bytes: bytes });
    }
    Ok(FileFacts { bytes, unclean })
}

/// The path with a suffix to its file name, as SQLite names its companions.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
