//! The driver: one task owns the state; everything reaches it as an event.
//!
//! Reading order: this file is the loop; `records` takes what devices send, `decide` and
//! `control` judge statements, `open` opens cases, `run` starts executions and takes their
//! outcome, `time` fires timers, `policy` publishes the rules, `witness` keeps what desktops
//! say of the log. What follows from anything is the judge's to say (`countersign_replay`).

mod control;
mod decide;
mod open;
mod policy;
mod records;
mod run;
mod time;
mod witness;

pub use open::{Opened, Prepared, Refused};

use open::{Drafting, seal_evidence};

use crate::{
    budget::{Allowance, Refusals},
    changes::{Changes, Row},
    clock::JudgingClock,
    compact,
    identity::Identity,
    ledger::{Ledger, LedgerError},
    store::{KeyedDraft, StoreError},
};
use countersign_executor::{Accounts, ExecuteError};
use countersign_model::{
    AgentId, DeviceId, Digest, PersonId, ProposalId, TimestampMs, entry::PlatformRecord,
};
use countersign_policy::{Files, PolicySet};
use countersign_replay::{Judged, world};
use countersign_sync::{Reader, ReaderState, wire::Page};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// How many events may wait before senders do.
const QUEUE: usize = 256;
/// How many of them are taken at once: drafts among them share a transaction.
const AT_ONCE: usize = 32;
/// The wall clock is looked at this often at least, so that a jump is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(15);
/// Where the reader's state is kept.
pub(crate) const READER: &str = "reader";
/// So many entries an hour may stand in the log for what a device carried and nobody signed;
/// what is beyond is counted.
const UNSIGNED_PER_DEVICE: u32 = 16;
/// So many an hour for control statements of a device that persons signed and that do not count.
const REFUSED_PER_DEVICE: u32 = 16;
/// So many an hour for one person's reading of one prompt. Each prompt has room of its own, so
/// that nobody can hide the reading of one by reading others.
const READS_PER_PROMPT: u32 = 4;

/// Everything that can happen to the gate.
enum Event {
    /// A draft whose `before` was read from the platform and whose evidence is sealed.
    Draft(Box<Drafting>),
    /// Drafts were refused: which agent's, the digest of what it sent last, and how many.
    DraftsRefused(AgentId, Digest, u64, oneshot::Sender<()>),
    /// A page of records.
    Page(Page, oneshot::Sender<PageAnswer>),
    /// The connection to the relay begins anew.
    Reconnected(oneshot::Sender<PageAnswer>),
    /// The relay has let go of what the driver asked for.
    BelowFloor(oneshot::Sender<PageAnswer>),
    /// Changes that follow from nothing that needs to be judged.
    Commit(Box<Changes>, oneshot::Sender<()>),
    /// The executor is done or gave up for now.
    Executed(ProposalId, Result<PlatformRecord, ExecuteError>),
    /// Time to resume an execution.
    Resume(ProposalId),
}

/// Where to read on.
#[derive(Clone, Copy, Debug)]
pub struct PageAnswer {
    /// The position to ask after.
    pub cursor: u64,
    /// Whether to ask at once.
    pub more: bool,
}

/// Reaches the driver; cheap to copy.
#[derive(Clone)]
pub struct DriverHandle {
    events: mpsc::Sender<Event>,
    identity: Arc<Identity>,
}

/// The owner of the gate's state.
pub struct Driver {
    ledger: Ledger,
    reader: Reader,
    policies: PolicySet,
    policy_files: Files,
    accounts: Accounts,
    proposal_valid_ms: i64,
    events: mpsc::Receiver<Event>,
    own: mpsc::WeakSender<Event>,
    delivered: Arc<Notify>,
    clock: JudgingClock,
    began: Instant,
    /// Whether work is stopped, for runs that are about to send.
    stopped: Arc<AtomicBool>,
    /// Executions that run now, so that none runs twice.
    running: BTreeSet<ProposalId>,
    /// How often an execution was held up in this process.
    held_up: BTreeMap<ProposalId, u32>,
    /// Since when the outcome of a write that was sent cannot be read, in this process.
    unread_since: BTreeMap<ProposalId, TimestampMs>,
    /// What devices sent that nobody signed.
    refused: Refusals<DeviceId>,
    unsigned: Allowance<DeviceId>,
    refused_controls: Allowance<DeviceId>,
    prompt_reads: Allowance<(PersonId, ProposalId)>,
}

/// What the driver needs beside the ledger.
pub struct DriverSetup {
    /// The compiled policies.
    pub policies: PolicySet,
    /// Their texts, for the desktops.
    pub policy_files: Files,
    /// The accounts that may be written.
    pub accounts: Accounts,
    /// How long a proposal can be decided, in milliseconds.
    pub proposal_valid_ms: i64,
    /// Told after each commit that the outbox may have grown.
    pub wake_courier: Arc<Notify>,
}

/// Why the driver stopped. What was committed stands; starting again resumes.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// The ledger could not be written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The stored reader's state is damaged.
    #[error("the stored place in the relay's records cannot be read; restore a back-up")]
    Reader(#[source] serde_json::Error),
    /// The policy cannot be put in force.
    #[error("the policy cannot be put in force: {0}")]
    Policy(#[from] world::WorldError),
    /// The policy is too large to be published.
    #[error("the policy has {bytes} bytes and is too large to be published; make it smaller")]
    PolicyTooLarge {
        /// Its size.
        bytes: usize,
    },
}

impl From<StoreError> for DriverError {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error.into())
    }
}

impl DriverHandle {
    /// Opens a case for a prepared draft, once for each key; `None` when the gate is stopping.
    /// Evidence is computed and sealed here, in the caller's task.
    pub async fn open_case(
        &self,
        prepared: Prepared,
        keyed: Option<KeyedDraft>,
    ) -> Option<Result<Opened, Refused>> {
        let evidence = match seal_evidence(&prepared, &self.identity) {
            Ok(evidence) => evidence,
            Err(refused) => return Some(Err(refused)),
        };
        let (answer, wait) = oneshot::channel();
        let drafting = Drafting { prepared, evidence, keyed, answer };
        self.events.send(Event::Draft(Box::new(drafting))).await.ok()?;
        wait.await.ok()
    }

    /// Logs that `count` drafts were refused since this was last said of the agent; `input` is
    /// the digest of the last one. Returns when it is durable.
    pub async fn log_refused_drafts(
        &self,
        agent: AgentId,
        input: Digest,
        count: u64,
    ) -> Option<()> {
        let (answer, wait) = oneshot::channel();
        self.events.send(Event::DraftsRefused(agent, input, count, answer)).await.ok()?;
        wait.await.ok()
    }

    pub(crate) async fn page(&self, page: Page) -> Option<PageAnswer> {
        let (answer, wait) = oneshot::channel();
        self.events.send(Event::Page(page, answer)).await.ok()?;
        wait.await.ok()
    }

    pub(crate) async fn reconnected(&self) -> Option<PageAnswer> {
        let (answer, wait) = oneshot::channel();
        self.events.send(Event::Reconnected(answer)).await.ok()?;
        wait.await.ok()
    }
}

impl DriverHandle {
    /// Where to go on after the relay has let go of what was asked for.
    pub(crate) async fn below_floor(&self) -> Option<PageAnswer> {
        let (answer, wait) = oneshot::channel();
        self.events.send(Event::BelowFloor(answer)).await.ok()?;
        wait.await.ok()
    }

    /// Makes changes durable; `None` when the gate is stopping.
    pub(crate) async fn commit(&self, changes: Changes) -> Option<()> {
        let (answer, wait) = oneshot::channel();
        self.events.send(Event::Commit(Box::new(changes), answer)).await.ok()?;
        wait.await.ok()
    }
}

impl Driver {
    /// Takes over the ledger and resumes what a stop cut off.
    ///
    /// # Errors
    /// [`DriverError`].
    pub fn new(ledger: Ledger, setup: DriverSetup) -> Result<(Self, DriverHandle), DriverError> {
        let (sender, events) = mpsc::channel(QUEUE);
        let state = match ledger.store().read(|reader| reader.meta(READER))? {
            Some(bytes) => serde_json::from_slice(&bytes).map_err(DriverError::Reader)?,
            None => ReaderState::new(ledger.identity().workspace),
        };
        let epochs = [ledger.identity().epoch.clone()].into_iter().collect();
        let keys = compact::writer_keys(ledger.roster(), ledger.identity());
        let reader = Reader::resume(state, keys, epochs).of_every_epoch();
        let stopped = Arc::new(AtomicBool::new(ledger.is_stopped()));
        let identity = Arc::clone(ledger.identity());
        let driver = Self {
            ledger,
            reader,
            policies: setup.policies,
            policy_files: setup.policy_files,
            accounts: setup.accounts,
            proposal_valid_ms: setup.proposal_valid_ms,
            events,
            own: sender.downgrade(),
            delivered: setup.wake_courier,
            clock: JudgingClock::start(),
            began: Instant::now(),
            stopped,
            running: BTreeSet::new(),
            held_up: BTreeMap::new(),
            unread_since: BTreeMap::new(),
            refused: Refusals::default(),
            unsigned: Allowance::of(UNSIGNED_PER_DEVICE),
            refused_controls: Allowance::of(REFUSED_PER_DEVICE),
            prompt_reads: Allowance::of(READS_PER_PROMPT),
        };
        Ok((driver, DriverHandle { events: sender, identity }))
    }

    /// Runs until told to stop. The events in hand are finished first.
    ///
    /// # Errors
    /// [`DriverError`]: the process must end, and may start again.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), DriverError> {
        self.pass_time()?;
        self.publish_policy()?;
        self.restart_executions()?;
        self.delivered.notify_one();
        let mut waiting = Vec::with_capacity(AT_ONCE);
        loop {
            let sleep = self.sleep_length()?;
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                count = self.events.recv_many(&mut waiting, AT_ONCE) => match count {
                    0 => return Ok(()),
                    _ => self.handle_all(&mut waiting)?,
                },
                () = tokio::time::sleep(sleep) => self.fire_timers()?,
            }
            self.delivered.notify_one();
        }
    }

    /// Handles what has waited, in its order. Drafts that wait together become durable
    /// together: nothing about one follows from another.
    fn handle_all(&mut self, waiting: &mut Vec<Event>) -> Result<(), DriverError> {
        let mut drafts = vec![];
        for event in waiting.drain(..) {
            match event {
                Event::Draft(drafting) => drafts.push(*drafting),
                other => {
                    self.open_cases(std::mem::take(&mut drafts))?;
                    self.handle(other)?;
                }
            }
        }
        self.open_cases(drafts)
    }

    fn handle(&mut self, event: Event) -> Result<(), DriverError> {
        // What is due comes before whatever else happens.
        self.pass_time()?;
        match event {
            // Whoever asked may be gone; what was done stands.
            Event::Draft(drafting) => self.open_cases(vec![*drafting])?,
            Event::DraftsRefused(agent, input, count, answer) => {
                self.log_refused_drafts(agent, input, count)?;
                let _ = answer.send(());
            }
            Event::Page(page, answer) => {
                let _ = answer.send(self.handle_page(&page)?);
            }
            Event::Reconnected(answer) => {
                self.reader.rewind();
                let _ = answer.send(PageAnswer { cursor: self.reader.cursor(), more: true });
            }
            Event::BelowFloor(answer) => {
                let _ = answer.send(self.pass_over_floor()?);
            }
            Event::Commit(changes, answer) => {
                let at = self.moment();
                self.ledger.commit(*changes, at)?;
                let _ = answer.send(());
            }
            Event::Executed(proposal, result) => self.handle_executed(proposal, result)?,
            Event::Resume(proposal) => self.resume_execution(proposal)?,
        }
        Ok(())
    }

    fn handle_page(&mut self, page: &Page) -> Result<PageAnswer, DriverError> {
        let judged = self.reader.handle_page(page);
        // One line for a page: how many there are is for the relay or a writer to choose.
        if let Some(fault) = judged.faults.first() {
            let writer = fault.writer.map(|writer| writer.to_string());
            let count = judged.faults.len();
            tracing::warn!(position = fault.position, writer, fault = %fault.kind, count, "relay or writer at fault");
        }
        for accepted in &judged.accepted {
            self.handle_record(accepted)?;
        }
        let state = serde_json::to_vec(self.reader.state()).map_err(DriverError::Reader)?;
        let mut changes = Changes::default();
        changes.put(Row::Meta(READER, state));
        let at = self.moment();
        self.ledger.commit(changes, at)?;
        Ok(PageAnswer { cursor: self.reader.cursor(), more: judged.more })
    }

    /// Goes on after the gate's own snapshot: what it stands for was taken in before it was
    /// made. The relay's word for it is not asked.
    fn pass_over_floor(&mut self) -> Result<PageAnswer, DriverError> {
        let made = self.ledger.store().read(|reader| reader.made_snapshot())?;
        if let Some(made) = made {
            self.reader.pass_over_snapshot(made.floor);
        }
        Ok(PageAnswer { cursor: self.reader.cursor(), more: true })
    }

    /// The moment to judge by.
    fn moment(&mut self) -> TimestampMs {
        let now = self.clock.now();
        self.ledger.moment(now)
    }

    /// Makes durable what the judge says follows, and begins what it authorises.
    fn commit(
        &mut self,
        judged: Judged,
        changes: Changes,
        at: TimestampMs,
    ) -> Result<(), DriverError> {
        self.commit_all(vec![judged], changes, at)
    }

    /// Makes durable together what follows from several causes that know nothing of each other.
    fn commit_all(
        &mut self,
        judged: Vec<Judged>,
        mut changes: Changes,
        at: TimestampMs,
    ) -> Result<(), DriverError> {
        let mut executions = vec![];
        for judged in judged {
            for content in &judged.entries {
                let case = content.proposal_id();
                tracing::info!(case = ?case, entry = ?content.kind(), "logged");
            }
            executions.extend(changes.take(judged));
        }
        self.ledger.commit(changes, at)?;
        self.stopped.store(self.ledger.is_stopped(), Ordering::Release);
        executions.iter().try_for_each(|authorized| self.begin_execution(authorized.proposal()))
    }
}

/// How long until `due`, within bounds.
fn until(due: Option<TimestampMs>, now: TimestampMs) -> Duration {
    let left = due.map_or(i64::MAX, |due| due.since_ms(now).max(0));
    Duration::from_millis(u64::try_from(left).unwrap_or(0)).min(LONGEST_SLEEP)
}
