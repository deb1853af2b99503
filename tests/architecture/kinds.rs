//! The list of what a kind of change needs, and the rule that nothing else names one.

use crate::{
    graph::checkout,
    sources::{before_tests, files, read, show},
};
use countersign_model::change::KINDS;

/// Where a single kind may be named: its own module and the list of kinds, and the connectors
/// of platforms. Words, schemas and policy are data.
const MAY_NAME: &[&str] = &["crates/model/src/change", "crates/platforms/src"];

/// Rooms that make a case of each kind for the demo.
const DEMO: &[&str] = &["crates/demo", "xtask"];

/// What is missing of a kind, in words.
pub(crate) fn holes() -> Vec<String> {
    let text = |path: &str| std::fs::read_to_string(checkout().join(path)).unwrap_or_default();
    let [english, german] = ["en", "de"].map(|language| {
        let folder = checkout().join("ui/src/messages").join(language);
        files(&folder, &["ts"]).iter().map(|file| read(file)).collect::<String>()
    });
    let policies: String =
        files(&checkout().join("policies"), &["rego"]).iter().map(|file| read(file)).collect();
    let module_list = text("crates/model/src/change.rs");
    let mut holes = vec![];
    for kind in KINDS {
        let name = kind.name;
        let mut need = |is_there: bool, what: &str| {
            if !is_there {
                holes.push(format!("{name}: {what}"));
            }
        };
        let module = format!("crates/model/src/change/{name}.rs");
        need(checkout().join(&module).is_file(), &format!("no module {module}"));
        need(module_list.contains(&format!("mod {name};")), "not listed in model::change");
        need(kind.schema.contains(&format!("draft:{name}:v1")), "its schema names another kind");
        need(kind.example.contains(&format!("\"{name}\"")), "its example is of another kind");
        need(!kind.offer.is_empty(), "its tool says nothing");
        for (language, words) in [("English", &english), ("German", &german)] {
            need(
                words.contains(&format!("{name}: ")),
                &format!("no {language} words in the window"),
            );
        }
        need(policies.lines().any(|line| is_about(line, name)), "no rule of policies/ is about it");
        let golden = format!("crates/model/tests/snapshots/kinds__{name}.snap");
        need(checkout().join(&golden).is_file(), &format!("no golden vector {golden}"));
    }
    holes
}

/// Lines outside of the allowed places that name a single kind.
pub(crate) fn named_elsewhere() -> Vec<String> {
    let mut rust = files(&checkout().join("crates"), &["rs"]);
    rust.extend(files(&checkout().join("src-tauri"), &["rs"]));
    let mut window = files(&checkout().join("ui/src"), &["ts", "svelte"]);
    window.retain(|file| {
        let place = show(file);
        !["bridge/bindings/", "bridge/fake/", "messages/"].iter().any(|part| place.contains(part))
    });
    let source = |file: &std::path::PathBuf| {
        let place = show(file);
        let is_test = ["/tests/", "/tests.rs", "/benches/", "/examples/"];
        !is_test.iter().any(|part| place.contains(part))
            && !place.ends_with("_laws.rs")
            && !MAY_NAME.iter().chain(DEMO).any(|allowed| place.starts_with(allowed))
    };
    let mut found = vec![];
    for file in rust.iter().chain(&window).filter(|file| source(file)) {
        let text = read(file);
        for (number, line) in before_tests(&text).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let named = KINDS.iter().find(|kind| {
                let variant: String = kind.name.split('_').map(capitalised).collect();
                let variants = [format!("Action::{variant}"), format!("DraftChange::{variant}")];
                code.contains(&format!("\"{}\"", kind.name))
                    || code.contains(&format!("'{}'", kind.name))
                    || variants.iter().any(|variant| code.contains(variant.as_str()))
            });
            if let Some(kind) = named {
                found.push(format!(
                    "{}:{}: names {} alone: ask the headline, or answer it in the kind's module",
                    show(file),
                    number + 1,
                    kind.name
                ));
            }
        }
    }
    found
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Whether a line of policy asks for this kind, alone or in a set of kinds.
fn is_about(line: &str, kind: &str) -> bool {
    let asks = line.contains("input.kind ") || line.contains("_kinds := ");
    asks && line.contains(&format!("\"{kind}\""))
}
