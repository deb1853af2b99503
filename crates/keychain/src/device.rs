//! A device's two secrets: the signing seed and the wrapping key of the local store.

use crate::store::{SecretStore, SecretStoreError};
use countersign_model::{
    PublicKey, Signature, Signer,
    signature::{SignerError, SigningKey},
};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Names a profile's items in the keychain; not a secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProfileName(String);

impl ProfileName {
    /// A profile's name: 1 to 64 letters, digits and hyphens. `None` otherwise.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (plain && (1..=64).contains(&name.len())).then(|| Self(name.into()))
    }

    fn seed_item(&self) -> String {
        format!("{}/signing-seed", self.0)
    }

    fn wrapping_item(&self) -> String {
        format!("{}/wrapping-key", self.0)
    }
}

/// Why the device's keys cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeychainError {
    /// The keychain itself is in the way.
    #[error(transparent)]
    Store(#[from] SecretStoreError),
    /// The keychain is open and does not hold this profile's keys. They are never made
    /// again: a new key is not the approver.
    #[error("the keychain does not hold this profile's key")]
    KeyMissing,
    /// An item has the wrong length.
    #[error("the keychain's item for this profile is damaged")]
    Damaged,
    /// There are keys for this profile already.
    #[error("the keychain holds keys for this profile already")]
    KeyExists,
    /// The operating system gave no randomness.
    #[error("the operating system gave no random numbers")]
    NoRandomness,
}

/// An enrolled device's keys, opened once per start.
pub struct DeviceKeys {
    store: Arc<dyn SecretStore>,
    profile: ProfileName,
    transport: Arc<SigningKey>,
    wrapping: Zeroizing<[u8; 32]>,
}

impl DeviceKeys {
    /// Makes the keys of a new profile. Refuses when any exist.
    ///
    /// # Errors
    /// [`KeychainError`].
    pub fn create(
        store: Arc<dyn SecretStore>,
        profile: ProfileName,
    ) -> Result<Self, KeychainError> {
        let (seed_item, wrapping_item) = (profile.seed_item(), profile.wrapping_item());
        if store.read(&seed_item)?.is_some() || store.read(&wrapping_item)?.is_some() {
            return Err(KeychainError::KeyExists);
        }
        store.write(&wrapping_item, random()?.as_slice())?;
        store.write(&seed_item, random()?.as_slice())?;
        Self::open(store, profile)
    }

    /// Opens the keys of an existing profile.
    ///
    /// # Errors
    /// [`KeychainError`]; nothing is replaced.
    pub fn open(store: Arc<dyn SecretStore>, profile: ProfileName) -> Result<Self, KeychainError> {
        let seed = read_32(store.as_ref(), &profile.seed_item())?;
        let wrapping = read_32(store.as_ref(), &profile.wrapping_item())?;
        let transport = Arc::new(SigningKey::from_seed(&seed));
        Ok(Self { store, profile, transport, wrapping })
    }

    /// The device's public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.transport.public_key()
    }

    /// Signs relay requests and records while the app runs, without asking the keychain.
    #[must_use]
    pub fn transport_signer(&self) -> Arc<dyn Signer> {
        self.transport.clone()
    }

    /// Signs decisions; asks the keychain for the seed each time, so that a locked
    /// keychain stops signing at once.
    #[must_use]
    pub fn decision_signer(&self) -> DecisionSigner {
        DecisionSigner {
            store: self.store.clone(),
            profile: self.profile.clone(),
            expected: self.public_key(),
        }
    }

    /// The key of the local store.
    #[must_use]
    pub fn wrapping_key(&self) -> &Zeroizing<[u8; 32]> {
        &self.wrapping
    }
}

impl std::fmt::Debug for DeviceKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeviceKeys({})", self.public_key())
    }
}

/// The one signer of decisions.
pub struct DecisionSigner {
    store: Arc<dyn SecretStore>,
    profile: ProfileName,
    expected: PublicKey,
}

impl Signer for DecisionSigner {
    fn public_key(&self) -> PublicKey {
        self.expected
    }

    fn sign(&self, bytes: &[u8]) -> Result<Signature, SignerError> {
        let refuse = |reason: String| SignerError { reason };
        let seed = read_32(self.store.as_ref(), &self.profile.seed_item())
            .map_err(|error| refuse(error.to_string()))?;
        let key = SigningKey::from_seed(&seed);
        if key.public_key() != self.expected {
            return Err(refuse("the keychain holds another key than at start".into()));
        }
        key.sign(bytes)
    }
}

fn read_32(store: &dyn SecretStore, item: &str) -> Result<Zeroizing<[u8; 32]>, KeychainError> {
    let secret = store.read(item)?.ok_or(KeychainError::KeyMissing)?;
    let bytes = secret.as_slice().try_into().map_err(|_| KeychainError::Damaged)?;
    Ok(Zeroizing::new(bytes))
}

fn random() -> Result<Zeroizing<[u8; 32]>, KeychainError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| KeychainError::NoRandomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::MemorySecretStore;

    fn profile() -> ProfileName {
        ProfileName::parse("test-profile").unwrap()
    }

    #[test]
    fn keys_are_made_once_and_found_again() {
        let store = Arc::new(MemorySecretStore::default());
        let made = DeviceKeys::create(store.clone(), profile()).unwrap();
        let found = DeviceKeys::open(store.clone(), profile()).unwrap();
        assert_eq!(made.public_key(), found.public_key());
        assert_eq!(made.wrapping_key(), found.wrapping_key());
        assert_eq!(DeviceKeys::create(store, profile()).unwrap_err(), KeychainError::KeyExists);
    }

    #[test]
    fn a_lost_key_is_never_made_again() {
        let store = Arc::new(MemorySecretStore::default());
        DeviceKeys::create(store.clone(), profile()).unwrap();
        store.clear();
        assert_eq!(DeviceKeys::open(store, profile()).unwrap_err(), KeychainError::KeyMissing);
    }

    #[test]
    fn a_keychain_locked_later_stops_decisions() {
        let store = Arc::new(MemorySecretStore::default());
        let keys = DeviceKeys::create(store.clone(), profile()).unwrap();
        let signer = keys.decision_signer();
        let signature = signer.sign(b"decision").unwrap();
        assert_eq!(keys.public_key().verify(b"decision", &signature), Ok(()));
        store.set_locked(true);
        assert!(signer.sign(b"decision").unwrap_err().reason.contains("locked"));
        assert_eq!(
            DeviceKeys::open(store, profile()).unwrap_err(),
            KeychainError::Store(SecretStoreError::Locked)
        );
    }
}
