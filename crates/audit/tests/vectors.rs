//! The vectors in `docs/formats/vectors`: ours never change, theirs are read.
//!
//! `COUNTERSIGN_WRITE_VECTORS=1 cargo test -p countersign-audit --test vectors` writes ours
//! again, for a new version of a format only.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation
)]

mod common;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use common::{
    keys,
    story::{Story, at, budget, decide, person, proposal, roster, seal_decision, uuid, verdict},
    switch, vkey, workspace,
};
use countersign_audit::{MemoryHashes, checkpoint, tiles, tree};
use countersign_model::{
    Action, Comment, CommentId, Decision, DecisionKind, DeviceId, Digest, Envelope, PublicKey,
    canonical, comment, confirm,
    control::Command,
    decision::{self, EvidenceWanted, RequestedChanges},
    envelope::Predicate,
    reason::Reason,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::PathBuf};

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../../docs/formats/vectors", name].iter().collect()
}

fn read(name: &str) -> Value {
    serde_json::from_slice(&fs::read(path(name)).unwrap()).unwrap()
}

#[track_caller]
fn golden(name: &str, value: &Value) {
    if std::env::var_os("COUNTERSIGN_WRITE_VECTORS").is_some() {
        fs::write(path(name), serde_json::to_string_pretty(value).unwrap() + "\n").unwrap();
    }
    assert_eq!(read(name), *value, "{name}: signed bytes have changed");
}

fn hashes(value: &Value) -> Vec<Digest> {
    value.as_array().unwrap().iter().map(|hash| hash.as_str().unwrap().parse().unwrap()).collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn stored(leaves: &[Vec<u8>]) -> MemoryHashes {
    let leaves: Vec<Digest> = leaves.iter().map(|leaf| tree::leaf_hash(leaf)).collect();
    let mut stored = MemoryHashes::default();
    let fresh = tree::append_hashes(0, &leaves, &stored).unwrap();
    stored.extend(fresh);
    stored
}

/// Every tile and bundle of a log, by path.
fn all_tiles(leaves: &[Vec<u8>], stored: &MemoryHashes) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for tile in tiles::new_tiles(0, leaves.len() as u64).unwrap() {
        all.insert(tile.path(), STANDARD.encode(tile.bytes(stored).unwrap()));
        if let Some(path) = tile.entries_path() {
            let (first, width) = tile.span();
            let entries: Vec<&[u8]> = leaves
                .iter()
                .skip(first as usize)
                .take(width as usize)
                .map(Vec::as_slice)
                .collect();
            all.insert(path, STANDARD.encode(tiles::entry_bundle(&entries).unwrap()));
        }
    }
    all
}

#[test]
fn their_log_is_read() {
    let theirs = read("log/theirs.json");
    let size = number(&theirs["size"]);
    let leaves: Vec<Vec<u8>> =
        (0..size).map(|index| format!("leaf {index}").into_bytes()).collect();
    let stored = stored(&leaves);
    let head = checkpoint::verify(
        theirs["checkpoint"].as_str().unwrap(),
        theirs["vkey"].as_str().unwrap(),
    )
    .unwrap();
    assert_eq!((head.size, head.root), (size, tree::root(size, &stored).unwrap()));
    let mut roots = BTreeMap::new();
    for root in theirs["roots"].as_array().unwrap() {
        let (size, root) = (number(&root["size"]), root["root"].as_str().unwrap());
        assert_eq!(tree::root(size, &stored).unwrap().to_string(), root);
        roots.insert(size, root.parse::<Digest>().unwrap());
    }
    for item in theirs["inclusion"].as_array().unwrap() {
        let (size, index) = (number(&item["size"]), number(&item["index"]));
        let proof = hashes(&item["proof"]);
        let leaf = tree::leaf_hash(&leaves[index as usize]);
        tree::verify_inclusion(&proof, size, roots[&size], index, leaf).unwrap();
        assert_eq!(proof, tree::prove_inclusion(size, index, &stored).unwrap());
    }
    for item in theirs["consistency"].as_array().unwrap() {
        let (old, size) = (number(&item["old"]), number(&item["size"]));
        let proof = hashes(&item["proof"]);
        let old_root = tree::root(old, &stored).unwrap();
        tree::verify_consistency(&proof, size, tree::root(size, &stored).unwrap(), old, old_root)
            .unwrap();
        assert_eq!(proof, tree::prove_consistency(size, old, &stored).unwrap());
    }
    assert_eq!(json!(all_tiles(&leaves, &stored)), theirs["tiles"]);
}

#[derive(Serialize, Deserialize)]
struct Vector {
    words: String,
}

impl Predicate for Vector {
    const TYPE: &'static str = "urn:countersign:vector:v1";
}

#[test]
fn their_envelope_is_opened() {
    let theirs = read("envelope/theirs.json");
    let key: PublicKey = theirs["key"].as_str().unwrap().parse().unwrap();
    let bytes = canonical::to_bytes(&theirs["envelope"]).unwrap();
    let opened = Envelope::from_bytes(&bytes).unwrap().open::<Vector>(&[key]).unwrap();
    assert_eq!(opened.predicate.words, "made elsewhere: é");
    assert_eq!(opened.subject.to_string(), "ab".repeat(32));
}

#[test]
fn our_log_never_changes() {
    let leaves = Story::honest().leaves();
    let stored = stored(&leaves);
    let size = leaves.len() as u64;
    let proofs: Vec<Value> = (0..size)
        .map(|index| {
            json!({"size": size, "index": index, "proof": tree::prove_inclusion(size, index, &stored).unwrap()})
        })
        .collect();
    let steps: Vec<Value> = (1..=size)
        .map(|old| {
            json!({"size": size, "old": old, "proof": tree::prove_consistency(size, old, &stored).unwrap()})
        })
        .collect();
    let ours = json!({
        "leaves": leaves.iter().map(|leaf| STANDARD.encode(leaf)).collect::<Vec<_>>(),
        "vkey": vkey(),
        "checkpoint": Story::checkpoint(&leaves),
        "inclusion": proofs,
        "consistency": steps,
        "tiles": all_tiles(&leaves, &stored),
    });
    golden("log/ours.json", &ours);
}

/// Back to the agent, with every field that a program can follow.
fn sent_back() -> Decision {
    let Action::BudgetChange(change) = budget(110) else { unreachable!() };
    let mut decision = decide(1, "ops", DecisionKind::RequestChanges, None);
    decision.reason = Reason { code: "smaller_change".into(), text: "Ten percent".into() };
    decision.comments_shown = vec![Digest::of(b"a comment")];
    decision.requested = Some(RequestedChanges {
        max_after: Some(change.after),
        max_days: Some(2),
        evidence: [EvidenceWanted::LongerHistory, EvidenceWanted::Backtest].into(),
        texts: false,
    });
    decision
}

fn question() -> Comment {
    Comment {
        id: CommentId::from_uuid(uuid(601)),
        workspace: workspace(),
        proposal: proposal().id,
        person: person(2),
        device: DeviceId::from_uuid(uuid(102)),
        text: "Why now?".into(),
        mentions: [person(1)].into(),
        question_for: [person(1)].into(),
        answers: None,
        signed_at_ms: at(1_000),
    }
}

#[test]
fn our_envelopes_never_change() {
    let text = |envelope: &Envelope| String::from_utf8(envelope.to_bytes().unwrap()).unwrap();
    let digest = proposal().digest().unwrap();
    let ops = decide(1, "ops", DecisionKind::Approve, Some(125));
    let finance = decide(2, "finance", DecisionKind::Override, Some(115));
    let stop =
        switch::seal(&switch::control(1, 501, Command::Stop { text: "odd".into() }), &keys(3));
    let resume =
        Command::Resume { stop: stop.digest().unwrap(), text: "understood – go on".into() };
    let resume = switch::control(2, 502, resume);
    let statement = comment::statement_bytes(&question(), digest).unwrap();
    let comment = Envelope::sign_payload(&statement, &[&keys(4)]).unwrap();
    let made = [
        ("roster", keys(10).1, roster().seal(&[&keys(10)]).unwrap()),
        ("proposal", keys(1).1, proposal().seal(&keys(1)).unwrap()),
        ("verdict", keys(1).1, verdict().seal(digest, &keys(1)).unwrap()),
        ("approval", keys(3).1, seal_decision(&ops, &keys(3))),
        ("override", keys(4).1, seal_decision(&finance, &keys(4))),
        ("request_changes", keys(3).1, seal_decision(&sent_back(), &keys(3))),
        ("stop", keys(3).1, stop.clone()),
        ("resume", keys(4).1, switch::seal(&resume, &keys(4))),
        ("comment", keys(4).1, comment),
    ];
    let ours: Vec<Value> = made
        .iter()
        .map(|(name, key, envelope)| json!({"name": name, "key": key, "envelope": text(envelope)}))
        .collect();
    golden("envelope/ours.json", &json!(ours));
}

#[test]
fn what_a_person_signs_and_reads_never_changes() {
    let digest = proposal().digest().unwrap();
    let vectors: Vec<Value> = [
        decide(1, "ops", DecisionKind::Approve, Some(125)),
        decide(2, "finance", DecisionKind::Override, Some(115)),
        decide(1, "ops", DecisionKind::Reject, None),
        sent_back(),
    ]
    .iter()
    .map(|decision| {
        let statement = decision::statement_bytes(decision, digest).unwrap();
        let sheet = confirm::render(&statement, confirm::Language::En).unwrap();
        json!({
            "statement": String::from_utf8(statement).unwrap(),
            "digest": sheet.digest,
            "confirm_sheet": sheet.to_text(),
        })
    })
    .collect();
    golden("envelope/decisions.json", &json!(vectors));
}
