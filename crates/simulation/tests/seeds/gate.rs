//! The gate: its real store, ledger, core and shell on a disk that fails. Whatever breaks ends
//! the process; it starts again as the program does.

use crate::{account::Account, cast};
use countersign_audit::tree;
use countersign_executor::{Caller, Limits, execute};
use countersign_gate::{
    admin,
    changes::{Changes, Row},
    clock::{Clocks, MAX_AHEAD_MS},
    core::{Drafting, Effect, Event, Rules},
    factor,
    keys::Random,
    ledger::{Ledger, LedgerError},
    shell::{Shell, ShellError},
    store::{Hashes, Reader, Store},
};
use countersign_model::{
    Action, Digest, ProposalId, Roster, TimestampMs,
    entry::{Entry, EntryBody},
};
use countersign_policy::PolicySet;
use countersign_replay::Anchors;
use countersign_simulation::{chance::Chance, disk::Disk};
use countersign_workflow::{Authorized, Case};
use futures::FutureExt as _;
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// Time as it truly passes, and what clocks say of it.
#[derive(Clone)]
pub struct Time {
    passed_ms: Arc<AtomicI64>,
    /// How far the machines' clocks are off.
    skew_ms: Arc<AtomicI64>,
}

impl Time {
    pub fn new() -> Self {
        Self { passed_ms: Arc::default(), skew_ms: Arc::default() }
    }

    pub fn pass(&self, ms: i64) {
        self.passed_ms.fetch_add(ms, Ordering::Relaxed);
    }

    pub fn jump(&self, ms: i64) {
        self.skew_ms.fetch_add(ms, Ordering::Relaxed);
    }

    pub fn set_right(&self) {
        self.skew_ms.store(0, Ordering::Relaxed);
    }

    pub fn passed_ms(&self) -> i64 {
        self.passed_ms.load(Ordering::Relaxed)
    }

    /// What a clock on the wall says.
    pub fn wall(&self) -> TimestampMs {
        let skew = self.skew_ms.load(Ordering::Relaxed);
        TimestampMs::from_millis(cast::T0 + self.passed_ms() + skew)
    }
}

/// A change that the shell asked to be made.
struct Work {
    authorized: Box<Authorized<Action>>,
    limits: Limits,
    at: TimestampMs,
}

pub struct Gate {
    pub disk: Disk,
    pub time: Time,
    account: Arc<Account>,
    ids: Chance,
    nonces: Arc<Mutex<Chance>>,
    process: Option<Process>,
    /// What the newest answer to a page says.
    pub cursor: u64,
    starts: u64,
}

struct Process {
    shell: Shell,
    began_ms: i64,
    works: VecDeque<Work>,
}

/// The process has ended, and why.
#[derive(Debug)]
pub struct Ended(pub String);

impl Gate {
    /// A gate whose workspace was made. That is done once for all worlds, and each begins with a
    /// copy of that disk.
    pub fn found(disk: Disk, time: Time, account: Arc<Account>, chance: Chance) -> Self {
        static FOUNDED: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| {
            let disk = Disk::new("founded", Chance::of(0));
            let account = Arc::new(Account::new());
            let gate = Gate::on(disk, Time::new(), account, Chance::of(1));
            gate.make_workspace();
            gate.disk.image()
        });
        disk.restore(&FOUNDED);
        Self::on(disk, time, account, chance)
    }

    fn on(disk: Disk, time: Time, account: Arc<Account>, mut chance: Chance) -> Self {
        let nonces = Arc::new(Mutex::new(chance.split()));
        Self { disk, time, account, ids: chance, nonces, process: None, cursor: 0, starts: 0 }
    }

    /// Makes a workspace, as `init` and `admit` do.
    fn make_workspace(&self) {
        let store = Arc::new(Store::create(&self.disk.path("gate.sqlite")).unwrap());
        let roster = cast::roster(1, self.time.wall(), &BTreeMap::new());
        let identity = cast::identity();
        let ledger = Ledger::begin(store, Arc::clone(&identity), roster.clone());
        let mut ledger = ledger.with_random(self.random());
        let mut changes = Changes::default();
        for who in 0..cast::PEOPLE.len() {
            let sealed = factor::seal(&identity.factors, cast::person(who), &cast::totp(who));
            changes.put(Row::Factor(cast::person(who), sealed.unwrap()));
        }
        commit_roster(&mut ledger, &roster, changes, self.time.wall()).unwrap();
    }

    fn random(&self) -> Random {
        let nonces = Arc::clone(&self.nonces);
        Random::new(move |bytes| {
            nonces.lock().fill(bytes);
            Ok(())
        })
    }

    fn clocks(&self) -> Clocks {
        let began = self.process.as_ref().map_or(0, |process| process.began_ms);
        let counted = u64::try_from(self.time.passed_ms() - began).unwrap();
        Clocks { wall: self.time.wall(), counted: Duration::from_millis(counted) }
    }

    /// How often the process was started.
    pub fn starts(&self) -> u64 {
        self.starts
    }

    pub fn is_up(&self) -> bool {
        self.process.is_some()
    }

    /// Starts the process, if it does not run.
    pub fn start(&mut self) -> Result<(), Ended> {
        if self.process.is_some() {
            return Ok(());
        }
        if self.disk.is_down() {
            self.disk.restart();
        }
        let failed = |error: &dyn std::error::Error| Ended(error.to_string());
        let store = Store::create(&self.disk.path("gate.sqlite")).map_err(|e| failed(&e))?;
        let ledger = Ledger::open(Arc::new(store), cast::identity());
        let ledger = ledger.map_err(|error| failed(&error))?.with_random(self.random());
        if ledger.clock().since_ms(self.time.wall()) > MAX_AHEAD_MS {
            return Err(Ended("the log is stamped in the future of the clock".into()));
        }
        let policies = PolicySet::from_files(&cast::POLICY).unwrap();
        let rules = Rules { policies, files: cast::POLICY.clone() };
        let began_ms = self.time.passed_ms();
        let clocks = Clocks { wall: self.time.wall(), counted: Duration::ZERO };
        let shell = Shell::new(ledger, rules, cast::VALID_MS, clocks).map_err(|e| failed(&e))?;
        self.process = Some(Process { shell, began_ms, works: VecDeque::new() });
        self.starts += 1;
        self.handle(Event::Started)?;
        self.handle(Event::Reconnected)
    }

    /// Ends the process, and closes its files.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Gives the shell an event.
    pub fn handle(&mut self, event: Event) -> Result<(), Ended> {
        self.handle_drafts(event).map(|_| ())
    }

    /// Gives the shell an event, and says which cases it opened.
    pub fn handle_drafts(&mut self, event: Event) -> Result<Vec<ProposalId>, Ended> {
        let clocks = self.clocks();
        let Some(process) = &mut self.process else { return Err(Ended("it is down".into())) };
        let ids = &mut self.ids;
        let mut fresh = || {
            let number = u128::from(ids.next()) << 60 | u128::from(ids.next());
            uuid::Builder::from_unix_timestamp_millis(
                u64::try_from(clocks.wall.millis()).unwrap(),
                number.to_le_bytes()[..10].try_into().unwrap(),
            )
            .into_uuid()
        };
        let left = match process.shell.handle(event, clocks, &mut fresh) {
            Ok(left) => left,
            Err(error) => return Err(self.end(&error)),
        };
        let mut opened = vec![];
        for effect in left {
            match effect {
                Effect::Execute { authorized, limits, at } => {
                    process.works.push_back(Work { authorized, limits, at });
                }
                Effect::Drafted(results) => {
                    opened.extend(results.into_iter().flatten().map(|one| one.case.proposal().id));
                }
                Effect::Page(page) => self.cursor = page.cursor,
                Effect::Next(_) | Effect::RulesRefused(_) => {}
            }
        }
        Ok(opened)
    }

    fn end(&mut self, error: &ShellError) -> Ended {
        self.process = None;
        Ended(error.to_string())
    }

    pub fn draft(&mut self, drafting: Drafting) -> Result<Vec<ProposalId>, Ended> {
        self.handle_drafts(Event::Drafts(vec![drafting]))
    }

    /// The cases that are about to be made.
    pub fn works(&self) -> Vec<ProposalId> {
        let works = self.process.iter().flat_map(|process| &process.works);
        works.map(|work| work.authorized.proposal()).collect()
    }

    /// Makes the next change that waits; a worker whose platform never answers breaks.
    pub fn work(&mut self) -> Result<Option<ProposalId>, Ended> {
        let Some(process) = &mut self.process else { return Ok(None) };
        let Some(work) = process.works.pop_front() else { return Ok(None) };
        let proposal = work.authorized.proposal();
        let run = Run {
            time: self.time.clone(),
            began_ms: self.time.passed_ms(),
            at: work.at,
            account: Arc::clone(&self.account),
            stopped: process.shell.ledger().halt().is_stopped(),
        };
        self.account.act_for(proposal);
        let journal = Arc::clone(process.shell.ledger().store());
        let result =
            execute(&work.authorized, &*self.account, &*journal, &run, work.limits).now_or_never();
        if self.disk.is_down() {
            // The process went with the power: nobody is told.
            drop(journal);
            self.process = None;
            return Err(Ended("the power has gone".into()));
        }
        drop(journal);
        let event = match result {
            Some(result) => Event::Executed(proposal, Box::new(result)),
            None => Event::WorkerLost(proposal),
        };
        self.handle(event).map(|()| Some(proposal))
    }

    /// Admits, removes or revokes: another version of the roster, made while the gate is down.
    pub fn change_roster(&mut self, revoked: &BTreeMap<usize, TimestampMs>) -> Result<(), Ended> {
        self.process = None;
        if self.disk.is_down() {
            self.disk.restart();
        }
        let failed = |error: &dyn std::error::Error| Ended(error.to_string());
        let store = Store::create(&self.disk.path("gate.sqlite")).map_err(|e| failed(&e))?;
        let ledger = Ledger::open(Arc::new(store), cast::identity());
        let mut ledger = ledger.map_err(|error| failed(&error))?.with_random(self.random());
        let next = cast::roster(ledger.roster().version + 1, self.time.wall(), revoked);
        commit_roster(&mut ledger, &next, Changes::default(), self.time.wall())
    }

    /// Runs `work` on the state, while the process is up.
    pub fn look<T>(&self, work: impl FnOnce(&Ledger) -> T) -> Option<T> {
        self.process.as_ref().map(|process| work(process.shell.ledger()))
    }

    /// Entries from a place on.
    pub fn entries(&self, first: u64) -> Vec<(Digest, EntryBody)> {
        let read = self.look(|ledger| {
            ledger.store().read(|reader| reader.log_entries(first, 10_000)).unwrap_or_default()
        });
        let read = read.unwrap_or_default().into_iter();
        read.map(|bytes| (tree::leaf_hash(&bytes), Entry::from_bytes(&bytes).unwrap().body))
            .collect()
    }

    pub fn case(&self, proposal: ProposalId) -> Option<Case> {
        self.look(|ledger| ledger.store().read(|reader| reader.case(proposal)).ok().flatten())
            .flatten()
    }

    pub fn root_at(&self, size: u64) -> Option<Digest> {
        let root = self.look(|ledger| {
            let read = |reader: &Reader<'_>| {
                if size > reader.log_size()? {
                    return Ok(None);
                }
                Ok::<_, LedgerError>(Some(tree::root(size, &Hashes(reader))?))
            };
            ledger.store().read(read).ok().flatten()
        });
        root.flatten()
    }

    pub fn roster(&self) -> Option<Roster> {
        self.look(|ledger| ledger.roster().clone())
    }

    pub fn log_size(&self) -> u64 {
        let size = self.look(|ledger| ledger.store().read(|reader| reader.log_size()));
        size.and_then(Result::ok).unwrap_or_default()
    }
}

fn commit_roster(
    ledger: &mut Ledger,
    roster: &Roster,
    changes: Changes,
    now: TimestampMs,
) -> Result<(), Ended> {
    let envelope = roster.seal(&[cast::key(10)]).unwrap();
    let at = ledger.moment(now);
    let committed = admin::commit_roster(ledger, &envelope, changes, at);
    committed.map(|_| ()).map_err(|error| Ended(error.to_string()))
}

pub fn anchors() -> Anchors {
    let keys = cast::log_keys();
    Anchors {
        workspace: keys.workspace,
        gate_key: keys.gate_key,
        log_vkey: keys.vkey,
        root: Some(cast::roster(1, TimestampMs::from_millis(cast::T0), &BTreeMap::new()).root),
    }
}

/// What a worker asks of the gate.
struct Run {
    time: Time,
    began_ms: i64,
    at: TimestampMs,
    account: Arc<Account>,
    stopped: bool,
}

#[async_trait::async_trait]
impl Caller for Run {
    fn now(&self) -> TimestampMs {
        self.at.plus_ms(self.time.passed_ms() - self.began_ms)
    }

    fn is_stopped(&self) -> bool {
        self.stopped
    }

    async fn sleep(&self, delay_ms: u64) {
        self.time.pass(i64::try_from(delay_ms).unwrap());
        self.account.pause();
    }
}
