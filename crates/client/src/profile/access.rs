//! What every floor asks the profile for: the member with its keys and store, the clock, the
//! settings.

use crate::{
    profile::{
        clock::Clock,
        failure::ProfileError,
        folder::Profile,
        member::Member,
        settings::{self, SettingsError},
        state::State,
    },
    view::SettingsView,
};
use countersign_model::confirm::Language;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Why nothing can be done as a member of a workspace.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum NoMember {
    #[error("this device has not joined a workspace")]
    NotEnrolled,
    /// The profile cannot be opened.
    #[error(transparent)]
    Unusable(Arc<ProfileError>),
}

/// The profile while the app runs.
pub(crate) struct Access {
    pub(crate) clock: Clock,
    pub(crate) profile: Profile,
    /// Fair: after a transaction whoever waits has it before the one that had it.
    state: parking_lot::Mutex<State>,
    settings: Mutex<SettingsView>,
}

impl Access {
    /// Access to a profile that stands at `state`.
    pub(crate) fn new(profile: Profile, state: State, clock: Clock) -> Self {
        let settings = Mutex::new(settings::read(profile.folder()));
        Self { clock, profile, state: parking_lot::Mutex::new(state), settings }
    }

    /// Runs `work` as a member of the workspace.
    pub(crate) fn member<T, E: From<NoMember>>(
        &self,
        work: impl FnOnce(&mut Member) -> Result<T, E>,
    ) -> Result<T, E> {
        match &mut *self.state() {
            State::Member(member) => work(member),
            State::Unusable(error) => Err(NoMember::Unusable(error.clone()).into()),
            State::Empty | State::Requested(_) | State::Changing => {
                Err(NoMember::NotEnrolled.into())
            }
        }
    }

    /// Where the profile stands; nobody else reads or writes it meanwhile.
    pub(crate) fn state(&self) -> parking_lot::MutexGuard<'_, State> {
        self.state.lock()
    }

    /// The settings in force.
    pub(crate) fn settings(&self) -> SettingsView {
        lock(&self.settings).clone()
    }

    /// Checks and stores other settings.
    pub(crate) fn change_settings(&self, new: &SettingsView) -> Result<(), SettingsError> {
        let mut kept = lock(&self.settings);
        settings::write(self.profile.folder(), new)?;
        *kept = new.clone();
        Ok(())
    }

    /// The language of the confirm sheets.
    pub(crate) fn language(&self) -> Language {
        settings::language(&self.settings())
    }
}

/// Locks; a panic elsewhere has left the value whole, as every change is one assignment.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
