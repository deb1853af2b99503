//! What a person signs: prepared once, shown, signed as shown, and what then leaves this device.

pub(crate) mod batch;
pub(crate) mod choice;
pub(crate) mod comment;
pub(crate) mod decide;
pub(crate) mod halt;
pub(crate) mod hold;
pub(crate) mod outgoing;
pub(crate) mod practice;
pub(crate) mod prompt;
pub(crate) mod rollback;
pub(crate) mod signable;
pub(crate) mod tickets;
pub(crate) mod warnings;
