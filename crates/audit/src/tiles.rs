//! What is published: C2SP tlog-tiles (<https://c2sp.org/tlog-tiles>), derived from stored
//! hashes and entries, rebuildable at any time.

use crate::tree::{self, StoredHashes, TreeError};
use countersign_model::entry::MAX_ENTRY_BYTES;

/// Hashes of a full tile, and entries of a full bundle.
pub const FULL_WIDTH: u32 = 256;
const HEIGHT: u8 = 8;
/// Eight levels of eight bits: no size has more.
const LEVELS: u8 = 8;

/// One tile of hashes, or one bundle of entries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Tile(tlog_tiles::Tile);

/// Why a bundle could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// An entry's length does not fit the 16-bit prefix.
    #[error("an entry is larger than {MAX_ENTRY_BYTES} bytes")]
    TooLarge,
    /// More than a full bundle, or none.
    #[error("a bundle holds 1 to {FULL_WIDTH} entries")]
    Width,
}

/// The hash tiles to publish when a log grows from `old_size` to `size`; the last of each
/// level may be partial.
///
/// # Errors
/// [`TreeError::Range`] above [`tree::MAX_SIZE`].
pub fn new_tiles(old_size: u64, size: u64) -> Result<Vec<Tile>, TreeError> {
    tree::check_size(size)?;
    tree::check_size(old_size)?;
    Ok(tlog_tiles::Tile::new_tiles(HEIGHT, old_size, size).into_iter().map(Tile).collect())
}

impl Tile {
    /// The tile with this path, full or partial, in a tree of `size` entries: every one that
    /// [`new_tiles`] names for this or any smaller tree. `None` when the tree has no such tile,
    /// or the path is not its one spelling.
    #[must_use]
    pub fn in_tree(path: &str, size: u64) -> Option<Self> {
        // The library's own reader panics at a level above 63 and at the width 0.
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let level = level.parse().ok().filter(|level| *level < LEVELS)?;
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => (index, width.parse().ok()?),
            None => (rest, FULL_WIDTH),
        };
        if !(1..=FULL_WIDTH).contains(&width) {
            return None;
        }
        let index = index.split('/').try_fold(0_u64, |index, part| {
            let part: u64 = part.trim_start_matches('x').parse().ok()?;
            index.checked_mul(1_000)?.checked_add(part)
        })?;
        let end = index.checked_mul(FULL_WIDTH.into())?.checked_add(width.into())?;
        let hashes_of_level = size >> (HEIGHT * level);
        let tile = Self(tlog_tiles::Tile::new(HEIGHT, level, index, width, false));
        (end <= hashes_of_level && tile.path() == path).then_some(tile)
    }

    /// The path of the tile below the log's prefix, e.g. `tile/0/x001/067.p/8`.
    #[must_use]
    pub fn path(&self) -> String {
        self.0.path().replacen("tile/8/", "tile/", 1)
    }

    /// The path of the entry bundle beside a tile of level 0, e.g. `tile/entries/x001/067`;
    /// `None` on higher levels.
    #[must_use]
    pub fn entries_path(&self) -> Option<String> {
        let path = self.path();
        path.strip_prefix("tile/0/").map(|rest| format!("tile/entries/{rest}"))
    }

    /// The first entry below this tile and how many hashes it holds.
    #[must_use]
    pub fn span(&self) -> (u64, u32) {
        (self.0.level_index() << HEIGHT, self.0.width())
    }

    /// Whether it can never change again.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.0.width() == FULL_WIDTH
    }

    /// The bytes of a hash tile: its hashes, 32 bytes each.
    ///
    /// # Errors
    /// [`TreeError`] when the store fails.
    pub fn bytes(&self, stored: &dyn StoredHashes) -> Result<Vec<u8>, TreeError> {
        tree::read_tile(&self.0, stored)
    }
}

/// The bytes of an entry bundle: each entry after its length as a big-endian 16-bit number.
///
/// # Errors
/// [`BundleError`].
pub fn entry_bundle(entries: &[&[u8]]) -> Result<Vec<u8>, BundleError> {
    if !(1..=FULL_WIDTH as usize).contains(&entries.len()) {
        return Err(BundleError::Width);
    }
    let mut bytes = Vec::new();
    for entry in entries {
        let length = u16::try_from(entry.len()).map_err(|_| BundleError::TooLarge)?;
        bytes.extend(length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// The entries of a bundle; `None` when the bytes are cut short.
#[must_use]
pub fn split_bundle(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        bytes = rest;
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{MemoryHashes, append_hashes, leaf_hash, root};
    use countersign_model::Digest;

    fn paths(old: u64, new: u64) -> Vec<String> {
        new_tiles(old, new).unwrap().iter().map(Tile::path).collect()
    }

    #[test]
    fn paths_of_the_specification() {
        assert_eq!(paths(0, 1), ["tile/0/000.p/1"]);
        assert_eq!(paths(0, 256), ["tile/0/000", "tile/1/000.p/1"]);
        assert_eq!(paths(256, 257), ["tile/0/001.p/1"]);
        let far = new_tiles(256 * 1_234_067, 256 * 1_234_067 + 8).unwrap();
        assert_eq!(far[0].path(), "tile/0/x001/x234/067.p/8");
        assert_eq!(far[0].entries_path().unwrap(), "tile/entries/x001/x234/067.p/8");
    }

    #[test]
    fn every_tile_of_every_size_is_found_by_its_path() {
        for size in [1, 2, 255, 256, 257, 511, 512, 70_000, 256 * 256 + 1, 256 * 1_234_067 + 8] {
            for tile in new_tiles(0, size).unwrap().iter().rev().take(600) {
                // Also when the tree has grown, and no sooner than the tree has it.
                for later in [size, size + 1, size + 256, 3 * size] {
                    assert_eq!(Tile::in_tree(&tile.path(), later), Some(*tile), "{size} {later}");
                }
            }
            for tile in new_tiles(size - 1, size).unwrap() {
                assert_eq!(Tile::in_tree(&tile.path(), size - 1), None, "{size}");
            }
        }
        // The example of the specification.
        let widths = [("tile/0/273", 112), ("tile/1/001", 17), ("tile/2/000", 1)];
        for (path, width) in widths {
            let partial = |width: u32| Tile::in_tree(&format!("{path}.p/{width}"), 70_000);
            assert!((1..=width).all(|width| partial(width).is_some()), "{path}");
            assert!((width + 1..=300).all(|width| partial(width).is_none()), "{path}");
            assert_eq!(Tile::in_tree(path, 70_000), None);
        }
    }

    #[test]
    fn a_tile_has_one_spelling() {
        for path in [
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/+1",
            "tile/0/0",
            "tile/0/x000/000",
            "tile/0/0000",
            "tile/00/000",
            "tile/+0/000",
            "tile/8/000.p/1",
            "tile/63/000.p/1",
            "tile/64/000.p/1",
            "tile/255/000.p/1",
            "tile/0/000/000",
            "tile/0/",
            "tile/0/xx000",
            "tile/0/-01",
            "tile/0",
            "tile/entries/000",
            "tile/data/000",
            "tile/0/000.p/",
            "tile/0/000.p/1.p/1",
            "tile/8/0/000",
            "/tile/0/000",
            "tile/0/000 ",
            "tile/0/é",
            "",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
            "tile/7/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(Tile::in_tree(path, tree::MAX_SIZE), None, "{path}");
        }
        assert!(Tile::in_tree("tile/0/000", tree::MAX_SIZE).is_some());
    }

    #[test]
    fn a_tile_is_its_leaf_hashes_and_the_one_above_their_root() {
        let leaves: Vec<Digest> = (0..300u64).map(|seq| leaf_hash(&seq.to_be_bytes())).collect();
        let mut stored = MemoryHashes::default();
        stored.extend(append_hashes(0, &leaves, &stored.clone()).unwrap());
        let tiles = new_tiles(0, 300).unwrap();
        let bytes: Vec<_> = tiles.iter().map(|tile| tile.bytes(&stored).unwrap()).collect();
        let flat: Vec<u8> = leaves.iter().flat_map(|leaf| *leaf.as_bytes()).collect();
        assert_eq!([bytes[0].as_slice(), &bytes[1]].concat(), flat);
        assert_eq!(bytes[2], root(256, &stored).unwrap().as_bytes());
        assert!(tiles[0].is_full() && !tiles[1].is_full());
        assert_eq!(tiles[1].span(), (256, 44));
    }

    #[test]
    fn a_bundle_comes_apart_again_and_cut_ones_do_not() {
        let entries: [&[u8]; 3] = [b"one", b"", b"three"];
        let bytes = entry_bundle(&entries).unwrap();
        assert_eq!(&bytes[..5], b"\x00\x03one");
        assert_eq!(split_bundle(&bytes).unwrap(), entries);
        assert_eq!(split_bundle(&bytes[..bytes.len() - 1]), None);
        let large = vec![0; MAX_ENTRY_BYTES + 1];
        assert_eq!(entry_bundle(&[&large]), Err(BundleError::TooLarge));
        assert_eq!(entry_bundle(&[]), Err(BundleError::Width));
    }
}
