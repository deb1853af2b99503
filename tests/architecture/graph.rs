//! Who depends on whom, from `cargo metadata`. Rooms go by their folder's name.

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::PathBuf,
    process::Command,
};

/// One dependency; `normal` ends up in a program, the others only build or test it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) normal: bool,
}

impl Edge {
    pub(crate) fn normal(from: &str, to: &str) -> Self {
        Self { from: from.to_owned(), to: to.to_owned(), normal: true }
    }

    pub(crate) fn dev(from: &str, to: &str) -> Self {
        Self { from: from.to_owned(), to: to.to_owned(), normal: false }
    }
}

/// The resolved graph of this platform.
#[derive(Debug)]
pub(crate) struct Graph {
    rooms: BTreeSet<String>,
    edges: BTreeSet<Edge>,
    /// Normal edges only, for walking.
    steps: BTreeMap<String, Vec<String>>,
}

impl Graph {
    /// Reads it without the network: whoever runs a test has fetched what it needs.
    pub(crate) fn of_this_workspace() -> Self {
        let rustc = run("rustc", &["-vV"]);
        let host = rustc.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.expect("rustc names its host");
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let arguments = [
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--offline",
            "--filter-platform",
            host,
        ];
        let metadata: Value = serde_json::from_str(&run(&cargo, &arguments)).expect("JSON");
        Self::read(&metadata)
    }

    /// A workspace for testing the rules; every name that a rule knows as a room is one.
    pub(crate) fn made_up(edges: &[Edge]) -> Self {
        let rooms = crate::rules::ROOMS.iter().map(|room| room.name.to_owned()).collect();
        Self::new(rooms, edges.iter().cloned().collect())
    }

    fn new(rooms: BTreeSet<String>, edges: BTreeSet<Edge>) -> Self {
        let mut steps: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for edge in edges.iter().filter(|edge| edge.normal) {
            steps.entry(edge.from.clone()).or_default().push(edge.to.clone());
        }
        Self { rooms, edges, steps }
    }

    fn read(metadata: &Value) -> Self {
        let members: BTreeSet<&str> =
            list(&metadata["workspace_members"]).iter().map(text).collect();
        let names: BTreeMap<&str, String> = list(&metadata["packages"])
            .iter()
            .map(|package| {
                let (id, name) = (text(&package["id"]), text(&package["name"]));
                (id, if members.contains(id) { room_name(name) } else { name.to_owned() })
            })
            .collect();
        let rooms = members.iter().map(|id| names[id].clone()).collect();
        let mut edges = BTreeSet::new();
        for node in list(&metadata["resolve"]["nodes"]) {
            for dependency in list(&node["deps"]) {
                let kinds = list(&dependency["dep_kinds"]);
                edges.insert(Edge {
                    from: names[text(&node["id"])].clone(),
                    to: names[text(&dependency["pkg"])].clone(),
                    normal: kinds.iter().any(|kind| kind["kind"].is_null()),
                });
            }
        }
        Self::new(rooms, edges)
    }

    pub(crate) fn rooms(&self) -> Vec<String> {
        self.rooms.iter().cloned().collect()
    }

    pub(crate) fn is_room(&self, name: &str) -> bool {
        self.rooms.contains(name)
    }

    /// What a package names itself.
    pub(crate) fn direct<'a>(&'a self, from: &'a str) -> impl Iterator<Item = &'a Edge> {
        self.edges.iter().filter(move |edge| edge.from == from)
    }

    pub(crate) fn edges(&self) -> impl Iterator<Item = &Edge> {
        self.edges.iter()
    }

    /// The shortest way from one package to another over what ends up in a program.
    pub(crate) fn way<'a>(&'a self, from: &'a str, to: &str) -> Option<Vec<&'a str>> {
        let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut open = VecDeque::from([from]);
        while let Some(here) = open.pop_front() {
            for next in self.steps.get(here).into_iter().flatten() {
                if next != from && !came_from.contains_key(next.as_str()) {
                    came_from.insert(next, here);
                    open.push_back(next);
                }
            }
        }
        let mut way = vec![came_from.get_key_value(to)?.0.to_owned()];
        while let Some(before) = way.last().and_then(|last| came_from.get(last)) {
            way.push(before);
        }
        way.reverse();
        Some(way)
    }
}

/// The root of the checkout.
pub(crate) fn checkout() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it for tests").into()
}

fn room_name(package: &str) -> String {
    match package {
        "countersign" => "src-tauri".to_owned(),
        other => other.strip_prefix("countersign-").unwrap_or(other).to_owned(),
    }
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(checkout())
        .output()
        .expect("the toolchain is installed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?} failed: {errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list in cargo's metadata")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string in cargo's metadata")
}
