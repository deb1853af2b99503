//! Everything about one case.

use super::{
    ActorKindName, BacktestView, CaseState, ChangeView, DecisionKindName, DecisionTypeName,
    DiffRowView, EvidenceKindName, FactorName, ForecastView, InputKindName, LayerName, MoneyView,
    MyOptionsView, OutcomeName, PacingView, ProblemView, RequestedView, RiskTierName, SimilarView,
    ThreadView, ValueView,
};
use countersign_model::entry::EntryKind;

view! {
    /// How far a decision has got; each word means one thing.
    #[derive(Eq)]
    #[serde(tag = "stage", rename_all = "snake_case")]
    pub enum Delivery {
        /// Signed, and kept back so that it can be recalled.
        Held {
            /// Until this moment; null until there is a network.
            #[ts(type = "number | null")]
            until_ms: Option<i64>,
        },
        /// In this device's store, on its way.
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
        /// Taken back before it was sent; it counts nowhere.
        Recalled,
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
        pub read_back: Option<ValueView>,
        /// What the authorised change waits for; null unless it does.
        pub held_up: Option<HeldUpView>,
        /// How its execution ended; null before it has.
        pub ending: Option<EndingView>,
        /// The execution ended so that a person must look, and nobody has said in the thread
        /// since then what was done about it.
        pub to_check: bool,
        /// The case that moved the entity first.
        pub superseded_by: Option<String>,
        /// What the agent says; null for a case that no agent drafted.
        pub draft: Option<DraftView>,
        /// What it takes back, for a case that a person asked for.
        pub takes_back: Option<TakesBackView>,
        /// Whether what was executed here can be taken back; null unless something was.
        pub rollback: Option<RollbackView>,
        /// The verdict.
        pub verdict: VerdictView,
        /// Who has to sign and who has.
        pub signers: Vec<SignerView>,
        /// Who is notified next if nobody signs, soonest first.
        pub ladder: Vec<RungView>,
        /// The deadline has passed.
        pub overdue: bool,
        /// Decisions so far, oldest first.
        pub decisions: Vec<DecisionView>,
        /// What I may do now, and why not.
        pub my_options: MyOptionsView,
        /// The pacing chart's series; null when its evidence is not on this device.
        pub pacing: Option<PacingView>,
        /// Spend to be expected before and after; null when it is not on this device.
        pub forecast: Option<ForecastView>,
        /// The model's predictions against what happened; null when there is none here.
        pub backtest: Option<BacktestView>,
        /// The nearest settled cases and what became of them.
        pub similar: Vec<SimilarView>,
        /// What of the evidence is on this device.
        pub evidence: EvidenceView,
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
        /// What else happens to the same entity.
        pub same_entity: SameEntityView,
        /// What people say.
        pub thread: ThreadView,
        /// Until when I have put it away.
        #[ts(type = "number | null")]
        pub snoozed_until_ms: Option<i64>,
        /// The class within which cases may be signed together.
        pub batch_class: Option<String>,
        /// Digests and revisions, for an auditor.
        pub audit: AuditView,
        /// A practice case: nothing of it is stored or sent.
        pub practice: bool,
    }

    /// What an agent says of its draft.
    pub struct DraftView {
        /// Predicted lift.
        pub predicted_lift: IntervalView,
        /// Probability that the lift falls in the interval.
        pub confidence: f64,
        /// What the model is unsure of, and why.
        pub uncertainty: String,
        /// When, by the agent's own rule, a more senior person must decide.
        pub escalation_rule: String,
        /// What is at risk, as the agent sees it.
        pub risk_factors: RiskFactorsView,
        /// Attributions, strongest first.
        pub attributions: Vec<AttributionView>,
        /// The model's reasons.
        pub rationale: String,
        /// What caused it.
        pub trigger: String,
        /// What is expected.
        pub likely_outcome: String,
        /// What happens after that, in order.
        pub next_steps: Vec<String>,
        /// What the campaign is for.
        pub campaign_intent: String,
        /// What the agent looked at.
        pub inputs_considered: Vec<ConsideredInputView>,
        /// What its words can be checked against.
        pub source_references: Vec<SourceReferenceView>,
        /// What the agent would do, where it says so.
        pub recommended_action: Option<String>,
        /// What would have had to be otherwise for another answer, where it says so.
        pub counterfactual: Option<String>,
        /// The model.
        pub model: ModelView,
        /// Who drafted, and who answers for the agent.
        pub initiator: InitiatorView,
    }

    /// What a person takes back, and why.
    #[derive(Eq)]
    pub struct TakesBackView {
        /// The case that was executed.
        pub proposal: String,
        /// Who asked.
        pub person: String,
        /// Whether that was me.
        pub mine: bool,
        /// Why, in their words.
        pub text: String,
    }

    /// Whether what was executed can be taken back.
    pub struct RollbackView {
        /// The change that would take it back; null where the platform takes none.
        pub change: Option<ChangeView>,
        /// Why I cannot ask for it; null when I can.
        pub blocked_because: Option<ProblemView>,
        /// The case that takes it back or has done so.
        pub by: Option<String>,
        /// My own wish that the gate has not logged yet.
        pub pending: bool,
        /// How many changes of the same target were executed since.
        pub later: u32,
    }

    /// What the person chose; a sheet follows.
    #[derive(Eq)]
    pub struct RollbackInput {
        /// The case that was executed.
        pub proposal: String,
        /// Why; not empty.
        pub text: String,
    }

    /// An authorised change that cannot be made now. Nothing was changed; it is tried again.
    #[derive(Eq)]
    pub struct HeldUpView {
        /// What stands in the way.
        pub by: HeldUpBy,
        /// The platform's code, or the gate's.
        #[serde(serialize_with = "super::shown::line")]
        pub code: String,
        /// Since when.
        #[ts(type = "number")]
        pub since_ms: i64,
        /// Not tried before this moment, where the platform asked for quiet.
        #[ts(type = "number | null")]
        pub not_before_ms: Option<i64>,
        /// Tried until this moment: then the signatures are no longer valid.
        #[ts(type = "number")]
        pub valid_until_ms: i64,
    }

    /// How an execution ended.
    pub struct EndingView {
        /// How.
        pub status: ExecutionEnd,
        /// The platform's code of what failed, or the gate's.
        #[serde(serialize_with = "super::shown::maybe_line")]
        pub code: Option<String>,
        /// What became of each thing that the change is about, in the order in which they are
        /// written; empty of a change of one thing.
        pub legs: Vec<LegView>,
    }

    /// One thing of a change over several, and what became of it.
    pub struct LegView {
        /// What was to change, with its name.
        pub diff: Vec<DiffRowView>,
        /// How it ended.
        pub end: LegEnd,
        /// What the platform was last read to hold, where it was read after the write.
        pub holds: Option<ValueView>,
        /// The platform's code of what failed, or the gate's.
        #[serde(serialize_with = "super::shown::maybe_line")]
        pub code: Option<String>,
    }

    /// How an execution ended, in a word.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum ExecutionEnd {
        /// The platform holds what was authorised.
        Applied,
        /// Nothing was changed.
        NotApplied,
        /// It was no longer as it was when it was proposed; nothing was changed.
        Stale,
        /// Some of it stands and could not be taken back.
        PartiallyApplied,
        /// The platform holds something else than was sent.
        Mismatch,
        /// Nobody could read what was made of it.
        Unknown,
    }

    /// What became of one thing of a change over several.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum LegEnd {
        /// It was written and stands.
        Stands,
        /// It was written, stands, and could not be taken back.
        NotTakenBack,
        /// It was written and taken back.
        TakenBack,
        /// It was not written.
        NotMade,
        /// It was not written, because it was no longer as it was when it was proposed.
        Stale,
        /// The platform holds something else than was sent.
        Mismatch,
        /// Nobody could read what became of it.
        Unknown,
        /// Another one had failed before it was its turn.
        NotBegun,
    }

    /// What stands in an execution's way.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum HeldUpBy {
        /// The platform's sign-in does not answer.
        SignIn,
        /// The platform asks for quiet.
        Quota,
        /// A person stopped work.
        WorkStopped,
        /// The platform does not answer, or not so that it can be understood.
        Platform,
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

    /// Five risks as the agent sees them, each 0 to 1.
    pub struct RiskFactorsView {
        /// Money that could be lost.
        pub financial_exposure: f64,
        /// Harm to the brand by where and beside what it is seen.
        pub brand_safety: f64,
        /// Matters that a regulator cares for.
        pub regulatory_sensitivity: f64,
        /// How many people would notice a mistake.
        pub audience_reach: f64,
        /// How far it moves away from what the campaign is for.
        pub deviation_from_intent: f64,
    }

    /// One thing that the agent looked at.
    pub struct ConsideredInputView {
        /// campaign_history, real_time_signals, creative_assets, business_constraints,
        /// market_data.
        #[ts(as = "InputKindName")]
        pub kind: String,
        /// What it was.
        pub about: String,
    }

    /// Something that the words can be checked against: text to read, never followed.
    pub struct SourceReferenceView {
        /// What it is called.
        pub title: String,
        /// Where it is.
        pub location: String,
        /// SHA-256 of what was read.
        pub digest: Option<String>,
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
        /// Whether the prompt is on this device.
        pub prompt_on_device: bool,
        /// When I read the prompt, if I did; the log knows too.
        #[ts(type = "number | null")]
        pub prompt_read_at_ms: Option<i64>,
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
        #[ts(as = "OutcomeName")]
        pub outcome: String,
        /// low, medium, high.
        #[ts(as = "RiskTierName")]
        pub risk_tier: String,
        /// Who owns such a decision, e.g. `human_owned`.
        #[ts(as = "DecisionTypeName")]
        pub decision_type: String,
        /// Rules that fired.
        pub flags: Vec<FlagView>,
        /// Policy version.
        pub policy_version: String,
        /// Policy digest.
        pub policy_digest: String,
        /// Whether this device has evaluated the policy itself; none for a practice case.
        pub check: Option<PolicyCheck>,
    }

    /// What came of evaluating the policy again on this device, and of following the log.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum PolicyCheck {
        /// Not done yet: the log has not arrived.
        Pending,
        /// The verdict and everything in the log follow.
        Holds,
        /// Something does not.
        Differs,
    }

    /// A rule that fired.
    pub struct FlagView {
        /// Rule id.
        pub rule: String,
        /// protocol, corporate, brand, campaign.
        #[ts(as = "LayerName")]
        pub layer: String,
        /// allow, escalate, hold, block.
        #[ts(as = "OutcomeName")]
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

    /// A rung of the ladder.
    pub struct RungView {
        /// When it is climbed.
        #[ts(type = "number")]
        pub at_ms: i64,
        /// The role that is notified then.
        pub role: String,
        /// Names of those who hold it.
        pub people: Vec<String>,
        /// The gate has logged that it was climbed.
        pub climbed: bool,
    }

    /// A decision in the case.
    pub struct DecisionView {
        /// Decision id.
        pub id: String,
        /// approve, override, reject, request_changes.
        #[ts(as = "DecisionKindName")]
        pub kind: String,
        /// Person's name.
        pub person: String,
        /// Whether it is mine.
        pub mine: bool,
        /// Whether it was signed on this device.
        pub on_this_device: bool,
        /// Role acted in.
        pub role: String,
        /// Reason's code as it was signed; a refused decision may have one of no list.
        pub reason_code: String,
        /// Reason in English words.
        pub reason: String,
        /// Free text.
        pub text: String,
        /// The value that it permits.
        pub after: Option<ValueView>,
        /// What was asked of the agent, when it was sent back.
        pub requested: Option<RequestedView>,
        /// Second factor, if any.
        #[ts(as = "Option<FactorName>")]
        pub factor: Option<String>,
        /// Device clock at signing.
        #[ts(type = "number")]
        pub signed_at_ms: i64,
        /// Six words of the signed bytes.
        pub fingerprint: Vec<String>,
        /// SHA-256 of the signed bytes.
        pub digest: String,
        /// The signature was checked on this device.
        pub signature_checked: bool,
        /// How far it has got.
        pub delivery: Delivery,
    }

    /// What of the evidence is on this device.
    pub struct EvidenceView {
        /// All of it.
        pub complete: bool,
        /// Each piece.
        pub pieces: Vec<EvidencePieceView>,
    }

    /// A piece of evidence.
    pub struct EvidencePieceView {
        /// pacing_series, forecast, backtest, prompt.
        #[ts(as = "EvidenceKindName")]
        pub kind: String,
        /// SHA-256 of its plain bytes.
        pub digest: String,
        /// Its size.
        #[ts(type = "number")]
        pub size_bytes: u64,
        /// It is here and its digest is right.
        pub on_device: bool,
    }

    /// What else happens to the same entity.
    pub struct SameEntityView {
        /// Other open cases.
        pub open: Vec<OpenOnEntityView>,
        /// What was raised lately.
        pub trailing: Option<TrailingView>,
    }

    /// Another open case on the entity.
    pub struct OpenOnEntityView {
        /// Proposal id.
        pub proposal: String,
        /// What it would change.
        pub diff: Vec<DiffRowView>,
        /// The case that it takes back, if it does.
        pub takes_back: Option<String>,
        /// State.
        pub state: CaseState,
        /// By when.
        #[ts(type = "number")]
        pub decide_by_ms: i64,
    }

    /// Small steps add up.
    pub struct TrailingView {
        /// Over how many days.
        pub days: u32,
        /// How many changes were executed.
        pub executed: u32,
        /// The sum of the rises of the daily budget.
        pub increases: MoneyView,
    }

    /// Digests and revisions.
    pub struct AuditView {
        /// SHA-256 of the proposal.
        pub proposal_digest: String,
        /// SHA-256 of the verdict.
        pub verdict_digest: String,
        /// The entity's revision that `before` was read at.
        #[ts(type = "number")]
        pub entity_revision: u64,
        /// Salted commitment to the prompt; null where there is none.
        pub prompt_commitment: Option<String>,
        /// Digest of the policy's input, from the log.
        pub input_commitment: Option<String>,
        /// When policy was evaluated.
        #[ts(type = "number")]
        pub evaluated_at_ms: i64,
        /// The gate's key that signed proposal and verdict: six words.
        pub gate_fingerprint: Vec<String>,
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
        #[ts(type = "import(\"./codes\").EntryKind")]
        pub action: EntryKind,
        /// person, agent, gate.
        #[ts(as = "ActorKindName")]
        pub actor_kind: String,
        /// Who.
        pub actor: String,
        /// What the window's words need: e.g. `refusal`, `status`, `flags`, `role`.
        pub facts: Vec<FactView>,
        /// The value in question.
        pub value: Option<ValueView>,
        /// Platform request ids.
        #[serde(serialize_with = "super::shown::lines")]
        pub request_ids: Vec<String>,
        /// Inclusion checked on this device against a verified checkpoint of this size.
        #[ts(type = "number | null")]
        pub included_in: Option<u64>,
        /// Leaf hash, hex.
        pub leaf: String,
    }

    /// A named value.
    #[derive(Eq)]
    pub struct FactView {
        /// Its name.
        pub key: String,
        /// Its value, a code or a number.
        #[serde(serialize_with = "super::shown::line")]
        pub value: String,
    }
}
