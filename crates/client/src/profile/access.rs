//! What every floor asks the profile for: the member with its keys and store, the clock, the
//! settings.

use crate::{
    profile::{clock::Clock, folder::Profile, member::Member, settings, state::State},
    view::{
        ProblemView, SettingsView,
        problem::{Code, problem},
    },
};
use countersign_model::confirm::Language;
use std::sync::{Mutex, MutexGuard, PoisonError};

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
    pub(crate) fn member<T>(
        &self,
        work: impl FnOnce(&mut Member) -> Result<T, ProblemView>,
    ) -> Result<T, ProblemView> {
        match &mut *self.state() {
            State::Member(member) => work(member),
            State::Keychain(problem) | State::Store(problem) => Err(problem.clone()),
            State::Empty | State::Requested(_) | State::Changing => Err(problem(
                Code::NotEnrolled,
                "This device has not joined a workspace yet.",
                &["Make a request and hand it to an administrator."],
            )),
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
    pub(crate) fn change_settings(&self, new: &SettingsView) -> Result<(), ProblemView> {
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
