//! What stands in the way of the background work: here, or at the relay.

use crate::{
    profile::{
        access::NoMember,
        failure::{Cause, Failure},
    },
    sign::outgoing::FilingError,
};
use countersign_sync::refusal::Code;
use reqwest::StatusCode;
use std::{sync::Arc, time::Duration};

/// What stops this device from within, whatever the relay does.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LocalError {
    #[error(transparent)]
    NoMember(#[from] NoMember),
    /// A held decision cannot be sent.
    #[error("this device has signed as much in a case as one device may")]
    CaseFull,
    #[error(transparent)]
    Failure(Failure),
}

impl<C: Cause> From<C> for LocalError {
    fn from(cause: C) -> Self {
        Self::Failure(cause.into())
    }
}

impl From<FilingError> for LocalError {
    fn from(error: FilingError) -> Self {
        match error {
            FilingError::CaseFull => Self::CaseFull,
            FilingError::Failure(failure) => Self::Failure(failure),
        }
    }
}

/// What stands between this device and the relay, and a person should hear of. Being offline
/// is no trouble.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum LinkTrouble {
    #[error("the relay does not let this device in ({0})")]
    NotAdmitted(Code),
    #[error("the relay holds other records under this device's name")]
    Conflict,
    #[error("the relay refused a request ({status}, {code})")]
    Refused {
        /// Of its answer.
        status: StatusCode,
        /// The relay's own.
        code: Code,
    },
    #[error("the relay asks to wait {} s ({code})", .wait.as_secs())]
    Busy {
        /// How long.
        wait: Duration,
        /// The relay's own.
        code: Code,
    },
    #[error("the relay has no room ({0})")]
    Full(Code),
    #[error("what answers is no relay")]
    Unreadable,
    /// Records are gone, and nothing that the gate signed stands for them.
    #[error("the relay has let go of records that no snapshot stands for")]
    Compacted,
    /// The gate's snapshot is over less than was verified, or over another log.
    #[error("{0}")]
    LogSetBack(String),
    /// It is not the relay.
    #[error(transparent)]
    Here(Arc<LocalError>),
}

impl PartialEq for LinkTrouble {
    /// Alike when they say the same: what is under them cannot be compared.
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}
