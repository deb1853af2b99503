//! Licences, bans and sources of every dependency; advisories when their database is reachable.

use crate::{
    build::{cargo, install_tool},
    cache::Cache,
    step,
};
use anyhow::{Context as _, Result};
use std::{path::Path, process::Command};

/// Pinned: a newer one may read `deny.toml` in another way.
const VERSION: &str = "0.20.2";

/// What could be checked about known vulnerabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Advisories {
    /// Checked against the current database.
    Checked,
    /// The database could not be fetched; nothing is known.
    NotReachable,
}

/// Checks `deny.toml`.
pub(crate) fn check(cache: &Cache) -> Result<Advisories> {
    let tool = install_tool(cache, "cargo-deny", VERSION)?;
    step::run(
        deny(cache, &tool)?.args(["check", "bans", "licenses", "sources"]),
        "deny.toml says what is allowed and why.",
    )?;
    let line = "cargo deny fetch db";
    println!("  $ {line}");
    let fetched = deny(cache, &tool)?
        .args(["fetch", "db"])
        .env("GIT_TERMINAL_PROMPT", "0")
        .output()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !fetched.status.success() {
        println!("  the RustSec database could not be fetched: {NOT_CHECKED}");
        return Ok(Advisories::NotReachable);
    }
    step::run(
        deny(cache, &tool)?.args(["check", "advisories"]),
        "A dependency has a known fault: take the version that mends it.",
    )?;
    Ok(Advisories::Checked)
}

/// Said at the step and again at the end.
pub(crate) const NOT_CHECKED: &str =
    "known vulnerabilities were NOT checked (it needs github.com/RustSec/advisory-db)";

fn deny(cache: &Cache, tool: &Path) -> Result<Command> {
    let mut command = Command::new(tool);
    command.current_dir(crate::build::checkout()?);
    // The same environment as cargo's own steps.
    for (name, value) in cargo(cache)?.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Ok(command)
}
