//! Table `timers`: when a case must be looked at again; indexed, nothing per case in memory.

use super::{Reader, StoreError, Tx};
use countersign_model::{ProposalId, TimestampMs};

impl Reader<'_> {
    /// The next moment to wake at: a case's timer, or an execution that is tried again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_due(&self) -> Result<Option<TimestampMs>, StoreError> {
        let sql = "SELECT min(due) FROM (SELECT min(due_at_ms) AS due FROM timers \
                   UNION ALL SELECT min(due_at_ms) FROM attempts WHERE due_at_ms IS NOT NULL)";
        let due: Option<i64> =
            self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(due.map(TimestampMs::from_millis))
    }

    /// Timers due at `now`, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn due(&self, now: TimestampMs) -> Result<Vec<(TimestampMs, ProposalId)>, StoreError> {
        let sql = "SELECT due_at_ms, proposal FROM timers WHERE due_at_ms <= ?1 \
                   ORDER BY due_at_ms, proposal";
        let mut query = self.connection.prepare_cached(sql)?;
        let rows = query.query_map([now.millis()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?;
        rows.map(|row| {
            let (due, proposal) = row?;
            let proposal =
                proposal.parse().map_err(|_| StoreError::Damaged("a timer has no case"))?;
            Ok((TimestampMs::from_millis(due), proposal))
        })
        .collect()
    }
}

impl Tx<'_> {
    /// Sets a timer; setting it twice is setting it once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_timer(&self, due: TimestampMs, proposal: ProposalId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT OR IGNORE INTO timers VALUES (?1, ?2)")?
            .execute((due.millis(), proposal.to_string()))?;
        Ok(())
    }

    /// Removes a timer that has fired.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn clear_timer(&self, due: TimestampMs, proposal: ProposalId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM timers WHERE due_at_ms = ?1 AND proposal = ?2")?
            .execute((due.millis(), proposal.to_string()))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use uuid::Uuid;

    #[test]
    fn due_timers_survive_a_restart_and_come_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gate.sqlite");
        let [early, late] = [1, 2].map(TimestampMs::from_millis);
        let case = ProposalId::from_uuid(Uuid::from_u128(7));
        let store = Store::create(&path).unwrap();
        let set = store.write(|tx| {
            tx.set_timer(late, case)?;
            tx.set_timer(early, case)?;
            tx.set_timer(early, case)
        });
        set.unwrap();
        drop(store);
        let store = Store::open(&path).unwrap();
        assert_eq!(store.read(|reader| reader.next_due()).unwrap(), Some(early));
        assert_eq!(store.read(|reader| reader.due(early)).unwrap(), [(early, case)]);
        assert!(store.read(|reader| reader.due(TimestampMs::from_millis(0))).unwrap().is_empty());
        store.write(|tx| tx.clear_timer(early, case)).unwrap();
        assert_eq!(store.read(|reader| reader.due(late)).unwrap(), [(late, case)]);
    }
}
