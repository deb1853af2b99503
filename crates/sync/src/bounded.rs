//! Reading what others send without believing how long it is: bodies by chunks, and lists
//! and texts that are refused before they are held.

use serde::{Deserializer, de};
use std::{fmt, marker::PhantomData};

/// The body was longer than an answer of its kind can be: stop reading, drop the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is longer than the {limit} bytes that its kind can have")]
pub struct BodyTooLong {
    /// The limit, in bytes.
    pub limit: usize,
}

/// Collects a body chunk by chunk, up to the limit of its kind (see [`crate::limits`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundedBody {
    bytes: Vec<u8>,
    limit: usize,
}

impl BoundedBody {
    /// An empty body of at most `limit` bytes; nothing is reserved yet.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit }
    }

    /// Refuses a length that was announced (`Content-Length`) before anything is read.
    ///
    /// # Errors
    /// [`BodyTooLong`].
    pub fn check_announced(&self, length: Option<u64>) -> Result<(), BodyTooLong> {
        let fits =
            length.is_none_or(|length| usize::try_from(length).is_ok_and(|l| l <= self.limit));
        if fits { Ok(()) } else { Err(BodyTooLong { limit: self.limit }) }
    }

    /// Takes the next chunk.
    ///
    /// # Errors
    /// [`BodyTooLong`], and the chunk is not taken.
    pub fn handle_chunk(&mut self, chunk: &[u8]) -> Result<(), BodyTooLong> {
        if chunk.len() > self.limit - self.bytes.len() {
            return Err(BodyTooLong { limit: self.limit });
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }

    /// What was read.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads a text of at most `MAX` bytes.
pub(crate) fn text<'de, D, const MAX: usize>(deserializer: D) -> Result<String, D::Error>
where
    D: Deserializer<'de>,
{
    struct Text<const MAX: usize>;
    impl<const MAX: usize> de::Visitor<'_> for Text<MAX> {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a text of at most {MAX} bytes")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
            if text.len() > MAX {
                return Err(E::invalid_length(text.len(), &self));
            }
            Ok(text.to_owned())
        }
    }
    deserializer.deserialize_str(Text::<MAX>)
}

/// Reads a list of at most `MAX` elements and stops at the first one beyond.
pub(crate) fn list<'de, D, T, const MAX: usize>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: de::Deserialize<'de>,
{
    struct List<T, const MAX: usize>(PhantomData<T>);
    impl<'de, T: de::Deserialize<'de>, const MAX: usize> de::Visitor<'de> for List<T, MAX> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of at most {MAX} elements")
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<T>, A::Error> {
            let mut all = Vec::new();
            while let Some(element) = elements.next_element()? {
                if all.len() == MAX {
                    return Err(de::Error::invalid_length(MAX + 1, &self));
                }
                all.push(element);
            }
            Ok(all)
        }
    }
    deserializer.deserialize_seq(List::<T, MAX>(PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_ends_at_its_limit_however_it_is_cut() {
        let mut body = BoundedBody::new(4);
        assert_eq!(body.check_announced(None), Ok(()));
        assert_eq!(body.check_announced(Some(4)), Ok(()));
        assert_eq!(body.check_announced(Some(5)), Err(BodyTooLong { limit: 4 }));
        assert_eq!(body.check_announced(Some(u64::MAX)), Err(BodyTooLong { limit: 4 }));
        body.handle_chunk(b"abc").unwrap();
        assert_eq!(body.handle_chunk(b"de"), Err(BodyTooLong { limit: 4 }));
        body.handle_chunk(b"d").unwrap();
        body.handle_chunk(b"").unwrap();
        assert_eq!(body.into_bytes(), b"abcd");
    }
}
