//! Table `agent_tokens`: which bearer token belongs to which agent, by SHA-256 alone.

use super::{Reader, StoreError, Tx};
use countersign_model::{AgentId, Digest};

/// A token as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AgentToken {
    /// SHA-256 of the token.
    pub digest: Digest,
    /// Whose it is.
    pub agent: AgentId,
    /// Scopes, separated by spaces.
    pub scopes: String,
}

impl Reader<'_> {
    /// Every token.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn agent_tokens(&self) -> Result<Vec<AgentToken>, StoreError> {
        let sql = "SELECT token_digest, agent, scopes FROM agent_tokens ORDER BY token_digest";
        let mut query = self.connection.prepare_cached(sql)?;
        let rows = query.query_map([], |row| {
            Ok((row.get::<_, [u8; 32]>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })?;
        rows.map(|row| {
            let (digest, agent, scopes) = row?;
            let agent = agent.parse().map_err(|_| StoreError::Damaged("a token has no agent"))?;
            Ok(AgentToken { digest: Digest::from_bytes(digest), agent, scopes })
        })
        .collect()
    }
}

impl Tx<'_> {
    /// Keeps a token.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_agent_token(&self, token: &AgentToken) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO agent_tokens VALUES (?1, ?2, ?3)")?
            .execute((token.digest.as_bytes(), token.agent.to_string(), &token.scopes))?;
        Ok(())
    }
}
