//! The data folder: where everything stands, and the lock that keeps administration and
//! serving apart.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

/// The gate's data folder.
#[derive(Clone, Debug)]
pub struct DataDir(PathBuf);

/// Held while a process may write to the data folder; released when dropped, and by the
/// system when the process dies.
#[derive(Debug)]
pub struct DataLock(#[allow(dead_code)] File);

/// Why the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Another process holds it.
    #[error(
        "another countersign-gate is using {0}; stop it first (`export` and `trust` work while it runs)"
    )]
    InUse(PathBuf),
    /// The system refused.
    #[error("the data folder {path} cannot be used")]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl DataDir {
    /// Names a data folder.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self(path.into())
    }

    /// Makes the folder and its `keys` folder, closed to others.
    ///
    /// # Errors
    /// [`DataError::Io`].
    pub fn create(&self) -> Result<(), DataError> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt as _;
            builder.mode(0o700);
        }
        builder.create(self.0.join("keys")).map_err(|source| self.io(source))
    }

    /// Takes the folder for writing.
    ///
    /// # Errors
    /// [`DataError::InUse`] at once when another process has it.
    pub fn lock(&self) -> Result<DataLock, DataError> {
        let path = self.0.join("gate.lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(|source| self.io(source))?;
        match file.try_lock() {
            Ok(()) => Ok(DataLock(file)),
            Err(TryLockError::WouldBlock) => Err(DataError::InUse(self.0.clone())),
            Err(TryLockError::Error(source)) => Err(self.io(source)),
        }
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.0.join("gate.sqlite")
    }

    /// A key file.
    #[must_use]
    pub fn key(&self, name: &str) -> PathBuf {
        self.0.join("keys").join(format!("{name}.key"))
    }

    fn io(&self, source: std::io::Error) -> DataError {
        DataError::Io { path: self.0.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_writer_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        data.create().unwrap();
        let held = data.lock().unwrap();
        assert!(matches!(data.lock(), Err(DataError::InUse(_))));
        drop(held);
        assert!(data.lock().is_ok());
    }
}
