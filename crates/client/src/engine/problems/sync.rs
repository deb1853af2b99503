//! What stands between this device and the relay, and which faults were found.

use super::{case::fault_code, problem, sign::case_full};
use crate::{
    case::fault::FaultCode,
    sync::{
        shared::ConnectionFault,
        trouble::{LinkTrouble, LocalError},
    },
    view::{Code, ProblemView},
};

/// What can be done about any fault.
const FAULT_HINTS: &[&str] = &[
    "What was verified before is still valid and can be decided on.",
    "Show this to an administrator; compare the checkpoint with a colleague's.",
];

impl From<LocalError> for ProblemView {
    fn from(error: LocalError) -> Self {
        Self::from(&error)
    }
}

impl From<&LocalError> for ProblemView {
    fn from(error: &LocalError) -> Self {
        match error {
            LocalError::NoMember(error) => error.into(),
            LocalError::CaseFull => case_full(),
            LocalError::Failure(failure) => failure.into(),
        }
    }
}

impl From<ConnectionFault> for ProblemView {
    fn from(fault: ConnectionFault) -> Self {
        match fault {
            ConnectionFault::Found(fault) => {
                // Only another version of the app can have stored one that is unknown.
                let code = FaultCode::named(&fault.code).map_or(Code::Internal, fault_code);
                problem(code, fault.message, FAULT_HINTS)
            }
            ConnectionFault::Link(trouble) => trouble.into(),
        }
    }
}

impl From<LinkTrouble> for ProblemView {
    fn from(trouble: LinkTrouble) -> Self {
        match trouble {
            LinkTrouble::NotAdmitted(code) => problem(
                Code::RelayRefusesDevice,
                format!("The relay does not let this device in ({code})."),
                &[
                    "Check this computer's clock: a request must be no more than five minutes old.",
                    "Ask an administrator whether this device was revoked.",
                ],
            ),
            LinkTrouble::Conflict => problem(
                Code::RelayConflict,
                "The relay holds different records under this device's name. Nothing signed here was lost.",
                &[
                    "This happens when a profile folder was copied or restored from a back-up. Ask an administrator to revoke this device, then enrol again.",
                ],
            ),
            LinkTrouble::Refused { status, code } => problem(
                Code::RelayRefused,
                format!("The relay refused a request ({status}, {code})."),
                &["If this goes on, tell the relay's operator."],
            ),
            LinkTrouble::Busy { wait, code } => problem(
                Code::RelayBusy,
                format!("The relay asks to wait {} seconds ({code}).", wait.as_secs()),
                &["There is nothing to do: it is tried again automatically."],
            ),
            LinkTrouble::Full(code) => problem(
                Code::RelayFull,
                format!(
                    "The relay has no room for what this device sends ({code}). It is signed and kept here, but nobody else has it yet."
                ),
                &["Ask the relay's operator for more room; what waits is sent then."],
            ),
            LinkTrouble::Unreadable => problem(
                Code::RelayUnreadable,
                "What answers at the relay's address does not speak the relay's language.",
                &["Check the relay's address with an administrator."],
            ),
            LinkTrouble::Compacted => problem(
                Code::RelayCompacted,
                "The relay has let go of records, and no snapshot of the gate that can be read stands for them.",
                &[
                    "What was verified before is still right and can be read.",
                    "Show this to an administrator.",
                ],
            ),
            LinkTrouble::LogSetBack(words) => problem(Code::LogFault, words, FAULT_HINTS),
            LinkTrouble::Here(error) => error.as_ref().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::access::NoMember;
    use countersign_model::TimestampMs;
    use countersign_store::FaultRow;
    use std::sync::Arc;

    #[test]
    fn a_fault_keeps_its_code_and_an_unknown_one_is_not_hidden() {
        for (stored, shown) in [("record_forked", "record_forked"), ("of_tomorrow", "internal")] {
            let row = FaultRow {
                at_ms: TimestampMs::from_millis(0),
                code: stored.into(),
                message: "Words.".into(),
            };
            let problem = ProblemView::from(ConnectionFault::Found(row));
            assert_eq!((problem.code.as_str(), problem.message.as_str()), (shown, "Words."));
        }
    }

    #[test]
    fn trouble_is_alike_when_it_is_shown_alike() {
        let here = |error| LinkTrouble::Here(Arc::new(error));
        assert_eq!(here(LocalError::CaseFull), here(LocalError::CaseFull));
        assert_ne!(here(LocalError::CaseFull), here(NoMember::NotEnrolled.into()));
        assert_ne!(LinkTrouble::Conflict, LinkTrouble::Unreadable);
        assert_eq!(ProblemView::from(here(LocalError::CaseFull)).code, "case_full");
        assert_eq!(ProblemView::from(LinkTrouble::Conflict).code, "relay_conflict");
    }
}
