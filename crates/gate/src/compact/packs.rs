//! Packs of kept records: sealed like evidence, noted before the relay has them, so that a
//! crash leaves none behind that nobody remembers.

use super::{Bench, CompactError, Shelves};
use countersign_document::{PackRef, limits::MAX_PACKS};
use countersign_sync::{
    limits::{MAX_BATCH_RECORDS, MAX_BLOB_BYTES},
    seal_blob,
    wire::Page,
};

/// Bytes of records in one pack: what is left of a blob beside seal and framing.
const PACK_BYTES: usize = MAX_BLOB_BYTES - 64 * 1024;
/// Around one record in a pack, in bytes; more than enough.
const FRAME_BYTES: usize = 16;

/// Packs of one snapshot, in the order of their records.
pub(super) struct Packs<'b, S> {
    bench: &'b Bench<S>,
    floor: u64,
    /// Records of the next pack, and how many bytes they have.
    open: Vec<(u64, Vec<u8>)>,
    bytes: usize,
    made: Vec<PackRef>,
}

impl<'b, S: Shelves> Packs<'b, S> {
    pub(super) const fn new(bench: &'b Bench<S>, floor: u64) -> Self {
        Self { bench, floor, open: Vec::new(), bytes: 0, made: Vec::new() }
    }

    /// Adds a kept record.
    pub(super) async fn add(&mut self, position: u64, record: Vec<u8>) -> Result<(), CompactError> {
        let size = record.len() + FRAME_BYTES;
        if self.open.len() == MAX_BATCH_RECORDS || self.bytes + size > PACK_BYTES {
            self.close().await?;
        }
        self.bytes += size;
        self.open.push((position, record));
        Ok(())
    }

    /// Adds a pack of an earlier snapshot as it is.
    pub(super) async fn add_whole(&mut self, pack: PackRef) -> Result<(), CompactError> {
        self.close().await?;
        self.made.push(pack);
        Ok(())
    }

    /// Seals what is left. All packs.
    pub(super) async fn finish(mut self) -> Result<Vec<PackRef>, CompactError> {
        self.close().await?;
        if self.made.len() > MAX_PACKS {
            return Err(CompactError::TooLarge { packs: self.made.len() });
        }
        Ok(self.made)
    }

    async fn close(&mut self) -> Result<(), CompactError> {
        if self.open.is_empty() {
            return Ok(());
        }
        let page = Page { records: std::mem::take(&mut self.open), head: self.floor };
        self.bytes = 0;
        let identity = &self.bench.identity;
        let seal = |error: &dyn std::fmt::Display| CompactError::Seal(error.to_string());
        let plain = page.encode().map_err(|error| seal(&error))?;
        let nonce = *self.bench.random.bytes::<24>().map_err(|error| seal(&error))?;
        let sealed = seal_blob(identity.workspace, &plain, &identity.epoch, nonce);
        let sealed = sealed.map_err(|error| seal(&error))?;
        self.bench.store.write(|tx| tx.note_pack(sealed.digest))?;
        let size_bytes = sealed.bytes.len() as u64;
        self.made.push(PackRef { blob: sealed.digest, size_bytes });
        Ok(self.bench.relay.put_blobs(&[sealed.bytes]).await?)
    }
}

/// Whether a pack is so full that it is not worth making again.
pub(super) fn is_full(page: &Page) -> bool {
    let bytes: usize = page.records.iter().map(|(_, record)| record.len() + FRAME_BYTES).sum();
    page.records.len() >= MAX_BATCH_RECORDS / 2 || bytes >= PACK_BYTES / 2
}
