//! What the judge keeps while this device follows the log. The rules are in another room:
//! cases are kept in the form that the caller gives them, and marks by the names it gives.

use crate::{
    Reader, StoreError, Tx,
    handle::{self, from_db, to_db},
};
use countersign_model::{PersonId, ProposalId, Target, TimestampMs};
use rusqlite::{OptionalExtension as _, Row, params};

/// An entry that does not follow from what was signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FollowedFault {
    /// Its position in the log.
    pub seq: u64,
    /// The case that it is about.
    pub proposal: Option<ProposalId>,
    /// Something is missing; otherwise it says what was not signed.
    pub missing: bool,
    /// What is wrong with it.
    pub words: String,
}

/// Faults about no case that are kept.
const MAX_FAULTS: u32 = 100;

impl Reader<'_> {
    /// A case, in the caller's own form.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn followed_case(&self, proposal: ProposalId) -> Result<Option<Vec<u8>>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT state FROM followed_cases WHERE proposal = ?1")?;
        Ok(statement.query_row([proposal.to_string()], |row| row.get(0)).optional()?)
    }

    /// Cases on a target that are not settled, by id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn followed_unsettled(&self, target: &Target) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT state FROM followed_cases WHERE unsettled = ?1
             OR proposal IN (SELECT proposal FROM followed_further WHERE target = ?1)
             ORDER BY proposal",
        )?;
        let rows = statement.query_map([target.to_string()], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How often a target was changed, and its increases since a moment in micros per day.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn followed_target(
        &self,
        target: &Target,
        since: TimestampMs,
    ) -> Result<(u64, i64), StoreError> {
        let key = target.to_string();
        let revision: Option<i64> = self
            .connection
            .prepare_cached("SELECT revision FROM followed_targets WHERE target = ?1")?
            .query_row([&key], |row| row.get(0))
            .optional()?;
        let mut statement = self.connection.prepare_cached(
            "SELECT micros FROM followed_increases WHERE target = ?1 AND at_ms >= ?2",
        )?;
        let mut rows = statement.query(params![key, since.millis()])?;
        let mut increases: i64 = 0;
        while let Some(row) = rows.next()? {
            increases = increases.saturating_add(row.get(0)?);
        }
        Ok((from_db(revision.unwrap_or(0), "followed_targets.revision")?, increases))
    }

    /// Whether something was remembered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn has_followed_mark(&self, mark: &str) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM followed_marks WHERE mark = ?1";
        Ok(self.connection.prepare_cached(sql)?.exists([mark])?)
    }

    /// How often a person gave a wrong second factor since a moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn followed_wrong_factors(
        &self,
        person: PersonId,
        since: TimestampMs,
    ) -> Result<usize, StoreError> {
        let sql = "SELECT count(*) FROM followed_wrong_factors WHERE person = ?1 AND at_ms >= ?2";
        let key = params![person.to_string(), since.millis()];
        let count: u32 = self.connection.prepare_cached(sql)?.query_row(key, |row| row.get(0))?;
        Ok(count as usize)
    }

    /// Timers that are due at a moment, soonest first, then by case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn followed_due(
        &self,
        at: TimestampMs,
    ) -> Result<Vec<(TimestampMs, ProposalId)>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT due_ms, proposal FROM followed_timers WHERE due_ms <= ?1
             ORDER BY due_ms, proposal",
        )?;
        let rows = statement.query_map([at.millis()], |row| {
            Ok((TimestampMs::from_millis(row.get(0)?), handle::id(row, 1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What was found wrong first about a case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn followed_fault_of(
        &self,
        proposal: ProposalId,
    ) -> Result<Option<FollowedFault>, StoreError> {
        let sql = "SELECT seq, proposal, missing, words FROM followed_faults WHERE proposal = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row([proposal.to_string()], read_fault).optional()?)
    }

    /// The first entry that says what was not signed, or the first where something is
    /// missing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn first_followed_fault(&self, missing: bool) -> Result<Option<FollowedFault>, StoreError> {
        let sql = "SELECT seq, proposal, missing, words FROM followed_faults
                   WHERE missing = ?1 ORDER BY seq LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row([missing], read_fault).optional()?)
    }
}

impl Tx<'_> {
    /// Keeps what a case writes beside the target that leads; empty once it is settled.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_followed_further(
        &self,
        proposal: ProposalId,
        targets: &[Target],
    ) -> Result<(), StoreError> {
        let proposal = proposal.to_string();
        self.connection
            .prepare_cached("DELETE FROM followed_further WHERE proposal = ?1")?
            .execute([&proposal])?;
        let mut statement =
            self.connection.prepare_cached("INSERT INTO followed_further VALUES (?1, ?2)")?;
        for target in targets {
            statement.execute([&target.to_string(), &proposal])?;
        }
        Ok(())
    }

    /// Keeps a case as it now is; `unsettled` is its target until it is settled.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_followed_case(
        &self,
        proposal: ProposalId,
        unsettled: Option<&Target>,
        state: &[u8],
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO followed_cases VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET unsettled = ?2, state = ?3",
            )?
            .execute(params![proposal.to_string(), unsettled.map(Target::to_string), state])?;
        Ok(())
    }

    /// Sets a timer; setting it twice is setting it once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_followed_timer(
        &self,
        due: TimestampMs,
        proposal: ProposalId,
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO followed_timers VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute(params![due.millis(), proposal.to_string()])?;
        Ok(())
    }

    /// Removes a timer that has fired.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn clear_followed_timer(
        &self,
        due: TimestampMs,
        proposal: ProposalId,
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM followed_timers WHERE due_ms = ?1 AND proposal = ?2")?
            .execute(params![due.millis(), proposal.to_string()])?;
        Ok(())
    }

    /// Remembers something for good.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_followed_mark(&self, mark: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO followed_marks VALUES (?1) ON CONFLICT DO NOTHING")?
            .execute([mark])?;
        Ok(())
    }

    /// Sets how often a target was changed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_followed_revision(&self, target: &Target, revision: u64) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO followed_targets VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET revision = ?2",
            )?
            .execute(params![target.to_string(), to_db(revision, "followed_targets.revision")?])?;
        Ok(())
    }

    /// Remembers an increase that took effect, in micros per day.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_followed_increase(
        &self,
        proposal: ProposalId,
        target: &Target,
        at: TimestampMs,
        micros: i64,
    ) -> Result<(), StoreError> {
        let row = params![target.to_string(), at.millis(), proposal.to_string(), micros];
        self.connection
            .prepare_cached(
                "INSERT INTO followed_increases VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            )?
            .execute(row)?;
        Ok(())
    }

    /// Remembers a wrong second factor.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_followed_wrong_factor(
        &self,
        person: PersonId,
        at: TimestampMs,
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO followed_wrong_factors (person, at_ms) VALUES (?1, ?2)")?
            .execute(params![person.to_string(), at.millis()])?;
        Ok(())
    }

    /// Keeps what is wrong with an entry: the first about its case, or one of the first about
    /// none. `true` if it was kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_followed_fault(&self, fault: &FollowedFault) -> Result<bool, StoreError> {
        let row = params![
            to_db(fault.seq, "followed_faults.seq")?,
            fault.proposal.map(|proposal| proposal.to_string()),
            fault.missing,
            fault.words,
            MAX_FAULTS,
        ];
        let added = self
            .connection
            .prepare_cached(
                "INSERT INTO followed_faults SELECT ?1, ?2, ?3, ?4
                 WHERE ?2 IS NOT NULL
                     OR (SELECT count(*) FROM followed_faults WHERE proposal IS NULL) < ?5
                 ON CONFLICT DO NOTHING",
            )?
            .execute(row)?;
        Ok(added == 1)
    }
}

fn read_fault(row: &Row<'_>) -> rusqlite::Result<FollowedFault> {
    let proposal: Option<String> = row.get(1)?;
    Ok(FollowedFault {
        seq: row.get::<_, i64>(0)?.try_into().map_err(|_| rusqlite::Error::InvalidQuery)?,
        proposal: proposal.is_some().then(|| handle::id(row, 1)).transpose()?,
        missing: row.get(2)?,
        words: row.get(3)?,
    })
}
