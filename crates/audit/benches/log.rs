//! Appending and verifying signed entries, and in the same run, in turn, the bare SHA-256 and
//! Ed25519 batch work on the same bytes; signing and verifying one decision.
//!
//! `ENTRIES` in the environment says how many entries the export has (100,000).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation
)]

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "log/export.rs"]
mod export;
#[path = "log/measure.rs"]
mod measure;

use common::{
    Log, keys,
    story::{decide, proposal, roster, seal_decision},
};
use countersign_audit::{Frontier, Head, MemoryHashes, StoredHashes, replica, tree};
use countersign_model::{
    DecisionKind, Digest, PublicKey, Signature, decision, entry::Entry, signature::batch,
};
use measure::{Took, measure, ratios};
use std::{hint::black_box, sync::OnceLock};

const ENTRIES: u64 = 100_000;

fn log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| Log::of(ENTRIES))
}

/// How often whole and bare work take turns.
const ROUNDS: usize = 3;

fn main() {
    let entries = std::env::var("ENTRIES").map_or(ENTRIES, |count| count.parse().unwrap());
    export::compare(entries);
    print_ratio();
    divan::main();
}

/// The whole against the bare cost of the cryptography in it.
fn print_ratio() {
    let (log, segment) = (log(), log().segment(0, log().entries.len()));
    let signed = signed(log);
    let [mut hashing, mut signatures, mut appending, mut verifying] = [Took::default(); 4];
    for _ in 0..ROUNDS {
        let (bare_hashes, took) = measure(|| bare_sha256(log));
        hashing += took;
        signatures += measure(|| bare_batches(log.keys.gate_key, &signed)).1;
        let (stored, took) = measure(|| append_all(log));
        appending += took;
        let (advance, took) = measure(|| {
            replica::advance(Head::empty(), &MemoryHashes::default(), &log.keys, segment.borrow())
                .unwrap()
        });
        verifying += took;
        assert_eq!(advance.head.root, tree::root(ENTRIES, &stored).unwrap());
        assert_eq!(bare_hashes, advance.head.root);
    }
    println!("{ENTRIES} entries of {} bytes, {ROUNDS} times", log.entries[1].len());
    println!("append: {} of SHA-256", ratios(appending, hashing));
    let mut bare = hashing;
    bare += signatures;
    println!("verify: {} of SHA-256 + Ed25519, on one processor", ratios(verifying, bare));
}

/// Leaf and node hashes only.
fn bare_sha256(log: &Log) -> Digest {
    let mut frontier = Frontier::default();
    log.entries.iter().for_each(|entry| frontier.push(tree::leaf_hash(entry)));
    frontier.root()
}

fn signed(log: &Log) -> Vec<(Signature, Vec<u8>)> {
    log.entries
        .iter()
        .map(|bytes| {
            let entry = Entry::from_bytes(bytes).unwrap();
            (entry.signature().unwrap(), entry.body.signing_bytes().unwrap())
        })
        .collect()
}

fn bare_batches(key: PublicKey, signed: &[(Signature, Vec<u8>)]) {
    for run in signed.chunks(batch::BATCH) {
        let items: Vec<_> =
            run.iter().map(|(signature, bytes)| batch::Item::new(key, *signature, bytes)).collect();
        assert!(batch::find_invalid(&items).is_empty());
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
