//! Tables `cases` and `courses`: a case as the workflow keeps it, and what has changed of it
//! since it was opened.

use super::{Reader, StoreError, Tx, from_db};
use countersign_intake::CaseGroup;
use countersign_model::{AgentId, ProposalId, Target};
use countersign_workflow::{Case, PhaseName};
use rusqlite::{OptionalExtension as _, Row};
use serde::Serialize;

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

/// The columns of a row that [`read`] takes.
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT state, course FROM cases LEFT JOIN courses USING (proposal) ", $rest)
    };
}

type Stored = (Vec<u8>, Option<Vec<u8>>);

fn columns(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok((row.get(0)?, row.get(1)?))
}

fn read((state, course): Stored) -> Result<Case, StoreError> {
    let damaged = |_| StoreError::Damaged("a case cannot be read");
    let case: Case = serde_json::from_slice(&state).map_err(damaged)?;
    let Some(course) = course else { return Ok(case) };
    Ok(case.with_course(serde_json::from_slice(&course).map_err(damaged)?))
}

impl Reader<'_> {
    /// One case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn case(&self, proposal: ProposalId) -> Result<Option<Case>, StoreError> {
        self.connection
            .prepare_cached(select!("WHERE proposal = ?1"))?
            .query_row([proposal.to_string()], columns)
            .optional()?
            .map(read)
            .transpose()
    }

    /// Cases on a target that are decided on, authorised or being executed, by id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unsettled_on(&self, target: &Target) -> Result<Vec<Case>, StoreError> {
        let sql = select!(
            "WHERE phase IN ('deciding', 'authorized', 'executing') AND (target = ?1 \
             OR proposal IN (SELECT proposal FROM further_targets WHERE target = ?1)) \
             ORDER BY proposal"
        );
        let mut query = self.connection.prepare_cached(sql)?;
        let rows = query.query_map([target.to_string()], columns)?;
        rows.map(|row| read(row?)).collect()
    }

    /// Cases whose execution was begun, and then those whose is due.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cases_to_execute(&self) -> Result<Vec<Case>, StoreError> {
        let sql =
            select!("WHERE phase IN ('authorized', 'executing') ORDER BY phase DESC, proposal");
        let mut query = self.connection.prepare_cached(sql)?;
        let rows = query.query_map([], columns)?;
        rows.map(|row| read(row?)).collect()
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
        let sql = [
            select!("WHERE agent = ?1 AND proposal < coalesce(?2, 'q') "),
            of_group,
            " ORDER BY proposal DESC LIMIT ?3",
        ]
        .concat();
        let key = (agent.to_string(), before.map(|before| before.to_string()), limit);
        let mut query = self.connection.prepare_cached(&sql)?;
        let rows = query.query_map(key, columns)?;
        rows.map(|row| read(row?)).collect()
    }
}

impl Tx<'_> {
    /// Stores a case as it now is: whole when it is opened, and then its course alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_case(&self, case: &Case) -> Result<(), StoreError> {
        let key = case.proposal().id.to_string();
        let phase = phase_text(case.phase().name());
        let sql = "SELECT phase = ?2 FROM cases WHERE proposal = ?1";
        let mut query = self.connection.prepare_cached(sql)?;
        let same_phase = query.query_row((&key, phase), |row| row.get::<_, bool>(0)).optional()?;
        let Some(same_phase) = same_phase else { return self.insert_case(&key, phase, case) };
        // The row is large and stands in indexes.
        if !same_phase {
            let sql = "UPDATE cases SET phase = ?2 WHERE proposal = ?1";
            self.connection.prepare_cached(sql)?.execute((&key, phase))?;
        }
        let sql = "INSERT INTO courses VALUES (?1, ?2) ON CONFLICT DO UPDATE SET course = ?2";
        self.connection.prepare_cached(sql)?.execute((&key, written(&case.course())?))?;
        Ok(())
    }

    fn insert_case(&self, key: &str, phase: &str, case: &Case) -> Result<(), StoreError> {
        let sql = "INSERT INTO cases (proposal, target, phase, state, agent) \
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        self.connection.prepare_cached(sql)?.execute((
            key,
            case.proposal().action.target().to_string(),
            phase,
            written(case)?,
            // No agent lists a case that none drafted.
            case.proposal().agent().map(|agent| agent.to_string()).unwrap_or_default(),
        ))?;
        let action = &case.proposal().action;
        if action.has_legs() {
            let sql = "INSERT INTO further_targets VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            let mut further = self.connection.prepare_cached(sql)?;
            let lead = action.target();
            for target in action.targets().iter().filter(|target| **target != lead) {
                further.execute((target.to_string(), case.proposal().id.to_string()))?;
            }
        }
        Ok(())
    }
}

fn written<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|_| StoreError::Damaged("a case cannot be written"))
}
