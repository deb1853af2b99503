//! The controlled reasons, per kind of decision. Short, versioned by their code; a code
//! is never reused for another meaning.

use crate::{DecisionKind, bounded};
use serde::{Deserialize, Serialize};

/// Longest free text, in characters.
pub const MAX_TEXT_CHARS: usize = 2_000;
/// Longest code, in characters.
pub const MAX_CODE_CHARS: usize = 64;

/// The codes of the lists. On the wire each is its name in snake case.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    /// The evidence carries the change.
    EvidenceConvincing,
    /// It is within the agreed plan.
    WithinPlan,
    /// The season makes it worthwhile.
    SeasonalOpportunity,
    /// There is not enough headroom for all of it.
    BudgetHeadroom,
    /// The prediction is not certain enough for all of it.
    ConfidenceTooLow,
    /// All of it would upset pacing.
    PacingRisk,
    /// The evidence does not carry the change.
    NotConvincing,
    /// There is no budget for it.
    OverBudget,
    /// The brand or the law speaks against it.
    BrandOrLegal,
    /// It comes at the wrong time.
    WrongTime,
    /// A smaller change should be proposed.
    SmallerChange,
    /// More evidence is needed.
    MoreEvidence,
    /// Another reason, in the approver's own words.
    Other,
}

impl ReasonCode {
    /// The code as it is signed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EvidenceConvincing => "evidence_convincing",
            Self::WithinPlan => "within_plan",
            Self::SeasonalOpportunity => "seasonal_opportunity",
            Self::BudgetHeadroom => "budget_headroom",
            Self::ConfidenceTooLow => "confidence_too_low",
            Self::PacingRisk => "pacing_risk",
            Self::NotConvincing => "not_convincing",
            Self::OverBudget => "over_budget",
            Self::BrandOrLegal => "brand_or_legal",
            Self::WrongTime => "wrong_time",
            Self::SmallerChange => "smaller_change",
            Self::MoreEvidence => "more_evidence",
            Self::Other => "other",
        }
    }
}

/// A reason from the list, with free text where the code or the decision asks for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// A code from [`reasons_for`]. Whatever was signed can be read: [`Reason::check`] refuses
    /// a code of no list.
    #[serde(deserialize_with = "bounded::text::<MAX_CODE_CHARS, _>")]
    pub code: String,
    /// The approver's own words; may be empty unless asked for.
    #[serde(deserialize_with = "bounded::text::<MAX_TEXT_CHARS, _>")]
    pub text: String,
}

/// An entry of the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct ReasonChoice {
    /// The code that is signed.
    pub code: ReasonCode,
    /// What the approver reads.
    pub words: &'static str,
    /// Whether free text must be given.
    pub needs_text: bool,
}

/// Why a reason was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReasonError {
    /// The code is not in the list of this kind of decision.
    #[error("the reason is not in the list for this decision; choose one of the list")]
    Unknown,
    /// Free text is missing.
    #[error("this reason needs a few words of your own")]
    TextMissing,
    /// Free text is too long.
    #[error("the text is longer than {MAX_TEXT_CHARS} characters")]
    TextTooLong,
}

const fn choice(code: ReasonCode, words: &'static str, needs_text: bool) -> ReasonChoice {
    ReasonChoice { code, words, needs_text }
}

const APPROVE: &[ReasonChoice] = &[
    choice(ReasonCode::EvidenceConvincing, "The evidence is convincing", false),
    choice(ReasonCode::WithinPlan, "Within the agreed plan", false),
    choice(ReasonCode::SeasonalOpportunity, "A seasonal opportunity worth taking", false),
    choice(ReasonCode::Other, "Another reason", true),
];
const OVERRIDE: &[ReasonChoice] = &[
    choice(ReasonCode::BudgetHeadroom, "Not enough budget headroom for the full change", true),
    choice(
        ReasonCode::ConfidenceTooLow,
        "The prediction is not certain enough for the full change",
        true,
    ),
    choice(ReasonCode::PacingRisk, "The full change would upset pacing", true),
    choice(ReasonCode::Other, "Another reason", true),
];
const REJECT: &[ReasonChoice] = &[
    choice(ReasonCode::NotConvincing, "The evidence is not convincing", false),
    choice(ReasonCode::OverBudget, "There is no budget for it", false),
    choice(ReasonCode::BrandOrLegal, "A brand or legal concern", true),
    choice(ReasonCode::WrongTime, "The wrong time", false),
    choice(ReasonCode::Other, "Another reason", true),
];
const REQUEST_CHANGES: &[ReasonChoice] = &[
    choice(ReasonCode::SmallerChange, "Propose a smaller change", true),
    choice(ReasonCode::MoreEvidence, "More evidence is needed", true),
    choice(ReasonCode::Other, "Another reason", true),
];

/// The list for a kind of decision.
#[must_use]
pub const fn reasons_for(kind: DecisionKind) -> &'static [ReasonChoice] {
    match kind {
        DecisionKind::Approve => APPROVE,
        DecisionKind::Override => OVERRIDE,
        DecisionKind::Reject => REJECT,
        DecisionKind::RequestChanges => REQUEST_CHANGES,
    }
}

impl Reason {
    /// Checks the reason against the list.
    ///
    /// # Errors
    /// [`ReasonError`].
    pub fn check(&self, kind: DecisionKind) -> Result<&'static ReasonChoice, ReasonError> {
        let choice = reasons_for(kind)
            .iter()
            .find(|choice| choice.code.as_str() == self.code)
            .ok_or(ReasonError::Unknown)?;
        if choice.needs_text && self.text.trim().is_empty() {
            return Err(ReasonError::TextMissing);
        }
        if self.text.chars().count() > MAX_TEXT_CHARS {
            return Err(ReasonError::TextTooLong);
        }
        Ok(choice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_signed_as_it_is_named_on_the_wire() {
        use DecisionKind::{Approve, Override, Reject, RequestChanges};
        for kind in [Approve, Override, Reject, RequestChanges] {
            for choice in reasons_for(kind) {
                let named = serde_json::to_value(choice.code).unwrap();
                assert_eq!(named, choice.code.as_str());
                let reason = Reason { code: choice.code.as_str().into(), text: "words".into() };
                assert_eq!(reason.check(kind).unwrap().code, choice.code);
            }
        }
    }
}
