//! The desktop's local store: one SQLite file under SQLCipher. Reaches no network, no
//! keychain and no window; the key is handed in.
//!
//! Reading order: [`Store`] opens the file and refuses what it must ([`OpenError`]);
//! [`Reader`] and [`Tx`] are the two handles; each module under `table` adds one table's
//! reads to `Reader` and its writes to `Tx`. Lists, counts and search read projections,
//! never documents. A signed decision is a plain row, written in one transaction with
//! the sealed record that carries it, and triggers keep both from being deleted.

mod error;
mod file;
mod handle;
mod migrate;
mod store;
mod table;

pub use error::{CreateError, OpenError, StoreError};
pub use handle::{Reader, Tx};
pub use store::Store;
pub use table::{
    case::{CaseCounts, CaseRow, Shelf},
    case_page::{CasePage, Cursor, CursorError, PageQuery},
    decision::{DecisionRow, NewDecision, Stage},
    evidence::WantedEvidence,
    fault::FaultRow,
    gate_envelope::GateEnvelope,
    log::LogHead,
    meta::MetaKey,
    outbox::{NewRecord, OutboxRow},
    sync_state::SyncState,
};
