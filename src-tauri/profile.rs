//! The profile folder: where it is by default, and the name under which one app runs per
//! profile.

use countersign_model::Digest;
use std::path::{Component, Path, PathBuf};

/// The platform's folder for this app's data.
///
/// # Errors
/// When the system names no home.
pub fn default_folder() -> anyhow::Result<PathBuf> {
    let home = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let base = if cfg!(target_os = "windows") {
        home("APPDATA")
    } else if cfg!(target_os = "macos") {
        home("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        home("XDG_DATA_HOME").or_else(|| home("HOME").map(|home| home.join(".local/share")))
    };
    let base = base.ok_or_else(|| anyhow::anyhow!("name a profile folder with --profile"))?;
    Ok(base.join("countersign"))
}

/// The bus name of the app that has this profile open. One profile has one name, by
/// whatever path it is reached; two profiles have two.
#[must_use]
pub fn bus_name(folder: &Path) -> String {
    let digest = Digest::of(real_path(folder).as_os_str().as_encoded_bytes()).to_string();
    let hex = digest.rsplit(':').next().unwrap_or(&digest);
    format!("org.countersign.desktop.p{}", hex.get(..16).unwrap_or(hex))
}

/// The folder's path without links and dots; of a folder that is not there yet, the part
/// that is.
fn real_path(folder: &Path) -> PathBuf {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let mut path = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::CurDir => {}
            _ => path.push(part),
        }
        // Step by step, because `..` after a link leads elsewhere than it reads.
        path = path.canonicalize().unwrap_or(path);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_profile_has_one_name_and_two_have_two() {
        let folder = tempfile::tempdir().expect("a folder");
        let one = folder.path().join("one");
        let before = bus_name(&one);
        assert_eq!(bus_name(&folder.path().join("one/../one")), before, "nor by dots");
        std::fs::create_dir(&one).expect("made");
        assert_eq!(bus_name(&one), before, "the folder is made after the first start");
        assert_eq!(bus_name(&folder.path().join("./one/")), before);
        assert_ne!(bus_name(&folder.path().join("two")), before);
        #[cfg(unix)]
        {
            let link = folder.path().join("link");
            std::os::unix::fs::symlink(&one, &link).expect("linked");
            assert_eq!(bus_name(&link), before);
        }
    }

    #[test]
    fn the_name_is_one_that_a_bus_takes() {
        let name = bus_name(Path::new("/tmp/a profile with spaces and ü"));
        let (_, last) = name.rsplit_once('.').expect("a dot");
        assert_eq!(last.len(), 17, "{name}");
        assert!(last.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{name}");
    }
}
