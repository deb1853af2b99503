//! The gate compacts the relay: a snapshot of what a test wants to be kept.

use super::Gate;
use countersign_audit::checkpoint;
use countersign_document::{ChainHead, PackRef, RecordBody, Snapshot, limits::MAX_PACKS};
use countersign_model::{DeviceId, Signer as _};
use countersign_sync::{
    Header, Reader, ReaderState, SealedRecord,
    wire::{self, Floor, Page},
};
use std::collections::BTreeMap;

/// The records of a pack here: so few that there are several packs.
const PACK: usize = 3;

impl Gate {
    /// Publishes a snapshot of everything that is at the relay, keeping what `keeps` says, and
    /// raises the floor. The floor.
    pub async fn compact(
        &mut self,
        relay: &str,
        keeps: impl Fn(&Header, &RecordBody) -> bool,
    ) -> Floor {
        let (snapshot, _) = self.snapshot(relay, keeps).await;
        self.publish_snapshot(relay, snapshot).await
    }

    /// A snapshot that is not published yet, and what it leaves out.
    pub async fn snapshot(
        &self,
        relay: &str,
        keeps: impl Fn(&Header, &RecordBody) -> bool,
    ) -> (Snapshot, Vec<RecordBody>) {
        let keys = self.writer_keys();
        let state = ReaderState::new(self.workspace);
        let mut reader = Reader::resume(state, keys, [self.epoch_key()].into_iter().collect());
        let (mut kept, mut left_out, mut newest) = (vec![], vec![], String::new());
        let page = self.page_after(relay, 0).await;
        let judged = reader.handle_page(&page);
        assert_eq!(judged.faults, [], "the test's relay holds together");
        for (one, (position, bytes)) in judged.accepted.iter().zip(&page.records) {
            let body = RecordBody::from_bytes(&one.plaintext).unwrap();
            if let RecordBody::LogSegment { checkpoint, .. } = &body {
                newest.clone_from(checkpoint);
            }
            if keeps(&one.header, &body) {
                kept.push((*position, bytes.clone()));
            } else {
                left_out.push(body);
            }
        }
        let mut packs = vec![];
        for records in kept.chunks(PACK) {
            let pack = Page { records: records.to_vec(), head: page.head }.encode().unwrap();
            let blob = self.publish_blob(&pack).await;
            packs.push(PackRef { blob: blob.blob, size_bytes: blob.size_bytes });
        }
        assert!(packs.len() < MAX_PACKS);
        let chains = reader.heads().into_iter().filter(|(_, head)| head.next_seq > 0);
        let chains = chains
            .map(|(writer, head)| ChainHead { writer, records: head.next_seq, last: head.prev })
            .collect();
        (Snapshot { floor: page.head, packs, chains, checkpoint: newest }, left_out)
    }

    /// Publishes a snapshot and raises the floor to what it says. The floor.
    pub async fn publish_snapshot(&mut self, relay: &str, snapshot: Snapshot) -> Floor {
        let floor = snapshot.floor;
        self.write(&RecordBody::Snapshot(snapshot)).await;
        let head = self.page_after(relay, floor).await.head;
        let at = Floor { floor, snapshot: head };
        self.put_floor(relay, at).await;
        at
    }

    pub async fn put_floor(&self, relay: &str, floor: Floor) {
        let body = serde_json::to_vec(&floor).unwrap();
        self.ask(relay, "PUT", &wire::floor_path(self.workspace), body).await;
    }

    /// What the relay has after a position.
    pub async fn page_after(&self, relay: &str, after: u64) -> Page {
        let path = wire::page_path(self.workspace, after, 512);
        Page::decode(&self.ask(relay, "GET", &path, vec![]).await).unwrap()
    }

    /// What the records after a position say, with who wrote them.
    pub async fn bodies_after(&self, relay: &str, after: u64) -> Vec<(DeviceId, RecordBody)> {
        let keys = [self.epoch_key()].into_iter().collect();
        let read = |bytes: &[u8]| {
            let record = SealedRecord::decode(bytes).unwrap();
            let body = RecordBody::from_bytes(&record.open(&keys).unwrap()).unwrap();
            (record.header().writer, body)
        };
        self.page_after(relay, after).await.records.iter().map(|(_, bytes)| read(bytes)).collect()
    }

    /// A checkpoint of this log's key over fewer entries than there are.
    pub fn checkpoint_over(&self, size: u64) -> String {
        let (origin, _) = checkpoint::parse_vkey(&self.roster.gate.log_vkey).unwrap();
        checkpoint::sign(&origin, size, self.root_at(size), &self.key).unwrap()
    }

    fn writer_keys(&self) -> BTreeMap<DeviceId, countersign_model::PublicKey> {
        let people = self.roster.people.iter().flat_map(|person| &person.devices);
        people
            .map(|device| (device.id, device.signing_key))
            .chain([(self.device, self.key.public_key())])
            .collect()
    }

    /// The key of the only epoch, which the test's gate makes.
    fn epoch_key(&self) -> countersign_sync::EpochKey {
        countersign_sync::EpochKey::from_bytes(0, [9; 32])
    }

    async fn ask(&self, relay: &str, method: &str, path: &str, body: Vec<u8>) -> Vec<u8> {
        self.send_to(relay, (self.device, &self.key), method, path, body).await
    }
}
