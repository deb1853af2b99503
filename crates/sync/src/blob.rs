//! Sealed blobs: evidence beside the records, named by the SHA-256 of its ciphertext.

use crate::{
    key::{EpochKey, EpochKeys},
    limits::MAX_BLOB_BYTES,
};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use countersign_model::{Digest, WorkspaceId};

/// Begins the bytes that are authenticated by the cipher.
const AAD_DOMAIN: &[u8] = b"countersign/blob/v1\n";
/// Version byte, epoch, nonce.
const HEAD_BYTES: usize = 1 + 4 + 24;
/// The version at the head of every blob.
const VERSION: u8 = 1;

/// A sealed blob and its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SealedBlob {
    /// SHA-256 over `bytes`.
    pub digest: Digest,
    /// Version byte, epoch (4 bytes, big-endian), nonce (24), ciphertext and tag.
    pub bytes: Vec<u8>,
}

/// Why a blob could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// Over [`MAX_BLOB_BYTES`].
    #[error("the blob is larger than {MAX_BLOB_BYTES} bytes sealed")]
    TooLarge,
    /// The bytes are not the ones that were asked for.
    #[error("the blob's bytes do not have the digest that was asked for")]
    Digest,
    /// Not a sealed blob.
    #[error("not a sealed blob of version {VERSION}")]
    Malformed,
    /// No key of that epoch on this device.
    #[error("no key of epoch {epoch} on this device: it was not enrolled for that epoch")]
    UnknownEpoch {
        /// The blob's epoch.
        epoch: u32,
    },
    /// The cipher refused.
    #[error("the blob does not open under its epoch's key")]
    Cipher,
}

/// Seals a blob for a workspace. `nonce` is 24 fresh random bytes.
///
/// # Errors
/// [`BlobError::TooLarge`], [`BlobError::Cipher`].
pub fn seal_blob(
    workspace: WorkspaceId,
    plaintext: &[u8],
    key: &EpochKey,
    nonce: [u8; 24],
) -> Result<SealedBlob, BlobError> {
    if plaintext.len() > MAX_BLOB_BYTES - HEAD_BYTES - 16 {
        return Err(BlobError::TooLarge);
    }
    let aad = authenticated_bytes(workspace, key.epoch());
    let ciphertext = XChaCha20Poly1305::new(key.secret_bytes().into())
        .encrypt(&XNonce::from(nonce), Payload { msg: plaintext, aad: &aad })
        .map_err(|_| BlobError::Cipher)?;
    let mut bytes = Vec::with_capacity(HEAD_BYTES + ciphertext.len());
    bytes.push(VERSION);
    bytes.extend_from_slice(&key.epoch().to_be_bytes());
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&ciphertext);
    Ok(SealedBlob { digest: Digest::of(&bytes), bytes })
}

/// Checks that `bytes` are the blob that was asked for and opens it.
///
/// # Errors
/// [`BlobError`].
pub fn open_blob(
    workspace: WorkspaceId,
    asked_for: Digest,
    bytes: &[u8],
    keys: &EpochKeys,
) -> Result<Vec<u8>, BlobError> {
    if bytes.len() > MAX_BLOB_BYTES {
        return Err(BlobError::TooLarge);
    }
    if Digest::of(bytes) != asked_for {
        return Err(BlobError::Digest);
    }
    let (version, rest) = bytes.split_first_chunk::<1>().ok_or(BlobError::Malformed)?;
    let (epoch, rest) = rest.split_first_chunk::<4>().ok_or(BlobError::Malformed)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<24>().ok_or(BlobError::Malformed)?;
    if *version != [VERSION] {
        return Err(BlobError::Malformed);
    }
    let epoch = u32::from_be_bytes(*epoch);
    let key = keys.get(epoch).ok_or(BlobError::UnknownEpoch { epoch })?;
    let aad = authenticated_bytes(workspace, epoch);
    XChaCha20Poly1305::new(key.secret_bytes().into())
        .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: &aad })
        .map_err(|_| BlobError::Cipher)
}

fn authenticated_bytes(workspace: WorkspaceId, epoch: u32) -> Vec<u8> {
    let mut bytes = AAD_DOMAIN.to_vec();
    bytes.extend_from_slice(workspace.uuid().as_bytes());
    bytes.extend_from_slice(&epoch.to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_blob_opens_only_as_itself_in_its_workspace() {
        let workspace = WorkspaceId::from_uuid(Uuid::from_u128(1));
        let key = EpochKey::from_bytes(3, [5; 32]);
        let keys: EpochKeys = [key.clone()].into_iter().collect();
        let blob = seal_blob(workspace, b"pacing series", &key, [6; 24]).unwrap();
        let opened = open_blob(workspace, blob.digest, &blob.bytes, &keys);
        assert_eq!(opened.unwrap(), b"pacing series");
        for at in 0..blob.bytes.len() {
            let mut altered = blob.bytes.clone();
            altered[at] ^= 0x40;
            assert_eq!(open_blob(workspace, blob.digest, &altered, &keys), Err(BlobError::Digest));
            // Even a relay that names the altered bytes by their own digest gains nothing.
            assert!(open_blob(workspace, Digest::of(&altered), &altered, &keys).is_err());
        }
        let foreign = WorkspaceId::from_uuid(Uuid::from_u128(2));
        assert_eq!(open_blob(foreign, blob.digest, &blob.bytes, &keys), Err(BlobError::Cipher));
        assert_eq!(
            open_blob(workspace, blob.digest, &blob.bytes, &EpochKeys::default()),
            Err(BlobError::UnknownEpoch { epoch: 3 })
        );
        let huge = vec![0; MAX_BLOB_BYTES];
        assert_eq!(seal_blob(workspace, &huge, &key, [6; 24]), Err(BlobError::TooLarge));
    }
}
