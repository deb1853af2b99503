//! What an agent sends: a draft. It becomes a proposal only when the gate has read the
//! platform and signed. The published JSON Schemas in `schemas/` describe the same shape.

use crate::{Digest, EntityRef, Money, Ratio, action::Window};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A drafted change with everything an approver needs to judge it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// What shall change.
    pub change: DraftChange,
    /// The predicted relative lift of the outcome, with its interval.
    pub predicted_lift: Interval,
    /// The probability that the realised lift falls inside the interval.
    pub confidence: Ratio,
    /// Which signals moved the model, and how much each (signed weights).
    pub feature_attributions: BTreeMap<String, Ratio>,
    /// Why, in the model's words.
    pub rationale: String,
    /// What happened that caused the draft.
    pub trigger: String,
    /// What is expected if it is followed.
    pub likely_outcome: String,
    /// What the campaign is for, so that intent can be told apart from exposure.
    pub campaign_intent: String,
    /// Which model made it; without this a draft is refused.
    pub model: ModelRef,
    /// The prompt; kept sealed, with only a commitment in the log.
    pub prompt: String,
}

/// The change an agent asks for, one variant per action kind.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "proposal_type", rename_all = "snake_case")]
pub enum DraftChange {
    /// A new daily budget.
    BudgetChange(BudgetDraft),
}

/// An absolute new daily budget, with the one the agent believes to hold now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetDraft {
    /// The campaign.
    pub entity: EntityRef,
    /// The daily budget that the agent read; refused when the platform says otherwise.
    pub before: Money,
    /// The daily budget that shall hold.
    pub after: Money,
    /// When the reason begins and ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
}

/// A predicted value with its interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The point prediction.
    pub value: Ratio,
    /// Lower end.
    pub low: Ratio,
    /// Upper end.
    pub high: Ratio,
}

/// Provenance of a model.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelRef {
    /// The model's id, e.g. `genai-v2-2026-01`.
    pub id: String,
    /// Its version.
    pub version: String,
    /// The digest of the training-data snapshot.
    pub training_snapshot: Digest,
}

/// Why a draft that has the right shape still makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// `before` and `after` are in different currencies.
    #[error(
        "change.before and change.after are in different currencies; give both in the account's currency"
    )]
    Currency,
    /// An amount is negative.
    #[error("change.before and change.after must not be negative")]
    Negative,
    /// Nothing would change.
    #[error("change.after equals change.before; there is nothing to approve")]
    NoChange,
    /// The window ends before it begins.
    #[error("change.window ends before it starts")]
    Window,
    /// low <= value <= high does not hold.
    #[error("predicted_lift must satisfy low <= value <= high")]
    Interval,
    /// Confidence outside 0 to 1.
    #[error("confidence must lie between 0 and 1")]
    Confidence,
    /// A text that an approver needs is empty.
    #[error("{0} must not be empty")]
    Empty(&'static str),
}

impl Draft {
    /// Checks what a schema cannot say.
    ///
    /// # Errors
    /// The first [`DraftError`] found.
    pub fn check(&self) -> Result<(), DraftError> {
        let DraftChange::BudgetChange(change) = &self.change;
        change.before.same_currency(change.after).map_err(|_| DraftError::Currency)?;
        if change.before.amount_micros < 0 || change.after.amount_micros < 0 {
            return Err(DraftError::Negative);
        }
        if change.before == change.after {
            return Err(DraftError::NoChange);
        }
        if change.window.is_some_and(|window| window.ends_at_ms <= window.starts_at_ms) {
            return Err(DraftError::Window);
        }
        let lift = self.predicted_lift;
        if !(lift.low <= lift.value && lift.value <= lift.high) {
            return Err(DraftError::Interval);
        }
        if !(0..=1_000_000).contains(&self.confidence.millionths()) {
            return Err(DraftError::Confidence);
        }
        let texts = [
            ("rationale", &self.rationale),
            ("trigger", &self.trigger),
            ("likely_outcome", &self.likely_outcome),
            ("campaign_intent", &self.campaign_intent),
            ("model.id", &self.model.id),
            ("model.version", &self.model.version),
            ("prompt", &self.prompt),
        ];
        match texts.iter().find(|(_, text)| text.trim().is_empty()) {
            Some((name, _)) => Err(DraftError::Empty(name)),
            None if self.feature_attributions.is_empty() => {
                Err(DraftError::Empty("feature_attributions"))
            }
            None => Ok(()),
        }
    }
}
