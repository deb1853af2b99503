//! Where built things and tools are kept: outside the checkout, so that a fresh clone and a
//! second clone start warm. A cache makes a step faster; it never makes a step skipped.

use anyhow::{Context as _, Result};
use std::path::PathBuf;

/// The folders that outlive a checkout.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    root: PathBuf,
    target: PathBuf,
}

impl Cache {
    /// Finds the folders from the environment and makes them.
    pub(crate) fn open() -> Result<Self> {
        let root = root(|name| std::env::var_os(name).map(PathBuf::from)).context(
            "neither COUNTERSIGN_CACHE nor HOME is set: set COUNTERSIGN_CACHE to a folder",
        )?;
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => PathBuf::from(folder),
            None => root.join("target"),
        };
        for folder in [&root, &target] {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        }
        let target = std::path::absolute(target).context("the target folder has no full path")?;
        Ok(Self { root, target })
    }

    /// Cargo's target folder.
    pub(crate) fn target(&self) -> PathBuf {
        self.target.clone()
    }

    /// The programs under test, apart from what `cargo test` builds again with other features.
    pub(crate) fn programs(&self) -> PathBuf {
        self.target.join("debug").join("programs")
    }

    /// Root for `cargo install`.
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join("tools")
    }

    /// A tool that `cargo install` put there.
    pub(crate) fn tool(&self, name: &str) -> PathBuf {
        self.tools().join("bin").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// Where this process unpacks what is known of dependencies; others unpack their own.
    pub(crate) fn advisories(&self) -> PathBuf {
        self.root.join("advisories").join(std::process::id().to_string())
    }

    /// A fresh folder for a demo workspace.
    pub(crate) fn demo(&self, stamp: &str) -> PathBuf {
        self.root.join("demo").join(stamp)
    }
}

fn root(env: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let chosen = env("COUNTERSIGN_CACHE").filter(|path| path.is_absolute());
    let shared = env("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let home = || env("HOME").or_else(|| env("USERPROFILE")).map(|home| home.join(".cache"));
    Some(chosen.or(shared).or_else(home)?.join("countersign"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Option<PathBuf> {
        root(|name| pairs.iter().find(|pair| pair.0 == name).map(|pair| PathBuf::from(pair.1)))
    }

    #[test]
    fn prefers_the_chosen_folder_then_the_shared_one_then_home() {
        let all = [("COUNTERSIGN_CACHE", "/a"), ("XDG_CACHE_HOME", "/b"), ("HOME", "/c")];
        assert_eq!(with(&all), Some("/a/countersign".into()));
        assert_eq!(with(&all[1..]), Some("/b/countersign".into()));
        assert_eq!(with(&all[2..]), Some("/c/.cache/countersign".into()));
        assert_eq!(with(&[]), None);
    }

    #[test]
    fn a_relative_folder_is_not_taken() {
        // It would mean another place for every folder that cargo is called from.
        assert_eq!(
            with(&[("XDG_CACHE_HOME", "x"), ("HOME", "/c")]),
            Some("/c/.cache/countersign".into())
        );
    }
}
