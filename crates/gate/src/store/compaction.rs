//! Tables `packs_made` and `blobs_to_drop`, and what else compaction asks the database.

use super::{Reader, StoreError, Tx, outbox::Waiting, to_db};
use countersign_model::{Digest, ProposalId, TimestampMs};
use rusqlite::OptionalExtension as _;
use serde::{Deserialize, Serialize};

/// Under which name the newest snapshot is kept.
const SNAPSHOT: &str = "snapshot";
/// When a snapshot was made last, or there was nothing to make one of.
const LOOKED_AT: &str = "compaction_looked_at_ms";

/// The newest snapshot that was committed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MadeSnapshot {
    /// It stands for the relay's records at this position and below it.
    pub floor: u64,
    /// The place of its record among the gate's.
    pub writer_seq: u64,
    /// The relay has taken the floor over.
    pub in_force: bool,
    /// The relay has lost records since: what it has at the floor's position and below it is no
    /// longer what the snapshot stands for, so that its floor must never rise to it.
    #[serde(default)]
    pub void: bool,
}

impl Reader<'_> {
    /// The newest snapshot.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn made_snapshot(&self) -> Result<Option<MadeSnapshot>, StoreError> {
        let damaged = |_| StoreError::Damaged("the newest snapshot cannot be read");
        let bytes = self.meta(SNAPSHOT)?;
        bytes.map(|bytes| serde_json::from_slice(&bytes).map_err(damaged)).transpose()
    }

    /// When compaction was looked at last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn compaction_looked_at(&self) -> Result<Option<TimestampMs>, StoreError> {
        let damaged = StoreError::Damaged("a moment of compaction cannot be read");
        let Some(bytes) = self.meta(LOOKED_AT)? else { return Ok(None) };
        let text = String::from_utf8(bytes).ok().and_then(|text| text.parse().ok());
        text.map(TimestampMs::from_millis).map(Some).ok_or(damaged)
    }

    /// Cases that are open or have been told of something since `ended`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cases_since(&self, ended: TimestampMs) -> Result<Vec<ProposalId>, StoreError> {
        let sql = "SELECT proposal FROM cases LEFT JOIN courses USING (proposal) \
                   WHERE phase IN ('deciding', 'authorized', 'executing') \
                   OR json_extract(CAST(coalesce(course, state) AS TEXT), '$.clock_ms') >= ?1";
        let mut query = self.connection.prepare_cached(sql)?;
        let rows = query.query_map([ended.millis()], |row| row.get::<_, String>(0))?;
        rows.map(|row| row?.parse().map_err(|_| StoreError::Damaged("a case has no id"))).collect()
    }

    /// One of the gate's records.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn record(&self, writer_seq: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT sealed FROM outbox WHERE writer_seq = ?1";
        let mut query = self.connection.prepare_cached(sql)?;
        Ok(query.query_row([to_db(writer_seq)?], |row| row.get(0)).optional()?)
    }

    /// Up to `limit` blobs that the relay is to let go of.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn blobs_to_drop(&self, limit: usize) -> Result<Vec<Digest>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = "SELECT digest FROM blobs_to_drop ORDER BY digest LIMIT ?1";
        let mut query = self.connection.prepare_cached(sql)?;
        let rows = query.query_map([limit], |row| row.get(0))?;
        Ok(rows.map(|row| row.map(Digest::from_bytes)).collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Notes a pack before the relay has it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note_pack(&self, digest: Digest) -> Result<(), StoreError> {
        let sql = "INSERT OR IGNORE INTO packs_made VALUES (?1)";
        self.connection.prepare_cached(sql)?.execute([digest.as_bytes()])?;
        Ok(())
    }

    /// Packs of a snapshot that was never committed are to be let go.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn drop_unused_packs(&self) -> Result<(), StoreError> {
        self.connection.execute_batch(
            "INSERT OR IGNORE INTO blobs_to_drop SELECT digest FROM packs_made;
             DELETE FROM packs_made;",
        )?;
        Ok(())
    }

    /// Notes a snapshot whose record is the next one of the gate's, and what the relay is to
    /// let go of once its floor is in force.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_snapshot(&self, floor: u64, drop: &[Digest]) -> Result<(), StoreError> {
        let last = self.last_record()?.map(|Waiting { writer_seq, .. }| writer_seq);
        let writer_seq = last.map_or(0, |last| last + 1);
        self.set_made_snapshot(MadeSnapshot { floor, writer_seq, in_force: false, void: false })?;
        self.connection.prepare_cached("DELETE FROM packs_made")?.execute([])?;
        let sql = "INSERT OR IGNORE INTO blobs_to_drop VALUES (?1)";
        let mut insert = self.connection.prepare_cached(sql)?;
        for digest in drop {
            insert.execute([digest.as_bytes()])?;
        }
        Ok(())
    }

    /// Notes how the newest snapshot stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_made_snapshot(&self, made: MadeSnapshot) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec(&made);
        let bytes = bytes.map_err(|_| StoreError::Damaged("a snapshot cannot be written"))?;
        self.set_meta(SNAPSHOT, &bytes)
    }

    /// A floor that the relay has not taken over yet means nothing to one that has lost records.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn void_made_snapshot(&self) -> Result<(), StoreError> {
        match self.made_snapshot()? {
            Some(made) if !made.in_force => {
                self.set_made_snapshot(MadeSnapshot { void: true, ..made })
            }
            _ => Ok(()),
        }
    }

    /// Notes that compaction was looked at.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_compaction_looked_at(&self, at: TimestampMs) -> Result<(), StoreError> {
        self.set_meta(LOOKED_AT, at.millis().to_string().as_bytes())
    }

    /// Forgets blobs that the relay has let go of.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget_dropped(&self, blobs: &[Digest]) -> Result<(), StoreError> {
        let sql = "DELETE FROM blobs_to_drop WHERE digest = ?1";
        let mut delete = self.connection.prepare_cached(sql)?;
        for digest in blobs {
            delete.execute([digest.as_bytes()])?;
        }
        Ok(())
    }
}
