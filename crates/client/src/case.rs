//! What this device can prove about a case, and what follows from that alone.

pub(crate) mod beside;
pub(crate) mod blocked;
pub(crate) mod check;
pub(crate) mod comments;
pub(crate) mod contain;
pub(crate) mod ending;
pub(crate) mod evidence;
pub(crate) mod facts;
pub(crate) mod fault;
pub(crate) mod filed;
pub(crate) mod halt;
pub(crate) mod log_replica;
pub(crate) mod options;
pub(crate) mod rollback;
pub(crate) mod state;
pub(crate) mod timeline;
