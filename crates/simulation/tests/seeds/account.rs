//! The ad account: what it holds, how it misbehaves, and what it truly saw.

use crate::cast;
use async_trait::async_trait;
use countersign_executor::{
    AuthorizedWrite, Capabilities, CommitAnswer, Delivery, ErrorClass, Platform, PlatformError,
};
use countersign_model::{
    AmountLimits, CampaignStatus, EntityRef, EntityState, ProposalId, TimestampMs,
    change::{Budget, BudgetPeriod, BudgetState, Flight, Level, Mutation, Part},
    entity::PlatformId,
    evidence::DayRange,
    time::DAY_MS,
};
use parking_lot::Mutex;
use std::collections::VecDeque;

/// What one call does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quirk {
    /// Fails and changes nothing; may be tried again.
    Busy,
    /// Refuses for so long, in milliseconds.
    Wait(u64),
    /// No answer, and nothing was changed.
    NoAnswer,
    /// A write takes effect, and its answer is lost.
    AnswerLost,
    /// A write takes effect, and is refused all the same.
    RefusedButMade,
    /// A write is lost from sight and takes effect during the next pause.
    Late,
    /// A write is answered and changes nothing.
    SaysSo,
    /// The process that asks dies before anything happens.
    HangsBefore,
    /// The process that asks dies after it took effect.
    HangsAfter,
    /// A read shows what held before the last change.
    Stale,
    /// A read shows something that never held.
    Lies,
}

pub const QUIRKS: [Quirk; 12] = [
    Quirk::Busy,
    Quirk::Wait(1_000),
    Quirk::Wait(600_000),
    Quirk::NoAnswer,
    Quirk::AnswerLost,
    Quirk::RefusedButMade,
    Quirk::Late,
    Quirk::SaysSo,
    Quirk::HangsBefore,
    Quirk::HangsAfter,
    Quirk::Stale,
    Quirk::Lies,
];

/// What the platform holds of a campaign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Holds {
    /// In micros, for a day or for the whole flight.
    pub amount: i64,
    pub runs: bool,
    /// The moment after its last one, if it ends.
    pub ends_at_ms: Option<i64>,
}

/// A write that took effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    pub case: ProposalId,
    pub before: Holds,
    pub after: Holds,
}

#[derive(Default)]
struct State {
    holds: Vec<Holds>,
    before: Vec<Holds>,
    quirks: VecDeque<Quirk>,
    late: Option<(ProposalId, usize, Mutation)>,
    /// Every write that changed something, in order.
    seen: Vec<Seen>,
    acting_for: Option<ProposalId>,
    calls: u64,
}

pub struct Account(Mutex<State>);

impl Account {
    pub fn new() -> Self {
        let first = |(campaign, amount): (usize, &i64)| Holds {
            amount: *amount,
            runs: true,
            // One runs until further notice.
            ends_at_ms: (campaign > 0).then_some(cast::T0 + 30 * DAY_MS),
        };
        let holds: Vec<_> = cast::BUDGETS.iter().enumerate().map(first).collect();
        Self(Mutex::new(State { before: holds.clone(), holds, ..State::default() }))
    }

    pub fn misbehave(&self, quirk: Quirk) {
        self.0.lock().quirks.push_back(quirk);
    }

    pub fn behave(&self) {
        self.0.lock().quirks.clear();
        self.pause();
    }

    /// For which case writes come now.
    pub fn act_for(&self, case: ProposalId) {
        self.0.lock().acting_for = Some(case);
    }

    /// Somebody changes an amount in the platform's own interface.
    pub fn meddle(&self, campaign: usize, amount: i64) {
        let mut state = self.0.lock();
        state.before[campaign] = state.holds[campaign];
        state.holds[campaign].amount = amount;
    }

    pub fn holds(&self, campaign: usize) -> Holds {
        self.0.lock().holds[campaign]
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.0.lock().seen.clone()
    }

    /// Time passes for whoever waits: what was under way arrives.
    pub fn pause(&self) {
        let mut state = self.0.lock();
        if let Some((case, campaign, mutation)) = state.late.take() {
            state.make(case, campaign, &mutation);
        }
    }

    pub fn state(&self, campaign: usize) -> EntityState {
        state_of(campaign, self.holds(campaign))
    }
}

impl Holds {
    /// What holds once this is written.
    fn once(self, mutation: &Mutation) -> Self {
        match mutation {
            Mutation::SetDailyBudget { amount, .. } | Mutation::SetTotalBudget { amount, .. } => {
                Self { amount: amount.amount_micros, ..self }
            }
            Mutation::SetCampaignRuns { runs, .. } => Self { runs: *runs, ..self },
            other => {
                // What the account does not carry changes nothing.
                let Mutation::SetFlight { after, .. } = other else { return self };
                Self { ends_at_ms: after.ends_at_ms.map(TimestampMs::millis), ..self }
            }
        }
    }

    /// Whether it may spend more than another state, in any way.
    pub fn may_spend_more_than(self, other: Self) -> bool {
        let end = |holds: Self| holds.ends_at_ms.unwrap_or(i64::MAX);
        self.amount > other.amount || (self.runs && !other.runs) || end(self) > end(other)
    }

    /// Something else, that never held.
    fn otherwise(self) -> Self {
        Self {
            amount: self.amount + 7_000_000,
            ends_at_ms: self.ends_at_ms.map(|end| end + 7 * DAY_MS),
            ..self
        }
    }
}

impl State {
    fn make(&mut self, case: ProposalId, campaign: usize, mutation: &Mutation) {
        let before = self.holds[campaign];
        let after = before.once(mutation);
        if before != after {
            self.before[campaign] = before;
            self.holds[campaign] = after;
            self.seen.push(Seen { case, before, after });
        }
    }

    /// The next quirk, if it is one of such a call.
    fn quirk(&mut self, is_write: bool) -> Option<Quirk> {
        self.calls += 1;
        let fits = |quirk: Quirk| match quirk {
            Quirk::AnswerLost
            | Quirk::RefusedButMade
            | Quirk::Late
            | Quirk::SaysSo
            | Quirk::HangsAfter => is_write,
            Quirk::Stale | Quirk::Lies => !is_write,
            Quirk::Busy | Quirk::Wait(_) | Quirk::NoAnswer | Quirk::HangsBefore => true,
        };
        let next = self.quirks.front().copied().filter(|quirk| fits(*quirk))?;
        self.quirks.pop_front();
        Some(next)
    }
}

fn state_of(campaign: usize, holds: Holds) -> EntityState {
    let period = if campaign == cast::IN_ALL { BudgetPeriod::Total } else { BudgetPeriod::Daily };
    EntityState {
        entity: cast::entity(campaign),
        name: format!("MARKER campaign {campaign}"),
        resource: format!("customers/1234567890/campaigns/{}", 1_000 + campaign),
        budget: BudgetState {
            resource: format!("customers/1234567890/campaignBudgets/{}", 2_000 + campaign),
            shared_by: 1,
            holds: Budget { period, amount: cast::usd(holds.amount) },
            limits: AmountLimits::unknown(cast::usd(0).currency),
        },
        flight: Flight {
            starts_at_ms: Some(TimestampMs::from_millis(cast::T0 - 10 * DAY_MS)),
            ends_at_ms: holds.ends_at_ms.map(TimestampMs::from_millis),
        },
        part: None,
        has_started: true,
        time_zone: "UTC".into(),
        account_name: "simulated".into(),
        status: if holds.runs { CampaignStatus::Enabled } else { CampaignStatus::Paused },
        request_id: None,
    }
}

fn refused<T>(class: ErrorClass) -> Result<T, PlatformError> {
    let code = match class {
        ErrorClass::Ambiguous => "simulated.NO_ANSWER",
        ErrorClass::WaitUntil { .. } => "simulated.QUOTA",
        ErrorClass::Final => "simulated.FINAL",
        _ => "simulated.BUSY",
    };
    Err(PlatformError { class, code: code.into(), message: String::new(), request_id: None })
}

async fn hang<T>() -> T {
    std::future::pending().await
}

#[async_trait]
impl Platform for Account {
    fn capabilities(&self) -> Capabilities {
        Capabilities { validate_only: true, levels: &[Level::Budget, Level::Campaign] }
    }

    async fn list(&self, _: &PlatformId) -> Result<Vec<EntityState>, PlatformError> {
        Ok((0..cast::CAMPAIGNS).map(|campaign| self.state(campaign)).collect())
    }

    async fn read(
        &self,
        entity: &EntityRef,
        _: Option<&Part>,
    ) -> Result<EntityState, PlatformError> {
        let campaign = cast::campaign_of(entity);
        let quirk = self.0.lock().quirk(false);
        let stale = self.0.lock().before[campaign];
        match quirk {
            Some(Quirk::Busy) => refused(ErrorClass::RetryAfterReread),
            Some(Quirk::Wait(delay_ms)) => refused(ErrorClass::WaitUntil { delay_ms }),
            Some(Quirk::NoAnswer) => refused(ErrorClass::Ambiguous),
            Some(Quirk::HangsBefore) => hang().await,
            Some(Quirk::Stale) => Ok(state_of(campaign, stale)),
            Some(Quirk::Lies) => Ok(state_of(campaign, self.holds(campaign).otherwise())),
            _ => Ok(self.state(campaign)),
        }
    }

    async fn read_pacing(&self, _: &EntityState, _: u16) -> Result<Delivery, PlatformError> {
        let asked = DayRange { first: "2026-11-01".into(), last: "2026-11-01".into() };
        Ok(Delivery { asked, days: vec![] })
    }

    async fn validate(&self, _: &AuthorizedWrite) -> Result<CommitAnswer, PlatformError> {
        Ok(CommitAnswer { request_id: None })
    }

    async fn commit(&self, write: &AuthorizedWrite) -> Result<CommitAnswer, PlatformError> {
        let (campaign, mutation) = (cast::campaign_of(write.entity()), write.mutation());
        let quirk = {
            let mut state = self.0.lock();
            let case = state.acting_for.expect("a write comes for a case");
            let quirk = state.quirk(true);
            match quirk {
                None | Some(Quirk::AnswerLost | Quirk::RefusedButMade | Quirk::HangsAfter) => {
                    state.make(case, campaign, mutation);
                }
                Some(Quirk::Late) => state.late = Some((case, campaign, mutation.clone())),
                _ => {}
            }
            quirk
        };
        match quirk {
            Some(Quirk::Busy) => refused(ErrorClass::RetryAfterReread),
            Some(Quirk::Wait(delay_ms)) => refused(ErrorClass::WaitUntil { delay_ms }),
            Some(Quirk::NoAnswer | Quirk::AnswerLost | Quirk::Late) => {
                refused(ErrorClass::Ambiguous)
            }
            Some(Quirk::RefusedButMade) => refused(ErrorClass::Final),
            Some(Quirk::HangsBefore | Quirk::HangsAfter) => hang().await,
            _ => Ok(CommitAnswer { request_id: Some("simulated".into()) }),
        }
    }
}
