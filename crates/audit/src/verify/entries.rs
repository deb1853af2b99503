//! Entries: each at its place in the chain, with everything that it refers to before it and
//! nothing else.

use super::Walk;
use crate::{
    report::Place,
    single::{SignatureFault, Signed, Single},
};
use countersign_model::{
    Digest,
    causes::in_full,
    entry::{EntryBody, ReferenceKind},
};
use std::{collections::BTreeMap, io::BufRead};

/// An entry whose place was checked, with the bytes that came with it.
pub struct Read {
    /// Where it stands.
    pub place: Place,
    /// Its leaf hash.
    pub leaf: Digest,
    /// What it says.
    pub body: EntryBody,
    /// What it refers to and no entry before it did, by digest.
    pub sources: BTreeMap<Digest, Vec<u8>>,
}

/// What stands before the entry that refers to it.
pub(super) struct Waiting {
    place: Place,
    kind: ReferenceKind,
    bytes: Vec<u8>,
}

impl<R: BufRead> Walk<R> {
    /// Keeps what stands before the entry that refers to it.
    pub(super) fn wait(
        &mut self,
        place: Place,
        digest: Digest,
        kind: ReferenceKind,
        bytes: Vec<u8>,
    ) {
        let waiting = Waiting { place, kind, bytes };
        if self.known.contains(&digest) || self.waiting.insert(digest, waiting).is_some() {
            self.wrong(place, "the same envelope or policy stands twice");
        }
    }

    pub(super) fn take_entry(&mut self, place: Place, single: Single) -> Option<Read> {
        let Single { leaf, entry } = single;
        self.counts.entries += 1;
        self.frontier.push(leaf);
        self.note_root();
        self.compare_newer();
        let expected = self.next_seq;
        self.next_seq += 1;
        let previous = self.previous.replace(leaf);
        let Signed { entry, signature } = match entry {
            Ok(signed) => signed,
            Err(error) => {
                self.previous = None;
                let place = Place { seq: Some(expected), ..place };
                self.wrong(place, in_full(&error));
                return None;
            }
        };
        let body = entry.body;
        let place = Place { seq: Some(body.seq), event: Some(body.event_id), ..place };
        self.check_place(place, &body, expected, previous);
        match signature {
            Ok(()) => {}
            Err(SignatureFault::Mismatch) => self.wrong(place, "it is not signed by the gate"),
            Err(SignatureFault::Bytes(_) | SignatureFault::Form) => {
                self.wrong(place, "its signature cannot be read");
            }
        }
        let sources = self.resolve(place, &body);
        Some(Read { place, leaf, body, sources })
    }

    fn check_place(
        &mut self,
        place: Place,
        body: &EntryBody,
        expected: u64,
        previous: Option<Digest>,
    ) {
        if body.seq > expected {
            let words = match body.seq - 1 {
                last if last == expected => format!("entry {expected} is missing before this one"),
                last => format!("entries {expected} to {last} are missing before this one"),
            };
            self.missing(place, words);
        } else if body.seq < expected {
            self.wrong(place, format!("entry {expected} was expected here"));
        }
        self.next_seq = body.seq.saturating_add(1);
        if previous.is_some_and(|previous| previous != body.prev_hash) {
            self.wrong(place, "it does not follow the entry before it: prev_hash differs");
        }
        if body.workspace != self.trust.workspace {
            self.wrong(place, "it belongs to another workspace");
        }
    }

    /// What the entry refers to; whatever else stood before it belongs to nothing.
    fn resolve(&mut self, place: Place, body: &EntryBody) -> BTreeMap<Digest, Vec<u8>> {
        let mut sources = BTreeMap::new();
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut is_complete = true;
        for reference in body.event.references() {
            match waiting.remove(&reference.digest) {
                Some(found) if found.kind == reference.kind => {
                    self.known.insert(reference.digest);
                    sources.insert(reference.digest, found.bytes);
                    continue;
                }
                None if self.known.contains(&reference.digest) => continue,
                Some(found) => self.wrong(found.place, "it is not what the entry refers to"),
                None if !reference.required => {}
                None => self.missing(
                    place.with_envelope(reference.digest),
                    "the envelope or policy that this entry refers to is missing",
                ),
            }
            is_complete = false;
        }
        self.counts.complete_entries += u64::from(is_complete);
        self.refuse_unreferred(waiting);
        sources
    }

    pub(super) fn refuse_unreferred(&mut self, waiting: BTreeMap<Digest, Waiting>) {
        for unreferred in waiting.into_values() {
            self.wrong(unreferred.place, "no entry refers to this envelope or policy");
        }
    }
}
