//! `cargo xtask bench`: every benchmark of the workspace, optimised.

use crate::{
    build::{self, checkout},
    cache::Cache,
    packages::Need,
    setup,
    step::{self, Progress},
    test::TAURI_DRIVER,
    ui,
};
use anyhow::{Context as _, Result, bail};
use std::{collections::BTreeSet, path::Path};

/// The bench that opens the app; it needs programs, a display and a driver.
const WINDOW: &str = "window";

/// Runs the benches. After `--` the name of a bench chooses it alone; other words go to the
/// benches, which take them as a filter.
pub(crate) fn bench(arguments: &[String]) -> Result<()> {
    let passed_on = match arguments.split_first() {
        None => &[][..],
        Some((first, rest)) if first == "--" => rest,
        Some((first, _)) => {
            bail!("`bench` does not know {first}; words for the benches follow `--`")
        }
    };
    let cache = Cache::open()?;
    let all = find(&checkout()?)?;
    if all.is_empty() {
        bail!("no benchmark was found under crates/*/benches");
    }
    let (benches, passed_on) = choose(&all, passed_on);
    let with_window = benches.iter().any(|name| bench_of(name) == WINDOW);
    let mut progress = Progress::new(if with_window { 5 } else { 2 });
    let mut environment = Vec::new();
    if with_window {
        let needs = [Need::Build, Need::Session, Need::Headless];
        progress.step("set-up", || setup::prepare(&needs))?;
        progress.step("interface", || {
            ui::install()?;
            ui::build()
        })?;
        progress.step("programs, optimised", || build::build_for_window_bench(&cache))?;
        let driver = progress.step("driver of the real window", || {
            build::install_tool(&cache, TAURI_DRIVER.0, TAURI_DRIVER.1)
        })?;
        environment.push(("COUNTERSIGN_TAURI_DRIVER", driver));
        environment.push(("COUNTERSIGN_PROGRAMS", cache.target().join("release")));
    } else {
        progress.step("set-up", || setup::prepare(&[Need::Build]))?;
    }
    progress.step(&format!("{} benchmarks: {}", benches.len(), benches.join(", ")), || {
        let mut command = build::cargo(&cache)?;
        command.envs(environment);
        command.args(["bench", "--locked"]);
        for package in packages(&benches) {
            command.args(["--package", &package]);
        }
        for name in &benches {
            command.args(["--bench", bench_of(name)]);
        }
        command.arg("--").args(passed_on);
        step::run(&mut command, "Read the first error above.")
    })?;
    println!(
        "\nThe starting line, with the machine's shape, is docs/benchmarks.md; put new figures"
    );
    println!("there when they changed on purpose, and compare only figures of one machine.");
    Ok(())
}

/// The benches that are meant, and the words that are for them. Without its programs the
/// window is left out: a filter is for the others.
fn choose<'a>(all: &[String], words: &'a [String]) -> (Vec<String>, &'a [String]) {
    if let Some((first, rest)) = words.split_first() {
        let named: Vec<String> =
            all.iter().filter(|name| bench_of(name) == first).cloned().collect();
        if !named.is_empty() {
            return (named, rest);
        }
    }
    let meant = |name: &&String| words.is_empty() || bench_of(name) != WINDOW;
    (all.iter().filter(meant).cloned().collect(), words)
}

/// The bench of `crate/bench`.
fn bench_of(name: &str) -> &str {
    name.split_once('/').map_or(name, |(_, bench)| bench)
}

/// Every bench target as `crate/bench`, sorted.
fn find(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let crates = root.join("crates");
    let rooms = std::fs::read_dir(&crates)
        .with_context(|| format!("cannot read the folder {}", crates.display()))?;
    for room in rooms {
        let room = room?;
        let Ok(files) = std::fs::read_dir(room.path().join("benches")) else { continue };
        for file in files {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                found.push(format!("{}/{stem}", room.file_name().to_string_lossy()));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The packages that hold them; the others need not be built.
fn packages(benches: &[String]) -> BTreeSet<String> {
    let rooms = benches.iter().filter_map(|name| name.split('/').next());
    rooms.map(|room| format!("countersign-{room}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_chooses_its_bench_and_other_words_go_to_all_but_the_window() {
        let strings =
            |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let all = strings(&["demo/window", "store/open"]);
        assert_eq!(choose(&all, &[]), (all.clone(), &[][..]));
        let words = strings(&["window"]);
        assert_eq!(choose(&all, &words), (strings(&["demo/window"]), &[][..]));
        let words = strings(&["open", "search"]);
        assert_eq!(choose(&all, &words), (strings(&["store/open"]), &words[1..]));
        let words = strings(&["search"]);
        assert_eq!(choose(&all, &words), (strings(&["store/open"]), &words[..]));
    }

    #[test]
    fn finds_benches_by_room_and_name() {
        let root = std::env::temp_dir().join(format!("xtask-bench-{}", std::process::id()));
        for file in
            ["crates/b/benches/two.rs", "crates/a/benches/one.rs", "crates/a/benches/note.md"]
        {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        std::fs::create_dir_all(root.join("crates/c")).unwrap();
        let names = find(&root).unwrap();
        assert_eq!(names, ["a/one", "b/two"]);
        let packages: Vec<String> = packages(&names).into_iter().collect();
        assert_eq!(packages, ["countersign-a", "countersign-b"]);
        std::fs::remove_dir_all(&root).unwrap();
    }
}
