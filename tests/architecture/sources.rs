//! Rules that only the sources can show.

use crate::graph::checkout;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Rooms whose code is a function of its arguments.
const PURE_ROOMS: &[&str] =
    &["model", "workflow", "policy", "audit", "sync", "document", "report", "replay"];

/// Parts of other rooms of which the same is true.
const PURE_PARTS: &[&str] = &["gate/src/core.rs", "gate/src/core", "gate/src/shell.rs"];

/// What reaches outside from a room that has more dependencies than a pure one.
const OUTSIDE_OF_A_PART: &[&str] = &[
    "tokio",
    "clock::now",
    "clock::new_uuid",
    "Clocks::read",
    "keys::random",
    "of_system",
    "rusqlite",
    "reqwest",
];

/// What reaches outside without any dependency.
const OUTSIDE: &[&str] = &[
    "Instant::now",
    "SystemTime::now",
    "Utc::now",
    "Zoned::now",
    "Timestamp::now",
    "Uuid::now_v7",
    "Uuid::new_v4",
    "std::env::",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
];

pub(crate) fn crates_without_lints() -> Vec<String> {
    let mut manifests = vec![checkout().join("Cargo.toml"), checkout().join("xtask/Cargo.toml")];
    let rooms = fs::read_dir(checkout().join("crates")).expect("crates/");
    manifests.extend(rooms.map(|room| room.expect("a folder").path().join("Cargo.toml")));
    let without = manifests.into_iter().filter(|manifest| {
        let text = read(manifest);
        let section = text.split_once("\n[lints]\n").map_or("", |(_, rest)| rest);
        section.lines().next().map(str::trim) != Some("workspace = true")
    });
    without
        .map(|manifest| format!("{} has no `[lints] workspace = true`", show(&manifest)))
        .collect()
}

pub(crate) fn impure_lines() -> Vec<String> {
    let crates = checkout().join("crates");
    let mut found = Vec::new();
    for room in PURE_ROOMS {
        for file in files(&crates.join(room).join("src"), &["rs"]) {
            found.extend(impure_in(&file, room, OUTSIDE.iter()));
        }
    }
    for part in PURE_PARTS {
        let path = crates.join(part);
        let sources = if path.is_dir() { files(&path, &["rs"]) } else { vec![path] };
        assert!(!sources.is_empty(), "{part} has no sources");
        for file in sources {
            found.extend(impure_in(&file, part, OUTSIDE.iter().chain(OUTSIDE_OF_A_PART)));
        }
    }
    found
}

fn impure_in<'a>(
    file: &Path,
    room: &str,
    outside: impl Iterator<Item = &'a &'a str> + Clone,
) -> Vec<String> {
    let mut found = Vec::new();
    if file.file_stem().is_some_and(|stem| stem == "tests") {
        return found;
    }
    for (number, line) in before_tests(&read(file)).lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for outside in outside.clone().filter(|outside| code.contains(**outside)) {
            found.push(format!(
                "{}:{}: {room} is pure and asks for {outside}: pass it in",
                show(file),
                number + 1
            ));
        }
    }
    found
}

pub(crate) fn shell_imports_outside_the_bridge() -> Vec<String> {
    let ui = checkout().join("ui");
    let sources = files(&ui.join("src"), &["ts", "js", "svelte"]);
    assert!(!sources.is_empty(), "ui/src is empty");
    let outside = sources.into_iter().filter(|file| {
        !file.starts_with(ui.join("src/bridge")) && read(file).contains("@tauri-apps/")
    });
    outside.map(|file| format!("{}: only ui/src/bridge imports @tauri-apps", show(&file))).collect()
}

/// The list from which the permissions are made.
pub(crate) fn listed_commands() -> BTreeSet<String> {
    let text = read(&checkout().join("src-tauri/build.rs"));
    let list = between(&text, "const COMMANDS: &[&str] = &[", "];").expect("the list in build.rs");
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// What the capabilities grant to a window; Tauri's own permissions have a colon.
pub(crate) fn granted_commands() -> BTreeSet<String> {
    let mut granted = BTreeSet::new();
    for file in files(&checkout().join("src-tauri/capabilities"), &["json"]) {
        let capability: Value = serde_json::from_str(&read(&file)).expect("JSON");
        let permissions = capability["permissions"].as_array().expect("a list of permissions");
        for permission in permissions.iter().filter_map(Value::as_str) {
            if let Some(command) = permission.strip_prefix("allow-") {
                granted.insert(command.replace('-', "_"));
            }
        }
    }
    granted
}

/// What `generate_handler!` answers.
pub(crate) fn handled_commands() -> BTreeSet<String> {
    let mut handled = BTreeSet::new();
    for file in files(&checkout().join("src-tauri"), &["rs"]) {
        let text = read(&file);
        let Some(list) = between(&text, "generate_handler![", "]") else { continue };
        let lines = list.lines().map(|line| line.split("//").next().unwrap_or_default());
        let list: String = lines.collect();
        let paths = list.split(',').map(str::trim).filter(|path| !path.is_empty());
        handled.extend(paths.map(|path| path.rsplit("::").next().unwrap_or(path).to_owned()));
    }
    handled
}

/// The part of a file that is not its test module, which by custom comes last.
pub(crate) fn before_tests(text: &str) -> &str {
    text.split_once("#[cfg(test)]").map_or(text, |(before, _)| before)
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end)?.0)
}

pub(crate) fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries {
        let path = entry.expect("a file").path();
        if path.is_dir() {
            found.extend(files(&path, extensions));
        } else if path.extension().is_some_and(|own| extensions.iter().any(|one| own == *one)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

pub(crate) fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

pub(crate) fn show(file: &Path) -> String {
    file.strip_prefix(checkout()).unwrap_or(file).display().to_string()
}
