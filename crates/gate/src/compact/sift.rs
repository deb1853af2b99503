//! Reading everything that the relay has, and packing what is kept while it is read. What does
//! not hold together ends it.

use super::{
    Bench, CompactError, Prepared, Shelves,
    keep::Keeper,
    packs::{self, Packs},
};
use crate::changes::{Changes, Row};
use countersign_document::{ChainHead, PackRef, RecordBody, Snapshot};
use countersign_model::{DeviceId, Digest, PublicKey};
use countersign_sync::{
    Fault, FaultKind, Judged, Reader, ReaderState, SnapshotReading, WriterState, open_blob,
    wire::Page,
};
use std::collections::BTreeMap;

/// One reading of everything, with what is kept of it.
pub(super) struct Sifting<'b, S> {
    bench: &'b Bench<S>,
    floor: u64,
    keeper: Keeper,
    reader: Reader,
    packs: Packs<'b, S>,
    /// Packs of the earlier snapshot that are not in this one.
    replaced: Vec<Digest>,
    kept: u64,
    left_out: u64,
}

impl<'b, S: Shelves> Sifting<'b, S> {
    /// Begins with nothing read. The gate makes the epochs' keys itself, so what is sealed
    /// under another one can be opened by nobody.
    pub(super) fn new(
        bench: &'b Bench<S>,
        floor: u64,
        keeper: Keeper,
        writers: BTreeMap<DeviceId, PublicKey>,
    ) -> Self {
        let keys = [bench.identity.epoch.clone()].into_iter().collect();
        let state = ReaderState::new(bench.identity.workspace);
        Self {
            bench,
            floor,
            keeper,
            reader: Reader::resume(state, writers, keys).of_every_epoch(),
            packs: Packs::new(bench, floor),
            replaced: Vec::new(),
            kept: 0,
            left_out: 0,
        }
    }

    /// Takes what an earlier snapshot keeps. A full pack of which everything is kept again
    /// stays as it is.
    pub(super) async fn take_snapshot(&mut self, snapshot: &Snapshot) -> Result<(), CompactError> {
        let mut reading = SnapshotReading::new(snapshot.floor);
        for pack in &snapshot.packs {
            let page = self.open(pack).await?;
            let mut kept = Vec::with_capacity(page.records.len());
            for (position, bytes) in &page.records {
                let one = Page { records: vec![(*position, bytes.clone())], head: page.head };
                kept.push(self.reader.handle_pack(&mut reading, &one));
            }
            let kept =
                kept.iter().map(|judged| self.judge(judged)).collect::<Result<Vec<_>, _>>()?;
            if kept.iter().all(|kept| *kept) && packs::is_full(&page) {
                self.packs.add_whole(*pack).await?;
                continue;
            }
            self.replaced.push(pack.blob);
            let records = page.records.into_iter().zip(kept).filter(|(_, kept)| *kept);
            for ((position, bytes), _) in records {
                self.packs.add(position, bytes).await?;
            }
        }
        let head = |chain: &ChainHead| {
            (chain.writer, WriterState { next_seq: chain.records, prev: chain.last })
        };
        let heads: Vec<_> = snapshot.chains.iter().map(head).collect();
        refuse(&self.reader.finish_snapshot(&reading, &heads))
    }

    /// Takes what the relay has up to the floor.
    pub(super) async fn take_pages(&mut self) -> Result<(), CompactError> {
        while self.reader.cursor() < self.floor {
            let page = self.bench.relay.page(self.reader.cursor()).await?;
            let head = page.head;
            if page.records.is_empty() {
                let position = self.reader.cursor();
                let kind = FaultKind::RelayWentBack { head };
                return Err(CompactError::Records { position, kind });
            }
            for (position, bytes) in page.records {
                if position > self.floor {
                    break;
                }
                let one = Page { records: vec![(position, bytes.clone())], head };
                let judged = self.reader.handle_page(&one);
                if self.judge(&judged)? {
                    self.packs.add(position, bytes).await?;
                }
            }
        }
        Ok(())
    }

    /// What is to be committed.
    pub(super) async fn finish(self) -> Result<Prepared, CompactError> {
        let packs = self.packs.finish().await?;
        let (checkpoint, evidence) = self.keeper.into_rest();
        let chain = |(writer, head): (DeviceId, WriterState)| ChainHead {
            writer,
            records: head.next_seq,
            last: head.prev,
        };
        let heads = self.reader.heads();
        let chains = heads.into_iter().filter(|(_, head)| head.next_seq > 0).map(chain).collect();
        let mut drop = self.replaced;
        drop.extend(evidence);
        let floor = self.floor;
        let mut changes = Changes::default();
        changes.put(Row::Snapshot { floor, drop });
        changes.send(RecordBody::Snapshot(Snapshot { floor, packs, chains, checkpoint }));
        Ok(Prepared { changes, floor, kept: self.kept, left_out: self.left_out })
    }

    /// Whether the one record that was judged is kept.
    fn judge(&mut self, judged: &Judged) -> Result<bool, CompactError> {
        refuse(&judged.faults)?;
        let kept = match judged.accepted.first() {
            Some(record) => self.keeper.keeps(record)?,
            None => false,
        };
        *if kept { &mut self.kept } else { &mut self.left_out } += 1;
        Ok(kept)
    }

    async fn open(&self, pack: &PackRef) -> Result<Page, CompactError> {
        let sealed = self.bench.relay.blob(pack.blob).await?;
        let keys = [self.bench.identity.epoch.clone()].into_iter().collect();
        let plain = open_blob(self.bench.identity.workspace, pack.blob, &sealed, &keys)
            .map_err(|_| CompactError::Earlier("a pack of it does not open"))?;
        Page::decode(&plain).map_err(|_| CompactError::Earlier("a pack of it is malformed"))
    }
}

/// A body that does not open was taken as nothing by the gate and by everybody else.
fn refuse(faults: &[Fault]) -> Result<(), CompactError> {
    let grave = faults.iter().find(|fault| fault.kind != FaultKind::CannotOpen);
    grave.map_or(Ok(()), |fault| {
        Err(CompactError::Records { position: fault.position, kind: fault.kind })
    })
}
