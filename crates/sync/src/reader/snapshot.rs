//! Reading a snapshot: the records that the gate kept, verbatim, in packs, and where each
//! writer's chain then stands.
//!
//! A kept record is judged as any other, with one difference: what its writer wrote before
//! may be missing, because the gate has said that it left it out. The record's own `prev`,
//! which its writer signed, then says what it follows. Whoever calls has checked that the gate
//! signed the snapshot, and that each pack is the one that it names.

use super::{Accepted, Chain, Fault, FaultKind, Judged, Reader, Verdict};
use crate::{record::SealedRecord, wire::Page, writer::WriterState};
use countersign_model::DeviceId;
use std::collections::BTreeSet;

/// One reading of one snapshot, from its first pack to its last.
#[derive(Debug)]
pub struct SnapshotReading {
    /// Everything at or below this position of the relay is in the snapshot or left out.
    floor: u64,
    /// Writers of whom a kept record could not be taken: nothing later of theirs is, so that
    /// nothing is passed over.
    blocked: BTreeSet<DeviceId>,
    /// Those of them of whom no key was known.
    unknown: BTreeSet<DeviceId>,
    watched: Option<DeviceId>,
    /// Which of the watched writer's records were kept.
    kept: BTreeSet<u64>,
}

impl SnapshotReading {
    /// Begins to read a snapshot with this floor.
    #[must_use]
    pub const fn new(floor: u64) -> Self {
        Self {
            floor,
            blocked: BTreeSet::new(),
            unknown: BTreeSet::new(),
            watched: None,
            kept: BTreeSet::new(),
        }
    }

    /// Notes which records of this writer were kept.
    #[must_use]
    pub const fn watching(mut self, writer: DeviceId) -> Self {
        self.watched = Some(writer);
        self
    }

    /// Whether a record of the watched writer was kept.
    #[must_use]
    pub fn has_kept(&self, writer_seq: u64) -> bool {
        self.kept.contains(&writer_seq)
    }

    /// Whether a writer that was unknown is known by now: then the packs are worth another
    /// reading.
    #[must_use]
    pub fn can_read_more(&self, reader: &Reader) -> bool {
        self.unknown.iter().any(|writer| reader.writer_keys.contains_key(writer))
    }
}

impl Reader {
    /// Whether a snapshot with this floor is of any use here.
    #[must_use]
    pub const fn is_before(&self, floor: u64) -> bool {
        self.state.cursor < floor
    }

    /// Whether something beyond a snapshot's floor was read before: what is here may then be
    /// more than the snapshot holds.
    #[must_use]
    pub const fn has_seen_beyond(&self, floor: u64) -> bool {
        self.state.seen_to > floor
    }

    /// Judges a part of a pack. What was accepted before is recognised, so a reading that was
    /// broken off is started over.
    pub fn handle_pack(&mut self, reading: &mut SnapshotReading, pack: &Page) -> Judged {
        let mut judged = Judged::default();
        for (position, bytes) in &pack.records {
            self.handle_kept(reading, *position, bytes, &mut judged);
        }
        judged
    }

    fn handle_kept(
        &mut self,
        reading: &mut SnapshotReading,
        position: u64,
        bytes: &[u8],
        judged: &mut Judged,
    ) {
        let mut fault = |writer, kind| judged.faults.push(Fault { position, writer, kind });
        let Ok(record) = SealedRecord::decode(bytes) else {
            fault(None, FaultKind::Malformed);
            return;
        };
        let header = *record.header();
        let writer = header.writer;
        if position > reading.floor {
            reading.blocked.insert(writer);
            fault(Some(writer), FaultKind::Malformed);
            return;
        }
        if reading.watched == Some(writer) {
            reading.kept.insert(header.writer_seq);
        }
        if reading.blocked.contains(&writer) {
            return;
        }
        match self.judge_kept(&record) {
            Verdict::Known => {}
            Verdict::Accept(plaintext) => {
                let digest = record.digest();
                self.bridge(&record);
                self.advance(writer, digest);
                judged.accepted.push(Accepted { position, header, digest, plaintext });
            }
            Verdict::Unopenable => {
                self.bridge(&record);
                self.advance(writer, record.digest());
                fault(Some(writer), FaultKind::CannotOpen);
            }
            Verdict::Refuse(kind) => {
                if kind == FaultKind::UnknownWriter {
                    reading.unknown.insert(writer);
                }
                reading.blocked.insert(writer);
                fault(Some(writer), kind);
            }
        }
    }

    fn judge_kept(&self, record: &SealedRecord) -> Verdict {
        let header = record.header();
        let key = match self.key_of(header) {
            Ok(key) => key,
            Err(kind) => return Verdict::Refuse(kind),
        };
        let none = Chain::default();
        let chain = self.state.writers.get(&header.writer).unwrap_or(&none);
        let here = chain.digest_at(header.writer_seq);
        if here == Some(record.digest()) {
            return Verdict::Known;
        }
        if record.verify(key).is_err() {
            return Verdict::Refuse(FaultKind::BadSignature);
        }
        let forked = Verdict::Refuse(FaultKind::Forked { writer_seq: header.writer_seq });
        if header.writer_seq < chain.next_seq {
            // What is too old to compare was taken, or left out by an earlier snapshot.
            return if here.is_some() { forked } else { Verdict::Known };
        }
        if header.writer_seq == chain.next_seq && header.prev != chain.last() {
            return forked;
        }
        self.open(record)
    }

    /// Passes over what was left out before a kept record.
    fn bridge(&mut self, record: &SealedRecord) {
        let header = record.header();
        let chain = self.state.writers.entry(header.writer).or_default();
        if chain.next_seq < header.writer_seq {
            *chain = Chain::at(WriterState { next_seq: header.writer_seq, prev: header.prev });
        }
    }

    /// Ends the reading: each writer's chain goes on where the gate says that it stands, and
    /// the relay is asked for what follows the floor. A chain that differs is a fork.
    ///
    /// Writers of whom something could not be taken stay where they are, and the places of the
    /// relay's log count as unsettled: the snapshot is asked for again.
    pub fn finish_snapshot(
        &mut self,
        reading: &SnapshotReading,
        heads: &[(DeviceId, WriterState)],
    ) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (writer, head) in heads {
            if reading.blocked.contains(writer) {
                continue;
            }
            let Some(last) = head.next_seq.checked_sub(1) else { continue };
            let chain = self.state.writers.entry(*writer).or_default();
            if chain.next_seq < head.next_seq {
                *chain = Chain::at(*head);
            } else if chain.digest_at(last).is_some_and(|here| here != head.prev) {
                let kind = FaultKind::Forked { writer_seq: last };
                faults.push(Fault { position: reading.floor, writer: Some(*writer), kind });
            }
        }
        self.state.waiting.clear();
        self.state.settled_to = (!reading.blocked.is_empty()).then_some(0);
        self.pass_over_snapshot(reading.floor);
        faults
    }

    /// Goes on after a snapshot that was read before.
    pub fn pass_over_snapshot(&mut self, floor: u64) {
        self.state.cursor = self.state.cursor.max(floor);
        self.state.seen_to = self.state.seen_to.max(floor);
    }

    /// Asks for everything again: what is known is recognised.
    pub fn read_again(&mut self) {
        self.rewind();
        self.state.again.clear();
        self.state.cursor = 0;
    }
}

impl Chain {
    /// A chain of which only the last digest is known.
    fn at(head: WriterState) -> Self {
        let last = (head.next_seq > 0).then_some(head.prev);
        Self { next_seq: head.next_seq, digests: last.into_iter().collect() }
    }
}

/// Where every writer's chain stands after some records, for whoever makes a snapshot.
impl Reader {
    /// The chains, by writer: what a snapshot up to here says of them.
    #[must_use]
    pub fn heads(&self) -> Vec<(DeviceId, WriterState)> {
        let head = |(writer, chain): (&DeviceId, &Chain)| {
            (*writer, WriterState { next_seq: chain.next_seq, prev: chain.last() })
        };
        self.state.writers.iter().map(head).collect()
    }
}
