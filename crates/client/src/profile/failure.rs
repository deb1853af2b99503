//! What any work on this device can fail at, and why a profile cannot be opened or made.

use crate::profile::random::NoRandomness;
use countersign_keychain::KeychainError;
use countersign_store::{CreateError, OpenError, StoreError};
use std::io;

/// Something of the app's own that cannot be made, or read back as it was stored: which.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("something inside the app failed: {0}")]
pub(crate) struct Broken(pub(crate) &'static str);

/// What any work on this device can fail at, whatever it is for. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Store(StoreError),
    #[error(transparent)]
    Random(#[from] NoRandomness),
    #[error(transparent)]
    Broken(#[from] Broken),
}

/// The causes of a [`Failure`]: every operation's own error takes each of them.
pub(crate) trait Cause: Into<Failure> {}

impl Cause for Failure {}
impl Cause for StoreError {}
impl Cause for NoRandomness {}
impl Cause for Broken {}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "the store refused");
        Self::Store(error)
    }
}

/// Why a profile folder cannot be opened, or keys and store cannot be made there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProfileError {
    /// The keychain is in the way, or has lost the keys.
    #[error("the keychain does not give this profile's keys")]
    Keychain(#[from] KeychainError),
    #[error("the store cannot be opened")]
    Open(#[from] OpenError),
    #[error("the store cannot be made")]
    Create(#[from] CreateError),
    /// `profile.json` is missing beside a store, or is not what the app has written.
    #[error("the profile's file is missing or damaged")]
    File,
    #[error("the profile folder cannot be read or written")]
    Folder(#[from] io::Error),
    /// The store does not say which device this is.
    #[error("the store names no device")]
    NoDevice,
    /// The stored rosters do not follow from the keys trusted at enrolment.
    #[error("the chain of the stored rosters is broken")]
    Rosters,
    #[error(transparent)]
    Failure(Failure),
}

impl<C: Cause> From<C> for ProfileError {
    fn from(cause: C) -> Self {
        Self::Failure(cause.into())
    }
}
