//! The one judge: what signed records imply, asked by the gate before it logs, by every
//! desktop that follows the log, and by the offline verifier. It reaches no store, network,
//! clock or thread: state is read through a [`View`] and given back as [`Change`]s.
//!
//! Reading order: [`view`] and [`change`] are what it reads and what it asks to keep;
//! [`content`] is an entry before it has a place, [`expected`] one that a follower waits
//! for; [`world`], [`draft`], [`decision`], [`control`], [`rollback`], [`execution`] and [`time`] judge
//! one kind of cause each; [`memory`] keeps state in memory; [`follow`] finds the causes behind a log and compares; [`export`]
//! verifies an exported log with all of it, and with what desktops cosigned.

pub mod change;
pub mod content;
pub mod control;
pub mod decision;
pub mod draft;
pub mod execution;
pub mod expected;
pub mod export;
pub mod follow;
pub mod memory;
pub mod rollback;
pub mod time;
pub mod view;
mod witness;
pub mod world;

pub use change::{Change, Judged, Mark};
pub use content::Content;
pub use expected::Expected;
pub use export::verify_export;
pub use follow::{Anchors, Fault, Follower, Sources};
pub use memory::Memory;
pub use view::{Keep, TargetState, View, World};
