//! How much each device has filed in each case, and the cases that it wrote about although
//! the gate has not opened them here.

use crate::{
    Reader, StoreError, Tx,
    handle::{from_db, to_db},
};
use countersign_model::{DeviceId, ProposalId};
use rusqlite::{OptionalExtension as _, params};

/// What one device has filed in one case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FiledRow {
    /// Envelopes.
    pub envelopes: u32,
    /// Bytes.
    pub bytes: u32,
    /// The last of its records that was counted.
    pub last_seq: u64,
}

impl Reader<'_> {
    /// What a device has filed in a case; none before its first record there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn filed(
        &self,
        case: ProposalId,
        writer: DeviceId,
    ) -> Result<Option<FiledRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT envelopes, bytes, last_seq FROM filed WHERE proposal = ?1 AND writer = ?2",
        )?;
        let key = params![case.to_string(), writer.to_string()];
        let row = statement
            .query_row(key, |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?)))
            .optional()?;
        row.map(|(envelopes, bytes, last_seq)| {
            Ok(FiledRow { envelopes, bytes, last_seq: from_db(last_seq, "filed.last_seq")? })
        })
        .transpose()
    }

    /// In how many cases a device has written that the gate has not opened here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unopened_cases(&self, writer: DeviceId) -> Result<u32, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT count(*) FROM unopened WHERE writer = ?1")?;
        Ok(statement.query_row([writer.to_string()], |row| row.get(0))?)
    }
}

impl Tx<'_> {
    /// Keeps what a device has filed in a case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_filed(
        &self,
        case: ProposalId,
        writer: DeviceId,
        filed: FiledRow,
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO filed (proposal, writer, envelopes, bytes, last_seq)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (proposal, writer) DO UPDATE SET
                     envelopes = excluded.envelopes, bytes = excluded.bytes,
                     last_seq = excluded.last_seq",
            )?
            .execute(params![
                case.to_string(),
                writer.to_string(),
                filed.envelopes,
                filed.bytes,
                to_db(filed.last_seq, "filed.last_seq")?,
            ])?;
        Ok(())
    }

    /// Notes that a device wrote about a case that is not open here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note_unopened(&self, case: ProposalId, writer: DeviceId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO unopened (proposal, writer) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            )?
            .execute(params![case.to_string(), writer.to_string()])?;
        Ok(())
    }

    /// Notes that a case is open.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note_opened(&self, case: ProposalId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM unopened WHERE proposal = ?1")?
            .execute([case.to_string()])?;
        Ok(())
    }
}
