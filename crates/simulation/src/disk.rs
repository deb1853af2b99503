//! The disk under every database of this process: files in memory, each write, sync and
//! truncation a step at which power may go, or room may end.
//!
//! It is SQLite's default file system here, so that gate and relay open their stores by the
//! code that ships. A path begins with the name of its disk: `disk/file`.

use crate::chance::Chance;
use parking_lot::{Mutex, MutexGuard};
use sqlite_vfs::{
    DatabaseHandle, LockKind, OpenAccess, OpenOptions, Vfs,
    wip::{WalIndex, WalIndexLock},
};
use std::{
    collections::BTreeMap,
    io::{Error, ErrorKind},
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Once, Weak},
    time::Duration,
};

/// What a disk writes at once or not at all, in bytes; SQLite relies on no more
/// (<https://sqlite.org/psow.html>).
const SECTOR: usize = 512;
/// A region of the write-ahead log's index, in bytes.
const REGION: usize = 32 * 1024;

/// By their names; a disk is gone when nobody holds it any more.
static DISKS: LazyLock<Mutex<BTreeMap<String, Weak<Mutex<State>>>>> = LazyLock::new(Mutex::default);

/// Holds off every other thread of this process that does so too: `sqlite-vfs` numbers the files
/// that it opens without a lock. Whoever opens databases here holds it meanwhile.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock()
}

/// What becomes of what was written and not synced when the power goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// Nothing of it is there.
    Lost,
    /// All of it is there.
    Kept,
    /// Some sectors of it are there, by chance.
    Torn,
}

/// A disk of one process.
#[derive(Clone)]
pub struct Disk {
    name: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, File>,
    steps: u64,
    crash: Option<(u64, Fate)>,
    /// Until when no room is left, as a number of steps.
    full_until: u64,
    is_down: bool,
    chance: Option<Chance>,
}

#[derive(Default)]
struct File {
    durable: Vec<u8>,
    now: Vec<u8>,
    unsynced: Vec<Change>,
    regions: BTreeMap<u32, Box<[u8]>>,
    /// Who holds which lock of the index.
    index_locks: BTreeMap<(u8, u64), WalIndexLock>,
    locks: BTreeMap<u64, LockKind>,
    handles: u64,
}

enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Length(usize),
}

impl Disk {
    /// An empty disk; one of the same name is gone.
    #[must_use]
    pub fn new(name: &str, chance: Chance) -> Self {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            let registered = sqlite_vfs::register("simulated", Memory, true);
            assert!(registered.is_ok(), "SQLite takes no file system: {registered:?}");
        });
        let state = State { chance: Some(chance), ..State::default() };
        let state = Arc::new(Mutex::new(state));
        let mut disks = DISKS.lock();
        disks.retain(|_, disk| disk.strong_count() > 0);
        disks.insert(name.to_owned(), Arc::downgrade(&state));
        drop(disks);
        Self { name: name.to_owned(), state }
    }

    /// The path of a file of it.
    #[must_use]
    pub fn path(&self, file: &str) -> PathBuf {
        Path::new(&self.name).join(file)
    }

    /// How many writes, syncs and truncations there were.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.state.lock().steps
    }

    /// Power goes `after` further steps, in the middle of one: it is done and nobody hears of
    /// it if what is not synced is kept.
    pub fn crash_after(&self, after: u64, fate: Fate) {
        let mut state = self.state.lock();
        state.crash = Some((state.steps + after, fate));
    }

    /// No room is left for `steps` further steps.
    pub fn fill(&self, steps: u64) {
        let mut state = self.state.lock();
        state.full_until = state.steps + steps;
    }

    /// There is room again.
    pub fn make_room(&self) {
        self.state.lock().full_until = 0;
    }

    /// Power stays from now on.
    pub fn calm(&self) {
        self.state.lock().crash = None;
    }

    /// Whether the power has gone.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.state.lock().is_down
    }

    /// Takes the power away at once.
    pub fn cut(&self, fate: Fate) {
        self.state.lock().cut(fate);
    }

    /// Gives power again; every handle must be closed by now.
    pub fn restart(&self) {
        let mut state = self.state.lock();
        (state.is_down, state.crash) = (false, None);
        for file in state.files.values_mut() {
            file.index_locks.clear();
            file.locks.clear();
            file.regions.clear();
        }
    }

    /// Flips one bit of a file, of what is durable; `false` if it is empty or not there.
    pub fn flip(&self, file: &str, bit: u64) -> bool {
        let mut state = self.state.lock();
        let Some(file) = state.files.get_mut(file) else { return false };
        let bits = file.durable.len() as u64 * 8;
        if bits == 0 {
            return false;
        }
        let bit = bit % bits;
        let Ok(byte) = usize::try_from(bit / 8) else { return false };
        file.durable[byte] ^= 1 << (bit % 8);
        file.now.clone_from(&file.durable);
        true
    }

    /// What is durable of every file.
    #[must_use]
    pub fn image(&self) -> BTreeMap<String, Vec<u8>> {
        let state = self.state.lock();
        state.files.iter().map(|(name, file)| (name.clone(), file.durable.clone())).collect()
    }

    /// Puts back what [`Disk::image`] gave; every handle must be closed by now.
    pub fn restore(&self, image: &BTreeMap<String, Vec<u8>>) {
        let file = |bytes: &Vec<u8>| File {
            durable: bytes.clone(),
            now: bytes.clone(),
            ..File::default()
        };
        let mut state = self.state.lock();
        state.files = image.iter().map(|(name, bytes)| (name.clone(), file(bytes))).collect();
    }

    /// Whether some bytes stand in any file as it is now.
    #[must_use]
    pub fn holds(&self, bytes: &[u8]) -> bool {
        let Some((first, rest)) = bytes.split_first() else { return true };
        let found = |file: &File| {
            let mut left = file.now.as_slice();
            while let Some(at) = left.iter().position(|byte| byte == first) {
                left = &left[at + 1..];
                if left.starts_with(rest) {
                    return true;
                }
            }
            false
        };
        self.state.lock().files.values().any(found)
    }
}

impl State {
    /// One step: whether it is done, and whether power goes with it.
    fn step(&mut self) -> Result<(), Error> {
        if self.is_down {
            return Err(Error::other("no power"));
        }
        self.steps += 1;
        Ok(())
    }

    /// After a step: whether power has gone with it.
    fn after_step(&mut self) -> Result<(), Error> {
        if let Some((at, fate)) = self.crash
            && self.steps >= at
        {
            self.cut(fate);
            return Err(Error::other("the power has gone"));
        }
        Ok(())
    }

    fn cut(&mut self, fate: Fate) {
        let mut chance = self.chance.take().unwrap_or(Chance::of(0));
        for file in self.files.values_mut() {
            for change in std::mem::take(&mut file.unsynced) {
                change.survive(fate, &mut file.durable, &mut chance);
            }
            file.now.clone_from(&file.durable);
        }
        self.chance = Some(chance);
        self.is_down = true;
    }
}

impl Change {
    /// Does to `bytes` what survives of this.
    fn survive(&self, fate: Fate, bytes: &mut Vec<u8>, chance: &mut Chance) {
        match (self, fate) {
            (_, Fate::Lost) => {}
            (_, Fate::Kept) => self.apply(bytes),
            (Self::Length(_), Fate::Torn) => {
                if chance.percent(50) {
                    self.apply(bytes);
                }
            }
            (Self::Write { offset, bytes: written }, Fate::Torn) => {
                let mut at = 0;
                while at < written.len() {
                    // Sectors begin where the disk's do, not where the write does.
                    let next = ((offset + at) / SECTOR + 1) * SECTOR - offset;
                    let end = next.min(written.len());
                    if chance.percent(50) {
                        put(bytes, offset + at, &written[at..end]);
                    }
                    at = end;
                }
            }
        }
    }

    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes: written } => put(bytes, *offset, written),
            Self::Length(length) => bytes.resize(*length, 0),
        }
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, written: &[u8]) {
    let end = offset + written.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset..end].copy_from_slice(written);
}

fn size(number: u64) -> Result<usize, Error> {
    usize::try_from(number).map_err(|_| Error::other("beyond memory"))
}

/// The file system as SQLite sees it.
struct Memory;

/// An open file.
struct Handle {
    disk: Arc<Mutex<State>>,
    file: String,
    id: u64,
}

impl Handle {
    fn with<T>(&self, work: impl FnOnce(&mut File) -> T) -> T {
        work(self.disk.lock().files.entry(self.file.clone()).or_default())
    }

    /// Changes the file, unless there is no power or no room.
    fn change(&self, change: Change, needs_room: bool) -> Result<(), Error> {
        let mut state = self.disk.lock();
        state.step()?;
        if needs_room && state.steps <= state.full_until {
            // What SQLite calls SQLITE_FULL.
            return Err(ErrorKind::WriteZero.into());
        }
        let file = state.files.entry(self.file.clone()).or_default();
        change.apply(&mut file.now);
        file.unsynced.push(change);
        state.after_step()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let id = self.id;
        self.with(|file| {
            file.locks.remove(&id);
            file.index_locks.retain(|(_, whose), _| *whose != id);
        });
    }
}

/// The disk of a path, and the file's name on it.
fn place(path: &str) -> Result<(Arc<Mutex<State>>, String), Error> {
    let (disk, file) = path.split_once('/').ok_or(ErrorKind::NotFound)?;
    let state = DISKS.lock().get(disk).and_then(Weak::upgrade).ok_or(ErrorKind::NotFound)?;
    Ok((state, file.to_owned()))
}

impl Vfs for Memory {
    type Handle = Handle;

    fn open(&self, path: &str, opts: OpenOptions) -> Result<Handle, Error> {
        let (disk, file) = place(path)?;
        let mut state = disk.lock();
        if state.is_down {
            return Err(Error::other("no power"));
        }
        let may_create = matches!(opts.access, OpenAccess::Create | OpenAccess::CreateNew);
        let is_there = state.files.contains_key(&file);
        if is_there && opts.access == OpenAccess::CreateNew {
            return Err(ErrorKind::AlreadyExists.into());
        }
        if !is_there && !may_create {
            return Err(ErrorKind::NotFound.into());
        }
        let opened = state.files.entry(file.clone()).or_default();
        opened.handles += 1;
        let id = opened.handles;
        drop(state);
        Ok(Handle { disk, file, id })
    }

    fn delete(&self, path: &str) -> Result<(), Error> {
        let (disk, file) = place(path)?;
        let mut state = disk.lock();
        state.step()?;
        state.files.remove(&file).map(|_| ()).ok_or(ErrorKind::NotFound)?;
        state.after_step()
    }

    fn exists(&self, path: &str) -> Result<bool, Error> {
        Ok(place(path).is_ok_and(|(disk, file)| disk.lock().files.contains_key(&file)))
    }

    fn temporary_name(&self) -> String {
        "temporary/file".to_owned()
    }

    fn random(&self, buffer: &mut [i8]) {
        // SQLite's own numbers are salts of the write-ahead log: nothing depends on them.
        buffer.fill(7);
    }

    fn sleep(&self, duration: Duration) -> Duration {
        duration
    }
}

impl DatabaseHandle for Handle {
    type WalIndex = Index;

    fn size(&self) -> Result<u64, Error> {
        Ok(self.with(|file| file.now.len() as u64))
    }

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), Error> {
        if self.disk.lock().is_down {
            return Err(Error::other("no power"));
        }
        let offset = size(offset)?;
        self.with(|file| {
            let there = file.now.get(offset..).unwrap_or_default();
            let length = there.len().min(buf.len());
            buf[..length].copy_from_slice(&there[..length]);
            // SQLite expects zeros where a file has ended.
            buf[length..].fill(0);
            if length < buf.len() { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
        })
    }

    fn write_all_at(&mut self, buf: &[u8], offset: u64) -> Result<(), Error> {
        let grows = self.size()? < offset + buf.len() as u64;
        let change = Change::Write { offset: size(offset)?, bytes: buf.to_vec() };
        self.change(change, grows)
    }

    fn sync(&mut self, _: bool) -> Result<(), Error> {
        let mut state = self.disk.lock();
        state.step()?;
        let is_last = state.crash.is_some_and(|(at, fate)| state.steps >= at && fate == Fate::Lost);
        if !is_last {
            let file = state.files.entry(self.file.clone()).or_default();
            for change in std::mem::take(&mut file.unsynced) {
                change.apply(&mut file.durable);
            }
        }
        state.after_step()
    }

    fn set_len(&mut self, length: u64) -> Result<(), Error> {
        let grows = self.size()? < length;
        self.change(Change::Length(size(length)?), grows)
    }

    fn lock(&mut self, lock: LockKind) -> Result<bool, Error> {
        let id = self.id;
        Ok(self.with(|file| {
            let mut others = file.locks.iter().filter(|(whose, _)| **whose != id).map(|one| *one.1);
            let free = match lock {
                LockKind::None => true,
                LockKind::Shared => others.all(|other| other < LockKind::Pending),
                LockKind::Reserved | LockKind::Pending => {
                    others.all(|other| other < LockKind::Reserved)
                }
                LockKind::Exclusive => others.all(|other| other == LockKind::None),
            };
            if free {
                file.locks.insert(id, lock);
            }
            free
        }))
    }

    fn reserved(&mut self) -> Result<bool, Error> {
        Ok(self.with(|file| file.locks.values().any(|lock| *lock >= LockKind::Reserved)))
    }

    fn current_lock(&self) -> Result<LockKind, Error> {
        let id = self.id;
        Ok(self.with(|file| file.locks.get(&id).copied().unwrap_or_default()))
    }

    fn wal_index(&self, _: bool) -> Result<Index, Error> {
        let Self { disk, file, id } = self;
        // The journal's index belongs to the database's file, whoever asks.
        Ok(Index { disk: Arc::clone(disk), file: file.clone(), id: *id })
    }
}

/// The index of a write-ahead log, which its connections share.
struct Index {
    disk: Arc<Mutex<State>>,
    file: String,
    id: u64,
}

impl Index {
    fn with<T>(&self, work: impl FnOnce(&mut File) -> T) -> T {
        work(self.disk.lock().files.entry(self.file.clone()).or_default())
    }
}

impl WalIndex for Index {
    fn map(&mut self, region: u32) -> Result<[u8; REGION], Error> {
        let mut data = [0; REGION];
        self.pull(region, &mut data)?;
        Ok(data)
    }

    fn lock(&mut self, locks: Range<u8>, lock: WalIndexLock) -> Result<bool, Error> {
        let id = self.id;
        Ok(self.with(|file| {
            let held = file
                .index_locks
                .iter()
                .filter(|((lock, whose), _)| *whose != id && locks.contains(lock));
            let mut held = held.map(|(_, held)| *held);
            let free = match lock {
                WalIndexLock::None => true,
                WalIndexLock::Shared => held.all(|held| held != WalIndexLock::Exclusive),
                WalIndexLock::Exclusive => held.next().is_none(),
            };
            if free {
                for one in locks {
                    if lock == WalIndexLock::None {
                        file.index_locks.remove(&(one, id));
                    } else {
                        file.index_locks.insert((one, id), lock);
                    }
                }
            }
            free
        }))
    }

    fn delete(self) -> Result<(), Error> {
        self.with(|file| file.regions.clear());
        Ok(())
    }

    fn pull(&mut self, region: u32, data: &mut [u8; REGION]) -> Result<(), Error> {
        self.with(|file| match file.regions.get(&region) {
            Some(shared) => data.copy_from_slice(shared),
            None => data.fill(0),
        });
        Ok(())
    }

    fn push(&mut self, region: u32, data: &[u8; REGION]) -> Result<(), Error> {
        self.with(|file| file.regions.insert(region, Box::from(data.as_slice())));
        Ok(())
    }
}
