//! Heads that the log's key has signed: those that came with the export, and one that was
//! obtained elsewhere. Each is compared with the root over as many entries of the export.

use super::Walk;
use crate::{
    checkpoint::{self, Checkpoint},
    cosignature::MAX_COSIGNED_BYTES,
    report::{Counts, Place, are, counted},
};
use countersign_model::{Digest, canonical};
use std::io::BufRead;

/// A head under the log's signature that came with the export.
pub struct CosignedHead {
    /// Where it stands.
    pub place: Place,
    /// The note, with the lines of those who cosigned it.
    pub note: String,
    /// The head.
    pub head: Checkpoint,
    /// The root over as many entries of this export; `None` when there are fewer.
    pub own_root: Option<Digest>,
    /// Whether it is the checkpoint that the export was made at.
    pub is_exports: bool,
}

/// More cosigned heads than these are not an export's: a workspace has fewer devices.
const MAX_COSIGNED: usize = 4_096;

impl<R: BufRead> Walk<R> {
    /// Takes a checkpoint from elsewhere, which may be newer than the export.
    pub(super) fn expect_newer(&mut self, note: Option<&str>) {
        let Some(note) = note else { return };
        match checkpoint::verify(note, &self.trust.log_vkey) {
            Ok(newer) => self.newer = Some(newer),
            Err(error) => {
                self.wrong(
                    Place::line(1),
                    format!("the checkpoint given beside the export: {error}"),
                );
            }
        }
        self.compare_newer();
    }

    /// The export's own checkpoint may carry cosignatures too.
    pub(super) fn take_checkpoint(&mut self) {
        let Some(note) = self.manifest.as_ref().map(|manifest| manifest.checkpoint.clone()) else {
            return;
        };
        // One that is not the log's is found when everything was read.
        if let Ok(head) = checkpoint::verify(&note, &self.trust.log_vkey) {
            self.keep_cosigned(Place::line(1), note, head, true);
        }
    }

    pub(super) fn take_cosigned(&mut self, place: Place, bytes: &[u8]) {
        let Counts { entries, envelopes, policies, .. } = self.counts;
        if entries + envelopes + policies > 0 {
            self.wrong(place, "a cosigned head does not stand here: they come before the entries");
        }
        let note = canonical::from_bytes::<String>(bytes).ok();
        let Some(note) = note.filter(|note| note.len() <= MAX_COSIGNED_BYTES) else {
            self.wrong(place, "the cosigned head cannot be read");
            return;
        };
        let head = match checkpoint::verify(&note, &self.trust.log_vkey) {
            Ok(head) => head,
            Err(error) => {
                self.wrong(place, format!("of the cosigned head: {error}"));
                return;
            }
        };
        let before = self.cosigned.last().filter(|before| !before.is_exports);
        if before.is_some_and(|before| before.note >= note) {
            self.wrong(place, "the cosigned heads are not in their order, each once");
        }
        if self.cosigned.len() <= MAX_COSIGNED {
            self.keep_cosigned(place, note, head, false);
        } else {
            self.wrong(place, format!("more than {MAX_COSIGNED} cosigned heads are not looked at"));
        }
    }

    fn keep_cosigned(&mut self, place: Place, note: String, head: Checkpoint, is_exports: bool) {
        self.roots.entry(head.size).or_default();
        self.cosigned.push(CosignedHead { place, note, head, own_root: None, is_exports });
        self.note_root();
    }

    pub(super) fn note_root(&mut self) {
        if let Some(root) = self.roots.get_mut(&self.frontier.size()) {
            *root = Some(self.frontier.root());
        }
    }

    /// The heads that came with the export, when every entry was read.
    pub fn take_cosigned_heads(&mut self) -> Vec<CosignedHead> {
        let mut heads = std::mem::take(&mut self.cosigned);
        for one in &mut heads {
            one.own_root = self.roots.get(&one.head.size).copied().flatten();
        }
        heads
    }

    /// A checkpoint from elsewhere that covers no more than the export must agree with it.
    pub(super) fn compare_newer(&mut self) {
        let Some(newer) = &self.newer else { return };
        if newer.size == self.frontier.size() && newer.root != self.frontier.root() {
            let place = Place {
                line: self.counts.lines,
                seq: newer.size.checked_sub(1),
                ..Place::default()
            };
            self.wrong(place, "up to here the log is not the one that the checkpoint given beside the export was signed over");
        }
    }

    /// What a checkpoint from elsewhere covers beyond the last entry.
    pub(super) fn check_tail(&mut self) {
        let held = self.frontier.size();
        if let Some(newer) = self.newer.as_ref().filter(|newer| newer.size > held) {
            let words = format!(
                "the checkpoint given beside the export covers {}: {} missing at the end",
                counted(newer.size, "entry", "entries"),
                are(newer.size - held)
            );
            let place = Place { line: self.counts.lines + 1, seq: Some(held), ..Place::default() };
            self.missing(place, words);
        }
    }
}
