//! Around the core: reads the view, makes what follows durable, and says what is left to do.
//! Synchronous, and without clock, randomness, socket or task of its own, so that a simulation
//! runs what a gate runs; [`crate::driver`] gives it events, time and workers.

use crate::{
    changes::Changes,
    clock::{Clocks, JudgingClock},
    compact,
    core::{Core, CoreError, Effect, Event, Ids, Now, READER, Rules},
    ledger::{Ledger, LedgerError},
    store::StoreError,
};
use countersign_model::TimestampMs;
use countersign_replay::View as _;
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
    #[error("the stored place in the relay's records cannot be read; restore a back-up")]
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

    /// The core, to be asked.
    #[must_use]
    pub const fn core(&self) -> &Core {
        &self.core
    }

    /// Takes one event: what is due comes first, then the event, then what follows from it, each
    /// durable before the next is judged. Returns what is left to do, in order.
    ///
    /// # Errors
    /// [`ShellError`]; the shell must not be used any further.
    pub fn handle(
        &mut self,
        event: Event,
        clocks: Clocks,
        ids: Ids<'_>,
    ) -> Result<Vec<Effect>, ShellError> {
        let mut left = vec![];
        self.pass_time(clocks, ids, &mut left)?;
        self.follow(event, clocks, ids, &mut left)?;
        Ok(left)
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

    /// Fires every timer that is due, soonest first: before whatever else happens at a moment.
    fn pass_time(
        &mut self,
        clocks: Clocks,
        ids: Ids<'_>,
        left: &mut Vec<Effect>,
    ) -> Result<(), ShellError> {
        let at = self.moment(clocks);
        for (due, proposal) in self.ledger.due(at)? {
            self.follow(Event::CaseTimer(due, proposal), clocks, ids, left)?;
        }
        for proposal in self.ledger.store().read(|reader| reader.due_attempts(at))? {
            self.follow(Event::Resume(proposal), clocks, ids, left)?;
        }
        Ok(())
    }

    fn follow(
        &mut self,
        event: Event,
        clocks: Clocks,
        ids: Ids<'_>,
        left: &mut Vec<Effect>,
    ) -> Result<(), ShellError> {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let now = Now { at: self.moment(clocks), counted: clocks.counted };
            let (changes, effects) = self.core.handle(&self.ledger, event, now, ids)?;
            self.commit(changes, now.at)?;
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
        Ok(())
    }

    fn commit(&mut self, changes: Changes, at: TimestampMs) -> Result<(), ShellError> {
        if changes.is_empty() { Ok(()) } else { Ok(self.ledger.commit(changes, at)?) }
    }
}
