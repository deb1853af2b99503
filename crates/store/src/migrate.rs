//! Numbered migrations; the number reached is SQLite's `user_version`.

use crate::OpenError;
use rusqlite::{Connection, TransactionBehavior};

/// In order, one for each version; a released one is never edited.
const MIGRATIONS: &[&str] =
    &[include_str!("../migrations/0001_first.sql"), include_str!("../migrations/0002_desk.sql")];
/// "CSGN": says to SQLite tools whose database this is.
const APPLICATION_ID: i32 = 0x4353_474E;

/// Brings the tables to the newest form, or says why not.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    migrate_with(connection, MIGRATIONS)
}

fn migrate_with(connection: &mut Connection, migrations: &[&str]) -> Result<(), OpenError> {
    let known = migrations.len() as i64;
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let owner: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if owner != APPLICATION_ID && !(owner == 0 && found == 0) {
        return Err(OpenError::NotOurs);
    }
    let Ok(done) = usize::try_from(found) else { return Err(OpenError::NotOurs) };
    if found > known {
        return Err(OpenError::NewerVersion { found, known });
    }
    let Some(pending) = migrations.get(done..).filter(|pending| !pending.is_empty()) else {
        return Ok(());
    };
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    for sql in pending {
        transaction.execute_batch(sql)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_pending_runs_and_newer_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        let (one, two) = ("CREATE TABLE one (a)", "CREATE TABLE two (a)");
        migrate_with(&mut connection, &[one]).unwrap();
        migrate_with(&mut connection, &[one, two]).unwrap();
        connection.execute_batch("SELECT a FROM one; SELECT a FROM two").unwrap();
        assert!(matches!(
            migrate_with(&mut connection, &[one]),
            Err(OpenError::NewerVersion { found: 2, known: 1 })
        ));
    }

    #[test]
    fn a_failed_migration_leaves_the_old_form() {
        let mut connection = Connection::open_in_memory().unwrap();
        let one = "CREATE TABLE one (a)";
        migrate_with(&mut connection, &[one]).unwrap();
        let broken = "CREATE TABLE two (a); CREATE TABLE one (a)";
        assert!(migrate_with(&mut connection, &[one, broken]).is_err());
        assert!(connection.execute_batch("SELECT a FROM two").is_err(), "half a migration stayed");
        migrate_with(&mut connection, &[one]).unwrap();
    }

    #[test]
    fn a_database_of_another_program_is_not_ours() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("PRAGMA application_id = 7; PRAGMA user_version = 1").unwrap();
        assert!(matches!(migrate(&mut connection), Err(OpenError::NotOurs)));
    }
}
