//! Move daily budget from campaigns to other campaigns: one decision over several budgets,
//! which balances. What gives is lowered before what takes is raised, so that at no moment more
//! may be spent than before.

use super::{
    Action, AmountLimits, Asks, Budget, BudgetChange, BudgetDraft, CampaignStatus, ChangeError,
    DiffRow, Direction, EntityState, Facts, Field, Mutation, SampleError, Spend, Value, Window,
    amount::{self, OfAmount},
    kind::{Kind, sample_entity},
    side::Side,
    window::worst_case,
};
use crate::{
    Currency, EntityRef, Money, TimestampMs,
    confirm::{Language, Sheet},
    draft::DraftError,
    entity::PlatformId,
    money::MoneyError,
    time::{DAY_MS, DAYS_OF_A_WEEK},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Lower some daily budgets and raise others by as much. Each side is in one currency; where both
/// are in the same, the sums are equal. Amounts of two currencies are never netted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetTransfer {
    /// The budgets that are lowered, in the order in which they are written. Their own windows
    /// are empty.
    pub from: Side<BudgetChange>,
    /// The budgets that are raised, likewise. The first one leads: the case is listed under
    /// its campaign.
    pub to: Side<BudgetChange>,
    /// When the reason for the transfer begins and ends.
    pub window: Option<Window>,
}

/// One campaign's part of a drafted transfer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegDraft {
    /// The campaign.
    pub entity: EntityRef,
    /// The daily budget that the agent read; refused when the platform says otherwise.
    pub before: Money,
    /// The daily budget that shall hold.
    pub after: Money,
}

/// The budgets to lower and to raise, each with the amount that the agent believes to hold now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferDraft {
    /// What is lowered.
    pub from: Side<LegDraft>,
    /// What is raised; the first one leads.
    pub to: Side<LegDraft>,
    /// When the reason begins and ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
}

/// What the budgets of one side come to, all of one currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Sum {
    before: Money,
    after: Money,
}

impl Sum {
    /// The sums.
    ///
    /// # Errors
    /// [`MoneyError`]: two currencies, or more than can be counted.
    fn of(amounts: impl IntoIterator<Item = (Money, Money)>) -> Result<Self, MoneyError> {
        let mut amounts = amounts.into_iter();
        let (before, after) = amounts.next().ok_or(MoneyError::Range)?;
        amounts.try_fold(Self { before, after }, |sum, (before, after)| {
            Ok(Self { before: sum.before.plus(before)?, after: sum.after.plus(after)? })
        })
    }

    /// By how much it rises or falls.
    fn moved(self) -> Result<Money, MoneyError> {
        let moved = self.after.minus(self.before)?;
        let amount_micros = moved.amount_micros.checked_abs().ok_or(MoneyError::Range)?;
        Ok(Money { amount_micros, ..moved })
    }

    /// Whether what is taken from `self` is what is given to `to`, where that can be compared.
    fn balances(self, to: Self) -> bool {
        self.before.currency != to.before.currency || self.moved() == to.moved()
    }
}

fn amounts(side: &Side<BudgetChange>) -> impl Iterator<Item = (Money, Money)> {
    side.iter().map(OfAmount::amounts)
}

fn drafted(side: &Side<LegDraft>) -> impl Iterator<Item = (Money, Money)> {
    side.iter().map(|leg| (leg.before, leg.after))
}

/// Whether every amount of a side goes that way.
fn all_go(way: Direction, amounts: impl Iterator<Item = (Money, Money)>) -> bool {
    amounts.into_iter().all(|(before, after)| amount::direction(before, after) == way)
}

impl BudgetTransfer {
    /// What each campaign that receives may then spend on a day, in micros.
    fn raised(&self) -> BTreeMap<String, i64> {
        let mut raised = BTreeMap::new();
        for leg in self.to.iter() {
            let most = raised.entry(leg.entity.campaign_id.to_string()).or_default();
            *most = leg.after.amount_micros.max(*most);
        }
        raised
    }

    fn each(&self) -> impl Iterator<Item = &BudgetChange> {
        self.from.iter().chain(self.to.iter())
    }

    /// What is moved on a day; `None` for absurd amounts, which every check refuses.
    fn moved(&self) -> Option<Money> {
        Sum::of(amounts(&self.to)).and_then(Sum::moved).ok()
    }

    /// Both sides with another one in place of each leg.
    fn map(&self, leg: impl Fn(&BudgetChange) -> BudgetChange) -> Self {
        Self { from: self.from.map(&leg), to: self.to.map(&leg), window: self.window }
    }

    /// Whether something holds of each leg and its counterpart, and all else is the same.
    fn each_with(
        &self,
        other: &Self,
        holds: impl Fn(&BudgetChange, &BudgetChange) -> bool,
    ) -> bool {
        let alike = self.from.len() == other.from.len() && self.to.len() == other.to.len();
        let mut pairs = self.each().zip(other.each());
        alike && self.window == other.window && pairs.all(|(own, other)| holds(own, other))
    }
}

impl Kind for BudgetTransfer {
    type Draft = TransferDraft;

    const OFFER: &'static str =
        "Drafts moving daily budget from campaigns to others, as one decision that balances.";

    fn entity(&self) -> &EntityRef {
        &self.to.first().entity
    }

    fn subject(&self) -> &str {
        &self.to.first().campaign_name
    }

    fn resource(&self) -> &str {
        &self.to.first().budget_resource
    }

    /// Of the campaigns that are to spend more, the first that does not run says so.
    fn status(&self) -> CampaignStatus {
        let stands = self.to.iter().map(|leg| leg.status).find(|status| !status.may_spend());
        stands.unwrap_or(CampaignStatus::Enabled)
    }

    /// Somewhere more may be spent, so that it waits while work is stopped.
    fn direction(&self) -> Direction {
        Direction::Increase
    }

    /// In all as much may be spent as before; what is moved is a fact of its own.
    fn spend(&self) -> Option<Spend> {
        None
    }

    fn currency(&self) -> Option<Currency> {
        Some(self.to.first().after.currency)
    }

    /// What the raised campaigns can cost.
    fn stake(&self) -> Result<Option<Money>, MoneyError> {
        let Sum { after, .. } = Sum::of(amounts(&self.to))?;
        worst_case(Budget::daily(after), self.window).map(Some)
    }

    fn forecast(&self) -> Option<Money> {
        Some(self.to.first().after)
    }

    fn shared_by(&self) -> u32 {
        self.each().map(|leg| leg.shared_by).max().unwrap_or(1)
    }

    fn window(&self) -> Option<Window> {
        self.window
    }

    fn facts(&self) -> Facts {
        let [from, to] = [&self.from, &self.to].map(|side| Sum::of(amounts(side)).ok());
        let moved = self.moved().map(|moved| moved.amount_micros.saturating_mul(DAYS_OF_A_WEEK));
        Facts {
            transfer_weekly_micros: moved.or(Some(i64::MAX)),
            transfer_share_percent: from
                .and_then(|sum| amount::share_percent(sum.before, sum.after)),
            transfer_crosses_currencies: from
                .zip(to)
                .is_some_and(|(from, to)| from.before.currency != to.before.currency),
            raised_campaigns_micros: self.raised(),
            ..Facts::default()
        }
    }

    fn legs(&self) -> Vec<Action> {
        self.each().cloned().map(Action::BudgetChange).collect()
    }

    fn with_legs(&self, legs: Vec<Action>) -> Option<Self> {
        let legs: Option<Vec<_>> = legs
            .into_iter()
            .map(|leg| match leg {
                Action::BudgetChange(leg) => Some(leg),
                _ => None,
            })
            .collect();
        let mut from = legs?;
        let to = (from.len() == self.from.len() + self.to.len())
            .then(|| from.split_off(self.from.len()))?;
        Some(Self { from: Side::of(from)?, to: Side::of(to)?, window: self.window })
    }

    fn diff(&self) -> Vec<DiffRow> {
        let zero = self.to.first().after;
        let moved = self.moved().unwrap_or(Money { amount_micros: i64::MAX, ..zero });
        let whole = DiffRow::of(Field::Moved, None, Value::Money(moved));
        let leg = |leg: &BudgetChange| DiffRow {
            subject: Some(leg.campaign_name.clone()),
            field: Field::DailyBudget,
            before: Some(Value::Money(leg.before)),
            after: Value::Money(leg.after),
        };
        std::iter::once(whole).chain(self.each().map(leg)).collect()
    }

    fn noun(&self, language: Language) -> &'static str {
        match language {
            Language::En => "a budget transfer",
            Language::De => "Budgetumschichtung",
        }
    }

    fn context(&self, _: &mut Sheet) {}

    fn check(&self) -> Result<(), ChangeError> {
        self.each().try_for_each(Kind::check)?;
        let resources: BTreeSet<_> = self
            .each()
            .map(|leg| (leg.entity.platform, &leg.entity.account_id, &leg.budget_resource))
            .collect();
        if resources.len() != self.from.len() + self.to.len() {
            return Err(ChangeError::SameBudget);
        }
        let sums = [&self.from, &self.to].map(|side| Sum::of(amounts(side)));
        let [Ok(from), Ok(to)] = sums else { return Err(ChangeError::Unbalanced) };
        let ways = all_go(Direction::Decrease, amounts(&self.from))
            && all_go(Direction::Increase, amounts(&self.to))
            && self.each().all(|leg| leg.window.is_none());
        if ways && from.balances(to) { Ok(()) } else { Err(ChangeError::Unbalanced) }
    }

    fn mutation(&self) -> Option<Mutation> {
        None
    }

    fn seen_in(&self, state: &EntityState) -> Self {
        self.map(|leg| if leg.entity == state.entity { leg.seen_in(state) } else { leg.clone() })
    }

    fn is_held_by(&self, held: &Self) -> bool {
        self.each_with(held, Kind::is_held_by)
    }

    fn is_unmade_in(&self, held: &Self) -> bool {
        self.each_with(held, Kind::is_unmade_in)
    }

    /// Every part goes the same way and no further, and what is left still balances.
    fn is_covered_by(&self, ceiling: &Self) -> bool {
        self.each_with(ceiling, Kind::is_covered_by) && self.check().is_ok()
    }

    /// What was raised is lowered first.
    fn inverse(&self) -> Self {
        Self { from: self.to.map(Kind::inverse), to: self.from.map(Kind::inverse), window: None }
    }

    /// Between two campaigns a person may move less.
    fn own_amounts(&self) -> Option<AmountLimits> {
        let pair = self.from.len() == 1 && self.to.len() == 1;
        let (from, to) = (self.from.first(), self.to.first());
        let unit = from.limits.unit;
        (pair && from.limits.unit == to.limits.unit).then_some(AmountLimits { unit, min: unit })
    }

    fn with_own_value(&self, value: Value) -> Option<Self> {
        let moved = value.money()?;
        self.own_amounts()?;
        let (from, to) = (self.from.first(), self.to.first());
        let after = |before: Money, micros: i64| {
            let amount_micros = before.amount_micros.checked_add(micros)?;
            (before.currency == moved.currency).then_some(Money { amount_micros, ..before })
        };
        let lowered = after(from.before, moved.amount_micros.checked_neg()?)?;
        let raised = after(to.before, moved.amount_micros)?;
        Some(Self {
            from: Side::one(from.to(lowered)),
            to: Side::one(to.to(raised)),
            window: self.window,
        })
    }

    fn asks(&self) -> Asks {
        Asks { amount: self.own_amounts(), days: true, ..Asks::default() }
    }

    fn entities(draft: &TransferDraft) -> Vec<&EntityRef> {
        draft.to.iter().chain(draft.from.iter()).map(|leg| &leg.entity).collect()
    }

    fn check_draft(draft: &TransferDraft) -> Result<(), DraftError> {
        for leg in draft.from.iter().chain(draft.to.iter()) {
            amount::check_draft(leg.before, leg.after)?;
        }
        let entities: BTreeSet<_> = Self::entities(draft).into_iter().collect();
        if entities.len() != draft.from.len() + draft.to.len() {
            return Err(DraftError::Twice);
        }
        if !all_go(Direction::Decrease, drafted(&draft.from)) {
            return Err(DraftError::Side { name: "from", way: "lower" });
        }
        if !all_go(Direction::Increase, drafted(&draft.to)) {
            return Err(DraftError::Side { name: "to", way: "raise" });
        }
        let side = |side| Sum::of(drafted(side)).map_err(|_| DraftError::SideCurrency);
        let (from, to) = (side(&draft.from)?, side(&draft.to)?);
        if !from.balances(to) {
            return Err(DraftError::Unbalanced);
        }
        draft.window.map_or(Ok(()), Window::check)
    }

    fn of_draft(draft: &TransferDraft, states: &[EntityState]) -> Result<Self, ChangeError> {
        let leg = |leg: &LegDraft| {
            let state = states.iter().find(|state| state.entity == leg.entity);
            let state = std::slice::from_ref(state.ok_or(ChangeError::NotRead)?);
            let LegDraft { entity, before, after } = leg.clone();
            BudgetChange::of_draft(&BudgetDraft { entity, before, after, window: None }, state)
        };
        let (from, to) = (draft.from.try_map(leg)?, draft.to.try_map(leg)?);
        Ok(Self { from, to, window: draft.window })
    }

    fn sample(at: TimestampMs) -> Result<Self, SampleError> {
        let usd = Currency::parse("USD").map_err(|_| SampleError)?;
        let leg = |campaign: &str, name: &str, before, after| {
            Ok(BudgetChange {
                entity: EntityRef {
                    campaign_id: PlatformId::parse(campaign).map_err(|_| SampleError)?,
                    ..sample_entity()?
                },
                campaign_name: name.into(),
                budget_resource: format!("customers/1000000001/campaignBudgets/{campaign}"),
                shared_by: 1,
                status: CampaignStatus::Enabled,
                limits: AmountLimits::unknown(usd),
                before: Money::from_micros(before, usd),
                after: Money::from_micros(after, usd),
                window: None,
            })
        };
        Ok(Self {
            from: Side::one(leg("1002", "practice_brand_search", 120_000_000, 90_000_000)?),
            to: Side::one(leg("1001", "practice_spring_sale", 200_000_000, 230_000_000)?),
            window: Some(Window { starts_at_ms: at, ends_at_ms: at.plus_ms(7 * DAY_MS) }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transfer(from: &[(i64, i64)], to: &[(i64, i64)]) -> BudgetTransfer {
        let sample = BudgetTransfer::sample(TimestampMs::from_millis(0)).unwrap();
        let side = |side: &Side<BudgetChange>, first: usize, amounts: &[(i64, i64)]| {
            let legs = amounts.iter().enumerate().map(|(at, (before, after))| {
                let leg = side.first();
                let campaign = format!("{}", first + at);
                let money = |micros| Money { amount_micros: micros, ..leg.after };
                BudgetChange {
                    entity: EntityRef {
                        campaign_id: PlatformId::parse(&campaign).unwrap(),
                        ..leg.entity.clone()
                    },
                    budget_resource: format!("customers/1/campaignBudgets/{campaign}"),
                    before: money(*before),
                    after: money(*after),
                    ..leg.clone()
                }
            });
            Side::of(legs.collect()).unwrap()
        };
        BudgetTransfer {
            from: side(&sample.from, 1, from),
            to: side(&sample.to, 11, to),
            window: sample.window,
        }
    }

    fn ten() -> BudgetTransfer {
        transfer(&[(100, 90), (60, 40)], &[(50, 80)])
    }

    #[test]
    fn both_sides_come_to_the_same() {
        assert_eq!(ten().check(), Ok(()));
        for (from, to) in [
            (&[(100, 90)][..], &[(50, 61)][..]),
            (&[(100, 110)], &[(50, 60)]),
            (&[(100, 90)], &[(50, 40)]),
            (&[(100, 90), (60, 60)], &[(50, 60)]),
        ] {
            let transfer = transfer(from, to);
            assert_eq!(transfer.check(), Err(ChangeError::Unbalanced), "{from:?} {to:?}");
        }
    }

    #[test]
    fn amounts_of_two_currencies_are_never_netted() {
        let eur = Currency::parse("EUR").unwrap();
        let mut across = transfer(&[(100, 90)], &[(50, 61)]);
        let in_euros = |leg: &BudgetChange| BudgetChange {
            limits: AmountLimits::unknown(eur),
            before: Money { currency: eur, ..leg.before },
            after: Money { currency: eur, ..leg.after },
            ..leg.clone()
        };
        across.from = across.from.map(in_euros);
        assert_eq!(across.check(), Ok(()));
        assert!(across.facts().transfer_crosses_currencies);
        assert_eq!(across.stake().unwrap().unwrap().currency, across.to.first().after.currency);
        let mut mixed = ten();
        let (first, second) = (mixed.from.first().clone(), in_euros(mixed.from.first()));
        let second =
            BudgetChange { budget_resource: "customers/1/campaignBudgets/9".into(), ..second };
        mixed.from = Side::of(vec![first, second]).unwrap();
        assert_eq!(mixed.check(), Err(ChangeError::Unbalanced));
    }

    #[test]
    fn one_budget_takes_part_once() {
        let mut transfer = ten();
        let same = transfer.from.first().budget_resource.clone();
        transfer.to =
            transfer.to.map(|leg| BudgetChange { budget_resource: same.clone(), ..leg.clone() });
        assert_eq!(transfer.check(), Err(ChangeError::SameBudget));
    }

    #[test]
    fn an_approval_covers_less_of_each_and_only_what_balances() {
        let ceiling = transfer(&[(100, 80)], &[(50, 70)]);
        assert!(transfer(&[(100, 90)], &[(50, 60)]).is_covered_by(&ceiling));
        assert!(!transfer(&[(100, 79)], &[(50, 71)]).is_covered_by(&ceiling), "wider");
        assert!(!transfer(&[(100, 90)], &[(50, 70)]).is_covered_by(&ceiling), "unbalanced");
        assert!(!transfer(&[(101, 91)], &[(50, 60)]).is_covered_by(&ceiling), "another before");
        assert!(!ten().is_covered_by(&ceiling), "other campaigns");
        let own = ceiling
            .with_own_value(Value::Money(Money { amount_micros: 10, ..ceiling.to.first().after }));
        assert_eq!(own, Some(transfer(&[(100, 90)], &[(50, 60)])));
        assert_eq!(ten().own_amounts(), None, "there is no one amount of it");
    }

    #[test]
    fn rules_see_each_campaign_that_receives_and_what_it_then_has() {
        let raised = |transfer: &BudgetTransfer| {
            transfer.facts().raised_campaigns_micros.into_iter().collect::<Vec<_>>()
        };
        let mut two = transfer(&[(100, 70)], &[(50, 65), (20, 35)]);
        assert_eq!(raised(&two), [("11".to_owned(), 65), ("12".to_owned(), 35)]);
        // Two accounts may have campaigns of one id.
        let id = two.to.first().entity.campaign_id.clone();
        two.to = two.to.map(|leg| BudgetChange {
            entity: EntityRef { campaign_id: id.clone(), ..leg.entity.clone() },
            ..leg.clone()
        });
        assert_eq!(raised(&two), [("11".to_owned(), 65)]);
    }

    #[test]
    fn rules_see_what_a_week_of_it_moves() {
        let facts = ten().facts();
        assert_eq!(facts.transfer_weekly_micros, Some(7 * 30));
        // 30 of 160, in percent, rounded up.
        assert_eq!(facts.transfer_share_percent.map(crate::Ratio::millionths), Some(18_750_000));
    }

    #[test]
    fn a_draft_says_what_is_wrong_with_it() {
        let leg = |leg: &BudgetChange| LegDraft {
            entity: leg.entity.clone(),
            before: leg.before,
            after: leg.after,
        };
        let draft = |transfer: &BudgetTransfer| TransferDraft {
            from: transfer.from.map(leg),
            to: transfer.to.map(leg),
            window: None,
        };
        let check = |from: &[(i64, i64)], to: &[(i64, i64)]| {
            BudgetTransfer::check_draft(&draft(&transfer(from, to)))
        };
        assert_eq!(check(&[(100, 90)], &[(50, 60)]), Ok(()));
        assert_eq!(check(&[(100, 90)], &[(50, 61)]), Err(DraftError::Unbalanced));
        let from = DraftError::Side { name: "from", way: "lower" };
        assert_eq!(check(&[(100, 110)], &[(50, 60)]), Err(from));
        let to = DraftError::Side { name: "to", way: "raise" };
        assert_eq!(check(&[(100, 90)], &[(50, 40)]), Err(to));
        let mut twice = draft(&ten());
        let same = twice.from.first().entity.clone();
        twice.to = twice.to.map(|leg| LegDraft { entity: same.clone(), ..leg.clone() });
        assert_eq!(BudgetTransfer::check_draft(&twice), Err(DraftError::Twice));
    }
}
