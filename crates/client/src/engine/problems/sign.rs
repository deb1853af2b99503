//! Why something is not prepared, signed or recalled, and what to know before signing.

use super::{problem, refusal};
use crate::{
    sign::{
        batch::{BatchError, Dropped, MAX_ITEMS},
        comment::CommentError,
        decide::DecideError,
        halt::HaltError,
        hold::RecallError,
        outgoing::FilingError,
        practice::PracticeError,
        prompt::PromptError,
        rollback::RollbackError,
        tickets::TicketError,
        warnings::Warning,
    },
    view::{Code, ProblemView, sentence::sentence},
};
use countersign_model::signature::SignerError;

impl From<TicketError> for ProblemView {
    fn from(error: TicketError) -> Self {
        match error {
            TicketError::Unknown => problem(
                Code::TicketUnknown,
                "This sheet has already been signed or closed. Nothing more was signed.",
                &["Open the case and look at its decisions."],
            ),
            TicketError::Expired => problem(
                Code::TicketExpired,
                "The sheet is too old to be signed. Nothing was signed.",
                &["Decide again; the sheet is made again with the present time."],
            ),
        }
    }
}

impl From<SignerError> for ProblemView {
    fn from(error: SignerError) -> Self {
        problem(
            Code::KeychainRefused,
            sentence(&error.to_string()),
            &["Nothing was signed. Unlock the keychain, then try again."],
        )
    }
}

impl From<DecideError> for ProblemView {
    fn from(error: DecideError) -> Self {
        match error {
            DecideError::Case(unknown) => unknown.into(),
            DecideError::ClockBehind { minutes } => problem(
                Code::ClockBehind,
                format!(
                    "This device's clock is at least {minutes} minutes behind the gate's, so a signature would be refused."
                ),
                &["Set the clock of this computer, then decide again."],
            )
            .with("minutes", minutes),
            DecideError::Blocked(why) => why.into(),
            DecideError::BlockedSince(why) => Self {
                hints: vec!["Nothing was signed. Look at the case again.".into()],
                ..why.into()
            },
            DecideError::ApprovalBlocked(why) => why.into(),
            DecideError::Choice(error) => error.into(),
            DecideError::Refused(why) => refusal(why),
            DecideError::Failure(failure) => failure.into(),
        }
    }
}

impl From<BatchError> for ProblemView {
    fn from(error: BatchError) -> Self {
        match error {
            BatchError::Size => problem(
                Code::BatchSize,
                format!("A batch holds 1 to {MAX_ITEMS} cases."),
                &["Choose fewer cases, or decide one by one."],
            ),
            BatchError::Failure(failure) => failure.into(),
        }
    }
}

impl From<Dropped> for ProblemView {
    fn from(why: Dropped) -> Self {
        let by_itself = |code, words: &str| problem(code, words, &["Decide it by itself."]);
        match why {
            Dropped::NoClass => {
                by_itself(Code::BatchNoClass, "Policy lets this case be decided only by itself.")
            }
            Dropped::HighTier => {
                by_itself(Code::BatchHighTier, "A high-risk case is never decided in a batch.")
            }
            Dropped::Factor => by_itself(Code::BatchFactor, "This case asks for a second factor."),
            Dropped::Overridden => {
                by_itself(Code::BatchOverridden, "Somebody has decided on a different value.")
            }
            Dropped::Overdue => {
                by_itself(Code::BatchOverdue, "The deadline of this case has passed.")
            }
            Dropped::OtherClass => problem(
                Code::BatchOtherClass,
                "This case is of another class, kind or risk tier than the first one.",
                &["Put cases of one class into a batch."],
            ),
            Dropped::Decide(error) => error.into(),
        }
    }
}

impl From<FilingError> for ProblemView {
    fn from(error: FilingError) -> Self {
        match error {
            FilingError::CaseFull => case_full(),
            FilingError::Failure(failure) => failure.into(),
        }
    }
}

/// This device has no room left in a case.
pub(super) fn case_full() -> ProblemView {
    problem(
        Code::CaseFull,
        "This device has signed as much in this case as one device may.",
        &["Ask a colleague to go on, or an agent for a fresh proposal."],
    )
}

impl From<RecallError> for ProblemView {
    fn from(error: RecallError) -> Self {
        match error {
            RecallError::TooLate => problem(
                Code::RecallTooLate,
                "This decision is no longer held, so it cannot be recalled.",
                &[
                    "The way back is a rollback proposal; ask whoever looks after the campaign for one.",
                ],
            ),
            RecallError::Failure(failure) => failure.into(),
        }
    }
}

impl From<CommentError> for ProblemView {
    fn from(error: CommentError) -> Self {
        match error {
            CommentError::Text(why) => why.into(),
            CommentError::Length => problem(
                Code::CommentText,
                "A comment needs words, and at most 4,000 characters of them.",
                &[],
            ),
            CommentError::Oneself => problem(
                Code::CommentSelf,
                "You cannot ask yourself a question that must be answered.",
                &[],
            ),
            CommentError::Person => problem(
                Code::CommentPerson,
                "The comment names somebody who is not on the roster.",
                &[],
            ),
            CommentError::Answers => problem(
                Code::CommentAnswers,
                "The question that this answers is not in the thread.",
                &[],
            ),
            CommentError::Case(unknown) => unknown.into(),
            CommentError::Refused(why) => refusal(why),
            CommentError::Filing(error) => error.into(),
            CommentError::Failure(failure) => failure.into(),
        }
    }
}

impl From<HaltError> for ProblemView {
    fn from(error: HaltError) -> Self {
        match error {
            HaltError::Text(why) => why.into(),
            HaltError::TooLong => {
                problem(Code::HaltText, "The reason is longer than 2,000 characters.", &[])
            }
            HaltError::AlreadyStopped => {
                problem(Code::AlreadyStopped, "Work is stopped already.", &[])
            }
            HaltError::Resume(why) => why.into(),
            HaltError::Refused(why) => refusal(why),
            HaltError::Failure(failure) => failure.into(),
        }
    }
}

impl From<RollbackError> for ProblemView {
    fn from(error: RollbackError) -> Self {
        match error {
            RollbackError::Case(unknown) => unknown.into(),
            RollbackError::Text(why) => why.into(),
            RollbackError::TooLong => HaltError::TooLong.into(),
            RollbackError::Refused(why) => refusal(why),
            RollbackError::Failure(failure) => failure.into(),
        }
    }
}

impl From<PromptError> for ProblemView {
    fn from(error: PromptError) -> Self {
        match error {
            PromptError::Case(unknown) => unknown.into(),
            PromptError::None => {
                problem(Code::PromptNone, "This proposal came without a prompt to read.", &[])
            }
            PromptError::NotHere => problem(
                Code::PromptMissing,
                "The prompt is not on this device.",
                &["Wait for the connection, then try again."],
            ),
            PromptError::Damaged => problem(
                Code::PromptDamaged,
                "The prompt cannot be read.",
                &["Tell an administrator."],
            ),
            PromptError::Failure(failure) => failure.into(),
        }
    }
}

impl From<PracticeError> for ProblemView {
    fn from(error: PracticeError) -> Self {
        match error {
            PracticeError::Over => problem(
                Code::PracticeOver,
                "This practice is over.",
                &["Start the practice case again."],
            ),
            PracticeError::Decide(error) => error.into(),
            PracticeError::Signer(error) => error.into(),
            PracticeError::Refused(why) => refusal(why),
            PracticeError::Failure(failure) => failure.into(),
        }
    }
}

impl From<Warning> for ProblemView {
    fn from(warning: Warning) -> Self {
        match warning {
            Warning::Clock { minutes } => problem(
                Code::WarnClock,
                format!(
                    "This device's clock seems to be {} minutes {}; the gate refuses signatures from a clock that is off by more than five.",
                    minutes.abs(),
                    if minutes < 0 { "behind" } else { "ahead" }
                ),
                &["Set the clock of this computer before you sign."],
            )
            .with("minutes", minutes),
            Warning::EvidenceMissing(missing) => problem(
                Code::WarnEvidence,
                "Not all of the evidence is on this device; what is missing was not shown.",
                &["Wait for the connection, and look at the case again."],
            )
            .with("missing", missing),
            Warning::Stopped => problem(
                Code::WarnStopped,
                "Work is stopped. You can sign; nothing that raises spend is applied before work is resumed.",
                &[],
            ),
            Warning::Unfollowed => problem(
                Code::WarnUnfollowed,
                "This device has not yet evaluated the policy for this case itself.",
                &["Wait for the connection; the log has to arrive."],
            ),
            Warning::WayBack => problem(
                Code::WarnWayBack,
                "Once it is sent, the way back is a rollback proposal. Money that was spent and a platform's learning phase do not come back.",
                &[],
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::blocked::Blocked;

    #[test]
    fn a_sheet_that_is_gone_and_one_that_is_old_are_told_apart() {
        assert_eq!(ProblemView::from(TicketError::Unknown).code, "ticket_unknown");
        assert_eq!(ProblemView::from(TicketError::Expired).code, "ticket_expired");
    }

    #[test]
    fn what_changed_while_a_sheet_was_read_says_that_nothing_was_signed() {
        let before = ProblemView::from(DecideError::Blocked(Blocked::ProposalExpired));
        let since = ProblemView::from(DecideError::BlockedSince(Blocked::ProposalExpired));
        assert_eq!((before.code, &before.message), (since.code, &since.message));
        assert_eq!(before.hints, ["Wait for a fresh proposal."]);
        assert_eq!(since.hints, ["Nothing was signed. Look at the case again."]);
    }
}
