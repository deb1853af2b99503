//! Pause a campaign or one of its ad groups, or let it run again.

use super::{
    Budget, CampaignStatus, ChangeError, DiffRow, Direction, EntityState, Facts, Field,
    MAX_NAME_CHARS, MAX_RESOURCE_CHARS, Mutation, Part, PartKind, PartName, PartState, SampleError,
    Spend, Value, Window,
    kind::{Kind, only, sample_entity},
    window::worst_case,
};
use crate::{
    Currency, EntityRef, Money, TimestampMs, bounded,
    confirm::{Label, Language, Sheet},
    draft::DraftError,
    entity::PlatformId,
    money::MoneyError,
    text::printable,
};
use serde::{Deserialize, Serialize};

/// Set whether a campaign or one of its ad groups runs, from `before` to `after`.
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
    /// The ad group, where it is one that is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad_group: Option<Box<StatusGroup>>,
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

/// An ad group that is paused or runs again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusGroup {
    /// Its id.
    pub id: PlatformId,
    /// Its name as the platform gave it, byte for byte.
    #[serde(deserialize_with = "bounded::foreign::<MAX_NAME_CHARS, _>")]
    pub name: String,
    /// The platform's name of it, which is what is written, e.g. `customers/1/adGroups/2`.
    #[serde(deserialize_with = "bounded::foreign::<MAX_RESOURCE_CHARS, _>")]
    pub resource: String,
    /// Whether its campaign runs, without which it spends nothing.
    pub campaign_status: CampaignStatus,
}

/// Whether a campaign or one of its ad groups shall run, with the state that the agent believes to hold now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusDraft {
    /// The campaign.
    pub entity: EntityRef,
    /// The ad group, where it is not the campaign itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad_group_id: Option<PlatformId>,
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

    const OFFER: &'static str =
        "Drafts that one campaign, or one of its ad groups, is paused or runs again.";

    fn entity(&self) -> &EntityRef {
        &self.entity
    }

    fn part(&self) -> Option<Part> {
        self.ad_group.as_ref().map(|group| Part::AdGroup(group.id.clone()))
    }

    fn draft_part(draft: &StatusDraft) -> Option<Part> {
        draft.ad_group_id.clone().map(Part::AdGroup)
    }

    fn part_name(&self) -> Option<PartName> {
        let named = |name: &str| PartName { kind: PartKind::AdGroup, name: name.into() };
        self.ad_group.as_ref().map(|group| named(&group.name))
    }

    fn subject(&self) -> &str {
        &self.campaign_name
    }

    fn resource(&self) -> &str {
        self.ad_group.as_ref().map_or(&self.campaign_resource, |group| &group.resource)
    }

    fn status(&self) -> CampaignStatus {
        self.ad_group.as_ref().map_or(self.before, |group| group.campaign_status)
    }

    fn direction(&self) -> Direction {
        let [ran, runs] = [self.before, self.after].map(CampaignStatus::may_spend);
        match (ran, runs) {
            (false, true) => Direction::Increase,
            (true, false) => Direction::Decrease,
            (true, true) | (false, false) => Direction::None,
        }
    }

    /// A paused campaign spends nothing, whatever its budget says. An ad group leaves the budget
    /// to the others.
    fn spend(&self) -> Option<Spend> {
        if self.ad_group.is_some() {
            return None;
        }
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

    fn currency(&self) -> Option<Currency> {
        Some(self.budget.amount.currency)
    }

    fn facts(&self) -> Facts {
        Facts { part: self.part_name().map(|part| part.kind), ..Facts::default() }
    }

    fn window(&self) -> Option<Window> {
        self.window
    }

    fn diff(&self) -> Vec<DiffRow> {
        vec![DiffRow::of(
            if self.ad_group.is_some() { Field::AdGroupStatus } else { Field::Status },
            Some(Value::Status(self.before)),
            Value::Status(self.after),
        )]
    }

    fn noun(&self, language: Language) -> &'static str {
        if self.ad_group.is_some() {
            return match (self.after.may_spend(), language) {
                (false, Language::En) => "pausing an ad group",
                (true, Language::En) => "running an ad group again",
                (false, Language::De) => "Pausieren einer Anzeigengruppe",
                (true, Language::De) => "Start einer Anzeigengruppe",
            };
        }
        match (self.after.may_spend(), language) {
            (false, Language::En) => "pausing the campaign",
            (true, Language::En) => "running the campaign again",
            (false, Language::De) => "Pausieren einer Kampagne",
            (true, Language::De) => "Start einer Kampagne",
        }
    }

    fn context(&self, sheet: &mut Sheet) {
        if let Some(group) = &self.ad_group {
            sheet.unless_running(group.campaign_status);
            sheet.foreign(Label::AdGroup, &group.name);
            sheet.foreign(Label::Written, &group.resource);
        }
        sheet.foreign(Label::Budget, &self.budget_resource);
        sheet.shared(self.shared_by);
        sheet.budget(self.budget);
        if self.ad_group.is_some() {
            sheet.budget_bounds();
        }
    }

    fn check(&self) -> Result<(), ChangeError> {
        self.status().check()?;
        if !self.before.takes_changes() {
            return Err(ChangeError::PartEnded("ad group"));
        }
        let fits = self.after.takes_changes() && self.before != self.after;
        if fits { Ok(()) } else { Err(ChangeError::State) }
    }

    fn mutation(&self) -> Option<Mutation> {
        let (resource, runs) = (self.resource().to_owned(), self.after.may_spend());
        Some(match &self.ad_group {
            Some(_) => Mutation::SetAdGroupRuns { resource, runs },
            None => Mutation::SetCampaignRuns { resource, runs },
        })
    }

    /// Without its part the ad group is gone.
    fn seen_in(&self, state: &EntityState) -> Self {
        let found = state.part.as_ref().and_then(PartState::ad_group);
        let ad_group = self.ad_group.as_ref().map(|own| StatusGroup {
            id: found.map_or_else(|| own.id.clone(), |found| found.id.clone()),
            name: own.name.clone(),
            resource: found
                .map_or_else(String::new, |found| printable(&found.resource, MAX_RESOURCE_CHARS)),
            campaign_status: state.status,
        });
        let after = match &self.ad_group {
            Some(_) => found.map_or(CampaignStatus::Removed, |found| found.status),
            None => state.status,
        };
        Self {
            entity: state.entity.clone(),
            campaign_resource: printable(&state.resource, MAX_RESOURCE_CHARS),
            budget_resource: printable(&state.budget.resource, MAX_RESOURCE_CHARS),
            shared_by: state.budget.shared_by,
            budget: state.budget.holds,
            ad_group: ad_group.map(Box::new),
            after,
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
        let found = state.part.as_ref().and_then(PartState::ad_group);
        let (held, field) = match (&draft.ad_group_id, found) {
            (None, _) => (state.status, Field::Status),
            (Some(_), Some(group)) => {
                group.check()?;
                (group.status, Field::AdGroupStatus)
            }
            (Some(_), None) => return Err(ChangeError::NoPart("ad group")),
        };
        if held != draft.before {
            return Err(ChangeError::BeforeMoved(field));
        }
        Ok(Self {
            entity: draft.entity.clone(),
            campaign_name: state.name.clone(),
            campaign_resource: state.resource.clone(),
            budget_resource: state.budget.resource.clone(),
            ad_group: draft.ad_group_id.as_ref().and(found).map(|group| {
                Box::new(StatusGroup {
                    id: group.id.clone(),
                    name: group.name.clone(),
                    resource: group.resource.clone(),
                    campaign_status: state.status,
                })
            }),
            shared_by: state.budget.shared_by,
            budget: state.budget.holds,
            before: held,
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
            ad_group: None,
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
            ad_group: self
                .ad_group
                .as_deref()
                .cloned()
                .map(|group| Box::new(StatusGroup { campaign_status: other.status(), ..group })),
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

    /// Pausing an ad group, and what the platform reports when it is in this state.
    fn group() -> (StatusChange, impl Fn(Option<CampaignStatus>, CampaignStatus) -> EntityState) {
        use crate::change::{AdGroupState, AmountLimits, Bidding, BiddingState};
        let id = PlatformId::parse("4001").unwrap();
        let (name, resource) =
            ("group".to_owned(), "customers/1000000001/adGroups/4001".to_owned());
        let (enabled, own) = (CampaignStatus::Enabled, pause());
        let ad_group = StatusGroup {
            id: id.clone(),
            name: name.clone(),
            resource: resource.clone(),
            campaign_status: enabled,
        };
        let (entity, amount) = (own.entity.clone(), own.budget.amount);
        let state = move |status: Option<CampaignStatus>, campaign| {
            let mut state = super::super::kind::sample_state(&entity, amount);
            let limits = AmountLimits::unknown(amount.currency);
            let nothing = Money { amount_micros: 0, ..amount };
            state.status = campaign;
            state.part = status.map(|status| {
                PartState::AdGroup(AdGroupState {
                    id: id.clone(),
                    name: name.clone(),
                    resource: resource.clone(),
                    status,
                    cpc_bid: nothing,
                    cpm_bid: nothing,
                    bidding: BiddingState { holds: Bidding::ManualCpc {}, shared_by: None, limits },
                })
            });
            state
        };
        (StatusChange { ad_group: Some(Box::new(ad_group)), ..own }, state)
    }

    #[test]
    fn an_ad_group_is_read_written_and_told_as_one() {
        use CampaignStatus::{Enabled, Paused, Removed};
        let (pause, state) = group();
        let run = pause.inverse();
        assert_eq!(
            (pause.direction(), run.direction()),
            (Direction::Decrease, Direction::Increase)
        );
        assert_eq!((pause.spend(), pause.stake()), (None, Ok(None)));
        assert_eq!(run.stake().unwrap().unwrap().amount_micros, 6_080_000_000);
        assert_eq!(pause.diff()[0].field, Field::AdGroupStatus);
        assert_eq!(pause.resource(), "customers/1000000001/adGroups/4001");
        assert_eq!(
            pause.mutation(),
            Some(Mutation::SetAdGroupRuns { resource: pause.resource().into(), runs: false })
        );
        let seen = |change: &StatusChange, group, campaign| change.seen_in(&state(group, campaign));
        assert!(pause.is_unmade_in(&seen(&pause, Some(Enabled), Enabled)));
        assert!(pause.is_unmade_in(&seen(&pause, Some(Enabled), Paused)), "a pause never waits");
        assert!(pause.is_held_by(&seen(&pause, Some(Paused), Paused)));
        assert!(run.is_unmade_in(&seen(&run, Some(Paused), Enabled)));
        assert!(!run.is_unmade_in(&seen(&run, Some(Paused), Paused)), "of a campaign that runs");
        for gone in [Some(Removed), None] {
            let seen = seen(&pause, gone, Enabled);
            assert!(!pause.is_unmade_in(&seen) && !pause.is_held_by(&seen), "{gone:?}");
        }
        assert!(!pause.is_covered_by(&super::tests::pause()), "another level");
    }

    #[test]
    fn a_draft_about_an_ad_group_is_about_the_state_of_that() {
        use CampaignStatus::{Enabled, Paused, Removed};
        let (pause, state) = group();
        let ad_group_id = pause.ad_group.as_ref().map(|group| group.id.clone());
        let draft = StatusDraft {
            entity: pause.entity.clone(),
            ad_group_id,
            before: Enabled,
            after: Paused,
            window: None,
        };
        let of = |group| StatusChange::of_draft(&draft, &[state(group, Enabled)]);
        assert_eq!(of(Some(Enabled)).unwrap().resource(), pause.resource());
        assert_eq!(of(Some(Paused)), Err(ChangeError::BeforeMoved(Field::AdGroupStatus)));
        assert_eq!(of(Some(Removed)), Err(ChangeError::PartEnded("ad group")));
        assert_eq!(of(None), Err(ChangeError::NoPart("ad group")));
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
            let ad_group_id = None;
            StatusChange::check_draft(&StatusDraft {
                entity,
                ad_group_id,
                before,
                after,
                window: None,
            })
        };
        assert_eq!(draft(Enabled, Paused), Ok(()));
        assert_eq!(draft(Paused, Paused), Err(DraftError::NoChange));
        assert_eq!(draft(Enabled, Removed), Err(DraftError::State));
    }
}
