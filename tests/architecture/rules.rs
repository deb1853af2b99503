//! The table: rooms, what they may import of ours, what they must never reach, and why.

use crate::graph::Graph;

/// One row. A room is a crate; `src-tauri` is the root package.
pub(crate) struct Room {
    pub(crate) name: &'static str,
    /// Rooms that it may name as a normal dependency.
    may_import: &'static [&'static str],
    /// Rooms and libraries that must not be reached over any number of steps.
    never: &'static [&'static str],
    reason: &'static str,
}

/// Libraries through which a crate gets at a file-backed store, a socket or a runtime.
macro_rules! pure_and {
    ($($more:literal),*) => {
        &["automerge", "axum", "hyper", "keyring", "mio", "reqwest", "rusqlite", "tauri", "tokio" $(, $more)*]
    };
}

pub(crate) const ROOMS: &[Room] = &[
    Room {
        name: "model",
        may_import: &[],
        never: pure_and!["regorus"],
        reason: "what is signed and shown is a function of bytes: no IO, clock, randomness or async",
    },
    Room {
        name: "workflow",
        may_import: &["model"],
        never: pure_and!["regorus", "policy", "store", "executor"],
        reason: "the state machine runs alike on gate and desktop, and its effects are done elsewhere",
    },
    Room {
        name: "policy",
        may_import: &["model"],
        never: pure_and!["workflow", "store"],
        reason: "a rule sees the bytes it is given and no file, network or clock",
    },
    Room {
        name: "audit",
        may_import: &["model"],
        never: pure_and!["store", "workflow"],
        reason: "the offline verifier is built on it: no SQLite, files or network",
    },
    Room {
        name: "sync",
        may_import: &["model"],
        never: pure_and!["document", "store", "workflow", "audit"],
        reason: "the relay is built on it, so it can name neither a document nor a socket",
    },
    Room {
        name: "report",
        may_import: &["model", "audit"],
        never: pure_and!["store"],
        reason: "figures are functions over log entries",
    },
    Room {
        name: "document",
        may_import: &["model"],
        never: &["axum", "hyper", "keyring", "reqwest", "rusqlite", "store", "tauri", "tokio"],
        reason: "the document carries and never decides, stores or sends",
    },
    Room {
        name: "database",
        may_import: &[],
        never: &["axum", "hyper", "keyring", "reqwest", "tauri", "tokio"],
        reason: "it brings files into form and knows no table",
    },
    Room {
        name: "store",
        may_import: &["model", "audit", "database"],
        never: &["axum", "hyper", "keychain", "keyring", "reqwest", "tauri", "tokio"],
        reason: "the store is given its key, and sends nothing",
    },
    Room {
        name: "keychain",
        may_import: &["model"],
        never: &["axum", "hyper", "reqwest", "rusqlite", "store", "tauri"],
        reason: "keys are in the OS store only, and go nowhere",
    },
    Room {
        name: "identity",
        may_import: &["model"],
        never: &["executor", "keychain", "keyring", "rusqlite", "tauri"],
        reason: "it verifies people and can neither sign as one nor act",
    },
    Room {
        name: "executor",
        may_import: &["model", "workflow"],
        never: &["keyring", "platforms", "policy", "regorus", "reqwest", "rusqlite", "tauri"],
        reason: "it takes an Authorized<Action> and knows no rule and no concrete platform",
    },
    Room {
        name: "platforms",
        may_import: &["model", "executor"],
        never: &["client", "gate", "keyring", "policy", "rusqlite", "store", "tauri"],
        reason: "a connector does what the saga asks and decides nothing",
    },
    Room {
        name: "client",
        may_import: &[
            "audit", "document", "identity", "keychain", "model", "policy", "replay", "report",
            "store", "sync", "workflow",
        ],
        never: &["axum", "executor", "gate", "intake", "platforms", "relay", "tauri", "wry"],
        reason: "a desktop decides and can execute nothing; it runs without a window",
    },
    Room {
        name: "door",
        may_import: &[],
        never: &["keyring", "reqwest", "rusqlite", "tauri"],
        reason: "it bounds connections for any server and knows what none of them serves",
    },
    Room {
        name: "relay",
        may_import: &["database", "door", "model", "sync"],
        never: &[
            "audit",
            "automerge",
            "client",
            "document",
            "executor",
            "gate",
            "identity",
            "intake",
            "keychain",
            "keyring",
            "platforms",
            "policy",
            "regorus",
            "store",
            "tauri",
            "workflow",
        ],
        reason: "the relay carries sealed bytes and can name nothing that reads them",
    },
    Room {
        name: "intake",
        may_import: &["model", "sync"],
        never: &[
            "client",
            "executor",
            "gate",
            "keychain",
            "keyring",
            "platforms",
            "policy",
            "regorus",
            "rusqlite",
            "store",
            "tauri",
            "workflow",
        ],
        reason: "what an agent can call ends at a draft",
    },
    Room {
        name: "gate",
        may_import: &[
            "audit",
            "database",
            "document",
            "door",
            "executor",
            "identity",
            "intake",
            "model",
            "platforms",
            "policy",
            "replay",
            "report",
            "sync",
            "workflow",
        ],
        never: &["client", "keychain", "keyring", "store", "tauri", "wry"],
        reason: "the gate executes and can hold no person's key",
    },
    Room {
        name: "verify",
        may_import: &["audit", "database", "model", "replay"],
        never: pure_and!["document", "store", "sync"],
        reason: "what an auditor trusts is small and needs no server",
    },
    Room {
        name: "replay",
        may_import: &["audit", "model", "policy", "workflow"],
        never: pure_and!["document", "executor", "store", "sync"],
        reason: "one judge for gate, desktop and verifier: no store, network, clock or async",
    },
    Room {
        name: "emulator",
        may_import: &["model"],
        never: &["client", "executor", "gate", "platforms", "workflow"],
        reason: "it speaks the public contract, not our connector's idea of it",
    },
    Room {
        name: "demo",
        may_import: &[],
        never: &["client", "executor", "gate", "keychain", "model", "relay", "store"],
        reason: "it uses our programs as an operator would, so it proves what they can do from outside",
    },
    Room {
        name: "simulation",
        may_import: &[],
        never: &[],
        reason: "a simulated world takes all other rooms as dev-dependencies only",
    },
    Room {
        name: "src-tauri",
        may_import: &["client", "model"],
        never: &["axum", "emulator", "executor", "gate", "intake", "platforms", "relay"],
        reason: "the window's shell holds no rule of the domain, and links no server",
    },
    Room {
        name: "xtask",
        may_import: &[],
        never: &["tokio"],
        reason: "it is built first on a fresh machine, in seconds",
    },
];

/// Libraries that only some rooms may name, in whatever kind of dependency.
const NAMED_BY: &[(&str, &[&str], &str)] = &[
    ("automerge", &["document"], "documents are opened through one room, which keeps their schema"),
    ("keyring", &["keychain"], "keys are read and written through one room"),
    ("keyring-core", &["keychain"], "keys are read and written through one room"),
    (
        "rusqlite",
        &["database", "store", "relay", "gate", "simulation"],
        "each process has one room that owns its database, over what all of them have in common; the simulation is the disk below",
    ),
    ("regorus", &["policy"], "rules are evaluated through one room, with no clock or network"),
    (
        "rmcp",
        &["intake", "demo", "gate"],
        "agents come in through one door; demo and tests play one",
    ),
    ("sqlite-vfs", &["simulation"], "a disk that fails on purpose is for the simulation alone"),
    ("tauri", &["src-tauri"], "everything but the shell runs without a window"),
    ("thirtyfour", &["demo"], "only the demo drives a real window"),
];

/// Direct dependencies that a pure room must not even name, though a library below it may.
const NOT_NAMED: &[(&str, &[&str], &str)] = &[
    ("getrandom", &["model", "workflow", "policy", "audit", "replay"], "randomness is passed in"),
    (
        "rmcp",
        &["gate"],
        "the gate's tests play an agent; the gate itself is reached through intake",
    ),
    ("rand", &["model", "workflow", "policy", "audit", "sync"], "randomness is passed in"),
    (
        "httpsig",
        &["model", "workflow", "policy", "audit", "document"],
        "requests are signed elsewhere",
    ),
];

/// Rooms that no program of ours may contain.
const NEVER_SHIPPED: &[(&str, &str)] = &[
    ("emulator", "a server that contains a false ad platform can be pointed at it by mistake"),
    ("demo", "it holds known passwords and starts processes"),
    ("simulation", "it holds faulty stores and a false clock"),
];

pub(crate) fn broken_imports(graph: &Graph) -> Vec<String> {
    let mut broken = Vec::new();
    for room in ROOMS {
        for edge in graph.direct(room.name).filter(|edge| edge.normal && graph.is_room(&edge.to)) {
            if !room.may_import.contains(&edge.to.as_str()) {
                let allowed = room.may_import.join(", ");
                broken.push(format!(
                    "{} -> {}: it may import [{allowed}] of ours; {}",
                    edge.from, edge.to, room.reason
                ));
            }
        }
    }
    broken
}

pub(crate) fn broken_reach(graph: &Graph) -> Vec<String> {
    let pairs = ROOMS.iter().flat_map(|room| room.never.iter().map(move |never| (room, *never)));
    pairs
        .filter_map(|(room, never)| {
            let way = graph.way(room.name, never)?;
            Some(format!("{}: {}", way.join(" -> "), room.reason))
        })
        .collect()
}

pub(crate) fn broken_names(graph: &Graph) -> Vec<String> {
    let mut broken = Vec::new();
    for edge in graph.edges().filter(|edge| graph.is_room(&edge.from)) {
        let (from, to) = (edge.from.as_str(), edge.to.as_str());
        for (library, rooms, reason) in NAMED_BY {
            if to == *library && !rooms.contains(&from) {
                broken.push(format!(
                    "{from} -> {to}: only {} may name it; {reason}",
                    rooms.join(", ")
                ));
            }
        }
        for (library, rooms, reason) in NOT_NAMED {
            if to == *library && edge.normal && rooms.contains(&from) {
                broken.push(format!("{from} -> {to}: {reason}"));
            }
        }
    }
    broken
}

pub(crate) fn broken_shipping(graph: &Graph) -> Vec<String> {
    let normal = graph.edges().filter(|edge| edge.normal);
    normal
        .filter_map(|edge| {
            let (room, reason) = NEVER_SHIPPED.iter().find(|(room, _)| edge.to == *room)?;
            Some(format!("{} -> {room}: take it as a dev-dependency; {reason}", edge.from))
        })
        .collect()
}
