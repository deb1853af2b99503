//! How a device joins a workspace: it asks with a request signed by its own new key; an
//! administrator admits it into the next roster and hands back an enrolment file.
//!
//! Neither file holds a secret: the epoch key inside the enrolment is wrapped for this
//! device alone (HPKE, RFC 9180).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_model::{
    DeviceId, Digest, Envelope, PersonId, PublicKey, Signature, Signer, TimestampMs, WorkspaceId,
    bounded,
    canonical::{self, CanonicalError},
    fingerprint,
    roster::{MAX_NAME_CHARS, RootKeys},
    signature::{SignatureError, SignerError},
};
use serde::{Deserialize, Serialize};

/// `format` of a request.
pub const REQUEST_FORMAT: &str = "countersign-enrolment-request/v1";
/// `format` of an enrolment.
pub const ENROLMENT_FORMAT: &str = "countersign-enrolment/v1";
const SIGNING_CONTEXT: &[u8] = b"countersign enrolment request v1\n";

/// What a new device says about itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentRequest {
    /// [`REQUEST_FORMAT`].
    pub format: String,
    /// The id that the device chose.
    pub device: DeviceId,
    /// Its decision and relay signing key.
    pub signing_key: PublicKey,
    /// Its X25519 key, as hex.
    pub sealing_key: Digest,
    /// When it was made.
    pub made_at_ms: TimestampMs,
    /// Base64 of the signature by `signing_key`: the asker holds the key.
    pub signature: String,
}

/// What the administrator hands back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// [`ENROLMENT_FORMAT`].
    pub format: String,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its name.
    #[serde(deserialize_with = "bounded::line::<MAX_NAME_CHARS, _>")]
    pub workspace_name: String,
    /// Where the relay is.
    pub relay_url: String,
    /// Who the device belongs to.
    pub person: PersonId,
    /// The device.
    pub device: DeviceId,
    /// The roster that admits the device.
    pub roster: Envelope,
    /// The root keys to trust from now on. Nothing is believed before the words of the
    /// [anchor](crate::anchor) that they make with the roster's gate are confirmed.
    pub trusted_root: RootKeys,
    /// The epoch of the wrapped key.
    pub epoch: u32,
    /// Base64 of the epoch key, wrapped for the device.
    pub wrapped_epoch_key: String,
}

/// Why a request or an enrolment was refused.
#[derive(Debug, thiserror::Error)]
pub enum EnrolmentError {
    /// Not JSON of the expected form.
    #[error("the file is not what was expected: {0}")]
    Malformed(String),
    /// Another format or version.
    #[error("the file says {found}, expected {expected}")]
    Format {
        /// What it says.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// The asker does not hold the key.
    #[error("the request's signature does not fit its key")]
    Signature(#[from] SignatureError),
    /// The device's key could not sign.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The content has no canonical form.
    #[error("the file cannot be written")]
    Canonical(#[from] CanonicalError),
    /// For another device.
    #[error("the enrolment is for another device; ask for one made from this device's request")]
    OtherDevice,
}

impl EnrolmentRequest {
    /// Makes a request signed by the device's new key.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn make(
        device: DeviceId,
        sealing_key: Digest,
        made_at_ms: TimestampMs,
        signer: &dyn Signer,
    ) -> Result<Self, EnrolmentError> {
        let mut request = Self {
            format: REQUEST_FORMAT.into(),
            device,
            signing_key: signer.public_key(),
            sealing_key,
            made_at_ms,
            signature: String::new(),
        };
        let signature = signer.sign(&request.signing_bytes()?)?;
        request.signature = STANDARD.encode(signature.as_bytes());
        Ok(request)
    }

    /// Reads a request and checks that the asker holds the key.
    ///
    /// # Errors
    /// [`EnrolmentError`].
    pub fn parse(json: &str) -> Result<Self, EnrolmentError> {
        let request: Self = parse(json, REQUEST_FORMAT)?;
        let signature = STANDARD.decode(&request.signature).map_err(|_| SignatureError::Length)?;
        let signature = Signature::from_slice(&signature)?;
        request.signing_key.verify(&request.signing_bytes()?, &signature)?;
        Ok(request)
    }

    /// The words to be read to a colleague: both of the device's keys.
    #[must_use]
    pub fn fingerprint(&self) -> Vec<&'static str> {
        device_words(self.signing_key, self.sealing_key)
    }

    fn signing_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        let unsigned = Self { signature: String::new(), ..self.clone() };
        let mut bytes = SIGNING_CONTEXT.to_vec();
        bytes.extend(canonical::to_bytes(&unsigned)?);
        Ok(bytes)
    }
}

/// Six words over a device's two public keys.
#[must_use]
pub fn device_words(signing_key: PublicKey, sealing_key: Digest) -> Vec<&'static str> {
    let mut bytes = signing_key.as_bytes().to_vec();
    bytes.extend_from_slice(sealing_key.as_bytes());
    fingerprint::words(Digest::of(&bytes))
}

impl Enrolment {
    /// Reads an enrolment for this device. The roster inside is not yet verified: that is
    /// [`countersign_model::Roster::open_first`]'s to do, under `trusted_root`.
    ///
    /// # Errors
    /// [`EnrolmentError`].
    pub fn parse(json: &str, device: DeviceId) -> Result<Self, EnrolmentError> {
        let enrolment: Self = parse(json, ENROLMENT_FORMAT)?;
        if enrolment.device == device { Ok(enrolment) } else { Err(EnrolmentError::OtherDevice) }
    }
}

fn parse<T: serde::de::DeserializeOwned>(
    json: &str,
    expected: &'static str,
) -> Result<T, EnrolmentError> {
    #[derive(Deserialize)]
    struct FormatOnly {
        format: String,
    }
    let malformed = |error: serde_json::Error| EnrolmentError::Malformed(error.to_string());
    let head: FormatOnly = serde_json::from_str(json).map_err(malformed)?;
    if head.format != expected {
        return Err(EnrolmentError::Format { found: head.format, expected });
    }
    serde_json::from_str(json).map_err(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_model::signature::SigningKey;
    use uuid::Uuid;

    #[test]
    fn only_the_holder_of_the_key_can_ask() {
        let key = SigningKey::from_seed(&[3; 32]);
        let device = DeviceId::from_uuid(Uuid::from_u128(4));
        let now = TimestampMs::from_millis(5);
        let request = EnrolmentRequest::make(device, Digest::of(b"x25519"), now, &key).unwrap();
        let json = serde_json::to_string(&request).unwrap();
        assert_eq!(EnrolmentRequest::parse(&json).unwrap(), request);

        let stolen = EnrolmentRequest {
            signing_key: SigningKey::from_seed(&[4; 32]).public_key(),
            ..request.clone()
        };
        let refused = EnrolmentRequest::parse(&serde_json::to_string(&stolen).unwrap());
        assert!(matches!(refused, Err(EnrolmentError::Signature(_))));
        let swapped = EnrolmentRequest { sealing_key: Digest::of(b"mine"), ..request };
        let refused = EnrolmentRequest::parse(&serde_json::to_string(&swapped).unwrap());
        assert!(matches!(refused, Err(EnrolmentError::Signature(_))));
        assert!(matches!(
            EnrolmentRequest::parse(r#"{"format":"other"}"#),
            Err(EnrolmentError::Format { .. })
        ));
    }
}
