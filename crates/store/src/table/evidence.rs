//! Evidence by the digest of its plain bytes, which case refers to it, and what still has to
//! be fetched: what my cases need first.

use crate::{
    Reader, Shelf, StoreError, Tx,
    handle::{self, from_db, to_db},
};
use countersign_model::{Digest, ProposalId};
use rusqlite::{OptionalExtension as _, Row, params};
use std::collections::BTreeSet;

/// Evidence that a case refers to and that is not on this device.
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

/// What the evidence on this device takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct EvidenceTotal {
    /// Pieces.
    pub pieces: u64,
    /// Plain bytes.
    pub bytes: u64,
}

/// In which order evidence is fetched.
const FETCH_ORDER: [Shelf; 5] =
    [Shelf::NeedsMe, Shelf::Snoozed, Shelf::WaitingOnOthers, Shelf::ToCheck, Shelf::Settled];

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

    /// What still has to be fetched for cases that have a projection, each piece once: for
    /// those that need me, put away, wait for others, are settled; within each, by deadline,
    /// of settled ones the newest first. What was evicted is not wanted again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn wanted_evidence(&self, limit: u32) -> Result<Vec<WantedEvidence>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT digest, blob, size_bytes, cases.proposal
             FROM cases INDEXED BY cases_wanting
                 CROSS JOIN evidence_refs ON evidence_refs.proposal = cases.proposal
             WHERE shelf = ?1 AND cases.evidence_wanted > 0 AND state = 0
             ORDER BY rank, number",
        )?;
        let mut seen = BTreeSet::new();
        let mut wanted = Vec::new();
        for shelf in FETCH_ORDER {
            let mut rows = statement.query([shelf.number()])?;
            while wanted.len() < limit as usize {
                let Some(row) = rows.next()? else { break };
                let piece = wanted_row(row)?;
                if seen.insert(piece.evidence) {
                    wanted.push(piece);
                }
            }
        }
        Ok(wanted)
    }

    /// The evidence of a case that is not on this device, evicted pieces included.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn evidence_missing_of(&self, case: ProposalId) -> Result<Vec<WantedEvidence>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT digest, blob, size_bytes, proposal FROM evidence_refs
             WHERE proposal = ?1 AND state <> 1",
        )?;
        let mut rows = statement.query([case.to_string()])?;
        let mut missing = Vec::new();
        while let Some(row) = rows.next()? {
            missing.push(wanted_row(row)?);
        }
        Ok(missing)
    }

    /// How many cases that need me lack evidence on this device.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn needs_me_without_evidence(&self) -> Result<u32, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT count(*) FROM cases INDEXED BY cases_wanting
             WHERE shelf = 0 AND evidence_wanted > 0",
        )?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// The cases that refer to a piece of evidence.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cases_with_evidence(&self, digest: Digest) -> Result<Vec<ProposalId>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT proposal FROM evidence_refs WHERE digest = ?1")?;
        let rows = statement.query_map([digest.as_bytes()], |row| handle::id(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What the evidence on this device takes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn evidence_total(&self) -> Result<EvidenceTotal, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT pieces, bytes FROM evidence_total")?;
        let (pieces, bytes) = statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(EvidenceTotal {
            pieces: from_db(pieces, "evidence_total.pieces")?,
            bytes: from_db(bytes, "evidence_total.bytes")?,
        })
    }
}

impl Tx<'_> {
    /// Notes that a case refers to a piece of evidence, which is to be fetched unless it is
    /// here. Said again, it changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn want_evidence(&self, wanted: &WantedEvidence) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO evidence_refs (digest, blob, size_bytes, proposal, state)
                 SELECT ?1, ?2, ?3, ?4, EXISTS (SELECT 1 FROM evidence WHERE digest = ?1)
                 WHERE TRUE ON CONFLICT (proposal, digest) DO NOTHING",
            )?
            .execute(params![
                wanted.evidence.as_bytes(),
                wanted.blob.as_bytes(),
                to_db(wanted.size_bytes, "evidence_refs.size_bytes")?,
                wanted.proposal.to_string(),
            ])?;
        Ok(())
    }

    /// Wants the evicted evidence of a case again, e.g. because somebody opened it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn want_again(&self, case: ProposalId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE evidence_refs SET state = 0 WHERE proposal = ?1 AND state = 2")?
            .execute([case.to_string()])?;
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
            .prepare_cached("UPDATE evidence_refs SET state = 1 WHERE digest = ?1")?
            .execute([digest.as_bytes()])?;
        Ok(digest)
    }
}

fn wanted_row(row: &Row<'_>) -> Result<WantedEvidence, StoreError> {
    Ok(WantedEvidence {
        evidence: handle::digest(row, 0)?,
        blob: handle::digest(row, 1)?,
        size_bytes: from_db(row.get(2)?, "evidence_refs.size_bytes")?,
        proposal: handle::id(row, 3)?,
    })
}
