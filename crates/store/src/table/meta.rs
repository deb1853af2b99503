//! Small facts of the profile, by name. Secrets among them rest on the file's encryption.

use crate::{Reader, StoreError, Tx};
use rusqlite::{OptionalExtension as _, params};
use zeroize::Zeroizing;

/// The names of the facts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MetaKey {
    /// The device id, made with the first request.
    Device,
    /// The X25519 secret that epoch keys are wrapped to.
    SealingSecret,
    /// The enrolment request as handed over.
    EnrolmentRequest,
    /// The enrolment as accepted.
    Enrolment,
    /// The epoch keys, in the client's own form.
    EpochKeys,
    /// The form of the list rows; another form means that they are rewritten.
    ProjectionForm,
    /// How far the rewriting has come, in the client's own form; none when it is done.
    ProjectionSweep,
    /// Which notices were given, in the client's own form.
    Notices,
    /// The log's head that was cosigned last, in the client's own form.
    Cosigned,
    /// How far the log was followed, in the client's own form.
    Followed,
    /// The roster in force where the log was followed to, in the client's own form.
    FollowedRoster,
}

impl MetaKey {
    const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::SealingSecret => "sealing_secret",
            Self::EnrolmentRequest => "enrolment_request",
            Self::Enrolment => "enrolment",
            Self::EpochKeys => "epoch_keys",
            Self::ProjectionForm => "projection_form",
            Self::ProjectionSweep => "projection_sweep",
            Self::Notices => "notices",
            Self::Cosigned => "cosigned",
            Self::Followed => "followed",
            Self::FollowedRoster => "followed_roster",
        }
    }
}

impl Reader<'_> {
    /// A fact; wiped from memory when dropped.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn meta(&self, key: MetaKey) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
        let value: Option<Vec<u8>> =
            statement.query_row([key.name()], |row| row.get(0)).optional()?;
        Ok(value.map(Zeroizing::new))
    }
}

impl Tx<'_> {
    /// Stores a fact, replacing what it was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_meta(&self, key: MetaKey, value: &[u8]) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO meta (name, value) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            )?
            .execute(params![key.name(), value])?;
        Ok(())
    }

    /// Forgets a fact.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remove_meta(&self, key: MetaKey) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM meta WHERE name = ?1")?
            .execute([key.name()])?;
        Ok(())
    }
}
