//! Ed25519: the one place that checks a signature, or many at once ([`batch`]).
//!
//! The rule is ZIP-215 (the cofactored equation with permissive point encodings), the
//! only rule under which single and batch verification accept the same set. What it
//! would admit beyond strict verification is closed elsewhere: keys of small order or
//! with a second encoding are refused when a key is read, and replay is judged by the
//! decision's id and digest, never by signature bytes. See `docs/formats/signatures.md`.

pub mod batch;

use crate::{
    digest::{decode_hex, encode_hex},
    spelling,
};
use ed25519_zebra::{Signature as ZebraSignature, VerificationKey, VerificationKeyBytes};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// An Ed25519 public key, written as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

/// An Ed25519 signature (RFC 8032 encoding).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 64]);

/// Why a key or a signature was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Not the encoding of a usable public key.
    #[error("not a usable Ed25519 public key")]
    Key,
    /// Not 64 bytes.
    #[error("not an Ed25519 signature: expected 64 bytes")]
    Length,
    /// The signature is not by this key over these bytes.
    #[error("the signature does not match the bytes and the key")]
    Mismatch,
}

/// Something that signs with one Ed25519 key: the keychain, the gate's key file, a token.
///
/// Implementations never export the key, and fail rather than make a new one.
pub trait Signer: Send + Sync {
    /// The public half.
    fn public_key(&self) -> PublicKey;
    /// Signs the bytes as they are.
    ///
    /// # Errors
    /// When the key cannot be used now (locked, missing, refused by its owner).
    fn sign(&self, bytes: &[u8]) -> Result<Signature, SignerError>;
}

/// Why a key could not sign; the text is for the person at the device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the signing key cannot be used: {reason}")]
pub struct SignerError {
    /// What stands in the way and what to do; no secret.
    pub reason: String,
}

impl PublicKey {
    /// Reads a key and refuses what could verify more than one owner's bytes: points of
    /// small order and non-canonical encodings.
    ///
    /// # Errors
    /// [`SignatureError::Key`].
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, SignatureError> {
        let key =
            ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| SignatureError::Key)?;
        if key.is_weak() || key.to_edwards().compress().to_bytes() != bytes {
            return Err(SignatureError::Key);
        }
        Ok(Self(bytes))
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Checks a signature over the bytes as they are (ZIP-215).
    ///
    /// # Errors
    /// [`SignatureError::Mismatch`].
    pub fn verify(&self, bytes: &[u8], signature: &Signature) -> Result<(), SignatureError> {
        VerificationKey::try_from(VerificationKeyBytes::from(self.0))
            .map_err(|_| SignatureError::Key)?
            .verify(&ZebraSignature::from_bytes(&signature.0), bytes)
            .map_err(|_| SignatureError::Mismatch)
    }
}

impl Signature {
    /// Reads a signature; whether it fits is [`PublicKey::verify`]'s to say.
    ///
    /// # Errors
    /// [`SignatureError::Length`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, SignatureError> {
        bytes.try_into().map(Self).map_err(|_| SignatureError::Length)
    }

    /// The 64 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

/// A signing key held in memory: the gate's, an operator's, a test's.
///
/// The key is wiped when dropped; `Debug` shows the public half only.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// From a 32-byte seed (RFC 8032 private key).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }
}

impl Signer for SigningKey {
    fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    fn sign(&self, bytes: &[u8]) -> Result<Signature, SignerError> {
        use ed25519_dalek::Signer as _;
        Ok(Signature(self.0.sign(bytes).to_bytes()))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public_key())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(encode_hex(&self.0).as_str())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for PublicKey {
    type Err = SignatureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_bytes(decode_hex(text).ok_or(SignatureError::Key)?)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(encode_hex(&self.0).as_str())
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        spelling::read(deserializer, str::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_8032_test_1() {
        let seed =
            decode_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
        let key = SigningKey::from_seed(&seed);
        assert_eq!(
            key.public_key().to_string(),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
        let signature = key.sign(b"").unwrap();
        assert!(format!("{signature:?}").starts_with("e5564300c360ac729086e2cc806e828a"));
        assert_eq!(key.public_key().verify(b"", &signature), Ok(()));
        assert_eq!(key.public_key().verify(b"x", &signature), Err(SignatureError::Mismatch));
    }

    #[test]
    fn small_order_and_second_encodings_are_no_keys() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(PublicKey::from_bytes(identity), Err(SignatureError::Key));
        // y = 2^255 - 18 encodes the same point as y = 1.
        let mut second = [0xff; 32];
        second[0] = 0xee;
        second[31] = 0x7f;
        assert_eq!(PublicKey::from_bytes(second), Err(SignatureError::Key));
    }
}
