//! The accounts that a gate may read and write, each with its connection: the one place that
//! says which platform answers for an entity.

use crate::{
    AuthorizedWrite, Capabilities, CommitAnswer, Delivery, ErrorClass, Parts, PartsAfter, Platform,
    PlatformError,
};
use async_trait::async_trait;
use countersign_model::{
    EntityRef, EntityState,
    change::Part,
    entity::{PlatformId, PlatformKind},
};
use std::{collections::BTreeMap, sync::Arc};

/// The gate has no connection to the account of a change.
pub const ACCOUNT_NOT_SET_UP: &str = "gate.ACCOUNT_NOT_SET_UP";

/// Nobody may write to the account of a change; nothing was sent.
pub const READ_ONLY: &str = "gate.READ_ONLY";

/// Accounts on platforms. Cheap to copy.
#[derive(Clone, Default)]
pub struct Accounts(Arc<BTreeMap<(PlatformKind, PlatformId), Arc<dyn Platform>>>);

impl Accounts {
    /// A registry of these accounts; of two alike the last one counts.
    #[must_use]
    pub fn new(
        accounts: impl IntoIterator<Item = (PlatformKind, PlatformId, Arc<dyn Platform>)>,
    ) -> Self {
        let accounts = accounts.into_iter();
        Self(Arc::new(accounts.map(|(kind, id, platform)| ((kind, id), platform)).collect()))
    }

    /// The connection to an entity's account; `None` when the gate has none.
    #[must_use]
    pub fn find(&self, entity: &EntityRef) -> Option<&Arc<dyn Platform>> {
        self.0.get(&(entity.platform, entity.account_id.clone()))
    }

    /// Every account, by platform and id.
    pub fn iter(&self) -> impl Iterator<Item = (PlatformKind, &PlatformId, &Arc<dyn Platform>)> {
        self.0.iter().map(|((kind, id), platform)| (*kind, id, platform))
    }
}

/// Who answers for an entity.
pub trait Connections: Send + Sync {
    /// The connection to an entity's account, or one that says of every call that there is
    /// none, so that an execution ends with an outcome all the same.
    fn connection(&self, entity: &EntityRef) -> &dyn Platform;
}

impl Connections for Accounts {
    fn connection(&self, entity: &EntityRef) -> &dyn Platform {
        self.find(entity).map_or(&NotSetUp, |platform| &**platform)
    }
}

/// One platform answers for everything.
impl<P: Platform> Connections for P {
    fn connection(&self, _: &EntityRef) -> &dyn Platform {
        self
    }
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Stands for an account that the gate has no connection to.
struct NotSetUp;

fn not_set_up<T>() -> Result<T, PlatformError> {
    Err(PlatformError {
        class: ErrorClass::Operator,
        code: ACCOUNT_NOT_SET_UP.into(),
        message: "the gate has no connection to this account".into(),
        request_id: None,
    })
}

#[async_trait]
impl Platform for NotSetUp {
    fn capabilities(&self) -> Capabilities {
        Capabilities { validate_only: false, levels: &[] }
    }

    async fn list(&self, _: &PlatformId) -> Result<Vec<EntityState>, PlatformError> {
        not_set_up()
    }

    async fn read(&self, _: &EntityRef, _: Option<&Part>) -> Result<EntityState, PlatformError> {
        not_set_up()
    }

    async fn read_parts(&self, _: &EntityState, _: &PartsAfter) -> Result<Parts, PlatformError> {
        not_set_up()
    }

    async fn read_pacing(&self, _: &EntityState, _: u16) -> Result<Delivery, PlatformError> {
        not_set_up()
    }

    async fn validate(&self, _: &AuthorizedWrite) -> Result<CommitAnswer, PlatformError> {
        not_set_up()
    }

    async fn commit(&self, _: &AuthorizedWrite) -> Result<CommitAnswer, PlatformError> {
        not_set_up()
    }
}
