//! Why a person cannot decide a case, or not approve it: values, not words.

use countersign_model::Role;

/// Why I cannot decide a case at all.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Blocked {
    #[error("the case is settled: {0:?}")]
    Settled(Settled),
    #[error("the proposal has expired by this device's clock")]
    ProposalExpired,
    #[error("the roster has expired by this device's clock")]
    RosterExpired,
    #[error("this device is revoked, or is not on the roster")]
    DeviceRevoked,
    #[error("I answer for the agent that drafted it")]
    Initiator,
    #[error("I have decided it")]
    AlreadyDecided,
    #[error("I hold none of the roles that it asks for")]
    NoRole {
        /// Those that it asks for.
        asked: Vec<Role>,
    },
}

/// How a case has ended, or that enough people have signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Settled {
    Authorized,
    Executed,
    NotApplied,
    Rejected,
    SentBack,
    Expired,
    Superseded,
    Blocked,
}

/// Why nobody should approve a case here, although it can be rejected or sent back.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum ApprovalBlocked {
    #[error("the gate says what does not follow from signed records and policy: {words}")]
    Contradicted {
        /// The entry that says it, if the log has it already.
        entry: Option<u64>,
        /// What does not follow.
        words: String,
    },
    #[error("{0} questions are not answered")]
    OpenQuestions(u32),
}
