//! A change over several campaigns, over HTTP.

use super::*;
use countersign_model::entry::LegRecord;

/// A transfer of ten a day from the first campaign to the second, with what both hold now.
async fn transfer(bench: &Bench) -> Value {
    let leg = |number: u32| EntityRef {
        campaign_id: PlatformId::parse(&(2_000_000_000 + number).to_string()).unwrap(),
        ..entity()
    };
    let mut legs = vec![];
    for (number, by) in [(1, -10_000_000), (2, 10_000_000)] {
        let state = bench.ads.read(&leg(number), None).await.unwrap();
        let before = state.budget.holds.amount;
        let after = Money { amount_micros: before.amount_micros + by, ..before };
        legs.push(json!([{ "entity": state.entity, "before": before, "after": after }]));
    }
    json!({ "proposal_type": "budget_transfer", "from": legs[0], "to": legs[1] })
}

#[tokio::test]
async fn a_transfer_is_made_leg_by_leg() {
    let bench = start().await;
    let before = bench.api_changes().await;
    let record = bench.draft(transfer(&bench).await).await.unwrap();
    assert_eq!(record.status, ExecutionStatus::Applied);
    assert!(record.legs.len() == 2 && record.legs.iter().all(LegRecord::stands));
    assert_eq!(bench.api_changes().await, before + 2);
    let moved = record.read_back.as_ref().unwrap();
    assert!(moved.is_held_by(moved));
}

#[tokio::test]
async fn a_transfer_whose_second_leg_has_moved_is_taken_back() {
    let bench = start().await;
    let draft = transfer(&bench).await;
    let held = bench.read().await.budget.holds;
    // Somebody else sets the budget that is to receive, right after the look at the whole.
    let foreign = json!({
        "kind": "foreign_writer", "campaign_id": 2_000_000_002_u64, "amount_micros": 77_000_000,
        "skip": 1,
    });
    bench.control("faults", foreign).await;
    let record = bench.draft(draft).await.unwrap();
    assert_eq!(record.status, ExecutionStatus::NotApplied, "{record:?}");
    assert_eq!(
        record.legs.iter().map(|leg| leg.made.status).collect::<Vec<_>>(),
        [ExecutionStatus::Applied, ExecutionStatus::Stale]
    );
    assert!(record.legs.iter().all(|leg| !leg.stands()));
    assert_eq!(bench.read().await.budget.holds, held, "what gave has its amount again");
}
