//! Which agent a bearer token belongs to. A token counts from the moment in which its agent is
//! on the roster in force.

use crate::store::{AgentToken, Store, StoreError};
use countersign_intake::{AgentSession, Scope};
use countersign_model::{Digest, Roster};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};
use subtle::ConstantTimeEq as _;
use tokio::sync::watch;

/// The known tokens.
pub(super) struct Sessions {
    store: Arc<Store>,
    roster: watch::Receiver<Arc<Roster>>,
    known: Mutex<Known>,
}

/// What was read when this version of the roster was in force.
struct Known {
    version: u64,
    sessions: Arc<[(Digest, AgentSession)]>,
}

impl Sessions {
    /// Reads the tokens.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(super) fn new(
        store: Arc<Store>,
        roster: watch::Receiver<Arc<Roster>>,
    ) -> Result<Self, StoreError> {
        let known = Mutex::new(read(&store, &roster.borrow())?);
        Ok(Self { store, roster, known })
    }

    /// Whose token it is. Every token is compared, so that time tells nothing.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(super) fn of(&self, bearer: &str) -> Result<Option<AgentSession>, StoreError> {
        let presented = Digest::of(bearer.as_bytes());
        let mut found = None;
        for (digest, session) in self.known()?.iter() {
            if bool::from(digest.as_bytes().ct_eq(presented.as_bytes())) {
                found = Some(session.clone());
            }
        }
        Ok(found)
    }

    /// A token is committed with the roster that names its agent, before that is told.
    fn known(&self) -> Result<Arc<[(Digest, AgentSession)]>, StoreError> {
        let roster = Arc::clone(&self.roster.borrow());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.version != roster.version {
            *known = read(&self.store, &roster)?;
        }
        Ok(Arc::clone(&known.sessions))
    }
}

fn read(store: &Store, roster: &Roster) -> Result<Known, StoreError> {
    let tokens = store.read(|reader| reader.agent_tokens())?;
    let sessions = tokens.iter().filter_map(|token| session_of(token, roster)).collect();
    Ok(Known { version: roster.version, sessions })
}

fn session_of(token: &AgentToken, roster: &Roster) -> Option<(Digest, AgentSession)> {
    let agent = roster.agent(token.agent)?;
    let scopes: BTreeSet<Scope> = token
        .scopes
        .split_whitespace()
        .filter_map(|scope| serde_json::from_value(scope.into()).ok())
        .collect();
    let session =
        AgentSession { agent: agent.id, name: agent.name.clone(), owner: agent.owner, scopes };
    Some((token.digest, session))
}
