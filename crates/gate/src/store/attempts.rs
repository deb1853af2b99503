//! Table `attempts`: executions that are tried again, and when.

use super::{Reader, StoreError, Tx};
use crate::core::Attempts;
use countersign_model::{ProposalId, TimestampMs};
use rusqlite::OptionalExtension as _;

impl Reader<'_> {
    /// What is remembered of an execution's attempts; nothing of one that was never tried again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn attempts(&self, proposal: ProposalId) -> Result<Attempts, StoreError> {
        let sql = "SELECT due_at_ms, held_up, lost, unread_since_ms FROM attempts \
                   WHERE proposal = ?1";
        let moment = |millis: Option<i64>| millis.map(TimestampMs::from_millis);
        let found = self
            .connection
            .prepare_cached(sql)?
            .query_row([proposal.to_string()], |row| {
                Ok(Attempts {
                    due: moment(row.get(0)?),
                    held_up: row.get(1)?,
                    lost: row.get(2)?,
                    unread_since: moment(row.get(3)?),
                })
            })
            .optional()?;
        Ok(found.unwrap_or_default())
    }

    /// Executions that are due at a moment, soonest first, then by case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn due_attempts(&self, now: TimestampMs) -> Result<Vec<ProposalId>, StoreError> {
        let sql = "SELECT proposal FROM attempts \
                   WHERE due_at_ms IS NOT NULL AND due_at_ms <= ?1 ORDER BY due_at_ms, proposal";
        let mut query = self.connection.prepare_cached(sql)?;
        let rows = query.query_map([now.millis()], |row| row.get::<_, String>(0))?;
        rows.map(|row| row?.parse().map_err(|_| StoreError::Damaged("an attempt has no case")))
            .collect()
    }
}

impl Tx<'_> {
    /// Keeps what is remembered of an execution's attempts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_attempts(&self, proposal: ProposalId, attempts: Attempts) -> Result<(), StoreError> {
        let Attempts { due, held_up, lost, unread_since } = attempts;
        let sql = "INSERT INTO attempts VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE
                   SET due_at_ms = ?2, held_up = ?3, lost = ?4, unread_since_ms = ?5";
        let millis = |moment: Option<TimestampMs>| moment.map(TimestampMs::millis);
        let row = (proposal.to_string(), millis(due), held_up, lost, millis(unread_since));
        self.connection.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }

    /// Forgets an execution that has ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn clear_attempts(&self, proposal: ProposalId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM attempts WHERE proposal = ?1")?
            .execute([proposal.to_string()])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use uuid::Uuid;

    #[test]
    fn a_wait_outlives_the_process_and_is_looked_up_by_its_moment() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gate.sqlite");
        let [soon, later] = [1, 2].map(TimestampMs::from_millis);
        let [a, b, c] = [1, 2, 3].map(|id| ProposalId::from_uuid(Uuid::from_u128(id)));
        let until = |due| Attempts { due, held_up: 3, ..Attempts::default() };
        let store = Store::create(&path).unwrap();
        let set = store.write(|tx| {
            tx.put_attempts(a, until(Some(later)))?;
            tx.put_attempts(b, until(Some(soon)))?;
            tx.put_attempts(c, until(None))
        });
        set.unwrap();
        drop(store);
        let store = Store::open(&path).unwrap();
        assert_eq!(store.read(|reader| reader.next_due()).unwrap(), Some(soon));
        assert_eq!(store.read(|reader| reader.due_attempts(soon)).unwrap(), [b]);
        assert_eq!(store.read(|reader| reader.attempts(a)).unwrap(), until(Some(later)));
        store.write(|tx| tx.clear_attempts(b)).unwrap();
        assert_eq!(store.read(|reader| reader.due_attempts(later)).unwrap(), [a]);
        assert_eq!(store.read(|reader| reader.attempts(b)).unwrap(), Attempts::default());
    }
}
