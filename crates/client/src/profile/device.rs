//! This device: its keys and its encrypted store.

use crate::view::{
    ProblemView,
    problem::{Code, problem},
};
use countersign_keychain::DeviceKeys;
use countersign_model::DeviceId;
use countersign_store::{MetaKey, Store};

/// A device with keys and a store.
pub(crate) struct Device {
    pub(crate) id: DeviceId,
    pub(crate) keys: DeviceKeys,
    pub(crate) store: Store,
}

impl Device {
    /// Takes keys and store together.
    pub(crate) fn load(keys: DeviceKeys, mut store: Store) -> Result<Self, ProblemView> {
        let id = store.read::<_, ProblemView>(|reader| Ok(reader.meta(MetaKey::Device)?))?;
        let id = id.and_then(|bytes| std::str::from_utf8(&bytes).ok()?.parse().ok()).ok_or_else(
            || {
                problem(
                    Code::StoreIncomplete,
                    "The store does not say which device this is.",
                    &["Restore the profile folder from a back-up."],
                )
            },
        )?;
        Ok(Self { id, keys, store })
    }
}
