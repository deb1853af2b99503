//! Reads ahead of whoever walks an export: what can be said of a line alone is found out on every
//! processor, and handed on in the order of the file, so that nothing depends on which was done first.

use super::lines::{Line, Lines};
use crate::{
    export::{COSIGNED_PREFIX, ENTRY_PREFIX, ENVELOPE_PREFIX, POLICY_PREFIX, SUFFIX},
    single::{self, Single},
};
use countersign_model::{Digest, PublicKey, entry::ReferenceKind, signature::batch::BATCH};
use std::{
    collections::{BTreeMap, VecDeque},
    io::BufRead,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

/// Bytes of lines that are worth handing to another thread; a run ends with the line that
/// reaches it.
const RUN_BYTES: usize = 1 << 20;

/// A line, and what it is.
pub(super) struct Checked {
    /// From 1.
    pub(super) number: u64,
    /// Whether a line feed ends it.
    pub(super) ends: bool,
    pub(super) content: Content,
}

pub(super) enum Content {
    Entry(Single),
    Cosigned(Vec<u8>),
    Referred { kind: ReferenceKind, digest: Digest, bytes: Vec<u8> },
    TooLong,
    Unknown,
}

pub(super) struct Ahead<R> {
    lines: Lines<R>,
    runs: Arc<Runs>,
    threads: Vec<JoinHandle<()>>,
    /// Runs that were read, and those of them that were handed on.
    read: u64,
    taken: u64,
    current: std::vec::IntoIter<Checked>,
    /// How reading ended, once it has.
    end: Option<Result<(), std::io::Error>>,
}

impl<R: BufRead> Ahead<R> {
    pub(super) fn new(lines: Lines<R>, gate_key: PublicKey) -> Self {
        Self {
            lines,
            runs: Arc::new(Runs { gate_key, state: Mutex::default(), changed: Condvar::new() }),
            threads: vec![],
            read: 0,
            taken: 0,
            current: vec![].into_iter(),
            end: None,
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<Checked>, std::io::Error> {
        loop {
            if let Some(line) = self.current.next() {
                return Ok(Some(line));
            }
            self.read_ahead();
            if self.taken == self.read {
                return self.end.replace(Ok(())).unwrap_or(Ok(())).map(|()| None);
            }
            self.current = self.runs.take(self.taken).into_iter();
            self.taken += 1;
        }
    }

    /// SHA-256 of every byte after the first line, once every line was read.
    pub(super) fn body_digest(&self) -> Digest {
        self.lines.body_digest()
    }

    fn read_ahead(&mut self) {
        let processors = single::processors();
        while self.end.is_none() && self.read - self.taken < 2 * processors as u64 {
            let run = self.read_run();
            if run.is_empty() {
                return;
            }
            self.runs.lock().waiting.push_back((self.read, run));
            self.runs.changed.notify_all();
            self.read += 1;
            // What fits in one run is not worth a thread.
            if self.read == 2 {
                self.start_threads(processors - 1);
            }
        }
    }

    fn read_run(&mut self) -> Vec<Line> {
        let (mut run, mut bytes) = (vec![], 0);
        while run.len() < BATCH && bytes < RUN_BYTES {
            match self.lines.next() {
                Ok(Some(line)) => {
                    bytes += line.bytes.len();
                    run.push(line);
                }
                Ok(None) => {
                    self.end = Some(Ok(()));
                    break;
                }
                Err(error) => {
                    self.end = Some(Err(error));
                    break;
                }
            }
        }
        run
    }

    /// As many as the system gives; whoever walks does what they do not.
    fn start_threads(&mut self, count: usize) {
        for _ in 0..count {
            let runs = Arc::clone(&self.runs);
            let started = thread::Builder::new().name("verify".into()).spawn(move || runs.work());
            self.threads.extend(started.ok());
        }
    }
}

impl<R> Drop for Ahead<R> {
    fn drop(&mut self) {
        let mut state = self.runs.lock();
        state.closed = true;
        state.waiting.clear();
        drop(state);
        self.runs.changed.notify_all();
        for thread in self.threads.drain(..) {
            // A panic was kept as the run's result.
            let _ = thread.join();
        }
    }
}

/// Runs of lines on their way from the reader to whoever walks.
struct Runs {
    gate_key: PublicKey,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(u64, Vec<Line>)>,
    /// What was found out, by place.
    done: BTreeMap<u64, thread::Result<Vec<Checked>>>,
    closed: bool,
}

impl Runs {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The run at a place, which was read: waits for it, and works meanwhile.
    fn take(&self, place: u64) -> Vec<Checked> {
        let mut state = self.lock();
        loop {
            match state.done.remove(&place) {
                Some(Ok(run)) => return run,
                Some(Err(panic)) => {
                    drop(state);
                    resume_unwind(panic)
                }
                None => {}
            }
            state = match state.waiting.pop_front() {
                Some(run) => {
                    drop(state);
                    self.check(run)
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn work(&self) {
        let mut state = self.lock();
        while !state.closed {
            state = match state.waiting.pop_front() {
                Some(run) => {
                    drop(state);
                    self.check(run)
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn check(&self, (place, run): (u64, Vec<Line>)) -> MutexGuard<'_, State> {
        let checked = catch_unwind(AssertUnwindSafe(|| check_run(self.gate_key, run)));
        let mut state = self.lock();
        state.done.insert(place, checked);
        self.changed.notify_all();
        state
    }
}

fn check_run(gate_key: PublicKey, run: Vec<Line>) -> Vec<Checked> {
    let leaves = run.iter().filter_map(leaf);
    let mut entries = single::check_run(gate_key, leaves).into_iter();
    run.into_iter()
        .map(|line| Checked {
            number: line.number,
            ends: line.ends,
            content: match leaf(&line).and_then(|_| entries.next()) {
                Some(entry) => Content::Entry(entry),
                None => content(&line),
            },
        })
        .collect()
}

fn inner<'a>(line: &'a Line, prefix: &[u8]) -> Option<&'a [u8]> {
    line.bytes.strip_prefix(prefix)?.strip_suffix(SUFFIX)
}

fn leaf(line: &Line) -> Option<&[u8]> {
    inner(line, ENTRY_PREFIX).filter(|_| !line.too_long)
}

/// What a line is if it is not an entry.
fn content(line: &Line) -> Content {
    if line.too_long {
        return Content::TooLong;
    }
    if let Some(note) = inner(line, COSIGNED_PREFIX) {
        return Content::Cosigned(note.to_vec());
    }
    for (prefix, kind) in
        [(ENVELOPE_PREFIX, ReferenceKind::Envelope), (POLICY_PREFIX, ReferenceKind::Policy)]
    {
        if let Some(bytes) = inner(line, prefix) {
            let digest = Digest::of(bytes);
            return Content::Referred { kind, digest, bytes: bytes.to_vec() };
        }
    }
    Content::Unknown
}
