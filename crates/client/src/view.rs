//! What the window is told: plain data for screens, with TypeScript bindings generated
//! from it into `ui/src/bridge/bindings/`. Amounts are micros in strings, times are UTC
//! milliseconds, ratios are plain numbers (0.12 is 12 %); formatting is the window's.
//! Words that a person reads come as codes with English words to fall back on; only the
//! confirm sheets are worded here, because they are rendered from the bytes to be signed.

/// Declares data transfer objects with their TypeScript bindings.
macro_rules! view {
    ($($item:item)*) => {
        $(
            #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, ts_rs::TS)]
            $item
        )*
    };
}

/// How texts that nobody could refuse reach the window, such as a platform's: what they hide is
/// shown (`model::text`).
mod shown {
    use countersign_model::text::{self, shown_line};
    use serde::{Serialize as _, Serializer};

    /// A text of any number of lines.
    pub(super) fn text<S: Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&text::shown(text))
    }

    /// A text of one line.
    pub(super) fn line<S: Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&shown_line(text))
    }

    /// A text of one line that may be absent.
    pub(super) fn maybe_line<S: Serializer>(
        text: &Option<String>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        text.as_deref().map(shown_line).serialize(to)
    }

    /// Texts of one line each.
    pub(super) fn lines<S: Serializer>(texts: &[String], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(texts.iter().map(|text| shown_line(text)))
    }
}

mod case;
mod change;
mod creative;
mod decide;
pub(crate) mod entered;
mod evidence;
mod halt;
pub(crate) mod headline;
mod inbox;
mod log;
pub(crate) mod member;
pub(crate) mod money;
pub(crate) mod names;
pub(crate) mod number;
mod people;
mod policy;
mod problem;
pub(crate) mod sentence;
mod settings;
mod thread;
mod wire;
mod workspace;

pub use case::{
    AttributionView, AuditView, CaseView, ConsideredInputView, DecisionView, Delivery, DraftView,
    EndingView, EvidencePieceView, EvidenceView, ExecutionEnd, FactView, FlagView, HeldUpBy,
    HeldUpView, InitiatorView, IntervalView, LegEnd, LegView, ModelView, OpenOnEntityView,
    PolicyCheck, RiskFactorsView, RollbackInput, RollbackView, RungView, SameEntityView,
    SignerView, SourceReferenceView, TakesBackView, TimelineView, TrailingView, VerdictView,
};
pub use change::{
    AmountsView, BudgetPeriodView, CampaignStatusView, ChangeView, DiffRowView, DirectionView,
    FieldView, KindName, PartKindView, PartView, SpendView, StrategyView, ValueView,
};
pub use creative::{AdStandingView, AdTextView, AdView, SwapView};
pub use decide::{
    BatchConfirmView, BatchInput, BatchItemResult, BatchItemView, BatchResultView, BatchTotalsView,
    ConfirmLine, ConfirmView, DecisionInput, MyOptionsView, PracticeTopic, ReasonView,
    RequestedView, SignedView,
};
pub use evidence::{
    BacktestPointView, BacktestView, CountsView, ForecastDayView, ForecastView, MoneyRangeView,
    PacingDayView, PacingView, SimilarView,
};
pub use halt::{HaltInput, HaltKind, HaltView};
pub use inbox::{
    CaseState, FilterChip, FilterProblem, InboxCounts, InboxPage, InboxQuery, InboxRow, InboxView,
    MatchCount, SavedFilter, SavedFilterInput,
};
pub use log::{LogEntryView, LogPage, LogQuery, LogRowView, LogVerdict, LogVerification};
pub use member::{
    AttributeName, AudienceSort, AudienceView, ConsentName, PlaceSort, PlaceView, ScoreView,
    StandingView,
};
pub use people::{AgentView, DeviceView, PeopleView, PersonView};
pub use policy::{
    BaseView, LimitChange, LimitUnit, LimitView, PoliciesView, PolicyLayerView, PolicyTrial,
    RuleView, TrialOutcome, TrialRow, TrialTotal, TrialView,
};
pub use problem::Code;
pub use settings::{Contrast, Density, Language, NoticePace, SettingsView, Theme, TimeDisplay};
pub use thread::{CommentInput, CommentView, PersonRef, ThreadView};
pub use wire::{
    ActorKindName, DecisionKindName, DecisionTypeName, EvidenceKindName, EvidenceWantedName,
    FactorName, ForecastMethodName, InputKindName, LayerName, MetricName, OutcomeName,
    ReasonCodeName, RiskTierName,
};
pub use workspace::{
    CheckpointView, ConnectionView, DeskView, EnrolmentRequestView, EnrolmentView, LinkView,
    MoneyView, NoticeKind, NoticeView, OpeningView, PictureInput, PictureKind, ProblemView,
    PromptView, QuitView, WorkspaceState, WorkspaceView,
};
