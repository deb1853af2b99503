//! This device: its keys and its encrypted store.

use crate::profile::failure::ProfileError;
use countersign_keychain::DeviceKeys;
use countersign_model::DeviceId;
use countersign_store::{MetaKey, Store, StoreError};

/// A device with keys and a store.
pub(crate) struct Device {
    pub(crate) id: DeviceId,
    pub(crate) keys: DeviceKeys,
    pub(crate) store: Store,
}

impl Device {
    /// Takes keys and store together.
    pub(crate) fn load(keys: DeviceKeys, mut store: Store) -> Result<Self, ProfileError> {
        let id = store.read::<_, StoreError>(|reader| reader.meta(MetaKey::Device))?;
        let id = id.and_then(|bytes| std::str::from_utf8(&bytes).ok()?.parse().ok());
        let id = id.ok_or(ProfileError::NoDevice)?;
        Ok(Self { id, keys, store })
    }
}
