//! The floors of the desktop's engine: each may import those below it, and none above.

use crate::{
    graph::checkout,
    sources::{files, read},
};

/// From the lowest to the highest; each is a folder module of `crates/client/src`.
pub(crate) const FLOORS: &[&str] = &["view", "profile", "case", "lists", "sign", "sync", "engine"];

/// A source file of the engine.
pub(crate) struct Source {
    /// Below `src`, such as `case/facts.rs`.
    path: String,
    text: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The floor that it stands on, by its path.
    fn floor(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap_or_default()
    }
}

/// The engine's sources, without `lib.rs`, which names them all.
pub(crate) fn sources() -> Vec<Source> {
    let folder = checkout().join("crates/client/src");
    let files = files(&folder, &["rs"]);
    let below = |file: &std::path::Path| {
        let parts = file.strip_prefix(&folder).expect("a file below src").components();
        parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
    };
    files
        .iter()
        .map(|file| Source { path: below(file), text: read(file) })
        .filter(|source| source.path != "lib.rs")
        .collect()
}

/// Imports across floors as `(file:line, from, to)`, up and down, and what stands on none.
pub(crate) fn imports(sources: &[Source]) -> Vec<(String, &str, String)> {
    let mut found = Vec::new();
    for source in sources {
        for (line, head) in heads(&source.text) {
            if head != source.floor() {
                found.push((format!("{}:{line}", source.path), source.floor(), head));
            }
        }
    }
    found
}

/// Files on no floor, and imports that do not go down.
pub(crate) fn broken(sources: &[Source]) -> Vec<String> {
    let height = |floor: &str| FLOORS.iter().position(|one| *one == floor);
    let homeless = sources.iter().filter(|source| height(source.floor()).is_none());
    let homeless = homeless.map(|source| {
        format!("{}: it stands on no floor; the floors are {}", source.path, FLOORS.join(", "))
    });
    let upwards = imports(sources).into_iter().filter_map(|(place, from, to)| {
        let why = match (height(from), height(&to)) {
            (Some(from), Some(to)) if to < from => return None,
            (_, None) => "that is no floor: name what is meant by its own floor",
            _ => "an import goes down only: move what both need to a floor below, or split it",
        };
        Some(format!("{place}: {from} -> {to}: {why}"))
    });
    homeless.chain(upwards).collect()
}

/// The first name of every path that begins at the crate's root, with its line. Where a path
/// goes out of a file by more than one `super`, that is its name, and no floor has it.
fn heads(text: &str) -> Vec<(usize, String)> {
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let code = lines.collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    for root in ["crate::", "super::super"] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|letter| letter.is_alphanumeric() || "_:".contains(letter)) {
                continue;
            }
            let line = code[..at].matches('\n').count() + 1;
            let names = match root {
                "crate::" => first_names(&code[at + root.len()..]),
                _ => vec![root.to_owned()],
            };
            found.extend(names.into_iter().map(|name| (line, name)));
        }
    }
    found
}

/// The first name of a path, or those of each path in braces.
fn first_names(rest: &str) -> Vec<String> {
    let name = |path: &str| -> String {
        let letters = path.trim_start().chars();
        letters.take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
    };
    let Some(inside) = rest.trim_start().strip_prefix('{') else { return vec![name(rest)] };
    let mut depth = 1;
    let mut begins = true;
    let mut names = Vec::new();
    for (at, letter) in inside.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => begins = true,
            letter if begins && !letter.is_whitespace() => {
                names.push(name(&inside[at..]));
                begins = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}
