//! Second factors at the gate: secrets sealed at rest, codes checked for their minute.

use crate::keys::{self, KeyError};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use countersign_identity::totp::{SECRET_BYTES, TotpSecret};
use countersign_model::PersonId;
use zeroize::Zeroizing;

const NONCE_BYTES: usize = 24;

/// Why a secret could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum FactorError {
    /// The stored bytes do not open under the gate's factors key.
    #[error(
        "a stored second factor cannot be decrypted; restore factors.key and the database from one back-up"
    )]
    Sealed,
    /// No randomness.
    #[error(transparent)]
    Random(#[from] KeyError),
}

/// Makes a new secret for a person.
///
/// # Errors
/// [`FactorError::Random`].
pub fn new_secret() -> Result<TotpSecret, FactorError> {
    Ok(TotpSecret::from_bytes(*keys::random::<SECRET_BYTES>()?))
}

/// Seals a secret for one person.
///
/// # Errors
/// [`FactorError`].
pub fn seal(key: &[u8; 32], person: PersonId, secret: &TotpSecret) -> Result<Vec<u8>, FactorError> {
    let nonce = keys::random::<NONCE_BYTES>()?;
    let owner = person.to_string();
    let payload = Payload { msg: secret.as_bytes(), aad: owner.as_bytes() };
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(*nonce), payload)
        .map_err(|_| FactorError::Sealed)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Opens a person's secret.
///
/// # Errors
/// [`FactorError::Sealed`] also for another person's.
pub fn open(key: &[u8; 32], person: PersonId, sealed: &[u8]) -> Result<TotpSecret, FactorError> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(FactorError::Sealed)?;
    let owner = person.to_string();
    let opened = XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: owner.as_bytes() })
        .map_err(|_| FactorError::Sealed)?;
    let opened = Zeroizing::new(opened);
    let secret = opened.as_slice().try_into().map_err(|_| FactorError::Sealed)?;
    Ok(TotpSecret::from_bytes(secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_sealed_secret_opens_for_its_person_only() {
        let [a, b] = [1, 2].map(|id| PersonId::from_uuid(Uuid::from_u128(id)));
        let secret = new_secret().unwrap();
        let sealed = seal(&[7; 32], a, &secret).unwrap();
        assert_eq!(open(&[7; 32], a, &sealed).unwrap().as_bytes(), secret.as_bytes());
        assert!(open(&[7; 32], b, &sealed).is_err());
        assert!(open(&[8; 32], a, &sealed).is_err());
        assert!(!sealed.windows(SECRET_BYTES).any(|part| part == secret.as_bytes()));
    }
}
