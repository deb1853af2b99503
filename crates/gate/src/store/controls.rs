//! Tables `controls` and `control_ids`: control statements that arrived, and which ids are
//! spent.

use super::{Reader, StoreError, Tx};
use countersign_model::{ControlId, Digest, PersonId, TimestampMs};

impl Reader<'_> {
    /// Whether exactly this statement was received before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn has_control(&self, envelope: Digest) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM controls WHERE envelope = ?1";
        Ok(self.connection.prepare_cached(sql)?.exists([envelope.as_bytes()])?)
    }

    /// Whether a person has spent a statement's id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_control_spent(
        &self,
        person: PersonId,
        control: ControlId,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM control_ids WHERE person = ?1 AND control = ?2";
        let key = (person.to_string(), control.to_string());
        Ok(self.connection.prepare_cached(sql)?.exists(key)?)
    }
}

impl Tx<'_> {
    /// Remembers that a statement was received.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_control(&self, envelope: Digest, at: TimestampMs) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT OR IGNORE INTO controls VALUES (?1, ?2)")?
            .execute((envelope.as_bytes(), at.millis()))?;
        Ok(())
    }

    /// Spends a statement's id for good.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn spend_control(&self, person: PersonId, control: ControlId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT OR IGNORE INTO control_ids VALUES (?1, ?2)")?
            .execute((person.to_string(), control.to_string()))?;
        Ok(())
    }
}
