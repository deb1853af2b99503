//! Who this gate is: its ids and the keys it holds, read from their files.

use crate::{
    data::DataDir,
    keys::{self, KeyError},
    store::{Store, StoreError},
};
use countersign_audit::{LogKeys, checkpoint};
use countersign_model::{DeviceId, Signer as _, WorkspaceId, signature::SigningKey};
use countersign_sync::EpochKey;
use zeroize::Zeroizing;

/// The first epoch of a workspace.
pub const FIRST_EPOCH: u32 = 0;

/// Ids and keys. No person's key is among them.
pub struct Identity {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The gate as a device of the relay and as an actor of the log.
    pub device: DeviceId,
    /// Signs proposals, verdicts, entries, records and requests.
    pub signing: SigningKey,
    /// Signs checkpoints.
    pub log: SigningKey,
    /// The log's name.
    pub origin: String,
    /// Whose log it is.
    pub log_keys: LogKeys,
    /// Seals records and blobs.
    pub epoch: EpochKey,
    /// Seals second-factor secrets at rest.
    pub factors: Zeroizing<[u8; keys::KEY_BYTES]>,
}

/// Why the gate cannot say who it is.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A key file.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Ids or keys in the database are not what the key files say.
    #[error(
        "the parts of the data folder do not belong together: {0}; restore keys and database from one back-up"
    )]
    Mismatch(&'static str),
}

impl Identity {
    /// Reads ids from the database and keys from their files.
    ///
    /// # Errors
    /// [`IdentityError`]; nothing is ever replaced here.
    pub fn load(data: &DataDir, store: &Store) -> Result<Self, IdentityError> {
        let (workspace, device, vkey) = store.read(|reader| {
            Ok::<_, StoreError>((
                reader.meta_text("workspace")?,
                reader.meta_text("device")?,
                reader.meta_text("log_vkey")?,
            ))
        })?;
        let workspace =
            workspace.parse().map_err(|_| IdentityError::Mismatch("no workspace id"))?;
        let device = device.parse().map_err(|_| IdentityError::Mismatch("no device id"))?;
        let signing = keys::load_signing(&data.key("gate"))?;
        let log = keys::load_signing(&data.key("log"))?;
        let (origin, log_key) = checkpoint::parse_vkey(&vkey)
            .map_err(|_| IdentityError::Mismatch("the log's verifier key cannot be read"))?;
        if log_key != log.public_key() {
            return Err(IdentityError::Mismatch("log.key is not the key of this log"));
        }
        let log_keys = LogKeys { workspace, gate_key: signing.public_key(), vkey };
        let epoch = EpochKey::from_bytes(FIRST_EPOCH, *keys::load(&data.key("epoch-0"))?);
        let factors = keys::load(&data.key("factors"))?;
        Ok(Self { workspace, device, signing, log, origin, log_keys, epoch, factors })
    }
}
