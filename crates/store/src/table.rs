//! One module for each table: its row, its reads on `Reader`, its writes on `Tx`.

pub(crate) mod case;
#[cfg(test)]
mod case_laws;
pub(crate) mod case_page;
pub(crate) mod decision;
pub(crate) mod document;
pub(crate) mod evidence;
pub(crate) mod fault;
pub(crate) mod gate_envelope;
pub(crate) mod log;
pub(crate) mod meta;
pub(crate) mod outbox;
pub(crate) mod roster;
pub(crate) mod sync_state;
