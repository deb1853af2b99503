//! `cargo xtask run`: the app on a demo workspace, or its story under a virtual display.

use crate::{
    build::{self, checkout},
    cache::Cache,
    clock,
    packages::Need,
    setup,
    step::{self, Progress},
    test::TAURI_DRIVER,
    ui,
};
use anyhow::{Context as _, Result, bail};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    headless: bool,
    out: Option<PathBuf>,
    data: Option<PathBuf>,
}

impl Options {
    /// Reads the words after `run`.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(word) = rest.next() {
            let mut folder = || rest.next().map(PathBuf::from);
            match word.as_str() {
                "--headless" => options.headless = true,
                "--out" => options.out = Some(folder().context("--out needs a folder")?),
                "--data" => options.data = Some(folder().context("--data needs a folder")?),
                other => bail!("`run` does not know {other}; it knows --headless, --out, --data"),
            }
        }
        match (&options.out, &options.data) {
            (Some(_), _) if !options.headless => bail!("--out goes with --headless"),
            (_, Some(_)) if options.headless => bail!("--data does not go with --headless"),
            _ => Ok(options),
        }
    }
}

/// Sets up, builds and starts.
pub(crate) fn run(options: &Options) -> Result<()> {
    if !options.headless && !has_display(|name| std::env::var_os(name).is_some()) {
        bail!(
            "there is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window \
             can open. `cargo xtask run --headless` plays the story under a virtual display and \
             leaves screenshots and the exported log in a folder."
        );
    }
    let cache = Cache::open()?;
    let mut progress = Progress::new(if options.headless { 6 } else { 5 });
    let needs: &[Need] = if options.headless {
        &[Need::Build, Need::Session, Need::Headless]
    } else {
        &[Need::Build, Need::Session]
    };
    progress.step("set-up", || setup::prepare(needs))?;
    progress.step("interface: packages", ui::install)?;
    progress.step("interface: build", ui::build)?;
    let programs = progress.step("programs", || build::build_programs(&cache))?;
    let mut demo = Command::new(programs.join("countersign-demo"));
    demo.current_dir(checkout()?).env("COUNTERSIGN_PROGRAMS", &programs);
    if options.headless {
        let driver = progress.step("driver of the real window", || {
            build::install_tool(&cache, TAURI_DRIVER.0, TAURI_DRIVER.1)
        })?;
        play(&mut progress, options, demo.env("COUNTERSIGN_TAURI_DRIVER", driver))
    } else {
        open(&mut progress, options, &cache, &mut demo)
    }
}

fn play(progress: &mut Progress, options: &Options, demo: &mut Command) -> Result<()> {
    let out = match &options.out {
        Some(folder) => std::path::absolute(folder)?,
        None => checkout()?.join("artifacts").join(format!("story-{}", clock::stamp())),
    };
    make_folder(&out)?;
    progress.step("the story", || {
        let hint = format!("What it left is in {}.", out.display());
        step::run(demo.arg("--headless").arg("--out").arg(&out), &hint)
    })?;
    println!("\nScreenshots and the exported log are in {}", out.display());
    Ok(())
}

fn open(
    progress: &mut Progress,
    options: &Options,
    cache: &Cache,
    demo: &mut Command,
) -> Result<()> {
    let data = match &options.data {
        Some(folder) => std::path::absolute(folder)?,
        None => cache.demo(&clock::stamp()),
    };
    make_folder(&data)?;
    progress.step("the app (close its window or press Ctrl-C to end)", || {
        let hint = format!("What it left is in {}.", data.display());
        step::run(demo.arg("--data").arg(&data), &hint)
    })?;
    println!("\nThe demo workspace is in {}", data.display());
    Ok(())
}

fn has_display(is_set: impl Fn(&str) -> bool) -> bool {
    cfg!(any(windows, target_os = "macos")) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&words)
    }

    #[test]
    fn reads_the_options() {
        assert_eq!(parse("").unwrap(), Options::default());
        let headless = parse("--headless --out a/b").unwrap();
        assert_eq!(headless, Options { headless: true, out: Some("a/b".into()), data: None });
        assert_eq!(parse("--data d").unwrap().data, Some("d".into()));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for (line, message) in [
            ("--fast", "`run` does not know --fast; it knows --headless, --out, --data"),
            ("--headless --out", "--out needs a folder"),
            ("--out x", "--out goes with --headless"),
            ("--headless --data x", "--data does not go with --headless"),
        ] {
            assert_eq!(parse(line).unwrap_err().to_string(), message);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn either_display_will_do() {
        assert!(has_display(|name| name == "DISPLAY"));
        assert!(has_display(|name| name == "WAYLAND_DISPLAY"));
        assert!(!has_display(|_| false));
    }
}
