//! Epoch keys, and wrapping them for one device by HPKE
//! ([RFC 9180](https://www.rfc-editor.org/rfc/rfc9180): base mode, DHKEM(X25519,
//! HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_model::{DeviceId, Digest, WorkspaceId};
use hpke::{
    Deserializable, Kem as _, OpModeR, OpModeS, Serializable, aead::ChaCha20Poly1305,
    kdf::HkdfSha256, kem::X25519HkdfSha256,
};
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, convert::Infallible, fmt};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// HPKE `info`: what the wrapped thing is.
const INFO: &[u8] = b"countersign/epoch-key/v1";
/// Bytes of the encapsulated X25519 key.
const ENCAPPED_BYTES: usize = 32;
/// Bytes of a wrapped key: encapsulated key, sealed 32-byte key, 16-byte tag.
const WRAPPED_BYTES: usize = ENCAPPED_BYTES + 32 + 16;
/// Characters of a wrapped key in padded base64.
const WRAPPED_BASE64: usize = WRAPPED_BYTES.div_ceil(3) * 4;

/// The symmetric key of one epoch of a workspace. Wiped when dropped, never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct EpochKey {
    #[zeroize(skip)]
    epoch: u32,
    bytes: [u8; 32],
}

/// The epoch keys a device holds, by epoch number.
#[derive(Clone, Default, Debug)]
pub struct EpochKeys(BTreeMap<u32, EpochKey>);

/// A device's X25519 secret for receiving epoch keys. Wiped when dropped.
pub struct SealingSecret(<X25519HkdfSha256 as hpke::Kem>::PrivateKey);

/// The public half of a [`SealingSecret`]; the roster and the enrolment request carry its
/// 32 bytes as hex.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SealingPublicKey([u8; 32]);

/// An epoch key wrapped for one device of one workspace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WrappedKey {
    epoch: u32,
    bytes: [u8; WRAPPED_BYTES],
}

/// Why a key could not be read, wrapped or unwrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a usable X25519 public key.
    #[error("not a usable X25519 key: ask the device for a new enrolment request")]
    SealingKey,
    /// Not a wrapped key.
    #[error("not a wrapped epoch key: expected {WRAPPED_BYTES} bytes in base64")]
    Malformed,
    /// The wrapped key is for another device, workspace or epoch, or was altered.
    #[error("the epoch key was not wrapped for this device, workspace and epoch")]
    CannotUnwrap,
}

impl EpochKey {
    /// A key from 32 random bytes.
    #[must_use]
    pub const fn from_bytes(epoch: u32, bytes: [u8; 32]) -> Self {
        Self { epoch, bytes }
    }

    /// The epoch's number, from 0.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The 32 secret bytes, for sealing at rest only.
    #[must_use]
    pub const fn secret_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Wraps the key for one device. `randomness` is 32 fresh random bytes, never reused.
    ///
    /// # Errors
    /// [`KeyError::SealingKey`] for a key that yields no shared secret.
    pub fn wrap(
        &self,
        workspace: WorkspaceId,
        device: DeviceId,
        to: &SealingPublicKey,
        randomness: &[u8; 32],
    ) -> Result<WrappedKey, KeyError> {
        let recipient = <X25519HkdfSha256 as hpke::Kem>::PublicKey::from_bytes(&to.0)
            .map_err(|_| KeyError::SealingKey)?;
        let (encapped, sealed) =
            hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
                &OpModeS::Base,
                &recipient,
                INFO,
                &self.bytes,
                &context(workspace, device, self.epoch),
                &mut SeedRng::new(randomness),
            )
            .map_err(|_| KeyError::SealingKey)?;
        let mut bytes = Vec::with_capacity(WRAPPED_BYTES);
        bytes.extend_from_slice(&encapped.to_bytes());
        bytes.extend_from_slice(&sealed);
        let bytes = bytes.try_into().map_err(|_| KeyError::SealingKey)?;
        Ok(WrappedKey { epoch: self.epoch, bytes })
    }
}

impl EpochKeys {
    /// Adds a key; the key of an epoch that is known already stays.
    pub fn add(&mut self, key: EpochKey) {
        self.0.entry(key.epoch).or_insert(key);
    }

    /// The key of an epoch.
    #[must_use]
    pub fn get(&self, epoch: u32) -> Option<&EpochKey> {
        self.0.get(&epoch)
    }

    /// The newest key: the one to write under.
    #[must_use]
    pub fn newest(&self) -> Option<&EpochKey> {
        self.0.last_key_value().map(|(_, key)| key)
    }
}

impl FromIterator<EpochKey> for EpochKeys {
    fn from_iter<I: IntoIterator<Item = EpochKey>>(keys: I) -> Self {
        let mut all = Self::default();
        keys.into_iter().for_each(|key| all.add(key));
        all
    }
}

impl SealingSecret {
    /// Derives the X25519 pair from 32 random bytes (RFC 9180 `DeriveKeyPair`).
    #[must_use]
    pub fn from_bytes(secret: &[u8; 32]) -> Self {
        Self(X25519HkdfSha256::derive_keypair(secret).0)
    }

    /// The public half, for the enrolment request and the roster.
    #[must_use]
    pub fn public_key(&self) -> SealingPublicKey {
        SealingPublicKey(X25519HkdfSha256::sk_to_pk(&self.0).to_bytes().into())
    }

    /// Unwraps an epoch key that was wrapped for this device.
    ///
    /// # Errors
    /// [`KeyError::CannotUnwrap`].
    pub fn unwrap(
        &self,
        workspace: WorkspaceId,
        device: DeviceId,
        wrapped: &WrappedKey,
    ) -> Result<EpochKey, KeyError> {
        let (encapped, sealed) = wrapped.bytes.split_at(ENCAPPED_BYTES);
        let encapped = <X25519HkdfSha256 as hpke::Kem>::EncappedKey::from_bytes(encapped)
            .map_err(|_| KeyError::CannotUnwrap)?;
        let opened = Zeroizing::new(
            hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
                &OpModeR::Base,
                &self.0,
                &encapped,
                INFO,
                sealed,
                &context(workspace, device, wrapped.epoch),
            )
            .map_err(|_| KeyError::CannotUnwrap)?,
        );
        let bytes = opened.as_slice().try_into().map_err(|_| KeyError::CannotUnwrap)?;
        Ok(EpochKey { epoch: wrapped.epoch, bytes })
    }
}

impl SealingPublicKey {
    /// The 32 bytes of a public key.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

// The model names 32 bytes in hex by `Digest`; rosters and requests carry the key like that.
impl From<Digest> for SealingPublicKey {
    fn from(bytes: Digest) -> Self {
        Self(*bytes.as_bytes())
    }
}

impl From<SealingPublicKey> for Digest {
    fn from(key: SealingPublicKey) -> Self {
        Self::from_bytes(key.0)
    }
}

impl WrappedKey {
    /// The epoch's number.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Base64 (RFC 4648, padded), as the enrolment file carries it.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.bytes)
    }

    /// Reads the base64 form.
    ///
    /// # Errors
    /// [`KeyError::Malformed`].
    pub fn from_base64(epoch: u32, text: &str) -> Result<Self, KeyError> {
        if text.len() != WRAPPED_BASE64 {
            return Err(KeyError::Malformed);
        }
        let bytes = STANDARD.decode(text).map_err(|_| KeyError::Malformed)?;
        let bytes = bytes.try_into().map_err(|_| KeyError::Malformed)?;
        Ok(Self { epoch, bytes })
    }
}

impl fmt::Debug for EpochKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EpochKey({})", self.epoch)
    }
}

impl fmt::Debug for SealingSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingSecret({:?})", self.public_key())
    }
}

impl fmt::Debug for SealingPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// HPKE `aad`: a wrapped key fits one workspace, device and epoch only.
fn context(workspace: WorkspaceId, device: DeviceId, epoch: u32) -> [u8; 36] {
    let mut bytes = [0; 36];
    bytes[..16].copy_from_slice(workspace.uuid().as_bytes());
    bytes[16..32].copy_from_slice(device.uuid().as_bytes());
    bytes[32..].copy_from_slice(&epoch.to_be_bytes());
    bytes
}

/// Feeds HPKE the caller's 32 random bytes, stretched by SHA-256 in counter mode; this
/// room has no randomness of its own.
struct SeedRng {
    seed: Zeroizing<[u8; 32]>,
    blocks: u64,
}

impl SeedRng {
    fn new(seed: &[u8; 32]) -> Self {
        Self { seed: Zeroizing::new(*seed), blocks: 0 }
    }

    fn block(&mut self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(b"countersign/seed-rng/v1");
        hasher.update(self.seed.as_slice());
        hasher.update(self.blocks.to_be_bytes());
        self.blocks += 1;
        hasher.finalize().into()
    }
}

impl rand_core::TryRng for SeedRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        for chunk in dst.chunks_mut(32) {
            chunk.copy_from_slice(&self.block()[..chunk.len()]);
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for SeedRng {}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_wrapped_key_fits_one_device_workspace_and_epoch() {
        let (secret, other) =
            (SealingSecret::from_bytes(&[1; 32]), SealingSecret::from_bytes(&[2; 32]));
        let workspace = WorkspaceId::from_uuid(Uuid::from_u128(1));
        let device = DeviceId::from_uuid(Uuid::from_u128(2));
        let key = EpochKey::from_bytes(7, [9; 32]);
        let wrapped = key.wrap(workspace, device, &secret.public_key(), &[3; 32]).unwrap();
        let again = WrappedKey::from_base64(7, &wrapped.to_base64()).unwrap();
        let opened = secret.unwrap(workspace, device, &again).unwrap();
        assert_eq!((opened.epoch(), opened.secret_bytes()), (7, &[9; 32]));

        let foreign = WorkspaceId::from_uuid(Uuid::from_u128(9));
        let stranger = DeviceId::from_uuid(Uuid::from_u128(9));
        let late = WrappedKey { epoch: 8, ..wrapped.clone() };
        for refused in [
            other.unwrap(workspace, device, &wrapped),
            secret.unwrap(foreign, device, &wrapped),
            secret.unwrap(workspace, stranger, &wrapped),
            secret.unwrap(workspace, device, &late),
        ] {
            assert_eq!(refused.unwrap_err(), KeyError::CannotUnwrap);
        }
        for at in 0..WRAPPED_BYTES {
            let mut altered = wrapped.clone();
            altered.bytes[at] ^= 1;
            assert!(secret.unwrap(workspace, device, &altered).is_err(), "byte {at}");
        }
        assert_eq!(WrappedKey::from_base64(7, "AAAA"), Err(KeyError::Malformed));
        let endless = "A".repeat(64 * 1024 * 1024);
        assert_eq!(WrappedKey::from_base64(7, &endless), Err(KeyError::Malformed));
    }

    #[test]
    fn secrets_do_not_print() {
        let key = EpochKey::from_bytes(0, [0xab; 32]);
        assert_eq!(format!("{key:?}"), "EpochKey(0)");
        assert!(SealingPublicKey::from_bytes([0; 32]).as_bytes().iter().all(|byte| *byte == 0));
        let zero = SealingPublicKey::from_bytes([0; 32]);
        let nobody = DeviceId::from_uuid(Uuid::nil());
        let nowhere = WorkspaceId::from_uuid(Uuid::nil());
        assert_eq!(key.wrap(nowhere, nobody, &zero, &[0; 32]), Err(KeyError::SealingKey));
    }
}
