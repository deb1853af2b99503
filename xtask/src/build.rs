//! Cargo's own steps, always with the shared target folder.

use crate::{cache::Cache, step};
use anyhow::{Context as _, Result};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Every program that the demo and the end-to-end tests start.
const PROGRAMS: &[&str] = &[
    "countersign",
    "countersign-demo",
    "countersign-emulator",
    "countersign-gate",
    "countersign-relay",
    "countersign-verify",
];

/// The root of the checkout.
pub(crate) fn checkout() -> Result<PathBuf> {
    let own = std::env::var_os("CARGO_MANIFEST_DIR")
        .context("start this with `cargo xtask …` inside the checkout")?;
    let root = Path::new(&own).parent().context("the checkout has no root folder")?;
    Ok(root.to_path_buf())
}

/// `cargo` at the root, as if called from a fresh terminal.
pub(crate) fn cargo(cache: &Cache) -> Result<Command> {
    let mut command = Command::new("cargo");
    command.current_dir(checkout()?).env("CARGO_TARGET_DIR", cache.target());
    // What the outer cargo tells this program would make build scripts run again.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name.as_ref());
        }
    }
    Ok(command)
}

/// Builds every program and puts them together in one folder, which it answers. There they
/// stay as built: `cargo test` builds some again with test-only features.
pub(crate) fn build_programs(cache: &Cache) -> Result<PathBuf> {
    step::run(
        cargo(cache)?.args(["build", "--locked", "--workspace", "--bins", "--exclude", "xtask"]),
        "Read the first error above.",
    )?;
    let folder = cache.programs();
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    for name in PROGRAMS {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        place(&cache.target().join("debug").join(&file), &folder.join(&file))?;
    }
    Ok(folder)
}

/// Builds what the window's benchmark starts: the programs, an empty window to compare with,
/// and the tool that fills a profile; all as they ship, optimised.
pub(crate) fn build_for_window_bench(cache: &Cache) -> Result<()> {
    const HELP: &str = "Read the first error above.";
    let release = ["build", "--locked", "--release"];
    step::run(
        cargo(cache)?.args(release).args(["--workspace", "--bins", "--exclude", "xtask"]),
        HELP,
    )?;
    let example = |package: &str, name: &str| {
        step::run(cargo(cache)?.args(release).args(["--package", package, "--example", name]), HELP)
    };
    example("countersign", "empty_window")?;
    example("countersign-client", "fill_profile")
}

fn place(built: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        std::fs::remove_file(to)
            .with_context(|| format!("{} cannot be replaced: is it running?", to.display()))?;
    }
    std::fs::hard_link(built, to)
        .or_else(|_| std::fs::copy(built, to).map(|_| ()))
        .with_context(|| format!("cannot copy {} to {}", built.display(), to.display()))
}

/// Installs a tool of an exact version under the cache, unless that version is there.
pub(crate) fn install_tool(cache: &Cache, name: &str, version: &str) -> Result<PathBuf> {
    let tool = cache.tool(name);
    let receipt = cache.tools().join(".crates.toml");
    let listed = std::fs::read_to_string(&receipt).unwrap_or_default();
    if tool.exists() && listed.contains(&format!("\"{name} {version} (")) {
        println!("  {name} {version} is installed");
        return Ok(tool);
    }
    println!("  {name} {version} is not installed yet: building it once");
    let root = cache.tools();
    step::run(
        cargo(cache)?.args(["install", name, "--version", version, "--locked", "--root"]).arg(root),
        "It comes from the package registry: check the network.",
    )?;
    Ok(tool)
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn an_old_program_is_replaced() {
        let folder = std::env::temp_dir().join(format!("xtask-place-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (built, to) = (folder.join("built"), folder.join("placed"));
        std::fs::write(&to, "old").unwrap();
        std::fs::write(&built, "new").unwrap();
        place(&built, &to).unwrap();
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "new");
        std::fs::remove_file(&built).unwrap();
        let error = format!("{:#}", place(&built, &to).unwrap_err());
        assert!(error.starts_with("cannot copy"), "{error}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
