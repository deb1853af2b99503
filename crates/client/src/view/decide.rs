//! Deciding: options, sheets, and what came of signing.

use super::{
    BudgetPeriodView, DecisionKindName, Delivery, EvidenceWantedName, MoneyView, ProblemView,
    ReasonCodeName, RiskTierName,
};

view! {
    /// What I may do.
    pub struct MyOptionsView {
        /// Roles that I can sign in here.
        pub roles: Vec<String>,
        /// Why I cannot decide at all; null when I can.
        pub blocked_because: Option<ProblemView>,
        /// Why I can reject and send back, but not approve; null when I can.
        pub approval_blocked_because: Option<ProblemView>,
        /// My signed decision that can still be recalled.
        pub recallable: Option<String>,
        /// A second factor is needed to approve, reject or send back.
        pub factor_to_decide: bool,
        /// A second factor is needed to override.
        pub factor_to_override: bool,
        /// Reasons to approve.
        pub approve_reasons: Vec<ReasonView>,
        /// Reasons to override.
        pub override_reasons: Vec<ReasonView>,
        /// Reasons to reject.
        pub reject_reasons: Vec<ReasonView>,
        /// Reasons to send back.
        pub request_changes_reasons: Vec<ReasonView>,
    }

    /// A reason of the list.
    #[derive(Eq)]
    pub struct ReasonView {
        /// Code that is signed.
        #[ts(as = "ReasonCodeName")]
        pub code: String,
        /// English words.
        pub words: String,
        /// Whether own words must be given.
        pub needs_text: bool,
    }

    /// What the person chose.
    pub struct DecisionInput {
        /// Proposal id.
        pub proposal: String,
        /// approve, override, reject, request_changes.
        #[ts(as = "DecisionKindName")]
        pub kind: String,
        /// Role to act in.
        pub role: String,
        /// Reason code.
        #[ts(as = "ReasonCodeName")]
        pub reason_code: String,
        /// Free text.
        pub reason_text: String,
        /// New daily budget for an override, micros as text in the account's currency.
        pub override_micros: Option<String>,
        /// The entries of a set that an override keeps, by their keys.
        pub override_entries: Option<Vec<String>>,
        /// What the agent should change, when it is sent back.
        pub requested: Option<RequestedView>,
        /// Code from the authenticator, if asked for.
        pub totp_code: Option<String>,
    }

    /// What the agent should change; at least one field.
    pub struct RequestedView {
        /// A daily budget that would do, micros as text.
        pub max_after_micros: Option<String>,
        /// The longest window that would do, in days.
        pub max_days: Option<u32>,
        /// Evidence that is missing: `backtest`, `longer_history`, `narrower_interval`, `rationale`.
        #[ts(as = "Vec<EvidenceWantedName>")]
        pub evidence: Vec<String>,
        /// Whether other texts are wanted, as the reason says in words.
        pub texts: bool,
    }

    /// The confirm sheet, rendered from the bytes that will be signed.
    pub struct ConfirmView {
        /// Names the prepared bytes; signing takes nothing else.
        pub ticket: String,
        /// Headline.
        pub title: String,
        /// Facts in reading order.
        pub lines: Vec<ConfirmLine>,
        /// What the person should know before signing and the bytes do not say: a skewed
        /// clock, money that is spent already, the way back.
        pub warnings: Vec<ProblemView>,
        /// A second, different gesture is needed to sign.
        pub armed_only: bool,
        /// SHA-256 of the bytes.
        pub digest: String,
        /// Six words.
        pub fingerprint: Vec<String>,
        /// After this moment the sheet must be made again.
        #[ts(type = "number")]
        pub good_until_ms: i64,
    }

    /// A fact on a confirm sheet.
    #[derive(Eq)]
    pub struct ConfirmLine {
        /// Which fact, in every language, e.g. `budget_after`.
        pub key: String,
        /// Label.
        pub label: String,
        /// Value.
        pub value: String,
    }

    /// What a case to practise on is about.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum PracticeTopic {
        /// A change that lets more be spent and needs two signatures.
        Raise,
        /// A campaign that is paused; one signature is enough.
        Pause,
    }

    /// What was signed.
    pub struct SignedView {
        /// Decision id.
        pub decision: String,
        /// Where it is now.
        pub delivery: Delivery,
    }

    /// Approvals to be signed together, one signature each.
    pub struct BatchInput {
        /// Proposal ids.
        pub proposals: Vec<String>,
        /// Role to act in.
        pub role: String,
        /// Reason code.
        #[ts(as = "ReasonCodeName")]
        pub reason_code: String,
        /// Free text.
        pub reason_text: String,
    }

    /// The sheet of a batch.
    pub struct BatchConfirmView {
        /// Names the prepared bytes of all items.
        pub ticket: String,
        /// The class that all items are of.
        pub batch_class: String,
        /// low, medium; null when every item has dropped out.
        #[ts(as = "Option<RiskTierName>")]
        pub risk_tier: Option<String>,
        /// The effect of all together, one per currency.
        pub totals: Vec<BatchTotalsView>,
        /// Each item; those that dropped out say why and are not signed.
        pub items: Vec<BatchItemView>,
        /// As on a single sheet.
        pub warnings: Vec<ProblemView>,
        /// After this moment the sheet must be made again.
        #[ts(type = "number")]
        pub good_until_ms: i64,
    }

    /// What a batch does in one currency, per day or per flight.
    pub struct BatchTotalsView {
        /// Items in this currency that will be signed.
        pub items: u32,
        /// Ad accounts.
        pub accounts: u32,
        /// What the amounts are for.
        pub per: BudgetPeriodView,
        /// Sum of the changes.
        pub delta: MoneyView,
        /// The largest single change.
        pub largest: MoneyView,
        /// The most that all can cost over their windows.
        pub worst_case: MoneyView,
    }

    /// An item of a batch.
    pub struct BatchItemView {
        /// Proposal id.
        pub proposal: String,
        /// Campaign name.
        #[serde(serialize_with = "super::shown::line")]
        pub campaign: String,
        /// Headline, rendered from the item's own bytes.
        pub title: String,
        /// Facts, rendered from the item's own bytes.
        pub lines: Vec<ConfirmLine>,
        /// SHA-256 of the bytes.
        pub digest: String,
        /// Six words.
        pub fingerprint: Vec<String>,
        /// Why it is not in the batch any more.
        pub dropped: Option<ProblemView>,
    }

    /// What came of a batch.
    pub struct BatchResultView {
        /// One line per item, in the order of the sheet.
        pub items: Vec<BatchItemResult>,
    }

    /// What came of an item.
    pub struct BatchItemResult {
        /// Proposal id.
        pub proposal: String,
        /// Campaign name.
        #[serde(serialize_with = "super::shown::line")]
        pub campaign: String,
        /// What was signed.
        pub signed: Option<SignedView>,
        /// Or why not.
        pub refused: Option<ProblemView>,
    }
}
