//! Pause a campaign, or let it run again.

use super::{
    Budget, CampaignStatus, ChangeError, DiffRow, Direction, EntityState, Field, MAX_NAME_CHARS,
    MAX_RESOURCE_CHARS, Mutation, SampleError, Spend, Value, Window,
    kind::{Kind, only, sample_entity},
    window::worst_case,
};
use crate::{
    Currency, EntityRef, Money, TimestampMs, bounded,
    confirm::{Label, Language, Sheet},
    draft::DraftError,
    money::MoneyError,
    text::printable,
};
use serde::{Deserialize, Serialize};

/// Set whether a campaign runs, from `before` to `after`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusChange {
    /// The campaign.
    pub entity: EntityRef,
    /// The campaign's name as the platform gave it when `before` was read, byte for byte.
    #[serde(deserialize_with = "bounded::foreign::<MAX_NAME_CHARS, _>")]
    pub campaign_name: String,
    /// The platform's name of the campaign, which is what is written, e.g.
    /// `customers/1/campaigns/2`.
    #[serde(deserialize_with = "bounded::foreign::<MAX_RESOURCE_CHARS, _>")]
    pub campaign_resource: String,
    /// The platform's name of the budget that it spends from.
    #[serde(deserialize_with = "bounded::foreign::<MAX_RESOURCE_CHARS, _>")]
    pub budget_resource: String,
    /// How many campaigns spend from that budget. Only this one is written.
    pub shared_by: u32,
    /// What it may spend while it runs. Whoever lets it run signs for this amount.
    pub budget: Budget,
    /// The state that the platform reported.
    pub before: CampaignStatus,
    /// The state that shall hold: enabled or paused.
    pub after: CampaignStatus,
    /// When the reason for the change begins and ends; `None` is until further notice.
    pub window: Option<Window>,
}

/// Whether a campaign shall run, with the state that the agent believes to hold now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusDraft {
    /// The campaign.
    pub entity: EntityRef,
    /// The state that the agent read; refused when the platform says otherwise.
    pub before: CampaignStatus,
    /// The state that shall hold.
    pub after: CampaignStatus,
    /// When the reason begins and ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
}

impl Kind for StatusChange {
    type Draft = StatusDraft;

    const OFFER: &'static str = "Drafts that one campaign is paused, or runs again.";

    fn entity(&self) -> &EntityRef {
        &self.entity
    }

    fn subject(&self) -> &str {
        &self.campaign_name
    }

    fn resource(&self) -> &str {
        &self.campaign_resource
    }

    fn status(&self) -> CampaignStatus {
        self.before
    }

    fn direction(&self) -> Direction {
        let [ran, runs] = [self.before, self.after].map(CampaignStatus::may_spend);
        match (ran, runs) {
            (false, true) => Direction::Increase,
            (true, false) => Direction::Decrease,
            (true, true) | (false, false) => Direction::None,
        }
    }

    /// A paused campaign spends nothing, whatever its budget says.
    fn spend(&self) -> Option<Spend> {
        let Budget { period, amount } = self.budget;
        let of = |runs| if runs { amount } else { Money { amount_micros: 0, ..amount } };
        let [before, after] = [self.before, self.after].map(|one| of(one.may_spend()));
        Some(Spend { per: period, before, after })
    }

    fn stake(&self) -> Result<Option<Money>, MoneyError> {
        if self.after.may_spend() {
            worst_case(self.budget, self.window).map(Some)
        } else {
            Ok(None)
        }
    }

    fn window(&self) -> Option<Window> {
        self.window
    }

    fn diff(&self) -> Vec<DiffRow> {
        vec![DiffRow {
            subject: None,
            field: Field::Status,
            before: Some(Value::Status(self.before)),
            after: Value::Status(self.after),
        }]
    }

    fn noun(&self, language: Language) -> &'static str {
        match (self.after.may_spend(), language) {
            (false, Language::En) => "pausing the campaign",
            (true, Language::En) => "running the campaign again",
            (false, Language::De) => "Pausieren einer Kampagne",
            (true, Language::De) => "Start einer Kampagne",
        }
    }

    fn context(&self, sheet: &mut Sheet) {
        sheet.foreign(Label::Budget, &self.budget_resource);
        sheet.shared(self.shared_by);
        sheet.budget(self.budget);
    }

    fn check(&self) -> Result<(), ChangeError> {
        self.before.check()?;
        let fits = self.after.takes_changes() && self.before != self.after;
        if fits { Ok(()) } else { Err(ChangeError::State) }
    }

    fn mutation(&self) -> Option<Mutation> {
        Some(Mutation::SetCampaignRuns {
            resource: self.campaign_resource.clone(),
            runs: self.after.may_spend(),
        })
    }

    fn seen_in(&self, state: &EntityState) -> Self {
        Self {
            entity: state.entity.clone(),
            campaign_resource: printable(&state.resource, MAX_RESOURCE_CHARS),
            budget_resource: printable(&state.budget.resource, MAX_RESOURCE_CHARS),
            shared_by: state.budget.shared_by,
            budget: state.budget.holds,
            after: state.status,
            ..self.clone()
        }
    }

    /// What the campaign may spend is not written, so that another budget does not undo it.
    fn is_held_by(&self, held: &Self) -> bool {
        self.with_budget_of(held) == *held
    }

    /// A campaign that shall run is another one with another budget; to pause it never is.
    fn is_unmade_in(&self, held: &Self) -> bool {
        let unmade = if self.after.may_spend() { self.clone() } else { self.with_budget_of(held) };
        self.before == held.after && Self { after: self.after, ..held.clone() } == unmade
    }

    /// There is no narrower state than the one that was signed.
    fn is_covered_by(&self, ceiling: &Self) -> bool {
        self == ceiling
    }

    fn inverse(&self) -> Self {
        Self { before: self.after, after: self.before, window: None, ..self.clone() }
    }

    fn entities(draft: &StatusDraft) -> Vec<&EntityRef> {
        vec![&draft.entity]
    }

    fn check_draft(draft: &StatusDraft) -> Result<(), DraftError> {
        if draft.before == draft.after {
            return Err(DraftError::NoChange);
        }
        if ![draft.before, draft.after].into_iter().all(CampaignStatus::takes_changes) {
            return Err(DraftError::State);
        }
        draft.window.map_or(Ok(()), Window::check)
    }

    fn of_draft(draft: &StatusDraft, states: &[EntityState]) -> Result<Self, ChangeError> {
        let state = only(states)?;
        state.check(&[&state.resource, &state.budget.resource])?;
        if state.status != draft.before {
            return Err(ChangeError::BeforeMoved(Field::Status));
        }
        Ok(Self {
            entity: draft.entity.clone(),
            campaign_name: state.name.clone(),
            campaign_resource: state.resource.clone(),
            budget_resource: state.budget.resource.clone(),
            shared_by: state.budget.shared_by,
            budget: state.budget.holds,
            before: state.status,
            after: draft.after,
            window: draft.window,
        })
    }

    fn sample(_: TimestampMs) -> Result<Self, SampleError> {
        let usd = Currency::parse("USD").map_err(|_| SampleError)?;
        Ok(Self {
            entity: sample_entity()?,
            campaign_name: "practice_spring_sale".into(),
            campaign_resource: "customers/1000000001/campaigns/1001".into(),
            budget_resource: "customers/1000000001/campaignBudgets/1".into(),
            shared_by: 1,
            budget: Budget::daily(Money::from_micros(200_000_000, usd)),
            before: CampaignStatus::Enabled,
            after: CampaignStatus::Paused,
            window: None,
        })
    }
}

impl StatusChange {
    fn with_budget_of(&self, other: &Self) -> Self {
        Self {
            budget_resource: other.budget_resource.clone(),
            shared_by: other.shared_by,
            budget: other.budget,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause() -> StatusChange {
        StatusChange::sample(TimestampMs::from_millis(0)).unwrap()
    }

    fn with_budget(change: &StatusChange, micros: i64) -> StatusChange {
        let amount = Money { amount_micros: micros, ..change.budget.amount };
        StatusChange { budget: Budget::daily(amount), ..change.clone() }
    }

    #[test]
    fn a_pause_lowers_and_letting_run_raises_what_may_be_spent() {
        let (pause, run) = (pause(), pause().inverse());
        let spend = |change: &StatusChange| {
            let Spend { before, after, .. } = change.spend().unwrap();
            (before.amount_micros, after.amount_micros)
        };
        assert_eq!((pause.direction(), spend(&pause)), (Direction::Decrease, (200_000_000, 0)));
        assert_eq!((run.direction(), spend(&run)), (Direction::Increase, (0, 200_000_000)));
        assert_eq!(pause.stake(), Ok(None));
        assert_eq!(run.stake().unwrap().unwrap().amount_micros, 6_080_000_000);
    }

    #[test]
    fn who_lets_a_campaign_run_signs_for_its_budget_and_who_pauses_it_does_not() {
        let (pause, run) = (pause(), pause().inverse());
        let unmade = |change: &StatusChange, micros| {
            let held = StatusChange { after: change.before, ..with_budget(change, micros) };
            change.is_unmade_in(&held)
        };
        assert!(unmade(&pause, 200_000_000) && unmade(&pause, 300_000_000));
        assert!(unmade(&run, 200_000_000) && !unmade(&run, 300_000_000));
        assert!(run.is_held_by(&with_budget(&run, 300_000_000)), "the budget is not written");
        let ended = StatusChange { after: CampaignStatus::Ended, ..run.clone() };
        assert!(!run.is_held_by(&ended) && !run.is_unmade_in(&ended));
    }

    #[test]
    fn only_running_and_paused_can_be_asked_for() {
        use CampaignStatus::{Enabled, Ended, Paused, Removed, Unknown};
        for after in [Ended, Removed, Unknown, Enabled] {
            let change = StatusChange { after, ..pause() };
            assert_eq!(change.check(), Err(ChangeError::State), "{after:?}");
        }
        for before in [Ended, Removed, Unknown] {
            let change = StatusChange { before, ..pause() };
            assert_eq!(change.check(), Err(ChangeError::Ended), "{before:?}");
        }
        let draft = |before, after| {
            let entity = pause().entity;
            StatusChange::check_draft(&StatusDraft { entity, before, after, window: None })
        };
        assert_eq!(draft(Enabled, Paused), Ok(()));
        assert_eq!(draft(Paused, Paused), Err(DraftError::NoChange));
        assert_eq!(draft(Enabled, Removed), Err(DraftError::State));
    }
}
