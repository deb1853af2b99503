//! The Merkle tree of RFC 6962 over stored hashes, numbered as in Go's sumdb
//! (`tlog_tiles`): every node that is ever complete, in the order of completion.

use countersign_model::Digest;
use std::cell::RefCell;
use tlog_tiles::{Hash, HashReader};

/// Larger logs are refused: sizes stay far from the arithmetic limits of the numbering.
pub const MAX_SIZE: u64 = 1 << 48;

/// Where stored hashes are read from. Writing is the owner's business: the hashes that
/// [`append`] returns belong at consecutive indexes from [`stored_count`] of the old size,
/// in the same transaction as the entry.
pub trait StoredHashes {
    /// The hashes at these indexes, in the same order and number.
    ///
    /// # Errors
    /// When one of them is not there or the store cannot be read; nothing is retried here.
    fn read(&self, indexes: &[u64]) -> Result<Vec<Digest>, StoredHashesError>;
}

/// Why stored hashes could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the stored hashes of the log cannot be read")]
pub struct StoredHashesError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Why a tree could not be read, or a proof was refused.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// The store failed.
    #[error(transparent)]
    Read(#[from] StoredHashesError),
    /// The store gave a different number of hashes from what was asked for.
    #[error("the store returned {found} hashes where {asked} were asked for")]
    Count {
        /// How many were asked for.
        asked: usize,
        /// How many came.
        found: usize,
    },
    /// A size or an index lies outside the tree.
    #[error("size or index out of range: {0}")]
    Range(&'static str),
    /// The proof does not lead to the root.
    #[error("the proof does not fit the root")]
    Proof,
}

/// Hashes in memory, for tests and for tools that hold a whole log.
#[derive(Clone, Default, Debug)]
pub struct MemoryHashes(Vec<Digest>);

impl MemoryHashes {
    /// Appends hashes that follow those already here.
    pub fn extend(&mut self, hashes: impl IntoIterator<Item = Digest>) {
        self.0.extend(hashes);
    }

    /// How many hashes are here.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// An index that is not in the store.
#[derive(Debug, thiserror::Error)]
#[error("there is no stored hash {0}")]
pub struct MissingHash(pub u64);

impl StoredHashes for MemoryHashes {
    fn read(&self, indexes: &[u64]) -> Result<Vec<Digest>, StoredHashesError> {
        indexes.iter().map(|&index| hash_at(&self.0, index, index)).collect()
    }
}

fn hash_at(hashes: &[Digest], at: u64, name: u64) -> Result<Digest, StoredHashesError> {
    usize::try_from(at)
        .ok()
        .and_then(|at| hashes.get(at))
        .copied()
        .ok_or_else(|| StoredHashesError(Box::new(MissingHash(name))))
}

/// A store with hashes that are not written yet behind it.
struct Pending<'a> {
    base: &'a dyn StoredHashes,
    first: u64,
    fresh: &'a [Digest],
}

impl StoredHashes for Pending<'_> {
    fn read(&self, indexes: &[u64]) -> Result<Vec<Digest>, StoredHashesError> {
        let old: Vec<u64> = indexes.iter().copied().filter(|&index| index < self.first).collect();
        let mut old = if old.is_empty() { vec![] } else { self.base.read(&old)? }.into_iter();
        let take = |index: &u64| match index.checked_sub(self.first) {
            Some(at) => hash_at(self.fresh, at, *index),
            None => old.next().ok_or_else(|| StoredHashesError(Box::new(MissingHash(*index)))),
        };
        indexes.iter().map(take).collect()
    }
}

/// RFC 6962 leaf hash: SHA-256 over a zero byte and the leaf.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Digest {
    from_hash(tlog_tiles::record_hash(leaf))
}

/// RFC 6962 node hash: SHA-256 over a one byte and both children.
#[must_use]
pub fn node_hash(left: Digest, right: Digest) -> Digest {
    from_hash(tlog_tiles::node_hash(to_hash(left), to_hash(right)))
}

/// The root of the empty tree: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Digest {
    from_hash(tlog_tiles::EMPTY_HASH)
}

/// How many hashes a tree of `size` leaves has stored.
///
/// # Errors
/// [`TreeError::Range`] above [`MAX_SIZE`].
pub fn stored_count(size: u64) -> Result<u64, TreeError> {
    check_size(size)?;
    Ok(tlog_tiles::stored_hash_count(size))
}

/// The index of the leaf hash of entry `seq`.
///
/// # Errors
/// [`TreeError::Range`] above [`MAX_SIZE`].
pub fn leaf_index(seq: u64) -> Result<u64, TreeError> {
    check_size(seq)?;
    Ok(tlog_tiles::stored_hash_index(0, seq))
}

/// The hashes to store when `leaf` becomes entry `size`, from index [`stored_count`]`(size)`.
///
/// # Errors
/// [`TreeError`] when the store fails or the size is out of range.
pub fn append(size: u64, leaf: &[u8], stored: &dyn StoredHashes) -> Result<Vec<Digest>, TreeError> {
    append_hashes(size, &[leaf_hash(leaf)], stored)
}

/// The hashes to store when these leaf hashes follow a tree of `size`, in order, from
/// index [`stored_count`]`(size)`.
///
/// # Errors
/// As [`append`].
pub fn append_hashes(
    size: u64,
    leaves: &[Digest],
    stored: &dyn StoredHashes,
) -> Result<Vec<Digest>, TreeError> {
    check_size(size)?;
    let first = stored_count(size)?;
    let mut fresh = Vec::with_capacity(2 * leaves.len());
    for (seq, leaf) in (size..).zip(leaves) {
        check_size(seq + 1)?;
        let pending = Pending { base: stored, first, fresh: &fresh };
        let new = with_reader(&pending, |reader| {
            tlog_tiles::stored_hashes_for_record_hash(seq, to_hash(*leaf), reader)
        })?;
        fresh.extend(new.into_iter().map(from_hash));
    }
    Ok(fresh)
}

/// The root of the first `size` leaves.
///
/// # Errors
/// As [`append`].
pub fn root(size: u64, stored: &dyn StoredHashes) -> Result<Digest, TreeError> {
    check_size(size)?;
    Ok(from_hash(with_reader(stored, |reader| tlog_tiles::tree_hash(size, reader))?))
}

/// The root of `size` leaves when the hashes from index [`stored_count`]`(old_size)` on
/// are `fresh` and not in the store yet.
///
/// # Errors
/// As [`append`].
pub fn root_with(
    size: u64,
    old_size: u64,
    fresh: &[Digest],
    stored: &dyn StoredHashes,
) -> Result<Digest, TreeError> {
    root(size, &Pending { base: stored, first: stored_count(old_size)?, fresh })
}

/// Proves that entry `index` is in the tree of `size` leaves (RFC 6962, section 2.1.1).
///
/// # Errors
/// As [`append`]; [`TreeError::Range`] when `index` is not below `size`.
pub fn prove_inclusion(
    size: u64,
    index: u64,
    stored: &dyn StoredHashes,
) -> Result<Vec<Digest>, TreeError> {
    check_index(size, index)?;
    let proof = with_reader(stored, |reader| tlog_tiles::prove_record(size, index, reader))?;
    Ok(proof.into_iter().map(from_hash).collect())
}

/// Checks that `leaf` is entry `index` of the tree of `size` leaves with this root.
///
/// # Errors
/// [`TreeError::Proof`] or [`TreeError::Range`].
pub fn verify_inclusion(
    proof: &[Digest],
    size: u64,
    root: Digest,
    index: u64,
    leaf: Digest,
) -> Result<(), TreeError> {
    check_index(size, index)?;
    let proof: Vec<Hash> = proof.iter().copied().map(to_hash).collect();
    tlog_tiles::check_record(&proof, size, to_hash(root), index, to_hash(leaf))
        .map_err(|_| TreeError::Proof)
}

/// Proves that the tree of `size` leaves begins with the tree of `old_size` leaves
/// (RFC 6962, section 2.1.2). The empty tree is the beginning of any: its proof is empty.
///
/// # Errors
/// As [`append`]; [`TreeError::Range`] when `old_size` is above `size`.
pub fn prove_consistency(
    size: u64,
    old_size: u64,
    stored: &dyn StoredHashes,
) -> Result<Vec<Digest>, TreeError> {
    check_sizes(size, old_size)?;
    if old_size == 0 {
        return Ok(vec![]);
    }
    let proof = with_reader(stored, |reader| tlog_tiles::prove_tree(size, old_size, reader))?;
    Ok(proof.into_iter().map(from_hash).collect())
}

/// Checks that the tree of `size` leaves with `root` begins with the tree of `old_size`
/// leaves with `old_root`.
///
/// # Errors
/// [`TreeError::Proof`] or [`TreeError::Range`].
pub fn verify_consistency(
    proof: &[Digest],
    size: u64,
    root: Digest,
    old_size: u64,
    old_root: Digest,
) -> Result<(), TreeError> {
    check_sizes(size, old_size)?;
    if old_size == 0 {
        let fits = proof.is_empty() && old_root == empty_root();
        return if fits { Ok(()) } else { Err(TreeError::Proof) };
    }
    let proof: Vec<Hash> = proof.iter().copied().map(to_hash).collect();
    tlog_tiles::check_tree(&proof, size, to_hash(root), old_size, to_hash(old_root))
        .map_err(|_| TreeError::Proof)
}

/// The right edge of a growing tree: at most 48 hashes, enough for its root.
#[derive(Clone, Default, Debug)]
pub struct Frontier {
    size: u64,
    /// Roots of complete subtrees, largest first; one for each 1 bit of `size`.
    peaks: Vec<Digest>,
}

impl Frontier {
    /// Adds a leaf hash.
    pub fn push(&mut self, leaf: Digest) {
        self.push_storing(leaf, |_| ());
    }

    /// Adds a leaf hash, and gives `store` what [`append_hashes`] would return for it.
    pub fn push_storing(&mut self, leaf: Digest, mut store: impl FnMut(Digest)) {
        let mut hash = leaf;
        store(hash);
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(left, hash);
                store(hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// How many leaves were added.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root over them.
    #[must_use]
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev().copied();
        let last = peaks.next().unwrap_or_else(empty_root);
        peaks.fold(last, |right, left| node_hash(left, right))
    }
}

/// Hands our reader to `tlog_tiles`, checks the counts it would panic on, and brings the
/// store's own error back.
fn with_reader<T>(
    stored: &dyn StoredHashes,
    work: impl FnOnce(&Reader<'_>) -> Result<T, tlog_tiles::Error>,
) -> Result<T, TreeError> {
    let reader = Reader { stored, failure: RefCell::new(None) };
    let result = work(&reader);
    match (reader.failure.into_inner(), result) {
        (Some(failure), _) => Err(failure),
        (None, Ok(value)) => Ok(value),
        (None, Err(_)) => Err(TreeError::Range("the tree has no such node")),
    }
}

pub(crate) struct Reader<'a> {
    stored: &'a dyn StoredHashes,
    failure: RefCell<Option<TreeError>>,
}

impl HashReader for Reader<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        let failure = match self.stored.read(indexes) {
            Ok(hashes) if hashes.len() == indexes.len() => {
                return Ok(hashes.into_iter().map(to_hash).collect());
            }
            Ok(hashes) => TreeError::Count { asked: indexes.len(), found: hashes.len() },
            Err(error) => TreeError::Read(error),
        };
        *self.failure.borrow_mut() = Some(failure);
        Err(tlog_tiles::Error::IndexesNotInTree)
    }
}

/// For [`crate::tiles`]: a tile's bytes through the same adapter.
pub(crate) fn read_tile(
    tile: &tlog_tiles::Tile,
    stored: &dyn StoredHashes,
) -> Result<Vec<u8>, TreeError> {
    with_reader(stored, |reader| tile.read_data(reader))
}

pub(crate) const fn check_size(size: u64) -> Result<(), TreeError> {
    if size <= MAX_SIZE { Ok(()) } else { Err(TreeError::Range("the log is too large")) }
}

fn check_index(size: u64, index: u64) -> Result<(), TreeError> {
    check_size(size)?;
    if index < size { Ok(()) } else { Err(TreeError::Range("the entry is not in the tree")) }
}

fn check_sizes(size: u64, old_size: u64) -> Result<(), TreeError> {
    check_size(size)?;
    if old_size <= size { Ok(()) } else { Err(TreeError::Range("the old tree is the larger one")) }
}

const fn to_hash(digest: Digest) -> Hash {
    Hash(*digest.as_bytes())
}

const fn from_hash(hash: Hash) -> Digest {
    Digest::from_bytes(hash.0)
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation)] // sizes below 200
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tree(size: u64) -> (MemoryHashes, Vec<Digest>) {
        let mut stored = MemoryHashes::default();
        let mut roots = vec![empty_root()];
        let mut frontier = Frontier::default();
        for seq in 0..size {
            let new = append(seq, &seq.to_be_bytes(), &stored).unwrap();
            let mut pushed = vec![];
            frontier.push_storing(leaf_hash(&seq.to_be_bytes()), |hash| pushed.push(hash));
            assert_eq!(pushed, new);
            stored.extend(new);
            assert_eq!(stored.count() as u64, stored_count(seq + 1).unwrap());
            roots.push(root(seq + 1, &stored).unwrap());
            assert_eq!(frontier.root(), roots[roots.len() - 1]);
        }
        (stored, roots)
    }

    #[test]
    fn the_published_roots_of_rfc_6962_test_leaves() {
        // Leaves and roots of the Certificate Transparency reference implementation's tests.
        let leaves: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let mut frontier = Frontier::default();
        leaves.iter().for_each(|leaf| frontier.push(leaf_hash(leaf)));
        assert_eq!(
            frontier.root().to_string(),
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
        );
    }

    #[test]
    fn a_store_that_answers_short_is_an_error_not_a_panic() {
        struct Short;
        impl StoredHashes for Short {
            fn read(&self, _: &[u64]) -> Result<Vec<Digest>, StoredHashesError> {
                Ok(vec![])
            }
        }
        assert!(matches!(root(3, &Short), Err(TreeError::Count { .. })));
        assert!(matches!(
            append(3, b"x", &Short),
            Err(TreeError::Count { .. } | TreeError::Read(_))
        ));
        assert!(matches!(prove_inclusion(3, 0, &Short), Err(TreeError::Count { .. })));
        assert!(matches!(root(u64::MAX, &Short), Err(TreeError::Range(_))));
    }

    #[test]
    fn every_proof_of_every_size_to_40() {
        let (stored, roots) = tree(40);
        for size in 1..=40u64 {
            let head = roots[size as usize];
            for index in 0..size {
                let leaf = leaf_hash(&index.to_be_bytes());
                let proof = prove_inclusion(size, index, &stored).unwrap();
                verify_inclusion(&proof, size, head, index, leaf).unwrap();
                let other = leaf_hash(b"other");
                assert!(verify_inclusion(&proof, size, head, index, other).is_err());
            }
            for old in 0..=size {
                let proof = prove_consistency(size, old, &stored).unwrap();
                verify_consistency(&proof, size, head, old, roots[old as usize]).unwrap();
                let wrong = verify_consistency(&proof, size, head, old, leaf_hash(b"fork"));
                assert!(wrong.is_err(), "{old} of {size}");
            }
        }
    }

    proptest! {
        #[test]
        fn many_at_once_is_one_by_one(old in 0u64..70, new in 0u64..70) {
            let (one_by_one, roots) = tree(old + new);
            let (mut stored, _) = tree(old);
            let leaves: Vec<_> = (old..old + new).map(|seq| leaf_hash(&seq.to_be_bytes())).collect();
            let fresh = append_hashes(old, &leaves, &stored).unwrap();
            let ahead = root_with(old + new, old, &fresh, &stored).unwrap();
            prop_assert_eq!(ahead, roots[(old + new) as usize]);
            stored.extend(fresh);
            prop_assert_eq!(stored.0, one_by_one.0);
        }
    }
}
