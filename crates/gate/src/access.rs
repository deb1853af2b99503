//! Which accounts may be written. An account is connected for reading; an operator opens it with
//! the credential that its configuration names, the log says so, and only then is anything sent
//! that could change it.

use async_trait::async_trait;
use countersign_executor::{
    AuthorizedWrite, Capabilities, CommitAnswer, Delivery, ErrorClass, Parts, PartsAfter, Platform,
    PlatformError, READ_ONLY,
};
use countersign_model::{
    EntityRef, EntityState,
    change::Part,
    entity::{AccountRef, PlatformId},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

/// The accounts that are open, each with the name of the credential that it was opened with.
pub type Writing = BTreeMap<AccountRef, String>;

/// What is open now, for connections and for whoever opens and closes. Cheap to copy.
#[derive(Clone, Debug, Default)]
pub struct Access(Arc<RwLock<Writing>>);

impl Access {
    /// What the log says.
    #[must_use]
    pub fn new(writing: Writing) -> Self {
        Self(Arc::new(RwLock::new(writing)))
    }

    /// An account is open with a credential from here on, or closed.
    pub(crate) fn put(&self, account: &AccountRef, credential: Option<&str>) {
        let mut writing = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match credential {
            Some(credential) => writing.insert(account.clone(), credential.to_owned()),
            None => writing.remove(account),
        };
    }

    /// With which credential an account is open; none when it is not.
    #[must_use]
    pub fn credential(&self, account: &AccountRef) -> Option<String> {
        let writing = self.0.read().unwrap_or_else(PoisonError::into_inner);
        writing.get(account).cloned()
    }
}

/// A connection that writes only while its account is open with the very credential that it
/// writes with.
pub(crate) struct Guarded {
    platform: Arc<dyn Platform>,
    account: AccountRef,
    writer: Option<String>,
    access: Access,
}

impl Guarded {
    /// Guards a connection whose configuration names this writer, or none.
    pub(crate) fn new(
        platform: Arc<dyn Platform>,
        account: AccountRef,
        writer: Option<&str>,
        access: Access,
    ) -> Self {
        Self { platform, account, writer: writer.map(str::to_owned), access }
    }

    fn is_open(&self) -> bool {
        self.writer.is_some() && self.access.credential(&self.account) == self.writer
    }

    fn check(&self) -> Result<(), PlatformError> {
        if self.is_open() {
            return Ok(());
        }
        Err(PlatformError {
            class: ErrorClass::Final,
            code: READ_ONLY.into(),
            message: "the account is connected for reading only".into(),
            request_id: None,
        })
    }
}

#[async_trait]
impl Platform for Guarded {
    /// Nothing can be written while the account is closed.
    fn capabilities(&self) -> Capabilities {
        let capabilities = self.platform.capabilities();
        if self.is_open() { capabilities } else { Capabilities { levels: &[], ..capabilities } }
    }

    async fn list(&self, account: &PlatformId) -> Result<Vec<EntityState>, PlatformError> {
        self.platform.list(account).await
    }

    async fn read(
        &self,
        entity: &EntityRef,
        part: Option<&Part>,
    ) -> Result<EntityState, PlatformError> {
        self.platform.read(entity, part).await
    }

    async fn read_parts(
        &self,
        state: &EntityState,
        after: &PartsAfter,
    ) -> Result<Parts, PlatformError> {
        self.platform.read_parts(state, after).await
    }

    async fn read_pacing(&self, state: &EntityState, days: u16) -> Result<Delivery, PlatformError> {
        self.platform.read_pacing(state, days).await
    }

    async fn validate(&self, write: &AuthorizedWrite) -> Result<CommitAnswer, PlatformError> {
        self.check()?;
        self.platform.validate(write).await
    }

    async fn commit(&self, write: &AuthorizedWrite) -> Result<CommitAnswer, PlatformError> {
        self.check()?;
        self.platform.commit(write).await
    }
}
