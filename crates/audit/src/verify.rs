//! Verification of an export, in one pass over its lines. Every byte is covered; after a
//! finding it goes on, so that every place is named.
//!
//! Held in memory: the digests and small facts of the entries that matter to a case, and
//! the envelopes that they refer to; never the entries, which are the bulk of a log.

mod cases;
mod lines;

use crate::{
    batch::{self, Item},
    checkpoint::{self, Checkpoint},
    export::{ENTRY_PREFIX, ENVELOPE_PREFIX, FORMAT, Manifest, SUFFIX},
    report::{Claim, Counts, Findings, Place, Report},
    tree::{self, Frontier},
    trust::Trust,
};
use cases::Facts;
use countersign_model::{Digest, Envelope, entry::Entry};
use lines::{Line, Lines};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::BufRead,
};

/// Verifies an export against trusted public keys and, if there is one, a checkpoint that
/// was obtained elsewhere (a desktop, a witness) and may be newer than the export.
///
/// Without `trust` the keys are those that the file names: then the report can only say
/// that the file agrees with itself ([`Report::own_word`]).
///
/// # Errors
/// Only when the reader fails; everything wrong with the file is in the report.
pub fn verify_export(
    reader: impl BufRead,
    trust: Option<&Trust>,
    newer_checkpoint: Option<&str>,
) -> Result<Report, std::io::Error> {
    let mut lines = Lines::new(reader);
    let mut findings = Findings::default();
    let first = lines.next()?;
    let manifest = first.and_then(|line| read_manifest(&line, trust, &mut findings));
    let Some(keys) = trust.cloned().or_else(|| manifest.as_ref().map(own_word)) else {
        findings.add(Claim::Integrity, Place::line(1), NO_MANIFEST);
        return Ok(findings.into_report(true, true));
    };
    if manifest.is_none() {
        findings.add(Claim::Integrity, Place::line(1), NO_MANIFEST);
    }
    let mut walk = Walk::new(keys, trust.is_none(), findings);
    walk.expect_newer(newer_checkpoint);
    while let Some(line) = lines.next()? {
        walk.take(&line);
    }
    walk.finish(manifest.as_ref(), &lines)
}

const NO_MANIFEST: &str = "this is no export: the first line is not a manifest";

/// Without trusted keys: those the manifest names; its roster names its own root keys.
fn own_word(manifest: &Manifest) -> Trust {
    Trust {
        workspace: manifest.workspace,
        gate_key: manifest.gate_key,
        log_vkey: manifest.log_vkey.clone(),
        root_keys: BTreeSet::new(),
        root_threshold: 0,
    }
}

fn read_manifest(line: &Line, trust: Option<&Trust>, findings: &mut Findings) -> Option<Manifest> {
    let mut wrong = |what: &str| findings.add(Claim::Integrity, Place::line(1), what);
    let envelope = Envelope::from_bytes(&line.bytes).ok()?;
    let manifest = envelope.peek_unverified::<Manifest>().ok()?;
    let gate_key = trust.map_or(manifest.gate_key, |trust| trust.gate_key);
    match envelope.open::<Manifest>(&[gate_key]) {
        Ok(opened) => {
            if opened.subject != manifest.body_sha256
                || opened.subject_name != manifest.workspace.to_string()
            {
                wrong("the manifest's subject is not this export");
            }
        }
        Err(error) => wrong(&format!("the manifest is not signed by the gate: {error}")),
    }
    // One signature, or an added one would be a byte that nothing covers.
    let signatures = serde_json::to_value(&envelope)
        .ok()
        .and_then(|value| value.get("signatures")?.as_array().map(Vec::len));
    if signatures != Some(1) {
        wrong("the manifest must have exactly one signature");
    }
    if manifest.format != FORMAT {
        wrong("the manifest names another format");
    }
    if let Some(trust) = trust {
        let same = manifest.workspace == trust.workspace
            && manifest.gate_key == trust.gate_key
            && manifest.log_vkey == trust.log_vkey;
        if !same {
            wrong("the manifest names another workspace or other keys than those trusted");
        }
    }
    Some(manifest)
}

/// An envelope that some entry refers to.
pub(crate) struct Reference {
    place: Place,
    required: bool,
    envelope: Option<(u64, Envelope)>,
}

struct Walk {
    trust: Trust,
    own_word: bool,
    findings: Findings,
    counts: Counts,
    frontier: Frontier,
    /// Leaf hash of the entry before; `None` after one that could not be read.
    previous: Option<Digest>,
    next_seq: u64,
    last_envelope: Option<Digest>,
    unchecked: Vec<(Place, Item)>,
    facts: Vec<Facts>,
    references: BTreeMap<Digest, Reference>,
    newer: Option<Checkpoint>,
}

impl Walk {
    fn new(trust: Trust, own_word: bool, findings: Findings) -> Self {
        Self {
            trust,
            own_word,
            findings,
            counts: Counts { lines: 1, ..Counts::default() },
            frontier: Frontier::default(),
            previous: Some(Digest::from_bytes([0; 32])),
            next_seq: 0,
            last_envelope: None,
            unchecked: vec![],
            facts: vec![],
            references: BTreeMap::new(),
            newer: None,
        }
    }

    fn wrong(&mut self, place: Place, what: impl Into<String>) {
        self.findings.add(Claim::Integrity, place, what);
    }

    fn missing(&mut self, place: Place, what: impl Into<String>) {
        self.findings.add(Claim::Completeness, place, what);
    }

    fn expect_newer(&mut self, note: Option<&str>) {
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

    fn take(&mut self, line: &Line) {
        self.counts.lines = line.number;
        let place = Place::line(line.number);
        if !line.ends {
            self.missing(place, "the file ends in the middle of this line");
        }
        if line.too_long {
            return self.wrong(place, "the line is longer than any entry or envelope");
        }
        let inner = |prefix: &[u8]| line.bytes.strip_prefix(prefix)?.strip_suffix(SUFFIX);
        if let Some(leaf) = inner(ENTRY_PREFIX) {
            self.take_entry(place, leaf);
        } else if let Some(bytes) = inner(ENVELOPE_PREFIX) {
            self.take_envelope(place, bytes);
        } else {
            self.previous = None;
            self.wrong(place, "the line is neither an entry nor an envelope");
        }
    }

    fn take_entry(&mut self, place: Place, leaf: &[u8]) {
        if self.last_envelope.is_some() {
            self.wrong(place, "an entry stands after an envelope");
        }
        self.counts.entries += 1;
        let hash = tree::leaf_hash(leaf);
        self.frontier.push(hash);
        self.compare_newer();
        let expected = self.next_seq;
        self.next_seq += 1;
        let previous = self.previous.replace(hash);
        let entry = match Entry::from_bytes(leaf) {
            Ok(entry) => entry,
            Err(error) => {
                self.previous = None;
                let place = Place { seq: Some(expected), ..place };
                return self.wrong(place, error.to_string());
            }
        };
        let body = &entry.body;
        let place = Place { seq: Some(body.seq), event: Some(body.event_id), ..place };
        if body.seq > expected {
            let last = body.seq - 1;
            self.missing(
                place,
                format!("entries {expected} to {last} are missing before this one"),
            );
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
        match body.missing_fields().as_slice() {
            [] => self.counts.complete_entries += 1,
            missing => self.missing(place, format!("it lacks {}", missing.join(", "))),
        }
        self.queue_signature(place, &entry, leaf);
        self.refer(place, &entry);
        self.facts.extend(Facts::of(place, entry));
    }

    fn queue_signature(&mut self, place: Place, entry: &Entry, leaf: &[u8]) {
        match (entry.signature(), entry.signing_bytes_in(leaf)) {
            (Ok(signature), Ok(bytes)) => {
                self.unchecked.push((place, Item::new(self.trust.gate_key, signature, bytes)));
            }
            _ => self.wrong(place, "its signature cannot be read"),
        }
        if self.unchecked.len() >= batch::BATCH {
            self.check_signatures();
        }
    }

    fn check_signatures(&mut self) {
        let (places, items): (Vec<Place>, Vec<Item>) = self.unchecked.drain(..).unzip();
        for index in batch::find_invalid(&items) {
            if let Some(place) = places.get(index) {
                self.wrong(*place, "it is not signed by the gate");
            }
        }
    }

    fn refer(&mut self, place: Place, entry: &Entry) {
        for (digest, required) in cases::references(entry) {
            self.references
                .entry(digest)
                .and_modify(|reference| reference.required |= required)
                .or_insert(Reference { place, required, envelope: None });
        }
    }

    fn take_envelope(&mut self, place: Place, bytes: &[u8]) {
        self.counts.envelopes += 1;
        let digest = Digest::of(bytes);
        let place = place.with_envelope(digest);
        if self.last_envelope.is_some_and(|last| digest <= last) {
            self.wrong(place, "envelopes stand out of order, or twice");
        }
        self.last_envelope = Some(digest);
        let envelope = match Envelope::from_bytes(bytes) {
            Ok(envelope) => envelope,
            Err(error) => return self.wrong(place, error.to_string()),
        };
        match self.references.get_mut(&digest) {
            Some(reference) => reference.envelope = Some((place.line, envelope)),
            None => self.wrong(place, "no entry refers to this envelope"),
        }
    }

    /// A checkpoint from elsewhere that covers no more than the export must agree with it.
    fn compare_newer(&mut self) {
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

    fn finish(
        mut self,
        manifest: Option<&Manifest>,
        lines: &Lines<impl BufRead>,
    ) -> Result<Report, std::io::Error> {
        self.check_signatures();
        let checkpoint =
            manifest.and_then(|manifest| self.check_manifest(manifest, lines.body_digest()));
        self.check_tail();
        self.check_references();
        let opened = cases::check(
            &self.trust,
            self.own_word,
            &self.facts,
            &self.references,
            &mut self.findings,
            &mut self.counts,
        );
        let mut report = self.findings.into_report(manifest.is_none(), self.own_word);
        report.counts = Counts { findings: report.counts.findings, ..self.counts };
        report.checkpoint = checkpoint;
        report.open_executions = opened.executions;
        report.stopped = opened.halt.is_stopped();
        Ok(report)
    }

    fn check_manifest(&mut self, manifest: &Manifest, body: Digest) -> Option<Checkpoint> {
        let end = Place::line(self.counts.lines + 1);
        if body != manifest.body_sha256 {
            self.wrong(
                Place::line(1),
                "the rest of the file is not what the manifest was signed over",
            );
        }
        for (what, expected, found) in [
            ("entries", manifest.entries, self.counts.entries),
            ("envelopes", manifest.envelopes, self.counts.envelopes),
        ] {
            if found < expected {
                let words = format!("{} of {expected} {what} are missing", expected - found);
                self.missing(end, words);
            } else if found > expected {
                self.wrong(
                    end,
                    format!("there are {} more {what} than were exported", found - expected),
                );
            }
        }
        let head = match checkpoint::verify(&manifest.checkpoint, &self.trust.log_vkey) {
            Ok(head) => head,
            Err(error) => {
                self.wrong(Place::line(1), error.to_string());
                return None;
            }
        };
        if head.size != manifest.entries {
            self.missing(
                Place::line(1),
                format!(
                    "the checkpoint covers {} entries, the manifest {}",
                    head.size, manifest.entries
                ),
            );
        }
        if head.root != self.frontier.root() {
            self.wrong(
                Place::line(1),
                "the entries do not have the root that the checkpoint signs",
            );
        }
        Some(head)
    }

    fn check_tail(&mut self) {
        let held = self.frontier.size();
        if let Some(newer) = self.newer.as_ref().filter(|newer| newer.size > held) {
            let words = format!(
                "the checkpoint given beside the export covers {} entries: {} are missing at the end",
                newer.size,
                newer.size - held
            );
            let place =
                Place { line: self.counts.entries + 2, seq: Some(held), ..Place::default() };
            self.missing(place, words);
        }
    }

    fn check_references(&mut self) {
        let absent = self.references.iter().filter(|(_, reference)| reference.envelope.is_none());
        for (digest, reference) in absent.filter(|(_, reference)| reference.required) {
            self.findings.add(
                Claim::Completeness,
                reference.place.with_envelope(*digest),
                "the envelope that this entry refers to is missing",
            );
        }
    }
}
