//! Tables `factor_secrets` and `factor_steps`: second factors, sealed, and their used steps.

use super::{Reader, StoreError, Tx, to_db};
use countersign_identity::totp::TotpStep;
use countersign_model::PersonId;
use rusqlite::OptionalExtension as _;

impl Reader<'_> {
    /// A person's sealed TOTP secret.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sealed_factor(&self, person: PersonId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT sealed FROM factor_secrets WHERE person = ?1")?
            .query_row([person.to_string()], |row| row.get(0))
            .optional()?)
    }

    /// Whether a person has used this step.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_step_used(&self, person: PersonId, step: TotpStep) -> Result<bool, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT 1 FROM factor_steps WHERE person = ?1 AND step = ?2")?
            .exists((person.to_string(), to_db(step.0)?))?)
    }
}

impl Tx<'_> {
    /// Keeps a person's sealed TOTP secret.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_sealed_factor(&self, person: PersonId, sealed: &[u8]) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO factor_secrets VALUES (?1, ?2)")?
            .execute((person.to_string(), sealed))?;
        Ok(())
    }

    /// Marks a step as used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn use_step(&self, person: PersonId, step: TotpStep) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT OR IGNORE INTO factor_steps VALUES (?1, ?2)")?
            .execute((person.to_string(), to_db(step.0)?))?;
        Ok(())
    }
}
