//! Table `cases`: a case as the workflow keeps it.

use super::{Reader, StoreError, Tx, from_db};
use countersign_intake::CaseGroup;
use countersign_model::{AgentId, ProposalId, Target, canonical};
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

    /// Cases on a target that are decided on, authorised or being executed, by id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unsettled_on(&self, target: &Target) -> Result<Vec<Case>, StoreError> {
        let sql = "SELECT state FROM cases \
                   WHERE phase IN ('deciding', 'authorized', 'executing') AND target = ?1 \
                   ORDER BY proposal";
        let mut query = self.connection.prepare_cached(sql)?;
        let rows = query.query_map([target.to_string()], |row| row.get::<_, Vec<u8>>(0))?;
        rows.map(|row| parse(&row?)).collect()
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
                   WHERE phase IN ('deciding', 'authorized', 'executing') AND agent = ?1";
        let mut query = self.connection.prepare_cached(sql)?;
        from_db(query.query_row([agent.to_string()], |row| row.get(0))?)
    }

    /// Up to `limit` cases of an agent, newest first, that are older than `before`. Ids are
    /// UUIDs of version 7, which are in order of time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cases_of(
        &self,
        agent: AgentId,
        group: Option<CaseGroup>,
        before: Option<ProposalId>,
        limit: u32,
    ) -> Result<Vec<Case>, StoreError> {
        let of_group = match group {
            None => "",
            Some(CaseGroup::Open) => "AND phase IN ('deciding', 'authorized', 'executing')",
            Some(CaseGroup::Settled) => "AND phase NOT IN ('deciding', 'authorized', 'executing')",
        };
        // Every id begins with `prop_`, and so comes before `q`.
        let sql = format!(
            "SELECT state FROM cases WHERE agent = ?1 AND proposal < coalesce(?2, 'q') {of_group} \
             ORDER BY proposal DESC LIMIT ?3"
        );
        let key = (agent.to_string(), before.map(|before| before.to_string()), limit);
        let mut query = self.connection.prepare_cached(&sql)?;
        let rows = query.query_map(key, |row| row.get::<_, Vec<u8>>(0))?;
        rows.map(|row| parse(&row?)).collect()
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
        let sql = "INSERT INTO cases (proposal, target, phase, state, agent) \
                   VALUES (?1, ?2, ?3, ?4, ?5) \
                   ON CONFLICT DO UPDATE SET phase = ?3, state = ?4";
        self.connection.prepare_cached(sql)?.execute((
            case.proposal().id.to_string(),
            case.proposal().action.target().to_string(),
            phase_text(case.phase().name()),
            state,
            case.proposal().initiator.agent.to_string(),
        ))?;
        Ok(())
    }
}
