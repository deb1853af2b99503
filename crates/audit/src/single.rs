//! What can be said of an entry's bytes alone, whatever stands before them: the leaf hash, the
//! canonical form, the signature. Runs of entries can be checked side by side.

use crate::tree;
use countersign_model::{
    Digest, PublicKey,
    canonical::CanonicalError,
    entry::{Entry, EntryError},
    signature::batch::{self, BATCH, Item},
};
use std::{
    sync::{Mutex, OnceLock, PoisonError},
    thread,
};

/// One entry's bytes, checked by themselves.
pub(crate) struct Single {
    pub(crate) leaf: Digest,
    pub(crate) entry: Result<Signed, EntryError>,
}

/// An entry in canonical form, and whether its signature fits.
pub(crate) struct Signed {
    pub(crate) entry: Box<Entry>,
    pub(crate) signature: Result<(), SignatureFault>,
}

/// What is wrong with an entry's signature.
pub(crate) enum SignatureFault {
    /// What it is over cannot be cut out of the leaf.
    Bytes(CanonicalError),
    /// It is not a signature.
    Form,
    /// It is not by this key over these bytes.
    Mismatch,
}

/// Checks a run of entries, in order, on this thread.
pub(crate) fn check_run<'a>(
    gate_key: PublicKey,
    leaves: impl Iterator<Item = &'a [u8]>,
) -> Vec<Single> {
    let mut run: Vec<Single> = Vec::with_capacity(leaves.size_hint().0);
    let (mut positions, mut items) = (vec![], vec![]);
    for leaf in leaves {
        let entry = Entry::from_bytes(leaf).map(|entry| {
            let item = item(gate_key, &entry, leaf);
            let signature = item.map(|item| {
                positions.push(run.len());
                items.push(item);
            });
            Signed { entry: Box::new(entry), signature }
        });
        run.push(Single { leaf: tree::leaf_hash(leaf), entry });
    }
    for (run_of_items, positions) in items.chunks(BATCH).zip(positions.chunks(BATCH)) {
        for index in batch::find_invalid(run_of_items) {
            let single = positions.get(index).and_then(|&position| run.get_mut(position));
            if let Some(Single { entry: Ok(signed), .. }) = single {
                signed.signature = Err(SignatureFault::Mismatch);
            }
        }
    }
    run
}

fn item(gate_key: PublicKey, entry: &Entry, leaf: &[u8]) -> Result<Item, SignatureFault> {
    let bytes = entry.signing_bytes_in(leaf).map_err(SignatureFault::Bytes)?;
    let signature = entry.signature().map_err(|_| SignatureFault::Form)?;
    Ok(Item::new(gate_key, signature, &bytes))
}

/// Checks entries, in order, on as many threads as there are processors.
pub(crate) fn check_all(gate_key: PublicKey, leaves: &[Vec<u8>]) -> Vec<Single> {
    let check = |run: &[Vec<u8>]| check_run(gate_key, run.iter().map(Vec::as_slice));
    let runs = leaves.chunks(BATCH);
    let threads = processors().min(runs.len());
    if threads < 2 {
        return check(leaves);
    }
    let waiting = Mutex::new(runs.enumerate());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        let mut done = vec![];
        while let Some((place, run)) = next() {
            done.push((place, check(run)));
        }
        done
    };
    let mut done: Vec<(usize, Vec<Single>)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for other in others {
            match other.join() {
                Ok(theirs) => done.extend(theirs),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().flat_map(|(_, run)| run).collect()
}

/// How many threads are worth having; asked once, because the answer is read from files.
pub(crate) fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| thread::available_parallelism().map_or(1, Into::into))
}
