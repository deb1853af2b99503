//! The controlled reasons, per kind of decision. Short, versioned by their code; a code
//! is never reused for another meaning.

use crate::{DecisionKind, bounded};
use serde::{Deserialize, Serialize};

/// Longest free text, in characters.
pub const MAX_TEXT_CHARS: usize = 2_000;
/// Longest code, in characters.
pub const MAX_CODE_CHARS: usize = 64;

/// A reason from the list, with free text where the code or the decision asks for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// A code from [`reasons_for`].
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
    pub code: &'static str,
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

const fn choice(code: &'static str, words: &'static str, needs_text: bool) -> ReasonChoice {
    ReasonChoice { code, words, needs_text }
}

const APPROVE: &[ReasonChoice] = &[
    choice("evidence_convincing", "The evidence is convincing", false),
    choice("within_plan", "Within the agreed plan", false),
    choice("seasonal_opportunity", "A seasonal opportunity worth taking", false),
    choice("other", "Another reason", true),
];
const OVERRIDE: &[ReasonChoice] = &[
    choice("budget_headroom", "Not enough budget headroom for the full change", true),
    choice("confidence_too_low", "The prediction is not certain enough for the full change", true),
    choice("pacing_risk", "The full change would upset pacing", true),
    choice("other", "Another reason", true),
];
const REJECT: &[ReasonChoice] = &[
    choice("not_convincing", "The evidence is not convincing", false),
    choice("over_budget", "There is no budget for it", false),
    choice("brand_or_legal", "A brand or legal concern", true),
    choice("wrong_time", "The wrong time", false),
    choice("other", "Another reason", true),
];
const REQUEST_CHANGES: &[ReasonChoice] = &[
    choice("smaller_change", "Propose a smaller change", true),
    choice("more_evidence", "More evidence is needed", true),
    choice("other", "Another reason", true),
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
            .find(|choice| choice.code == self.code)
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
