//! What is read and written over many cases: lists, search, notices, the log, policies.

pub(crate) mod history;
pub(crate) mod inbox;
pub(crate) mod log_check;
pub(crate) mod log_explorer;
pub(crate) mod notices;
pub(crate) mod notify;
pub(crate) mod policies;
pub(crate) mod rows;
pub(crate) mod search;
pub(crate) mod similar;
pub(crate) mod trial;
