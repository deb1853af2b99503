//! The relay: its real store and writer's rules on a disk that fails, and the lies that it
//! tells on the way.

use crate::{cast, step::Way};
use async_trait::async_trait;
use countersign_gate::{compact::Shelves, relay::RelayError};
use countersign_model::{DeviceId, Digest, PublicKey, Roster};
use countersign_relay::{Limits, StoreError, shelf::Shelf};
use countersign_simulation::{chance::Chance, disk::Disk};
use countersign_sync::{
    SealedRecord, VerifiedRequest,
    refusal::{Code, Remedy},
    wire::{CreateWorkspace, DeviceEntry, Floor, Page, Pushed},
};
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

/// How a page is bent on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lie {
    /// The last records are held back.
    Withhold,
    /// One record in the middle is held back.
    Skip,
    /// Records come in another order.
    Reorder,
    /// Records come twice.
    Repeat,
    /// One bit is another.
    Flip,
    /// It says that it has nothing.
    Empty,
    /// A record of somebody's is given out as the next one of the gate's place.
    Renumber,
}

pub const LIES: [Lie; 7] =
    [Lie::Withhold, Lie::Skip, Lie::Reorder, Lie::Repeat, Lie::Flip, Lie::Empty, Lie::Renumber];

/// Records of one page or push.
pub const PAGE: usize = 24;

pub struct Post {
    pub disk: Disk,
    shelf: Option<Shelf>,
    chance: Chance,
    keys: BTreeMap<DeviceId, PublicKey>,
    generation: u32,
    name: String,
}

/// Why nothing was stored or given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failed {
    /// No answer: it is down, or its disk is full.
    Down,
    Refused(Code),
    /// What was asked for is below the floor.
    Compacted(Floor),
}

impl From<Code> for Failed {
    fn from(code: Code) -> Self {
        Self::Refused(code)
    }
}

impl From<Floor> for Failed {
    fn from(floor: Floor) -> Self {
        Self::Compacted(floor)
    }
}

impl Post {
    pub fn new(name: &str, mut chance: Chance) -> Self {
        let disk = Disk::new(&format!("{name}-relay-0"), chance.split());
        Self { disk, shelf: None, chance, keys: BTreeMap::new(), generation: 0, name: name.into() }
    }

    /// The relay and everything on it is gone; another one takes its place.
    pub fn lose(&mut self) {
        self.shelf = None;
        self.generation += 1;
        let name = format!("{}-relay-{}", self.name, self.generation);
        self.disk = Disk::new(&name, self.chance.split());
    }

    /// The process ends; it is started again when it is needed.
    pub fn stop(&mut self) {
        self.shelf = None;
    }

    fn request(&mut self, key_id: DeviceId, now_unix_s: i64) -> VerifiedRequest {
        let mut nonce = [0; 16];
        self.chance.fill(&mut nonce);
        VerifiedRequest { key_id, created_unix_s: now_unix_s, nonce }
    }

    fn with<T, R: Into<Failed>>(
        &mut self,
        work: impl FnOnce(&mut Shelf) -> Result<Result<T, R>, StoreError>,
    ) -> Result<T, Failed> {
        if self.shelf.is_none() {
            if self.disk.is_down() {
                self.disk.restart();
            }
            let path = self.disk.path("relay.sqlite3");
            let opened = Shelf::open(path, cast::workspace(), Limits::default());
            self.shelf = Some(opened.map_err(|_| Failed::Down)?);
        }
        let answer = work(self.shelf.as_mut().expect("it was opened"));
        if self.disk.is_down() {
            // What was stored may be there: nobody hears of it.
            self.shelf = None;
            return Err(Failed::Down);
        }
        match answer {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(refused)) => Err(refused.into()),
            Err(_) => Err(Failed::Down),
        }
    }

    /// The owner says which devices there are.
    pub fn set_devices(&mut self, roster: &Roster, now_unix_s: i64) -> Result<(), Failed> {
        let gate = roster.gate.clone();
        let owner = CreateWorkspace { device: gate.device, key: gate.signing_key };
        self.with(|shelf| shelf.create(owner, now_unix_s))?;
        let people = roster.people.iter().flat_map(|person| &person.devices);
        let entries = people.map(|device| DeviceEntry {
            device: device.id,
            key: device.signing_key,
            revoked: device.revoked_at_ms.is_some(),
        });
        let own = DeviceEntry { device: gate.device, key: gate.signing_key, revoked: false };
        let entries: Vec<_> = entries.chain([own]).collect();
        let keys = entries.iter().map(|entry| (entry.device, entry.key)).collect();
        let request = self.request(gate.device, now_unix_s);
        self.with(|shelf| shelf.set_devices(request, entries, now_unix_s))?;
        self.keys = keys;
        Ok(())
    }

    /// Stores records, once the signature of each was checked, as its door does.
    pub fn push(
        &mut self,
        whose: DeviceId,
        records: &[Vec<u8>],
        now_unix_s: i64,
    ) -> Result<Pushed, Failed> {
        let decoded: Result<Vec<_>, _> =
            records.iter().map(|one| SealedRecord::decode(one)).collect();
        let decoded = decoded.map_err(|_| Failed::Refused(Code::Malformed))?;
        for record in &decoded {
            let key = self.keys.get(&record.header().writer);
            if key.is_none_or(|key| record.verify(key).is_err()) {
                return Err(Failed::Refused(Code::RecordSignature));
            }
        }
        let request = self.request(whose, now_unix_s);
        self.with(|shelf| shelf.push(request, decoded, now_unix_s))
    }

    /// Pushes over a wire that loses and repeats.
    pub fn push_over(
        &mut self,
        whose: DeviceId,
        records: &[Vec<u8>],
        now_unix_s: i64,
        way: Way,
    ) -> Result<Pushed, Failed> {
        if way == Way::Lost {
            return Err(Failed::Down);
        }
        if way == Way::Twice {
            let _ = self.push(whose, records, now_unix_s);
        }
        let pushed = self.push(whose, records, now_unix_s);
        if way == Way::AnswerLost { Err(Failed::Down) } else { pushed }
    }

    pub fn put_blobs(
        &mut self,
        whose: DeviceId,
        blobs: Vec<Vec<u8>>,
        now_unix_s: i64,
    ) -> Result<(), Failed> {
        let request = self.request(whose, now_unix_s);
        self.with(|shelf| shelf.put_blobs(request, blobs, now_unix_s))
    }

    pub fn page(&mut self, after: u64, limit: usize, lie: Option<Lie>) -> Result<Page, Failed> {
        let mut page = self.with(|shelf| shelf.page(after, limit))?;
        if let Some(lie) = lie {
            self.bend(&mut page, lie);
        }
        Ok(page)
    }

    pub fn blob(&mut self, digest: Digest) -> Result<Vec<u8>, Failed> {
        let blob = self.with::<_, Code>(|shelf| Ok(Ok(shelf.blob(digest)?)))?;
        blob.ok_or(Failed::Refused(Code::Unknown))
    }

    fn put_floor(&mut self, floor: Floor, now_unix_s: i64) -> Result<Floor, Failed> {
        let request = self.request(cast::gate_device(), now_unix_s);
        self.with(|shelf| shelf.raise_floor(request, floor, now_unix_s))
    }

    fn drop_blobs(&mut self, blobs: Vec<Digest>, now_unix_s: i64) -> Result<(), Failed> {
        let request = self.request(cast::gate_device(), now_unix_s);
        self.with(|shelf| shelf.drop_blobs(request, blobs, now_unix_s))
    }

    fn bend(&mut self, page: &mut Page, lie: Lie) {
        let count = page.records.len();
        let one = self.chance.index(count);
        match lie {
            Lie::Empty => *page = Page { records: vec![], head: 0 },
            _ if count == 0 => {}
            Lie::Withhold => {
                page.records.truncate(one);
                page.head = page.records.last().map_or(0, |(position, _)| *position);
            }
            Lie::Skip => drop(page.records.remove(one)),
            Lie::Reorder => page.records.reverse(),
            Lie::Repeat => {
                let again = page.records.clone();
                page.records.extend(again);
            }
            Lie::Flip => {
                let bytes = &mut page.records[one].1;
                let at = self.chance.index(bytes.len());
                bytes[at] ^= 1 << self.chance.below(8);
            }
            Lie::Renumber => {
                let bytes = page.records[one].1.clone();
                for (_, record) in &mut page.records {
                    record.clone_from(&bytes);
                }
            }
        }
    }
}

/// The relay as the gate asks it when it compacts, over a connection that breaks after so many
/// requests.
pub struct Wire<'p> {
    post: Mutex<&'p mut Post>,
    left: AtomicU64,
    now_unix_s: i64,
    /// What becomes of records.
    way: Way,
}

impl<'p> Wire<'p> {
    pub fn new(post: &'p mut Post, requests: u64, now_unix_s: i64) -> Self {
        let left = AtomicU64::new(requests);
        Self { post: Mutex::new(post), left, now_unix_s, way: Way::Fine }
    }

    /// Loses records, or their answer, or brings them twice.
    pub fn going(self, way: Way) -> Self {
        Self { way, ..self }
    }

    fn ask<T>(&self, work: impl FnOnce(&mut Post) -> Result<T, Failed>) -> Result<T, RelayError> {
        let left = self.left.load(Ordering::Relaxed);
        self.left.store(left.saturating_sub(1), Ordering::Relaxed);
        if left == 0 {
            return Err(RelayError::Silent);
        }
        work(&mut self.post.lock()).map_err(|failed| match failed {
            Failed::Compacted(floor) => RelayError::Compacted(floor),
            // To a push the floor is told too, and nobody asks it.
            Failed::Refused(Code::Compacted) => {
                RelayError::Compacted(Floor { floor: 0, snapshot: 0 })
            }
            Failed::Down => RelayError::Silent,
            Failed::Refused(code) => RelayError::Refused {
                status: 409,
                code,
                message: "simulated".into(),
                remedy: Remedy::Other,
            },
        })
    }
}

#[async_trait]
impl Shelves for Wire<'_> {
    async fn page(&self, after: u64) -> Result<Page, RelayError> {
        self.ask(|post| post.page(after, PAGE, None))
    }

    async fn push(&self, records: &[Vec<u8>]) -> Result<Pushed, RelayError> {
        self.ask(|post| post.push_over(cast::gate_device(), records, self.now_unix_s, self.way))
    }

    async fn blob(&self, digest: Digest) -> Result<Vec<u8>, RelayError> {
        self.ask(|post| post.blob(digest))
    }

    async fn put_blobs(&self, sealed: &[Vec<u8>]) -> Result<(), RelayError> {
        self.ask(|post| post.put_blobs(cast::gate_device(), sealed.to_vec(), self.now_unix_s))
    }

    async fn put_floor(&self, floor: Floor) -> Result<Floor, RelayError> {
        self.ask(|post| post.put_floor(floor, self.now_unix_s))
    }

    async fn drop_blobs(&self, blobs: &[Digest]) -> Result<(), RelayError> {
        self.ask(|post| post.drop_blobs(blobs.to_vec(), self.now_unix_s))
    }
}
