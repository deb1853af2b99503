//! Envelopes of a case that could not be verified when they came: their signer may be on a
//! later roster, or what they are about may come after them.

use crate::{Reader, StoreError, Tx, handle};
use countersign_model::{DeviceId, Digest, ProposalId};
use rusqlite::params;

/// An envelope that waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WaitingEnvelope {
    /// The case whose record it came in.
    pub proposal: ProposalId,
    /// Digest of its bytes.
    pub digest: Digest,
    /// Who wrote that record.
    pub writer: DeviceId,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Reader<'_> {
    /// What waits in a case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn waiting_envelopes(&self, case: ProposalId) -> Result<Vec<WaitingEnvelope>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT proposal, digest, writer, bytes FROM waiting_envelopes WHERE proposal = ?1",
        )?;
        let rows = statement.query_map([case.to_string()], |row| {
            Ok(WaitingEnvelope {
                proposal: handle::id(row, 0)?,
                digest: handle::digest(row, 1)?,
                writer: handle::id(row, 2)?,
                bytes: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Keeps an envelope until it can be verified; one that waits already stays as it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_waiting(&self, envelope: &WaitingEnvelope) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO waiting_envelopes (proposal, digest, writer, bytes)
                 VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                envelope.proposal.to_string(),
                envelope.digest.as_bytes(),
                envelope.writer.to_string(),
                envelope.bytes,
            ])?;
        Ok(())
    }

    /// Forgets an envelope that waits no more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remove_waiting(&self, case: ProposalId, digest: Digest) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM waiting_envelopes WHERE proposal = ?1 AND digest = ?2")?
            .execute(params![case.to_string(), digest.as_bytes()])?;
        Ok(())
    }
}
