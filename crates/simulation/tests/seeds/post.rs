//! The relay: its real store and writer's rules on a disk that fails, and the lies that it
//! tells on the way.

use crate::cast;
use countersign_model::{DeviceId, PublicKey, Roster};
use countersign_relay::{Limits, StoreError, shelf::Shelf};
use countersign_simulation::{chance::Chance, disk::Disk};
use countersign_sync::{
    SealedRecord, VerifiedRequest,
    refusal::Code,
    wire::{CreateWorkspace, DeviceEntry, Page, Pushed},
};
use std::collections::BTreeMap;

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

    fn with<T>(
        &mut self,
        work: impl FnOnce(&mut Shelf) -> Result<Result<T, Code>, StoreError>,
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
            Ok(Err(code)) => Err(Failed::Refused(code)),
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
