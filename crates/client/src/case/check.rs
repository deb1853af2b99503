//! What following the log says about a case: whether everything about it follows from what was
//! signed and from the published policy.

use crate::{case::facts::CaseFacts, profile::failure::Failure, view::PolicyCheck};
use countersign_replay::draft;
use countersign_store::{Reader, StoreError};
use countersign_workflow::Case;

/// What following the log says about a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Check {
    /// Its entries have not been followed yet.
    Pending,
    /// Everything the log says of it follows, its verdict from the published policy included.
    Holds,
    /// Something does not: the entry, if the log has it already, and what.
    Differs(Option<u64>, String),
}

impl Check {
    /// For the window.
    pub(crate) const fn view(&self) -> PolicyCheck {
        match self {
            Self::Pending => PolicyCheck::Pending,
            Self::Holds => PolicyCheck::Holds,
            Self::Differs(..) => PolicyCheck::Differs,
        }
    }
}

/// What following the log says about a case that is shown.
pub(crate) fn check(reader: &Reader<'_>, facts: &CaseFacts) -> Result<Check, Failure> {
    let case = facts.proposal.id;
    if let Some(fault) = reader.followed_fault_of(case)? {
        return Ok(Check::Differs(Some(fault.seq), fault.words));
    }
    let Some(bytes) = reader.followed_case(case)? else { return Ok(Check::Pending) };
    let judged = read_case(&bytes)?;
    if *judged.verdict() == facts.verdict {
        return Ok(Check::Holds);
    }
    let field = draft::difference(judged.verdict(), &facts.verdict);
    let words =
        format!("the policy in force says something other than the verdict: {field} differs");
    Ok(Check::Differs(None, words))
}

/// A case as the judge keeps it in the store.
pub(crate) fn read_case(bytes: &[u8]) -> Result<Case, StoreError> {
    serde_json::from_slice(bytes).map_err(|_| StoreError::Range("followed_cases.state"))
}
