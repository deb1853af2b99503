//! Table `draft_keys`: under which key of an agent's a draft became a case. A row is written
//! with its case and stays as long.

use super::{Reader, StoreError, Tx};
use countersign_intake::IdempotencyKey;
use countersign_model::{AgentId, Digest, ProposalId};
use countersign_workflow::Case;
use rusqlite::OptionalExtension as _;

/// A draft that was sent under a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyedDraft {
    /// Whose key.
    pub agent: AgentId,
    /// The key.
    pub key: IdempotencyKey,
    /// The digest of the draft's canonical bytes.
    pub draft: Digest,
}

/// What is known of a draft by its key.
#[derive(Debug)]
pub enum Replay {
    /// The key is not spent.
    New,
    /// The draft became this case.
    Case(Box<Case>),
    /// Another draft was sent under the key.
    OtherDraft,
}

impl Reader<'_> {
    /// Whether an agent's key is spent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_key_spent(&self, agent: AgentId, key: &IdempotencyKey) -> Result<bool, StoreError> {
        Ok(self.spent_key(agent, key)?.is_some())
    }

    /// What became of a draft that may have been sent before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn replay(&self, keyed: &KeyedDraft) -> Result<Replay, StoreError> {
        match self.spent_key(keyed.agent, &keyed.key)? {
            None => Ok(Replay::New),
            Some((draft, _)) if draft != keyed.draft => Ok(Replay::OtherDraft),
            Some((_, proposal)) => {
                let case = self.case(proposal)?.map(Box::new);
                case.map(Replay::Case).ok_or(StoreError::Damaged("a key's case is missing"))
            }
        }
    }

    fn spent_key(
        &self,
        agent: AgentId,
        key: &IdempotencyKey,
    ) -> Result<Option<(Digest, ProposalId)>, StoreError> {
        let sql = "SELECT draft, proposal FROM draft_keys WHERE agent = ?1 AND key = ?2";
        let row = self
            .connection
            .prepare_cached(sql)?
            .query_row((agent.to_string(), key.as_str()), |row| {
                Ok((row.get::<_, [u8; 32]>(0)?, row.get::<_, String>(1)?))
            })
            .optional()?;
        row.map(|(draft, proposal)| {
            let proposal =
                proposal.parse().map_err(|_| StoreError::Damaged("a key names no case"))?;
            Ok((Digest::from_bytes(draft), proposal))
        })
        .transpose()
    }

    /// The key that a case's draft was sent under, if any.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn key_of(&self, proposal: ProposalId) -> Result<Option<IdempotencyKey>, StoreError> {
        let key: Option<String> = self
            .connection
            .prepare_cached("SELECT key FROM draft_keys WHERE proposal = ?1")?
            .query_row([proposal.to_string()], |row| row.get(0))
            .optional()?;
        key.map(|key| {
            IdempotencyKey::parse(&key).map_err(|_| StoreError::Damaged("a key cannot be read"))
        })
        .transpose()
    }
}

impl Tx<'_> {
    /// Spends a key on a case.
    ///
    /// # Errors
    /// [`StoreError`]; also when it is spent.
    pub fn put_draft_key(
        &self,
        keyed: &KeyedDraft,
        proposal: ProposalId,
    ) -> Result<(), StoreError> {
        self.connection.prepare_cached("INSERT INTO draft_keys VALUES (?1, ?2, ?3, ?4)")?.execute(
            (
                keyed.agent.to_string(),
                keyed.key.as_str(),
                keyed.draft.as_bytes(),
                proposal.to_string(),
            ),
        )?;
        Ok(())
    }
}
