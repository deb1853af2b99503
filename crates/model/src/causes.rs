//! An error says what is wrong where it is; what caused it says so itself. Whoever shows an error
//! to a person, an agent or a log says both.

use std::error::Error;

/// An error with everything that caused it, in one line, each thing said once.
#[must_use]
pub fn in_full(error: &(dyn Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        let more = source.to_string();
        // An error that adds nothing of its own says the same as its source.
        if !words.ends_with(&more) {
            words = format!("{words}: {more}");
        }
        cause = source.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Envelope, Roster, envelope::EnvelopeError, roster::RosterError};

    #[test]
    fn every_cause_is_said_once() {
        let envelope = Envelope::from_bytes(b"{}").unwrap_err();
        let own = in_full(&envelope);
        let refused = RosterError::from(envelope);
        assert_eq!(refused.to_string(), "the roster cannot be read", "its own level only");
        assert_eq!(in_full(&refused), format!("the roster cannot be read: {own}"));
    }

    #[test]
    fn a_chain_is_followed_to_its_end() {
        let unreadable = crate::canonical::from_bytes::<Roster>(b"{}").unwrap_err();
        let refused = RosterError::from(EnvelopeError::Statement(unreadable));
        let words = in_full(&refused);
        let begins = "the roster cannot be read: the signed statement is malformed: \
                      the bytes are not of the expected form: missing field";
        assert!(words.starts_with(begins), "{words}");
    }
}
