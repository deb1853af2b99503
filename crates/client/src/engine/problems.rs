//! What the window shows of what is wrong: every error of the floors below becomes a code, words
//! and hints here, and nowhere else, floor by floor. Each match is exhaustive, so that a new
//! error without words does not compile.

mod case;
mod choice;
mod lists;
mod profile;
mod sign;
mod sync;

use crate::{
    profile::failure::{Broken, Failure},
    view::{Code, ProblemView, sentence::sentence},
};
use countersign_model::decision::Refusal;
use countersign_store::StoreError;
use std::collections::BTreeMap;

/// A problem from plain words.
fn problem(code: Code, message: impl Into<String>, hints: &[&str]) -> ProblemView {
    ProblemView {
        code,
        message: message.into(),
        hints: hints.iter().map(|hint| (*hint).to_owned()).collect(),
        values: BTreeMap::new(),
    }
}

/// A message of the form "what is wrong; what to do" as message and hint.
fn said(code: Code, words: &str) -> ProblemView {
    match words.split_once("; ") {
        Some((wrong, hint)) => problem(code, sentence(wrong), &[&sentence(hint)]),
        None => problem(code, sentence(words), &[]),
    }
}

/// A refusal with its code and words.
pub(crate) fn refusal(refusal: Refusal) -> ProblemView {
    problem(Code::Refused(refusal), refusal.words(), &[])
}

impl ProblemView {
    /// Fills in what the window's words need.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.values.insert(name.to_owned(), value.to_string());
        self
    }
}

/// Something that should not happen: says where, so that it can be reported.
impl From<Broken> for ProblemView {
    fn from(Broken(place): Broken) -> Self {
        problem(
            Code::Internal,
            format!("Something inside the app failed ({place}). Nothing was changed."),
            &["Try again; if it happens twice, report it with the app's log."],
        )
    }
}

impl From<&Failure> for ProblemView {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Store(error) => store(error),
            Failure::Random(error) => (*error).into(),
            Failure::Broken(broken) => (*broken).into(),
        }
    }
}

impl From<Failure> for ProblemView {
    fn from(failure: Failure) -> Self {
        Self::from(&failure)
    }
}

impl From<StoreError> for ProblemView {
    fn from(error: StoreError) -> Self {
        Failure::from(error).into()
    }
}

fn store(error: &StoreError) -> ProblemView {
    match error {
        StoreError::DiskFull => problem(
            Code::DiskFull,
            "The disk is full. Nothing was stored, and nothing was half signed.",
            &["Free some space, then try again."],
        ),
        StoreError::Damaged(_) => problem(
            Code::StoreDamaged,
            "The store is damaged.",
            &["Close the app and restore the profile folder from a back-up."],
        ),
        StoreError::Contradiction(_) => problem(
            Code::StoreContradiction,
            "The store already holds something different, so nothing was changed.",
            &["Open the case again and look at its decisions."],
        ),
        StoreError::Range(_) | StoreError::Engine(_) => problem(
            Code::StoreFailed,
            "The store failed. Nothing was changed.",
            &["Try again; if it happens twice, restart the app."],
        ),
    }
}
