//! The export file, `countersign-log-export/v1`: one signed manifest, then every entry,
//! then every envelope that an entry refers to; see `docs/formats/log.md`.

use countersign_model::{
    Digest, Envelope, PublicKey, Signer, TimestampMs, WorkspaceId,
    canonical::CanonicalError,
    envelope::{Predicate, SealError},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::io::Write;

/// The format's name, part of the signed manifest.
pub const FORMAT: &str = "countersign-log-export/v1";
pub(crate) const ENTRY_PREFIX: &[u8] = b"{\"entry\":";
pub(crate) const ENVELOPE_PREFIX: &[u8] = b"{\"envelope\":";
pub(crate) const SUFFIX: &[u8] = b"}";

/// Line 1: what the rest of the file is, signed by the gate.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Number of entry lines.
    pub entries: u64,
    /// Number of envelope lines.
    pub envelopes: u64,
    /// The signed checkpoint over exactly those entries.
    pub checkpoint: String,
    /// The gate's key.
    pub gate_key: PublicKey,
    /// The log's verifier key.
    pub log_vkey: String,
    /// SHA-256 of every byte after the first line.
    pub body_sha256: Digest,
    /// When it was made.
    pub made_at_ms: TimestampMs,
}

impl Predicate for Manifest {
    const TYPE: &'static str = "urn:countersign:export:v1";
}

/// What the writer is told; the rest of the manifest is counted and hashed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExportHead {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The signed checkpoint over the entries.
    pub checkpoint: String,
    /// The log's verifier key.
    pub log_vkey: String,
    /// The gate's clock.
    pub made_at_ms: TimestampMs,
}

/// Canonical bytes of entries in order, or of envelopes in ascending order of their digest.
pub type Lines<'a> =
    Box<dyn Iterator<Item = Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>> + 'a>;

/// Why an export could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file could not be written.
    #[error("the export cannot be written")]
    Write(#[from] std::io::Error),
    /// Entries or envelopes could not be read.
    #[error("the export's source cannot be read")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The manifest has no canonical form.
    #[error("the export's manifest cannot be made")]
    Manifest(#[from] SealError),
    /// The manifest has no canonical form.
    #[error("the export's manifest cannot be written")]
    Canonical(#[from] CanonicalError),
    /// An envelope does not follow the one before.
    #[error("envelopes must come once each, in ascending order of their digests")]
    Order,
    /// The two readings of the source differ.
    #[error("the source changed while it was exported; export again")]
    Changed,
}

/// Writes an export. The source is read twice, once for the manifest's hash and once for
/// the file, so that nothing is held in memory.
///
/// # Errors
/// [`ExportError`]; what was written until then is to be thrown away.
pub fn write_export<'a>(
    out: &mut dyn Write,
    head: &ExportHead,
    entries: &dyn Fn() -> Lines<'a>,
    envelopes: &dyn Fn() -> Lines<'a>,
    gate: &dyn Signer,
) -> Result<Manifest, ExportError> {
    let planned = write_body(&mut std::io::sink(), entries(), envelopes())?;
    let manifest = Manifest {
        format: FORMAT.into(),
        workspace: head.workspace,
        entries: planned.entries,
        envelopes: planned.envelopes,
        checkpoint: head.checkpoint.clone(),
        gate_key: gate.public_key(),
        log_vkey: head.log_vkey.clone(),
        body_sha256: planned.digest,
        made_at_ms: head.made_at_ms,
    };
    let envelope = Envelope::seal(&head.workspace.to_string(), planned.digest, &manifest, gate)?;
    out.write_all(&envelope.to_bytes()?)?;
    out.write_all(b"\n")?;
    let written = write_body(out, entries(), envelopes())?;
    out.flush()?;
    if written == planned { Ok(manifest) } else { Err(ExportError::Changed) }
}

#[derive(PartialEq)]
struct Body {
    entries: u64,
    envelopes: u64,
    digest: Digest,
}

fn write_body(
    out: &mut dyn Write,
    entries: Lines<'_>,
    envelopes: Lines<'_>,
) -> Result<Body, ExportError> {
    let mut hasher = Sha256::new();
    let mut body = Body { entries: 0, envelopes: 0, digest: Digest::of(b"") };
    let mut line = |prefix: &[u8], bytes: &[u8]| -> Result<(), ExportError> {
        for part in [prefix, bytes, SUFFIX, b"\n"] {
            hasher.update(part);
            out.write_all(part)?;
        }
        Ok(())
    };
    for entry in entries {
        line(ENTRY_PREFIX, &entry.map_err(ExportError::Source)?)?;
        body.entries += 1;
    }
    let mut last = None;
    for envelope in envelopes {
        let bytes = envelope.map_err(ExportError::Source)?;
        let digest = Some(Digest::of(&bytes));
        if digest <= last {
            return Err(ExportError::Order);
        }
        last = digest;
        line(ENVELOPE_PREFIX, &bytes)?;
        body.envelopes += 1;
    }
    body.digest = Digest::from_bytes(hasher.finalize().into());
    Ok(body)
}
