//! The entries of a set: at least one, not too many, each once, in one order, so that equal sets
//! are equal bytes.

use super::criterion::{Criterion, Standing};
use crate::bounded;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// Most entries of a set.
pub const MAX_ENTRIES: usize = 50;

/// What names one thing that can be reached.
pub trait Named {
    /// The thing.
    fn criterion(&self) -> Criterion;
}

/// One to [`MAX_ENTRIES`] entries, each about another thing. A list in JSON, ordered by what
/// the entries are about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entries<T>(Vec<T>);

impl<T: Named> Entries<T> {
    /// A set of these, in whatever order they come; `None` of none, of too many and of one that
    /// comes twice.
    #[must_use]
    pub fn of(mut entries: Vec<T>) -> Option<Self> {
        let fits = (1..=MAX_ENTRIES).contains(&entries.len());
        entries.sort_by_cached_key(Named::criterion);
        let twice = entries.windows(2).any(|two| match two {
            [one, other] => one.criterion() == other.criterion(),
            _ => false,
        });
        (fits && !twice).then_some(Self(entries))
    }

    /// As many entries about the same things, each made of one of these.
    #[must_use]
    pub(super) fn map(&self, each: impl Fn(&T) -> T) -> Self {
        Self(self.0.iter().map(each).collect())
    }

    /// The entries that a person keeps; `None` where none is left.
    #[must_use]
    pub(super) fn kept(&self, keeps: impl Fn(&T) -> bool) -> Option<Self>
    where
        T: Clone,
    {
        let kept: Vec<_> = self.0.iter().filter(|one| keeps(one)).cloned().collect();
        (!kept.is_empty()).then_some(Self(kept))
    }

    /// Whether each of these is, byte for byte, one of `others`.
    #[must_use]
    pub(super) fn are_within(&self, others: &Self) -> bool
    where
        T: PartialEq,
    {
        self.0.iter().all(|one| others.0.contains(one))
    }
}

impl<T> Entries<T> {
    /// Each entry, in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }

    /// How many entries.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // it never is
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T: Serialize> Serialize for Entries<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de> + Named> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = bounded::list::<MAX_ENTRIES, T, D>(deserializer)?;
        let words = "a set must name at least one thing, and each of them once";
        Self::of(entries).ok_or_else(|| D::Error::custom(words))
    }
}

/// Something with how it stands now and how it shall stand.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moved<T> {
    /// What it is, with all that the signature relies on.
    pub of: T,
    /// How the platform reported that it stands.
    pub before: Standing,
    /// How it shall stand.
    pub after: Standing,
}

impl<T: Named> Named for Moved<T> {
    fn criterion(&self) -> Criterion {
        self.of.criterion()
    }
}
