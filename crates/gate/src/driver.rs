//! The driver: one task owns the state; everything reaches it as an event. It gives the shell
//! the events, the time and the ids, and runs the workers that the shell asks for.

mod administer;
mod workers;

use crate::{
    changes::Changes,
    clock::{self, Clocks},
    core::{CoreError, Drafting, Effect, Event, Opened, PageAnswer, Prepared, Refused, Rules},
    evidence,
    identity::Identity,
    keys::Random,
    ledger::Ledger,
    shell::{Shell, ShellError},
    store::KeyedDraft,
};
use countersign_executor::Accounts;
use countersign_model::{AgentId, Digest, Roster, TimestampMs};
use countersign_sync::wire::Page;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use workers::Workers;

/// How many events may wait before senders do.
const QUEUE: usize = 256;
/// How many of them are taken at once: drafts among them share a transaction.
const AT_ONCE: usize = 32;
/// The wall clock is looked at this often at least, so that a jump is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(15);

/// What reaches the driver: something that happened, and who waits for what becomes of it.
enum Incoming {
    /// Drafts that wait together become durable together.
    Draft(Box<Drafting>, oneshot::Sender<Result<Opened, Refused>>),
    /// Answered when everything that follows is durable.
    Told(Event, Option<oneshot::Sender<()>>),
    /// Answered with where to read on.
    Asked(Event, oneshot::Sender<PageAnswer>),
    /// A step of an operator's command.
    Administer(Box<administer::Step>),
}

/// Reaches the driver; cheap to copy.
#[derive(Clone)]
pub struct DriverHandle {
    events: mpsc::Sender<Incoming>,
    identity: Arc<Identity>,
    random: Random,
    roster: watch::Receiver<Arc<Roster>>,
}

/// The owner of the gate's state.
pub struct Driver {
    shell: Shell,
    workers: Workers,
    events: mpsc::Receiver<Incoming>,
    delivered: Arc<Notify>,
    began: Instant,
    /// Tells everybody else which roster is in force.
    roster: watch::Sender<Arc<Roster>>,
}

/// What the driver needs beside the ledger.
pub struct DriverSetup {
    /// The policy.
    pub rules: Rules,
    /// The accounts that may be written.
    pub accounts: Accounts,
    /// How long a proposal can be decided, in milliseconds.
    pub proposal_valid_ms: i64,
    /// Told after each commit that the outbox may have grown.
    pub wake_courier: Arc<Notify>,
}

impl DriverHandle {
    /// Opens a case for a prepared draft, once for each key; `None` when the gate is stopping.
    /// Evidence is computed and sealed here, in the caller's task.
    pub async fn open_case(
        &self,
        prepared: Prepared,
        keyed: Option<KeyedDraft>,
    ) -> Option<Result<Opened, Refused>> {
        let evidence = match evidence::seal(&prepared, &self.identity, &self.random) {
            Ok(evidence) => evidence,
            Err(refused) => return Some(Err(refused)),
        };
        let (answer, wait) = oneshot::channel();
        let drafting = Box::new(Drafting { prepared, evidence, keyed });
        self.events.send(Incoming::Draft(drafting, answer)).await.ok()?;
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
        self.tell(Event::DraftsRefused { agent, input, count }).await
    }

    /// Makes changes durable; `None` when the gate is stopping.
    pub(crate) async fn commit(&self, changes: Changes) -> Option<()> {
        self.tell(Event::Commit(Box::new(changes))).await
    }

    pub(crate) async fn page(&self, page: Page) -> Option<PageAnswer> {
        self.ask(Event::Page(page)).await
    }

    pub(crate) async fn reconnected(&self) -> Option<PageAnswer> {
        self.ask(Event::Reconnected).await
    }

    /// The relay ends before a place that it has named.
    pub(crate) async fn relay_lost(&self) -> Option<PageAnswer> {
        self.ask(Event::RelayLost).await
    }

    /// Where to go on after the relay has let go of what was asked for.
    pub(crate) async fn below_floor(&self) -> Option<PageAnswer> {
        self.ask(Event::BelowFloor).await
    }

    async fn tell(&self, event: Event) -> Option<()> {
        let (answer, wait) = oneshot::channel();
        self.events.send(Incoming::Told(event, Some(answer))).await.ok()?;
        wait.await.ok()
    }

    async fn ask(&self, event: Event) -> Option<PageAnswer> {
        let (answer, wait) = oneshot::channel();
        self.events.send(Incoming::Asked(event, answer)).await.ok()?;
        wait.await.ok()
    }
}

impl Driver {
    /// Takes over the ledger.
    ///
    /// # Errors
    /// [`ShellError`].
    pub fn new(ledger: Ledger, setup: DriverSetup) -> Result<(Self, DriverHandle), ShellError> {
        let DriverSetup { rules, accounts, proposal_valid_ms, wake_courier } = setup;
        let (sender, events) = mpsc::channel(QUEUE);
        let began = Instant::now();
        let workers = Workers::new(
            accounts,
            Arc::clone(ledger.store()),
            sender.downgrade(),
            ledger.halt().is_stopped(),
        );
        let (told, roster) = watch::channel(Arc::new(ledger.roster().clone()));
        let handle = DriverHandle {
            roster,
            events: sender,
            identity: Arc::clone(ledger.identity()),
            random: ledger.random().clone(),
        };
        let shell = Shell::new(ledger, rules, proposal_valid_ms, Clocks::read(began))?;
        let delivered = wake_courier;
        Ok((Self { shell, workers, events, delivered, began, roster: told }, handle))
    }

    /// Resumes what a stop cut off, and runs until told to stop. The events in hand are finished
    /// first.
    ///
    /// # Errors
    /// [`ShellError`]: the process must end, and may start again.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), ShellError> {
        self.handle(Event::Started)?;
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
                () = tokio::time::sleep(sleep) => drop(self.handle(Event::CountsDue)?),
            }
            self.delivered.notify_one();
        }
    }

    fn sleep_length(&mut self) -> Result<Duration, ShellError> {
        let due = self.shell.next_due()?;
        Ok(until(due, self.shell.moment(Clocks::read(self.began))))
    }

    /// Handles what has waited, in its order. Drafts that wait together become durable
    /// together: nothing about one follows from another.
    fn handle_all(&mut self, waiting: &mut Vec<Incoming>) -> Result<(), ShellError> {
        let (mut drafts, mut answers) = (vec![], vec![]);
        for incoming in waiting.drain(..) {
            match incoming {
                Incoming::Draft(drafting, answer) => {
                    drafts.push(*drafting);
                    answers.push(answer);
                }
                other => {
                    self.open_cases(std::mem::take(&mut drafts), std::mem::take(&mut answers))?;
                    self.handle_incoming(other)?;
                }
            }
        }
        self.open_cases(drafts, answers)
    }

    fn open_cases(
        &mut self,
        drafts: Vec<Drafting>,
        answers: Vec<oneshot::Sender<Result<Opened, Refused>>>,
    ) -> Result<(), ShellError> {
        if drafts.is_empty() {
            return Ok(());
        }
        let Answers { drafted, .. } = self.handle(Event::Drafts(drafts))?;
        for (answer, result) in answers.into_iter().zip(drafted) {
            // Whoever asked may be gone; what was done stands.
            let _ = answer.send(result);
        }
        Ok(())
    }

    fn handle_incoming(&mut self, incoming: Incoming) -> Result<(), ShellError> {
        match incoming {
            Incoming::Draft(drafting, answer) => self.open_cases(vec![*drafting], vec![answer])?,
            Incoming::Told(event, answer) => {
                self.handle(event)?;
                answer.map(|answer| answer.send(()));
            }
            Incoming::Administer(step) => self.administer(*step)?,
            Incoming::Asked(event, answer) => {
                if let Some(page) = self.handle(event)?.page {
                    let _ = answer.send(page);
                }
            }
        }
        Ok(())
    }

    /// Gives the shell an event, and does what is left to do.
    fn handle(&mut self, event: Event) -> Result<Answers, ShellError> {
        let clocks = Clocks::read(self.began);
        let left = self.shell.handle(event, clocks, &mut clock::new_uuid)?;
        self.workers.set_stopped(self.shell.ledger().halt().is_stopped());
        let mut answers = Answers::default();
        for effect in left {
            match effect {
                Effect::Execute { authorized, limits, at } => {
                    self.workers.spawn(*authorized, limits, at);
                }
                Effect::Drafted(results) => answers.drafted.extend(results),
                Effect::Page(page) => answers.page = Some(page),
                Effect::RulesRefused(error) => answers.refused = Some(error),
                // The shell has followed it.
                Effect::Next(_) => {}
            }
        }
        Ok(answers)
    }
}

/// What those who wait are told.
#[derive(Default)]
struct Answers {
    drafted: Vec<Result<Opened, Refused>>,
    page: Option<PageAnswer>,
    refused: Option<CoreError>,
}

/// How long until `due`, within bounds.
fn until(due: Option<TimestampMs>, now: TimestampMs) -> Duration {
    let left = due.map_or(i64::MAX, |due| due.since_ms(now).max(0));
    Duration::from_millis(u64::try_from(left).unwrap_or(0)).min(LONGEST_SLEEP)
}
