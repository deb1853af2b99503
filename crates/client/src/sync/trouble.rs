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
#[derive(Clone, Debug)]
pub(crate) enum LinkTrouble {
    /// The relay does not let this device in.
    NotAdmitted(Code),
    /// The relay holds other records under this device's name.
    Conflict,
    /// The relay refused a request for another reason.
    Refused { status: StatusCode, code: Code },
    /// The relay asks to wait.
    Busy { wait: Duration, code: Code },
    /// The relay has no room for what this device sends.
    Full(Code),
    /// What answers is no relay.
    Unreadable,
    /// Records are gone, and nothing that the gate signed stands for them.
    Compacted,
    /// The gate's snapshot is over less than was verified, or over another log: in which way.
    LogSetBack(String),
    /// It is not the relay.
    Here(Arc<LocalError>),
}

impl PartialEq for LinkTrouble {
    /// Alike when they say the same, down to their causes, which cannot be compared.
    fn eq(&self, other: &Self) -> bool {
        format!("{self:?}") == format!("{other:?}")
    }
}
