//! Set a campaign's average daily budget.

use super::{
    AmountLimits, Asks, Budget, BudgetPeriod, BudgetState, CampaignStatus, ChangeError, DiffRow,
    Direction, EntityState, Field, MAX_NAME_CHARS, MAX_RESOURCE_CHARS, Mutation, SampleError,
    Spend, Value, Window,
    amount::{self, OfAmount},
    kind::{Kind, only, sample_entity},
    window::worst_case,
};
use crate::{
    Currency, EntityRef, Money, TimestampMs, bounded,
    confirm::{Label, Language, Sheet},
    draft::DraftError,
    money::MoneyError,
    text::printable,
    time::DAY_MS,
};
use serde::{Deserialize, Serialize};

/// Set a campaign's average daily budget from `before` to `after`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetChange {
    /// The campaign.
    pub entity: EntityRef,
    /// The campaign's name as the platform gave it when `before` was read, byte for byte.
    #[serde(deserialize_with = "bounded::foreign::<MAX_NAME_CHARS, _>")]
    pub campaign_name: String,
    /// The platform's name of the budget that is written, e.g. `customers/1/campaignBudgets/2`.
    #[serde(deserialize_with = "bounded::foreign::<MAX_RESOURCE_CHARS, _>")]
    pub budget_resource: String,
    /// How many campaigns spend from this budget; one write moves them all.
    pub shared_by: u32,
    /// Whether the campaign runs. What is signed for a running campaign is not signed for one
    /// that was stopped since.
    pub status: CampaignStatus,
    /// The amounts that the platform takes, read together with `before`.
    pub limits: AmountLimits,
    /// The daily budget that the platform reported.
    pub before: Money,
    /// The daily budget that shall hold.
    pub after: Money,
    /// When the reason for the change begins and ends; `None` is until further notice.
    /// The end is information for the approver: going back is a proposal of its own.
    pub window: Option<Window>,
}

/// An absolute new daily budget, with the one the agent believes to hold now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetDraft {
    /// The campaign.
    pub entity: EntityRef,
    /// The daily budget that the agent read; refused when the platform says otherwise.
    pub before: Money,
    /// The daily budget that shall hold.
    pub after: Money,
    /// When the reason begins and ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
}

impl OfAmount for BudgetChange {
    fn amounts(&self) -> (Money, Money) {
        (self.before, self.after)
    }

    fn to(&self, after: Money) -> Self {
        Self { after, ..self.clone() }
    }
}

impl Kind for BudgetChange {
    type Draft = BudgetDraft;

    const OFFER: &'static str = "Drafts another daily budget for one campaign.";

    fn entity(&self) -> &EntityRef {
        &self.entity
    }

    fn subject(&self) -> &str {
        &self.campaign_name
    }

    fn resource(&self) -> &str {
        &self.budget_resource
    }

    fn status(&self) -> CampaignStatus {
        self.status
    }

    fn direction(&self) -> Direction {
        self.way()
    }

    fn spend(&self) -> Option<Spend> {
        Some(Spend { per: BudgetPeriod::Daily, before: self.before, after: self.after })
    }

    fn stake(&self) -> Result<Option<Money>, MoneyError> {
        worst_case(Budget::daily(self.after), self.window).map(Some)
    }

    fn forecast(&self) -> Option<Money> {
        Some(self.after)
    }

    fn shared_by(&self) -> u32 {
        self.shared_by
    }

    fn window(&self) -> Option<Window> {
        self.window
    }

    fn diff(&self) -> Vec<DiffRow> {
        let [before, after] = [self.before, self.after].map(Value::Money);
        vec![DiffRow::of(Field::DailyBudget, Some(before), after)]
    }

    fn noun(&self, language: Language) -> &'static str {
        match language {
            Language::En => "a budget change",
            Language::De => "Budgetänderung",
        }
    }

    fn context(&self, sheet: &mut Sheet) {
        sheet.foreign(Label::Budget, &self.budget_resource);
        sheet.shared(self.shared_by);
        sheet.unless_running(self.status);
    }

    fn check(&self) -> Result<(), ChangeError> {
        amount::check(self.limits, self.after, self.status)
    }

    fn mutation(&self) -> Option<Mutation> {
        Some(Mutation::SetDailyBudget {
            resource: self.budget_resource.clone(),
            amount: self.after,
        })
    }

    fn seen_in(&self, state: &EntityState) -> Self {
        let BudgetState { resource, shared_by, holds, .. } = &state.budget;
        Self {
            entity: state.entity.clone(),
            budget_resource: printable(resource, MAX_RESOURCE_CHARS),
            shared_by: *shared_by,
            status: state.status,
            after: holds.amount,
            ..self.clone()
        }
    }

    /// Whether the campaign runs is not written, so that somebody who pauses it meanwhile has
    /// not undone the write.
    fn is_held_by(&self, held: &Self) -> bool {
        Self { status: self.status, ..held.clone() } == *self
    }

    fn is_unmade_in(&self, held: &Self) -> bool {
        self.began_as(held)
    }

    fn is_covered_by(&self, ceiling: &Self) -> bool {
        self.is_within(ceiling)
    }

    fn inverse(&self) -> Self {
        Self { before: self.after, after: self.before, window: None, ..self.clone() }
    }

    fn own_amounts(&self) -> Option<AmountLimits> {
        Some(self.limits)
    }

    fn with_own_value(&self, value: Value) -> Option<Self> {
        self.with_own(&value)
    }

    fn asks(&self) -> Asks {
        Asks { amount: Some(self.limits), days: true, ..Asks::default() }
    }

    fn entities(draft: &BudgetDraft) -> Vec<&EntityRef> {
        vec![&draft.entity]
    }

    fn check_draft(draft: &BudgetDraft) -> Result<(), DraftError> {
        amount::check_draft(draft.before, draft.after)?;
        draft.window.map_or(Ok(()), Window::check)
    }

    fn of_draft(draft: &BudgetDraft, states: &[EntityState]) -> Result<Self, ChangeError> {
        let state = only(states)?;
        let BudgetState { resource, shared_by, limits, .. } = &state.budget;
        state.check(&[resource])?;
        state.budget.check(BudgetPeriod::Daily, draft.before, draft.after)?;
        Ok(Self {
            entity: draft.entity.clone(),
            campaign_name: state.name.clone(),
            budget_resource: resource.clone(),
            shared_by: *shared_by,
            status: state.status,
            limits: *limits,
            before: draft.before,
            after: draft.after,
            window: draft.window,
        })
    }

    fn sample(at: TimestampMs) -> Result<Self, SampleError> {
        let usd = Currency::parse("USD").map_err(|_| SampleError)?;
        Ok(Self {
            entity: sample_entity()?,
            campaign_name: "practice_spring_sale".into(),
            budget_resource: "customers/1000000001/campaignBudgets/1".into(),
            shared_by: 1,
            status: CampaignStatus::Enabled,
            limits: AmountLimits::unknown(usd),
            before: Money::from_micros(200_000_000, usd),
            after: Money::from_micros(240_000_000, usd),
            window: Some(Window { starts_at_ms: at, ends_at_ms: at.plus_ms(7 * DAY_MS) }),
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{
        change::Action,
        entity::{PlatformId, PlatformKind},
    };
    use proptest::prelude::*;

    pub(crate) fn budget(before: i64, after: i64) -> Action {
        let usd = Currency::parse("USD").unwrap();
        Action::BudgetChange(BudgetChange {
            entity: EntityRef {
                platform: PlatformKind::GoogleAds,
                account_id: PlatformId::parse("1234567890").unwrap(),
                campaign_id: PlatformId::parse("1001").unwrap(),
            },
            campaign_name: "flash_sale_burst".into(),
            budget_resource: "customers/1234567890/campaignBudgets/2001".into(),
            shared_by: 1,
            status: CampaignStatus::Enabled,
            limits: AmountLimits::unknown(usd),
            before: Money::from_micros(before, usd),
            after: Money::from_micros(after, usd),
            window: Some(Window {
                starts_at_ms: TimestampMs::from_millis(0),
                ends_at_ms: TimestampMs::from_millis(3 * DAY_MS),
            }),
        })
    }

    #[test]
    fn an_approval_is_a_ceiling() {
        let ceiling = budget(100, 125);
        assert!(budget(100, 115).is_covered_by(&ceiling));
        assert!(budget(100, 125).is_covered_by(&ceiling));
        assert!(!budget(100, 126).is_covered_by(&ceiling), "wider");
        assert!(!budget(100, 95).is_covered_by(&ceiling), "opposite");
        assert!(!budget(100, 100).is_covered_by(&ceiling), "nothing is not a raise");
        assert!(!budget(101, 115).is_covered_by(&ceiling), "another before");
        assert!(budget(100, 90).is_covered_by(&budget(100, 80)));
        assert!(!budget(100, 70).is_covered_by(&budget(100, 80)));
    }

    #[test]
    fn a_pause_does_not_undo_a_write_and_is_another_state_before_it() {
        let authorized = budget(100, 125);
        let with = |after, status| {
            let Action::BudgetChange(change) = budget(100, after) else { unreachable!() };
            Action::BudgetChange(BudgetChange { status, ..change })
        };
        let (enabled, paused) = (CampaignStatus::Enabled, CampaignStatus::Paused);
        assert!(authorized.is_held_by(&with(125, enabled)));
        assert!(authorized.is_held_by(&with(125, paused)));
        assert!(!authorized.is_held_by(&with(124, enabled)));
        assert!(authorized.is_unmade_in(&with(100, enabled)));
        assert!(!authorized.is_unmade_in(&with(100, paused)));
        assert!(!authorized.is_unmade_in(&with(125, enabled)));
    }

    #[test]
    fn worst_case_is_bounded_by_window_and_month() {
        let Action::BudgetChange(change) = budget(100_000_000, 125_000_000) else { unreachable!() };
        let stake = |change: &BudgetChange| change.stake().unwrap().unwrap().amount_micros;
        assert_eq!(stake(&change), 750_000_000);
        assert_eq!(stake(&BudgetChange { window: None, ..change }), 3_800_000_000);
    }

    proptest! {
        #[test]
        fn covering_is_transitive(before in 1i64..1000, a in 1i64..1000, b in 1i64..1000, c in 1i64..1000) {
            let (a, b, c) = (budget(before, a), budget(before, b), budget(before, c));
            prop_assert!(a.is_covered_by(&a));
            if a.is_covered_by(&b) && b.is_covered_by(&c) {
                prop_assert!(a.is_covered_by(&c));
            }
        }
    }
}
