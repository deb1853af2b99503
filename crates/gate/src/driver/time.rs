//! Timers: durable, looked up by an index, judged by the wall clock.

use super::{Driver, DriverError, until};
use crate::{
    changes::{Changes, Row},
    clock,
};
use countersign_model::{ProposalId, TimestampMs};
use countersign_workflow::{Event, step};
use std::time::Duration;

impl Driver {
    pub(super) fn sleep_length(&self) -> Result<Duration, DriverError> {
        let due = self.ledger.store().read(|reader| reader.next_due())?;
        Ok(until(due, clock::now()))
    }

    pub(super) fn fire_timers(&mut self) -> Result<(), DriverError> {
        let now = clock::now();
        for (due, proposal) in self.ledger.store().read(|reader| reader.due(now))? {
            self.fire(due, proposal, now)?;
        }
        Ok(())
    }

    fn fire(
        &mut self,
        due: TimestampMs,
        proposal: ProposalId,
        now: TimestampMs,
    ) -> Result<(), DriverError> {
        let _case = tracing::info_span!("case", case = %proposal).entered();
        let mut changes = Changes::default();
        changes.put(Row::TimerDone(due, proposal));
        if let Some(case) = self.ledger.store().read(|reader| reader.case(proposal))? {
            let event = if due >= case.proposal().expires_at_ms {
                Event::Expired
            } else if due == case.verdict().decide_by_ms {
                Event::DeadlinePassed
            } else {
                Event::RungDue(due)
            };
            let (case, effects) = step(case, event, now);
            // Passing time never authorises anything.
            let _ = Self::apply(&mut changes, case, effects);
        }
        self.ledger.commit(changes, now)?;
        Ok(())
    }
}
