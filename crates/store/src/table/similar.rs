//! Settled cases that resemble one, and what was executed on a target lately.

use crate::{Reader, StoreError, handle};
use countersign_model::{Currency, ProposalId, TimestampMs};
use rusqlite::{Row, params};

/// A settled case that resembles another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SettledCase {
    /// The case.
    pub proposal: ProposalId,
    /// What it was about.
    pub entity: String,
    /// Relative change in millionths; none from zero.
    pub change_ppm: Option<i64>,
    /// When it was settled.
    pub changed_at_ms: TimestampMs,
    /// The list row in the client's own form.
    pub summary: Vec<u8>,
}

/// A change that was executed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExecutedChange {
    /// The case.
    pub proposal: ProposalId,
    /// When, by the gate's clock.
    pub at_ms: TimestampMs,
    /// The change of the daily amount, micros.
    pub delta_micros: i64,
    /// Its currency.
    pub currency: Currency,
}

const COLUMNS: &str = "proposal, entity, change_ppm, changed_at_ms, summary \
                       FROM cases CROSS JOIN case_body USING (number)";

impl Reader<'_> {
    /// Settled cases of a kind on an entity, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn settled_like(
        &self,
        entity: &str,
        kind: &str,
        limit: u32,
    ) -> Result<Vec<SettledCase>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} WHERE shelf = 2 AND entity = ?1 AND kind = ?2
             ORDER BY changed_at_ms DESC LIMIT ?3"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![entity, kind, limit], settled_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Settled cases of a kind on other entities, the nearest relative change first; of
    /// those with the very same change, the newest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn settled_near(
        &self,
        kind: &str,
        change_ppm: i64,
        not_entity: &str,
        limit: u32,
    ) -> Result<Vec<SettledCase>, StoreError> {
        let side = |sql: &str| -> Result<Vec<SettledCase>, StoreError> {
            let mut statement = self.connection.prepare_cached(sql)?;
            let rows =
                statement.query_map(params![kind, change_ppm, not_entity, limit], settled_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        };
        let mut found = side(&format!(
            "SELECT {COLUMNS} WHERE shelf = 2 AND kind = ?1 AND change_ppm >= ?2 AND entity <> ?3
             ORDER BY change_ppm, changed_at_ms DESC LIMIT ?4"
        ))?;
        found.extend(side(&format!(
            "SELECT {COLUMNS} WHERE shelf = 2 AND kind = ?1 AND change_ppm < ?2 AND entity <> ?3
             ORDER BY change_ppm DESC, changed_at_ms LIMIT ?4"
        ))?);
        found.sort_by_key(|case| {
            let distance = case.change_ppm.map_or(u64::MAX, |ppm| ppm.abs_diff(change_ppm));
            (distance, std::cmp::Reverse(case.changed_at_ms))
        });
        found.truncate(limit as usize);
        Ok(found)
    }

    /// What was executed on a target since a moment, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn executed_on_target_since(
        &self,
        target: &str,
        since_ms: TimestampMs,
    ) -> Result<Vec<ExecutedChange>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT proposal, executed_at_ms, executed_delta_micros, currency FROM cases
             WHERE target = ?1 AND executed_at_ms >= ?2 ORDER BY executed_at_ms",
        )?;
        let rows = statement.query_map(params![target, since_ms.millis()], |row| {
            Ok(ExecutedChange {
                proposal: handle::id(row, 0)?,
                at_ms: TimestampMs::from_millis(row.get(1)?),
                delta_micros: row.get(2)?,
                currency: handle::currency(row, 3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn settled_row(row: &Row<'_>) -> rusqlite::Result<SettledCase> {
    Ok(SettledCase {
        proposal: handle::id(row, 0)?,
        entity: row.get(1)?,
        change_ppm: row.get(2)?,
        changed_at_ms: TimestampMs::from_millis(row.get(3)?),
        summary: row.get(4)?,
    })
}
