//! Evidence by the digest of its plain bytes, and what still has to be fetched.

use crate::{
    Reader, StoreError, Tx,
    handle::{self, from_db, to_db},
};
use countersign_model::{Digest, ProposalId};
use rusqlite::{OptionalExtension as _, params};

/// Evidence that a case refers to and that is not on this device yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WantedEvidence {
    /// Digest of the plain bytes.
    pub evidence: Digest,
    /// Digest of the sealed blob at the relay.
    pub blob: Digest,
    /// Length of the sealed bytes.
    pub size_bytes: u64,
    /// The case.
    pub proposal: ProposalId,
}

impl Reader<'_> {
    /// The plain bytes of a piece of evidence.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn evidence(&self, digest: Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT bytes FROM evidence WHERE digest = ?1")?;
        Ok(statement.query_row([digest.as_bytes()], |row| row.get(0)).optional()?)
    }

    /// Whether a piece of evidence is on this device.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn has_evidence(&self, digest: Digest) -> Result<bool, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT 1 FROM evidence WHERE digest = ?1")?;
        Ok(statement.exists([digest.as_bytes()])?)
    }

    /// What still has to be fetched.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn wanted_evidence(&self, limit: u32) -> Result<Vec<WantedEvidence>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT digest, blob, size_bytes, proposal FROM evidence_wanted LIMIT ?1",
        )?;
        let rows = statement.query_map([limit], |row| {
            let wanted = WantedEvidence {
                evidence: handle::digest(row, 0)?,
                blob: handle::digest(row, 1)?,
                size_bytes: 0,
                proposal: handle::id(row, 3)?,
            };
            Ok((row.get::<_, i64>(2)?, wanted))
        })?;
        rows.map(|row| {
            let (size, wanted) = row?;
            let size_bytes = from_db(size, "evidence_wanted.size_bytes")?;
            Ok(WantedEvidence { size_bytes, ..wanted })
        })
        .collect()
    }
}

impl Tx<'_> {
    /// Notes evidence to fetch, unless it is here or noted already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn want_evidence(&self, wanted: &WantedEvidence) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO evidence_wanted (digest, blob, size_bytes, proposal)
                 SELECT ?1, ?2, ?3, ?4
                 WHERE NOT EXISTS (SELECT 1 FROM evidence WHERE digest = ?1)
                 ON CONFLICT (digest) DO NOTHING",
            )?
            .execute(params![
                wanted.evidence.as_bytes(),
                wanted.blob.as_bytes(),
                to_db(wanted.size_bytes, "evidence_wanted.size_bytes")?,
                wanted.proposal.to_string(),
            ])?;
        Ok(())
    }

    /// Stores the plain bytes of evidence; its digest is computed here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_evidence(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        let digest = Digest::of(bytes);
        self.connection
            .prepare_cached(
                "INSERT INTO evidence (digest, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            )?
            .execute(params![digest.as_bytes(), bytes])?;
        self.connection
            .prepare_cached("DELETE FROM evidence_wanted WHERE digest = ?1")?
            .execute([digest.as_bytes()])?;
        Ok(digest)
    }
}
