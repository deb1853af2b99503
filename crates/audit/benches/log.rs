//! Appending and verifying 100,000 signed entries, and in the same run the bare SHA-256 and
//! Ed25519 batch work on the same bytes; signing and verifying one decision.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation
)]

#[path = "../tests/common/mod.rs"]
mod common;

use common::{
    Log, keys,
    story::{decide, proposal, roster, seal_decision},
};
use countersign_audit::{Frontier, Head, MemoryHashes, StoredHashes, batch, replica, tree};
use countersign_model::{DecisionKind, Digest, decision, entry::Entry};
use std::{
    hint::black_box,
    sync::OnceLock,
    time::{Duration, Instant},
};

const ENTRIES: u64 = 100_000;

fn log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| Log::of(ENTRIES))
}

fn main() {
    print_ratio();
    divan::main();
}

/// The whole against the bare cost of the cryptography in it.
fn print_ratio() {
    let (log, segment) = (log(), log().segment(0, log().entries.len()));
    let (bare_hashes, hashing) = timed(|| bare_sha256(log));
    let items = items(log);
    let ((), signatures) = timed(|| bare_batches(&items));
    let (stored, append) = timed(|| append_all(log));
    let (advance, verify) = timed(|| {
        replica::advance(Head::empty(), &MemoryHashes::default(), &log.keys, segment.borrow())
            .unwrap()
    });
    assert_eq!(advance.head.root, tree::root(ENTRIES, &stored).unwrap());
    assert_eq!(bare_hashes, advance.head.root);
    let bare = hashing + signatures;
    println!("{ENTRIES} entries of {} bytes", log.entries[1].len());
    println!("bare SHA-256 {hashing:?}, bare Ed25519 batches {signatures:?}");
    println!("append {append:?} = {:.2} x SHA-256", ratio(append, hashing));
    println!("verify {verify:?} = {:.2} x (SHA-256 + Ed25519)", ratio(verify, bare));
    println!(
        "append + verify = {:.2} x (2 x SHA-256 + Ed25519)",
        ratio(append + verify, bare + hashing)
    );
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let made = work();
    (made, start.elapsed())
}

fn ratio(whole: Duration, bare: Duration) -> f64 {
    whole.as_secs_f64() / bare.as_secs_f64()
}

/// Leaf and node hashes only.
fn bare_sha256(log: &Log) -> Digest {
    let mut frontier = Frontier::default();
    log.entries.iter().for_each(|entry| frontier.push(tree::leaf_hash(entry)));
    frontier.root()
}

fn items(log: &Log) -> Vec<batch::Item> {
    log.entries
        .iter()
        .map(|bytes| {
            let entry = Entry::from_bytes(bytes).unwrap();
            let signed = entry.body.signing_bytes().unwrap();
            batch::Item::new(log.keys.gate_key, entry.signature().unwrap(), signed)
        })
        .collect()
}

fn bare_batches(items: &[batch::Item]) {
    for run in items.chunks(batch::BATCH) {
        assert!(batch::find_invalid(run).is_empty());
    }
}

/// As a gate appends: one entry at a time onto its stored hashes.
fn append_all(log: &Log) -> MemoryHashes {
    let mut stored = MemoryHashes::default();
    for (seq, entry) in (0..).zip(&log.entries) {
        let new = tree::append(seq, entry, &stored as &dyn StoredHashes).unwrap();
        stored.extend(new);
    }
    stored
}

#[divan::bench]
fn sign_a_decision(bencher: divan::Bencher<'_, '_>) {
    let (made, key) = (decide(1, "ops", DecisionKind::Approve, Some(125)), keys(3));
    let digest = proposal().digest().unwrap();
    bencher.bench(|| {
        let bytes = decision::statement_bytes(black_box(&made), digest).unwrap();
        countersign_model::Envelope::sign_payload(&bytes, &[&key]).unwrap()
    });
}

#[divan::bench]
fn verify_a_decision(bencher: divan::Bencher<'_, '_>) {
    let made = decide(1, "ops", DecisionKind::Approve, Some(125));
    let (envelope, roster) = (seal_decision(&made, &keys(3)), roster());
    bencher.bench(|| decision::verify(black_box(&envelope), &roster).unwrap());
}

#[divan::bench(sample_count = 3)]
fn append_100_000(bencher: divan::Bencher<'_, '_>) {
    bencher.bench(|| append_all(log()));
}

#[divan::bench(sample_count = 3)]
fn verify_100_000(bencher: divan::Bencher<'_, '_>) {
    let segment = log().segment(0, log().entries.len());
    let keys = &log().keys;
    bencher.bench(|| {
        replica::advance(Head::empty(), &MemoryHashes::default(), keys, segment.borrow()).unwrap()
    });
}
