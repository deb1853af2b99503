//! The policy in force, and what a change of it would have done.

use super::{
    DecisionTypeName, DiffRowView, FactView, FactorName, LayerName, OutcomeName, RiskTierName,
};

view! {
    /// The policy that new cases are judged by, as the gate published it.
    pub struct PoliciesView {
        /// Its version.
        pub version: String,
        /// Digest over all files.
        pub digest: String,
        /// When it reached this device.
        #[ts(type = "number")]
        pub received_at_ms: i64,
        /// Layers, highest authority first.
        pub layers: Vec<PolicyLayerView>,
        /// What always holds.
        pub base: BaseView,
    }

    /// What holds whichever rules fire.
    pub struct BaseView {
        /// Who owns an ordinary decision.
        #[ts(as = "DecisionTypeName")]
        pub decision_type: String,
        /// The lowest risk tier.
        #[ts(as = "RiskTierName")]
        pub risk_tier: String,
        /// Roles that always sign, each with how many persons.
        pub roles: Vec<FactView>,
        /// In how many minutes.
        pub sla_minutes: u32,
        /// Second factors to decide.
        #[ts(as = "Vec<FactorName>")]
        pub factors_to_decide: Vec<String>,
        /// Second factors for an own value.
        #[ts(as = "Vec<FactorName>")]
        pub factors_to_override: Vec<String>,
        /// Roles that are told while nobody signs, each after how many minutes.
        pub ladder: Vec<FactView>,
    }

    /// A layer.
    pub struct PolicyLayerView {
        /// protocol, corporate, brand, campaign.
        #[ts(as = "LayerName")]
        pub layer: String,
        /// Its rules.
        pub rules: Vec<RuleView>,
        /// Its limits.
        pub limits: Vec<LimitView>,
    }

    /// A rule.
    pub struct RuleView {
        /// Its id.
        pub rule: String,
        /// Its title.
        #[serde(serialize_with = "super::shown::line")]
        pub title: String,
        /// What it does, in its authors' words.
        #[serde(serialize_with = "super::shown::line")]
        pub description: String,
        /// What it asks for; null when the rule computes it.
        #[ts(as = "Option<OutcomeName>")]
        pub outcome: Option<String>,
        /// How much is at stake; null when the rule computes it.
        #[ts(as = "Option<RiskTierName>")]
        pub risk_tier: Option<String>,
        /// Roles that it asks for, each with how many persons.
        pub roles: Vec<FactView>,
        /// In how many minutes.
        pub sla_minutes: Option<u32>,
        /// Its file.
        #[serde(serialize_with = "super::shown::line")]
        pub file: String,
        /// Its text.
        #[serde(serialize_with = "super::shown::text")]
        pub text: String,
        /// How many cases of the last 90 days it fired in.
        pub fired: u32,
    }

    /// A limit.
    pub struct LimitView {
        /// Its name, e.g. `max_change_percent`.
        pub key: String,
        /// Its value as JSON number text.
        pub value: String,
        /// What it is measured in.
        pub unit: LimitUnit,
        /// The value in force after all layers were joined.
        pub in_force: String,
    }

    /// What a limit is measured in.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum LimitUnit {
        /// 15 is 15 %.
        Percent,
        /// Millionths of the currency's major unit.
        Micros,
        /// 0.6 is 60 %.
        Ratio,
        /// How many.
        Count,
    }

    /// A change to try.
    pub struct PolicyTrial {
        /// Other limits.
        pub limits: Vec<LimitChange>,
        /// How many days back the cases go.
        pub days: u32,
    }

    /// Another value for a limit.
    #[derive(Eq)]
    pub struct LimitChange {
        /// The layer.
        #[ts(as = "LayerName")]
        pub layer: String,
        /// The limit.
        pub key: String,
        /// The value as JSON number text.
        pub value: String,
    }

    /// What a change would have done.
    pub struct TrialView {
        /// Cases judged again.
        pub cases: u32,
        /// Cases that cannot be judged again, because their facts are not on this device.
        pub not_replayable: u32,
        /// Cases with another verdict.
        pub changed: u32,
        /// Verdicts by outcome, then and now.
        pub totals: Vec<TrialTotal>,
        /// The changed cases, newest first, at most 200.
        pub rows: Vec<TrialRow>,
        /// A layer tried to relax a higher one, in words.
        pub conflicts: Vec<String>,
        /// How long it took.
        #[ts(type = "number")]
        pub took_ms: u64,
    }

    /// A count by outcome.
    pub struct TrialTotal {
        /// allow, escalate, hold, block.
        #[ts(as = "OutcomeName")]
        pub outcome: String,
        /// Under the policy in force, judged again.
        pub was: u32,
        /// Under the change.
        pub would_be: u32,
    }

    /// A case with another verdict.
    pub struct TrialRow {
        /// Proposal id.
        pub proposal: String,
        /// Campaign name.
        #[serde(serialize_with = "super::shown::line")]
        pub campaign: String,
        /// What it would have changed.
        pub diff: Vec<DiffRowView>,
        /// Created.
        #[ts(type = "number")]
        pub created_at_ms: i64,
        /// Then.
        pub was: TrialOutcome,
        /// Under the change.
        pub would_be: TrialOutcome,
    }

    /// A verdict in short.
    #[derive(Eq)]
    pub struct TrialOutcome {
        /// allow, escalate, hold, block.
        #[ts(as = "OutcomeName")]
        pub outcome: String,
        /// low, medium, high.
        #[ts(as = "RiskTierName")]
        pub risk_tier: String,
        /// Roles asked.
        pub roles: Vec<String>,
    }
}
