//! Executions: the intent is logged and durable, then the executor runs in a task of its
//! own; its outcome comes back as an event. A restart goes the same way.

use super::{Driver, DriverError, Event as Arrived};
use crate::{
    changes::{Changes, Row},
    clock,
};
use countersign_executor::{ExecuteError, Limits, TokioSleeper, execute};
use countersign_model::{
    Action, ProposalId,
    action::Direction,
    entry::{ExecutionStatus, PlatformRecord},
};
use countersign_workflow::{Authorized, Case, Event, Phase, PhaseName, step};
use std::{sync::Arc, time::Duration};
use tracing::Instrument as _;

/// Pause before an execution whose outcome could not be read is taken up again.
const RESUME_AFTER: Duration = Duration::from_secs(15);

impl Driver {
    /// Takes up every execution that was cut off or is due; for the start.
    pub(super) fn restart_executions(&mut self) -> Result<(), DriverError> {
        for case in self.ledger.store().read(|reader| reader.cases_to_execute())? {
            tracing::info!(case = %case.proposal().id, "execution resumes");
            self.resume_execution(case.proposal().id)?;
        }
        Ok(())
    }

    /// Begins executions that waited, for another one on their entity or for work to resume.
    pub(super) fn begin_waiting(&mut self) -> Result<(), DriverError> {
        for case in self.ledger.store().read(|reader| reader.cases_to_execute())? {
            if case.phase().name() == PhaseName::Authorized {
                self.resume_execution(case.proposal().id)?;
            }
        }
        Ok(())
    }

    pub(super) fn resume_execution(&mut self, proposal: ProposalId) -> Result<(), DriverError> {
        let Some(case) = self.ledger.store().read(|reader| reader.case(proposal))? else {
            return Ok(());
        };
        match (case.phase().name(), case.reauthorize()) {
            (PhaseName::Authorized, Some(authorized)) => self.begin_execution(authorized),
            (PhaseName::Executing, Some(authorized)) => {
                self.spawn(authorized);
                Ok(())
            }
            (PhaseName::Authorized | PhaseName::Executing, None) => {
                tracing::error!(case = %proposal, "the stored decisions do not authorise this case; a person must look");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Logs the intent; only when that is durable may the executor act.
    pub(super) fn begin_execution(
        &mut self,
        authorized: Authorized<Action>,
    ) -> Result<(), DriverError> {
        let proposal = authorized.proposal();
        let Some(case) = self.ledger.store().read(|reader| reader.case(proposal))? else {
            return Ok(());
        };
        let entity = case.proposal().action.entity();
        if self.ledger.store().read(|reader| reader.is_executing_on(entity))? {
            // One write on an entity at a time: the other's outcome supersedes this case,
            // or takes it up.
            return Ok(());
        }
        let raises = authorized.action().direction() == Direction::Increase;
        if raises && self.ledger.halt().is_stopped() {
            tracing::info!(case = %proposal, "work is stopped: the execution waits");
            return Ok(());
        }
        let now = clock::now();
        let (case, effects) = step(case, Event::ExecutionIntended, now);
        let may_act = matches!(case.phase(), Phase::Executing { .. });
        let mut changes = Changes::default();
        let _ = Self::apply(&mut changes, case, effects);
        self.ledger.commit(changes, now)?;
        if may_act {
            self.spawn(authorized);
        }
        Ok(())
    }

    fn spawn(&self, authorized: Authorized<Action>) {
        let (platform, journal) = (Arc::clone(&self.platform), Arc::clone(self.ledger.store()));
        let Some(events) = self.own.upgrade() else { return };
        let proposal = authorized.proposal();
        let span = tracing::info_span!("case", case = %proposal);
        tokio::spawn(
            async move {
                let result =
                    execute(&authorized, &*platform, &*journal, &TokioSleeper, Limits::default())
                        .await;
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
        match result {
            Ok(record) => self.finish_execution(proposal, record),
            Err(error @ (ExecuteError::OutcomeUnread(_) | ExecuteError::Journal(_))) => {
                tracing::warn!(case = %proposal, error = %error, "the execution will be taken up again");
                if let Some(events) = self.own.upgrade() {
                    tokio::spawn(async move {
                        tokio::time::sleep(RESUME_AFTER).await;
                        let _ = events.send(Arrived::Resume(proposal)).await;
                    });
                }
                Ok(())
            }
            Err(error) => {
                tracing::error!(case = %proposal, error = %error, "the execution stopped; a person must look");
                Ok(())
            }
        }
    }

    /// Outcome, the entity's revision and the cases it supersedes, in one transaction.
    fn finish_execution(
        &mut self,
        proposal: ProposalId,
        record: PlatformRecord,
    ) -> Result<(), DriverError> {
        let Some(case) = self.ledger.store().read(|reader| reader.case(proposal))? else {
            return Ok(());
        };
        if case.phase().name() != PhaseName::Executing {
            return Ok(());
        }
        let now = clock::now();
        let _case = tracing::info_span!("case", case = %proposal).entered();
        let moved = match record.status {
            ExecutionStatus::Applied | ExecutionStatus::Mismatch | ExecutionStatus::Unknown => true,
            ExecutionStatus::NotApplied | ExecutionStatus::Stale => false,
        };
        let read_back = record.read_back.clone();
        let (case, effects) = step(case, Event::ExecutionFinished(record), now);
        let mut changes = Changes::default();
        if moved {
            self.supersede(&mut changes, &case, now)?;
            remember_increase(&mut changes, proposal, read_back.as_ref(), now);
        }
        let mut finished = Changes::default();
        let _ = Self::apply(&mut finished, case, effects);
        // The outcome stands before what follows from it.
        finished.entries.append(&mut changes.entries);
        finished.rows.append(&mut changes.rows);
        self.ledger.commit(finished, now)?;
        if moved { Ok(()) } else { self.begin_waiting() }
    }

    fn supersede(
        &self,
        changes: &mut Changes,
        executed: &Case,
        now: countersign_model::TimestampMs,
    ) -> Result<(), DriverError> {
        let entity = executed.proposal().action.entity();
        let (revision, others) = self.ledger.store().read(|reader| {
            Ok::<_, crate::store::StoreError>((
                reader.revision(entity)? + 1,
                reader.cases_open_on(entity)?,
            ))
        })?;
        changes.put(Row::Revision(entity.clone(), revision));
        let by = executed.proposal().id;
        for other in others.into_iter().filter(|other| other.proposal().id != by) {
            let (other, effects) = step(other, Event::EntityMoved { by, revision }, now);
            let _ = Self::apply(changes, other, effects);
        }
        Ok(())
    }
}

fn remember_increase(
    changes: &mut Changes,
    proposal: ProposalId,
    read_back: Option<&Action>,
    now: countersign_model::TimestampMs,
) {
    let Some(action @ Action::BudgetChange(change)) = read_back else { return };
    if action.direction() == Direction::Increase
        && let Ok(increase) = change.after.minus(change.before)
    {
        let entity = change.entity.clone();
        changes.put(Row::Increase(proposal, entity, now, increase.amount_micros));
    }
}
