//! The command as an auditor meets it: words, exit codes, places.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation
)]

#[path = "../../replay/tests/world/mod.rs"]
mod world;

use countersign_audit::{checkpoint, cosignature};
use countersign_model::{
    DecisionKind, Digest, control::Command as Asked, control::Halt, entry::EntryKind,
};
use countersign_replay::View as _;
use std::{fs, path::Path, process::Command};
use world::{Gate, checkpoint_of, cosigned_by, export, export_with, key, seal_again, trust};

/// Runs the command in `dir`; its exit code and what it printed.
fn run(dir: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_countersign-verify"))
        .current_dir(dir)
        .args(arguments)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let gate = Gate::honest();
    fs::write(dir.path().join("log.jsonl"), gate.export()).unwrap();
    fs::write(dir.path().join("trust.json"), serde_json::to_vec(&trust()).unwrap()).unwrap();
    fs::write(dir.path().join("head.txt"), checkpoint_of(&gate.leaves)).unwrap();
    dir
}

#[test]
fn an_honest_export() {
    let dir = folder();
    let all = ["log.jsonl", "--trust", "trust.json", "--checkpoint", "head.txt"];
    let (code, text) = run(dir.path(), &all);
    insta::assert_snapshot!("honest", text);
    assert_eq!(code, 0);
    let (code, text) = run(dir.path(), &["log.jsonl"]);
    assert_eq!(code, 0);
    assert!(text.contains("the export's own word"));
    let (code, text) = run(dir.path(), &["log.jsonl", "--trust", "trust.json", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, report["integrity"].as_str()), (0, Some("holds")));
}

#[test]
fn an_increase_that_was_begun_while_work_was_stopped() {
    let dir = folder();
    let mut gate = Gate::new();
    let case = gate.draft(3, 100, 125);
    for who in [1, 2] {
        gate.decide(case, who, DecisionKind::Approve);
    }
    let mut running = Gate::new();
    let same = running.draft(3, 100, 125);
    for who in [1, 2] {
        running.decide(same, who, DecisionKind::Approve);
    }
    assert!(running.begin(same));
    gate.control(4, Asked::Stop { text: String::new() });
    fs::write(dir.path().join("log.jsonl"), gate.export()).unwrap();
    let (code, text) = run(dir.path(), &["log.jsonl", "--trust", "trust.json"]);
    insta::assert_snapshot!("stopped", text);
    assert_eq!(code, 0);
    assert!(text.contains("1 policy") && text.contains("1 case open"), "one is said as one");
    let Halt::Stopped { stop, .. } = gate.memory.world().unwrap().halt else { panic!() };
    gate.control(1, Asked::Resume { stop, text: "safe".into() });
    gate.resume_with_one();
    gate.bodies.push(running.bodies.pop().unwrap());
    fs::write(dir.path().join("log.jsonl"), export(&seal_again(&gate.bodies), &gate.sources))
        .unwrap();
    let (code, text) = run(dir.path(), &["log.jsonl", "--trust", "trust.json"]);
    insta::assert_snapshot!("one_resumed", text);
    assert_eq!(code, 1);
}

/// A gate that shows two logs: what one desktop saw convicts it, what strangers say does not.
#[test]
fn an_export_beside_what_desktops_cosigned() {
    let dir = folder();
    let mut gate = Gate::honest();
    let whole = cosigned_by(1, &checkpoint_of(&gate.leaves), gate.now);
    gate.bodies.pop();
    gate.bodies.pop();
    let cut = seal_again(&gate.bodies);
    let mut others = vec![whole, cosigned_by(6, &checkpoint_of(&cut), gate.now)];
    gate.entry(EntryKind::RosterAccepted).at_ms = gate.now.plus_ms(-20_000);
    let other = checkpoint_of(&seal_again(&gate.bodies));
    // A name is a stranger's word: it reorders nothing of what is said of it.
    let strange = "w\u{202e}itness.example";
    others
        .push(cosignature::cosign(&checkpoint_of(&cut), strange, 1_795_237_300, &key(77)).unwrap());
    others.extend([
        cosigned_by(2, &other, gate.now),
        cosigned_by(4, &checkpoint_of(&cut[..5]), gate.now),
    ]);
    fs::write(dir.path().join("log.jsonl"), export_with(&cut, &gate.sources, others)).unwrap();
    let (code, text) = run(dir.path(), &["log.jsonl", "--trust", "trust.json"]);
    insta::assert_snapshot!("two_histories", text);
    assert_eq!(code, 1);
}

#[test]
fn an_altered_and_shortened_export() {
    let dir = folder();
    let path = dir.path().join("log.jsonl");
    let text = String::from_utf8(fs::read(&path).unwrap()).unwrap();
    let altered =
        text.replacen("\"amount_micros\":\"125000000\"", "\"amount_micros\":\"175000000\"", 1);
    assert_ne!(altered, text);
    let mut lines: Vec<&str> = altered.lines().collect();
    lines.pop();
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let (code, text) = run(dir.path(), &["log.jsonl", "--trust", "trust.json"]);
    insta::assert_snapshot!("altered", text);
    assert_eq!(code, 1);
}

/// Side files as editors and mail leave them: read, or named; the log is never accused.
#[test]
fn side_files_are_read_or_named() {
    let dir = folder();
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    let (trusted, head) = (read("trust.json"), read("head.txt"));
    let wide: Vec<u8> = trusted.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let altered = head.replacen('\n', "\n1", 1);
    let files: [(&str, Vec<u8>); 9] = [
        ("bom.json", format!("\u{feff}{trusted}").into()),
        ("utf16.json", [b"\xff\xfe".to_vec(), wide.clone()].concat()),
        ("unmarked.json", wide),
        ("latin.json", b"{\"w\":\"\xfc\"}".to_vec()),
        ("short.txt", head.trim_end().into()),
        ("crlf.txt", head.replace('\n', "\r\n").into()),
        ("crlf-short.txt", head.trim_end().replace('\n', "\r\n").into()),
        ("altered.txt", altered.into()),
        ("none.txt", b"three\n".to_vec()),
    ];
    let elsewhere =
        checkpoint::sign("elsewhere.example", 3, Digest::of(b"root"), &key(77)).unwrap();
    fs::write(dir.path().join("elsewhere.txt"), elsewhere).unwrap();
    for (name, bytes) in files {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    let (_, honest) = run(dir.path(), &["log.jsonl", "--trust", "trust.json"]);
    for (trust, checkpoint) in [
        ("bom.json", "head.txt"),
        ("trust.json", "short.txt"),
        ("trust.json", "crlf.txt"),
        ("trust.json", "crlf-short.txt"),
    ] {
        let (code, text) =
            run(dir.path(), &["log.jsonl", "--trust", trust, "--checkpoint", checkpoint]);
        assert_eq!((code, &text), (0, &honest), "{trust} {checkpoint}");
    }
    assert_eq!(run(dir.path(), &["log.jsonl", "--checkpoint", "crlf.txt"]).0, 0);
    for (trust, checkpoint, words) in [
        ("utf16.json", "head.txt", "utf16.json: it is encoded as UTF-16; save it as UTF-8"),
        ("unmarked.json", "head.txt", "unmarked.json: it is encoded as UTF-16"),
        ("latin.json", "head.txt", "latin.json: it is not encoded as UTF-8"),
        ("log.jsonl", "head.txt", "log.jsonl is no trust.json; have it written again"),
        ("trust.json", "altered.txt", "altered.txt: it was altered after it was signed"),
        ("trust.json", "elsewhere.txt", "elsewhere.txt: it is a checkpoint of another log"),
        ("trust.json", "none.txt", "none.txt: it is no signed checkpoint"),
    ] {
        let (code, text) =
            run(dir.path(), &["log.jsonl", "--trust", trust, "--checkpoint", checkpoint]);
        assert_eq!(code, 2, "{text}");
        assert!(text.contains(words) && !text.contains("Integrity"), "{text}");
    }
    let (code, text) = run(dir.path(), &["log.jsonl", "--checkpoint", "none.txt"]);
    assert!(code == 2 && text.contains("none.txt: it is no signed checkpoint"), "{text}");
}

#[test]
fn what_is_no_export() {
    let dir = folder();
    fs::write(dir.path().join("other"), "hello\n").unwrap();
    assert_eq!(run(dir.path(), &["other"]).0, 2);
    let (code, text) = run(dir.path(), &["missing.jsonl"]);
    assert_eq!(code, 2);
    assert!(text.contains("cannot open missing.jsonl"));
    let (code, text) = run(dir.path(), &["log.jsonl", "--trust", "other"]);
    assert_eq!(code, 2);
    assert!(text.contains("no trust.json"));
}
