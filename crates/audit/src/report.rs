//! What the verification of an export says: two verdicts, every finding with its place.

use crate::checkpoint::Checkpoint;
use countersign_model::{DeviceId, Digest, EventId};
use serde::Serialize;
use std::fmt;

/// More findings than these are counted, not kept.
pub const MAX_FINDINGS: usize = 1_000;

/// Whether a claim about the export holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// Nothing speaks against it.
    Holds,
    /// At least one finding does.
    Fails,
}

/// Which of the two claims a finding speaks against.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// Nothing was altered, and nothing says what its signatures do not carry.
    Integrity,
    /// Nothing is missing.
    Completeness,
}

/// Where in the file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct Place {
    /// Line, from 1.
    pub line: u64,
    /// The entry's position in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The entry's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// The digest of the envelope in question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envelope: Option<Digest>,
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// Against which claim it speaks.
    pub claim: Claim,
    /// What is wrong.
    pub what: String,
}

/// What was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Counts {
    /// Lines.
    pub lines: u64,
    /// Entries.
    pub entries: u64,
    /// Entries that can be read and stand in the file with everything that they refer to.
    pub complete_entries: u64,
    /// Envelopes.
    pub envelopes: u64,
    /// Policies.
    pub policies: u64,
    /// Lines with a cosigned head.
    pub cosigned: u64,
    /// Decisions that were accepted and verified here again.
    pub decisions: u64,
    /// Changes that were authorised.
    pub authorized: u64,
    /// Executions that were finished.
    pub executed: u64,
    /// How often a person stopped work.
    pub stops: u64,
    /// How often work was resumed after two people had asked.
    pub resumes: u64,
    /// How often a person opened a prompt.
    pub prompts_read: u64,
    /// How often an operator said that the gate's clock had been wrong.
    pub clock_corrections: u64,
    /// Cases without an end when the export was made.
    pub open_cases: u64,
    /// Findings in all, those beyond [`MAX_FINDINGS`] included.
    pub findings: u64,
}

/// What desktops say of the log in an export: each cosigned the head that it had verified.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Witnesses {
    /// Devices that cosigned a head which these entries have.
    pub devices: u64,
    /// People whose devices those are.
    pub persons: u64,
    /// How many of the first entries were seen by at least one of them.
    pub entries: u64,
    /// Entries after those: nobody but the gate says that they are the only ones.
    pub unseen: u64,
    /// Lines that are not believed, the first [`MAX_FINDINGS`] of them.
    pub doubts: Vec<Doubt>,
}

/// A cosignature that is not believed, and speaks against nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Doubt {
    /// Where it stands.
    pub place: Place,
    /// How many entries it is over.
    pub size: u64,
    /// Whose it is.
    #[serde(flatten)]
    pub whose: Doubted,
}

/// Whose cosignature is not believed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubted {
    /// A key of this name, which is not on the roster.
    Unknown(String),
    /// A device that was revoked when it signed.
    Revoked(DeviceId),
}

/// The result of verifying an export.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
    /// Nothing was altered.
    pub integrity: Judgement,
    /// Nothing is missing.
    pub completeness: Judgement,
    /// Whether the keys came from the file itself: then it can only be consistent, not
    /// proven to be anybody's.
    pub own_word: bool,
    /// Whether the first line is not a manifest at all, so that this is not an export.
    pub unreadable: bool,
    /// The head that the export is complete up to.
    #[serde(skip)]
    pub checkpoint: Option<Checkpoint>,
    /// What was read.
    pub counts: Counts,
    /// What is wrong, by place.
    pub findings: Vec<Finding>,
    /// Executions that were begun and not finished when the export was made.
    pub open_executions: Vec<Place>,
    /// Whether work was stopped when the export was made.
    pub stopped: bool,
    /// What desktops saw of the log.
    pub witnesses: Witnesses,
}

/// A count with the word for what is counted.
#[must_use]
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A count of what is, as a sentence's verb.
#[must_use]
pub fn are(count: u64) -> String {
    counted(count, "is", "are")
}

impl Place {
    pub(crate) const fn line(line: u64) -> Self {
        Self { line, seq: None, event: None, envelope: None }
    }

    /// The same place, with the envelope in question.
    #[must_use]
    pub const fn with_envelope(self, envelope: Digest) -> Self {
        Self { envelope: Some(envelope), ..self }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(seq) = self.seq {
            write!(f, ", entry {seq}")?;
        }
        if let Some(event) = self.event {
            write!(f, ", {event}")?;
        }
        if let Some(envelope) = self.envelope {
            write!(f, ", envelope {envelope}")?;
        }
        Ok(())
    }
}

/// Findings as they are made.
#[derive(Default)]
pub(crate) struct Findings {
    kept: Vec<Finding>,
    count: u64,
    integrity: bool,
    completeness: bool,
}

impl Findings {
    pub(crate) fn add(&mut self, claim: Claim, place: Place, what: impl Into<String>) {
        match claim {
            Claim::Integrity => self.integrity = true,
            Claim::Completeness => self.completeness = true,
        }
        self.count += 1;
        if self.kept.len() < MAX_FINDINGS {
            self.kept.push(Finding { place, claim, what: what.into() });
        }
    }

    pub(crate) fn into_report(mut self, unreadable: bool, own_word: bool) -> Report {
        self.kept.sort();
        let judge = |fails| if fails { Judgement::Fails } else { Judgement::Holds };
        Report {
            integrity: judge(self.integrity),
            completeness: judge(self.completeness),
            own_word,
            unreadable,
            checkpoint: None,
            counts: Counts { findings: self.count, ..Counts::default() },
            findings: self.kept,
            open_executions: vec![],
            stopped: false,
            witnesses: Witnesses::default(),
        }
    }
}
