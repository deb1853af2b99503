//! `export` and `trust`: what auditors need; both only read and work while the gate serves.

use super::{AdminError, file_error, output::Output};
use crate::{
    clock,
    data::DataDir,
    identity::Identity,
    store::{Reader, Store, StoreError},
};
use countersign_audit::{
    Trust, cosignature,
    export::{ExportHead, ExportSource, Leaves, Manifest, SourceError, write_export},
};
use countersign_model::{Digest, Envelope, Roster, entry::ReferenceKind};
use std::{
    collections::BTreeSet,
    io::{BufWriter, Write as _},
    path::Path,
};

/// How many entries are read at once.
const RUN: u32 = 256;

/// What both commands read from; a gate that serves meanwhile is not disturbed.
fn open_to_read(data: &Path) -> Result<(Store, Identity), AdminError> {
    let data = DataDir::new(data);
    data.check_closed()?;
    let store = Store::open_to_read(&data.database())?;
    let identity = Identity::load(&data, &store)?;
    Ok((store, identity))
}

/// The public keys of this workspace, for `countersign-verify --trust`.
///
/// # Errors
/// [`AdminError`].
pub fn trust(data: &Path) -> Result<Trust, AdminError> {
    let (store, identity) = open_to_read(data)?;
    let rosters = store.read(|reader| reader.rosters())?;
    let first = read_roster(rosters.first())?;
    Ok(Trust {
        workspace: identity.workspace,
        gate_key: identity.log_keys.gate_key,
        log_vkey: identity.log_keys.vkey,
        root_keys: first.root.keys,
        root_threshold: first.root.threshold,
    })
}

/// A roster that was verified when it was taken.
fn read_roster(bytes: Option<&Vec<u8>>) -> Result<Roster, StoreError> {
    let bytes = bytes.ok_or(StoreError::Damaged("there is no roster"))?;
    Envelope::from_bytes(bytes)
        .and_then(|envelope| envelope.peek_unverified())
        .map_err(|_| StoreError::Damaged("a roster cannot be read"))
}

/// Writes the log as one file that anyone can verify.
///
/// # Errors
/// [`AdminError`]; an existing file is not replaced.
pub fn export(data: &Path, out: &Path) -> Result<Manifest, AdminError> {
    let (store, identity) = open_to_read(data)?;
    let mut output = Output::create(out)?;
    let mut writer = BufWriter::new(output.file());
    // One read transaction: one state of the log, whatever the gate does meanwhile.
    let manifest = store.read(|reader| {
        let newest =
            reader.newest_checkpoint()?.ok_or(StoreError::Damaged("there is no checkpoint"))?;
        let (size, checkpoint) = newest;
        let (checkpoint, cosigned) = cosigned(reader, checkpoint)?;
        let head = ExportHead {
            workspace: identity.workspace,
            checkpoint,
            cosigned,
            log_vkey: identity.log_keys.vkey.clone(),
            made_at_ms: clock::now(),
        };
        write_export(&mut writer, &head, &Source { reader, size }, &identity.signing)
            .map_err(|error| file_error(out, &error))
    })?;
    writer.flush().map_err(|error| file_error(out, &format!("it cannot be written: {error}")))?;
    drop(writer);
    output.sync()?;
    output.keep()?;
    Ok(manifest)
}

/// What desktops cosigned: on the checkpoint the lines over exactly it, and beside it every
/// other head, also one that contradicts this log. Who reads the export judges them.
fn cosigned(
    reader: &Reader<'_>,
    checkpoint: String,
) -> Result<(String, BTreeSet<String>), StoreError> {
    let roster = read_roster(reader.rosters()?.last())?;
    let newest = reader.cosignatures()?;
    let notes = || newest.iter().map(String::as_str);
    let checkpoint = cosignature::with_witnesses(&checkpoint, notes(), &roster)
        .map_err(|_| StoreError::Damaged("the newest checkpoint is not this log's"))?;
    let on_it = cosignature::witnessed([checkpoint.as_str()], &roster);
    let is_told = |note: &str| {
        let own = cosignature::witnessed([note], &roster);
        !own.is_empty() && own.iter().all(|witness| on_it.contains(witness))
    };
    let mut others: BTreeSet<String> =
        notes().filter(|note| !is_told(note)).map(str::to_owned).collect();
    others.extend(reader.cosigned_forks()?.into_iter().map(|fork| fork.note));
    Ok((checkpoint, others))
}

/// The first entries of the log and what they refer to.
struct Source<'a> {
    reader: &'a Reader<'a>,
    size: u64,
}

impl ExportSource for Source<'_> {
    fn leaves(&self) -> Leaves<'_> {
        let runs = (0..self.size).step_by(RUN as usize).flat_map(move |first| {
            let left = u32::try_from(self.size - first).unwrap_or(RUN).min(RUN);
            match self.reader.log_entries(first, left) {
                Ok(entries) => entries.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error.into())],
            }
        });
        Box::new(runs)
    }

    fn bytes(&self, digest: Digest, _: ReferenceKind) -> Result<Option<Vec<u8>>, SourceError> {
        Ok(self.reader.envelope(digest)?)
    }
}
