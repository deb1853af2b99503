//! The case as an Automerge document, and the bodies of the records that carry it.
//! The only room that names automerge; it can reach no store, socket or clock.
//!
//! The document carries; it never decides. What a device has signed is read from the change
//! that brought it, before anything is merged; the caller verifies envelopes and keeps what it
//! verified as rows.
//!
//! Reading order: [`body`] (what a record says), [`change`] (what a change carries), [`case`]
//! (the document), [`limits`] (how large anything may be).

pub mod body;
pub mod case;
pub mod change;
mod columns;
pub mod limits;
mod saved;

pub use body::{BlobRef, BodyError, ChainHead, PackRef, RecordBody, Snapshot};
pub use case::{CaseDocument, DocumentError};
pub use change::{Candidates, ChangeError, Filed, OverBudget};
