//! Reads a folder of policies: every `.rego` file below it and its `data.json`.

use countersign_policy::{Files, PolicyError, PolicySet, files::DATA_FILE};
use std::path::{Path, PathBuf};

/// Policies nested deeper than this are a mistake.
const MAX_DEPTH: usize = 8;

/// Why the policies cannot be used; without them the gate does not serve.
#[derive(Debug, thiserror::Error)]
pub enum PoliciesError {
    /// A file cannot be read.
    #[error("the policy file {path} cannot be read")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A rule does not compile, or the data is not what it must be.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// Reads and compiles a folder; the policy with its texts by path.
///
/// # Errors
/// [`PoliciesError`], naming the file.
pub fn load(folder: &Path) -> Result<(PolicySet, Files), PoliciesError> {
    let mut files = Files::new();
    collect(folder, folder, 0, &mut files)?;
    files.insert(DATA_FILE.into(), read(&folder.join(DATA_FILE))?);
    Ok((PolicySet::from_files(&files)?, files))
}

fn collect(
    root: &Path,
    folder: &Path,
    depth: usize,
    files: &mut Files,
) -> Result<(), PoliciesError> {
    let io = |source| PoliciesError::Read { path: folder.into(), source };
    for item in std::fs::read_dir(folder).map_err(io)? {
        let path = item.map_err(io)?.path();
        if path.is_dir() && depth < MAX_DEPTH {
            collect(root, &path, depth + 1, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rego") {
            let name =
                path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.insert(name, read(&path)?);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, PoliciesError> {
    std::fs::read_to_string(path)
        .map_err(|source| PoliciesError::Read { path: path.into(), source })
}
