//! The approver's keys in the OS keychain: Secret Service, macOS Keychain or Windows
//! Credential Manager. The only room that names keyring; it can reach no store and no
//! network, and nothing is ever kept in plain text instead.
//!
//! Reading order: [`store`] (two small items per profile), [`device`] (the keys).

pub mod device;
pub mod store;

pub use device::{DecisionSigner, DeviceKeys, KeychainError, ProfileName};
pub use store::{OsSecretStore, SecretStore, SecretStoreError};
