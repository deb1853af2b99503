//! The facts that rules see. Amounts are whole micros; nothing here is prose, a prompt or a
//! person's name, so that neither a rule nor a log of inputs can repeat one.

use countersign_model::{
    AgentId, Currency, Digest, Proposal, Ratio, TimestampMs,
    change::{BudgetPeriod, Direction, Facts},
    draft::RiskFactors,
    proposal::Origin,
    time::{DAY_MS, DAYS_OF_A_WEEK},
    verdict::AutonomyMode,
};
use serde::Serialize;

/// The names under which rules see the facts of [`PolicyInput`].
pub(crate) const FACTS: [&str; 52] = [
    "kind",
    "origin",
    "direction",
    "campaign_id",
    "agent",
    "autonomy",
    "currency",
    "budget_period",
    "before_micros",
    "after_micros",
    "budget_delta_percent",
    "weekly_budget_micros",
    "weekly_move_micros",
    "trailing_weekly_increase_micros",
    "predicted_lift",
    "confidence",
    "risk_financial_exposure",
    "risk_brand_safety",
    "risk_regulatory_sensitivity",
    "risk_audience_reach",
    "risk_deviation_from_intent",
    "shared_by",
    "stake_micros",
    "added_days",
    "opens_end",
    "bid_delta_percent",
    "transfer_weekly_micros",
    "transfer_share_percent",
    "transfer_crosses_currencies",
    "raised_campaigns_micros",
    "bid_field",
    "part",
    "strategy_before",
    "strategy_after",
    "texts_changed",
    "landing_host_changes",
    "landing_loses_encryption",
    "platform_review",
    "policy_flags",
    CONTAINS_RESTRICTED_TERMS,
    RESTRICTED_TOPICS,
    RESTRICTED_TERMS,
    "places",
    "lowest_place_score",
    "unvetted_places",
    "high_risk_places",
    "audiences",
    "smallest_audience",
    "audiences_of_unknown_size",
    "sensitive_audiences",
    "audiences_without_consent",
    "shoppers_in_sale",
];

/// Whether the texts hold any words of the policy's lists.
pub(crate) const CONTAINS_RESTRICTED_TERMS: &str = "contains_restricted_terms";
/// The topics of these lists, in words; null where nothing was found.
pub(crate) const RESTRICTED_TOPICS: &str = "restricted_topics";
/// The entries of these lists, in words; null where nothing was found.
pub(crate) const RESTRICTED_TERMS: &str = "restricted_terms";

/// What was counted over the last seven days on what the proposal would write: the budget,
/// whichever of its campaigns the proposals named. In the account's currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Trailing {
    /// Sum of the increases of the daily budget, in micros per day. Decreases never free
    /// headroom: they are not subtracted.
    pub increases_micros: i64,
}

impl Trailing {
    /// How far back increases count, in milliseconds.
    pub const WINDOW_MS: i64 = DAYS_OF_A_WEEK * DAY_MS;

    /// From the executions that wrote the same budget, each with its moment on the gate's clock and the
    /// difference that the platform read back made, in micros per day. `now` is the moment
    /// of the verdict, which is that of the proposal.
    #[must_use]
    pub fn of(executed: impl IntoIterator<Item = (TimestampMs, i64)>, now: TimestampMs) -> Self {
        let since = now.plus_ms(-Self::WINDOW_MS);
        let increases = executed.into_iter().filter(|(at, delta)| *at >= since && *delta > 0);
        let increases_micros = increases.fold(0_i64, |sum, (_, delta)| sum.saturating_add(delta));
        Self { increases_micros }
    }
}

/// Who wants a change, for rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OriginKind {
    /// An agent.
    Draft,
    /// A person, who takes an executed change back.
    Rollback,
}

/// The facts of one proposal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PolicyInput {
    /// The action's kind, e.g. `budget_change`.
    pub kind: String,
    /// Who wants it.
    pub origin: OriginKind,
    /// Which way it moves.
    pub direction: Direction,
    /// The platform's id of the campaign.
    pub campaign_id: String,
    /// The agent that drafted it. It and what agents say of their drafts is absent from the
    /// facts of a rollback, so that no rule takes nothing for a small number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// What the workspace lets `allow` do.
    pub autonomy: AutonomyMode,
    /// The currency of every amount; `None` for a kind that has nothing to do with money, whose
    /// amounts are zero.
    pub currency: Option<Currency>,
    /// What the amounts are for; `None` for a kind that changes none.
    pub budget_period: Option<BudgetPeriod>,
    /// What may be spent as things are, on a day or in all, in micros.
    pub before_micros: i64,
    /// What may be spent once the change holds, in micros.
    pub after_micros: i64,
    /// The change in percent with two decimals, rounded away from zero, together with the
    /// trailing increases when there are any; `None` from zero.
    pub budget_delta_percent: Option<Ratio>,
    /// Seven days of `before`, in micros; all of it where it is for a whole flight, which may
    /// be spent within a week.
    pub weekly_budget_micros: i64,
    /// Seven days of the difference, likewise, in micros, never negative.
    pub weekly_move_micros: i64,
    /// Seven days of the trailing increases, likewise, in micros.
    pub trailing_weekly_increase_micros: i64,
    /// Predicted relative lift.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicted_lift: Option<Ratio>,
    /// Probability that the realised lift falls inside the predicted interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Ratio>,
    /// The agent's own estimate of the money that could be lost, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_financial_exposure: Option<Ratio>,
    /// The agent's own estimate of the harm to the brand, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_brand_safety: Option<Ratio>,
    /// The agent's own estimate of how much a regulator would care, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_regulatory_sensitivity: Option<Ratio>,
    /// The agent's own estimate of how many would notice a mistake, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_audience_reach: Option<Ratio>,
    /// The agent's own estimate of how far it moves from the campaign's intent, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_deviation_from_intent: Option<Ratio>,
    /// How many campaigns the write moves.
    pub shared_by: u32,
    /// The most that it can cost, in micros; 0 where it costs nothing.
    pub stake_micros: i64,
    /// What is asked of single kinds.
    #[serde(flatten)]
    pub own: Facts,
    /// The words that people outside would read. Rules never see them, but what of the policy's
    /// lists stands in them: three facts that an evaluation adds.
    #[serde(skip)]
    pub texts: Vec<String>,
}

impl PolicyInput {
    /// The facts of a proposal.
    #[must_use]
    pub fn of(proposal: &Proposal, trailing: Trailing, autonomy: AutonomyMode) -> Self {
        let action = &proposal.action;
        let grounds = proposal.drafted().map(|drafted| &drafted.grounds);
        let risk = |of: fn(&RiskFactors) -> Ratio| grounds.map(|one| of(&one.risk_factors));
        let spend = action.spend();
        let days = match spend.map(|spend| spend.per) {
            Some(BudgetPeriod::Total) => 1,
            Some(BudgetPeriod::Daily) | None => DAYS_OF_A_WEEK,
        };
        // More than can be counted is above every limit.
        let stake =
            action.stake().map_or(i64::MAX, |stake| stake.map_or(0, |stake| stake.amount_micros));
        let (before, after) =
            spend.map_or((0, 0), |spend| (spend.before.amount_micros, spend.after.amount_micros));
        Self {
            kind: action.kind().into(),
            direction: action.direction(),
            campaign_id: action.entity().campaign_id.to_string(),
            origin: match proposal.origin {
                Origin::Draft(_) => OriginKind::Draft,
                Origin::Rollback(_) => OriginKind::Rollback,
            },
            agent: proposal.agent(),
            autonomy,
            currency: action.currency(),
            budget_period: spend.map(|spend| spend.per),
            before_micros: before,
            after_micros: after,
            budget_delta_percent: percent(before, after, trailing.increases_micros),
            weekly_budget_micros: before.saturating_mul(days),
            weekly_move_micros: after.saturating_sub(before).saturating_abs().saturating_mul(days),
            trailing_weekly_increase_micros: trailing.increases_micros.saturating_mul(days),
            predicted_lift: grounds.map(|grounds| grounds.predicted_lift.value),
            confidence: grounds.map(|grounds| grounds.confidence),
            risk_financial_exposure: risk(|risk| risk.financial_exposure),
            risk_brand_safety: risk(|risk| risk.brand_safety),
            risk_regulatory_sensitivity: risk(|risk| risk.regulatory_sensitivity),
            risk_audience_reach: risk(|risk| risk.audience_reach),
            risk_deviation_from_intent: risk(|risk| risk.deviation_from_intent),
            shared_by: action.shared_by(),
            stake_micros: stake,
            own: action.facts(),
            texts: action.texts().into_iter().map(str::to_owned).collect(),
        }
    }

    /// The digest of the facts and of the texts that words are looked for in, for the log.
    #[must_use]
    pub fn digest(&self) -> Digest {
        // Not JCS: micros above 2^53 are no JSON number there. Field order is fixed above.
        Digest::of(&serde_json::to_vec(&(self, &self.texts)).unwrap_or_default())
    }
}

/// The rise over what the budget was before the trailing increases, so that small steps add
/// up; a fall is measured by itself.
fn percent(before: i64, after: i64, increases: i64) -> Option<Ratio> {
    let base = if after > before { before.saturating_sub(increases.max(0)) } else { before };
    if base <= 0 {
        return None;
    }
    let scaled = (i128::from(after) - i128::from(base)) * 10_000;
    let base = i128::from(base);
    let rounded = if scaled >= 0 { (scaled + base - 1) / base } else { (scaled - base + 1) / base };
    // Hundredths of a percent, as a number of percent: 25 % is 25.
    let millionths = i64::try_from(rounded).ok()?.checked_mul(10_000)?;
    (millionths.abs() <= 1_000_000_000_000).then(|| Ratio::from_millionths(millionths))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_has_its_name() {
        let id = uuid::Uuid::nil();
        let facts = PolicyInput {
            kind: "budget_change".into(),
            direction: Direction::Increase,
            campaign_id: "1".into(),
            origin: OriginKind::Draft,
            agent: Some(AgentId::from_uuid(id)),
            autonomy: AutonomyMode::ProposeOnly,
            currency: Currency::parse("USD").ok(),
            before_micros: 0,
            after_micros: 0,
            budget_delta_percent: None,
            weekly_budget_micros: 0,
            weekly_move_micros: 0,
            trailing_weekly_increase_micros: 0,
            predicted_lift: Some(Ratio::from_millionths(0)),
            confidence: Some(Ratio::from_millionths(0)),
            risk_financial_exposure: Some(Ratio::from_millionths(0)),
            risk_brand_safety: Some(Ratio::from_millionths(0)),
            risk_regulatory_sensitivity: Some(Ratio::from_millionths(0)),
            risk_audience_reach: Some(Ratio::from_millionths(0)),
            risk_deviation_from_intent: Some(Ratio::from_millionths(0)),
            shared_by: 1,
            budget_period: None,
            stake_micros: 0,
            own: Facts::default(),
            texts: vec![],
        };
        let mut written = serde_json::to_value(&facts).unwrap();
        // What an evaluation adds.
        for name in [CONTAINS_RESTRICTED_TERMS, RESTRICTED_TOPICS, RESTRICTED_TERMS] {
            written[name] = serde_json::Value::Null;
        }
        let object = written.as_object().unwrap();
        let mut names = FACTS;
        names.sort_unstable();
        let mut written: Vec<_> = object.keys().map(String::as_str).collect();
        written.sort_unstable();
        assert_eq!(written, names);
        // A fact without parts: a rule that names it has named a value. The one table is by
        // campaign, whose ids no rule knows.
        let has_parts = |value: &serde_json::Value| value.is_object() || value.is_array();
        let with_parts: Vec<_> = object.iter().filter(|(_, value)| has_parts(value)).collect();
        assert!(with_parts.iter().all(|(name, _)| *name == "raised_campaigns_micros"));
    }

    #[test]
    fn only_increases_of_the_last_seven_days_count() {
        let at = TimestampMs::from_millis;
        let now = at(Trailing::WINDOW_MS + 10);
        let executed = [(at(9), 1_000), (at(10), 5), (at(11), 7), (at(12), -100)];
        assert_eq!(Trailing::of(executed, now).increases_micros, 12);
        assert_eq!(Trailing::of([], now), Trailing::default());
    }

    #[test]
    fn percent_is_exact_and_adds_up_small_steps() {
        let number =
            |before, after, increases| percent(before, after, increases).map(Ratio::as_f64);
        assert_eq!(number(100, 125, 0), Some(25.0));
        assert_eq!(number(100_000, 115_001, 0), Some(15.01));
        assert_eq!(number(109, 118, 9), Some(18.0));
        assert_eq!(number(109, 90, 9), Some(-17.44));
        assert_eq!(number(0, 90, 0), None);
        assert_eq!(number(10, 90, 10), None);
        assert_eq!(number(1, i64::MAX, 0), None);
    }
}
