//! A platform and a journal in memory that misbehave by schedule, and a driver that restarts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a helper that fails fails its test
#![allow(unreachable_pub)]

use crate::support;
use async_trait::async_trait;
use countersign_executor::{
    AuthorizedWrite, Caller, Capabilities, CommitAnswer, Delivery, ErrorClass, ExecuteError,
    Journal, JournalError, Limits, Platform, PlatformError, Step, execute,
};
use countersign_model::{
    Action, AmountLimits, CampaignStatus, Currency, EntityRef, EntityState, Money, ProposalId,
    TimestampMs,
    change::{Budget, BudgetState, Flight, Level, Mutation, Part},
    entity::PlatformId,
    entry::PlatformRecord,
    evidence::DayRange,
    time::MINUTE_MS,
};
use countersign_workflow::Authorized;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
};
use tokio::sync::Notify;

/// What one call to the platform does.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    Fine,
    /// Fails and changes nothing.
    Fail(ErrorClass),
    /// The same, and only if the call is a write; reads are fine.
    OnWrites(ErrorClass),
    /// A write is applied and refused all the same.
    AppliedThenRefused(ErrorClass),
    /// A write is applied and its answer lost.
    AppliedThenLost,
    /// A write is lost on the way and arrives during the next pause.
    Late,
    /// The process dies while the call is on its way, before or after it took effect.
    HangsBefore,
    HangsAfter,
    /// A write is answered and changes nothing.
    SaysSo,
    /// Somebody else sets an amount first.
    Foreign(i64),
    /// Somebody else stops the campaign first, or lets it run again.
    Becomes(CampaignStatus),
}

/// What one record in the journal does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Crash {
    None,
    BeforeKept,
    AfterKept,
}

#[derive(Default)]
struct State {
    /// Of each campaign that was named yet; every one begins with 100.
    amounts: BTreeMap<String, i64>,
    status: Option<CampaignStatus>,
    now_ms: i64,
    stopped: bool,
    sent_at: Vec<i64>,
    late: Option<(String, i64)>,
    /// What our writes moved, in order: campaign and amount.
    moved: Vec<(String, i64)>,
    calls: usize,
    commits: usize,
    changes: usize,
    seen_last: Option<i64>,
    slept: Vec<u64>,
    steps: Vec<Step>,
    faults: VecDeque<Fault>,
    crashes: VecDeque<Crash>,
}

pub struct World {
    state: Mutex<State>,
    hung: Notify,
}

impl World {
    pub fn new(faults: &[Fault], crashes: &[Crash]) -> Self {
        let state = State {
            now_ms: support::at(MINUTE_MS).millis(),
            faults: faults.iter().copied().collect(),
            crashes: crashes.iter().copied().collect(),
            ..State::default()
        };
        Self { state: Mutex::new(state), hung: Notify::new() }
    }

    pub fn steps(&self) -> Vec<Step> {
        self.state.lock().unwrap().steps.clone()
    }

    pub fn put_steps(&self, steps: Vec<Step>) {
        self.state.lock().unwrap().steps = steps;
    }

    /// Calls of every kind.
    pub fn calls(&self) -> usize {
        self.state.lock().unwrap().calls
    }

    /// Writes that were sent.
    pub fn commits(&self) -> usize {
        self.state.lock().unwrap().commits
    }

    /// Whether a write was sent, or may have been: a process that is cut off between keeping that it
    /// sends and sending leaves the same trace as one that is cut off after it.
    pub fn may_have_sent(&self) -> bool {
        self.commits() > 0 || self.steps().contains(&Step::Sending)
    }

    /// Writes of ours that moved the amount.
    pub fn changes(&self) -> usize {
        self.state.lock().unwrap().changes
    }

    /// What our writes moved, in order: campaign and amount.
    pub fn moved(&self) -> Vec<(String, i64)> {
        self.state.lock().unwrap().moved.clone()
    }

    /// What a campaign holds.
    pub fn amount(&self, campaign: &str) -> i64 {
        self.state.lock().unwrap().amount(campaign)
    }

    pub fn seen_last(&self) -> Option<i64> {
        self.state.lock().unwrap().seen_last
    }

    /// Somebody stops work, or lets it go on.
    pub fn set_stopped(&self, stopped: bool) {
        self.state.lock().unwrap().stopped = stopped;
    }

    /// Moves the clock.
    pub fn pass(&self, ms: i64) {
        self.state.lock().unwrap().now_ms += ms;
    }

    /// When writes were sent.
    pub fn sent_at(&self) -> Vec<i64> {
        self.state.lock().unwrap().sent_at.clone()
    }

    pub fn slept(&self) -> Vec<u64> {
        self.state.lock().unwrap().slept.clone()
    }

    pub async fn run_once(
        &self,
        authorized: &Authorized<Action>,
        give_up: bool,
    ) -> Result<PlatformRecord, ExecuteError> {
        let limits = Limits { give_up, ..Limits::default() };
        execute(authorized, self, self, self, limits).await
    }

    pub async fn run_to_outcome(&self) -> PlatformRecord {
        self.run_to_outcome_of(&support::authorize(support::budget(125))).await
    }

    pub async fn run_to_outcome_of(&self, authorized: &Authorized<Action>) -> PlatformRecord {
        for _ in 0..200 {
            tokio::select! {
                biased;
                () = self.hung.notified() => {}
                result = self.run_once(authorized, false) => match result {
                    Ok(record) => return record,
                    Err(ExecuteError::Journal(_) | ExecuteError::OutcomeUnread(_)) => {}
                    Err(ExecuteError::Waits(waits) | ExecuteError::Midway(waits)) => {
                        self.pass(i64::try_from(waits.delay_ms).unwrap().max(600_000));
                    }
                    Err(other) => panic!("{other}"),
                },
            }
        }
        panic!("no outcome after 200 runs");
    }

    /// Takes the next fault; `apply` is the amount that a write sets.
    async fn call(&self, campaign: &str, apply: Option<i64>) -> Result<String, PlatformError> {
        let (fault, id) = self.begin_call(campaign, apply);
        match fault {
            Fault::HangsBefore | Fault::HangsAfter => {
                self.hung.notify_one();
                std::future::pending().await
            }
            Fault::Fail(class) => Err(error(class, &id)),
            Fault::OnWrites(class) | Fault::AppliedThenRefused(class) if apply.is_some() => {
                Err(error(class, &id))
            }
            Fault::AppliedThenLost | Fault::Late => Err(error(ErrorClass::Ambiguous, &id)),
            Fault::Fine
            | Fault::SaysSo
            | Fault::Foreign(_)
            | Fault::Becomes(_)
            | Fault::OnWrites(_)
            | Fault::AppliedThenRefused(_) => Ok(id),
        }
    }

    fn begin_call(&self, campaign: &str, apply: Option<i64>) -> (Fault, String) {
        let mut state = self.state.lock().unwrap();
        let fault = state.faults.pop_front().unwrap_or(Fault::Fine);
        state.calls += 1;
        state.commits += usize::from(apply.is_some());
        if let Fault::Foreign(amount) = fault {
            state.amounts.insert(campaign.into(), amount);
        }
        if let Fault::Becomes(status) = fault {
            state.status = Some(status);
        }
        if apply.is_some() {
            let now_ms = state.now_ms;
            state.sent_at.push(now_ms);
        }
        match (fault, apply) {
            (
                Fault::Fine
                | Fault::AppliedThenLost
                | Fault::AppliedThenRefused(_)
                | Fault::HangsAfter
                | Fault::Foreign(_)
                | Fault::Becomes(_),
                Some(amount),
            ) => {
                state.apply(campaign, amount);
            }
            (Fault::Late, Some(amount)) => state.late = Some((campaign.into(), amount)),
            _ => {}
        }
        (fault, format!("call-{}", state.calls))
    }
}

impl State {
    fn amount(&self, campaign: &str) -> i64 {
        self.amounts.get(campaign).copied().unwrap_or(100)
    }

    fn apply(&mut self, campaign: &str, amount: i64) {
        if self.amount(campaign) != amount {
            self.changes += 1;
            self.moved.push((campaign.into(), amount));
        }
        self.amounts.insert(campaign.into(), amount);
    }
}

fn error(class: ErrorClass, id: &str) -> PlatformError {
    PlatformError {
        class,
        code: "test.FAULT".into(),
        message: String::new(),
        request_id: Some(id.into()),
    }
}

#[async_trait]
impl Platform for World {
    fn capabilities(&self) -> Capabilities {
        Capabilities { validate_only: true, levels: &[Level::Budget, Level::Campaign] }
    }

    async fn list(&self, _: &PlatformId) -> Result<Vec<EntityState>, PlatformError> {
        Ok(vec![])
    }

    async fn read(
        &self,
        entity: &EntityRef,
        _: Option<&Part>,
    ) -> Result<EntityState, PlatformError> {
        let campaign = entity.campaign_id.as_str();
        let id = self.call(campaign, None).await?;
        let mut state = self.state.lock().unwrap();
        let amount = state.amount(campaign);
        state.seen_last = Some(amount);
        let usd = Currency::parse("USD").unwrap();
        Ok(EntityState {
            entity: entity.clone(),
            name: "flash_sale".into(),
            resource: format!("customers/1234567890/campaigns/{campaign}"),
            budget: BudgetState {
                resource: support::budget_resource(campaign),
                shared_by: 1,
                holds: Budget::daily(Money::from_micros(amount, usd)),
                limits: AmountLimits::unknown(usd),
            },
            flight: Flight::default(),
            part: None,
            has_started: true,
            time_zone: "UTC".into(),
            account_name: "test".into(),
            status: state.status.unwrap_or(CampaignStatus::Enabled),
            request_id: Some(id),
        })
    }

    async fn read_pacing(&self, _: &EntityState, _: u16) -> Result<Delivery, PlatformError> {
        let asked = DayRange { first: "2026-01-01".into(), last: "2026-01-01".into() };
        Ok(Delivery { asked, days: vec![] })
    }

    async fn validate(&self, write: &AuthorizedWrite) -> Result<CommitAnswer, PlatformError> {
        let campaign = write.entity().campaign_id.as_str();
        Ok(CommitAnswer { request_id: Some(self.call(campaign, None).await?) })
    }

    async fn commit(&self, write: &AuthorizedWrite) -> Result<CommitAnswer, PlatformError> {
        let Mutation::SetDailyBudget { amount, .. } = write.mutation() else { unreachable!() };
        let campaign = write.entity().campaign_id.as_str();
        let id = self.call(campaign, Some(amount.amount_micros)).await?;
        Ok(CommitAnswer { request_id: Some(id) })
    }
}

#[async_trait]
impl Journal for World {
    async fn load(&self, _: ProposalId) -> Result<Vec<Step>, JournalError> {
        Ok(self.steps())
    }

    async fn record(
        &self,
        _: ProposalId,
        position: usize,
        step: &Step,
    ) -> Result<(), JournalError> {
        let mut state = self.state.lock().unwrap();
        if position != state.steps.len() {
            return Err(JournalError::Taken);
        }
        let crash = state.crashes.pop_front().unwrap_or(Crash::None);
        if crash != Crash::BeforeKept {
            state.steps.push(step.clone());
        }
        if crash == Crash::None { Ok(()) } else { Err(JournalError::Store("crashed".into())) }
    }
}

#[async_trait]
impl Caller for World {
    fn now(&self) -> TimestampMs {
        TimestampMs::from_millis(self.state.lock().unwrap().now_ms)
    }

    fn is_stopped(&self) -> bool {
        self.state.lock().unwrap().stopped
    }

    async fn sleep(&self, delay_ms: u64) {
        let mut state = self.state.lock().unwrap();
        state.slept.push(delay_ms);
        state.now_ms += i64::try_from(delay_ms).unwrap();
        if let Some((campaign, amount)) = state.late.take() {
            state.apply(&campaign, amount);
        }
    }
}
