//! What following the log says about a case: whether everything about it follows from what was
//! signed and from the published policy.

use crate::{
    case::facts::CaseFacts,
    view::{
        PolicyCheck, ProblemView,
        problem::{Code, problem},
    },
};
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

    /// Why nobody should approve the case here.
    pub(crate) fn problem(&self) -> Option<ProblemView> {
        let Self::Differs(seq, words) = self else { return None };
        let place = seq.map_or_else(String::new, |seq| format!(" (entry {seq})"));
        let shown = problem(
            Code::CaseContradicted,
            format!(
                "The gate says about this case what does not follow from signed records and policy: {words}{place}."
            ),
            &[
                "Show it to an administrator before anybody approves. Rejecting stays possible.",
                "A colleague's device and countersign-verify can confirm it.",
            ],
        );
        Some(shown.with("words", words))
    }

    /// What a person should know before signing while nothing was found out yet.
    pub(crate) fn warning(&self) -> Option<ProblemView> {
        matches!(self, Self::Pending).then(|| {
            problem(
                Code::WarnUnfollowed,
                "This device has not yet evaluated the policy on this case itself.",
                &["Wait for the connection; the log has to arrive."],
            )
        })
    }
}

/// What following the log says about a case that is shown.
pub(crate) fn check(reader: &Reader<'_>, facts: &CaseFacts) -> Result<Check, ProblemView> {
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
        format!("the policy in force says something else than the verdict: {field} differs");
    Ok(Check::Differs(None, words))
}
/// A case as the judge keeps it in the store.
pub(crate) fn read_case(bytes: &[u8]) -> Result<Case, StoreError> {
    serde_json::from_slice(bytes).map_err(|_| StoreError::Range("followed_cases.state"))
}
