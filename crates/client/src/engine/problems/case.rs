//! Why a case cannot be opened, decided or approved, and which fault was found.

use super::{problem, refusal};
use crate::{
    case::{
        blocked::{ApprovalBlocked, Blocked, Settled},
        facts::CaseUnknown,
        fault::FaultCode,
        halt::ResumeBlocked,
    },
    view::{Code, ProblemView},
};
use countersign_model::decision::Refusal;

impl From<CaseUnknown> for ProblemView {
    fn from(CaseUnknown: CaseUnknown) -> Self {
        problem(
            Code::CaseUnknown,
            "This case is not on this device, or has not fully arrived.",
            &["Wait for the connection, then open it again."],
        )
    }
}

impl From<Blocked> for ProblemView {
    fn from(why: Blocked) -> Self {
        match why {
            Blocked::Settled(settled) => settled.into(),
            Blocked::ProposalExpired => problem(
                Code::ProposalExpired,
                "The proposal's time is over on this device's clock.",
                &["Wait for a fresh proposal."],
            ),
            Blocked::RosterExpired => problem(
                Code::RosterExpired,
                "The roster on this device has expired.",
                &[
                    "Connect to the relay; if that does not help, ask an administrator for a fresh one.",
                ],
            ),
            Blocked::DeviceRevoked => refusal(Refusal::DeviceRevoked),
            Blocked::Initiator => refusal(Refusal::InitiatorMayNotDecide),
            Blocked::AlreadyDecided => problem(
                Code::AlreadyDecided,
                "You have decided this case; another signature must come from another person.",
                &[],
            ),
            Blocked::NoRole { asked } => {
                let asked: Vec<_> = asked.iter().map(ToString::to_string).collect();
                let roles = asked.join(" and ");
                let words = format!("This case asks for {roles}; you hold none of these roles.");
                problem(Code::NoRole, words, &[]).with("roles", asked.join(", "))
            }
        }
    }
}

impl From<Settled> for ProblemView {
    fn from(settled: Settled) -> Self {
        let (code, words) = match settled {
            Settled::Authorized => {
                (Code::CaseAuthorized, "Enough people have signed; the change is on its way.")
            }
            Settled::Executed => {
                (Code::CaseExecuted, "The change was executed; nothing is left to decide.")
            }
            Settled::NotApplied => (
                Code::CaseNotApplied,
                "The change was authorised but not applied; see the timeline.",
            ),
            Settled::Rejected => (Code::CaseRejected, "A person has rejected this proposal."),
            Settled::SentBack => {
                (Code::CaseSentBack, "A person has sent this proposal back to the agent.")
            }
            Settled::Expired => {
                (Code::CaseExpired, "Nobody decided in time; wait for a new proposal.")
            }
            Settled::Superseded => (
                Code::CaseSuperseded,
                "Another change moved the campaign first; wait for a new proposal.",
            ),
            Settled::Blocked => {
                (Code::CaseBlocked, "Policy refuses this change; nobody can sign it.")
            }
        };
        problem(code, words, &[])
    }
}

impl From<ApprovalBlocked> for ProblemView {
    fn from(why: ApprovalBlocked) -> Self {
        match why {
            ApprovalBlocked::Contradicted { entry, words } => {
                let place = entry.map_or_else(String::new, |seq| format!(" (entry {seq})"));
                problem(
                    Code::CaseContradicted,
                    format!(
                        "The gate claims something about this case that does not follow from signed records and policy: {words}{place}."
                    ),
                    &[
                        "Show it to an administrator before anyone approves. The case can still be rejected.",
                        "A colleague's device and countersign-verify can confirm it.",
                    ],
                )
                .with("words", words)
            }
            ApprovalBlocked::OpenQuestions(questions) => problem(
                Code::OpenQuestion,
                "A question in the thread must be answered before anybody approves.",
                &[
                    "Ask whoever the question is for to answer it. Rejecting and sending back stay possible.",
                ],
            )
            .with("questions", questions),
        }
    }
}

impl From<ResumeBlocked> for ProblemView {
    fn from(why: ResumeBlocked) -> Self {
        match why {
            ResumeBlocked::NotStopped => problem(
                Code::NotStopped,
                "Work is not stopped, so there is nothing to resume.",
                &[],
            ),
            ResumeBlocked::Asked => problem(
                Code::ResumeAsked,
                "You have asked to resume; another person must ask too.",
                &[],
            ),
        }
    }
}

/// The window's code of a fault.
pub(super) const fn fault_code(code: FaultCode) -> Code {
    match code {
        FaultCode::EvidenceWrong => Code::EvidenceWrong,
        FaultCode::LogFault => Code::LogFault,
        FaultCode::LogForeign => Code::LogForeign,
        FaultCode::LogForked => Code::LogForked,
        FaultCode::LogLeftOut => Code::LogLeftOut,
        FaultCode::LogNotSignedFor => Code::LogNotSignedFor,
        FaultCode::LogSourceMissing => Code::LogSourceMissing,
        FaultCode::PolicyForeign => Code::PolicyForeign,
        FaultCode::PolicyWrong => Code::PolicyWrong,
        FaultCode::RecordBadSignature => Code::RecordBadSignature,
        FaultCode::RecordClosed => Code::RecordClosed,
        FaultCode::RecordForeign => Code::RecordForeign,
        FaultCode::RecordForked => Code::RecordForked,
        FaultCode::RecordMalformed => Code::RecordMalformed,
        FaultCode::RecordMissing => Code::RecordMissing,
        FaultCode::RecordReordered => Code::RecordReordered,
        FaultCode::RecordRepeated => Code::RecordRepeated,
        FaultCode::RecordSetAside => Code::RecordSetAside,
        FaultCode::RecordUnknownEpoch => Code::RecordUnknownEpoch,
        FaultCode::RecordUnknownWriter => Code::RecordUnknownWriter,
        FaultCode::RecordUnreadable => Code::RecordUnreadable,
        FaultCode::RecordWithheld => Code::RecordWithheld,
        FaultCode::RelayWentBack => Code::RelayWentBack,
        FaultCode::RosterRefused => Code::RosterRefused,
        FaultCode::SnapshotForeign => Code::SnapshotForeign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_model::Role;

    #[test]
    fn a_fault_is_shown_under_the_name_that_it_is_stored_under() {
        for code in FaultCode::ALL {
            assert_eq!(fault_code(*code), code.as_str());
            assert_eq!(FaultCode::named(code.as_str()), Some(*code));
        }
        assert_eq!(FaultCode::named("no_such_fault"), None);
    }

    #[test]
    fn what_stands_against_a_case_is_named_with_its_facts() {
        let words = "`actor` is another".to_owned();
        let shown = ProblemView::from(ApprovalBlocked::Contradicted { entry: Some(7), words });
        assert_eq!(shown.code, "case_contradicted");
        assert_eq!(shown.values["words"], "`actor` is another");
        assert!(shown.message.ends_with("`actor` is another (entry 7)."), "{}", shown.message);
        let shown = ProblemView::from(ApprovalBlocked::OpenQuestions(2));
        assert_eq!(
            (shown.code.as_str(), shown.values["questions"].as_str()),
            ("open_question", "2")
        );
        let asked = ["ops", "finance"].map(|role| Role::parse(role).unwrap()).to_vec();
        let shown = ProblemView::from(Blocked::NoRole { asked });
        assert_eq!(
            (shown.code.as_str(), shown.values["roles"].as_str()),
            ("no_role", "ops, finance")
        );
        assert!(shown.message.contains("ops and finance"), "{}", shown.message);
    }
}
