//! Licences, bans and sources of every dependency, and what is known to be wrong with them: by the
//! `RustSec` snapshot that travels with the repository, and by the current database beside it
//! when that can be reached.

use crate::{
    build::{cargo, checkout, install_tool},
    cache::Cache,
    step,
};
use anyhow::{Context as _, Result, bail, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Pinned: a newer one may read `deny.toml` or the database in another way.
const VERSION: &str = "0.20.2";
/// See `data/rustsec/README.md`, which also says how it is renewed.
const SNAPSHOT: &str = "data/rustsec/advisory-db-bf5c0d24.tar.gz";
/// The day of the snapshot's commit.
const SNAPSHOT_DATE: &str = "2026-08-20";
/// The folder in which cargo-deny looks for the database of its default address.
const DATABASE: &str = "advisory-db-3157b0e258782691";
const HINT: &str = "A dependency has a known fault: take the version that mends it, or excuse it by name, with the reason, in deny.toml.";

/// By which database known faults were looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Advisories {
    /// By the current one, too.
    Current,
    /// By the snapshot alone; the current one could not be fetched.
    Snapshot,
}

/// Checks `deny.toml`.
pub(crate) fn check(cache: &Cache) -> Result<Advisories> {
    let tool = install_tool(cache, "cargo-deny", VERSION)?;
    step::run(
        deny(cache, &tool)?.args(["check", "bans", "licenses", "sources"]),
        "deny.toml says what is allowed and why.",
    )?;
    println!("  RustSec as of {SNAPSHOT_DATE}, from {SNAPSHOT}");
    let snapshot = Snapshot::unpack(&checkout()?, cache.advisories())?;
    step::run(snapshot.check(&mut deny(cache, &tool)?), HINT)?;
    snapshot.prove_that_faults_are_found(&mut deny(cache, &tool)?)?;
    if !fetch_current(cache, &tool)? {
        println!("  {}", snapshot_alone());
        return Ok(Advisories::Snapshot);
    }
    step::run(deny(cache, &tool)?.args(["check", "advisories"]), HINT)?;
    Ok(Advisories::Current)
}

/// Said at the step and again at the end.
pub(crate) fn snapshot_alone() -> String {
    format!(
        "known faults of dependencies were looked up in RustSec as of {SNAPSHOT_DATE}; the current database (github.com/RustSec/advisory-db) could not be fetched"
    )
}

fn fetch_current(cache: &Cache, tool: &Path) -> Result<bool> {
    let line = "cargo deny fetch db";
    println!("  $ {line}");
    let fetched = deny(cache, tool)?
        .args(["fetch", "db"])
        .env("GIT_TERMINAL_PROMPT", "0")
        .output()
        .with_context(|| format!("cannot start `{line}`"))?;
    Ok(fetched.status.success())
}

/// The unpacked snapshot; its folder is removed in the end.
struct Snapshot {
    folder: PathBuf,
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        // What stays takes room and nothing else: the next one is unpacked again.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Snapshot {
    /// Unpacks it beside a `deny.toml` that names it.
    fn unpack(checkout: &Path, folder: PathBuf) -> Result<Self> {
        let snapshot = Self { folder };
        let database = snapshot.folder.join(DATABASE);
        // cargo-deny takes the age of a database from this file, and reads nothing else of Git's.
        let fetched = database.join(".git").join("FETCH_HEAD");
        let cannot = || format!("cannot write to {}", snapshot.folder.display());
        let _ = fs::remove_dir_all(&snapshot.folder);
        fs::create_dir_all(database.join(".git")).with_context(cannot)?;
        fs::write(fetched, "").with_context(cannot)?;
        let mut tar = Command::new("tar");
        tar.arg("-xzf").arg(checkout.join(SNAPSHOT)).arg("-C").arg(&database);
        step::run(&mut tar, "The snapshot of RustSec could not be unpacked.")?;
        let rules = fs::read_to_string(checkout.join("deny.toml")).context("no deny.toml")?;
        let rules = with_database(&rules, &snapshot.folder)?;
        fs::write(snapshot.rules(), rules).with_context(cannot)?;
        Ok(snapshot)
    }

    fn rules(&self) -> PathBuf {
        self.folder.join("deny.toml")
    }

    fn check<'a>(&self, deny: &'a mut Command) -> &'a mut Command {
        deny.args(["--offline", "--locked", "--config"])
            .arg(self.rules())
            .args(["check", "advisories"])
    }

    /// A made-up fault of a library that we use has to be found: a database that is not read
    /// has no faults either.
    fn prove_that_faults_are_found(&self, deny: &mut Command) -> Result<()> {
        let folder = self.folder.join(DATABASE).join("crates").join("anyhow");
        fs::create_dir_all(&folder).context("the made-up fault cannot be written")?;
        fs::write(folder.join(format!("{MADE_UP_ID}.md")), MADE_UP)
            .context("the made-up fault cannot be written")?;
        let output = self.check(deny).output().context("cannot start cargo-deny")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            !output.status.success() && said.contains(MADE_UP_ID),
            "cargo-deny does not find a made-up fault of `anyhow` in the snapshot, so it would find no real one: {said}"
        );
        println!("  a made-up fault of `anyhow` is found");
        Ok(())
    }
}

const MADE_UP_ID: &str = "RUSTSEC-2000-0001";
const MADE_UP: &str = r#"```toml
[advisory]
id = "RUSTSEC-2000-0001"
package = "anyhow"
date = "2000-01-01"

[versions]
patched = []
```

# Made up, to see that faults are found
"#;

/// The rules of `deny.toml`, with the folder of databases.
fn with_database(rules: &str, folder: &Path) -> Result<String> {
    let section = "\n[advisories]\n";
    let Some((before, after)) = rules.split_once(section) else {
        bail!("deny.toml has no section [advisories]")
    };
    let folder = folder.to_str().context("the cache folder's name is no UTF-8")?;
    // A backslash would begin an escape.
    let folder = folder.replace('\\', "/");
    Ok(format!("{before}{section}db-path = \"{folder}\"\n{after}"))
}

fn deny(cache: &Cache, tool: &Path) -> Result<Command> {
    let mut command = Command::new(tool);
    command.current_dir(checkout()?);
    // The same environment as cargo's own steps.
    for (name, value) in cargo(cache)?.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
    }

    #[test]
    fn the_snapshot_unpacks_with_its_licences_and_its_page_names_it() {
        let folder = std::env::temp_dir().join(format!("countersign-deny-{}", std::process::id()));
        let snapshot = Snapshot::unpack(&root(), folder.clone()).unwrap();
        let database = folder.join(DATABASE);
        for part in ["LICENSE.txt", "LICENSES/CC-BY-4.0.txt", "LICENSES/CC0-1.0.txt"] {
            assert!(database.join(part).is_file(), "{part}");
        }
        let known = database.join("crates/rsa/RUSTSEC-2023-0071.md");
        assert!(fs::read_to_string(known).unwrap().contains("Marvin"));
        let rules = fs::read_to_string(snapshot.rules()).unwrap();
        assert!(rules.contains("db-path") && rules.contains("RUSTSEC-2024-0429"), "{rules}");
        drop(snapshot);
        assert!(!folder.exists());
        let page = fs::read_to_string(root().join("data/rustsec/README.md")).unwrap();
        let name = SNAPSHOT.rsplit('/').next().unwrap();
        assert!(page.contains(name) && page.contains(SNAPSHOT_DATE), "{page}");
    }

    #[test]
    fn the_database_is_named_in_its_section() {
        let folder = Path::new(r"C:\cache");
        let made = with_database("[bans]\na = 1\n\n[advisories]\nversion = 2\n", folder).unwrap();
        let expected = "[bans]\na = 1\n\n[advisories]\ndb-path = \"C:/cache\"\nversion = 2\n";
        assert_eq!(made, expected);
        assert!(with_database("[bans]\n", folder).is_err());
    }
}
