//! The audit log as bytes: Merkle tree, checkpoints, proofs, tiles, a desktop's replica
//! step, the export file and its verification. Reaches no file, socket, clock or store.
//!
//! Reading order: [`tree`] stores and proves; [`checkpoint`] signs heads; [`tiles`] is
//! what is published; [`replica`] is what a desktop believes; [`batch`] checks many
//! signatures at once.

pub mod batch;
pub mod checkpoint;
pub mod replica;
pub mod tiles;
pub mod tree;

pub use checkpoint::Checkpoint;
pub use replica::{Advance, Head, LogFault, LogKeys, Segment};
pub use tree::{Frontier, MemoryHashes, StoredHashes, StoredHashesError, TreeError};
