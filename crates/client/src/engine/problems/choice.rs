//! What is wrong with a person's choice, and which text hides something or is not kept.

use super::{problem, refusal};
use crate::{
    engine::filters::{FilterError, SnoozeError},
    sign::choice::ChoiceError,
    view::{
        Code, ProblemView,
        entered::{Field, TextRefused},
        sentence::sentence,
    },
};
use countersign_model::text::TextError;

impl From<ChoiceError> for ProblemView {
    fn from(error: ChoiceError) -> Self {
        let (code, words) = match error {
            ChoiceError::Text(why) => return why.into(),
            ChoiceError::Refused(why) => return refusal(why),
            ChoiceError::Reason(error) => {
                return problem(Code::Reason, sentence(&error.to_string()), &[]);
            }
            ChoiceError::NotTaken { min, step } => {
                let words =
                    format!("The ad platform takes amounts from {min} a day, in steps of {step}.");
                let shown = problem(Code::AmountLimits, words, &[]);
                return shown.with("min", min).with("step", step);
            }
            ChoiceError::RequestedNone => {
                let words = "An agent cannot be asked for that of a change of this kind.";
                let hint = "Ask for evidence, or reject the change.";
                return problem(Code::RequestedNone, words, &[hint]);
            }
            ChoiceError::FactorForm => {
                let words = "The code from the authenticator has six digits.";
                let hint = "Enter the code that the app shows now.";
                return problem(Code::FactorForm, words, &[hint]);
            }
            ChoiceError::KindUnknown => (Code::KindUnknown, "There is no such kind of decision."),
            ChoiceError::OverrideNone => (
                Code::OverrideNone,
                "A change of this kind has no value of its own; approve it or send it back.",
            ),
            ChoiceError::OverrideAmount => {
                (Code::OverrideAmount, "An override needs a daily budget of its own, as a number.")
            }
            ChoiceError::OverrideNothing => {
                (Code::OverrideNothing, "Keep at least one of the entries, or reject the change.")
            }
            ChoiceError::OverrideSame => (
                Code::OverrideSame,
                "This is the proposed value; approve it instead of overriding.",
            ),
            ChoiceError::RequestedUnasked => (
                Code::RequestedUnasked,
                "Only a request for changes can ask the agent for something.",
            ),
            ChoiceError::RequestedAmount => {
                (Code::RequestedAmount, "The budget to ask for must be a number.")
            }
            ChoiceError::RequestedDays => (Code::RequestedDays, "Ask for at least one day."),
            ChoiceError::RequestedEvidence => {
                (Code::RequestedEvidence, "There is no such evidence to ask for.")
            }
            ChoiceError::RequestedEmpty => (
                Code::RequestedEmpty,
                "Say what the agent should change: an amount, a number of days, or evidence.",
            ),
        };
        problem(code, words, &[])
    }
}

impl From<TextRefused> for ProblemView {
    fn from(TextRefused { field, why }: TextRefused) -> Self {
        let (name, words) = field_names(field);
        let shown = problem(Code::TextHidden, format!("{words} {why}."), &[]).with("field", name);
        match why {
            TextError::Character { code_point, position, .. } => {
                shown.with("code_point", format!("U+{code_point:04X}")).with("position", position)
            }
            TextError::TooManyBytes { .. } | TextError::TooManyChars { .. } => shown,
        }
    }
}

/// A field's name for the window's words, and in English.
const fn field_names(field: Field) -> (&'static str, &'static str) {
    match field {
        Field::Reason => ("reason", "The reason"),
        Field::Comment => ("comment", "The comment"),
        Field::Halt => ("halt", "The reason"),
        Field::Name => ("name", "The name"),
        Field::Search => ("search", "The search"),
    }
}

impl From<FilterError> for ProblemView {
    fn from(error: FilterError) -> Self {
        match error {
            FilterError::Text(why) => why.into(),
            FilterError::Name => {
                problem(Code::FilterName, "A filter needs a name of 1 to 60 characters.", &[])
            }
            FilterError::Long => problem(
                Code::FilterLong,
                "The search is too long to be kept.",
                &["Shorten it to 1,000 characters."],
            ),
        }
    }
}

impl From<SnoozeError> for ProblemView {
    fn from(error: SnoozeError) -> Self {
        match error {
            SnoozeError::Past => problem(
                Code::SnoozePast,
                "A case can only be put away until a time to come.",
                &["Choose a later time."],
            ),
            SnoozeError::NotMine => {
                problem(Code::SnoozeNotMine, "Only a case that needs you can be put away.", &[])
            }
        }
    }
}
