//! The export file, `countersign-log-export/v1`: one signed manifest, the heads that desktops
//! cosigned, then every entry, each after the envelopes and policies that it is the first to
//! refer to; see `docs/formats/log.md`. So a reader can judge each entry as it comes and forget
//! it, and what was cosigned is still there when the end of the file is not.

use countersign_model::{
    Digest, Envelope, PublicKey, Signer, TimestampMs, WorkspaceId,
    canonical::{self, CanonicalError},
    entry::{Entry, EntryError, ReferenceKind},
    envelope::{Predicate, SealError},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeSet, io::Write};

/// The format's name, part of the signed manifest.
pub const FORMAT: &str = "countersign-log-export/v1";
pub(crate) const COSIGNED_PREFIX: &[u8] = b"{\"cosigned\":";
pub(crate) const ENTRY_PREFIX: &[u8] = b"{\"entry\":";
pub(crate) const ENVELOPE_PREFIX: &[u8] = b"{\"envelope\":";
pub(crate) const POLICY_PREFIX: &[u8] = b"{\"policy\":";
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
    /// Number of policy lines.
    pub policies: u64,
    /// Number of lines with a cosigned head.
    pub cosigned: u64,
    /// The signed checkpoint over exactly those entries, with the cosignatures over it.
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
    /// The signed checkpoint over the entries, with the cosignatures over it.
    pub checkpoint: String,
    /// Other heads that devices have cosigned, whatever they say of the entries.
    pub cosigned: BTreeSet<String>,
    /// The log's verifier key.
    pub log_vkey: String,
    /// The gate's clock.
    pub made_at_ms: TimestampMs,
}

/// Why a source cannot be read.
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;
/// Canonical bytes of entries, in order.
pub type Leaves<'a> = Box<dyn Iterator<Item = Result<Vec<u8>, SourceError>> + 'a>;

/// Where an export's content comes from; read twice, and must not change meanwhile.
pub trait ExportSource {
    /// Every entry's leaf bytes, in order.
    fn leaves(&self) -> Leaves<'_>;
    /// The canonical bytes of an envelope or a policy; `None` when there are none.
    ///
    /// # Errors
    /// When the source cannot be read.
    fn bytes(&self, digest: Digest, kind: ReferenceKind) -> Result<Option<Vec<u8>>, SourceError>;
}

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
    /// The manifest or a cosigned head has no canonical form.
    #[error("the export's manifest cannot be written")]
    Canonical(#[from] CanonicalError),
    /// An entry cannot be read.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The two readings of the source differ.
    #[error("the source changed while it was exported; export again")]
    Changed,
}

/// Writes an export. The source is read twice, once for the manifest's hash and once for
/// the file, so that nothing is held in memory.
///
/// # Errors
/// [`ExportError`]; what was written until then is to be thrown away.
pub fn write_export(
    out: &mut dyn Write,
    head: &ExportHead,
    source: &dyn ExportSource,
    gate: &dyn Signer,
) -> Result<Manifest, ExportError> {
    let planned = write_body(&mut std::io::sink(), &head.cosigned, source)?;
    let manifest = Manifest {
        format: FORMAT.into(),
        workspace: head.workspace,
        entries: planned.entries,
        envelopes: planned.envelopes,
        policies: planned.policies,
        cosigned: head.cosigned.len() as u64,
        checkpoint: head.checkpoint.clone(),
        gate_key: gate.public_key(),
        log_vkey: head.log_vkey.clone(),
        body_sha256: planned.digest,
        made_at_ms: head.made_at_ms,
    };
    let envelope = Envelope::seal(&head.workspace.to_string(), planned.digest, &manifest, gate)?;
    out.write_all(&envelope.to_bytes()?)?;
    out.write_all(b"\n")?;
    let written = write_body(out, &head.cosigned, source)?;
    out.flush()?;
    if written == planned { Ok(manifest) } else { Err(ExportError::Changed) }
}

#[derive(PartialEq)]
struct Body {
    entries: u64,
    envelopes: u64,
    policies: u64,
    digest: Digest,
}

fn write_body(
    out: &mut dyn Write,
    cosigned: &BTreeSet<String>,
    source: &dyn ExportSource,
) -> Result<Body, ExportError> {
    let mut hasher = Sha256::new();
    let mut body = Body { entries: 0, envelopes: 0, policies: 0, digest: Digest::of(b"") };
    let mut line = |prefix: &[u8], bytes: &[u8]| -> Result<(), ExportError> {
        for part in [prefix, bytes, SUFFIX, b"\n"] {
            hasher.update(part);
            out.write_all(part)?;
        }
        Ok(())
    };
    for note in cosigned {
        line(COSIGNED_PREFIX, &canonical::to_bytes(note)?)?;
    }
    let mut written = BTreeSet::new();
    for leaf in source.leaves() {
        let leaf = leaf.map_err(ExportError::Source)?;
        for reference in Entry::from_bytes(&leaf)?.body.event.references() {
            if !written.insert(reference.digest) {
                continue;
            }
            let bytes = source.bytes(reference.digest, reference.kind);
            let Some(bytes) = bytes.map_err(ExportError::Source)? else { continue };
            match reference.kind {
                ReferenceKind::Envelope => {
                    line(ENVELOPE_PREFIX, &bytes)?;
                    body.envelopes += 1;
                }
                ReferenceKind::Policy => {
                    line(POLICY_PREFIX, &bytes)?;
                    body.policies += 1;
                }
            }
        }
        line(ENTRY_PREFIX, &leaf)?;
        body.entries += 1;
    }
    body.digest = Digest::from_bytes(hasher.finalize().into());
    Ok(body)
}
