//! One side of a change over several things: at least one of them, and not too many.

use crate::bounded;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// Most parts on one side.
pub const MAX_SIDE: usize = 10;

/// One to [`MAX_SIDE`] parts, the first of which leads. A list in JSON.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Side<T> {
    // Boxed, so that a change with sides is no larger than others.
    first: Box<T>,
    rest: Vec<T>,
}

impl<T> Side<T> {
    /// A side of one part.
    #[must_use]
    pub fn one(first: T) -> Self {
        Self { first: Box::new(first), rest: vec![] }
    }

    /// A side of these parts; `None` of none and of too many.
    #[must_use]
    pub fn of(mut parts: Vec<T>) -> Option<Self> {
        let fits = (1..=MAX_SIDE).contains(&parts.len());
        fits.then(|| Self { first: Box::new(parts.remove(0)), rest: parts })
    }

    /// The part that leads.
    #[must_use]
    pub fn first(&self) -> &T {
        &self.first
    }

    /// How many parts.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // it never is
    pub const fn len(&self) -> usize {
        1 + self.rest.len()
    }

    /// Each part, in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&*self.first).chain(&self.rest)
    }

    /// As many parts, each made of one of these.
    pub(super) fn map<U>(&self, each: impl Fn(&T) -> U) -> Side<U> {
        Side { first: Box::new(each(&self.first)), rest: self.rest.iter().map(each).collect() }
    }

    /// The same, where making one may fail.
    pub(super) fn try_map<U, E>(&self, each: impl Fn(&T) -> Result<U, E>) -> Result<Side<U>, E> {
        let first = Box::new(each(&self.first)?);
        Ok(Side { first, rest: self.rest.iter().map(each).collect::<Result<_, _>>()? })
    }
}

impl<T: Serialize> Serialize for Side<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Side<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parts = bounded::list::<MAX_SIDE, T, D>(deserializer)?;
        Self::of(parts).ok_or_else(|| D::Error::custom("a list that must not be empty is"))
    }
}
