//! Reading an export: one pass over its lines, in which every byte is covered. After a finding
//! it goes on, so that every place is named. What the entries mean is judged by whoever walks.
//!
//! Held in memory: the tree's frontier, the digests of what stood beside the entries and the
//! cosigned heads; never entries or envelopes, which are the bulk of an export.

mod ahead;
mod lines;

use crate::{
    checkpoint::{self, Checkpoint},
    cosignature::MAX_COSIGNED_BYTES,
    export::{FORMAT, Manifest},
    report::{Claim, Counts, Findings, Place, Report, are, counted},
    single::{SignatureFault, Signed, Single},
    tree::Frontier,
    trust::Trust,
};
use ahead::{Ahead, Checked, Content};
use countersign_model::{
    Digest, Envelope, canonical,
    entry::{EntryBody, ReferenceKind},
};
use lines::{Line, Lines};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::BufRead,
};

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

/// An export that is being read.
pub struct Walk<R> {
    lines: Ahead<R>,
    manifest: Option<Manifest>,
    trust: Trust,
    own_word: bool,
    findings: Findings,
    counts: Counts,
    frontier: Frontier,
    /// Leaf hash of the entry before; `None` after one that could not be read.
    previous: Option<Digest>,
    next_seq: u64,
    /// What stands before the next entry, with its place.
    waiting: BTreeMap<Digest, Waiting>,
    /// What stood before an entry that refers to it.
    known: BTreeSet<Digest>,
    cosigned: Vec<CosignedHead>,
    /// The root over so many entries, once they were read, for what was cosigned.
    roots: BTreeMap<u64, Option<Digest>>,
    newer: Option<Checkpoint>,
}

struct Waiting {
    place: Place,
    kind: ReferenceKind,
    bytes: Vec<u8>,
}

/// How an export begins.
pub enum Begun<R> {
    /// It can be read on.
    Walk(Box<Walk<R>>),
    /// It is no export at all.
    Unreadable(Box<Report>),
}

/// Begins to read an export against trusted public keys and, if there is one, a checkpoint
/// that was obtained elsewhere (a desktop, a witness) and may be newer than the export.
///
/// Without `trust` the keys are those that the file names: then the report can only say
/// that the file agrees with itself ([`Report::own_word`]).
///
/// # Errors
/// Only when the reader fails; everything wrong with the file is in the report.
pub fn begin<R: BufRead>(
    reader: R,
    trust: Option<&Trust>,
    newer_checkpoint: Option<&str>,
) -> Result<Begun<R>, std::io::Error> {
    let mut lines = Lines::new(reader);
    let mut findings = Findings::default();
    let first = lines.next()?;
    let manifest = first.and_then(|line| read_manifest(&line, trust, &mut findings));
    let Some(keys) = trust.cloned().or_else(|| manifest.as_ref().map(own_word)) else {
        findings.add(Claim::Integrity, Place::line(1), NO_MANIFEST);
        return Ok(Begun::Unreadable(Box::new(findings.into_report(true, true))));
    };
    if manifest.is_none() {
        findings.add(Claim::Integrity, Place::line(1), NO_MANIFEST);
    }
    let mut walk = Walk {
        lines: Ahead::new(lines, keys.gate_key),
        manifest,
        trust: keys,
        own_word: trust.is_none(),
        findings,
        counts: Counts { lines: 1, ..Counts::default() },
        frontier: Frontier::default(),
        previous: Some(Digest::from_bytes([0; 32])),
        next_seq: 0,
        waiting: BTreeMap::new(),
        known: BTreeSet::new(),
        cosigned: vec![],
        roots: BTreeMap::new(),
        newer: None,
    };
    walk.take_checkpoint();
    walk.expect_newer(newer_checkpoint);
    Ok(Begun::Walk(Box::new(walk)))
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
    if !envelope.has_one_signature() {
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

impl<R: BufRead> Walk<R> {
    /// The keys that it is checked with.
    #[must_use]
    pub const fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Whether the keys are the export's own word.
    #[must_use]
    pub const fn is_own_word(&self) -> bool {
        self.own_word
    }

    /// What was read so far; whoever judges the entries counts what they mean.
    pub const fn counts_mut(&mut self) -> &mut Counts {
        &mut self.counts
    }

    /// Whether an entry before has referred to this.
    #[must_use]
    pub fn was_referred_to(&self, digest: Digest) -> bool {
        self.known.contains(&digest)
    }

    /// Adds a finding.
    pub fn find(&mut self, claim: Claim, place: Place, what: impl Into<String>) {
        self.findings.add(claim, place, what);
    }

    /// The next entry that can be read; findings on the way are kept.
    ///
    /// # Errors
    /// Only when the reader fails.
    pub fn next_entry(&mut self) -> Result<Option<Read>, std::io::Error> {
        while let Some(line) = self.lines.next()? {
            if let Some(read) = self.take(line) {
                return Ok(Some(read));
            }
        }
        Ok(None)
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

    fn take(&mut self, line: Checked) -> Option<Read> {
        self.counts.lines = line.number;
        let place = Place::line(line.number);
        if !line.ends {
            self.missing(place, "the file ends in the middle of this line");
        }
        match line.content {
            Content::Entry(entry) => return self.take_entry(place, entry),
            Content::Cosigned(bytes) => {
                self.counts.cosigned += 1;
                self.take_cosigned(place, &bytes);
            }
            Content::Referred { kind, digest, bytes } => {
                match kind {
                    ReferenceKind::Envelope => self.counts.envelopes += 1,
                    ReferenceKind::Policy => self.counts.policies += 1,
                }
                self.wait(place.with_envelope(digest), digest, kind, bytes);
            }
            Content::TooLong => {
                self.wrong(place, "the line is longer than any entry or envelope");
            }
            Content::Unknown => {
                self.previous = None;
                self.wrong(
                    place,
                    "the line is neither an entry nor an envelope, policy or cosigned head",
                );
            }
        }
        None
    }

    /// The export's own checkpoint may carry cosignatures too.
    fn take_checkpoint(&mut self) {
        let Some(note) = self.manifest.as_ref().map(|manifest| manifest.checkpoint.clone()) else {
            return;
        };
        // One that is not the log's is found when everything was read.
        if let Ok(head) = checkpoint::verify(&note, &self.trust.log_vkey) {
            self.keep_cosigned(Place::line(1), note, head, true);
        }
    }

    fn take_cosigned(&mut self, place: Place, bytes: &[u8]) {
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

    fn note_root(&mut self) {
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

    /// How many entries were read, whether or not they can be.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Whether what was read is what the gate signed as an export.
    #[must_use]
    pub fn is_as_signed(&self) -> bool {
        let body = self.lines.body_digest();
        self.manifest.as_ref().is_some_and(|manifest| manifest.body_sha256 == body)
    }

    /// Keeps what stands before the entry that refers to it.
    fn wait(&mut self, place: Place, digest: Digest, kind: ReferenceKind, bytes: Vec<u8>) {
        let waiting = Waiting { place, kind, bytes };
        if self.known.contains(&digest) || self.waiting.insert(digest, waiting).is_some() {
            self.wrong(place, "the same envelope or policy stands twice");
        }
    }

    fn take_entry(&mut self, place: Place, single: Single) -> Option<Read> {
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
                self.wrong(place, error.to_string());
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

    fn refuse_unreferred(&mut self, waiting: BTreeMap<Digest, Waiting>) {
        for unreferred in waiting.into_values() {
            self.wrong(unreferred.place, "no entry refers to this envelope or policy");
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

    /// The report, once no entry is left.
    #[must_use]
    pub fn finish(mut self) -> Report {
        let left = std::mem::take(&mut self.waiting);
        self.refuse_unreferred(left);
        let manifest = self.manifest.take();
        let checkpoint = manifest
            .as_ref()
            .and_then(|manifest| self.check_manifest(manifest, self.lines.body_digest()));
        self.check_tail();
        let mut report = self.findings.into_report(manifest.is_none(), self.own_word);
        report.counts = Counts { findings: report.counts.findings, ..self.counts };
        report.checkpoint = checkpoint;
        report
    }

    fn check_manifest(&mut self, manifest: &Manifest, body: Digest) -> Option<Checkpoint> {
        let end = Place::line(self.counts.lines + 1);
        if body != manifest.body_sha256 {
            self.wrong(
                Place::line(1),
                "the rest of the file is not what the manifest was signed over",
            );
        }
        for (one, many, expected, found) in [
            ("entry", "entries", manifest.entries, self.counts.entries),
            ("envelope", "envelopes", manifest.envelopes, self.counts.envelopes),
            ("policy", "policies", manifest.policies, self.counts.policies),
            ("cosigned head", "cosigned heads", manifest.cosigned, self.counts.cosigned),
        ] {
            if found < expected {
                let all = counted(expected, one, many);
                self.missing(end, format!("of {all}, {} missing", are(expected - found)));
            } else if found > expected {
                let beyond = match found - expected {
                    1 => format!("is one {one}"),
                    beyond => format!("are {beyond} {many}"),
                };
                self.wrong(end, format!("there {beyond} more than what was exported"));
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
                    "the checkpoint covers {}, the manifest {}",
                    counted(head.size, "entry", "entries"),
                    manifest.entries
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
                "the checkpoint given beside the export covers {}: {} missing at the end",
                counted(newer.size, "entry", "entries"),
                are(newer.size - held)
            );
            let place = Place { line: self.counts.lines + 1, seq: Some(held), ..Place::default() };
            self.missing(place, words);
        }
    }
}
