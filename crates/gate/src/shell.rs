//! Around the core: gives it the view, makes what follows durable in one transaction, and says
//! what is left to do.
//! Synchronous, and without clock, randomness, socket or task of its own, so that a simulation
//! runs what a gate runs; [`crate::driver`] gives it events, time and workers.

use crate::{
    clock::{Clocks, JudgingClock},
    compact,
    core::{Core, CoreError, Effect, Event, GateView, Ids, Now, READER, Reading, Rules},
    ledger::{Ledger, LedgerError},
    store::StoreError,
};
use countersign_model::TimestampMs;
use countersign_sync::{Reader, ReaderState};
use std::collections::VecDeque;

/// The gate's state and its core.
pub struct Shell {
    ledger: Ledger,
    core: Core,
    clock: JudgingClock,
}

/// Why the gate cannot go on. What was committed stands; starting again resumes.
#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    /// The ledger could not be written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The core.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// The stored reader's state is damaged.
    #[error("the stored position in the relay's records cannot be read; restore a back-up")]
    Reader(#[source] serde_json::Error),
}

impl From<StoreError> for ShellError {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error.into())
    }
}

impl Shell {
    /// Takes the ledger over; [`Event::Started`] comes first.
    ///
    /// # Errors
    /// [`ShellError`].
    pub fn new(
        ledger: Ledger,
        rules: Rules,
        proposal_valid_ms: i64,
        clocks: Clocks,
    ) -> Result<Self, ShellError> {
        let state = match ledger.store().read(|reader| reader.meta(READER))? {
            Some(bytes) => serde_json::from_slice(&bytes).map_err(ShellError::Reader)?,
            None => ReaderState::new(ledger.identity().workspace),
        };
        let epochs = [ledger.identity().epoch.clone()].into_iter().collect();
        let keys = compact::writer_keys(ledger.roster(), ledger.identity());
        let reader = Reader::resume(state, keys, epochs).of_every_epoch();
        let core = Core::new(rules, proposal_valid_ms, reader);
        Ok(Self { ledger, core, clock: JudgingClock::start(clocks) })
    }

    /// The state, to be read.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Takes one event: what is due comes first, then the event, then what follows from it, each
    /// judged by what the one before has left. All of it becomes durable together, and only then
    /// is there anything left to do: it is returned, in order.
    ///
    /// # Errors
    /// [`ShellError`]; the shell must not be used any further.
    pub fn handle(
        &mut self,
        event: Event,
        clocks: Clocks,
        ids: Ids<'_>,
    ) -> Result<Vec<Effect>, ShellError> {
        let Self { ledger, core, clock } = self;
        let judging = clock.at(clocks);
        ledger.in_one(|ledger, tx| {
            let now = |ledger: &Ledger| Now { at: ledger.moment(judging), counted: clocks.counted };
            let mut left = vec![];
            let mut events = due(&Reading::new(ledger, tx), now(ledger).at)?;
            events.push_back(event);
            while let Some(event) = events.pop_front() {
                let now = now(ledger);
                let view = Reading::new(ledger, tx);
                let (changes, effects) = core.handle(&view, event, now, ids)?;
                if !changes.is_empty() {
                    ledger.add(tx, changes, now.at)?;
                }
                let mut follows = vec![];
                for effect in effects {
                    match effect {
                        Effect::Next(event) => follows.push(event),
                        other => left.push(other),
                    }
                }
                // What follows from the first comes before what the second is.
                follows.into_iter().rev().for_each(|event| events.push_front(event));
            }
            Ok(left)
        })
    }

    /// What an operator does to the ledger between two events, at the moment to judge by.
    pub fn administer<T>(
        &mut self,
        clocks: Clocks,
        work: impl FnOnce(&mut Ledger, TimestampMs) -> T,
    ) -> T {
        let at = self.moment(clocks);
        work(&mut self.ledger, at)
    }

    /// Believes the system's clock again: an operator's word that it is right.
    pub const fn restart_clock(&mut self, clocks: Clocks) {
        self.clock = JudgingClock::start(clocks);
    }

    /// When something is due next, by the moment to judge by.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_due(&self) -> Result<Option<TimestampMs>, StoreError> {
        self.ledger.store().read(|reader| reader.next_due())
    }

    /// The moment to judge by.
    pub fn moment(&mut self, clocks: Clocks) -> TimestampMs {
        self.ledger.moment(self.clock.at(clocks))
    }
}

/// Every timer that is due, soonest first: they come before whatever else happens at a moment.
fn due<V: GateView>(view: &V, at: TimestampMs) -> Result<VecDeque<Event>, StoreError> {
    let timers = view.due(at)?.into_iter().map(|(due, case)| Event::CaseTimer(due, case));
    let attempts = view.due_attempts(at)?.into_iter().map(Event::Resume);
    Ok(timers.chain(attempts).collect())
}
