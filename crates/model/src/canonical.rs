//! Canonical bytes: RFC 8785 (JCS). Everything that is hashed or signed goes through here.
//!
//! Do not reorder, rename or re-type a field of a signed struct: the golden vectors in
//! `docs/formats/vectors` and every signature ever made depend on these bytes.

mod writer;

use crate::Digest;
use serde::{Serialize, de::DeserializeOwned};

/// Why bytes could not be made or read in canonical form.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// The value has no JSON form.
    #[error("the value has no canonical JSON form")]
    Write(#[source] serde_json::Error),
    /// The bytes are not JSON of the expected shape.
    #[error("the bytes are not of the expected form")]
    Read(#[source] serde_json::Error),
    /// The bytes are JSON of the right shape, but not in canonical form.
    #[error(
        "the bytes are not canonical JSON (RFC 8785): the same value would be written differently"
    )]
    NotCanonical,
}

/// The canonical bytes of a value.
///
/// # Errors
/// [`CanonicalError::Write`] if the value cannot be JSON (a map with keys that are no text).
pub fn to_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    writer::to_vec(value, 512).map_err(CanonicalError::Write)
}

/// The digest of the canonical bytes of a value.
///
/// # Errors
/// As [`to_bytes`].
pub fn digest<T: Serialize>(value: &T) -> Result<Digest, CanonicalError> {
    Ok(Digest::of(&to_bytes(value)?))
}

/// Reads a value and insists that the bytes are exactly its canonical form, so that
/// no two byte strings stand for one value.
///
/// # Errors
/// [`CanonicalError::Read`] or [`CanonicalError::NotCanonical`].
pub fn from_bytes<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, CanonicalError> {
    let value: T = serde_json::from_slice(bytes).map_err(CanonicalError::Read)?;
    let written = writer::to_vec(&value, bytes.len()).map_err(CanonicalError::Write)?;
    if written == bytes { Ok(value) } else { Err(CanonicalError::NotCanonical) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn keys_are_sorted_and_spacing_is_gone() {
        let bytes = to_bytes(&json!({"b": 1, "a": [true, 0.5, "é"]})).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), r#"{"a":[true,0.5,"é"],"b":1}"#);
    }

    #[test]
    fn a_second_spelling_is_refused() {
        assert!(from_bytes::<Value>(br#"{"a":1}"#).is_ok());
        assert!(matches!(from_bytes::<Value>(br#"{"a": 1}"#), Err(CanonicalError::NotCanonical)));
    }
}
