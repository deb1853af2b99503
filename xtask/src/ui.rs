//! The interface: npm packages, checks, tests, and the build that the app embeds.

use crate::{build::checkout, step, totals::Totals};
use anyhow::{Context as _, Result};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// npm as the system calls it.
pub(crate) const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// The packages of the lock file, exactly. A copy of the lock file inside `node_modules` says
/// which one they came from; deleting the folder deletes the copy.
pub(crate) fn install() -> Result<()> {
    let folder = folder()?;
    let lock = std::fs::read(folder.join("package-lock.json"))
        .context("ui/package-lock.json is missing from the checkout")?;
    let stamp = folder.join("node_modules").join(".installed-lock.json");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        println!("  the npm packages are those of ui/package-lock.json");
        return Ok(());
    }
    step::run(
        npm(&folder).args(["ci", "--no-audit", "--no-fund"]),
        "They come from the npm registry: check the network.",
    )?;
    std::fs::write(&stamp, lock).with_context(|| format!("cannot write {}", stamp.display()))
}

/// Types and lints.
pub(crate) fn check() -> Result<()> {
    let folder = folder()?;
    step::run(npm(&folder).args(["run", "--silent", "check"]), "Types in ui/ do not hold.")?;
    step::run(npm(&folder).args(["run", "--silent", "lint"]), "A rule of ui/ is broken.")
}

/// Unit tests; answers whether the runner ended well.
pub(crate) fn test(totals: &mut Totals) -> Result<bool> {
    let folder = folder()?;
    step::run_and_read(
        npm(&folder).args(["run", "--silent", "test"]).env("NO_COLOR", "1"),
        |line| {
            totals.add_vitest_line(line);
        },
    )
}

/// Tests in real Chromium, on the built demo under the window's content policy: axe on every
/// screen in light, dark and high contrast, 200 % zoom, the whole decision by keyboard, and
/// that nothing jumps. Answers whether the runner ended well.
pub(crate) fn e2e(totals: &mut Totals) -> Result<bool> {
    let folder = folder()?;
    step::run_and_read(npm(&folder).args(["run", "--silent", "e2e"]).env("NO_COLOR", "1"), |line| {
        totals.add_vitest_line(line);
    })
}

/// Takes the pictures of `docs/screens`; `only` names screens, none for all.
pub(crate) fn pictures(only: &[String]) -> Result<()> {
    let folder = folder()?;
    step::run(
        npm(&folder).args(["run", "--silent", "pictures"]).env("PICTURES", only.join(",")),
        "Not all pictures were taken: the screen that failed is named above.",
    )
}

/// Builds `ui/dist`, which must exist before the desktop app compiles.
pub(crate) fn build() -> Result<()> {
    let folder = folder()?;
    step::run(npm(&folder).args(["run", "--silent", "build"]), "ui/dist was not built.")?;
    let page = folder.join("dist").join("index.html");
    std::fs::metadata(&page)
        .map(|_| ())
        .with_context(|| format!("the build ended well without {}", page.display()))
}

/// Builds the contract of every bridge as one script, which a test runs in the real window.
pub(crate) fn build_contract() -> Result<()> {
    let folder = folder()?;
    step::run(
        npm(&folder).args(["run", "--silent", "build:contract"]),
        "ui/dist-contract was not built.",
    )
}

fn folder() -> Result<PathBuf> {
    Ok(checkout()?.join("ui"))
}

fn npm(folder: &Path) -> Command {
    let mut command = Command::new(NPM);
    command.current_dir(folder);
    command
}
