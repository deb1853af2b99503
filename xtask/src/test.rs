//! `cargo xtask test`: every check and every test, on a fresh machine as on a warm one.

use crate::{
    build,
    cache::Cache,
    deny::{self, Advisories},
    packages::Need,
    setup,
    step::{self, Progress},
    totals::Totals,
    ui,
};
use anyhow::{Result, bail};
use std::path::Path;

/// The driver that speaks WebDriver to the real app.
pub(crate) const TAURI_DRIVER: (&str, &str) = ("tauri-driver", "2.1.0");

/// Sets up, checks, builds and tests; fails at the first step that fails.
pub(crate) fn test() -> Result<()> {
    let cache = Cache::open()?;
    let mut progress = Progress::new(13);
    let mut totals = Totals::default();

    progress.step("set-up", || setup::prepare(&[Need::Build, Need::Session, Need::Headless]))?;
    progress.step("format", || {
        let mut command = build::cargo(&cache)?;
        step::run(command.args(["fmt", "--all", "--check"]), "Run `cargo fmt --all`.")
    })?;
    progress.step("interface: packages", ui::install)?;
    progress.step("interface: types and lints", ui::check)?;
    progress.step("interface: tests", || {
        if ui::test(&mut totals)? {
            return Ok(());
        }
        bail!("{}; the tests of ui/ that failed are named above", totals.summary());
    })?;
    progress.step("interface: in Chromium (axe, zoom, keys)", || {
        if ui::e2e(&mut totals)? {
            return Ok(());
        }
        bail!("{}; what failed in Chromium is named above", totals.summary());
    })?;
    progress.step("interface: build", || {
        ui::build()?;
        ui::build_contract()
    })?;
    progress.step("lints", || {
        step::run(
            build::cargo(&cache)?
                .args(["clippy", "--locked", "--workspace", "--all-targets"])
                .args(["--", "-D", "warnings"]),
            "Read the first warning above.",
        )
    })?;
    progress.step("documentation", || {
        step::run(
            build::cargo(&cache)?
                .args(["doc", "--locked", "--workspace", "--no-deps"])
                .env("RUSTDOCFLAGS", "-D warnings"),
            "Read the first warning above.",
        )
    })?;
    let advisories = progress.step("dependencies", || deny::check(&cache))?;
    let programs = progress.step("programs", || build::build_programs(&cache))?;
    let driver = progress.step("driver of the real window", || {
        build::install_tool(&cache, TAURI_DRIVER.0, TAURI_DRIVER.1)
    })?;
    let ended_well =
        progress.step("tests", || cargo_test(&cache, &programs, &driver, &mut totals))?;

    if advisories == Advisories::Snapshot {
        println!("\nNote: {}.", deny::snapshot_alone());
    }
    if totals.ignored > 0 {
        println!("\nNote: {} left out (marked as ignored or skipped).", totals.ignored);
    }
    println!("\nAll steps took {}.", progress.elapsed());
    println!("{}", totals.summary());
    if !ended_well || totals.failed > 0 {
        bail!("the tests did not pass; what failed is named above, under `failures:`");
    }
    Ok(())
}

/// All tests of the workspace, doctests too. A failed one does not hide the next.
fn cargo_test(cache: &Cache, programs: &Path, driver: &Path, totals: &mut Totals) -> Result<bool> {
    let mut command = build::cargo(cache)?;
    command
        .args(["test", "--locked", "--workspace", "--no-fail-fast"])
        .env("COUNTERSIGN_PROGRAMS", programs)
        .env("COUNTERSIGN_TAURI_DRIVER", driver);
    step::run_and_read(&mut command, |line| totals.add_cargo_line(line))
}
