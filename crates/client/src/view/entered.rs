//! What a person types becomes part of something signed or shown: it is held to the one rule
//! for texts (`model::text`) first, and whatever it hides is named with its place.

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

/// What a text hides, or that it is too long.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the text of the field {field:?} is refused")]
pub(crate) struct TextRefused {
    /// Which text it is.
    pub(crate) field: Field,
    /// What is wrong with it.
    #[source]
    pub(crate) why: TextError,
}

/// A text of any number of lines, without the space around it.
pub(crate) fn text(field: Field, typed: &str) -> Result<String, TextRefused> {
    text::check_text(typed, usize::MAX).map_err(|why| TextRefused { field, why })?;
    Ok(typed.trim().to_owned())
}

/// A text of one line, without the space around it.
pub(crate) fn line(field: Field, typed: &str) -> Result<String, TextRefused> {
    text::check_line(typed, usize::MAX).map_err(|why| TextRefused { field, why })?;
    Ok(typed.trim().to_owned())
}
