//! Tables `factor_secrets`, `factor_steps` and `wrong_factors`: second factors, sealed, their
//! used steps, and the wrong ones.

use super::{Reader, StoreError, Tx, to_db};
use countersign_identity::totp::TotpStep;
use countersign_model::{PersonId, TimestampMs};
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

    /// How often a person gave a wrong second factor since a moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn wrong_factors(&self, person: PersonId, since: TimestampMs) -> Result<usize, StoreError> {
        let sql = "SELECT count(*) FROM wrong_factors WHERE person = ?1 AND at_ms >= ?2";
        let key = (person.to_string(), since.millis());
        let count: i64 = self.connection.prepare_cached(sql)?.query_row(key, |row| row.get(0))?;
        usize::try_from(count).map_err(|_| StoreError::Damaged("a count is negative"))
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

    /// Remembers a wrong second factor.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_wrong_factor(&self, person: PersonId, at: TimestampMs) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO wrong_factors VALUES (?1, ?2)")?
            .execute((person.to_string(), at.millis()))?;
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
