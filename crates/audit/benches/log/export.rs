//! Reading an export as `countersign-verify` does, against the bare SHA-256 and Ed25519 work on
//! the same bytes, in turn, each on every processor. Nothing is held but a block of entries.

use crate::{
    common::{ORIGIN, entry_at, keys, vkey, workspace},
    measure::{Took, measure, peak_memory, ratios},
};
use countersign_audit::{
    ExportHead, ExportSource, Frontier, Trust, checkpoint,
    export::{Leaves, SourceError},
    tree,
    verify::{Begun, begin},
    write_export,
};
use countersign_model::{
    Digest, Signature, TimestampMs,
    entry::{Entry, ReferenceKind},
    signature::batch::{self, BATCH, Item},
};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead as _, BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
    thread,
};

const ROUNDS: usize = 3;
/// Entries that the bare work is given at once.
const BLOCK: usize = 16 * BATCH;

pub(crate) fn compare(entries: u64) {
    let place = tempfile::tempdir().unwrap();
    let leaves = OnDisk(place.path().join("leaves"));
    let export = place.path().join("export");
    write(&leaves, &export, entries);
    let (mut bare, mut whole) = (Took::default(), Took::default());
    for _ in 0..ROUNDS {
        bare += bare_work(&leaves);
        whole += measure(|| walk(&export, entries)).1;
    }
    println!("an export of {entries} entries, {ROUNDS} times: {}", ratios(whole, bare));
    println!("peak memory {}", peak_memory());
}

fn write(leaves: &OnDisk, export: &Path, entries: u64) {
    let (gate, mut frontier) = (keys(1), Frontier::default());
    let mut file = BufWriter::new(File::create(&leaves.0).unwrap());
    let mut previous = Digest::from_bytes([0; 32]);
    for seq in 0..entries {
        let leaf = entry_at(seq, previous, 0, &gate);
        previous = tree::leaf_hash(&leaf);
        frontier.push(previous);
        file.write_all(&leaf).unwrap();
        file.write_all(b"\n").unwrap();
    }
    file.flush().unwrap();
    let head = ExportHead {
        workspace: workspace(),
        checkpoint: checkpoint::sign(ORIGIN, entries, frontier.root(), &keys(2)).unwrap(),
        cosigned: BTreeSet::new(),
        log_vkey: vkey(),
        made_at_ms: TimestampMs::from_millis(0),
    };
    write_export(&mut BufWriter::new(File::create(export).unwrap()), &head, leaves, &gate).unwrap();
}

/// Leaves, one a line.
struct OnDisk(PathBuf);

impl ExportSource for OnDisk {
    fn leaves(&self) -> Leaves<'_> {
        let lines = BufReader::new(File::open(&self.0).unwrap()).split(b'\n');
        Box::new(lines.map(|line| line.map_err(SourceError::from)))
    }

    fn bytes(&self, _: Digest, _: ReferenceKind) -> Result<Option<Vec<u8>>, SourceError> {
        Ok(None)
    }
}

fn walk(export: &Path, entries: u64) {
    let trust = Trust {
        workspace: workspace(),
        gate_key: keys(1).1,
        log_vkey: vkey(),
        root_keys: BTreeSet::new(),
        root_threshold: 0,
    };
    let file = BufReader::new(File::open(export).unwrap());
    let Begun::Walk(mut walk) = begin(file, Some(&trust), None).unwrap() else {
        panic!("the export cannot be read")
    };
    let mut read = 0;
    while walk.next_entry().unwrap().is_some() {
        read += 1;
    }
    assert_eq!(read, entries);
    assert!(walk.is_as_signed());
    let report = walk.finish();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

/// A leaf with what its signature is, and what it is over.
type Signed = (Vec<u8>, Signature, Vec<u8>);

fn bare_work(leaves: &OnDisk) -> Took {
    let (mut took, mut frontier, mut body) = (Took::default(), Frontier::default(), Sha256::new());
    let mut leaves = leaves.leaves().map(|leaf| {
        let leaf = leaf.unwrap();
        let entry = Entry::from_bytes(&leaf).unwrap();
        (entry.signature().unwrap(), entry.body.signing_bytes().unwrap(), leaf)
    });
    loop {
        let block: Vec<Signed> = leaves
            .by_ref()
            .take(BLOCK)
            .map(|(signature, bytes, leaf)| (leaf, signature, bytes))
            .collect();
        if block.is_empty() {
            return took;
        }
        took += measure(|| bare_block(&block, &mut frontier, &mut body)).1;
    }
}

/// Signatures and leaf hashes on every processor; meanwhile the digest of the file.
fn bare_block(block: &[Signed], frontier: &mut Frontier, body: &mut Sha256) {
    let processors = thread::available_parallelism().unwrap().get();
    let share = block.len().div_ceil(processors).next_multiple_of(BATCH);
    let hashes = thread::scope(|scope| {
        let shares: Vec<_> =
            block.chunks(share).map(|share| scope.spawn(|| bare_share(share))).collect();
        for (leaf, ..) in block {
            body.update(leaf);
        }
        shares.into_iter().flat_map(|share| share.join().unwrap()).collect::<Vec<_>>()
    });
    hashes.into_iter().for_each(|hash| frontier.push(hash));
}

fn bare_share(share: &[Signed]) -> Vec<Digest> {
    let key = keys(1).1;
    for run in share.chunks(BATCH) {
        let item = |(_, signature, bytes): &Signed| Item::new(key, *signature, bytes);
        assert!(batch::find_invalid(&run.iter().map(item).collect::<Vec<_>>()).is_empty());
    }
    share.iter().map(|(leaf, ..)| tree::leaf_hash(leaf)).collect()
}
