//! Policy bundles, each verified before it came here.

use crate::{Reader, StoreError, Tx, handle};
use countersign_model::{Digest, TimestampMs};
use rusqlite::{OptionalExtension as _, params};

/// A policy bundle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyBundleRow {
    /// The digest that verdicts name it by.
    pub digest: Digest,
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
    /// When it was stored.
    pub stored_at_ms: TimestampMs,
}

impl Reader<'_> {
    /// The bundle that arrived last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn newest_policy_bundle(&self) -> Result<Option<PolicyBundleRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT digest, bytes, stored_at_ms FROM policy_bundles ORDER BY number DESC LIMIT 1",
        )?;
        let row = statement.query_row([], |row| {
            Ok(PolicyBundleRow {
                digest: handle::digest(row, 0)?,
                bytes: row.get(1)?,
                stored_at_ms: TimestampMs::from_millis(row.get(2)?),
            })
        });
        Ok(row.optional()?)
    }

    /// The canonical bytes of a bundle.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn policy_bundle(&self, digest: Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT bytes FROM policy_bundles WHERE digest = ?1")?;
        Ok(statement.query_row([digest.as_bytes()], |row| row.get(0)).optional()?)
    }
}

impl Tx<'_> {
    /// Stores a verified bundle. One that is there already becomes the newest; `true` if it
    /// was not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_policy_bundle(&self, bundle: &PolicyBundleRow) -> Result<bool, StoreError> {
        let removed = self
            .connection
            .prepare_cached("DELETE FROM policy_bundles WHERE digest = ?1")?
            .execute([bundle.digest.as_bytes()])?;
        self.connection
            .prepare_cached(
                "INSERT INTO policy_bundles (number, digest, bytes, stored_at_ms)
                 VALUES ((SELECT coalesce(max(number), 0) + 1 FROM policy_bundles), ?1, ?2, ?3)",
            )?
            .execute(params![
                bundle.digest.as_bytes(),
                bundle.bytes,
                bundle.stored_at_ms.millis()
            ])?;
        Ok(removed == 0)
    }
}
