//! Workers: each runs one execution beside the driver and says how it went, also when it breaks.

use super::{Event, Incoming};
use crate::store::Store;
use countersign_executor::{Accounts, Caller, Limits, execute};
use countersign_model::{Action, TimestampMs};
use countersign_workflow::Authorized;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};
use tokio::sync::mpsc;
use tracing::Instrument as _;

/// Starts workers.
pub(super) struct Workers {
    accounts: Accounts,
    journal: Arc<Store>,
    driver: mpsc::WeakSender<Incoming>,
    /// Whether work is stopped, for runs that are about to send.
    stopped: Arc<AtomicBool>,
}

/// What a run asks of the gate. Its clock is the judging clock's moment when it began and what
/// has passed since by a count, so that a clock that jumps moves nothing.
struct Run {
    began_at: TimestampMs,
    began: Instant,
    stopped: Arc<AtomicBool>,
}

impl Caller for Run {
    fn now(&self) -> TimestampMs {
        let passed = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.began_at.plus_ms(passed)
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }
}

impl Workers {
    pub(super) fn new(
        accounts: Accounts,
        journal: Arc<Store>,
        driver: mpsc::WeakSender<Incoming>,
        stopped: bool,
    ) -> Self {
        Self { accounts, journal, driver, stopped: Arc::new(AtomicBool::new(stopped)) }
    }

    pub(super) fn set_stopped(&self, stopped: bool) {
        self.stopped.store(stopped, Ordering::Release);
    }

    /// Runs an execution; the driver hears of its end, whatever it is.
    pub(super) fn spawn(&self, authorized: Authorized<Action>, limits: Limits, at: TimestampMs) {
        let run = Run { began_at: at, began: Instant::now(), stopped: Arc::clone(&self.stopped) };
        let accounts = self.accounts.clone();
        let (journal, driver) = (Arc::clone(&self.journal), self.driver.clone());
        let proposal = authorized.proposal();
        let span = tracing::info_span!("case", case = %proposal);
        let work = async move { execute(&authorized, &accounts, &*journal, &run, limits).await };
        let worker = tokio::spawn(work.instrument(span));
        tokio::spawn(async move {
            let event = match worker.await {
                Ok(result) => Event::Executed(proposal, Box::new(result)),
                Err(_) => Event::WorkerLost(proposal),
            };
            // A gate that is stopping resumes from the journal when it starts.
            if let Some(driver) = driver.upgrade() {
                let _ = driver.send(Incoming::Told(event, None)).await;
            }
        });
    }
}
