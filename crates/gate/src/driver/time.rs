//! Timers: durable, looked up by an index, judged by the gate's clock.

use super::{Driver, DriverError, until};
use crate::changes::Changes;
use countersign_replay::{View as _, time::fire};
use std::time::Duration;

impl Driver {
    pub(super) fn sleep_length(&mut self) -> Result<Duration, DriverError> {
        let due = self.ledger.store().read(|reader| reader.next_due())?;
        Ok(until(due, self.moment()))
    }

    pub(super) fn fire_timers(&mut self) -> Result<(), DriverError> {
        self.tell_refusals()?;
        self.pass_time()
    }

    /// Fires every timer that is due, soonest first: before whatever else happens at a moment.
    pub(super) fn pass_time(&mut self) -> Result<(), DriverError> {
        let at = self.moment();
        for (due, proposal) in self.ledger.due(at)? {
            let judged = fire(&self.ledger, due, proposal, at)?;
            self.commit(judged, Changes::default(), at)?;
        }
        Ok(())
    }
}
