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
    /// Others on the machine could read or enter it.
    #[error("the folder {0} can be entered by other users; run: chmod 700 {0}")]
    TooOpen(PathBuf),
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

    /// Refuses a data or keys folder that anybody but its owner can read or enter: the files
    /// inside may be closed, but their names, sizes and the database's side files would not be.
    /// Nothing is checked on systems without Unix modes.
    ///
    /// # Errors
    /// [`DataError::TooOpen`], with the command that closes it.
    pub fn check_closed(&self) -> Result<(), DataError> {
        #[cfg(unix)]
        for folder in [self.0.clone(), self.0.join("keys")] {
            use std::os::unix::fs::PermissionsExt as _;
            match std::fs::metadata(&folder) {
                Ok(found) if found.permissions().mode() & 0o077 != 0 => {
                    return Err(DataError::TooOpen(folder));
                }
                Ok(_) => {}
                // Whoever needs the folder says better what is missing in it.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(DataError::Io { path: folder, source }),
            }
        }
        Ok(())
    }

    /// Takes the folder for writing.
    ///
    /// # Errors
    /// [`DataError::InUse`] at once when another process has it; [`DataError::TooOpen`].
    pub fn lock(&self) -> Result<DataLock, DataError> {
        self.check_closed()?;
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

    /// Where a serving gate takes its operator's commands.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.0.join("gate.sock")
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0
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
        let data = DataDir::new(&folder.path().join("gate"));
        data.create().unwrap();
        let held = data.lock().unwrap();
        assert!(matches!(data.lock(), Err(DataError::InUse(_))));
        drop(held);
        assert!(data.lock().is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_can_enter_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(&folder.path().join("gate"));
        data.create().unwrap();
        data.lock().unwrap();
        for part in ["gate", "gate/keys"] {
            let path = folder.path().join(part);
            let set = |mode| {
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            };
            for open in [0o755, 0o750, 0o710, 0o701, 0o704, 0o720] {
                set(open);
                let Err(refused) = data.lock() else { panic!("{part} {open:o} was accepted") };
                assert!(matches!(&refused, DataError::TooOpen(named) if *named == path));
                let words = format!("chmod 700 {}", path.display());
                assert!(refused.to_string().ends_with(&words), "{refused}");
            }
            set(0o700);
            data.lock().unwrap();
        }
    }
}
