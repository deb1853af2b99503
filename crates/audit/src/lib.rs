//! The audit log as bytes: Merkle tree, checkpoints, proofs, tiles, a desktop's replica
//! step, the export file and its verification. Reaches no file, socket, clock or store.
//!
//! Reading order: [`tree`] stores and proves; [`checkpoint`] signs heads and [`cosignature`]
//! is what desktops add to them; [`tiles`] is what is published; [`replica`] is what a desktop
//! believes; [`export`] writes the file that leaves the gate, [`verify`] reads it against
//! [`trust`] and says in a [`report`] what is wrong and where.

pub mod checkpoint;
pub mod cosignature;
pub mod export;
pub mod replica;
pub mod report;
mod single;
pub mod tiles;
pub mod tree;
pub mod trust;
pub mod verify;

pub use checkpoint::Checkpoint;
pub use cosignature::Witness;
pub use export::{ExportHead, ExportSource, write_export};
pub use replica::{Advance, Head, LogFault, LogKeys, Segment};
pub use report::{Judgement, Report};
pub use tree::{Frontier, MemoryHashes, StoredHashes, StoredHashesError, TreeError};
pub use trust::Trust;
