//! Executions: the intent is logged and durable, then the executor runs in a task of its
//! own; its outcome comes back as an event. A restart goes the same way.

use super::{Driver, DriverError, Event as Arrived};
use crate::changes::Changes;
use countersign_executor::{ExecuteError, Limits, TokioSleeper, execute};
use countersign_model::{
    Action, ProposalId,
    entry::{ExecutionStatus, PlatformRecord},
    time::HOUR_MS,
};
use countersign_replay::execution::{NotNow, finish, intend};
use countersign_workflow::{Authorized, Phase, PhaseName};
use std::{sync::Arc, time::Duration};
use tracing::Instrument as _;

/// Pause before an execution whose outcome could not be read is taken up again.
const RESUME_AFTER: Duration = Duration::from_secs(15);
/// A platform that stays silent for so long after a write was sent is given up on, in
/// milliseconds: a person must look then, and other changes of the target may go on.
const GIVE_UP_AFTER_MS: i64 = 6 * HOUR_MS;

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
            if case.phase().name() == PhaseName::Authorized {
                self.begin_execution(case.proposal().id)?;
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
            (Phase::Executing { authorized_at_ms }, Some(authorized)) => {
                let give_up = self.moment().since_ms(*authorized_at_ms) > GIVE_UP_AFTER_MS;
                self.spawn(authorized, Limits { give_up, ..Limits::default() });
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
            self.spawn(authorized, Limits::default());
        }
        Ok(())
    }

    fn spawn(&self, authorized: Authorized<Action>, limits: Limits) {
        let (platform, journal) = (Arc::clone(&self.platform), Arc::clone(self.ledger.store()));
        let Some(events) = self.own.upgrade() else { return };
        let proposal = authorized.proposal();
        let span = tracing::info_span!("case", case = %proposal);
        tokio::spawn(
            async move {
                let result =
                    execute(&authorized, &*platform, &*journal, &TokioSleeper, limits).await;
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
        let error = match result {
            Ok(record) => return self.finish_execution(proposal, record),
            Err(error) => error,
        };
        if let Some(record) = error.outcome() {
            tracing::error!(case = %proposal, error = %error, "the execution ended; a person must look");
            return self.finish_execution(proposal, record);
        }
        tracing::warn!(case = %proposal, error = %error, "the execution will be taken up again");
        if let Some(events) = self.own.upgrade() {
            tokio::spawn(async move {
                tokio::time::sleep(RESUME_AFTER).await;
                let _ = events.send(Arrived::Resume(proposal)).await;
            });
        }
        Ok(())
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
                let unknown = countersign_executor::outcome::unknown("gate.OUTCOME_CONTRADICTS");
                match finish(&self.ledger, proposal, unknown, at)? {
                    Ok(judged) => judged,
                    Err(_) => return Ok(()),
                }
            }
        };
        self.commit(judged, Changes::default(), at)?;
        // What was superseded waits no longer; what was not may go on.
        match status {
            ExecutionStatus::NotApplied | ExecutionStatus::Stale => self.begin_waiting(),
            ExecutionStatus::Applied | ExecutionStatus::Mismatch | ExecutionStatus::Unknown => {
                Ok(())
            }
        }
    }
}
