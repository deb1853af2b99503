//! The list: views, search, rows.

use super::{Delivery, DiffRowView, ExecutionEnd, KindName, PartView, RiskTierName};

view! {
    /// Which cases to list.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum InboxView {
        /// My signature is asked for.
        NeedsMe,
        /// Others are asked.
        WaitingOnOthers,
        /// Open, and the deadline is within the hour.
        DueSoon,
        /// Somebody has decided on a different value.
        Overrides,
        /// Mine to do, put away for a while.
        Snoozed,
        /// Nothing more can be decided.
        Settled,
        /// A person must look at what was made, and nobody has said what was done about it.
        ToCheck,
        /// Every open case, soonest deadline first.
        Agenda,
        /// Everything.
        All,
    }

    /// A page request.
    pub struct InboxQuery {
        /// Which cases.
        pub view: InboxView,
        /// Words and fields: `entity:` `amount:500..1000` `approver:` `reason:` `rule:` `model:`
        /// `agent:` `tier:` `kind:` `since:2026-11-01` `until:2026-11-20`; empty for none.
        pub search: String,
        /// The cursor of the last page, if any.
        pub after: Option<String>,
        /// Most rows wanted, up to 500.
        pub limit: u32,
    }

    /// One page of the inbox.
    pub struct InboxPage {
        /// Rows, most urgent first; newest first in a search.
        pub rows: Vec<InboxRow>,
        /// Counts per view, whatever the search.
        pub counts: InboxCounts,
        /// Cursor of the next page.
        pub next: Option<String>,
        /// How many rows there are in all.
        pub matches: MatchCount,
        /// What the search was understood to ask for.
        pub filters: Vec<FilterChip>,
    }

    /// How many rows a list has.
    #[derive(Copy, Eq)]
    pub struct MatchCount {
        /// That many, or that many and more.
        pub count: u32,
        /// Counting stopped at `count`.
        pub more: bool,
    }

    /// A part of a search.
    #[derive(Eq)]
    pub struct FilterChip {
        /// The field's name as typed, or `text` for words.
        pub field: String,
        /// The rest of what was typed.
        pub value: String,
        /// Why it is left out.
        pub problem: Option<FilterProblem>,
    }

    /// Why a part of a search is left out.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum FilterProblem {
        /// Nothing stands behind the field.
        Empty,
        /// No amount.
        NotAnAmount,
        /// A range that ends before it begins.
        RangeBackwards,
        /// No day.
        NotADate,
        /// No risk tier.
        NotATier,
        /// No kind of change.
        NotAKind,
        /// The field stands there already.
        Twice,
    }

    /// How many cases each view holds.
    #[derive(Copy, Eq, Default)]
    pub struct InboxCounts {
        /// My signature is asked for.
        pub needs_me: u32,
        /// Others are asked.
        pub waiting_on_others: u32,
        /// Open and due within the hour.
        pub due_soon: u32,
        /// Decided on an own value.
        pub overrides: u32,
        /// Put away.
        pub snoozed: u32,
        /// Settled.
        pub settled: u32,
        /// A person must look.
        pub to_check: u32,
        /// Open, in all.
        pub open: u32,
    }

    /// One row.
    pub struct InboxRow {
        /// Proposal id.
        pub proposal: String,
        /// Campaign name.
        #[serde(serialize_with = "super::shown::line")]
        pub campaign: String,
        /// The part of the campaign that it is about, where it is about one.
        pub part: Option<PartView>,
        /// Full entity id.
        pub entity: String,
        /// The kind of change, for words.
        #[ts(as = "KindName")]
        pub kind: String,
        /// What changes, most important first.
        pub diff: Vec<DiffRowView>,
        /// One sentence why.
        pub why: String,
        /// The case that it takes back, if it does.
        pub takes_back: Option<String>,
        /// State.
        pub state: CaseState,
        /// Risk tier: low, medium, high.
        #[ts(as = "RiskTierName")]
        pub risk_tier: String,
        /// Roles that still have to sign.
        pub waiting_for: Vec<String>,
        /// Since when the authorised change cannot be made; null unless it waits.
        #[ts(type = "number | null")]
        pub held_up_since_ms: Option<i64>,
        /// Whether I can sign it now.
        pub needs_me: bool,
        /// By when.
        #[ts(type = "number")]
        pub decide_by_ms: i64,
        /// Created.
        #[ts(type = "number")]
        pub created_at_ms: i64,
        /// When something last happened.
        #[ts(type = "number")]
        pub changed_at_ms: i64,
        /// Until when it is put away.
        #[ts(type = "number | null")]
        pub snoozed_until_ms: Option<i64>,
        /// Somebody decided on a different value.
        pub overridden: bool,
        /// The class within which cases may be signed together; null for one by one.
        pub batch_class: Option<String>,
        /// Whether all evidence is on this device.
        pub evidence_complete: bool,
        /// A question in its thread is not answered.
        pub open_question: bool,
        /// How its execution ended; null before it has.
        pub ending: Option<ExecutionEnd>,
        /// Its execution ended so that a person must look, and nobody has said in its thread
        /// since then what was done about it.
        pub to_check: bool,
        /// How far my own decision has got, if I decided.
        pub my_delivery: Option<Delivery>,
    }

    /// State of a case, computed from signed records and gate entries.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum CaseState {
        /// People are asked.
        Deciding,
        /// The quorum holds; execution is on its way.
        Authorized,
        /// Executed and read back.
        Executed,
        /// Executed, but something else was read back or nothing was applied.
        NotApplied,
        /// Rejected by a person.
        Rejected,
        /// Sent back to the agent.
        SentBack,
        /// Nobody decided in time.
        Expired,
        /// Another change moved the entity first.
        Superseded,
        /// Refused by policy.
        Blocked,
    }

    /// A search kept under a name.
    #[derive(Eq)]
    pub struct SavedFilter {
        /// Its id.
        pub id: String,
        /// Its name.
        pub name: String,
        /// The view it searches.
        pub view: InboxView,
        /// The search.
        pub search: String,
    }

    /// A search to keep.
    #[derive(Eq)]
    pub struct SavedFilterInput {
        /// Its name; one of the same name is replaced.
        pub name: String,
        /// The view it searches.
        pub view: InboxView,
        /// The search.
        pub search: String,
    }
}
