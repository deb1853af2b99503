//! The one append: entries, state, spent nonces and outbox in one durable transaction;
//! then a checkpoint over what is committed; then publishing. Opening re-verifies it all.

use crate::{
    access::Writing,
    changes::{Changes, Row},
    identity::Identity,
    keys::{KeyError, Random},
    store::{Hashes, Reader, Store, StoreError, Tx},
};
use countersign_audit::{
    Frontier, Head, LogFault, TreeError,
    checkpoint::{self, CheckpointError},
    tree,
};
use countersign_document::{BodyError, RecordBody};
use countersign_model::{
    Digest, Envelope, Roster, TimestampMs,
    causes::in_full,
    control::Halt,
    entry::{Entry, EntryError, EntryHead, LogEvent},
    envelope::EnvelopeError,
    roster::{RootKeys, RosterError},
    verdict::PolicyRef,
};
use countersign_replay::{Change, World, control::halt_after};
use countersign_sync::{SealedRecord, WriterState};
use std::{cell::Cell, sync::Arc};

/// How many entries and bytes of entries one segment record carries at most.
const SEGMENT_ENTRIES: u32 = 64;
const SEGMENT_BYTES: usize = 128 * 1024;
/// How many entries are read at once when the log is re-verified.
const VERIFY_RUN: u32 = 1_024;

/// The log's head and the gate's chain of records, over the store that holds them.
pub struct Ledger {
    identity: Arc<Identity>,
    store: Arc<Store>,
    random: Random,
    state: State,
}

/// What follows from the log and is held in memory beside it.
#[derive(Clone)]
struct State {
    /// The tree's right edge: the number of entries and their root.
    frontier: Frontier,
    /// A size that was asked for and the root there, which no later entry changes: whoever
    /// decides on many cases has seen one and the same log.
    asked: Cell<Option<(u64, Digest)>>,
    /// Leaf hash of the last entry.
    last_leaf: Digest,
    /// The moment of the newest entry: the log's clock never goes back.
    clock: TimestampMs,
    /// How many entries the newest checkpoint covers.
    published: u64,
    writer: WriterState,
    roster: Arc<Roster>,
    /// Whether work is stopped, as the log says.
    halt: Halt,
    /// The policy in force, as the log says.
    policy: Option<PolicyRef>,
    /// Which accounts may be written, as the log says.
    writing: Arc<Writing>,
}

/// Why the gate could not write; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tree.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// An entry.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// A checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A record.
    #[error("a record for the relay could not be sealed: {0}")]
    Record(String),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] KeyError),
}

/// Why the stored state is not to be trusted; the gate does not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The log is not what was signed.
    #[error("the stored log failed its check; do not serve from this data, restore a back-up")]
    Log(#[from] LogFault),
    /// The stored tree is not that of the entries.
    #[error(
        "the stored log failed its check: the hashes are not those of the {size} entries; do not serve from this data, restore a back-up"
    )]
    Hashes {
        /// Number of entries.
        size: u64,
    },
    /// The newest checkpoint covers more than there is.
    #[error(
        "the stored log failed its check: {signed} entries were signed, {found} are here; do not serve from this data, restore a back-up"
    )]
    Truncated {
        /// Entries that were signed.
        signed: u64,
        /// Entries found.
        found: u64,
    },
    /// The rosters.
    #[error("the stored roster failed its check")]
    Roster(#[from] RosterError),
    /// A roster's envelope.
    #[error("the stored roster cannot be read")]
    Envelope(#[from] EnvelopeError),
    /// There is no roster.
    #[error("there is no roster; run `countersign-gate init` first")]
    NoRoster,
    /// Reading or writing failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error.into())
    }
}

impl Ledger {
    /// Opens the ledger: every entry, signature, hash, checkpoint and roster is checked.
    ///
    /// # Errors
    /// [`OpenError`]; the gate must not serve then.
    pub fn open(store: Arc<Store>, identity: Arc<Identity>) -> Result<Self, OpenError> {
        let Verified { frontier, last_leaf, clock, halt, policy, writing } =
            verify_log(&store, &identity)?;
        let size = frontier.size();
        let checkpoint = store.read(|reader| reader.newest_checkpoint())?;
        let published = match checkpoint {
            None => 0,
            Some((_, note)) => check_newest(&store, &identity, size, &note)?,
        };
        let roster = Arc::new(open_rosters(&store)?);
        let writer = store.read(|reader| reader.last_record())?.map(|last| WriterState {
            next_seq: last.writer_seq + 1,
            prev: Digest::of(&last.sealed),
        });
        let writer = writer.unwrap_or_default();
        let asked = Cell::default();
        let state = State {
            frontier,
            asked,
            last_leaf,
            clock,
            published,
            writer,
            roster,
            halt,
            policy,
            writing: Arc::new(writing),
        };
        let mut ledger = Self { identity, store, random: Random::of_system(), state };
        // Earlier versions committed entries before their checkpoint.
        if published < size {
            ledger.in_one(|_, _| Ok::<_, LedgerError>(()))?;
        }
        Ok(ledger)
    }

    /// A ledger with nothing in it, for `init`.
    #[must_use]
    pub fn begin(store: Arc<Store>, identity: Arc<Identity>, roster: Roster) -> Self {
        let roster = Arc::new(roster);
        let clock = TimestampMs::from_millis(0);
        let Head { last_leaf, .. } = Head::empty();
        let (frontier, asked) = Default::default();
        let (published, writer) = (0, WriterState::new());
        let (halt, policy, writing) = (Halt::Running, None, Arc::default());
        let state = State {
            frontier,
            asked,
            last_leaf,
            clock,
            published,
            writer,
            roster,
            halt,
            policy,
            writing,
        };
        Self { identity, store, random: Random::of_system(), state }
    }

    /// Takes the nonces of its records from another source than the system.
    #[must_use]
    pub fn with_random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// Where its random bytes come from.
    #[must_use]
    pub const fn random(&self) -> &Random {
        &self.random
    }

    /// Who the gate is.
    #[must_use]
    pub const fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// The database.
    #[must_use]
    pub const fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// The roster in force.
    #[must_use]
    pub fn roster(&self) -> &Roster {
        &self.state.roster
    }

    /// Whether work is stopped, as the log says.
    #[must_use]
    pub const fn halt(&self) -> &Halt {
        &self.state.halt
    }

    /// The policy in force, as the log says.
    #[must_use]
    pub const fn policy(&self) -> Option<&PolicyRef> {
        self.state.policy.as_ref()
    }

    /// Which accounts may be written and with which credential, as the log says.
    #[must_use]
    pub fn writing(&self) -> &Writing {
        &self.state.writing
    }

    /// The moment to judge by at `now`: stamps of the log never go back by themselves.
    #[must_use]
    pub fn moment(&self, now: TimestampMs) -> TimestampMs {
        self.state.clock.max(now)
    }

    /// The moment of the newest entry.
    #[must_use]
    pub const fn clock(&self) -> TimestampMs {
        self.state.clock
    }

    /// What holds for the whole workspace, as the log says.
    #[must_use]
    pub fn world(&self) -> World {
        let State { frontier, clock, roster, policy, halt, .. } = &self.state;
        let has_entries = frontier.size() > 0;
        World {
            clock_ms: has_entries.then_some(*clock),
            // The first roster is in force once it stands in the log.
            roster: has_entries.then(|| Arc::clone(roster)),
            policy: policy.clone(),
            halt: halt.clone(),
            expected: vec![],
        }
    }

    /// The log's root over its first entries, those of a transaction that is under way included;
    /// `None` when there are fewer.
    ///
    /// # Errors
    /// [`TreeError`]: a hash of the log is missing.
    pub fn root_seen(&self, size: u64, reader: &Reader<'_>) -> Result<Option<Digest>, TreeError> {
        if size > self.state.frontier.size() {
            return Ok(None);
        }
        if let Some((_, root)) = self.state.asked.get().filter(|(asked, _)| *asked == size) {
            return Ok(Some(root));
        }
        let root = self.root_at(size, reader)?;
        self.state.asked.set(Some((size, root)));
        Ok(Some(root))
    }

    /// Makes changes durable, all or none, together with the checkpoint over the new entries,
    /// stamped with a [`Ledger::moment`], and the records that carry both. Only an entry that
    /// says so takes the clock back.
    ///
    /// # Errors
    /// [`LedgerError`]; nothing was changed.
    pub fn commit(&mut self, changes: Changes, at: TimestampMs) -> Result<(), LedgerError> {
        self.in_one(|ledger, tx| ledger.add(tx, changes, at))
    }

    /// Does all of `work` in one durable transaction; what it adds is published at its end.
    ///
    /// # Errors
    /// What `work` returns, or the ledger's own; nothing was changed.
    pub fn in_one<T, E: From<StoreError> + From<LedgerError>>(
        &mut self,
        work: impl FnOnce(&mut Self, &Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let (store, before) = (Arc::clone(&self.store), self.state.clone());
        let result = store.write(|tx| {
            let done = work(self, tx)?;
            self.publish(tx)?;
            Ok(done)
        });
        if result.is_err() {
            self.state = before;
        }
        result
    }

    /// Adds changes to a transaction that is under way ([`Self::in_one`]).
    ///
    /// # Errors
    /// [`LedgerError`]; the transaction must not be kept.
    pub fn add(
        &mut self,
        tx: &Tx<'_>,
        changes: Changes,
        at: TimestampMs,
    ) -> Result<(), LedgerError> {
        let Changes { entries, rows, records } = changes;
        let corrects =
            entries.iter().any(|one| matches!(one.event, LogEvent::ClockCorrected { .. }));
        let at = if corrects { at } else { self.moment(at) };
        let old = self.state.frontier.size();
        let mut hashes = Vec::with_capacity(2 * entries.len());
        for (seq, content) in (old..).zip(entries) {
            let place = EntryHead::of(self.identity.workspace, seq, self.state.last_leaf, at);
            let bytes = content.at(place).sign_leaf(&self.identity.signing)?;
            tx.put_entry(seq, &bytes)?;
            self.state.last_leaf = tree::leaf_hash(&bytes);
            self.state.frontier.push_storing(self.state.last_leaf, |hash| hashes.push(hash));
            self.state.clock = at;
        }
        if !hashes.is_empty() {
            tx.put_hashes(tree::stored_count(old)?, &hashes)?;
        }
        for row in &rows {
            row.write(tx, old)?;
        }
        self.state.writer = self.queue(tx, self.state.writer, &records)?;
        rows.into_iter().for_each(|row| self.remember(row));
        Ok(())
    }

    /// What follows from the log and is held in memory beside it.
    fn remember(&mut self, row: Row) {
        match row {
            Row::Judged(Change::Halt(halt)) => self.state.halt = halt,
            Row::Judged(Change::Roster(roster)) => self.state.roster = roster,
            Row::Judged(Change::Policy(policy)) => self.state.policy = Some(policy),
            Row::Writing(account, Some(credential)) => {
                Arc::make_mut(&mut self.state.writing).insert(account, credential);
            }
            Row::Writing(account, None) => {
                Arc::make_mut(&mut self.state.writing).remove(&account);
            }
            _ => {}
        }
    }

    /// Signs entries that no checkpoint covers yet and queues them for the relay. Whoever has a
    /// signed checkpoint has it from a record, and records are sent only after this transaction
    /// is durable.
    fn publish(&mut self, tx: &Tx<'_>) -> Result<(), LedgerError> {
        let size = self.state.frontier.size();
        while self.state.published < size {
            let first = self.state.published;
            let entries = segment(tx, first)?;
            let ends = first + entries.len() as u64;
            let root = self.root_at(ends, tx)?;
            let note = checkpoint::sign(&self.identity.origin, ends, root, &self.identity.log)?;
            tx.put_checkpoint(ends, &note)?;
            let record = RecordBody::LogSegment { first_seq: first, entries, checkpoint: note };
            self.state.writer = self.queue(tx, self.state.writer, &[record])?;
            self.state.published = ends;
        }
        Ok(())
    }

    /// The root over the first entries, of which there are as many.
    fn root_at(&self, size: u64, reader: &Reader<'_>) -> Result<Digest, TreeError> {
        if size == self.state.frontier.size() {
            return Ok(self.state.frontier.root());
        }
        tree::root(size, &Hashes(reader))
    }

    fn queue(
        &self,
        tx: &Tx<'_>,
        mut writer: WriterState,
        records: &[RecordBody],
    ) -> Result<WriterState, LedgerError> {
        for record in records {
            let body = record.to_bytes().map_err(body_error)?;
            let (sealed, next) = self.seal(writer, &body)?;
            tx.queue_record(writer.next_seq, sealed.as_bytes())?;
            writer = next;
        }
        Ok(writer)
    }

    fn seal(
        &self,
        writer: WriterState,
        body: &[u8],
    ) -> Result<(SealedRecord, WriterState), LedgerError> {
        let Identity { workspace, device, signing, epoch, .. } = &*self.identity;
        writer
            .seal_next(*workspace, *device, body, epoch, *self.random.bytes::<24>()?, signing)
            .map_err(|error| LedgerError::Record(in_full(&error)))
    }
}

fn body_error(error: BodyError) -> LedgerError {
    LedgerError::Record(in_full(&error))
}

/// The next run of entries that fits one record; at least one.
fn segment(tx: &Tx<'_>, first: u64) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut entries = tx.log_entries(first, SEGMENT_ENTRIES)?;
    let mut size = 0;
    let fits = entries.iter().take_while(|entry| {
        size += entry.len();
        size <= SEGMENT_BYTES
    });
    let count = fits.count().max(1);
    entries.truncate(count);
    Ok(entries)
}

/// What the stored log says.
struct Verified {
    frontier: Frontier,
    last_leaf: Digest,
    clock: TimestampMs,
    halt: Halt,
    policy: Option<PolicyRef>,
    writing: Writing,
}

/// Reads every entry and checks place, chain, signature and the stored hashes.
fn verify_log(store: &Store, identity: &Identity) -> Result<Verified, OpenError> {
    let (mut halt, mut policy, mut writing) = (Halt::Running, None, Writing::new());
    let mut frontier = Frontier::default();
    let mut last_leaf = Head::empty().last_leaf;
    let mut clock = TimestampMs::from_millis(0);
    loop {
        let first = frontier.size();
        let entries = store.read(|reader| reader.log_entries(first, VERIFY_RUN))?;
        if entries.is_empty() {
            break;
        }
        for bytes in &entries {
            let entry = check_entry(identity, frontier.size(), last_leaf, bytes)?;
            last_leaf = tree::leaf_hash(bytes);
            clock = entry.body.at_ms;
            halt = halt_after(&halt, &entry.body);
            match entry.body.event.writing() {
                Some((account, Some(credential))) => {
                    writing.insert(account.clone(), credential.to_owned());
                }
                Some((account, None)) => {
                    writing.remove(account);
                }
                None => {}
            }
            if let LogEvent::PolicyPublished { policy: published, .. } = entry.body.event {
                policy = Some(published);
            }
            frontier.push(last_leaf);
        }
    }
    let (size, root) = (frontier.size(), frontier.root());
    let stored = store.read(|reader| Ok::<_, LedgerError>(tree::root(size, &Hashes(reader))?))?;
    if stored != root || store.read(|reader| reader.log_size())? != size {
        return Err(OpenError::Hashes { size });
    }
    Ok(Verified { frontier, last_leaf, clock, halt, policy, writing })
}

fn check_entry(
    identity: &Identity,
    seq: u64,
    last_leaf: Digest,
    bytes: &[u8],
) -> Result<Entry, LogFault> {
    let entry = Entry::from_bytes(bytes).map_err(|error| match error {
        EntryError::Malformed(source) => LogFault::BadEntry { seq, source },
        _ => LogFault::TooLarge { seq },
    })?;
    entry.verify(identity.log_keys.gate_key).map_err(|_| LogFault::BadEntrySignature { seq })?;
    if entry.body.seq != seq {
        return Err(LogFault::WrongSeq { seq, found: entry.body.seq });
    }
    if entry.body.prev_hash != last_leaf {
        return Err(LogFault::BrokenChain { seq });
    }
    if entry.body.workspace != identity.workspace {
        return Err(LogFault::ForeignWorkspace { seq });
    }
    Ok(entry)
}

/// The newest checkpoint must be over a prefix of the log; entries after it were committed
/// and not yet signed when the gate stopped.
fn check_newest(
    store: &Store,
    identity: &Identity,
    size: u64,
    note: &str,
) -> Result<u64, OpenError> {
    let signed = checkpoint::verify(note, &identity.log_keys.vkey).map_err(LogFault::from)?;
    if signed.size > size {
        return Err(OpenError::Truncated { signed: signed.size, found: size });
    }
    let root =
        store.read(|reader| Ok::<_, LedgerError>(tree::root(signed.size, &Hashes(reader))?))?;
    if root != signed.root {
        return Err(LogFault::WrongRoot { size: signed.size }.into());
    }
    Ok(signed.size)
}

/// Walks the chain of rosters from the first. Expiry of old versions is no fault here; the
/// newest is judged when a decision is.
fn open_rosters(store: &Store) -> Result<Roster, OpenError> {
    let mut current: Option<Roster> = None;
    for bytes in store.read(|reader| reader.rosters())? {
        let envelope = Envelope::from_bytes(&bytes)?;
        let issued = envelope.peek_unverified::<Roster>()?.issued_at_ms;
        current = Some(match &current {
            None => Roster::open_first(&envelope, &first_root(&envelope)?, issued)?,
            Some(before) => before.open_next(&envelope, issued)?,
        });
    }
    current.ok_or(OpenError::NoRoster)
}

fn first_root(envelope: &Envelope) -> Result<RootKeys, EnvelopeError> {
    Ok(envelope.peek_unverified::<Roster>()?.root)
}
