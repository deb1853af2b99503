//! The background work: the relay, what arrives and what leaves, the log followed, and what
//! time brings.

pub(crate) mod alarm;
pub(crate) mod faults;
pub(crate) mod follow;
pub(crate) mod link;
pub(crate) mod relay;
pub(crate) mod shared;
pub(crate) mod take_in;
pub(crate) mod trouble;
pub(crate) mod watcher;
pub(crate) mod witness;
pub(crate) mod writing;
