//! Set what a campaign may spend over its whole flight. One absolute amount, where a platform has
//! such a budget, instead of a daily amount that is set again and again.

use super::{
    AmountLimits, Asks, BudgetPeriod, BudgetState, CampaignStatus, ChangeError, DiffRow, Direction,
    EntityState, Field, Flight, MAX_NAME_CHARS, MAX_RESOURCE_CHARS, Mutation, SampleError, Spend,
    Value,
    amount::{self, OfAmount},
    kind::{Kind, only, sample_entity},
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

/// Set a campaign's total budget from `before` to `after`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TotalBudgetChange {
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
    /// The flight that the amount is for. What is signed for one flight is not signed for a
    /// longer or a shorter one.
    pub flight: Flight,
    /// The amounts that the platform takes, read together with `before`.
    pub limits: AmountLimits,
    /// The total budget that the platform reported.
    pub before: Money,
    /// The total budget that shall hold.
    pub after: Money,
}

/// An absolute new total budget, with the one the agent believes to hold now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TotalBudgetDraft {
    /// The campaign.
    pub entity: EntityRef,
    /// The total budget that the agent read; refused when the platform says otherwise.
    pub before: Money,
    /// The total budget that shall hold.
    pub after: Money,
}

impl OfAmount for TotalBudgetChange {
    fn amounts(&self) -> (Money, Money) {
        (self.before, self.after)
    }

    fn to(&self, after: Money) -> Self {
        Self { after, ..self.clone() }
    }
}

impl Kind for TotalBudgetChange {
    type Draft = TotalBudgetDraft;

    const OFFER: &'static str = "Drafts another total budget for the whole flight of one campaign.";
    const HAS_WINDOW: bool = false;

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
        Some(Spend { per: BudgetPeriod::Total, before: self.before, after: self.after })
    }

    /// Platforms spend no more than a total budget.
    fn stake(&self) -> Result<Option<Money>, MoneyError> {
        Ok(Some(self.after))
    }

    fn shared_by(&self) -> u32 {
        self.shared_by
    }

    fn diff(&self) -> Vec<DiffRow> {
        let [before, after] = [self.before, self.after].map(Value::Money);
        vec![DiffRow::of(Field::TotalBudget, Some(before), after)]
    }

    fn noun(&self, language: Language) -> &'static str {
        match language {
            Language::En => "a change of the total budget",
            Language::De => "Änderung des Gesamtbudgets",
        }
    }

    fn context(&self, sheet: &mut Sheet) {
        sheet.foreign(Label::Budget, &self.budget_resource);
        sheet.shared(self.shared_by);
        sheet.unless_running(self.status);
        sheet.flight(self.flight);
    }

    fn check(&self) -> Result<(), ChangeError> {
        amount::check(self.limits, self.after, self.status)
    }

    fn mutation(&self) -> Option<Mutation> {
        Some(Mutation::SetTotalBudget {
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
            flight: state.flight,
            after: holds.amount,
            ..self.clone()
        }
    }

    /// Whether the campaign runs, and until when, is not written.
    fn is_held_by(&self, held: &Self) -> bool {
        Self { status: self.status, flight: self.flight, ..held.clone() } == *self
    }

    fn is_unmade_in(&self, held: &Self) -> bool {
        self.began_as(held)
    }

    fn is_covered_by(&self, ceiling: &Self) -> bool {
        self.is_within(ceiling)
    }

    fn inverse(&self) -> Self {
        Self { before: self.after, after: self.before, ..self.clone() }
    }

    fn own_amounts(&self) -> Option<AmountLimits> {
        Some(self.limits)
    }

    fn with_own_value(&self, value: Value) -> Option<Self> {
        self.with_own(&value)
    }

    fn asks(&self) -> Asks {
        Asks { amount: Some(self.limits), days: false, ..Asks::default() }
    }

    fn entities(draft: &TotalBudgetDraft) -> Vec<&EntityRef> {
        vec![&draft.entity]
    }

    fn check_draft(draft: &TotalBudgetDraft) -> Result<(), DraftError> {
        amount::check_draft(draft.before, draft.after)
    }

    fn of_draft(draft: &TotalBudgetDraft, states: &[EntityState]) -> Result<Self, ChangeError> {
        let state = only(states)?;
        let BudgetState { resource, shared_by, limits, .. } = &state.budget;
        state.check(&[resource])?;
        state.budget.check(BudgetPeriod::Total, draft.before, draft.after)?;
        Ok(Self {
            entity: draft.entity.clone(),
            campaign_name: state.name.clone(),
            budget_resource: resource.clone(),
            shared_by: *shared_by,
            status: state.status,
            flight: state.flight,
            limits: *limits,
            before: draft.before,
            after: draft.after,
        })
    }

    fn sample(at: TimestampMs) -> Result<Self, SampleError> {
        let usd = Currency::parse("USD").map_err(|_| SampleError)?;
        let flight = Flight { starts_at_ms: Some(at), ends_at_ms: Some(at.plus_ms(30 * DAY_MS)) };
        Ok(Self {
            entity: sample_entity()?,
            campaign_name: "practice_autumn_launch".into(),
            budget_resource: "customers/1000000001/campaignBudgets/2".into(),
            shared_by: 1,
            status: CampaignStatus::Enabled,
            flight,
            limits: AmountLimits::unknown(usd),
            before: Money::from_micros(6_000_000_000, usd),
            after: Money::from_micros(7_500_000_000, usd),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raise() -> TotalBudgetChange {
        TotalBudgetChange::sample(TimestampMs::from_millis(0)).unwrap()
    }

    fn to(micros: i64) -> TotalBudgetChange {
        let raise = raise();
        TotalBudgetChange { after: Money { amount_micros: micros, ..raise.after }, ..raise }
    }

    #[test]
    fn the_stake_is_the_whole_budget_and_never_more() {
        assert_eq!(raise().stake().unwrap().unwrap().amount_micros, 7_500_000_000);
    }

    #[test]
    fn a_signature_covers_less_of_the_same_rise_for_the_same_flight() {
        let signed = raise();
        assert!(to(6_500_000_000).is_covered_by(&signed));
        assert!(!to(7_500_000_001).is_covered_by(&signed), "more");
        assert!(!to(5_000_000_000).is_covered_by(&signed), "the other way");
        let mut longer = to(6_500_000_000);
        longer.flight.ends_at_ms = None;
        assert!(!longer.is_covered_by(&signed) && !signed.is_unmade_in(&longer));
    }

    #[test]
    fn a_draft_is_about_a_total_budget_and_the_amount_that_holds() {
        let wanted = raise();
        let draft = TotalBudgetDraft {
            entity: wanted.entity.clone(),
            before: wanted.before,
            after: wanted.after,
        };
        let mut state = super::super::kind::sample_state(&wanted.entity, wanted.before);
        let of =
            |state: &EntityState| TotalBudgetChange::of_draft(&draft, std::slice::from_ref(state));
        assert_eq!(of(&state).unwrap_err(), ChangeError::OtherBudget(BudgetPeriod::Daily));
        state.budget.holds.period = BudgetPeriod::Total;
        let change = of(&state).unwrap();
        assert!(change.is_unmade_in(&change.seen_in(&state)));
        state.budget.holds.amount.amount_micros += 10_000;
        assert_eq!(of(&state).unwrap_err(), ChangeError::BeforeMoved(Field::TotalBudget));
    }
}
