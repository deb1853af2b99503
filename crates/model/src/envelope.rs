//! DSSE v1 envelopes around in-toto Statement v1: the one form of everything signed.
//!
//! Specifications: <https://github.com/secure-systems-lab/dsse> (protocol.md, envelope.md)
//! and <https://github.com/in-toto/attestation> (spec/v1/statement.md).

mod claim;

pub use claim::{Claim, check_together};

use crate::{
    Digest, PublicKey, Signature, Signer,
    canonical::{self, CanonicalError},
    signature::{SignatureError, SignerError},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;

/// The DSSE payload type of every envelope here.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// The in-toto statement type.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// Larger envelopes are refused before they are parsed, in bytes.
pub const MAX_ENVELOPE_BYTES: usize = 256 * 1024;

/// What a statement's predicate is; each signed type has exactly one.
pub trait Predicate: Serialize + DeserializeOwned {
    /// The in-toto `predicateType`.
    const TYPE: &'static str;
}

/// A DSSE envelope: base64 payload and its signatures. Its own canonical form is JCS.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Envelope {
    payload_type: String,
    payload: String,
    signatures: Vec<EnvelopeSignature>,
}

/// One signature of an envelope.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeSignature {
    keyid: String,
    sig: String,
}

/// An in-toto Statement v1.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement<P> {
    #[serde(rename = "_type")]
    statement_type: String,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    /// What is claimed about the subject.
    pub predicate: P,
}

/// What a statement is about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    name: String,
    digest: BTreeMap<String, String>,
}

/// Why an envelope was refused.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// Too large to be one of ours.
    #[error("the envelope is larger than {MAX_ENVELOPE_BYTES} bytes")]
    TooLarge,
    /// Not the JSON, base64 or canonical form that is expected.
    #[error("the envelope is malformed: {0}")]
    Malformed(&'static str),
    /// The payload is not a canonical statement of the expected shape.
    #[error("the signed statement is malformed")]
    Statement(#[source] CanonicalError),
    /// The statement is of another type.
    #[error("expected a statement of type {expected}, found another")]
    WrongPredicate {
        /// The type that was expected.
        expected: &'static str,
    },
    /// No signature is by one of the expected keys.
    #[error("no signature is by a key that is known for this")]
    UnknownKey,
    /// A known key's signature does not fit.
    #[error("the signature does not fit")]
    Signature(#[source] SignatureError),
}

/// Why an envelope could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The predicate has no canonical form.
    #[error("the statement cannot be written")]
    Canonical(#[source] CanonicalError),
    /// The key could not sign.
    #[error(transparent)]
    Signer(#[from] SignerError),
}

/// A statement whose signature was checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified<P> {
    /// The claim.
    pub predicate: P,
    /// The digest that the claim is about.
    pub subject: Digest,
    /// The subject's name.
    pub subject_name: String,
    /// The key whose signature was checked.
    pub signed_by: PublicKey,
    /// The digest of the signed payload bytes (not of the envelope).
    pub payload_digest: Digest,
}

/// The canonical bytes of a statement: what is shown, hashed and signed.
///
/// # Errors
/// When the predicate has no canonical JSON form.
pub fn statement_bytes<P: Predicate>(
    subject_name: &str,
    subject: Digest,
    predicate: &P,
) -> Result<Vec<u8>, CanonicalError> {
    canonical::to_bytes(&Statement {
        statement_type: STATEMENT_TYPE.into(),
        subject: vec![Subject {
            name: subject_name.into(),
            digest: BTreeMap::from([("sha256".into(), subject.to_string())]),
        }],
        predicate_type: P::TYPE.into(),
        predicate,
    })
}

/// DSSE pre-authentication encoding: the bytes that Ed25519 signs.
#[must_use]
pub fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes =
        format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

impl Envelope {
    /// Makes and signs a statement about `subject`.
    ///
    /// # Errors
    /// When the predicate has no canonical form or the key cannot sign.
    pub fn seal<P: Predicate>(
        subject_name: &str,
        subject: Digest,
        predicate: &P,
        signer: &dyn Signer,
    ) -> Result<Self, SealError> {
        let payload =
            statement_bytes(subject_name, subject, predicate).map_err(SealError::Canonical)?;
        Self::sign_payload(&payload, &[signer]).map_err(SealError::Signer)
    }

    /// Signs payload bytes that are a canonical statement already, with each key.
    ///
    /// # Errors
    /// When a key cannot sign.
    pub fn sign_payload(payload: &[u8], signers: &[&dyn Signer]) -> Result<Self, SignerError> {
        let bytes = pre_authentication_encoding(PAYLOAD_TYPE, payload);
        let signatures = signers
            .iter()
            .map(|signer| {
                Ok(EnvelopeSignature {
                    keyid: signer.public_key().to_string(),
                    sig: STANDARD.encode(signer.sign(&bytes)?.as_bytes()),
                })
            })
            .collect::<Result<_, SignerError>>()?;
        Ok(Self {
            payload_type: PAYLOAD_TYPE.into(),
            payload: STANDARD.encode(payload),
            signatures,
        })
    }

    /// Reads an envelope from its canonical bytes.
    ///
    /// # Errors
    /// When it is too large, not an envelope, or not in canonical form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        if bytes.len() > MAX_ENVELOPE_BYTES {
            return Err(EnvelopeError::TooLarge);
        }
        canonical::from_bytes(bytes).map_err(EnvelopeError::Statement)
    }

    /// The canonical bytes: what is stored, sent, and referred to by digest.
    ///
    /// # Errors
    /// Never for an envelope made or read here; the signature is that of [`canonical`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_bytes(self)
    }

    /// The digest of the canonical bytes.
    ///
    /// # Errors
    /// As [`Envelope::to_bytes`].
    pub fn digest(&self) -> Result<Digest, CanonicalError> {
        Ok(Digest::of(&self.to_bytes()?))
    }

    /// The payload bytes, not yet trusted.
    ///
    /// # Errors
    /// When the payload type or the base64 is not what is expected.
    pub fn payload(&self) -> Result<Vec<u8>, EnvelopeError> {
        if self.payload_type != PAYLOAD_TYPE {
            return Err(EnvelopeError::Malformed("the payload type is not in-toto JSON"));
        }
        STANDARD
            .decode(&self.payload)
            .map_err(|_| EnvelopeError::Malformed("the payload is not base64"))
    }

    /// Whether there is exactly one signature.
    #[must_use]
    pub fn has_one_signature(&self) -> bool {
        self.signatures.len() == 1
    }

    /// The keys that claim to have signed, not yet checked.
    pub fn claimed_keys(&self) -> impl Iterator<Item = PublicKey> + '_ {
        claimed_keys(&self.signatures)
    }

    /// Checks the first signature that is by one of `keys` and reads the statement.
    ///
    /// # Errors
    /// [`EnvelopeError`]: malformed, of another type, by no known key, or forged.
    pub fn open<P: Predicate>(&self, keys: &[PublicKey]) -> Result<Verified<P>, EnvelopeError> {
        let payload = self.payload()?;
        let signed_by = self.claimed_keys().find(|key| keys.contains(key));
        let signed_by = signed_by.ok_or(EnvelopeError::UnknownKey)?;
        check_signature(&self.signatures, &payload, signed_by)?;
        Ok(Claim::read(payload, vec![])?.verified_by(signed_by))
    }

    /// Reads the statement without checking any signature. For showing what was refused; never
    /// for deciding. Whoever goes on to check takes [`Envelope::claim`].
    ///
    /// # Errors
    /// [`EnvelopeError`]: malformed or of another type.
    pub fn peek_unverified<P: Predicate>(&self) -> Result<P, EnvelopeError> {
        Ok(self.claim::<P>()?.into_predicate())
    }

    /// How many distinct keys of `keys` have a valid signature here.
    ///
    /// # Errors
    /// When the payload cannot be read.
    pub fn count_valid(&self, keys: &[PublicKey]) -> Result<usize, EnvelopeError> {
        let payload = self.payload()?;
        Ok(keys
            .iter()
            .filter(|key| check_signature(&self.signatures, &payload, **key).is_ok())
            .count())
    }
}

/// The keys that claim to have signed.
fn claimed_keys(signatures: &[EnvelopeSignature]) -> impl Iterator<Item = PublicKey> + '_ {
    signatures.iter().filter_map(|signature| signature.keyid.parse().ok())
}

fn check_signature(
    signatures: &[EnvelopeSignature],
    payload: &[u8],
    key: PublicKey,
) -> Result<(), EnvelopeError> {
    let signature = signature_by(signatures, key)?;
    key.verify(&pre_authentication_encoding(PAYLOAD_TYPE, payload), &signature)
        .map_err(EnvelopeError::Signature)
}

/// The signature that names a key, not checked.
fn signature_by(
    signatures: &[EnvelopeSignature],
    key: PublicKey,
) -> Result<Signature, EnvelopeError> {
    let keyid = key.to_string();
    let signature = signatures
        .iter()
        .find(|signature| signature.keyid == keyid)
        .ok_or(EnvelopeError::UnknownKey)?;
    let signature = STANDARD
        .decode(&signature.sig)
        .map_err(|_| EnvelopeError::Malformed("a signature is not base64"))?;
    Signature::from_slice(&signature).map_err(EnvelopeError::Signature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::SigningKey;

    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
    #[serde(deny_unknown_fields)]
    struct Claim {
        words: String,
    }
    impl Predicate for Claim {
        const TYPE: &'static str = "urn:countersign:test:v1";
    }
    #[derive(Serialize, Deserialize, Debug)]
    struct Other {}
    impl Predicate for Other {
        const TYPE: &'static str = "urn:countersign:other:v1";
    }

    fn sealed() -> (Envelope, PublicKey) {
        let key = SigningKey::from_seed(&[7; 32]);
        let claim = Claim { words: "raise it".into() };
        let envelope = Envelope::seal("case", Digest::of(b"case"), &claim, &key).unwrap();
        (envelope, key.public_key())
    }

    #[test]
    fn the_published_dsse_example_of_the_encoding() {
        assert_eq!(
            pre_authentication_encoding("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn opens_with_the_right_key_only() {
        let (envelope, key) = sealed();
        let opened = envelope.open::<Claim>(&[key]).unwrap();
        assert_eq!(opened.predicate.words, "raise it");
        assert_eq!(opened.subject, Digest::of(b"case"));
        let stranger = SigningKey::from_seed(&[8; 32]).public_key();
        assert!(matches!(envelope.open::<Claim>(&[stranger]), Err(EnvelopeError::UnknownKey)));
        assert!(matches!(
            envelope.open::<Other>(&[key]),
            Err(EnvelopeError::WrongPredicate { .. })
        ));
    }

    #[test]
    fn any_changed_byte_is_found() {
        let (envelope, key) = sealed();
        let bytes = envelope.to_bytes().unwrap();
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            let opened =
                Envelope::from_bytes(&changed).and_then(|envelope| envelope.open::<Claim>(&[key]));
            assert!(opened.is_err(), "byte {index} changed unseen");
        }
    }
}
