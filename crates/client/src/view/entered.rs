//! What a person types becomes part of something signed or shown: it is held to the one rule
//! for texts (`model::text`) first, and whatever it hides is named with its place.

use crate::view::{
    ProblemView,
    problem::{Code, problem},
};
use countersign_model::text::{self, TextError};

/// Which text it is, for the window's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Field {
    /// The reason of a decision.
    Reason,
    /// A comment.
    Comment,
    /// Why work is stopped or goes on.
    Halt,
    /// The name of a kept search.
    Name,
    /// A search that is kept.
    Search,
}

impl Field {
    const fn code(self) -> &'static str {
        match self {
            Self::Reason => "reason",
            Self::Comment => "comment",
            Self::Halt => "halt",
            Self::Name => "name",
            Self::Search => "search",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Reason | Self::Halt => "The reason",
            Self::Comment => "The comment",
            Self::Name => "The name",
            Self::Search => "The search",
        }
    }
}

/// A text of any number of lines, without the space around it.
pub(crate) fn text(field: Field, typed: &str) -> Result<String, ProblemView> {
    text::check_text(typed, usize::MAX).map_err(|error| refused(field, error))?;
    Ok(typed.trim().to_owned())
}

/// A text of one line, without the space around it.
pub(crate) fn line(field: Field, typed: &str) -> Result<String, ProblemView> {
    text::check_line(typed, usize::MAX).map_err(|error| refused(field, error))?;
    Ok(typed.trim().to_owned())
}

fn refused(field: Field, error: TextError) -> ProblemView {
    let words = format!("{} {error}.", field.words());
    let why = problem(Code::TextHidden, words, &[]).with("field", field.code());
    match error {
        TextError::Character { code_point, position, .. } => {
            why.with("code_point", format!("U+{code_point:04X}")).with("position", position)
        }
        TextError::TooManyBytes { .. } | TextError::TooManyChars { .. } => why,
    }
}
