//! Executions: the intent is logged and durable, then the executor runs beside the core; its
//! outcome comes back as an event. A restart goes the same way. Every wait is a durable row: a
//! retry comes due whatever becomes of the process meanwhile.

use super::{Core, Effect, Event, GateView, Outcome, judged_only};
use crate::changes::{Changes, Row};
use countersign_executor::{ExecuteError, Limits, Waits, outcome};
use countersign_model::{
    Action, ProposalId, TimestampMs,
    causes::in_full,
    entity::AccountRef,
    entry::{ExecutionStatus, PlatformRecord, Waiting},
    time::{HOUR_MS, MINUTE_MS},
};
use countersign_replay::execution::{NotNow, finish, intend, wait};
use countersign_workflow::{Authorized, Case, HeldUp, Phase};
use std::collections::BTreeSet;

/// Pause before an execution whose outcome could not be read is taken up again, in milliseconds.
const RESUME_AFTER_MS: i64 = 15_000;
/// A platform that stays silent for so long after a write was sent is given up on, in
/// milliseconds: a person must look then, and other changes of the target may go on. Counted
/// from the first time that it was silent, or from the end of the signatures' validity when
/// that is sooner.
const GIVE_UP_AFTER_MS: i64 = 6 * HOUR_MS;
/// An execution that is held up is tried again after this, then after twice as long each time.
const FIRST_RETRY_MS: i64 = 15_000;
/// The longest pause between tries, unless the platform asks for a longer one.
const LONGEST_RETRY_MS: i64 = 10 * MINUTE_MS;
/// So many broken workers end an execution: a person must look.
const MAX_LOST_WORKERS: u32 = 3;

/// Another run broke down as often as it may.
pub(crate) const WORKER_LOST: &str = "gate.WORKER_LOST";

/// What is remembered of an execution's attempts, durably.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Attempts {
    /// When it is to be taken up again; `None` while it runs.
    pub due: Option<TimestampMs>,
    /// How often it was held up.
    pub held_up: u32,
    /// How many of its workers broke.
    pub lost: u32,
    /// Since when the outcome of a write that was sent cannot be read.
    pub unread_since: Option<TimestampMs>,
}

impl Core {
    /// Begins executions that waited, for another one on their target or for work to resume.
    pub(super) fn begin_waiting<V: GateView>(&self, view: &V) -> Outcome {
        let waits = |phase: &Phase| match phase {
            Phase::Authorized { .. } => true,
            Phase::Executing { held_up: Some(HeldUp { waiting, .. }), .. } => {
                waiting.code == outcome::WORK_STOPPED
            }
            _ => false,
        };
        let cases = view.cases_to_execute()?.into_iter().filter(|case| waits(case.phase()));
        let next = |case: Case| Effect::Next(Event::Resume(case.proposal().id));
        Ok((Changes::default(), cases.map(next).collect()))
    }

    /// Takes an execution up, where its case stands now.
    pub(super) fn resume_execution<V: GateView>(
        &mut self,
        view: &V,
        proposal: ProposalId,
        at: TimestampMs,
    ) -> Outcome {
        let case = view.case(proposal)?;
        let attempts = view.attempts(proposal)?;
        match case.as_ref().map(|case| (case.phase(), case.reauthorize())) {
            Some((Phase::Authorized { .. }, _)) => self.begin_execution(view, proposal, at),
            Some((Phase::Executing { held_up, .. }, Some(authorized))) => {
                let valid_until = authorized.valid_until_ms();
                // What the platform asked for holds after a restart too.
                let asked = held_up.as_ref().and_then(|held_up| held_up.waiting.until_ms);
                if let Some(until) = asked.filter(|until| at < *until && at <= valid_until) {
                    let due = Some(until.min(valid_until.plus_ms(1)));
                    let changes = kept(proposal, Attempts { due, ..attempts });
                    return Ok((changes, self.give_way(proposal)));
                }
                let unread = attempts.unread_since.unwrap_or(valid_until).min(valid_until);
                let give_up = at.since_ms(unread) > GIVE_UP_AFTER_MS;
                let limits = Limits { give_up, ..Limits::default() };
                let effects = self.run(authorized, limits, at);
                // It runs, or waits for its account: either way nothing is due by itself.
                let changes = match attempts.due {
                    Some(_) => kept(proposal, Attempts { due: None, ..attempts }),
                    None => Changes::default(),
                };
                Ok((changes, effects))
            }
            _ => {
                let never_tried = attempts == Attempts::default();
                let changes = if never_tried { Changes::default() } else { over(proposal) };
                Ok((changes, self.give_way(proposal)))
            }
        }
    }

    /// Logs the intent; only when that is durable may the executor act.
    pub(super) fn begin_execution<V: GateView>(
        &mut self,
        view: &V,
        proposal: ProposalId,
        at: TimestampMs,
    ) -> Outcome {
        let mut judged = match intend(view, proposal, at)? {
            Ok(judged) => judged,
            Err(why @ (NotNow::TargetBusy | NotNow::Stopped)) => {
                tracing::info!(case = %proposal, why = %why, "the execution waits");
                return Ok((Changes::default(), self.give_way(proposal)));
            }
            Err(why) => {
                tracing::error!(case = %proposal, why = %why, "the execution does not begin");
                return Ok((Changes::default(), self.give_way(proposal)));
            }
        };
        let Some(authorized) = judged.execution.take() else {
            let (changes, mut effects) = judged_only(judged);
            effects.extend(self.give_way(proposal));
            return Ok((changes, effects));
        };
        let effects = self.run(authorized, Limits::default(), at);
        if effects.is_empty() {
            // The intent is logged when its account is free.
            return Ok(Default::default());
        }
        let (changes, _) = judged_only(judged);
        Ok((changes, effects))
    }

    /// One change at a time on each account; nothing to do now when another one is under way.
    fn run(
        &mut self,
        authorized: Authorized<Action>,
        limits: Limits,
        at: TimestampMs,
    ) -> Vec<Effect> {
        let proposal = authorized.proposal();
        if !self.lanes.enter(&accounts_of(authorized.action()), proposal) {
            tracing::info!(case = %proposal, "the execution waits for another one on its account");
            return vec![];
        }
        vec![Effect::Execute { authorized: Box::new(authorized), limits, at }]
    }

    /// Its accounts are free for the next.
    fn leave_lane(&mut self, proposal: ProposalId) -> Vec<Effect> {
        resumed(self.lanes.leave(proposal))
    }

    /// It does not run in its turn: the next may.
    fn give_way(&mut self, proposal: ProposalId) -> Vec<Effect> {
        resumed(self.lanes.give_way(proposal))
    }

    pub(super) fn handle_executed<V: GateView>(
        &mut self,
        view: &V,
        proposal: ProposalId,
        result: Result<PlatformRecord, ExecuteError>,
        at: TimestampMs,
    ) -> Outcome {
        let next = self.leave_lane(proposal);
        let (changes, mut effects) = match result {
            Ok(record) => finish_execution(view, proposal, record, at)?,
            Err(error) => give_up_for_now(view, proposal, error, at)?,
        };
        effects.extend(next);
        Ok((changes, effects))
    }

    /// A worker broke without a word. The journal says how far it came, so that another one can
    /// go on; the last one ends in an outcome that nobody knows.
    pub(super) fn handle_lost<V: GateView>(
        &mut self,
        view: &V,
        proposal: ProposalId,
        at: TimestampMs,
    ) -> Outcome {
        let next = self.leave_lane(proposal);
        let attempts = view.attempts(proposal)?;
        let lost = attempts.lost.saturating_add(1);
        tracing::error!(case = %proposal, lost, "a worker broke while it executed a change");
        let (changes, mut effects) = if lost >= MAX_LOST_WORKERS {
            finish_execution(view, proposal, outcome::unknown(WORKER_LOST), at)?
        } else {
            let due = Some(at.plus_ms(RESUME_AFTER_MS));
            (kept(proposal, Attempts { due, lost, ..attempts }), vec![])
        };
        effects.extend(next);
        Ok((changes, effects))
    }
}

/// A run ended without an outcome, or with one that only a person can look into.
fn give_up_for_now<V: GateView>(
    view: &V,
    proposal: ProposalId,
    error: ExecuteError,
    at: TimestampMs,
) -> Outcome {
    if let Some(record) = error.outcome() {
        tracing::error!(case = %proposal, error = %in_full(&error), "the execution ended; a person must look");
        return finish_execution(view, proposal, record, at);
    }
    if let ExecuteError::Waits(waits) = error {
        return hold_up(view, proposal, waits, at);
    }
    let mut attempts = view.attempts(proposal)?;
    let asked_ms = match &error {
        ExecuteError::Midway(waits) => i64::try_from(waits.delay_ms).unwrap_or(i64::MAX),
        _ => 0,
    };
    if matches!(error, ExecuteError::OutcomeUnread(_) | ExecuteError::Midway(_)) {
        attempts.unread_since.get_or_insert(at);
    }
    tracing::warn!(case = %proposal, error = %in_full(&error), "the execution will be taken up again");
    attempts.due = Some(at.plus_ms(RESUME_AFTER_MS.max(asked_ms.min(LONGEST_RETRY_MS))));
    Ok((kept(proposal, attempts), vec![]))
}

/// Nothing was changed: the log is told what it waits for, and it is tried again while the
/// signatures are valid.
fn hold_up<V: GateView>(view: &V, proposal: ProposalId, waits: Waits, at: TimestampMs) -> Outcome {
    let case = view.case(proposal)?;
    let authorized = case.and_then(|case| case.reauthorize());
    let Some(authorized) = authorized else { return Ok(Default::default()) };
    let asked_ms = i64::try_from(waits.delay_ms).unwrap_or(i64::MAX);
    let until_ms = (asked_ms > 0).then(|| at.plus_ms(asked_ms));
    let waiting = Waiting { code: outcome::plain(&waits.code), until_ms };
    tracing::warn!(case = %proposal, code = %waiting.code, "the execution is held up; nothing was changed");
    let (mut changes, effects) = match wait(view, proposal, waiting, at)? {
        Ok(judged) => judged_only(judged),
        // The same as before, or the signatures have lapsed: the next run ends it.
        Err(NotNow::NothingNew | NotNow::Unauthorized) => Default::default(),
        Err(why) => {
            tracing::error!(case = %proposal, why = %why, "an execution that is held up was not told");
            Default::default()
        }
    };
    let attempts = view.attempts(proposal)?;
    let doubled = 1_i64 << attempts.held_up.min(16);
    let own_ms = FIRST_RETRY_MS.saturating_mul(doubled).min(LONGEST_RETRY_MS);
    let due = at.plus_ms(own_ms.max(asked_ms)).min(authorized.valid_until_ms().plus_ms(1));
    let held_up = attempts.held_up.saturating_add(1);
    changes.put(Row::Attempts(proposal, Attempts { due: Some(due), held_up, ..attempts }));
    Ok((changes, effects))
}

/// Outcome, the target's revision and the cases it supersedes, in one transaction.
fn finish_execution<V: GateView>(
    view: &V,
    proposal: ProposalId,
    record: PlatformRecord,
    at: TimestampMs,
) -> Outcome {
    let status = record.status;
    let judged = match finish(view, proposal, record, at)? {
        Ok(judged) => judged,
        // Another run has told the outcome.
        Err(NotNow::Phase) => return Ok(Default::default()),
        Err(why) => {
            tracing::error!(case = %proposal, why = %why, "an outcome was not believed");
            let code = match why {
                NotNow::TooLate => "gate.OUTCOME_LATE",
                _ => "gate.OUTCOME_CONTRADICTS",
            };
            match finish(view, proposal, outcome::unknown(code), at)? {
                Ok(judged) => judged,
                Err(_) => return Ok(Default::default()),
            }
        }
    };
    let (mut changes, mut effects) = judged_only(judged);
    changes.put(Row::AttemptsOver(proposal));
    // What was superseded waits no longer; what was not may go on.
    match status {
        ExecutionStatus::NotApplied | ExecutionStatus::Stale => {
            effects.push(Effect::Next(Event::BeginWaiting));
        }
        ExecutionStatus::Applied
        | ExecutionStatus::PartiallyApplied
        | ExecutionStatus::Mismatch
        | ExecutionStatus::Unknown => {}
    }
    Ok((changes, effects))
}

fn resumed(cases: Vec<ProposalId>) -> Vec<Effect> {
    cases.into_iter().map(|case| Effect::Next(Event::Resume(case))).collect()
}

/// Every account that a change writes to.
fn accounts_of(action: &Action) -> BTreeSet<AccountRef> {
    action.legs().iter().map(|leg| AccountRef::of(leg.entity())).collect()
}

fn kept(proposal: ProposalId, attempts: Attempts) -> Changes {
    let mut changes = Changes::default();
    changes.put(Row::Attempts(proposal, attempts));
    changes
}

fn over(proposal: ProposalId) -> Changes {
    let mut changes = Changes::default();
    changes.put(Row::AttemptsOver(proposal));
    changes
}
