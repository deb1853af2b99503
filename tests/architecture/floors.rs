//! The floors of the desktop's engine: each may import those below it, and none above.

use crate::{
    graph::checkout,
    sources::{files, read},
};
use std::collections::BTreeSet;

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

/// What the window shows of what is wrong: made on the topmost floor alone.
const WORDS: &[&str] = &["view::problem", "view::Code", "view::ProblemView"];

/// Files below `engine` that name what the window shows of what is wrong, or make it. Its types
/// are declared on the floor of `view`, where others carry them; nothing there makes one.
pub(crate) fn worded(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let code = code(&source.text);
        let why = match source.floor() {
            "engine" => continue,
            "view" => "a problem is made in `engine` alone",
            _ => "an error is typed here, and `engine` has its words",
        };
        let named = match source.floor() {
            "view" => made_there(&code),
            _ => named_there(&code),
        };
        let lines: BTreeSet<_> = named.into_iter().map(|at| line_of(&code, at)).collect();
        found.extend(lines.into_iter().map(|line| format!("{}:{line}: {why}", source.path)));
    }
    found
}

/// Where the code of `view` makes a problem instead of carrying one.
fn made_there(code: &str) -> Vec<usize> {
    let signs = ["-> ProblemView", ", ProblemView>", "for ProblemView", " ProblemView {"];
    let places = signs.into_iter().flat_map(|sign| code.match_indices(sign));
    places.map(|(at, _)| at).filter(|at| !code[..*at].ends_with("struct")).collect()
}

/// Where the code of another floor names a problem or a code, by its path or by its name.
fn named_there(code: &str) -> Vec<usize> {
    let is_of = |path: &str, word: &str| {
        path.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let by_path = paths(code).into_iter();
    let by_path = by_path.filter(|(_, path)| WORDS.iter().any(|word| is_of(path, word)));
    let by_name = code.match_indices("ProblemView").map(|(at, _)| at);
    by_path.map(|(at, _)| at).chain(by_name).collect()
}

/// Where every path from the crate's root begins, and the path; each of those in braces.
fn paths(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, root) in code.match_indices("crate::") {
        let begin = at + root.len();
        walk(code, begin, "", &mut found);
    }
    found
}

/// Walks a path, or those in braces, from `at`; gives where it ends.
fn walk(code: &str, at: usize, before: &str, found: &mut Vec<(usize, String)>) -> usize {
    if code[at..].starts_with('{') {
        return walk_braces(code, at + 1, before, found);
    }
    let name: String = code[at..].chars().take_while(|letter| is_of_a_name(*letter)).collect();
    let end = at + name.len();
    let path = if before.is_empty() { name } else { format!("{before}::{name}") };
    if code[end..].starts_with("::") {
        return walk(code, end + 2, &path, found);
    }
    found.push((at, path));
    end
}

/// Walks each path of those in braces; gives where they end.
fn walk_braces(code: &str, at: usize, before: &str, found: &mut Vec<(usize, String)>) -> usize {
    let mut end = at;
    while let Some(letter) = code[end..].chars().next() {
        if is_of_a_name(letter) {
            end = walk(code, end, before, found);
        } else {
            end += letter.len_utf8();
            if letter == '}' {
                break;
            }
        }
    }
    end
}

fn is_of_a_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// The text without comments, line by line.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// The first name of every path that begins at the crate's root, with its line. Where a path
/// goes out of a file by more than one `super`, that is its name, and no floor has it.
fn heads(text: &str) -> Vec<(usize, String)> {
    let code = code(text);
    let mut found = Vec::new();
    for root in ["crate::", "super::super"] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|letter| letter.is_alphanumeric() || "_:".contains(letter)) {
                continue;
            }
            let line = line_of(&code, at);
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
