//! The sealed record: header in the clear, body under the epoch key, signature by the
//! writing device. Its bytes are fixed in `docs/formats/records.md`; do not reorder.

use crate::{
    key::{EpochKey, EpochKeys},
    limits::{MAX_PLAINTEXT_BYTES, MAX_RECORD_BYTES},
};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use countersign_model::{
    DeviceId, Digest, PublicKey, Signature, Signer, WorkspaceId,
    signature::{SignatureError, SignerError, batch::Item},
};
use minicbor::{Decoder, Encoder};
use uuid::Uuid;

/// Begins the bytes that are authenticated by the cipher.
const AAD_DOMAIN: &[u8] = b"countersign/record/v1\n";
/// Begins the bytes that are signed.
const SIGNATURE_DOMAIN: &[u8] = b"countersign/record-signature/v1\n";
/// The version at the head of every record.
const VERSION: u8 = 1;
/// Elements of the record's CBOR array.
const FIELDS: u64 = 9;

/// What a record says in the clear; the relay sees this and nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// The workspace the record belongs to.
    pub workspace: WorkspaceId,
    /// The epoch whose key seals the body.
    pub epoch: u32,
    /// The device that wrote and signed it.
    pub writer: DeviceId,
    /// The writer's count of records, from 0, without gaps.
    pub writer_seq: u64,
    /// Digest of the writer's record before this one; zeros for the first.
    pub prev: Digest,
}

/// A record as it is stored and sent, in its one encoding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SealedRecord {
    header: Header,
    nonce: [u8; 24],
    ciphertext: Vec<u8>,
    signature: Signature,
    encoded: Vec<u8>,
}

/// Why bytes are not a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Over [`MAX_RECORD_BYTES`].
    #[error("the record is larger than {MAX_RECORD_BYTES} bytes")]
    TooLarge,
    /// Not this version's CBOR array, or not its one encoding.
    #[error("not a sealed record of version {VERSION} in canonical CBOR")]
    Malformed,
}

/// Why a record could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Over [`MAX_PLAINTEXT_BYTES`].
    #[error("the body is larger than {MAX_PLAINTEXT_BYTES} bytes: put what is large in a blob")]
    TooLarge,
    /// The header names another epoch than the key's.
    #[error("the header names epoch {header} and the key is of epoch {key}")]
    Epoch {
        /// The header's.
        header: u32,
        /// The key's.
        key: u32,
    },
    /// The cipher or the encoder failed.
    #[error("the record cannot be sealed")]
    Cipher,
    /// The device's key could not sign.
    #[error("the record cannot be signed")]
    Signer(#[from] SignerError),
}

/// Why a record's body could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// No key of that epoch on this device.
    #[error("no key of epoch {epoch} on this device: it was not enrolled for that epoch")]
    UnknownEpoch {
        /// The record's epoch.
        epoch: u32,
    },
    /// The body does not open under its header and the epoch's key.
    #[error("the record does not open under the key of epoch {epoch}")]
    Cipher {
        /// The record's epoch.
        epoch: u32,
    },
}

impl Header {
    /// The authenticated bytes: fixed layout, big-endian.
    fn authenticated_bytes(&self, domain: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(domain.len() + 76 + 56);
        bytes.extend_from_slice(domain);
        bytes.extend_from_slice(self.workspace.uuid().as_bytes());
        bytes.extend_from_slice(&self.epoch.to_be_bytes());
        bytes.extend_from_slice(self.writer.uuid().as_bytes());
        bytes.extend_from_slice(&self.writer_seq.to_be_bytes());
        bytes.extend_from_slice(self.prev.as_bytes());
        bytes
    }
}

impl SealedRecord {
    /// Seals and signs. `nonce` is 24 fresh random bytes.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn seal(
        header: Header,
        plaintext: &[u8],
        key: &EpochKey,
        nonce: [u8; 24],
        signer: &dyn Signer,
    ) -> Result<Self, SealError> {
        if plaintext.len() > MAX_PLAINTEXT_BYTES {
            return Err(SealError::TooLarge);
        }
        if header.epoch != key.epoch() {
            return Err(SealError::Epoch { header: header.epoch, key: key.epoch() });
        }
        let aad = header.authenticated_bytes(AAD_DOMAIN);
        let ciphertext = XChaCha20Poly1305::new(key.secret_bytes().into())
            .encrypt(&XNonce::from(nonce), Payload { msg: plaintext, aad: &aad })
            .map_err(|_| SealError::Cipher)?;
        let signature = signer.sign(&signed_bytes(&header, &nonce, &ciphertext))?;
        let encoded = encode(&header, &nonce, &ciphertext, &signature)
            .map_err(|_: minicbor::encode::Error<_>| SealError::Cipher)?;
        Ok(Self { header, nonce, ciphertext, signature, encoded })
    }

    /// Reads a record and refuses any but its one encoding. Checks no signature.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > MAX_RECORD_BYTES {
            return Err(DecodeError::TooLarge);
        }
        let record = decode(bytes).ok_or(DecodeError::Malformed)?;
        if record.encoded == bytes { Ok(record) } else { Err(DecodeError::Malformed) }
    }

    /// The record's one encoding.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.encoded
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// SHA-256 over the whole encoding: what the writer's next record names as `prev`.
    #[must_use]
    pub fn digest(&self) -> Digest {
        record_digest(&self.encoded)
    }

    /// Checks the writer's signature; needs no key of the workspace, so the relay can.
    ///
    /// # Errors
    /// [`SignatureError::Mismatch`].
    pub fn verify(&self, writer_key: &PublicKey) -> Result<(), SignatureError> {
        let bytes = signed_bytes(&self.header, &self.nonce, &self.ciphertext);
        writer_key.verify(&bytes, &self.signature)
    }

    /// The signature as an item of a batch, which says what [`SealedRecord::verify`] says.
    #[must_use]
    pub fn batch_item(&self, writer_key: PublicKey) -> Item {
        let bytes = signed_bytes(&self.header, &self.nonce, &self.ciphertext);
        Item::new(writer_key, self.signature, &bytes)
    }

    /// Opens the body. Check the signature first.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(&self, keys: &EpochKeys) -> Result<Vec<u8>, OpenError> {
        let epoch = self.header.epoch;
        let key = keys.get(epoch).ok_or(OpenError::UnknownEpoch { epoch })?;
        let aad = self.header.authenticated_bytes(AAD_DOMAIN);
        XChaCha20Poly1305::new(key.secret_bytes().into())
            .decrypt(&XNonce::from(self.nonce), Payload { msg: &self.ciphertext, aad: &aad })
            .map_err(|_| OpenError::Cipher { epoch })
    }
}

/// SHA-256 over a record's whole encoding.
#[must_use]
pub fn record_digest(encoded: &[u8]) -> Digest {
    Digest::of(encoded)
}

fn signed_bytes(header: &Header, nonce: &[u8; 24], ciphertext: &[u8]) -> Vec<u8> {
    let mut bytes = header.authenticated_bytes(SIGNATURE_DOMAIN);
    bytes.extend_from_slice(nonce);
    bytes.extend_from_slice(Digest::of(ciphertext).as_bytes());
    bytes
}

fn encode(
    header: &Header,
    nonce: &[u8; 24],
    ciphertext: &[u8],
    signature: &Signature,
) -> Result<Vec<u8>, minicbor::encode::Error<std::convert::Infallible>> {
    let mut encoder = Encoder::new(Vec::with_capacity(ciphertext.len() + 256));
    encoder
        .array(FIELDS)?
        .u8(VERSION)?
        .bytes(header.workspace.uuid().as_bytes())?
        .u32(header.epoch)?
        .bytes(header.writer.uuid().as_bytes())?
        .u64(header.writer_seq)?
        .bytes(header.prev.as_bytes())?
        .bytes(nonce)?
        .bytes(ciphertext)?
        .bytes(signature.as_bytes())?;
    Ok(encoder.into_writer())
}

fn decode(bytes: &[u8]) -> Option<SealedRecord> {
    let mut decoder = Decoder::new(bytes);
    if decoder.array().ok()? != Some(FIELDS) || decoder.u8().ok()? != VERSION {
        return None;
    }
    let header = Header {
        workspace: WorkspaceId::from_uuid(Uuid::from_bytes(fixed(&mut decoder)?)),
        epoch: decoder.u32().ok()?,
        writer: DeviceId::from_uuid(Uuid::from_bytes(fixed(&mut decoder)?)),
        writer_seq: decoder.u64().ok()?,
        prev: Digest::from_bytes(fixed(&mut decoder)?),
    };
    let nonce = fixed(&mut decoder)?;
    let ciphertext = decoder.bytes().ok()?.to_vec();
    let signature = Signature::from_slice(decoder.bytes().ok()?).ok()?;
    let encoded = encode(&header, &nonce, &ciphertext, &signature).ok()?;
    Some(SealedRecord { header, nonce, ciphertext, signature, encoded })
}

fn fixed<const N: usize>(decoder: &mut Decoder<'_>) -> Option<[u8; N]> {
    decoder.bytes().ok()?.try_into().ok()
}
