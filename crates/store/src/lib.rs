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
    case::{CaseRow, CaseText, Executed, Shelf},
    case_count::CaseCounts,
    case_due::DueCase,
    case_filter::{AmountRange, CaseFilter, TextField, TextTerm},
    case_page::{CaseList, CasePage, Cursor, CursorError, ListedCase, MatchCount, PageQuery},
    comment::CommentRow,
    compaction::UnansweredRecord,
    control::ControlRow,
    decision::{DecisionRow, NewDecision, Stage},
    evidence::{EvidenceTotal, WantedEvidence},
    fault::FaultRow,
    filed::FiledRow,
    followed::FollowedFault,
    gate_envelope::GateEnvelope,
    log::LogHead,
    log_list::LogRow,
    meta::MetaKey,
    outbox::{NewRecord, OutboxRow},
    policy_bundle::PolicyBundleRow,
    quarantine::{QuarantineCount, QuarantineRow},
    saved_filter::SavedFilterRow,
    similar::{ExecutedChange, SettledCase},
    sync_state::SyncState,
    waiting::WaitingEnvelope,
};
