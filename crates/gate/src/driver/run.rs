//! Executions: the intent is logged and durable, then the executor runs in a task of its
//! own; its outcome comes back as an event. A restart goes the same way.

use super::{Driver, DriverError, Event as Arrived};
use crate::changes::Changes;
use countersign_executor::{Caller, ExecuteError, Limits, Waits, execute, outcome};
use countersign_model::{
    Action, ProposalId, TimestampMs,
    entry::{ExecutionStatus, PlatformRecord, Waiting},
    time::{HOUR_MS, MINUTE_MS},
};
use countersign_replay::execution::{NotNow, finish, intend, wait};
use countersign_workflow::{Authorized, HeldUp, Phase};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tracing::Instrument as _;

/// Pause before an execution whose outcome could not be read is taken up again.
const RESUME_AFTER: Duration = Duration::from_secs(15);
/// A platform that stays silent for so long after a write was sent is given up on, in
/// milliseconds: a person must look then, and other changes of the target may go on. Counted
/// from the first time that it was silent, and after restarts at the latest from the end of the
/// signatures' validity.
const GIVE_UP_AFTER_MS: i64 = 6 * HOUR_MS;
/// An execution that is held up is tried again after this, then after twice as long each time.
const FIRST_RETRY_MS: i64 = 15_000;
/// The longest pause between tries, unless the platform asks for a longer one.
const LONGEST_RETRY_MS: i64 = 10 * MINUTE_MS;

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

impl Driver {
    /// Takes up every execution that was cut off or is due; for the start.
    pub(super) fn restart_executions(&mut self) -> Result<(), DriverError> {
        for case in self.ledger.store().read(|reader| reader.cases_to_execute())? {
            tracing::info!(case = %case.proposal().id, "execution resumes");
            self.resume_execution(case.proposal().id)?;
        }
        Ok(())
    }

    /// Begins executions that waited, for another one on their target or for work to resume.
    pub(super) fn begin_waiting(&mut self) -> Result<(), DriverError> {
        for case in self.ledger.store().read(|reader| reader.cases_to_execute())? {
            match case.phase() {
                Phase::Authorized { .. } => self.begin_execution(case.proposal().id)?,
                Phase::Executing { held_up: Some(HeldUp { waiting, .. }), .. }
                    if waiting.code == outcome::WORK_STOPPED =>
                {
                    self.resume_execution(case.proposal().id)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn resume_execution(&mut self, proposal: ProposalId) -> Result<(), DriverError> {
        let Some(case) = self.ledger.store().read(|reader| reader.case(proposal))? else {
            return Ok(());
        };
        match (case.phase(), case.reauthorize()) {
            (Phase::Authorized { .. }, _) => self.begin_execution(proposal),
            (Phase::Executing { held_up, .. }, Some(authorized)) => {
                let (at, valid_until) = (self.moment(), authorized.valid_until_ms());
                // What the platform asked for holds after a restart too.
                let asked = held_up.as_ref().and_then(|held_up| held_up.waiting.until_ms);
                if let Some(until) = asked.filter(|until| at < *until && at <= valid_until) {
                    self.resume_at(proposal, until.min(valid_until.plus_ms(1)), at);
                    return Ok(());
                }
                let unread = self.unread_since.get(&proposal).copied().unwrap_or(valid_until);
                let give_up = at.since_ms(unread.min(valid_until)) > GIVE_UP_AFTER_MS;
                self.spawn(authorized, Limits { give_up, ..Limits::default() }, at);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Logs the intent; only when that is durable may the executor act.
    pub(super) fn begin_execution(&mut self, proposal: ProposalId) -> Result<(), DriverError> {
        let at = self.moment();
        let mut judged = match intend(&self.ledger, proposal, at)? {
            Ok(judged) => judged,
            Err(why @ (NotNow::TargetBusy | NotNow::Stopped)) => {
                tracing::info!(case = %proposal, why = %why, "the execution waits");
                return Ok(());
            }
            Err(why) => {
                tracing::error!(case = %proposal, why = %why, "the execution does not begin");
                return Ok(());
            }
        };
        let authorized = judged.execution.take();
        self.commit(judged, Changes::default(), at)?;
        if let Some(authorized) = authorized {
            self.spawn(authorized, Limits::default(), at);
        }
        Ok(())
    }

    fn spawn(&mut self, authorized: Authorized<Action>, limits: Limits, at: TimestampMs) {
        if !self.running.insert(authorized.proposal()) {
            return;
        }
        let stopped = Arc::clone(&self.stopped);
        let run = Run { began_at: at, began: Instant::now(), stopped };
        let platform = self.accounts.connection(authorized.action().entity());
        let journal = Arc::clone(self.ledger.store());
        let Some(events) = self.own.upgrade() else { return };
        let proposal = authorized.proposal();
        let span = tracing::info_span!("case", case = %proposal);
        tokio::spawn(
            async move {
                let result = execute(&authorized, &*platform, &*journal, &run, limits).await;
                // A gate that is stopping resumes from the journal when it starts.
                let _ = events.send(Arrived::Executed(proposal, result)).await;
            }
            .instrument(span),
        );
    }

    pub(super) fn handle_executed(
        &mut self,
        proposal: ProposalId,
        result: Result<PlatformRecord, ExecuteError>,
    ) -> Result<(), DriverError> {
        self.running.remove(&proposal);
        let error = match result {
            Ok(record) => return self.finish_execution(proposal, record),
            Err(error) => error,
        };
        if let Some(record) = error.outcome() {
            tracing::error!(case = %proposal, error = %error, "the execution ended; a person must look");
            return self.finish_execution(proposal, record);
        }
        let at = self.moment();
        if let ExecuteError::Waits(waits) = error {
            return self.hold_up(proposal, waits, at);
        }
        if matches!(error, ExecuteError::OutcomeUnread(_)) {
            self.unread_since.entry(proposal).or_insert(at);
        }
        tracing::warn!(case = %proposal, error = %error, "the execution will be taken up again");
        self.resume_after(proposal, RESUME_AFTER);
        Ok(())
    }

    /// Nothing was changed: the log is told what it waits for, and it is tried again while the
    /// signatures are valid.
    fn hold_up(
        &mut self,
        proposal: ProposalId,
        waits: Waits,
        at: TimestampMs,
    ) -> Result<(), DriverError> {
        let Some(case) = self.ledger.store().read(|reader| reader.case(proposal))? else {
            return Ok(());
        };
        let Some(authorized) = case.reauthorize() else { return Ok(()) };
        let asked_ms = i64::try_from(waits.delay_ms).unwrap_or(i64::MAX);
        let until_ms = (asked_ms > 0).then(|| at.plus_ms(asked_ms));
        let waiting = Waiting { code: outcome::plain(&waits.code), until_ms };
        tracing::warn!(case = %proposal, code = %waiting.code, "the execution is held up; nothing was changed");
        match wait(&self.ledger, proposal, waiting, at)? {
            Ok(judged) => self.commit(judged, Changes::default(), at)?,
            // The same as before, or the signatures have lapsed: the next run ends it.
            Err(NotNow::NothingNew | NotNow::Unauthorized) => {}
            Err(why) => {
                tracing::error!(case = %proposal, why = %why, "an execution that is held up was not told");
            }
        }
        let tries = self.held_up.entry(proposal).or_default();
        let own_ms = FIRST_RETRY_MS.saturating_mul(1 << (*tries).min(16)).min(LONGEST_RETRY_MS);
        *tries += 1;
        let next = at.plus_ms(own_ms.max(asked_ms));
        self.resume_at(proposal, next.min(authorized.valid_until_ms().plus_ms(1)), at);
        Ok(())
    }

    fn resume_at(&self, proposal: ProposalId, moment: TimestampMs, at: TimestampMs) {
        let delay_ms = u64::try_from(moment.since_ms(at)).unwrap_or(0);
        self.resume_after(proposal, Duration::from_millis(delay_ms));
    }

    /// A gate that stops resumes from the log when it starts.
    fn resume_after(&self, proposal: ProposalId, delay: Duration) {
        let Some(events) = self.own.upgrade() else { return };
        let events = events.downgrade();
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            if let Some(events) = events.upgrade() {
                let _ = events.send(Arrived::Resume(proposal)).await;
            }
        });
    }

    /// Outcome, the target's revision and the cases it supersedes, in one transaction.
    fn finish_execution(
        &mut self,
        proposal: ProposalId,
        record: PlatformRecord,
    ) -> Result<(), DriverError> {
        let (at, status) = (self.moment(), record.status);
        let judged = match finish(&self.ledger, proposal, record, at)? {
            Ok(judged) => judged,
            // Another run has told the outcome.
            Err(NotNow::Phase) => return Ok(()),
            Err(why) => {
                tracing::error!(case = %proposal, why = %why, "an outcome was not believed");
                let code = match why {
                    NotNow::TooLate => "gate.OUTCOME_LATE",
                    _ => "gate.OUTCOME_CONTRADICTS",
                };
                let unknown = outcome::unknown(code);
                match finish(&self.ledger, proposal, unknown, at)? {
                    Ok(judged) => judged,
                    Err(_) => return Ok(()),
                }
            }
        };
        self.commit(judged, Changes::default(), at)?;
        self.held_up.remove(&proposal);
        self.unread_since.remove(&proposal);
        // What was superseded waits no longer; what was not may go on.
        match status {
            ExecutionStatus::NotApplied | ExecutionStatus::Stale => self.begin_waiting(),
            ExecutionStatus::Applied | ExecutionStatus::Mismatch | ExecutionStatus::Unknown => {
                Ok(())
            }
        }
    }
}
