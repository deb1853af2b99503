//! The writing side: the next record of a device, given what it wrote before.

use crate::{
    key::EpochKey,
    record::{Header, SealError, SealedRecord},
};
use countersign_model::{DeviceId, Digest, Signer, WorkspaceId};
use serde::{Deserialize, Serialize};

/// Where a device's own chain stands. Persist it in the transaction that stores the sealed
/// record: a `writer_seq` used twice with different bytes is a fork, and everybody sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WriterState {
    /// The `writer_seq` of the next record.
    pub next_seq: u64,
    /// Digest of the last record; zeros before the first.
    pub prev: Digest,
}

impl WriterState {
    /// A device that has written nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { next_seq: 0, prev: Digest::from_bytes([0; 32]) }
    }

    /// Seals the next record and gives the state after it. `nonce` is 24 fresh random bytes.
    ///
    /// # Errors
    /// [`SealError`]; the state is unchanged then.
    pub fn seal_next(
        self,
        workspace: WorkspaceId,
        writer: DeviceId,
        plaintext: &[u8],
        key: &EpochKey,
        nonce: [u8; 24],
        signer: &dyn Signer,
    ) -> Result<(SealedRecord, Self), SealError> {
        let header = Header {
            workspace,
            epoch: key.epoch(),
            writer,
            writer_seq: self.next_seq,
            prev: self.prev,
        };
        let record = SealedRecord::seal(header, plaintext, key, nonce, signer)?;
        let next = Self { next_seq: self.next_seq + 1, prev: record.digest() };
        Ok((record, next))
    }
}

impl Default for WriterState {
    fn default() -> Self {
        Self::new()
    }
}
