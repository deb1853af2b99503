//! The form of a file: whose it is (SQLite's `application_id`), and how many numbered migrations
//! it has been through (its `user_version`).

use rusqlite::{Connection, TransactionBehavior};

/// The form that a room's file has.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// Says to SQLite's tools, and to us, whose file it is.
    pub application_id: i32,
    /// In order, one for each version; a released one is never edited.
    pub migrations: &'static [&'static str],
}

/// The version of a file, and the newest that is known here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Version {
    /// The file's.
    pub found: i64,
    /// The newest known.
    pub known: i64,
}

/// Why a file is not taken. It was not changed.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// Another program's.
    #[error("the file belongs to another program")]
    Foreign,
    /// Made by a newer version of the program.
    #[error("the file has version {}; this program knows versions up to {}", .0.found, .0.known)]
    Newer(Version),
    /// SQLite refused.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

impl Form {
    /// Reads the version of a file; a new file has version 0.
    ///
    /// # Errors
    /// [`FormError`].
    pub fn version(&self, connection: &Connection) -> Result<Version, FormError> {
        let known = i64::try_from(self.migrations.len()).unwrap_or(i64::MAX);
        let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let owner: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
        let is_new = owner == 0 && found == 0;
        if found < 0 || (owner != self.application_id && !is_new) {
            return Err(FormError::Foreign);
        }
        let version = Version { found, known };
        if found > known { Err(FormError::Newer(version)) } else { Ok(version) }
    }

    /// Brings a file to the newest version, in one transaction.
    ///
    /// # Errors
    /// [`FormError`]; the file is as it was.
    pub fn bring_forward(&self, connection: &mut Connection) -> Result<(), FormError> {
        let Version { found, known } = self.version(connection)?;
        let done = usize::try_from(found).map_err(|_| FormError::Foreign)?;
        let pending = self.migrations.get(done..).unwrap_or_default();
        if pending.is_empty() {
            return Ok(());
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        for sql in pending {
            transaction.execute_batch(sql)?;
        }
        transaction.pragma_update(None, "application_id", self.application_id)?;
        transaction.pragma_update(None, "user_version", known)?;
        transaction.commit()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "CREATE TABLE one (a)";
    const TWO: &str = "CREATE TABLE two (a)";
    const FIRST: Form = Form { application_id: 1, migrations: &[ONE] };
    const SECOND: Form = Form { application_id: 1, migrations: &[ONE, TWO] };

    #[test]
    fn only_what_is_pending_runs_and_newer_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        FIRST.bring_forward(&mut connection).unwrap();
        SECOND.bring_forward(&mut connection).unwrap();
        connection.execute_batch("SELECT a FROM one; SELECT a FROM two").unwrap();
        let newer = Version { found: 2, known: 1 };
        assert!(
            matches!(FIRST.bring_forward(&mut connection), Err(FormError::Newer(v)) if v == newer)
        );
    }

    #[test]
    fn a_failed_migration_leaves_the_old_form() {
        let mut connection = Connection::open_in_memory().unwrap();
        FIRST.bring_forward(&mut connection).unwrap();
        let broken =
            Form { migrations: &[ONE, "CREATE TABLE two (a); CREATE TABLE one (a)"], ..FIRST };
        assert!(broken.bring_forward(&mut connection).is_err());
        assert!(connection.execute_batch("SELECT a FROM two").is_err(), "half a migration stayed");
        FIRST.bring_forward(&mut connection).unwrap();
    }

    #[test]
    fn a_file_of_another_program_is_foreign() {
        for sql in [
            "PRAGMA application_id = 7",
            "PRAGMA application_id = 7; PRAGMA user_version = 1",
            "PRAGMA user_version = 1",
            "PRAGMA application_id = 1; PRAGMA user_version = -1",
        ] {
            let mut connection = Connection::open_in_memory().unwrap();
            connection.execute_batch(sql).unwrap();
            let refused = FIRST.bring_forward(&mut connection);
            assert!(matches!(refused, Err(FormError::Foreign)), "{sql}");
        }
    }
}
