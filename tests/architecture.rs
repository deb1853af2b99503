//! Holds the import table of ARCHITECTURE.md: which room may name which, what none may
//! reach, and which sources may touch the outside. A broken rule is printed with its reason.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot read its input fails")]

#[path = "architecture/floors.rs"]
mod floors;
#[path = "architecture/graph.rs"]
mod graph;
#[path = "architecture/kinds.rs"]
mod kinds;
#[path = "architecture/rules.rs"]
mod rules;
#[path = "architecture/sources.rs"]
mod sources;

use graph::{Edge, Graph};
use std::{collections::BTreeSet, sync::LazyLock};

static WORKSPACE: LazyLock<Graph> = LazyLock::new(Graph::of_this_workspace);

/// Fails with every broken rule at once.
fn none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{} broken:\n- {}\n", broken.len(), broken.join("\n- "));
}

#[test]
fn every_room_is_in_the_table() {
    let graph = &*WORKSPACE;
    let known: BTreeSet<&str> = rules::ROOMS.iter().map(|room| room.name).collect();
    let unknown = graph.rooms().into_iter().filter(|room| !known.contains(room.as_str()));
    none(
        &unknown
            .map(|room| format!("{room} has no row in the table: add one with its reason"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn each_room_names_only_what_the_table_allows() {
    none(&rules::broken_imports(&WORKSPACE));
}

#[test]
fn no_room_reaches_what_it_never_may() {
    none(&rules::broken_reach(&WORKSPACE));
}

#[test]
fn each_outside_library_is_named_by_its_own_room() {
    none(&rules::broken_names(&WORKSPACE));
}

#[test]
fn demo_and_emulator_are_in_nothing_that_ships() {
    none(&rules::broken_shipping(&WORKSPACE));
}

#[test]
fn every_kind_of_change_is_whole() {
    none(&kinds::holes());
}

#[test]
fn no_place_outside_its_module_names_a_single_kind() {
    none(&kinds::named_elsewhere());
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    none(&sources::crates_without_lints());
}

#[test]
fn pure_rooms_ask_for_no_clock_file_socket_or_thread() {
    none(&sources::impure_lines());
}

#[test]
fn floors_of_the_engine_import_downwards_only() {
    let sources = floors::sources();
    none(&floors::broken(&sources));
    // Sources that are not read break no rule.
    for (from, to) in [("engine", "view"), ("sync", "sign"), ("sign", "lists"), ("case", "profile")]
    {
        let seen =
            floors::imports(&sources).iter().any(|one| (one.1, one.2.as_str()) == (from, to));
        assert!(seen, "{from} is known to import {to}");
    }
}

/// The rule itself, on a made-up engine that breaks it.
#[test]
fn an_import_upwards_is_found_and_explained() {
    let source = floors::Source::new;
    let sources = [
        source(
            "case/facts.rs",
            "use std::fs;\nuse crate::{profile::{member::Me, words}, sign::{decide, hold}};",
        ),
        source("view.rs", "fn odd() { crate::engine::call() }"),
        source("lists/inner/deep.rs", "use super::super::super::sync::relay;"),
        source("profile/member.rs", "use crate::Shell;"),
        source("stray.rs", ""),
        source(
            "sync/relay.rs",
            "use crate::{\n    lists::rows,\n    sync::shared, // crate::engine\n};\nuse super::shared;",
        ),
    ];
    let broken = floors::broken(&sources);
    let begins: Vec<_> =
        broken.iter().map(|one| one.splitn(3, ':').take(2).collect::<Vec<_>>().join(":")).collect();
    assert_eq!(
        begins,
        [
            "stray.rs: it stands on no floor; the floors are view, profile, case, lists, sign, sync, engine",
            "case/facts.rs:2",
            "view.rs:1",
            "lists/inner/deep.rs:1",
            "profile/member.rs:1"
        ]
    );
    assert!(broken[1].contains("case -> sign: an import goes down only"), "{}", broken[1]);
    assert!(broken[2].contains("view -> engine"), "{}", broken[2]);
    assert!(broken[3].contains("lists -> super::super: that is no floor"), "{}", broken[3]);
    assert!(broken[4].contains("profile -> Shell: that is no floor"), "{}", broken[4]);
}

#[test]
fn what_the_window_shows_of_an_error_is_made_in_the_engine_alone() {
    none(&floors::worded(&floors::sources()));
}

/// The rule itself, on a made-up engine that breaks it.
#[test]
fn words_below_the_engine_are_found() {
    let source = floors::Source::new;
    let sources = [
        source("engine/problems.rs", "use crate::view::{Code, ProblemView};"),
        source("view/case.rs", "pub struct A { pub why: Option<ProblemView> }"),
        source("view/workspace.rs", "pub struct ProblemView {}\nfn odd() -> ProblemView {}"),
        source("view/odd.rs", "let why = ProblemView { code };"),
        source(
            "sign/decide.rs",
            "use crate::{\n    profile::failure,\n    view::{\n        Names,\n        problem::{Code},\n    },\n};",
        ),
        source("sync/relay.rs", "use countersign_sync::refusal::Code; // view::Code\nCode::Gap"),
        source("lists/odd.rs", "fn odd() {\n    crate::view::Code::Internal\n}"),
        source("case/odd.rs", "use crate::view::Codes;\ntype Odd = super::view::ProblemView;"),
    ];
    let found = floors::worded(&sources);
    let places: Vec<_> =
        found.iter().map(|one| one.rsplit_once(": ").map_or("", |(place, _)| place)).collect();
    assert_eq!(
        places,
        [
            "view/workspace.rs:2",
            "view/odd.rs:1",
            "sign/decide.rs:5",
            "lists/odd.rs:2",
            "case/odd.rs:2"
        ]
    );
}

#[test]
fn only_the_bridge_talks_to_the_shell() {
    none(&sources::shell_imports_outside_the_bridge());
}

#[test]
fn commands_are_listed_granted_and_handled_alike() {
    let listed = sources::listed_commands();
    assert!(!listed.is_empty(), "src-tauri/build.rs lists no command");
    assert_eq!(listed, sources::granted_commands(), "build.rs and the capabilities differ");
    assert_eq!(listed, sources::handled_commands(), "build.rs and the handler list differ");
}

/// An empty graph would break no rule.
#[test]
fn the_graph_holds_what_is_known_to_be_there() {
    let graph = &*WORKSPACE;
    for (from, to) in [
        ("src-tauri", "rusqlite"),
        ("client", "automerge"),
        ("gate", "executor"),
        ("relay", "model"),
        ("keychain", "keyring"),
        ("verify", "sha2"),
    ] {
        assert!(graph.way(from, to).is_some(), "{from} is known to reach {to}");
    }
}

/// The rules themselves, on a made-up workspace that breaks them.
#[test]
fn a_broken_rule_is_found_and_explained() {
    let graph = Graph::made_up(&[
        Edge::normal("client", "executor"),
        Edge::normal("relay", "sync"),
        Edge::normal("sync", "document"),
        Edge::normal("verify", "tokio"),
        Edge::normal("store", "automerge"),
        Edge::normal("gate", "emulator"),
        Edge::dev("policy", "emulator"),
        Edge::dev("intake", "workflow"),
    ]);
    let imports = rules::broken_imports(&graph).join("\n");
    assert!(imports.contains("client -> executor"), "{imports}");
    assert!(imports.contains("sync -> document"), "{imports}");
    assert!(
        !imports.contains("intake -> workflow"),
        "a test may import what it tests with: {imports}"
    );
    let reach = rules::broken_reach(&graph).join("\n");
    assert!(reach.contains("relay -> sync -> document"), "{reach}");
    assert!(reach.contains("carries sealed bytes"), "the reason is missing: {reach}");
    assert!(reach.contains("verify -> tokio"), "{reach}");
    let names = rules::broken_names(&graph).join("\n");
    assert!(names.contains("store -> automerge"), "{names}");
    let shipping = rules::broken_shipping(&graph).join("\n");
    assert!(shipping.contains("gate -> emulator"), "{shipping}");
    assert!(!shipping.contains("policy -> emulator"), "{shipping}");
}
