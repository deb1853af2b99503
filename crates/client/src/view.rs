//! What the window is told: plain data for screens, with TypeScript bindings generated
//! from it into `ui/src/bridge/bindings/`. Amounts are micros in strings, times are UTC
//! milliseconds, ratios are plain numbers (0.12 is 12 %); formatting is the window's.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Declares a data transfer object with its TypeScript binding.
macro_rules! view {
    ($($item:item)*) => {
        $(
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
            $item
        )*
    };
}

view! {
    /// Where this device stands with its workspace.
    #[serde(tag = "state", rename_all = "snake_case")]
    pub enum WorkspaceState {
        /// The keychain is locked or missing; nothing is worked around.
        KeychainProblem {
            /// What is wrong and what to do.
            problem: ProblemView,
        },
        /// The local store cannot be opened; nothing is deleted or made anew.
        StoreProblem {
            /// What is wrong and what to do.
            problem: ProblemView,
        },
        /// No key and no workspace yet.
        NotEnrolled,
        /// Keys exist and a request waits for an administrator.
        RequestMade {
            /// The request to hand over.
            request: EnrolmentRequestView,
        },
        /// Ready.
        Ready {
            /// The workspace.
            workspace: WorkspaceView,
        },
    }

    /// Something that is wrong: a code for the program, words for the person.
    pub struct ProblemView {
        /// Stable code, e.g. `keychain_locked`.
        pub code: String,
        /// What is wrong.
        pub message: String,
        /// What can be done, most useful first.
        pub hints: Vec<String>,
    }

    /// What an administrator needs to admit this device.
    pub struct EnrolmentRequestView {
        /// The request file's content.
        pub json: String,
        /// Six words of the device key, to be confirmed with a colleague.
        pub fingerprint: Vec<String>,
    }

    /// The workspace and who I am in it.
    pub struct WorkspaceView {
        /// Workspace id.
        pub workspace: String,
        /// Its name.
        pub name: String,
        /// My person id.
        pub person: String,
        /// My name.
        pub person_name: String,
        /// My roles.
        pub roles: Vec<String>,
        /// This device.
        pub device: String,
        /// Six words of this device's key.
        pub fingerprint: Vec<String>,
    }

    /// Whether we are connected and what has not been sent.
    pub struct ConnectionView {
        /// The relay answers and the live tail runs.
        pub online: bool,
        /// When the relay was last reached.
        #[ts(type = "number | null")]
        pub last_contact_ms: Option<i64>,
        /// The last log head that this device verified itself.
        pub checkpoint: Option<CheckpointView>,
        /// Decisions signed on this device and not yet delivered.
        pub unsent: u32,
        /// A fault that the sync found and will not hide (fork, gap, foreign record).
        pub fault: Option<ProblemView>,
    }

    /// A verified log head.
    pub struct CheckpointView {
        /// Entries.
        #[ts(type = "number")]
        pub size: u64,
        /// Merkle root, hex.
        pub root: String,
        /// When this device verified it.
        #[ts(type = "number")]
        pub verified_at_ms: i64,
    }

    /// Which cases to list.
    #[serde(rename_all = "snake_case")]
    pub enum InboxView {
        /// My signature is asked for.
        NeedsMe,
        /// Others are asked.
        WaitingOnOthers,
        /// Nothing more can be decided.
        Settled,
        /// Everything.
        All,
    }

    /// A page request.
    pub struct InboxQuery {
        /// Which cases.
        pub view: InboxView,
        /// Full-text search; empty for none.
        pub search: String,
        /// The cursor of the last page, if any.
        pub after: Option<String>,
    }

    /// One page of the inbox.
    pub struct InboxPage {
        /// Rows, most urgent first.
        pub rows: Vec<InboxRow>,
        /// Counts per view.
        pub counts: InboxCounts,
        /// Cursor of the next page.
        pub next: Option<String>,
    }

    /// How many cases each view holds.
    pub struct InboxCounts {
        /// My signature is asked for.
        pub needs_me: u32,
        /// Others are asked.
        pub waiting_on_others: u32,
        /// Settled.
        pub settled: u32,
    }

    /// One row.
    pub struct InboxRow {
        /// Proposal id.
        pub proposal: String,
        /// Campaign name.
        pub campaign: String,
        /// Action kind, e.g. `budget_change`.
        pub kind: String,
        /// Before.
        pub before: MoneyView,
        /// Proposed after.
        pub after: MoneyView,
        /// Relative change, if before is not zero.
        pub change: Option<f64>,
        /// One sentence why.
        pub why: String,
        /// State.
        pub state: CaseState,
        /// Risk tier: low, medium, high.
        pub risk_tier: String,
        /// Roles that still have to sign.
        pub waiting_for: Vec<String>,
        /// By when.
        #[ts(type = "number")]
        pub decide_by_ms: i64,
        /// Created.
        #[ts(type = "number")]
        pub created_at_ms: i64,
        /// How far my own decision has got, if I decided.
        pub my_delivery: Option<Delivery>,
    }

    /// State of a case, computed from signed records and gate entries.
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

    /// How far a decision has got; each word means one thing.
    #[serde(tag = "stage", rename_all = "snake_case")]
    pub enum Delivery {
        /// In this device's store, not sent.
        SignedOnThisDevice,
        /// The relay has stored it.
        DeliveredToRelay,
        /// The gate has logged it as valid.
        AcceptedByGate,
        /// The gate has logged it as invalid.
        Refused {
            /// Why, and what to do.
            why: ProblemView,
        },
        /// The change it permitted was executed.
        Executed,
    }

    /// An amount.
    pub struct MoneyView {
        /// Millionths of the major unit, as decimal text.
        pub amount_micros: String,
        /// ISO 4217.
        pub currency: String,
    }

    /// Everything about one case, from this device alone.
    pub struct CaseView {
        /// Proposal id.
        pub proposal: String,
        /// State.
        pub state: CaseState,
        /// The change proposed.
        pub change: ChangeView,
        /// The change that was or will be applied under the signatures so far.
        pub effective: Option<ChangeView>,
        /// The value read back from the platform.
        pub read_back: Option<MoneyView>,
        /// Predicted lift.
        pub predicted_lift: IntervalView,
        /// Probability that the lift falls in the interval.
        pub confidence: f64,
        /// What the confidence means, in words.
        pub confidence_words: String,
        /// Attributions, strongest first.
        pub attributions: Vec<AttributionView>,
        /// The model's reasons.
        pub rationale: String,
        /// What caused it.
        pub trigger: String,
        /// What is expected.
        pub likely_outcome: String,
        /// What the campaign is for.
        pub campaign_intent: String,
        /// The model.
        pub model: ModelView,
        /// Who drafted, and who answers for the agent.
        pub initiator: InitiatorView,
        /// The verdict.
        pub verdict: VerdictView,
        /// Who has to sign and who has.
        pub signers: Vec<SignerView>,
        /// Decisions so far, oldest first.
        pub decisions: Vec<DecisionView>,
        /// What I may do now, and why not.
        pub my_options: MyOptionsView,
        /// The pacing chart's series; null when its evidence is not on this device.
        pub pacing: Option<PacingView>,
        /// Whether all evidence is on this device.
        pub evidence_complete: bool,
        /// Log entries of this case, with the proofs that this device checked.
        pub timeline: Vec<TimelineView>,
        /// By when.
        #[ts(type = "number")]
        pub decide_by_ms: i64,
        /// Nothing can be decided after.
        #[ts(type = "number")]
        pub expires_at_ms: i64,
        /// Created.
        #[ts(type = "number")]
        pub created_at_ms: i64,
        /// Other open cases on the same entity.
        pub open_on_same_entity: Vec<String>,
    }

    /// A change of a daily budget.
    pub struct ChangeView {
        /// Campaign name.
        pub campaign: String,
        /// Full entity id.
        pub entity: String,
        /// Before.
        pub before: MoneyView,
        /// After.
        pub after: MoneyView,
        /// After minus before.
        pub delta: MoneyView,
        /// Relative change, if before is not zero.
        pub ratio: Option<f64>,
        /// The most it can cost over the window, or a month.
        pub worst_case: Option<MoneyView>,
        /// Window start.
        #[ts(type = "number | null")]
        pub starts_at_ms: Option<i64>,
        /// Window end.
        #[ts(type = "number | null")]
        pub ends_at_ms: Option<i64>,
        /// How many campaigns share the budget.
        pub shared_by: u32,
    }

    /// A value with its interval.
    pub struct IntervalView {
        /// Point.
        pub value: f64,
        /// Lower end.
        pub low: f64,
        /// Upper end.
        pub high: f64,
    }

    /// A signal's weight.
    pub struct AttributionView {
        /// The signal.
        pub signal: String,
        /// Signed weight.
        pub weight: f64,
    }

    /// A model's provenance.
    pub struct ModelView {
        /// Id.
        pub id: String,
        /// Version.
        pub version: String,
        /// Digest of the training snapshot.
        pub training_snapshot: String,
    }

    /// Who drafted.
    pub struct InitiatorView {
        /// Agent name.
        pub agent: String,
        /// Owner's name.
        pub owner: String,
    }

    /// The policy's verdict.
    pub struct VerdictView {
        /// allow, escalate, hold, block.
        pub outcome: String,
        /// low, medium, high.
        pub risk_tier: String,
        /// Rules that fired.
        pub flags: Vec<FlagView>,
        /// Policy version.
        pub policy_version: String,
        /// Policy digest.
        pub policy_digest: String,
    }

    /// A rule that fired.
    pub struct FlagView {
        /// Rule id.
        pub rule: String,
        /// protocol, corporate, brand, campaign.
        pub layer: String,
        /// allow, escalate, hold, block.
        pub outcome: String,
        /// The rule in plain words.
        pub words: String,
    }

    /// A role that has to sign.
    pub struct SignerView {
        /// Role.
        pub role: String,
        /// How many persons.
        pub minimum: u32,
        /// Names of those who signed.
        pub signed_by: Vec<String>,
        /// Names of those who could.
        pub eligible: Vec<String>,
    }

    /// A decision in the case.
    pub struct DecisionView {
        /// Decision id.
        pub id: String,
        /// approve, override, reject, request_changes.
        pub kind: String,
        /// Person's name.
        pub person: String,
        /// Whether it is mine.
        pub mine: bool,
        /// Role acted in.
        pub role: String,
        /// Reason in words.
        pub reason: String,
        /// Free text.
        pub text: String,
        /// The value that it permits.
        pub after: Option<MoneyView>,
        /// Second factor, if any.
        pub factor: Option<String>,
        /// Device clock at signing.
        #[ts(type = "number")]
        pub signed_at_ms: i64,
        /// Six words of the signed bytes.
        pub fingerprint: Vec<String>,
        /// The signature was checked on this device.
        pub signature_checked: bool,
        /// How far it has got.
        pub delivery: Delivery,
    }

    /// What I may do.
    pub struct MyOptionsView {
        /// Roles that I can sign in here.
        pub roles: Vec<String>,
        /// Why I cannot decide; null when I can.
        pub blocked_because: Option<String>,
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
    pub struct ReasonView {
        /// Code that is signed.
        pub code: String,
        /// Words.
        pub words: String,
        /// Whether own words must be given.
        pub needs_text: bool,
    }

    /// The pacing chart.
    pub struct PacingView {
        /// Where the numbers come from; says so when simulated.
        pub source: String,
        /// Account time zone (IANA).
        pub time_zone: String,
        /// When the platform was read.
        #[ts(type = "number")]
        pub read_at_ms: i64,
        /// Daily budget in force then.
        pub daily_budget: MoneyView,
        /// Days, oldest first.
        pub days: Vec<PacingDayView>,
    }

    /// A day of delivery.
    pub struct PacingDayView {
        /// `YYYY-MM-DD` in the account's zone.
        pub date: String,
        /// Spend.
        pub spend_micros: String,
        /// Impressions.
        #[ts(type = "number")]
        pub impressions: u64,
        /// Clicks.
        #[ts(type = "number")]
        pub clicks: u64,
    }

    /// A log entry of the case.
    pub struct TimelineView {
        /// Position in the log.
        #[ts(type = "number")]
        pub seq: u64,
        /// Gate clock.
        #[ts(type = "number")]
        pub at_ms: i64,
        /// Entry kind, e.g. `decision_accepted`.
        pub action: String,
        /// Who.
        pub actor: String,
        /// More, in words.
        pub words: String,
        /// Platform request ids.
        pub request_ids: Vec<String>,
        /// Inclusion checked on this device against a verified checkpoint of this size.
        #[ts(type = "number | null")]
        pub included_in: Option<u64>,
        /// Leaf hash, hex.
        pub leaf: String,
    }

    /// What the person chose.
    pub struct DecisionInput {
        /// Proposal id.
        pub proposal: String,
        /// approve, override, reject, request_changes.
        pub kind: String,
        /// Role to act in.
        pub role: String,
        /// Reason code.
        pub reason_code: String,
        /// Free text.
        pub reason_text: String,
        /// New daily budget for an override, micros as text in the account's currency.
        pub override_micros: Option<String>,
        /// Code from the authenticator, if asked for.
        pub totp_code: Option<String>,
    }

    /// The confirm sheet, rendered from the bytes that will be signed.
    pub struct ConfirmView {
        /// Names the prepared bytes; signing takes nothing else.
        pub ticket: String,
        /// Headline.
        pub title: String,
        /// Facts in reading order.
        pub lines: Vec<ConfirmLine>,
        /// SHA-256 of the bytes.
        pub digest: String,
        /// Six words.
        pub fingerprint: Vec<String>,
        /// After this moment the sheet must be made anew.
        #[ts(type = "number")]
        pub good_until_ms: i64,
    }

    /// A fact on the confirm sheet.
    pub struct ConfirmLine {
        /// Label.
        pub label: String,
        /// Value.
        pub value: String,
    }

    /// What was signed.
    pub struct SignedView {
        /// Decision id.
        pub decision: String,
        /// Where it is now.
        pub delivery: Delivery,
    }
}
