//! The durable steps of an execution, and the table of which may follow which.

use async_trait::async_trait;
use countersign_model::{Digest, ProposalId, entry::PlatformRecord};
use serde::{Deserialize, Serialize};

/// Where steps are kept. `record` returns only when the step survives a loss of power, and
/// refuses a position that is taken, so that two executors of one case cannot both go on.
/// The saga repeats neither call; a failed one ends the run, and the next run resumes.
#[async_trait]
pub trait Journal: Send + Sync {
    /// The steps of a case so far, oldest first.
    async fn load(&self, proposal: ProposalId) -> Result<Vec<Step>, JournalError>;

    /// Appends the step at `position`, counted from 0.
    async fn record(
        &self,
        proposal: ProposalId,
        position: usize,
        step: &Step,
    ) -> Result<(), JournalError>;
}

/// Why a step could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another run has recorded a step at this position.
    #[error("another run is executing this case; let it finish")]
    Taken,
    /// A step is there and cannot be read; it will not be readable next time either.
    #[error("a step of the execution journal cannot be read; restore it from a back-up")]
    Damaged,
    /// The store failed.
    #[error("the execution journal could not be used")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// One durable step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// The run began, for exactly this action.
    Intended {
        /// Digest of the authorised action's canonical bytes.
        action: Digest,
    },
    /// `before` was read again and the platform would take the write; or, after an
    /// attempt, `before` still holds and the write may be sent again.
    Prepared {
        /// Ids of the calls made.
        request_ids: Vec<String>,
    },
    /// The write is about to be sent; from here on it may have been applied.
    Sending,
    /// The platform said that it took the write.
    Answered {
        /// Id of the call.
        request_id: Option<String>,
    },
    /// Nobody knows whether the write was applied.
    Unknown {
        /// The platform's code.
        code: String,
        /// Id of the call.
        request_id: Option<String>,
    },
    /// The platform said that it did not take the write.
    Refused {
        /// The platform's code.
        code: String,
        /// Id of the call.
        request_id: Option<String>,
        /// Whether trying again could help.
        may_retry: bool,
        /// How long to wait first, in milliseconds.
        delay_ms: u64,
    },
    /// The end.
    Finished(Box<PlatformRecord>),
}

/// A step without its data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // each is the Step of the same name
pub enum StepName {
    Planned,
    Intended,
    Prepared,
    Sending,
    Answered,
    Unknown,
    Refused,
    Finished,
}

/// Which step may follow which. `Planned` is the empty journal.
pub const STEPS: &[(StepName, &[StepName])] = {
    use StepName::{Answered, Finished, Intended, Planned, Prepared, Refused, Sending, Unknown};
    &[
        (Planned, &[Intended]),
        (Intended, &[Prepared, Finished]),
        (Prepared, &[Sending, Finished]),
        // A run that finds `Sending` last was cut off: nobody knows.
        (Sending, &[Answered, Unknown, Refused]),
        (Answered, &[Finished]),
        (Unknown, &[Prepared, Finished]),
        (Refused, &[Prepared, Finished]),
    ]
};

impl Step {
    /// The step without its data.
    #[must_use]
    pub const fn name(&self) -> StepName {
        match self {
            Self::Intended { .. } => StepName::Intended,
            Self::Prepared { .. } => StepName::Prepared,
            Self::Sending => StepName::Sending,
            Self::Answered { .. } => StepName::Answered,
            Self::Unknown { .. } => StepName::Unknown,
            Self::Refused { .. } => StepName::Refused,
            Self::Finished(_) => StepName::Finished,
        }
    }
}

impl StepName {
    /// Whether `next` may follow, by [`STEPS`].
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        STEPS.iter().any(|(from, to)| *from == self && to.contains(&next))
    }
}
