//! The case as an Automerge document, and the bodies of the records that carry it.
//! The only room that names automerge; it can reach no store, socket or clock.
//!
//! The document carries; it never decides. Whatever is read here are candidate bytes:
//! the caller verifies envelopes and keeps what it verified as rows.
//!
//! Reading order: [`body`] (what a record says), [`case`] (the document).

pub mod body;
pub mod case;

pub use body::{BlobRef, BodyError, RecordBody};
pub use case::{CaseDocument, DocumentError};
