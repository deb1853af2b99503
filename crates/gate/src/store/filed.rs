//! Table `filed`: how much each device has filed in each case.

use super::{Reader, StoreError, Tx};
use countersign_document::Filed;
use countersign_model::{DeviceId, ProposalId};
use rusqlite::OptionalExtension as _;

impl Reader<'_> {
    /// What a device has filed in a case so far.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn filed(&self, device: DeviceId, proposal: ProposalId) -> Result<Filed, StoreError> {
        let sql = "SELECT envelopes, bytes FROM filed WHERE device = ?1 AND proposal = ?2";
        let key = (device.to_string(), proposal.to_string());
        let found = self
            .connection
            .prepare_cached(sql)?
            .query_row(key, |row| Ok(Filed { envelopes: row.get(0)?, bytes: row.get(1)? }))
            .optional()?;
        Ok(found.unwrap_or_default())
    }
}

impl Tx<'_> {
    /// Keeps what a device has filed in a case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_filed(
        &self,
        device: DeviceId,
        proposal: ProposalId,
        filed: Filed,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO filed VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT DO UPDATE SET envelopes = ?3, bytes = ?4";
        let row = (device.to_string(), proposal.to_string(), filed.envelopes, filed.bytes);
        self.connection.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }
}
