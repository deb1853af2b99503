//! The audit log as this device holds it.

use super::{ActorKindName, CheckpointView, FactView, ProblemView, ValueView};
use countersign_model::entry::EntryKind;

view! {
    /// Which entries to list, newest first.
    #[derive(Eq)]
    pub struct LogQuery {
        /// Only entries before this position.
        #[ts(type = "number | null")]
        pub before: Option<u64>,
        /// Only this kind.
        #[ts(type = "import(\"./codes\").EntryKind | null")]
        pub action: Option<EntryKind>,
        /// Only this case.
        pub proposal: Option<String>,
        /// Most rows wanted, up to 500.
        pub limit: u32,
    }

    /// A page of the log.
    pub struct LogPage {
        /// Rows, newest first.
        pub rows: Vec<LogRowView>,
        /// Ask for entries before this position next.
        #[ts(type = "number | null")]
        pub next: Option<u64>,
        /// The verified head.
        pub head: Option<CheckpointView>,
        /// Every kind there is, for choosing.
        #[ts(type = "Array<import(\"./codes\").EntryKind>")]
        pub actions: Vec<EntryKind>,
    }

    /// An entry in the list.
    pub struct LogRowView {
        /// Position.
        #[ts(type = "number")]
        pub seq: u64,
        /// Gate clock.
        #[ts(type = "number")]
        pub at_ms: i64,
        /// Entry kind.
        #[ts(type = "import(\"./codes\").EntryKind")]
        pub action: EntryKind,
        /// person, agent, gate.
        #[ts(as = "ActorKindName")]
        pub actor_kind: String,
        /// Who.
        pub actor: String,
        /// The case.
        pub proposal: Option<String>,
        /// Its campaign, if the case is on this device.
        #[serde(serialize_with = "super::shown::maybe_line")]
        pub campaign: Option<String>,
        /// What the window's words need.
        pub facts: Vec<FactView>,
        /// The value in question.
        pub value: Option<ValueView>,
    }

    /// An entry with everything that proves it.
    pub struct LogEntryView {
        /// The row.
        pub row: LogRowView,
        /// The canonical JSON that is the Merkle leaf; what a text in it hides is shown.
        #[serde(serialize_with = "super::shown::line")]
        pub json: String,
        /// Leaf hash, hex.
        pub leaf: String,
        /// Leaf hash of the entry before.
        pub prev_hash: String,
        /// Hashes of the inclusion proof (RFC 6962), leaf first.
        pub proof: Vec<String>,
        /// Size of the tree that the proof is for.
        #[ts(type = "number")]
        pub tree_size: u64,
        /// Its root.
        pub root: String,
        /// The signed checkpoint (C2SP tlog-checkpoint).
        pub checkpoint: String,
        /// The gate's signature on the entry was checked just now.
        pub signature_checked: bool,
        /// The proof was checked just now.
        pub inclusion_checked: bool,
    }

    /// What came of checking the whole log on this device.
    pub struct LogVerification {
        /// Nothing was altered: every hash, chain link and signature.
        pub integrity: LogVerdict,
        /// Nothing is missing: every position up to the newest signed checkpoint.
        pub completeness: LogVerdict,
        /// Entries checked.
        #[ts(type = "number")]
        pub entries: u64,
        /// The root computed.
        pub root: String,
        /// When.
        #[ts(type = "number")]
        pub checked_at_ms: i64,
        /// How long it took.
        #[ts(type = "number")]
        pub took_ms: u64,
    }

    /// A verdict.
    pub struct LogVerdict {
        /// It holds.
        pub holds: bool,
        /// What was found instead.
        pub problem: Option<ProblemView>,
    }
}
