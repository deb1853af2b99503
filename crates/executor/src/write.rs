//! One write from its journal to its outcome; a fresh run and one that resumes after a crash are
//! the same code.

use crate::{
    AuthorizedWrite, Caller, ErrorClass, ExecuteError, Journal, Limits, Platform, PlatformError,
    Step, StepName, Waits, outcome,
};
use countersign_model::{
    Action, EntityState, ProposalId, TimestampMs, canonical,
    entry::{ExecutionStatus, PlatformRecord},
};

/// What a look before anything was sent has found.
pub(crate) enum Examined {
    /// The write can be made; the ids of the calls that told.
    Ready(Vec<String>),
    /// Nothing was sent and nothing will be.
    Ended(Box<PlatformRecord>),
}

/// One write that is under way.
pub(crate) struct Run<'a> {
    pub(crate) proposal: ProposalId,
    pub(crate) action: &'a Action,
    pub(crate) write: AuthorizedWrite,
    pub(crate) platform: &'a dyn Platform,
    pub(crate) journal: &'a dyn Journal,
    pub(crate) caller: &'a dyn Caller,
    pub(crate) limits: Limits,
    /// Until when it may be sent; `None` for a write that takes another one back.
    pub(crate) valid_until_ms: Option<TimestampMs>,
    /// Whether it raises spend, so that it waits while work is stopped.
    pub(crate) raises: bool,
    /// How often this run has sent the write.
    pub(crate) sent: usize,
    /// How many steps of the case's journal were before its own.
    pub(crate) base: usize,
    /// Its own steps.
    pub(crate) steps: Vec<Step>,
}

impl Run<'_> {
    /// Goes on from the last step to the end.
    pub(crate) async fn finish_write(&mut self) -> Result<PlatformRecord, ExecuteError> {
        let action = canonical::digest(self.action)?;
        self.check_history()?;
        if self.steps.first().is_some_and(|first| *first != Step::Intended { action }) {
            return Err(ExecuteError::OtherAction);
        }
        loop {
            match self.steps.last().cloned() {
                None => self.record(Step::Intended { action }).await?,
                Some(Step::Intended { .. }) => self.prepare().await?,
                Some(Step::Prepared { .. }) => self.send().await?,
                Some(Step::Sending) => {
                    let code = "gate.RESTARTED_WHILE_SENDING".into();
                    self.record(Step::Unknown { code, request_id: None }).await?;
                }
                Some(Step::Answered { .. }) => self.read_back().await?,
                Some(Step::Unknown { code, .. }) => self.reconcile(code, true, 0).await?,
                Some(Step::Refused { code, may_retry, delay_ms, .. }) => {
                    self.reconcile(code, may_retry, delay_ms).await?;
                }
                Some(Step::Finished(record)) => return Ok(*record),
            }
        }
    }

    /// How many steps the case's journal holds with its own.
    pub(crate) const fn end(&self) -> usize {
        self.base + self.steps.len()
    }

    fn check_history(&self) -> Result<(), ExecuteError> {
        let mut last = StepName::Planned;
        for step in &self.steps {
            if !last.may_become(step.name()) {
                return Err(ExecuteError::Damaged(step.name(), last));
            }
            last = step.name();
        }
        Ok(())
    }

    /// Nothing was sent yet: whatever stands in the way is waited for or ends the run.
    async fn prepare(&mut self) -> Result<(), ExecuteError> {
        let step = match self.examine().await? {
            Examined::Ready(request_ids) => Step::Prepared { request_ids },
            Examined::Ended(record) => Step::Finished(record),
        };
        self.record(step).await
    }

    /// Whether it can be made as things are. What time may put right is waited for.
    pub(crate) async fn examine(&self) -> Result<Examined, ExecuteError> {
        if self.has_lapsed() {
            let record = self.make_record(ExecutionStatus::NotApplied, lapsed(), None);
            return Ok(Examined::Ended(bounded(record)));
        }
        let state = match self.read().await {
            Ok(state) => state,
            Err(error) => return self.unsent(error).map(Examined::Ended),
        };
        if !self.still_before(&state) {
            let record = self.make_record(ExecutionStatus::Stale, None, Some(&state));
            return Ok(Examined::Ended(bounded(record)));
        }
        let mut request_ids: Vec<_> = state.request_id.into_iter().collect();
        match self.validate().await {
            Ok(request_id) => {
                request_ids.extend(request_id);
                Ok(Examined::Ready(request_ids))
            }
            Err(error) => self.unsent(error).map(Examined::Ended),
        }
    }

    /// Looks again, then sends. The gap between look and write cannot be closed: the
    /// platform has no conditional write.
    async fn send(&mut self) -> Result<(), ExecuteError> {
        let read =
            if self.may_be_applied() { self.read_in_doubt().await } else { self.read().await };
        let state = match read {
            Ok(state) => state,
            Err(error) => return self.finish_unread(error, None).await,
        };
        if !self.still_before(&state) {
            let (status, code) = (self.status_of(&state), self.last_code());
            return self.finish(status, code, Some(&state)).await;
        }
        // Both are looked at last: a read may have taken its time.
        if self.has_lapsed() {
            return self.finish(ExecutionStatus::NotApplied, lapsed(), Some(&state)).await;
        }
        if self.raises && self.caller.is_stopped() {
            let code = outcome::WORK_STOPPED.into();
            return Err(ExecuteError::Waits(Waits { code, delay_ms: 0 }));
        }
        self.record(Step::Sending).await?;
        self.sent += 1;
        let step = match self.platform.commit(&self.write).await {
            Ok(answer) => Step::Answered { request_id: answer.request_id },
            Err(error) => step_of(error),
        };
        tracing::info!(proposal = %self.proposal, step = ?step.name(), "write sent");
        self.record(step).await
    }

    /// The platform took the write: what it now reports is the outcome.
    async fn read_back(&mut self) -> Result<(), ExecuteError> {
        let mut state = match self.read_in_doubt().await {
            Ok(state) => state,
            Err(error) => return self.finish_unread(error, None).await,
        };
        for _ in 1..self.limits.tries {
            // Reads may lag behind a write; `before` is no news yet.
            if !self.still_before(&state) {
                break;
            }
            self.caller.sleep(self.limits.pause_ms).await;
            state = match self.read_in_doubt().await {
                Ok(state) => state,
                Err(error) => return self.finish_unread(error, None).await,
            };
        }
        let status = if self.is_target(&state) {
            ExecutionStatus::Applied
        } else {
            ExecutionStatus::Mismatch
        };
        self.finish(status, None, Some(&state)).await
    }

    /// The write was refused, or nobody knows: reading tells what may be done.
    async fn reconcile(
        &mut self,
        code: String,
        may_retry: bool,
        delay_ms: u64,
    ) -> Result<(), ExecuteError> {
        let is_in_doubt = self.may_be_applied();
        // Of a refusal that an earlier run heard, the caller has waited out the delay.
        let asked_ms = if self.sent == 0 { 0 } else { delay_ms };
        let is_long = asked_ms > self.limits.longest_wait_ms;
        // What holds is worth a look even before a long wait.
        let pause_ms = if is_long { 0 } else { asked_ms };
        self.caller.sleep(self.limits.pause_ms.max(pause_ms)).await;
        let state = match self.read_in_doubt().await {
            Ok(state) => state,
            Err(error) => return self.finish_unread(error, Some(code)).await,
        };
        if !self.still_before(&state) {
            let status = self.status_of(&state);
            return self.finish(status, Some(code), Some(&state)).await;
        }
        // What would be made twice by being sent twice is not sent again while the first one may
        // still arrive: nobody can tell when it no longer can.
        if is_in_doubt && !self.write.mutation().is_repeatable() {
            return self.finish_doubtful(code).await;
        }
        let in_all = self.steps.iter().filter(|step| **step == Step::Sending).count();
        let sends = if is_in_doubt { in_all } else { self.sent };
        if may_retry && !is_long && sends < self.limits.sends {
            let request_ids = state.request_id.into_iter().collect();
            return self.record(Step::Prepared { request_ids }).await;
        }
        if may_retry && !is_in_doubt && !self.limits.give_up {
            return Err(ExecuteError::Waits(Waits { code, delay_ms: asked_ms }));
        }
        self.finish(ExecutionStatus::NotApplied, Some(code), Some(&state)).await
    }

    /// Looks as long as a run may, and leaves what has not arrived until then to a person.
    async fn finish_doubtful(&mut self, code: String) -> Result<(), ExecuteError> {
        for _ in 1..self.limits.tries {
            self.caller.sleep(self.limits.pause_ms).await;
            let state = match self.read_in_doubt().await {
                Ok(state) => state,
                Err(error) => return self.finish_unread(error, Some(code)).await,
            };
            if !self.still_before(&state) {
                return self.finish(self.status_of(&state), Some(code), Some(&state)).await;
            }
        }
        tracing::error!(proposal = %self.proposal, %code, "the write was sent, has not arrived, and is never sent again");
        self.finish(ExecutionStatus::Unknown, Some(code), None).await
    }

    /// What a state other than `before` means, given what was sent. The value that we sent is
    /// applied even when the platform said that it refused it: what holds counts, and the code
    /// stays beside it.
    fn status_of(&self, state: &EntityState) -> ExecutionStatus {
        if self.was_sent() && self.is_target(state) {
            ExecutionStatus::Applied
        } else if self.may_be_applied() {
            ExecutionStatus::Mismatch
        } else {
            ExecutionStatus::Stale
        }
    }

    fn was_sent(&self) -> bool {
        self.steps.contains(&Step::Sending)
    }

    /// What the platform said to the last attempt that it did not take.
    fn last_code(&self) -> Option<String> {
        self.steps.iter().rev().find_map(|step| match step {
            Step::Unknown { code, .. } | Step::Refused { code, .. } => Some(code.clone()),
            _ => None,
        })
    }

    /// Whether any attempt ended in doubt; a refused one certainly changed nothing.
    fn may_be_applied(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Unknown { .. } | Step::Answered { .. }))
            || self.steps.last() == Some(&Step::Sending)
    }

    fn still_before(&self, state: &EntityState) -> bool {
        self.action.is_unmade_in(&self.action.seen_in(state))
    }

    fn is_target(&self, state: &EntityState) -> bool {
        self.action.is_held_by(&self.action.seen_in(state))
    }

    async fn look(&self) -> Result<EntityState, PlatformError> {
        self.platform.read(self.action.entity(), self.action.part().as_ref()).await
    }

    async fn read(&self) -> Result<EntityState, PlatformError> {
        let mut tries_left = self.limits.tries;
        loop {
            match self.look().await {
                Ok(state) => return Ok(state),
                Err(error) => self.wait_or_give_up(error, &mut tries_left).await?,
            }
        }
    }

    /// Reads after a write was sent. What would end a run that has sent nothing gets all its
    /// tries here, because giving up leaves a write that nobody knows the fate of.
    async fn read_in_doubt(&self) -> Result<EntityState, PlatformError> {
        let mut tries_left = self.limits.tries;
        loop {
            match self.look().await {
                Ok(state) => return Ok(state),
                Err(error) if ends_a_run(error.class) && tries_left > 1 => {
                    tries_left -= 1;
                    self.caller.sleep(self.limits.pause_ms).await;
                }
                Err(error) => self.wait_or_give_up(error, &mut tries_left).await?,
            }
        }
    }

    /// Asks the platform beforehand, where it can be asked.
    async fn validate(&self) -> Result<Option<String>, PlatformError> {
        if !self.platform.capabilities().validate_only {
            return Ok(None);
        }
        let mut tries_left = self.limits.tries;
        loop {
            match self.platform.validate(&self.write).await {
                Ok(answer) => return Ok(answer.request_id),
                Err(error) => self.wait_or_give_up(error, &mut tries_left).await?,
            }
        }
    }

    async fn wait_or_give_up(
        &self,
        error: PlatformError,
        tries_left: &mut u32,
    ) -> Result<(), PlatformError> {
        *tries_left = tries_left.saturating_sub(1);
        let delay_ms = match error.class {
            ErrorClass::RetryAfterReread | ErrorClass::Ambiguous => self.limits.pause_ms,
            ErrorClass::WaitUntil { delay_ms } if delay_ms <= self.limits.longest_wait_ms => {
                delay_ms
            }
            ErrorClass::WaitUntil { .. }
            | ErrorClass::RefreshToken
            | ErrorClass::Operator
            | ErrorClass::Final => return Err(error),
        };
        if *tries_left == 0 {
            return Err(error);
        }
        self.caller.sleep(delay_ms).await;
        Ok(())
    }

    /// Nothing was changed. What time may put right is waited for.
    async fn wait_or_finish(&mut self, error: PlatformError) -> Result<(), ExecuteError> {
        let record = self.unsent(error)?;
        self.record(Step::Finished(record)).await
    }

    /// What an error ends in, before anything was sent; one that time may put right does not.
    fn unsent(&self, error: PlatformError) -> Result<Box<PlatformRecord>, ExecuteError> {
        let PlatformError { class, code, request_id, .. } = error;
        if !ends_a_run(class) && !self.limits.give_up {
            let delay_ms = match class {
                ErrorClass::WaitUntil { delay_ms } => delay_ms,
                _ => 0,
            };
            return Err(ExecuteError::Waits(Waits { code, delay_ms }));
        }
        tracing::warn!(proposal = %self.proposal, %code, ?request_id, "nothing was changed");
        let mut record = self.make_record(ExecutionStatus::NotApplied, Some(code), None);
        record.request_ids.extend(request_id);
        Ok(bounded(record))
    }

    fn has_lapsed(&self) -> bool {
        self.valid_until_ms.is_some_and(|until| self.caller.now() > until)
    }

    /// The platform cannot be read. When every attempt was refused for certain, nothing was
    /// changed; `refusal` is the code of the last one. When one ended in doubt, either
    /// somebody may still read the platform later, or nobody will: then a person must look.
    async fn finish_unread(
        &mut self,
        error: PlatformError,
        refusal: Option<String>,
    ) -> Result<(), ExecuteError> {
        if !self.may_be_applied() {
            let code = refusal.unwrap_or_else(|| error.code.clone());
            return self.wait_or_finish(PlatformError { code, ..error }).await;
        }
        if !ends_a_run(error.class) && !self.limits.give_up {
            return Err(ExecuteError::OutcomeUnread(error));
        }
        tracing::error!(proposal = %self.proposal, code = %error.code, request_id = ?error.request_id, "the write was sent and its outcome cannot be read");
        let mut record = self.make_record(ExecutionStatus::Unknown, Some(error.code), None);
        record.request_ids.extend(error.request_id);
        self.record(Step::Finished(bounded(record))).await
    }

    async fn finish(
        &mut self,
        status: ExecutionStatus,
        code: Option<String>,
        state: Option<&EntityState>,
    ) -> Result<(), ExecuteError> {
        let record = self.make_record(status, code, state);
        self.record(Step::Finished(bounded(record))).await
    }

    fn make_record(
        &self,
        status: ExecutionStatus,
        code: Option<String>,
        state: Option<&EntityState>,
    ) -> PlatformRecord {
        let mut request_ids: Vec<String> = self.steps.iter().flat_map(request_ids_of).collect();
        request_ids.extend(state.and_then(|state| state.request_id.clone()));
        let read_back = state.map(|state| self.action.seen_in(state));
        PlatformRecord { request_ids, status, code, read_back, legs: vec![] }
    }

    /// Makes a step durable; only then does it count.
    async fn record(&mut self, step: Step) -> Result<(), ExecuteError> {
        self.journal.record(self.proposal, self.end(), &step).await?;
        self.steps.push(step);
        Ok(())
    }
}

/// The record as a step keeps it.
fn bounded(record: PlatformRecord) -> Box<PlatformRecord> {
    Box::new(outcome::bounded(record))
}

/// Whether trying again cannot help before a person has done something.
const fn ends_a_run(class: ErrorClass) -> bool {
    matches!(class, ErrorClass::RefreshToken | ErrorClass::Operator | ErrorClass::Final)
}

fn lapsed() -> Option<String> {
    Some(outcome::AUTHORITY_LAPSED.into())
}

fn step_of(error: PlatformError) -> Step {
    let PlatformError { class, code, request_id, .. } = error;
    let code = outcome::plain(&code);
    let request_id = request_id.map(|id| outcome::plain(&id));
    let refused = |may_retry, delay_ms| Step::Refused {
        code: code.clone(),
        request_id: request_id.clone(),
        may_retry,
        delay_ms,
    };
    match class {
        ErrorClass::Ambiguous => Step::Unknown { code, request_id },
        ErrorClass::RetryAfterReread => refused(true, 0),
        ErrorClass::WaitUntil { delay_ms } => refused(true, delay_ms),
        ErrorClass::RefreshToken | ErrorClass::Operator | ErrorClass::Final => refused(false, 0),
    }
}

fn request_ids_of(step: &Step) -> Vec<String> {
    match step {
        Step::Prepared { request_ids } => request_ids.clone(),
        Step::Answered { request_id }
        | Step::Unknown { request_id, .. }
        | Step::Refused { request_id, .. } => request_id.iter().cloned().collect(),
        Step::Intended { .. } | Step::Sending | Step::Finished(_) => vec![],
    }
}
