//! Reading an export: one pass over its lines, in which every byte is covered. After a finding
//! it goes on, so that every place is named. What the entries mean is judged by whoever walks.
//!
//! Held in memory: the tree's frontier, the digests of what stood beside the entries and the
//! cosigned heads; never entries or envelopes, which are the bulk of an export.
//!
//! Reading order: `manifest` is the first line and what it promises of the others; `entries`
//! checks each entry's place and what came with it; `heads` compares with what the log's key has
//! signed elsewhere; `ahead` and `lines` are how the bytes come.

mod ahead;
mod entries;
mod heads;
mod lines;
mod manifest;

pub use entries::Read;
pub use heads::CosignedHead;

use crate::{
    checkpoint::Checkpoint,
    export::Manifest,
    report::{Claim, Counts, Findings, Place, Report},
    tree::Frontier,
    trust::Trust,
};
use ahead::{Ahead, Checked, Content};
use countersign_model::{Digest, entry::ReferenceKind};
use entries::Waiting;
use lines::Lines;
use manifest::{NO_MANIFEST, own_word, read_manifest};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::BufRead,
};

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
    /// The root over this many entries, once they were read, for what was cosigned.
    roots: BTreeMap<u64, Option<Digest>>,
    newer: Option<Checkpoint>,
}

/// How an export begins.
pub enum Begun<R> {
    /// It can be read on.
    Walk(Box<Walk<R>>),
    /// It is not an export at all.
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
}
