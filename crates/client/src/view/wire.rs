//! The names that the model's enums have on the wire, as TypeScript unions: a field that holds
//! one says so with `#[ts(as = "…")]`. A name that the model gains or loses does not compile.

use countersign_model::{
    DecisionKind, Outcome,
    decision::EvidenceWanted,
    draft::InputKind,
    entry::ActorKind,
    evidence::{EvidenceKind, ForecastMethod, Metric},
    reason::ReasonCode,
    verdict::{DecisionType, FactorKind, Layer, RiskTier},
};

/// Declares a union of an enum's names.
macro_rules! wire {
    ($($(#[$doc:meta])* $name:ident of $model:ty { $($variant:ident),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, ts_rs::TS)]
        #[ts(rename_all = "snake_case")]
        #[allow(missing_docs)] // each is the model's of the same name
        pub enum $name { $($variant),* }

        impl From<$model> for $name {
            fn from(value: $model) -> Self {
                match value { $(<$model>::$variant => Self::$variant),* }
            }
        }
    )*};
}

wire! {
    /// What policy said.
    OutcomeName of Outcome { Allow, Escalate, Hold, Block }
    /// How much is at stake.
    RiskTierName of RiskTier { Low, Medium, High }
    /// Who owns such a decision.
    DecisionTypeName of DecisionType {
        AgentOwned, AgentLedHumanBounded, HumanOwned, HumanOwnedByNecessity,
    }
    /// Whose rules they are.
    LayerName of Layer { Protocol, Corporate, Brand, Campaign }
    /// What a person decided.
    DecisionKindName of DecisionKind { Approve, Override, Reject, RequestChanges }
    /// Second factors.
    FactorName of FactorKind { Totp }
    /// Who did it.
    ActorKindName of ActorKind { Person, Agent, Gate }
    /// Evidence beside a proposal.
    EvidenceKindName of EvidenceKind { PacingSeries, Prompt, Forecast, Backtest }
    /// Evidence that an agent may be asked for.
    EvidenceWantedName of EvidenceWanted {
        Backtest, LongerHistory, NarrowerInterval, Rationale,
    }
    /// What an agent looks at.
    InputKindName of InputKind {
        CampaignHistory, RealTimeSignals, CreativeAssets, BusinessConstraints, MarketData,
    }
    /// Why a person decided so.
    ReasonCodeName of ReasonCode {
        EvidenceConvincing, WithinPlan, SeasonalOpportunity, BudgetHeadroom, ConfidenceTooLow,
        PacingRisk, NotConvincing, OverBudget, BrandOrLegal, WrongTime, SmallerChange,
        MoreEvidence, Other,
    }
    /// How a forecast was computed.
    ForecastMethodName of ForecastMethod { WeekdayUtilisation }
    /// What a model predicts.
    MetricName of Metric { Clicks, Impressions }
}
