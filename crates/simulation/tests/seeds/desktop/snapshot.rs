//! Beginning from the gate's snapshot, where the relay has let go of records that this device has
//! not read, or sends again.

use super::{Broke, Desktop, epochs};
use crate::cast;
use countersign_document::{Candidates, ChainHead, RecordBody, Snapshot};
use countersign_model::Digest;
use countersign_sync::{
    SealedRecord, SnapshotReading, WriterState, open_blob,
    wire::{Floor, Page},
};

impl Desktop {
    /// The relay says that a snapshot stands for some of what is sent: it tells which.
    pub fn read_again(&mut self) {
        self.held.reader.read_again();
    }

    /// Begins from the gate's snapshot, whose record and packs the relay hands out: how much was
    /// wrong with it, or `None` if it is not one that this device takes. What of its own was left
    /// out without an answer is written once more.
    pub fn take_snapshot(
        &mut self,
        at: Floor,
        record: &[u8],
        pack: &mut dyn FnMut(Digest) -> Option<Vec<u8>>,
        nonce: &mut dyn FnMut() -> [u8; 24],
    ) -> Result<Option<usize>, Broke> {
        let snapshot = open_snapshot(record).filter(|snapshot| snapshot.floor >= at.floor);
        let Some(snapshot) = snapshot.filter(|_| self.held.reader.is_before(at.floor)) else {
            return Ok(None);
        };
        let mut wrong = 0;
        let mut readings = 0;
        let reading = loop {
            let mut reading = SnapshotReading::new(snapshot.floor).watching(cast::device(self.who));
            for part in &snapshot.packs {
                let Some(page) = pack(part.blob).and_then(|sealed| open_pack(part.blob, &sealed))
                else {
                    return Ok(None);
                };
                let judged = self.held.reader.handle_pack(&mut reading, &page);
                wrong += judged.faults.len();
                self.take_in(&judged.accepted)?;
            }
            readings += 1;
            if readings == 3 || !reading.can_read_more(&self.held.reader) {
                break reading;
            }
        };
        let head = |chain: &ChainHead| {
            (chain.writer, WriterState { next_seq: chain.records, prev: chain.last })
        };
        let heads: Vec<_> = snapshot.chains.iter().map(head).collect();
        wrong += self.held.reader.finish_snapshot(&reading, &heads).len();
        self.take_in(&[])?;
        let own = heads.iter().find(|(writer, _)| *writer == cast::device(self.who));
        let own = own.map_or_else(WriterState::new, |(_, head)| *head);
        let stands_for = usize::try_from(own.next_seq).unwrap();
        let last = stands_for.checked_sub(1).map(|last| self.held.own.get(last));
        if last.is_none_or(|last| last.is_some_and(|last| Digest::of(last) == own.prev)) {
            self.held.delivered = stands_for;
            for body in self.unanswered(stands_for, &reading) {
                self.write_bytes(&body, nonce())?;
            }
        }
        Ok(Some(wrong))
    }

    /// Own decisions among the first records that a snapshot left out and nobody has judged.
    fn unanswered(&self, stands_for: usize, reading: &SnapshotReading) -> Vec<Vec<u8>> {
        let keys = epochs();
        let left_out = (0..).zip(&self.held.own[..stands_for]);
        let left_out = left_out.filter(|(seq, _)| !reading.has_kept(*seq));
        let opened =
            left_out.filter_map(|(_, sealed)| SealedRecord::decode(sealed).ok()?.open(&keys).ok());
        let waits = |body: &Vec<u8>| {
            let Ok(RecordBody::CaseChange { change, .. }) = RecordBody::from_bytes(body) else {
                return false;
            };
            Candidates::of(&change).is_ok_and(|candidates| {
                let is_answered = |one: &&[u8]| self.held.answered.contains(&Digest::of(one));
                !candidates.envelopes().iter().all(is_answered)
            })
        };
        opened.filter(waits).collect()
    }
}

/// The snapshot in a record, if the gate signed it.
fn open_snapshot(record: &[u8]) -> Option<Snapshot> {
    let record = SealedRecord::decode(record).ok()?;
    let header = record.header();
    if header.workspace != cast::workspace() || header.writer != cast::gate_device() {
        return None;
    }
    record.verify(&cast::public(1)).ok()?;
    match RecordBody::from_bytes(&record.open(&epochs()).ok()?) {
        Ok(RecordBody::Snapshot(snapshot)) => Some(snapshot),
        _ => None,
    }
}

fn open_pack(blob: Digest, sealed: &[u8]) -> Option<Page> {
    Page::decode(&open_blob(cast::workspace(), blob, sealed, &epochs()).ok()?).ok()
}
