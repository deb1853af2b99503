//! Where a profile stands.

use crate::profile::{
    device::Device,
    enrol::EnrolError,
    failure::{Broken, ProfileError},
    folder::Profile,
    member::{Loaded, Member},
};
use std::sync::Arc;

/// Where the profile stands.
pub(crate) enum State {
    Empty,
    Requested(Box<Device>),
    Member(Box<Member>),
    /// It cannot be opened: keychain or store are in the way.
    Unusable(Arc<ProfileError>),
    /// Only while one of the others is being made from another.
    Changing,
}

impl State {
    /// Opens a profile as it stands.
    pub(crate) fn open(profile: &Profile) -> Self {
        match profile.open() {
            Ok(None) => Self::Empty,
            Ok(Some(device)) => Self::of(device),
            Err(error) => error.into(),
        }
    }

    /// What a device with keys and a store stands at.
    pub(crate) fn of(device: Device) -> Self {
        match Member::load(device) {
            Ok(Loaded::Waiting(device)) => Self::Requested(device),
            Ok(Loaded::Member(member)) => Self::Member(member),
            Err(error) => error.into(),
        }
    }

    /// The device that waits for an administrator's answer.
    pub(crate) fn requested(&mut self) -> Result<&mut Device, EnrolError> {
        match self {
            Self::Requested(device) => Ok(device),
            Self::Empty => Err(EnrolError::NoRequest),
            other => Err(other.refusal_to_enrol()),
        }
    }

    /// Why this profile can make no request and join nothing.
    pub(crate) fn refusal_to_enrol(&self) -> EnrolError {
        match self {
            Self::Unusable(error) => EnrolError::Profile(error.clone()),
            Self::Changing => Broken("joining").into(),
            Self::Empty | Self::Requested(_) | Self::Member(_) => EnrolError::AlreadyJoined,
        }
    }
}

impl From<ProfileError> for State {
    fn from(error: ProfileError) -> Self {
        Self::Unusable(Arc::new(error))
    }
}
