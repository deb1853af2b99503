//! Which way a bid moves, what a signature under it covers, and what is read of it.

use super::*;
use crate::change::{BasisPoints, BiddingState, Strategy, kind::sample_state};
use proptest::prelude::*;

fn usd(micros: i64) -> Money {
    Money::from_micros(micros, Currency::parse("USD").unwrap())
}

fn raise() -> BidChange {
    BidChange::sample(TimestampMs::from_millis(0)).unwrap()
}

fn cpa(micros: Option<i64>) -> Bid {
    Bid::Bidding(Bidding::MaximizeConversions { target_cpa: micros.map(usd) })
}

fn roas(points: Option<u32>) -> Bid {
    let target_roas = points.map(BasisPoints::new);
    Bid::Bidding(Bidding::MaximizeConversionValue { target_roas })
}

/// A change of how the campaign bids.
fn bidding(before: Bid, after: Bid) -> BidChange {
    BidChange { ad_group: None, before, after, ..raise() }
}

/// What the platform reports when the campaign bids so.
fn state(change: &BidChange, holds: Bid) -> EntityState {
    let mut state = sample_state(&change.entity, change.budget.amount);
    let of = |holds| BiddingState { holds, shared_by: None, limits: change.limits };
    state.part = Some(match (holds, &change.ad_group) {
        (Bid::Bidding(bidding), _) => PartState::Bidding(of(bidding)),
        (Bid::Cpc(amount) | Bid::Cpm(amount), group) => {
            let group = group.as_ref().unwrap();
            PartState::AdGroup(AdGroupState {
                id: group.id.clone(),
                name: group.name.clone(),
                resource: group.resource.clone(),
                status: group.status,
                cpc_bid: amount,
                cpm_bid: usd(0),
                bidding: of(group.bidding),
            })
        }
    });
    state
}

fn group_in(state: &mut EntityState) -> &mut AdGroupState {
    let Some(PartState::AdGroup(group)) = &mut state.part else { unreachable!() };
    group
}

fn manual(change: &BidChange) -> BiddingState {
    BiddingState { holds: Bidding::ManualCpc {}, shared_by: None, limits: change.limits }
}

#[test]
fn a_higher_bid_a_higher_target_cost_and_a_lower_target_return_put_more_at_risk() {
    use Direction::{Decrease, Increase};
    let manual = Bid::Bidding(Bidding::ManualCpc {});
    for (before, after, way) in [
        (Bid::Cpc(usd(5)), Bid::Cpc(usd(6)), Increase),
        (Bid::Cpm(usd(6)), Bid::Cpm(usd(5)), Decrease),
        (cpa(Some(5)), cpa(Some(6)), Increase),
        (cpa(Some(6)), cpa(Some(5)), Decrease),
        (cpa(Some(6)), cpa(None), Increase),
        (cpa(None), cpa(Some(6)), Decrease),
        (roas(Some(35_000)), roas(Some(30_000)), Increase),
        (roas(Some(30_000)), roas(Some(35_000)), Decrease),
        (roas(Some(30_000)), roas(None), Increase),
        (manual, cpa(Some(5)), Increase),
        (cpa(Some(5)), manual, Increase),
    ] {
        let change = bidding(before, after);
        assert_eq!(change.direction(), way, "{before:?} {after:?}");
        // What cannot cost more than before costs nothing; what can is bounded by the budget.
        let stake = change.stake().unwrap().map(|money| money.amount_micros);
        assert_eq!(stake, (way == Increase).then_some(6_080_000_000));
        assert_eq!(change.spend(), None);
    }
}

#[test]
fn a_signature_is_a_ceiling_of_one_strategy_and_exact_for_another() {
    let covers = |ceiling: Bid, own: Bid, before: Bid| {
        bidding(before, own).is_covered_by(&bidding(before, ceiling))
    };
    let now = cpa(Some(100));
    assert!(covers(cpa(Some(150)), cpa(Some(120)), now));
    assert!(!covers(cpa(Some(150)), cpa(Some(151)), now), "more");
    assert!(!covers(cpa(Some(150)), cpa(Some(90)), now), "the other way");
    assert!(covers(cpa(None), cpa(Some(150)), now), "a bound is less than none");
    assert!(!covers(cpa(Some(150)), cpa(None), now));
    assert!(covers(roas(Some(30_000)), roas(Some(32_000)), roas(Some(35_000))));
    assert!(!covers(roas(Some(30_000)), roas(Some(29_999)), roas(Some(35_000))));
    let manual = Bid::Bidding(Bidding::ManualCpc {});
    assert!(covers(cpa(Some(150)), cpa(Some(150)), manual));
    assert!(!covers(cpa(Some(150)), cpa(Some(120)), manual), "another strategy is exact");
    assert!(!covers(cpa(Some(150)), roas(Some(30_000)), manual));
    let mut other = raise();
    other.ad_group.as_mut().unwrap().id = PlatformId::parse("4002").unwrap();
    assert!(!other.is_covered_by(&raise()), "another ad group");
}

proptest! {
    #[test]
    fn covering_is_transitive(before in 1i64..50, a in 0i64..50, b in 0i64..50, c in 0i64..50) {
        // Zero stands for no bound.
        let to = |micros: i64| bidding(cpa(Some(before)), cpa((micros > 0).then_some(micros)));
        let (a, b, c) = (to(a), to(b), to(c));
        prop_assert!(a.is_covered_by(&a));
        if a.is_covered_by(&b) && b.is_covered_by(&c) {
            prop_assert!(a.is_covered_by(&c));
        }
    }
}

#[test]
fn a_person_may_set_a_smaller_amount_of_the_same_strategy_only() {
    let own = |change: &BidChange| change.with_own_value(Value::Money(usd(550_000)));
    let smaller = own(&raise()).unwrap();
    assert_eq!(smaller.after, Bid::Cpc(usd(550_000)));
    assert!(smaller.is_covered_by(&raise()));
    let target = bidding(cpa(Some(500_000)), cpa(Some(600_000)));
    assert_eq!(own(&target).unwrap().after, cpa(Some(550_000)));
    let manual = Bid::Bidding(Bidding::ManualCpc {});
    for change in [
        bidding(cpa(Some(500_000)), cpa(None)),
        bidding(roas(Some(35_000)), roas(Some(30_000))),
        bidding(manual, cpa(Some(600_000))),
    ] {
        assert_eq!((own(&change), change.own_amounts()), (None, None), "{:?}", change.after);
    }
}

#[test]
fn a_move_is_told_by_its_field_and_a_switch_by_its_strategy_first() {
    let told = |before: Bid, after: Bid| -> Vec<String> {
        let rows = bidding(before, after).diff();
        let say = |value: &Value| format!("{value:?}").chars().take_while(|c| *c != '(').collect();
        let of = |row: &DiffRow| -> (Field, String, String) {
            (row.field, row.before.as_ref().map_or_else(String::new, say), say(&row.after))
        };
        rows.iter().map(of).map(|(field, from, to)| format!("{field:?} {from} {to}")).collect()
    };
    let manual = Bid::Bidding(Bidding::ManualCpc {});
    let target = Bid::Bidding(Bidding::TargetCpa { target_cpa: usd(7) });
    assert_eq!(told(cpa(Some(5)), cpa(None)), ["TargetCpa Money Unset"]);
    assert_eq!(told(manual, cpa(None)), ["Strategy Strategy Strategy"]);
    assert_eq!(told(manual, cpa(Some(5))), ["Strategy Strategy Strategy", "TargetCpa Unset Money"]);
    assert_eq!(told(cpa(Some(5)), target), ["Strategy Strategy Strategy", "TargetCpa Money Money"]);
    assert_eq!(
        told(target, roas(Some(35_000))),
        ["Strategy Strategy Strategy", "TargetCpa Money Unset", "TargetRoas Unset Return"]
    );
}

#[test]
fn rules_hear_of_the_field_the_percentage_and_the_strategies() {
    let facts = raise().facts();
    assert_eq!(facts.bid_delta_percent, Some(crate::Ratio::from_millionths(20_000_000)), "20 %");
    assert_eq!(facts.bid_field, Some(Field::CpcBid));
    assert_eq!(facts.strategy_before, Some(Strategy::ManualCpc));
    let lower = bidding(roas(Some(35_000)), roas(Some(30_000))).facts();
    let percent = lower.bid_delta_percent.unwrap();
    assert_eq!(percent.millionths(), -14_290_000, "-14.29 %, away from zero");
    let switch = bidding(Bid::Bidding(Bidding::ManualCpc {}), cpa(Some(5))).facts();
    assert_eq!((switch.bid_delta_percent, switch.bid_field), (None, Some(Field::Strategy)));
    assert_eq!(switch.strategy_after, Some(Strategy::MaximizeConversions));
    assert_eq!(bidding(cpa(Some(5)), cpa(None)).facts().bid_delta_percent, None);
}

#[test]
fn what_is_read_is_what_was_signed_for_or_another_state() {
    let own = raise();
    let held = |bid| own.seen_in(&state(&own, bid));
    assert!(own.is_unmade_in(&held(own.before)) && own.is_held_by(&held(own.after)));
    assert!(!own.is_unmade_in(&held(Bid::Cpc(usd(510_000)))));

    // With another way to bid the ad group's bid has another effect, or none; so has one that
    // the campaign shares.
    for bidding in [
        BiddingState { holds: Bidding::MaximizeClicks { max_cpc: None }, ..manual(&own) },
        BiddingState { shared_by: Some(2), ..manual(&own) },
    ] {
        let mut other = state(&own, own.before);
        group_in(&mut other).bidding = bidding;
        assert!(!own.is_unmade_in(&own.seen_in(&other)));
    }

    // An ad group that is gone is neither.
    for status in [Some(CampaignStatus::Removed), None] {
        let mut gone = state(&own, own.before);
        match (&mut gone.part, status) {
            (Some(PartState::AdGroup(group)), Some(status)) => group.status = status,
            (part, _) => *part = None,
        }
        let seen = own.seen_in(&gone);
        assert!(!own.is_unmade_in(&seen) && !own.is_held_by(&seen), "{status:?}");
    }

    // A pause does not undo a write and is another state before it; a new name is neither.
    let seen = |bid, status| {
        let mut state = state(&own, bid);
        let group = group_in(&mut state);
        (group.status, group.name) = (status, "renamed".into());
        own.seen_in(&state)
    };
    let (enabled, paused) = (CampaignStatus::Enabled, CampaignStatus::Paused);
    assert!(own.is_held_by(&seen(own.after, paused)));
    assert!(own.is_unmade_in(&seen(own.before, enabled)));
    assert!(!own.is_unmade_in(&seen(own.before, paused)));
}

#[test]
fn who_lets_more_be_bid_signs_for_the_budget_and_who_bids_less_does_not() {
    let (up, down) = (raise(), raise().inverse());
    let unmade = |change: &BidChange| {
        let mut state = state(change, change.before);
        state.budget.holds.amount.amount_micros += 1_000_000;
        change.is_unmade_in(&change.seen_in(&state))
    };
    assert!(!unmade(&up) && unmade(&down));
    let mut held = up.seen_in(&state(&up, up.after));
    held.budget.amount.amount_micros += 1_000_000;
    assert!(up.is_held_by(&held), "the budget is not written");
}

fn draft(before: Bid, after: Bid, ad_group: bool) -> BidDraft {
    let own = raise();
    let ad_group_id = own.ad_group.filter(|_| ad_group).map(|group| group.id);
    BidDraft { entity: own.entity, ad_group_id, before, after, window: None }
}

#[test]
fn a_draft_names_what_it_bids_for() {
    let check = |before, after, ad_group| BidChange::check_draft(&draft(before, after, ad_group));
    let (low, high) = (Bid::Cpc(usd(5)), Bid::Cpc(usd(6)));
    assert_eq!(check(low, high, true), Ok(()));
    assert_eq!(check(low, high, false), Err(DraftError::Bid));
    assert_eq!(check(cpa(Some(5)), cpa(Some(6)), true), Err(DraftError::Bid));
    assert_eq!(check(low, Bid::Cpm(usd(6)), true), Err(DraftError::Bid));
    assert_eq!(check(low, low, true), Err(DraftError::NoChange));
    assert_eq!(check(low, Bid::Cpc(usd(-6)), true), Err(DraftError::Negative));
    let eur = Money::from_micros(6, Currency::parse("EUR").unwrap());
    assert_eq!(check(low, Bid::Cpc(eur), true), Err(DraftError::Currency));
    let other = Bid::Bidding(Bidding::Other {});
    assert_eq!(check(cpa(None), other, false), Err(DraftError::Strategy));
    assert_eq!(check(other, cpa(None), false), Err(DraftError::Strategy));
    assert_eq!(check(roas(None), roas(Some(99)), false), Err(DraftError::Strategy));
    assert_eq!(check(roas(None), roas(Some(100)), false), Ok(()));
}

#[test]
fn a_draft_is_refused_with_the_reason_and_what_to_do() {
    let own = raise();
    let wanted = draft(own.before, own.after, true);
    let good = state(&own, own.before);
    assert_eq!(BidChange::of_draft(&wanted, std::slice::from_ref(&good)).unwrap().after, own.after);
    let refused = |wanted: &BidDraft, change: &dyn Fn(&mut AdGroupState)| {
        let mut state = good.clone();
        change(group_in(&mut state));
        let made = BidChange::of_draft(wanted, std::slice::from_ref(&state));
        crate::causes::in_full(&made.and_then(|made| made.check().map(|()| made)).unwrap_err())
    };
    for (words, change) in [
        (
            "the platform's CPC bid differs from `before`",
            &(|group: &mut AdGroupState| group.cpc_bid = usd(1)) as &dyn Fn(&mut AdGroupState),
        ),
        ("the ad group was removed, so that no change of it means anything", &|group| {
            group.status = CampaignStatus::Removed
        }),
        (
            "the campaign bids by maximize clicks, and with that the ad group's bid has no effect",
            &|group| group.bidding.holds = Bidding::MaximizeClicks { max_cpc: None },
        ),
        (
            "the campaign bids by a strategy that 2 campaigns share, and a change of it would move them all; it is made at the platform, or the campaign gets a strategy of its own there first",
            &|group| group.bidding.shared_by = Some(2),
        ),
        (
            "the platform would not accept it: USD 0.60 is not a multiple of USD 0.07, the smallest step that the platform accepts",
            &|group| group.bidding.limits = AmountLimits { unit: usd(70_000), min: usd(70_000) },
        ),
    ] {
        assert_eq!(refused(&wanted, change), words);
    }
    let mut none = good.clone();
    none.part = None;
    let asked = crate::change::DraftChange::BidChange(wanted);
    let error = asked.of_states(std::slice::from_ref(&none)).unwrap_err();
    assert_eq!(
        crate::causes::in_full(&error),
        "the campaign has no such ad group; name one that it has"
    );
}
