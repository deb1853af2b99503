//! Tables `cases` and `documents`: a case as the workflow keeps it, and the document that
//! carries it.

use super::{Reader, StoreError, Tx, from_db};
use countersign_model::{AgentId, EntityRef, ProposalId, canonical};
use countersign_workflow::{Case, PhaseName};
use rusqlite::OptionalExtension as _;

const fn phase_text(phase: PhaseName) -> &'static str {
    match phase {
        PhaseName::Deciding => "deciding",
        PhaseName::Authorized => "authorized",
        PhaseName::Executing => "executing",
        PhaseName::Executed => "executed",
        PhaseName::NotApplied => "not_applied",
        PhaseName::Rejected => "rejected",
        PhaseName::SentBack => "sent_back",
        PhaseName::Expired => "expired",
        PhaseName::Superseded => "superseded",
        PhaseName::Blocked => "blocked",
    }
}

fn parse(bytes: &[u8]) -> Result<Case, StoreError> {
    serde_json::from_slice(bytes).map_err(|_| StoreError::Damaged("a case cannot be read"))
}

impl Reader<'_> {
    /// One case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn case(&self, proposal: ProposalId) -> Result<Option<Case>, StoreError> {
        self.connection
            .prepare_cached("SELECT state FROM cases WHERE proposal = ?1")?
            .query_row([proposal.to_string()], |row| row.get::<_, Vec<u8>>(0))
            .optional()?
            .map(|bytes| parse(&bytes))
            .transpose()
    }

    /// Cases on an entity that another change would supersede.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cases_open_on(&self, entity: &EntityRef) -> Result<Vec<Case>, StoreError> {
        let sql = "SELECT state FROM cases \
                   WHERE phase IN ('deciding', 'authorized') AND entity = ?1 ORDER BY proposal";
        let mut query = self.connection.prepare_cached(sql)?;
        let rows = query.query_map([entity.to_string()], |row| row.get::<_, Vec<u8>>(0))?;
        rows.map(|row| parse(&row?)).collect()
    }

    /// Whether a change of an entity is under way.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_executing_on(&self, entity: &EntityRef) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM cases WHERE phase = 'executing' AND entity = ?1";
        Ok(self.connection.prepare_cached(sql)?.exists([entity.to_string()])?)
    }

    /// Cases whose execution was begun, and then those whose is due.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cases_to_execute(&self) -> Result<Vec<Case>, StoreError> {
        let sql = "SELECT state FROM cases \
                   WHERE phase IN ('authorized', 'executing') ORDER BY phase DESC, proposal";
        let mut query = self.connection.prepare_cached(sql)?;
        let rows = query.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
        rows.map(|row| parse(&row?)).collect()
    }

    /// How many cases of an agent wait for people or for execution.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count_open_of(&self, agent: AgentId) -> Result<u64, StoreError> {
        // The words of the index `cases_open_by_agent`.
        let sql = "SELECT count(*) FROM cases \
                   WHERE phase IN ('deciding', 'authorized', 'executing') \
                   AND json_extract(CAST(state AS TEXT), '$.proposal.initiator.agent') = ?1";
        let mut query = self.connection.prepare_cached(sql)?;
        from_db(query.query_row([agent.to_string()], |row| row.get(0))?)
    }

    /// The saved document of a case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn document(&self, proposal: ProposalId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT bytes FROM documents WHERE proposal = ?1")?
            .query_row([proposal.to_string()], |row| row.get(0))
            .optional()?)
    }
}

impl Tx<'_> {
    /// Stores a case as it now is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_case(&self, case: &Case) -> Result<(), StoreError> {
        let state = canonical::to_bytes(case)
            .map_err(|_| StoreError::Damaged("a case cannot be written"))?;
        let sql = "INSERT INTO cases VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT DO UPDATE SET phase = ?3, state = ?4";
        self.connection.prepare_cached(sql)?.execute((
            case.proposal().id.to_string(),
            case.proposal().action.entity().to_string(),
            phase_text(case.phase().name()),
            state,
        ))?;
        Ok(())
    }

    /// Stores the document of a case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_document(&self, proposal: ProposalId, bytes: &[u8]) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO documents VALUES (?1, ?2) ON CONFLICT DO UPDATE SET bytes = ?2",
            )?
            .execute((proposal.to_string(), bytes))?;
        Ok(())
    }
}
