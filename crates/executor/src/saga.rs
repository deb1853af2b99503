//! An authorised change from its journal to its outcome: one write, or the legs of a change over
//! several things, one after the other, with what stands taken back where one of them fails.

use crate::{
    AuthorizedWrite, Connections, ExecuteError, Journal, Step, StepName, outcome,
    write::{Examined, Run},
};
use async_trait::async_trait;
use countersign_model::{
    Action, TimestampMs, canonical,
    change::Direction,
    entry::{ExecutionStatus, LegOutcome, LegRecord, PlatformRecord, status_of_legs},
};
use countersign_workflow::Authorized;
use std::{collections::VecDeque, time::Duration};

/// What the saga asks of its caller beside the journal: time, and whether people have stopped
/// work.
#[async_trait]
pub trait Caller: Send + Sync {
    /// The moment to judge by.
    fn now(&self) -> TimestampMs;

    /// Whether a person has stopped work, so that nothing may be sent that raises spend.
    fn is_stopped(&self) -> bool;

    /// Returns after `delay_ms` milliseconds; so that tests need not wait.
    async fn sleep(&self, delay_ms: u64) {
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
    }
}

/// How patient a run is.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How often a write whose fate was not known may be sent in all; at least 1. A write that
    /// was refused for now is sent again while the signatures are valid, this often in one run.
    pub sends: usize,
    /// How often a read or a validation is tried; at least 1.
    pub tries: u32,
    /// Pause between tries, and before an unknown outcome is looked at, in milliseconds:
    /// a write that is still on its way has this long to arrive.
    pub pause_ms: u64,
    /// A wait that the platform asks for is kept within a run up to this, in milliseconds; a
    /// longer one ends the run as [`ExecuteError::Waits`].
    pub longest_wait_ms: u64,
    /// The caller has no more time for a platform that does not answer: a run that sent a
    /// write and cannot read the platform ends as [`ExecutionStatus::Unknown`] and no longer
    /// as [`ExecuteError::OutcomeUnread`].
    pub give_up: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { sends: 3, tries: 4, pause_ms: 2_000, longest_wait_ms: 120_000, give_up: false }
    }
}

/// Executes an authorised change, or resumes its execution from the journal.
///
/// A write is sent only after [`Step::Sending`] is durable, only while the signatures are
/// valid, and sent again only when a read after it shows that `before` still holds. The value
/// is absolute, so the platform sees one change.
///
/// What stands in the way before anything was changed ends the run as
/// [`ExecuteError::Waits`]; only an answer that no waiting changes ends the case.
///
/// A change that has legs is looked at as a whole before the first of them is sent, and then made
/// leg by leg. When one of them ends without having been made, those before it are taken back,
/// the last one first, each only while the platform still holds what was written.
///
/// # Errors
/// [`ExecuteError`]. Run again to resume, unless it [is final](ExecuteError::is_final); then
/// its [outcome](ExecuteError::outcome) is what there is to log.
pub async fn execute(
    authorized: &Authorized<Action>,
    platforms: &dyn Connections,
    journal: &dyn Journal,
    caller: &dyn Caller,
    limits: Limits,
) -> Result<PlatformRecord, ExecuteError> {
    let steps = journal.load(authorized.proposal()).await?;
    let legs = authorized.action().legs();
    let saga = Saga { authorized, platforms, journal, caller, limits, legs: &legs };
    if authorized.action().has_legs() {
        return saga.finish_all(steps).await;
    }
    let write = AuthorizedWrite::of(authorized, 0, false).ok_or(ExecuteError::OtherAction)?;
    saga.run(authorized.action(), write, 0, steps).finish_write().await
}

/// A change with all its legs.
struct Saga<'a> {
    authorized: &'a Authorized<Action>,
    platforms: &'a dyn Connections,
    journal: &'a dyn Journal,
    caller: &'a dyn Caller,
    limits: Limits,
    legs: &'a [Action],
}

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Next {
    Make(usize),
    TakeBack(usize),
    End,
}

/// What comes next, after what has become of the legs that were begun, in order: legs are made from
/// the first to the last; after one that is certain not to have been made, those before it are taken
/// back from the last to the first.
fn next(planned: usize, legs: &[LegRecord]) -> Next {
    match legs.last().map(|leg| leg.made.status) {
        None | Some(ExecutionStatus::Applied) if legs.len() < planned => Next::Make(legs.len()),
        Some(ExecutionStatus::NotApplied | ExecutionStatus::Stale) => {
            legs.iter().rposition(LegRecord::is_to_be_taken_back).map_or(Next::End, Next::TakeBack)
        }
        _ => Next::End,
    }
}

/// The steps of one run: up to its end, or as far as it came.
fn take_run(steps: &mut VecDeque<Step>) -> Vec<Step> {
    let end = steps.iter().position(|step| step.name() == StepName::Finished);
    let taken = end.map_or(steps.len(), |end| end + 1);
    steps.drain(..taken).collect()
}

impl Saga<'_> {
    /// The write of one leg: forwards while the signatures are valid, back at any time.
    fn run<'b>(
        &'b self,
        action: &'b Action,
        write: AuthorizedWrite,
        base: usize,
        steps: Vec<Step>,
    ) -> Run<'b> {
        let valid_until_ms = (!write.takes_back()).then(|| self.authorized.valid_until_ms());
        Run {
            proposal: self.authorized.proposal(),
            action,
            write,
            platform: self.platforms.connection(action.entity()),
            journal: self.journal,
            caller: self.caller,
            limits: self.limits,
            valid_until_ms,
            raises: action.direction() == Direction::Increase,
            sent: 0,
            base,
            steps,
        }
    }

    /// The journal holds the intent of the whole and the look at it, then the steps of one leg
    /// after the other, each up to its end, and last the end of the whole.
    async fn finish_all(&self, steps: Vec<Step>) -> Result<PlatformRecord, ExecuteError> {
        let mut steps = VecDeque::from(steps);
        let mut base = 0;
        let mut request_ids = match self.begin(&mut steps, &mut base).await? {
            Examined::Ready(request_ids) => request_ids,
            Examined::Ended(record) => return Ok(*record),
        };
        let mut legs: Vec<LegRecord> = vec![];
        loop {
            let (leg, takes_back) = match next(self.legs.len(), &legs) {
                Next::Make(leg) => (leg, false),
                Next::TakeBack(leg) => (leg, true),
                Next::End => break,
            };
            let planned = self.legs.get(leg).ok_or(ExecuteError::OtherAction)?;
            let back = takes_back.then(|| planned.inverse());
            let write = AuthorizedWrite::of(self.authorized, leg, takes_back);
            let write = write.ok_or(ExecuteError::OtherAction)?;
            let action = back.as_ref().unwrap_or(planned);
            let mut run = self.run(action, write, base, take_run(&mut steps));
            let ended = run.finish_write().await;
            base = run.end();
            let record = ended.map_err(|error| midway(error, &legs))?;
            let PlatformRecord { request_ids: own, status, code, read_back, .. } = record;
            request_ids.extend(own);
            let outcome = LegOutcome { status, code, read_back };
            match legs.get_mut(leg) {
                Some(leg) => leg.taken_back = Some(outcome),
                None => legs.push(LegRecord { leg: number(leg), made: outcome, taken_back: None }),
            }
        }
        if let Some(Step::Finished(record)) = steps.pop_front() {
            return Ok(*record);
        }
        let record = self.whole(request_ids, legs);
        self.record(base, Step::Finished(Box::new(record.clone()))).await?;
        Ok(record)
    }

    /// The intent of the whole, and a look at every leg before the first one is sent.
    async fn begin(
        &self,
        steps: &mut VecDeque<Step>,
        base: &mut usize,
    ) -> Result<Examined, ExecuteError> {
        let action = canonical::digest(self.authorized.action())?;
        match steps.pop_front() {
            None => self.record(0, Step::Intended { action }).await?,
            Some(Step::Intended { action: begun }) if begun == action => {}
            Some(Step::Intended { .. }) => return Err(ExecuteError::OtherAction),
            Some(step) => return Err(ExecuteError::Damaged(step.name(), StepName::Planned)),
        }
        *base = 2;
        let begun = match steps.pop_front() {
            Some(Step::Prepared { request_ids }) => return Ok(Examined::Ready(request_ids)),
            Some(Step::Finished(record)) => return Ok(Examined::Ended(record)),
            Some(step) => return Err(ExecuteError::Damaged(step.name(), StepName::Intended)),
            None => self.look().await?,
        };
        let step = match &begun {
            Examined::Ready(request_ids) => Step::Prepared { request_ids: request_ids.clone() },
            Examined::Ended(record) => Step::Finished(record.clone()),
        };
        self.record(1, step).await?;
        Ok(begun)
    }

    /// Whether every leg can be made as things are. Nothing was sent yet: whatever stands in the
    /// way is waited for or ends the whole.
    async fn look(&self) -> Result<Examined, ExecuteError> {
        let mut request_ids = vec![];
        for (at, leg) in self.legs.iter().enumerate() {
            let write = AuthorizedWrite::of(self.authorized, at, false);
            let run = self.run(leg, write.ok_or(ExecuteError::OtherAction)?, 0, vec![]);
            let PlatformRecord { request_ids: own, status, code, read_back, .. } =
                match run.examine().await? {
                    Examined::Ready(own) => {
                        request_ids.extend(own);
                        continue;
                    }
                    Examined::Ended(record) => *record,
                };
            request_ids.extend(own);
            let made = LegOutcome { status, code: code.clone(), read_back };
            let legs = vec![LegRecord { leg: number(at), made, taken_back: None }];
            let record = PlatformRecord { request_ids, status, code, read_back: None, legs };
            return Ok(Examined::Ended(Box::new(outcome::bounded(record))));
        }
        Ok(Examined::Ready(request_ids))
    }

    /// What became of the legs comes to this.
    fn whole(&self, request_ids: Vec<String>, legs: Vec<LegRecord>) -> PlatformRecord {
        let status = status_of_legs(self.legs.len(), &legs);
        let is_applied = status == ExecutionStatus::Applied;
        let seen: Option<Vec<_>> = legs.iter().map(|leg| leg.made.read_back.clone()).collect();
        let read_back = seen.filter(|_| is_applied);
        let read_back = read_back.and_then(|seen| self.authorized.action().with_legs(seen));
        let code = legs.iter().find_map(|leg| leg.made.code.clone());
        outcome::bounded(PlatformRecord { request_ids, status, code, read_back, legs })
    }

    async fn record(&self, position: usize, step: Step) -> Result<(), ExecuteError> {
        Ok(self.journal.record(self.authorized.proposal(), position, &step).await?)
    }
}

/// A leg cannot go on. Once something was made, it is no longer true that nothing was changed.
fn midway(error: ExecuteError, legs: &[LegRecord]) -> ExecuteError {
    match error {
        ExecuteError::Waits(waits) if !legs.is_empty() => ExecuteError::Midway(waits),
        error => error,
    }
}

/// A leg's place as a record holds it; a change has far fewer legs than that.
fn number(leg: usize) -> u16 {
    u16::try_from(leg).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The legs of three after these outcomes, in the order in which they came.
    fn after(outcomes: &[ExecutionStatus]) -> Vec<LegRecord> {
        let mut legs: Vec<LegRecord> = vec![];
        for status in outcomes {
            let outcome = LegOutcome { status: *status, code: None, read_back: None };
            match next(3, &legs) {
                Next::Make(leg) => {
                    legs.push(LegRecord { leg: number(leg), made: outcome, taken_back: None });
                }
                Next::TakeBack(leg) => legs[leg].taken_back = Some(outcome),
                Next::End => panic!("nothing comes after {legs:?}"),
            }
        }
        legs
    }

    #[test]
    fn legs_are_made_in_order_and_taken_back_in_reverse() {
        use ExecutionStatus::{Applied, Mismatch, NotApplied, Stale, Unknown};
        for (outcomes, expected) in [
            (&[][..], Next::Make(0)),
            (&[Applied], Next::Make(1)),
            (&[Applied, Applied, Applied], Next::End),
            (&[Stale], Next::End),
            (&[Applied, Applied, NotApplied], Next::TakeBack(1)),
            (&[Applied, Applied, Stale, Applied], Next::TakeBack(0)),
            (&[Applied, Applied, Stale, NotApplied], Next::TakeBack(0)),
            (&[Applied, Applied, Stale, Applied, Applied], Next::End),
            (&[Applied, Unknown], Next::End),
            (&[Applied, Mismatch], Next::End),
        ] {
            assert_eq!(next(3, &after(outcomes)), expected, "{outcomes:?}");
        }
    }
}
