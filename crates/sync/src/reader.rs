//! The reading side of a device, without IO: judges every page a relay hands out.
//!
//! The relay is not trusted. A record is accepted once, in its writer's order, if it is
//! of this workspace, signed by a known writer and follows that writer's chain. Anything
//! else is a [`Fault`], and its place is remembered: [`Reader::rewind`] (done by itself
//! when a missing record or a key arrives) asks again from there, so that a lie that
//! ends costs nothing. What a relay withholds at its end of the log is found by the
//! gate's signed checkpoints, not here.

use crate::{
    key::{EpochKey, EpochKeys},
    record::{Header, OpenError, SealedRecord},
    wire::Page,
};
use ahead::Decoded;
use countersign_model::{DeviceId, Digest, PublicKey, WorkspaceId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

mod ahead;
mod snapshot;

pub use snapshot::SnapshotReading;

/// How many digests of a writer's last records are kept to tell a repetition from a fork.
const REMEMBERED_DIGESTS: usize = 64;

/// What a reader must remember; store it in the transaction that stores what it accepted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReaderState {
    workspace: WorkspaceId,
    /// The position to ask after.
    cursor: u64,
    /// The highest position ever seen.
    seen_to: u64,
    /// The position before the first record that was not settled.
    settled_to: Option<u64>,
    writers: BTreeMap<DeviceId, Chain>,
    waiting: BTreeSet<DeviceId>,
    /// While places are read again: the last record of each writer that was given this time.
    again: BTreeMap<DeviceId, u64>,
}

/// How far one writer's chain was accepted.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Chain {
    next_seq: u64,
    /// Digests of the last accepted records, the newest last.
    digests: VecDeque<Digest>,
}

/// Judges pages; holds the keys that a [`ReaderState`] never contains.
#[derive(Debug)]
pub struct Reader {
    state: ReaderState,
    writer_keys: BTreeMap<DeviceId, PublicKey>,
    epoch_keys: EpochKeys,
    every_epoch: bool,
}

/// A record that was accepted, with its opened body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted {
    /// Where the relay has it.
    pub position: u64,
    /// Who wrote it and which of the writer's records it is.
    pub header: Header,
    /// The record's digest.
    pub digest: Digest,
    /// The opened body.
    pub plaintext: Vec<u8>,
}

/// What came of a page.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Judged {
    /// New records, in the order in which they may be applied.
    pub accepted: Vec<Accepted>,
    /// What was wrong.
    pub faults: Vec<Fault>,
    /// Whether to ask again at once: the relay has more, or the reader went back.
    pub more: bool,
}

/// Something a relay or a writer did wrong, or a key that this device lacks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Where the relay had it; for [`FaultKind::RelayWentBack`] the cursor.
    pub position: u64,
    /// The writer that the record names, if it could be read.
    pub writer: Option<DeviceId>,
    /// What was wrong.
    pub kind: FaultKind,
}

/// The kinds of fault; each text says what it means for the person.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FaultKind {
    /// Records of this writer are missing before this one.
    #[error("records {expected} to {before} of this writer are missing", before = found.saturating_sub(1))]
    Gap {
        /// The `writer_seq` that should have come.
        expected: u64,
        /// The `writer_seq` that came.
        found: u64,
    },
    /// The relay skipped positions of its log.
    #[error("the relay passed over its places {from} to {to}")]
    Withheld {
        /// The first place.
        from: u64,
        /// The last place.
        to: u64,
    },
    /// An old record came again, too old to compare.
    #[error("record {writer_seq} of this writer was handed out again")]
    Replay {
        /// Its `writer_seq`.
        writer_seq: u64,
    },
    /// A missing record came after its successor, or positions do not rise.
    #[error("the relay handed out records in a different order from the one they were written in")]
    Reordered,
    /// Two different signed records have one place in the writer's chain.
    #[error("two different records claim place {writer_seq} of this writer's chain")]
    Forked {
        /// The place.
        writer_seq: u64,
    },
    /// The record belongs to another workspace.
    #[error("the record belongs to another workspace")]
    ForeignWorkspace,
    /// No key of this writer is known.
    #[error("the writer of the record is not on the roster that this device knows")]
    UnknownWriter,
    /// The signature is not the writer's.
    #[error("the record is not signed by the device that it names")]
    BadSignature,
    /// Not a record at all.
    #[error("the bytes are not a sealed record")]
    Malformed,
    /// Signed and in place, but this device has no key of the epoch.
    #[error("no key of epoch {epoch} on this device")]
    UnknownEpoch {
        /// The epoch.
        epoch: u32,
    },
    /// Signed and in place, but the body does not open: its writer sealed it wrongly.
    #[error("the record does not open under its epoch's key")]
    CannotOpen,
    /// The relay's last position is before the one this device has seen.
    #[error("the relay lost or withholds records: its log ends at {head}")]
    RelayWentBack {
        /// The relay's last position.
        head: u64,
    },
}

impl ReaderState {
    /// A device that has read nothing of the workspace.
    #[must_use]
    pub fn new(workspace: WorkspaceId) -> Self {
        Self {
            workspace,
            cursor: 0,
            seen_to: 0,
            settled_to: None,
            writers: BTreeMap::new(),
            waiting: BTreeSet::new(),
            again: BTreeMap::new(),
        }
    }

    /// The position up to which everything is settled.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.settled_to.map_or(self.cursor, |settled| settled.min(self.cursor))
    }
}

impl Reader {
    /// Resumes from a stored state. Asks again from the first place that was not settled.
    #[must_use]
    pub fn resume(
        state: ReaderState,
        writer_keys: BTreeMap<DeviceId, PublicKey>,
        epoch_keys: EpochKeys,
    ) -> Self {
        let mut reader = Self { state, writer_keys, epoch_keys, every_epoch: false };
        reader.rewind();
        reader
    }

    /// The reader of whoever makes the epochs' keys: a record under any other epoch is one
    /// that nobody can open, and does not hold up its writer.
    #[must_use]
    pub const fn of_every_epoch(mut self) -> Self {
        self.every_epoch = true;
        self
    }

    /// The state to store, in the transaction that stores what was accepted.
    #[must_use]
    pub const fn state(&self) -> &ReaderState {
        &self.state
    }

    /// The position to ask after.
    #[must_use]
    pub const fn cursor(&self) -> u64 {
        self.state.cursor
    }

    /// The position up to which everything is settled: nothing there is asked for again.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.state.settled()
    }

    /// How many records of a writer were accepted.
    #[must_use]
    pub fn accepted_of(&self, writer: &DeviceId) -> u64 {
        self.state.writers.get(writer).map_or(0, |chain| chain.next_seq)
    }

    /// Replaces the known writers (every device that ever was on the roster, revoked ones
    /// included: what they wrote before still counts). Goes back if records may now fit.
    pub fn set_writer_keys(&mut self, keys: BTreeMap<DeviceId, PublicKey>) {
        if keys != self.writer_keys {
            self.writer_keys = keys;
            self.rewind();
        }
    }

    /// Adds an epoch's key. Goes back if records may now open.
    pub fn add_epoch_key(&mut self, key: EpochKey) {
        self.epoch_keys.add(key);
        self.rewind();
    }

    /// Puts the cursor before the first record that was not settled; call it also on each
    /// reconnect. True if the cursor moved.
    pub fn rewind(&mut self) -> bool {
        self.state.waiting.clear();
        match self.state.settled_to.take() {
            Some(settled) => {
                self.state.again.clear();
                self.state.cursor = settled;
                true
            }
            None => false,
        }
    }

    /// Judges a page that the relay gave for [`Reader::cursor`].
    pub fn handle_page(&mut self, page: &Page) -> Judged {
        let mut judged = Judged::default();
        if page.head < self.state.cursor {
            let kind = FaultKind::RelayWentBack { head: page.head };
            judged.faults.push(Fault { position: self.state.cursor, writer: None, kind });
            // A relay that lost its end may hold new records below the old one: read it
            // all again; what is known is recognised.
            self.state.cursor = 0;
            self.state.settled_to = None;
            self.state.waiting.clear();
            self.state.again.clear();
            judged.more = page.head > 0;
            return judged;
        }
        let mut unblocked = false;
        let before = self.state.cursor;
        for (position, record) in self.read_ahead(page) {
            self.check_place(position, &mut judged);
            self.handle_record(position, record, &mut judged, &mut unblocked);
            self.state.seen_to = self.state.seen_to.max(position);
            // Never past the head: an invented position must not skip what is to come.
            self.state.cursor = self.state.cursor.max(position.min(page.head));
        }
        let went_back = unblocked && self.rewind();
        // Only progress earns another question at once; a relay cannot keep a device busy.
        let progress = before < self.state.cursor && self.state.cursor < page.head;
        judged.more = went_back || progress;
        judged
    }

    fn handle_record(
        &mut self,
        position: u64,
        decoded: Option<Decoded>,
        judged: &mut Judged,
        unblocked: &mut bool,
    ) {
        let Some(decoded) = decoded else {
            self.fault(position, None, FaultKind::Malformed, judged);
            return;
        };
        let verdict = self.judge(position, &decoded);
        let Decoded { record, digest, .. } = decoded;
        let writer = record.header().writer;
        if matches!(verdict, Verdict::Accept(_) | Verdict::Known) {
            self.check_turn(position, record.header());
        }
        match verdict {
            Verdict::Accept(plaintext) => {
                let was_missing = self.state.waiting.contains(&writer);
                *unblocked |= was_missing;
                if was_missing || position <= self.state.cursor {
                    let kind = FaultKind::Reordered;
                    judged.faults.push(Fault { position, writer: Some(writer), kind });
                }
                self.advance(writer, digest);
                judged.accepted.push(Accepted {
                    position,
                    header: *record.header(),
                    digest,
                    plaintext,
                });
            }
            // Known, but at a new place: positions were not the true ones, so what they
            // passed over is unknown.
            Verdict::Known if position > self.state.seen_to => self.settle_to(0),
            Verdict::Known => {}
            Verdict::Unopenable => {
                self.advance(writer, digest);
                let kind = FaultKind::CannotOpen;
                judged.faults.push(Fault { position, writer: Some(writer), kind });
            }
            Verdict::Refuse(kind) => {
                if matches!(kind, FaultKind::Gap { .. }) {
                    self.state.waiting.insert(writer);
                    // The missing record stands somewhere before, at a place unknown.
                    self.settle_to(0);
                }
                self.fault(position, Some(writer), kind, judged);
            }
        }
    }

    fn judge(&self, position: u64, decoded: &Decoded) -> Verdict {
        let Decoded { record, fits, .. } = decoded;
        let header = record.header();
        let key = match self.key_of(header) {
            Ok(key) => key,
            Err(kind) => return Verdict::Refuse(kind),
        };
        let none = Chain::default();
        let chain = self.state.writers.get(&header.writer).unwrap_or(&none);
        if self.is_known(decoded) {
            return Verdict::Known;
        }
        if !fits.unwrap_or_else(|| record.verify(key).is_ok()) {
            return Verdict::Refuse(FaultKind::BadSignature);
        }
        if header.writer_seq > chain.next_seq {
            let (expected, found) = (chain.next_seq, header.writer_seq);
            return Verdict::Refuse(FaultKind::Gap { expected, found });
        }
        if header.writer_seq < chain.next_seq {
            return match chain.digest_at(header.writer_seq) {
                Some(_) => Verdict::Refuse(FaultKind::Forked { writer_seq: header.writer_seq }),
                // Reading again what was read before is not the relay's fault.
                None if position <= self.state.seen_to => Verdict::Known,
                None => Verdict::Refuse(FaultKind::Replay { writer_seq: header.writer_seq }),
            };
        }
        if header.prev != chain.last() {
            return Verdict::Refuse(FaultKind::Forked { writer_seq: header.writer_seq });
        }
        self.open(record)
    }

    /// The key of a record's writer, if the record can be of this workspace.
    fn key_of(&self, header: &Header) -> Result<&PublicKey, FaultKind> {
        if header.workspace != self.state.workspace {
            return Err(FaultKind::ForeignWorkspace);
        }
        self.writer_keys.get(&header.writer).ok_or(FaultKind::UnknownWriter)
    }

    /// Opens a record that is signed and in its place.
    fn open(&self, record: &SealedRecord) -> Verdict {
        match record.open(&self.epoch_keys) {
            Ok(plaintext) => Verdict::Accept(plaintext),
            Err(OpenError::UnknownEpoch { epoch }) if !self.every_epoch => {
                Verdict::Refuse(FaultKind::UnknownEpoch { epoch })
            }
            Err(OpenError::UnknownEpoch { .. } | OpenError::Cipher { .. }) => Verdict::Unopenable,
        }
    }

    fn advance(&mut self, writer: DeviceId, digest: Digest) {
        let chain = self.state.writers.entry(writer).or_default();
        chain.next_seq += 1;
        chain.digests.push_back(digest);
        if chain.digests.len() > REMEMBERED_DIGESTS {
            chain.digests.pop_front();
        }
    }

    /// A workspace's positions have no holes: 1, 2, 3, …
    fn check_place(&mut self, position: u64, judged: &mut Judged) {
        let cursor = self.state.cursor;
        if position > cursor.saturating_add(1) {
            let kind = FaultKind::Withheld { from: cursor + 1, to: position - 1 };
            self.fault(position, None, kind, judged);
            // A relay that numbers with holes may have numbered falsely from the start: a
            // record taken at a wrong place can stand before one that was never handed out.
            self.settle_to(0);
        }
    }

    /// Places that are read again hold each record once, and those of a writer in their order. One
    /// that comes out of turn stands in the place of another, which is not known to be settled.
    fn check_turn(&mut self, position: u64, header: &Header) {
        if position > self.state.seen_to {
            return;
        }
        let last = self.state.again.insert(header.writer, header.writer_seq);
        if last.is_some_and(|last| header.writer_seq != last.saturating_add(1)) {
            self.settle_to(0);
        }
    }

    fn settle_to(&mut self, before: u64) {
        let settled = self.state.settled_to.get_or_insert(before);
        *settled = (*settled).min(before);
    }

    /// Reports a fault and remembers its place: the true record may stand there later.
    fn fault(
        &mut self,
        position: u64,
        writer: Option<DeviceId>,
        kind: FaultKind,
        judged: &mut Judged,
    ) {
        self.settle_to(self.state.cursor.min(position.saturating_sub(1)));
        judged.faults.push(Fault { position, writer, kind });
    }
}

enum Verdict {
    Accept(Vec<u8>),
    Known,
    Unopenable,
    Refuse(FaultKind),
}

impl Chain {
    fn last(&self) -> Digest {
        self.digests.back().copied().unwrap_or(Digest::from_bytes([0; 32]))
    }

    fn digest_at(&self, writer_seq: u64) -> Option<Digest> {
        let back = self.next_seq.checked_sub(writer_seq)?;
        let index = self.digests.len().checked_sub(usize::try_from(back).ok()?)?;
        self.digests.get(index).copied()
    }
}
