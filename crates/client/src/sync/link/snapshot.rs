//! Beginning from the gate's snapshot, where the relay has let go of records that this device
//! has not read: kept records are taken in by the same code as any other. The relay is
//! believed in nothing: the gate has signed the floor, the packs and the chains.

use crate::{
    case::{fault::FaultCode, log_replica::ReplicaHashes},
    lists::rows,
    profile::{
        failure::{Broken, Failure},
        member::{Me, Member},
    },
    sign::outgoing::Sealer,
    sync::{
        faults,
        link::{
            pass::{Found, Pass},
            send::mark_delivered,
            session::SyncError,
        },
        relay::RelayError,
        take_in,
        trouble::LocalError,
        watcher::Watcher,
        writing,
    },
};
use countersign_audit::{checkpoint, tree};
use countersign_document::{ChainHead, PackRef, RecordBody, Snapshot};
use countersign_model::DeviceId;
use countersign_store::{StoreError, Tx};
use countersign_sync::{
    EpochKeys, SealedRecord, SnapshotReading, WriterState, open_blob,
    wire::{Floor, Page},
};
use tokio::task::yield_now;

/// How often packs are read again when they themselves make more writers known.
const MAX_READINGS: usize = 3;

impl<W: Watcher> Pass<'_, W> {
    /// Takes in the snapshot that the relay names, and goes on after its floor.
    pub(super) async fn begin_from_snapshot(
        &mut self,
        at: Floor,
        found: &mut Found,
    ) -> Result<(), SyncError> {
        if !self.session.reader.is_before(at.floor) {
            // It refuses what it says it has.
            return Err(SyncError::CompactedWrongly);
        }
        if let Some(read) = self.session.snapshot_read.filter(|read| read.snapshot == at.snapshot) {
            if read.floor < at.floor {
                return Err(SyncError::CompactedWrongly);
            }
            self.session.reader.pass_over_snapshot(read.floor);
            return Ok(());
        }
        let snapshot = self.snapshot_at(at).await?;
        if !self.session.reader.has_seen_beyond(snapshot.floor) {
            self.check_log_before(&snapshot)?;
        }
        let device = self.shared.member(|member| Ok(member.me.device))?;
        let mut readings = 0;
        let reading = loop {
            let mut reading = SnapshotReading::new(snapshot.floor).watching(device);
            for pack in &snapshot.packs {
                let page = self.pack(pack).await?;
                self.take_pack(&mut reading, page, found).await?;
            }
            readings += 1;
            if readings == MAX_READINGS || !reading.can_read_more(&self.session.reader) {
                break reading;
            }
            // What is still wrong is found again.
            found.retain(|code, _| !faults::is_over_when_gone(code));
        };
        self.finish_snapshot(&reading, &snapshot, found)?;
        self.session.snapshot_read = Some(Floor { floor: snapshot.floor, ..at });
        tracing::info!(floor = snapshot.floor, packs = snapshot.packs.len(), "a snapshot was read");
        Ok(())
    }

    /// The snapshot, if the gate signed it and it reaches the floor that the relay names. The
    /// relay may be on its way to the snapshot's own floor.
    async fn snapshot_at(&mut self, at: Floor) -> Result<Snapshot, SyncError> {
        let page = self.session.relay.page(at.snapshot.saturating_sub(1)).await?;
        let record = page.records.first().filter(|(position, _)| *position == at.snapshot);
        let record = record.and_then(|(_, bytes)| SealedRecord::decode(bytes).ok());
        let epoch_keys = &self.session.epoch_keys;
        let snapshot = self.shared.member(|Member { me, .. }| {
            Ok(record.and_then(|record| open_snapshot(me, &record, epoch_keys)))
        })?;
        let snapshot = snapshot.filter(|snapshot| snapshot.floor >= at.floor);
        snapshot.ok_or(SyncError::CompactedWrongly)
    }

    async fn pack(&mut self, pack: &PackRef) -> Result<Page, SyncError> {
        let sealed = match self.session.relay.blob(pack.blob, pack.size_bytes).await {
            Err(RelayError::Refused { status, .. }) if status.as_u16() == 404 => {
                return Err(SyncError::CompactedWrongly);
            }
            sealed => sealed?,
        };
        let epoch_keys = &self.session.epoch_keys;
        let workspace = self.shared.member(|member| Ok(member.me.workspace))?;
        let plain = open_blob(workspace, pack.blob, &sealed, epoch_keys).ok();
        let page = plain.and_then(|plain| Page::decode(&plain).ok());
        page.ok_or(SyncError::CompactedWrongly)
    }

    async fn take_pack(
        &mut self,
        reading: &mut SnapshotReading,
        page: Page,
        found: &mut Found,
    ) -> Result<(), SyncError> {
        let mut parts = take_in::parts(page).into_iter().peekable();
        while let Some(part) = parts.next() {
            let judged = self.session.reader.handle_pack(reading, &part);
            self.note(&judged.faults, found);
            self.take_in(&judged, parts.peek().is_none())?;
            yield_now().await;
        }
        Ok(writing::settle(self.shared).await?)
    }

    /// A snapshot over less of the log than this device has verified is not taken.
    fn check_log_before(&self, snapshot: &Snapshot) -> Result<(), SyncError> {
        let now = self.shared.now();
        let behind = self.shared.member(|Member { me, store, .. }| {
            let size = size_of(me, snapshot);
            store.transaction::<_, LocalError>(|tx| {
                let here = tx.log_head()?.map_or(0, |head| head.size);
                let words = match size {
                    Some(size) if size >= here => return Ok(None),
                    Some(size) => format!(
                        "the gate's snapshot ends the log after {size} entries, and this device has verified {here}: it was set back"
                    ),
                    None => "the checkpoint in the gate's snapshot is not the log's".into(),
                };
                tx.add_fault(&faults::fault(FaultCode::LogFault, &words, now))?;
                Ok(Some(words))
            })
        })?;
        behind.map_or(Ok(()), |words| Err(SyncError::LogSetBack(words)))
    }

    /// One transaction: the chains, what is known of this device's own records, and the place
    /// to go on from.
    fn finish_snapshot(
        &mut self,
        reading: &SnapshotReading,
        snapshot: &Snapshot,
        found: &mut Found,
    ) -> Result<(), SyncError> {
        let heads: Vec<_> = snapshot.chains.iter().map(head).collect();
        let faults = self.session.reader.finish_snapshot(reading, &heads);
        self.note(&faults, found);
        let moment = self.shared.moment();
        let reader = &self.session.reader;
        let written = self.shared.member(|Member { me, keys, store, epoch_keys, .. }| {
            let sealer = Sealer::new(me, keys, epoch_keys)?;
            store.transaction::<_, LocalError>(|tx| {
                check_log_after(tx, me, snapshot)?
                    .map(|words| {
                        tx.add_fault(&faults::fault(FaultCode::LogFault, &words, moment.at))
                    })
                    .transpose()?;
                let own = heads.iter().find(|(writer, _)| *writer == me.device);
                let own = own.map_or_else(WriterState::new, |(_, head)| *head);
                if is_own_chain(tx, own)? {
                    settle_own(tx, own.next_seq, snapshot.floor)?;
                    send_unanswered(tx, own.next_seq, reading, &sealer, epoch_keys)?;
                }
                take_in::take_in(tx, me, &[], reader, moment.at)?;
                Ok(rows::write_due(tx, me, &moment)?)
            })
        })?;
        writing::tell(self.shared, written);
        self.shared.tell_connection();
        Ok(())
    }
}

fn open_snapshot(me: &Me, record: &SealedRecord, epoch_keys: &EpochKeys) -> Option<Snapshot> {
    let gate = &me.roster.gate;
    let header = record.header();
    if header.workspace != me.workspace || header.writer != gate.device {
        return None;
    }
    record.verify(&gate.signing_key).ok()?;
    match RecordBody::from_bytes(&record.open(epoch_keys).ok()?) {
        Ok(RecordBody::Snapshot(snapshot)) => Some(snapshot),
        _ => None,
    }
}

/// Over how many entries of the log the snapshot is; none if its checkpoint is not the log's.
fn size_of(me: &Me, snapshot: &Snapshot) -> Option<u64> {
    if snapshot.checkpoint.is_empty() {
        return Some(0);
    }
    checkpoint::verify(&snapshot.checkpoint, &me.roster.gate.log_vkey).ok().map(|head| head.size)
}

/// The log is kept whole: once the packs were taken in, it is here, up to the checkpoint that
/// the snapshot names. The words of a fault, if it is not.
fn check_log_after(tx: &Tx<'_>, me: &Me, snapshot: &Snapshot) -> Result<Option<String>, Failure> {
    let Ok(head) = checkpoint::verify(&snapshot.checkpoint, &me.roster.gate.log_vkey) else {
        return Ok(None);
    };
    let here = tx.log_head()?.map_or(0, |head| head.size);
    if here < head.size {
        return Ok(Some(format!(
            "the gate's snapshot lacks entries of the log: it has {}, and {here} came of it",
            head.size
        )));
    }
    let root = tree::root(head.size, &ReplicaHashes(tx)).map_err(|_| Broken("log replica"))?;
    Ok((root != head.root).then(|| {
        format!("the gate's snapshot names another log over the first {} entries", head.size)
    }))
}

fn head(chain: &ChainHead) -> (DeviceId, WriterState) {
    (chain.writer, WriterState { next_seq: chain.records, prev: chain.last })
}

/// Whether the chain that the gate knows of this device is the one in its outbox. If it is
/// not, a copy of this profile has written: the next push says so.
fn is_own_chain(tx: &Tx<'_>, own: WriterState) -> Result<bool, StoreError> {
    let Some(last) = own.next_seq.checked_sub(1) else { return Ok(true) };
    Ok(tx.record_digest(last)? == Some(own.prev))
}

/// What the snapshot stands for was delivered; what follows is sent again, in case the relay
/// has lost it.
fn settle_own(tx: &Tx<'_>, records: u64, floor: u64) -> Result<(), StoreError> {
    let unsent = tx.unsent_before(records)?;
    mark_delivered(tx, unsent.into_iter().map(|seq| (seq, floor)))?;
    tx.send_again_from(records)
}

/// A decision of this device that the snapshot left out, and that the log has not answered,
/// is sent again, as a new record: nothing signed is lost.
fn send_unanswered(
    tx: &Tx<'_>,
    records: u64,
    reading: &SnapshotReading,
    sealer: &Sealer<'_>,
    epoch_keys: &EpochKeys,
) -> Result<(), Failure> {
    for unanswered in tx.unanswered_before(records)? {
        if reading.has_kept(unanswered.writer_seq) {
            continue;
        }
        let record =
            SealedRecord::decode(&unanswered.record).map_err(|_| Broken("stored record"))?;
        let Ok(plain) = record.open(epoch_keys) else { continue };
        let body = RecordBody::from_bytes(&plain).map_err(|_| Broken("stored record"))?;
        tracing::info!(seq = unanswered.writer_seq, "a decision without an answer is sent again");
        sealer.queue(tx, &body, unanswered.carries)?;
    }
    Ok(())
}
