//! What arrives with a draft, and the key under which an agent can send it again.

use countersign_model::Draft;
use serde::{Deserialize, Serialize};

/// An agent's own name for one draft, 1 to 255 visible ASCII characters: a UUID, or any key
/// that `AdCP` allows. The same draft under the same key opens one case, however often it is
/// sent.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IdempotencyKey(String);

/// Longest key, in characters.
const MAX_KEY_CHARS: usize = 255;

/// The text is no key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an idempotency key has 1 to {MAX_KEY_CHARS} visible ASCII characters, such as a UUID")]
pub struct KeyError;

impl IdempotencyKey {
    /// Reads a key.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let fits = (1..=MAX_KEY_CHARS).contains(&text.len());
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits && is_visible { Ok(Self(text.to_owned())) } else { Err(KeyError) }
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for IdempotencyKey {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        Self::parse(&text)
    }
}

impl From<IdempotencyKey> for String {
    fn from(key: IdempotencyKey) -> Self {
        key.0
    }
}

/// A checked draft.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Submission {
    /// The key that it was sent under, if any; no part of the draft.
    pub key: Option<IdempotencyKey>,
    /// The draft.
    pub draft: Draft,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_visible_and_short() {
        let longest = "k".repeat(255);
        for good in ["k", "0192f0c1-7b1e-7c3a-9d57-3f1f6f2a9c11", "a.b_c:d-e", longest.as_str()] {
            assert_eq!(IdempotencyKey::parse(good).unwrap().as_str(), good);
        }
        let long = "k".repeat(256);
        for bad in ["", " ", "two words", "tab\t", "schl\u{fc}ssel", "\u{7f}", long.as_str()] {
            assert_eq!(IdempotencyKey::parse(bad), Err(KeyError), "{bad:?}");
            assert!(serde_json::from_value::<IdempotencyKey>(bad.into()).is_err());
        }
    }
}
