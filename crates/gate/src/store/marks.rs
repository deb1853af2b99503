//! Tables `judged`, `decision_ids`, `control_ids`, `rollbacks_asked` and `rollbacks_opened`: what the
//! judge remembers for good.

use super::{Reader, StoreError, Tx};
use countersign_model::Digest;
use countersign_replay::Mark;

impl Reader<'_> {
    /// Whether something was remembered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn has_mark(&self, mark: &Mark) -> Result<bool, StoreError> {
        let found = |sql: &str, key: &dyn rusqlite::ToSql| {
            Ok(self.connection.prepare_cached(sql)?.exists([key])?)
        };
        let found_two = |sql: &str, key: (String, String)| {
            Ok(self.connection.prepare_cached(sql)?.exists(key)?)
        };
        match mark {
            Mark::Judged(digest) => {
                found("SELECT 1 FROM judged WHERE envelope = ?1", digest.as_bytes())
            }
            Mark::RollbackAsked(wish) => {
                found("SELECT 1 FROM rollbacks_asked WHERE wish = ?1", wish.as_bytes())
            }
            Mark::RollbackOpened(statement) => {
                found("SELECT 1 FROM rollbacks_opened WHERE statement = ?1", statement.as_bytes())
            }
            Mark::Case(proposal) => {
                found("SELECT 1 FROM cases WHERE proposal = ?1", &proposal.to_string())
            }
            Mark::Decision(person, id) => found_two(
                "SELECT 1 FROM decision_ids WHERE person = ?1 AND decision = ?2",
                (person.to_string(), id.to_string()),
            ),
            Mark::Control(person, id) => found_two(
                "SELECT 1 FROM control_ids WHERE person = ?1 AND control = ?2",
                (person.to_string(), id.to_string()),
            ),
        }
    }
}

impl Tx<'_> {
    /// Remembers something for good.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_mark(&self, mark: &Mark) -> Result<(), StoreError> {
        let insert = |sql: &str, key: (String, String)| -> Result<(), StoreError> {
            self.connection.prepare_cached(sql)?.execute(key)?;
            Ok(())
        };
        let insert_one = |sql: &str, digest: &Digest| -> Result<(), StoreError> {
            self.connection.prepare_cached(sql)?.execute([digest.as_bytes()])?;
            Ok(())
        };
        match mark {
            Mark::Judged(digest) => insert_one("INSERT OR IGNORE INTO judged VALUES (?1)", digest),
            Mark::RollbackAsked(wish) => {
                insert_one("INSERT OR IGNORE INTO rollbacks_asked VALUES (?1)", wish)
            }
            Mark::RollbackOpened(statement) => {
                insert_one("INSERT OR IGNORE INTO rollbacks_opened VALUES (?1)", statement)
            }
            // A case is remembered by its row.
            Mark::Case(_) => Ok(()),
            Mark::Decision(person, id) => insert(
                "INSERT OR IGNORE INTO decision_ids VALUES (?1, ?2)",
                (person.to_string(), id.to_string()),
            ),
            Mark::Control(person, id) => insert(
                "INSERT OR IGNORE INTO control_ids VALUES (?1, ?2)",
                (person.to_string(), id.to_string()),
            ),
        }
    }
}
