//! One module for each table: its row, its reads on `Reader`, its writes on `Tx`. Large
//! tables have one more for each thing asked of them.

pub(crate) mod case;
pub(crate) mod case_count;
pub(crate) mod case_due;
mod case_facet;
pub(crate) mod case_filter;
#[cfg(test)]
mod case_laws;
pub(crate) mod case_page;
mod case_words;
pub(crate) mod comment;
pub(crate) mod compaction;
pub(crate) mod control;
pub(crate) mod decision;
pub(crate) mod document;
pub(crate) mod evidence;
mod evidence_budget;
pub(crate) mod fault;
pub(crate) mod filed;
pub(crate) mod followed;
pub(crate) mod gate_envelope;
mod hold;
pub(crate) mod log;
pub(crate) mod log_list;
pub(crate) mod meta;
pub(crate) mod outbox;
pub(crate) mod policy_bundle;
mod prompt_read;
pub(crate) mod quarantine;
pub(crate) mod roster;
pub(crate) mod saved_filter;
pub(crate) mod similar;
mod snooze;
mod source;
pub(crate) mod sync_state;
pub(crate) mod waiting;
