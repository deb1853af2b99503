//! A file that a command promises. Its name is taken and its bytes are on the disk before
//! anything is committed: a command that cannot hand over its result does nothing.

use super::{AdminError, file_error};
use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// The file, readable by its owner alone; gone again unless it is [kept](Self::keep).
pub(crate) struct Output {
    name: TakenName,
    /// `NAME.xxxxxx.partial` in the same folder.
    draft: NamedTempFile,
}

/// An empty file that holds a name; removed when dropped.
struct TakenName {
    path: PathBuf,
    is_kept: bool,
}

impl Drop for TakenName {
    fn drop(&mut self) {
        if !self.is_kept {
            // Whoever finds it left over finds it empty.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Output {
    /// Takes a name.
    ///
    /// # Errors
    /// [`AdminError::File`]; an existing file is never replaced.
    pub(crate) fn create(path: &Path) -> Result<Self, AdminError> {
        let refuse = |error: &std::io::Error| match error.kind() {
            ErrorKind::AlreadyExists => file_error(path, &"it exists already; choose another name"),
            ErrorKind::NotFound => file_error(path, &"there is no such folder to write it to"),
            _ => file_error(path, &format!("it cannot be written: {error}")),
        };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        options.open(path).map_err(|error| refuse(&error))?;
        let name = TakenName { path: path.into(), is_kept: false };
        let mut prefix = path.file_name().unwrap_or_default().to_owned();
        prefix.push(".");
        let draft = tempfile::Builder::new()
            .prefix(&prefix)
            .suffix(".partial")
            .tempfile_in(folder_of(path))
            .map_err(|error| refuse(&error))?;
        Ok(Self { name, draft })
    }

    /// Where the bytes go.
    pub(crate) fn file(&mut self) -> &mut File {
        self.draft.as_file_mut()
    }

    /// Writes the bytes and waits until they are on the disk.
    ///
    /// # Errors
    /// [`AdminError::File`].
    pub(crate) fn fill(&mut self, bytes: &[u8]) -> Result<(), AdminError> {
        let written = self.file().write_all(bytes);
        written.map_err(|error| self.unwritten(&error))?;
        self.sync()
    }

    /// Waits until what was written is on the disk.
    ///
    /// # Errors
    /// [`AdminError::File`].
    pub(crate) fn sync(&mut self) -> Result<(), AdminError> {
        let synced = self.file().sync_all();
        synced.map_err(|error| self.unwritten(&error))?;
        sync_folder(&self.name.path);
        Ok(())
    }

    /// Gives the bytes their name, once what they tell of is committed.
    ///
    /// # Errors
    /// [`AdminError::Unnamed`]; the bytes are kept.
    pub(crate) fn keep(mut self) -> Result<(), AdminError> {
        let path = &self.name.path;
        match self.draft.persist(path) {
            Ok(_) => {
                self.name.is_kept = true;
                sync_folder(path);
                Ok(())
            }
            Err(refused) => {
                let draft = refused.file.path().display().to_string();
                // Dropped, it would be removed; if this fails too, the system says why.
                let what = match refused.file.keep() {
                    Ok(_) => refused.error.to_string(),
                    Err(lost) => lost.error.to_string(),
                };
                Err(AdminError::Unnamed { path: path.display().to_string(), draft, what })
            }
        }
    }

    /// Leaves the bytes where they are, without their name, because nobody knows whether what
    /// they tell of is committed; says where.
    pub(crate) fn leave(self) -> String {
        let Self { name, draft } = self;
        let path = draft.path().display().to_string();
        if let Err(lost) = draft.keep() {
            tracing::error!(error = %lost.error, "the result in {path} could not be kept");
        }
        drop(name);
        path
    }

    fn unwritten(&self, error: &std::io::Error) -> AdminError {
        file_error(&self.name.path, &format!("it cannot be written: {error}"))
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes names of a folder durable, where the system and the file system know how to.
fn sync_folder(path: &Path) {
    #[cfg(unix)]
    if let Err(error) = File::open(folder_of(path)).and_then(|folder| folder.sync_all()) {
        tracing::debug!(%error, "a folder was not synced");
    }
    #[cfg(not(unix))]
    let _ = path;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_not_kept_leaves_nothing_and_what_is_kept_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("enrolment.json");
        let mut output = Output::create(&path).unwrap();
        output.fill(b"{}").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"", "nobody reads what is not committed");
        drop(output);
        assert!(names(folder.path()).is_empty());

        let mut output = Output::create(&path).unwrap();
        assert!(Output::create(&path).is_err(), "one name, one file");
        output.fill(b"{}").unwrap();
        output.keep().unwrap();
        assert_eq!(names(folder.path()), ["enrolment.json"]);
        assert_eq!(std::fs::read(&path).unwrap(), b"{}");
        let error = Output::create(&path).err().unwrap().to_string();
        assert!(error.contains("enrolment.json") && error.contains("exists already"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"{}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn what_may_be_committed_is_left_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("felix.totp");
        let mut output = Output::create(&path).unwrap();
        output.fill(b"otpauth://x").unwrap();
        let left = output.leave();
        assert_eq!(std::fs::read(&left).unwrap(), b"otpauth://x");
        assert_eq!(names(folder.path()).len(), 1, "the name is free again");
        assert!(Output::create(&path).is_ok());
    }

    #[test]
    fn bytes_that_lose_their_name_are_told_where_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("felix.totp");
        let mut output = Output::create(&path).unwrap();
        output.fill(b"otpauth://x").unwrap();
        // Somebody puts a folder there meanwhile.
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        let Err(AdminError::Unnamed { path: told, draft, .. }) = output.keep() else {
            panic!("a folder was replaced")
        };
        assert_eq!(told, path.display().to_string());
        assert_eq!(std::fs::read(draft).unwrap(), b"otpauth://x");
    }
}
