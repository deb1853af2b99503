//! Case projections: the rows that lists, counters and search read.

use crate::{
    Reader, StoreError, Tx, handle,
    table::{case_facet, case_words},
};
use countersign_model::{Currency, Digest, ProposalId, TimestampMs, verdict::RiskTier};
use rusqlite::{OptionalExtension as _, params};

/// Settled cases rank after every open one, newest first.
const SETTLED_BASE: i64 = i64::MAX / 2;

/// Which list a case stands on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Shelf {
    /// This person's signature is asked for.
    NeedsMe,
    /// Others are asked.
    WaitingOnOthers,
    /// Nothing more can be decided.
    Settled,
    /// This person's signature is asked for, and they have put it away until a moment.
    /// Kept by the store; a projection says `NeedsMe`.
    Snoozed,
    /// Nothing more can be decided, and a person must look at what was made.
    ToCheck,
}

/// A case's projection. Whether it is snoozed, and how much of its evidence is here, the
/// store knows itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseRow {
    /// The case.
    pub proposal: ProposalId,
    /// Its list; `Snoozed` means the same as `NeedsMe`.
    pub shelf: Shelf,
    /// People can still decide. Never true of a case that has ended.
    pub open: bool,
    /// A valid override is among its decisions.
    pub overridden: bool,
    /// Action kind, e.g. `budget_change`.
    pub kind: String,
    /// Risk tier.
    pub tier: RiskTier,
    /// What it is about, in full.
    pub entity: String,
    /// What is written, in full: what was executed counts on it.
    pub target: String,
    /// Currency of both amounts; `XXX` where the change has nothing to do with money.
    pub currency: Currency,
    /// The amount before, micros per day.
    pub before_micros: i64,
    /// The amount proposed, micros per day.
    pub after_micros: i64,
    /// When it was proposed.
    pub created_at_ms: TimestampMs,
    /// Open cases are listed by this, soonest first.
    pub decide_by_ms: TimestampMs,
    /// Settled cases are listed by this, newest first.
    pub changed_at_ms: TimestampMs,
    /// The class within which cases may be signed together.
    pub batch_class: Option<String>,
    /// What was executed, if it was.
    pub executed: Option<Executed>,
    /// The list row in the client's own form.
    pub summary: Vec<u8>,
    /// What search finds.
    pub text: CaseText,
}

/// What an executed change did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Executed {
    /// When, by the gate's clock.
    pub at_ms: TimestampMs,
    /// The change of the daily amount, micros, in the case's currency.
    pub delta_micros: i64,
}

/// What search finds, by field; several values of a field are joined by line ends.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CaseText {
    /// Entity id and campaign name.
    pub entity: String,
    /// Approvers and owners.
    pub people: String,
    /// Reason codes and texts.
    pub reason: String,
    /// Rules that fired, and their words.
    pub rule: String,
    /// Model and version.
    pub model: String,
    /// The agent.
    pub agent: String,
    /// Everything else worth finding.
    pub rest: String,
}

impl Shelf {
    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::NeedsMe => 0,
            Self::WaitingOnOthers => 1,
            Self::Settled => 2,
            Self::Snoozed => 3,
            Self::ToCheck => 4,
        }
    }

    pub(crate) const fn from_number(number: i64) -> Option<Self> {
        Some(match number {
            0 => Self::NeedsMe,
            1 => Self::WaitingOnOthers,
            2 => Self::Settled,
            3 => Self::Snoozed,
            4 => Self::ToCheck,
            _ => return None,
        })
    }

    /// Whether nothing more can be decided.
    const fn has_ended(self) -> bool {
        matches!(self, Self::Settled | Self::ToCheck)
    }

    /// The list as a projection names it: a snooze is the store's own matter.
    pub(crate) const fn projected(self) -> Self {
        match self {
            Self::Snoozed => Self::NeedsMe,
            other => other,
        }
    }
}

impl CaseText {
    /// In the order of the index's columns.
    pub(crate) fn columns(&self) -> [&str; 7] {
        [&self.entity, &self.people, &self.reason, &self.rule, &self.model, &self.agent, &self.rest]
    }
}

impl CaseRow {
    const fn rank(&self) -> i64 {
        match self.shelf {
            Shelf::NeedsMe | Shelf::WaitingOnOthers | Shelf::Snoozed => self.decide_by_ms.millis(),
            Shelf::Settled | Shelf::ToCheck => {
                SETTLED_BASE.saturating_sub(self.changed_at_ms.millis())
            }
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open && !self.shelf.has_ended()
    }
}

/// Relative change in millionths, saturating; none from zero.
pub(crate) fn change_ppm(before_micros: i64, after_micros: i64) -> Option<i64> {
    let (before, after) = (i128::from(before_micros), i128::from(after_micros));
    let ppm = ((after - before) * 1_000_000).checked_div(before)?;
    Some(i64::try_from(ppm).unwrap_or(if ppm < 0 { i64::MIN } else { i64::MAX }))
}

/// A risk tier for the database.
pub(crate) const fn tier_number(tier: RiskTier) -> i64 {
    match tier {
        RiskTier::Low => 0,
        RiskTier::Medium => 1,
        RiskTier::High => 2,
    }
}

impl Reader<'_> {
    /// A case's list row in the client's own form.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn case_summary(&self, proposal: ProposalId) -> Result<Option<Vec<u8>>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT summary FROM cases JOIN case_body USING (number) WHERE proposal = ?1",
        )?;
        Ok(statement.query_row([proposal.to_string()], |row| row.get(0)).optional()?)
    }

    /// Open cases about an entity.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_cases_of(&self, entity: &str) -> Result<Vec<ProposalId>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT proposal FROM cases WHERE entity = ?1 AND open = 1 ORDER BY number",
        )?;
        let rows = statement.query_map([entity], |row| handle::id(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Stores a projection, replacing the case's last one. A snooze stays while the case
    /// needs me, and ends when it no longer does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_case(&self, case: &CaseRow) -> Result<(), StoreError> {
        let number = self.put_narrow_row(case)?;
        let facets = case_facet::facets_of(case);
        let digest = text_digest(&case.text, &facets);
        let indexed: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT text_digest FROM case_body WHERE number = ?1")?
            .query_row([number], |row| row.get(0))
            .optional()?
            .flatten();
        // Indexing is most of what a projection costs; most projections say the same again.
        if indexed.as_deref() != Some(digest.as_slice()) {
            self.index_words(number, &case.text, &facets)?;
        }
        self.connection
            .prepare_cached(
                "INSERT INTO case_body (number, summary, text_digest) VALUES (?1, ?2, ?3)
                 ON CONFLICT (number) DO UPDATE SET
                     summary = excluded.summary, text_digest = excluded.text_digest",
            )?
            .execute(params![number, case.summary, digest])?;
        Ok(())
    }

    fn put_narrow_row(&self, case: &CaseRow) -> Result<i64, StoreError> {
        let number = self
            .connection
            .prepare_cached(
                "INSERT INTO cases
                     (proposal, shelf, rank, open, overridden, tier, kind, entity, currency,
                      before_micros, after_micros, change_ppm, created_at_ms, decide_by_ms,
                      changed_at_ms, batch_class, executed_at_ms, executed_delta_micros,
                      target)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
                      ?17, ?18, ?19)
                 ON CONFLICT (proposal) DO UPDATE SET
                     shelf = iif(excluded.shelf = 0 AND snooze_until_ms IS NOT NULL, 3,
                         excluded.shelf),
                     snooze_until_ms = iif(excluded.shelf = 0, snooze_until_ms, NULL),
                     rank = excluded.rank, open = excluded.open,
                     overridden = excluded.overridden, tier = excluded.tier,
                     kind = excluded.kind, entity = excluded.entity,
                     currency = excluded.currency, before_micros = excluded.before_micros,
                     after_micros = excluded.after_micros, change_ppm = excluded.change_ppm,
                     created_at_ms = excluded.created_at_ms,
                     decide_by_ms = excluded.decide_by_ms,
                     changed_at_ms = excluded.changed_at_ms,
                     batch_class = excluded.batch_class,
                     executed_at_ms = excluded.executed_at_ms,
                     executed_delta_micros = excluded.executed_delta_micros,
                     target = excluded.target
                 RETURNING number",
            )?
            .query_row(
                params![
                    case.proposal.to_string(),
                    case.shelf.projected().number(),
                    case.rank(),
                    case.is_open(),
                    case.overridden,
                    tier_number(case.tier),
                    case.kind,
                    case.entity,
                    case.currency.code(),
                    case.before_micros,
                    case.after_micros,
                    change_ppm(case.before_micros, case.after_micros),
                    case.created_at_ms.millis(),
                    case.decide_by_ms.millis(),
                    case.changed_at_ms.millis(),
                    case.batch_class,
                    case.executed.map(|executed| executed.at_ms.millis()),
                    case.executed.map(|executed| executed.delta_micros),
                    case.target,
                ],
                |row| row.get(0),
            )?;
        Ok(number)
    }

    fn index_words(&self, number: i64, text: &CaseText, facets: &str) -> Result<(), StoreError> {
        let [entity, people, reason, rule, model, agent, rest] =
            text.columns().map(case_words::indexed);
        let rest = format!("{rest}\n{facets}");
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO case_words
                     (rowid, entity, people, reason, rule, model, agent, rest)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![number, entity, people, reason, rule, model, agent, rest])?;
        Ok(())
    }
}

/// Half of a digest tells two texts apart.
fn text_digest(text: &CaseText, facets: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for column in text.columns().into_iter().chain([facets]) {
        bytes.extend_from_slice(&column.len().to_be_bytes());
        bytes.extend_from_slice(column.as_bytes());
    }
    Digest::of(&bytes).as_bytes()[..16].to_vec()
}

#[cfg(test)]
mod tests {
    use super::change_ppm;

    #[test]
    fn the_relative_change_has_no_overflow() {
        assert_eq!(change_ppm(100, 125), Some(250_000));
        assert_eq!(change_ppm(-100, 50), Some(-1_500_000));
        assert_eq!(change_ppm(0, 5), None);
        assert_eq!(change_ppm(1, i64::MAX), Some(i64::MAX));
        assert_eq!(change_ppm(1, i64::MIN), Some(i64::MIN));
        assert_eq!(change_ppm(-1, i64::MIN), Some(i64::MAX));
    }
}
