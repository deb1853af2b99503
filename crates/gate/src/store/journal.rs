//! Table `journal`: the durable steps of executions, as the executor asks for them.

use super::{Reader, Store, StoreError, Tx};
use async_trait::async_trait;
use countersign_executor::{Journal, JournalError, Step};
use countersign_model::ProposalId;
use rusqlite::ErrorCode;

impl Reader<'_> {
    fn steps(&self, proposal: ProposalId) -> Result<Vec<Step>, JournalFault> {
        let sql = "SELECT step FROM journal WHERE proposal = ?1 ORDER BY position";
        let mut query = self.connection.prepare_cached(sql).map_err(StoreError::from)?;
        let rows = query
            .query_map([proposal.to_string()], |row| row.get::<_, Vec<u8>>(0))
            .map_err(StoreError::from)?;
        rows.map(|row| {
            serde_json::from_slice(&row.map_err(StoreError::from)?)
                .map_err(|_| JournalFault::Damaged)
        })
        .collect()
    }
}

/// Why steps could not be read: what is written there, or the database.
enum JournalFault {
    Damaged,
    Store(StoreError),
}

impl From<StoreError> for JournalFault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Tx<'_> {
    fn put_step(
        &self,
        proposal: ProposalId,
        position: usize,
        step: &[u8],
    ) -> Result<(), StoreError> {
        let position = i64::try_from(position)
            .map_err(|_| StoreError::Damaged("an execution has too many steps"))?;
        self.connection.prepare_cached("INSERT INTO journal VALUES (?1, ?2, ?3)")?.execute((
            proposal.to_string(),
            position,
            step,
        ))?;
        Ok(())
    }
}

#[async_trait]
impl Journal for Store {
    async fn load(&self, proposal: ProposalId) -> Result<Vec<Step>, JournalError> {
        self.read(|reader| reader.steps(proposal)).map_err(|fault| match fault {
            JournalFault::Damaged => JournalError::Damaged,
            JournalFault::Store(error) => store_error(error),
        })
    }

    async fn record(
        &self,
        proposal: ProposalId,
        position: usize,
        step: &Step,
    ) -> Result<(), JournalError> {
        let bytes =
            serde_json::to_vec(step).map_err(|error| JournalError::Store(Box::new(error)))?;
        self.write(|tx| tx.put_step(proposal, position, &bytes)).map_err(store_error)
    }
}

fn store_error(error: StoreError) -> JournalError {
    match &error {
        StoreError::Sqlite(rusqlite::Error::SqliteFailure(failure, _))
            if failure.code == ErrorCode::ConstraintViolation =>
        {
            JournalError::Taken
        }
        _ => JournalError::Store(Box::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_position_is_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(&folder.path().join("gate.sqlite")).unwrap();
        let proposal = ProposalId::from_uuid(uuid::Uuid::from_u128(1));
        store.record(proposal, 0, &Step::Sending).await.unwrap();
        let second = store.record(proposal, 0, &Step::Sending).await;
        assert!(matches!(second, Err(JournalError::Taken)));
        assert_eq!(store.load(proposal).await.unwrap(), [Step::Sending]);
    }

    #[tokio::test]
    async fn a_step_that_cannot_be_read_is_no_failure_of_the_store() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(&folder.path().join("gate.sqlite")).unwrap();
        let [broken, whole] = [1, 2].map(|id| ProposalId::from_uuid(uuid::Uuid::from_u128(id)));
        store.write(|tx| tx.put_step(broken, 0, br#"{"step":"sent"}"#)).unwrap();
        store.record(whole, 0, &Step::Sending).await.unwrap();
        assert!(matches!(store.load(broken).await, Err(JournalError::Damaged)));
        assert_eq!(store.load(whole).await.unwrap(), [Step::Sending], "only its own case");
    }
}
