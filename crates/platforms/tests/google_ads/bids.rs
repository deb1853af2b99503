//! What campaigns and ad groups bid.

use super::*;
use countersign_model::Currency;
use countersign_model::change::{BasisPoints, Bidding, Part, PartState};

fn id(text: &str) -> PlatformId {
    PlatformId::parse(text).unwrap()
}

fn campaign(number: u32) -> EntityRef {
    EntityRef { campaign_id: id(&(2_000_000_000_u32 + number).to_string()), ..entity() }
}

/// The ad group of the campaign of this number.
fn ad_group(number: u32) -> Part {
    Part::AdGroup(id(&format!("400000000{number}")))
}

#[tokio::test]
async fn a_part_is_read_with_its_campaign_and_only_when_it_is_asked_for() {
    let bench = start().await;
    let read = async |number, part| {
        let state = bench.ads.read(&campaign(number), Some(&part)).await.unwrap();
        state.part
    };
    let money = |micros| Money { amount_micros: micros, currency: Currency::parse("USD").unwrap() };
    for (number, holds, shared_by) in [
        (1, Bidding::ManualCpc {}, None),
        (3, Bidding::MaximizeConversions { target_cpa: Some(money(12_000_000)) }, None),
        (4, Bidding::MaximizeConversionValue { target_roas: Some(BasisPoints::new(35_000)) }, None),
        (5, Bidding::TargetRoas { target_roas: BasisPoints::new(30_000) }, Some(2)),
        (7, Bidding::MaximizeClicks { max_cpc: Some(money(2_000_000)) }, None),
    ] {
        let Some(PartState::Bidding(bidding)) = read(number, Part::Bidding).await else {
            panic!("campaign {number} bids somehow")
        };
        assert_eq!((bidding.holds, bidding.shared_by), (holds, shared_by), "{number}");
        assert_eq!(bidding.limits.unit, money(10_000));
    }
    let Some(PartState::AdGroup(group)) = read(1, ad_group(1)).await else {
        panic!("the campaign has this ad group")
    };
    assert_eq!((group.cpc_bid, group.cpm_bid), (money(500_000), money(0)));
    assert_eq!(group.resource, "customers/1234567890/adGroups/4000000001");
    assert_eq!(
        (group.status, group.bidding.holds),
        (CampaignStatus::Enabled, Bidding::ManualCpc {})
    );

    // Another campaign's, none at all, and what is no id of Google's.
    for part in [ad_group(2), Part::AdGroup(id("9")), Part::AdGroup(id("1'OR'1'='1"))] {
        assert_eq!(read(1, part.clone()).await, None, "{part:?}");
    }
    assert_eq!(bench.read().await.part, None);
}

#[tokio::test]
async fn a_campaigns_parts_are_told_page_by_page_without_what_was_removed() {
    let bench = start().await;
    let state = bench.ads.read(&campaign(1), None).await.unwrap();
    let read = async |after: Option<&str>| {
        let after = PartsAfter { ad_group: after.map(id) };
        bench.ads.read_parts(&state, &after).await
    };
    let all = read(None).await.unwrap();
    assert_eq!(all.bidding.unwrap().holds, Bidding::ManualCpc {});
    let [group] = &all.ad_groups[..] else { panic!("{:?}", all.ad_groups) };
    assert_eq!((group.id.as_str(), group.cpc_bid.amount_micros), ("4000000001", 500_000));
    assert!(!all.has_more_ad_groups);
    assert_eq!(read(Some("4000000000")).await.unwrap().ad_groups, all.ad_groups);
    assert_eq!(read(Some("4000000001")).await.unwrap().ad_groups, []);
    let odd = read(Some("1)OR(1=1")).await.unwrap_err();
    assert_eq!((odd.class, odd.code.as_str()), (ErrorClass::Final, "gate.NO_SUCH_PAGE"));
    let name = "customers/1234567890/adGroups/4000000001";
    let removed = json!({"resource_name": name, "set": {"status": "REMOVED"}});
    bench.control("foreign_write", removed).await;
    assert_eq!(read(None).await.unwrap().ad_groups, []);
}

/// A draft about how a campaign bids, or about the bid of its ad group.
fn bid(number: u32, is_ad_group: bool, before: &Value, after: &Value) -> Value {
    let mut draft = json!({
        "proposal_type": "bid_change", "entity": campaign(number), "before": before, "after": after,
    });
    if is_ad_group {
        draft["ad_group_id"] = format!("400000000{number}").into();
    }
    draft
}

fn usd(micros: i64) -> Value {
    json!({ "amount_micros": micros.to_string(), "currency": "USD" })
}

fn cpc(micros: i64) -> Value {
    json!({ "cpc": usd(micros) })
}

fn conversions(target_cpa: Option<i64>) -> Value {
    let mut bidding = json!({ "strategy": "maximize_conversions" });
    if let Some(micros) = target_cpa {
        bidding["target_cpa"] = usd(micros);
    }
    json!({ "bidding": bidding })
}

impl Bench {
    /// What the emulated account holds of a resource.
    async fn resource(&self, name: &str) -> Value {
        let state = self.state().await;
        let changes = state["changes"].as_array().unwrap();
        let of = |change: &&Value| change["resource_name"] == *name;
        changes.iter().rfind(of).map(|change| change["new"].clone()).unwrap_or_default()
    }

    async fn foreign(&self, name: &str, set: Value) {
        self.control("foreign_write", json!({ "resource_name": name, "set": set })).await;
    }
}

const GROUP: &str = "customers/1234567890/adGroups/4000000001";
const CAMPAIGN: &str = "customers/1234567890/campaigns/2000000001";

#[tokio::test]
async fn a_bid_a_target_and_a_strategy_are_written_as_one_field_each() {
    let bench = start().await;
    let manual = json!({ "bidding": { "strategy": "manual_cpc" } });
    let value = |points: u32| json!({ "bidding": { "strategy": "maximize_conversion_value", "target_roas": points } });
    let clicks =
        |micros| json!({ "bidding": { "strategy": "maximize_clicks", "max_cpc": usd(micros) } });
    let target = json!({ "bidding": { "strategy": "target_cpa", "target_cpa": usd(9_000_000) } });
    let steps = [
        (1, true, cpc(500_000), cpc(600_000)),
        (3, false, conversions(Some(12_000_000)), conversions(Some(15_000_000))),
        (3, false, conversions(Some(15_000_000)), conversions(None)),
        (3, false, conversions(None), conversions(Some(14_000_000))),
        (4, false, value(35_000), value(28_750)),
        (7, false, clicks(2_000_000), clicks(1_500_000)),
        (1, false, manual.clone(), conversions(None)),
        (1, false, conversions(None), value(40_000)),
        (1, false, value(40_000), clicks(1_000_000)),
        (1, false, clicks(1_000_000), target.clone()),
        (1, false, target, manual),
    ];
    for (number, is_ad_group, before, after) in &steps {
        let record = bench.draft(bid(*number, *is_ad_group, before, after)).await.unwrap();
        assert_eq!(record.status, ExecutionStatus::Applied, "{after}: {record:?}");
        assert_eq!(
            serde_json::to_value(record.read_back.unwrap()).unwrap()["after"],
            *after,
            "what is read back is what was asked for"
        );
    }
    assert_eq!(bench.api_changes().await, steps.len());
}

#[tokio::test]
async fn a_cpm_bid_is_the_ad_groups_where_impressions_are_bid_for() {
    let bench = start().await;
    bench.foreign(CAMPAIGN, json!({ "manual_cpc": null, "manual_cpm": {} })).await;
    bench.foreign(GROUP, json!({ "cpm_bid_micros": 3_000_000 })).await;
    let cpm = |micros| json!({ "cpm": usd(micros) });
    let record = bench.draft(bid(1, true, &cpm(3_000_000), &cpm(3_500_000))).await.unwrap();
    assert_eq!(record.status, ExecutionStatus::Applied, "{record:?}");
    let refused = bench.draft(bid(1, true, &cpc(500_000), &cpc(600_000))).await.unwrap_err();
    assert!(matches!(refused, ChangeError::NoEffect(_)), "{refused}");
}

#[tokio::test]
async fn a_bid_that_would_move_others_or_nothing_is_refused_at_the_door() {
    let bench = start().await;
    let roas =
        |points: u32| json!({ "bidding": { "strategy": "target_roas", "target_roas": points } });
    let shared = bench.draft(bid(5, false, &roas(30_000), &roas(28_000))).await;
    assert_eq!(shared.unwrap_err(), ChangeError::SharedStrategy(2));
    let idle = bench.draft(bid(3, true, &cpc(600_000), &cpc(700_000))).await.unwrap_err();
    assert!(matches!(idle, ChangeError::NoEffect(_)), "{idle}");
    let mut foreign = bid(1, true, &cpc(550_000), &cpc(600_000));
    foreign["ad_group_id"] = "4000000002".into();
    assert_eq!(bench.draft(foreign).await.unwrap_err(), ChangeError::NoPart("ad group"));
    let moved = bench.draft(bid(1, true, &cpc(490_000), &cpc(600_000))).await.unwrap_err();
    assert!(matches!(moved, ChangeError::BeforeMoved(_)), "{moved}");
    let odd = bench.draft(bid(1, true, &cpc(500_000), &cpc(600_001))).await.unwrap_err();
    assert!(matches!(odd, ChangeError::Amount(_)), "{odd}");
    assert_eq!(bench.api_changes().await, 0);

    // What only Google knows is said by Google, beforehand.
    let record = bench.draft(bid(1, true, &cpc(500_000), &cpc(20_000_000_000))).await.unwrap();
    let code = "biddingError.BID_TOO_BIG";
    assert_eq!((record.status, record.code.as_deref()), (ExecutionStatus::NotApplied, Some(code)));
    assert_eq!(bench.api_changes().await, 0);
}

#[tokio::test]
async fn a_bid_is_stale_when_somebody_moved_it_its_strategy_or_its_ad_group() {
    for (name, set) in [
        (GROUP, json!({ "cpc_bid_micros": 510_000 })),
        (GROUP, json!({ "status": "PAUSED" })),
        (GROUP, json!({ "status": "REMOVED" })),
        (CAMPAIGN, json!({ "manual_cpc": null, "target_spend": {} })),
        (
            CAMPAIGN,
            json!({
                "manual_cpc": null,
                "bidding_strategy": "customers/1234567890/biddingStrategies/8000000001",
            }),
        ),
    ] {
        let bench = start().await;
        let draft: DraftChange =
            serde_json::from_value(bid(1, true, &cpc(500_000), &cpc(600_000))).unwrap();
        let state = bench.ads.read(draft.entities()[0], draft.part().as_ref()).await.unwrap();
        let change = draft.of_states(std::slice::from_ref(&state)).unwrap();
        bench.foreign(name, set.clone()).await;
        let record = bench.make(change).await;
        assert_eq!(record.status, ExecutionStatus::Stale, "{set}");
        assert_eq!(bench.api_changes().await, 0);
    }
}

#[tokio::test]
async fn a_bid_whose_answer_is_lost_is_applied_once() {
    for fault in ["timeout_before_commit", "timeout_after_commit"] {
        let bench = start().await;
        bench.control("faults", json!({ "kind": fault, "hold_ms": 1_500 })).await;
        let record = bench.draft(bid(1, true, &cpc(500_000), &cpc(600_000))).await.unwrap();
        assert_eq!(record.status, ExecutionStatus::Applied, "{fault}: {record:?}");
        assert_eq!(bench.api_changes().await, 1, "{fault}");
        assert_eq!(bench.resource(GROUP).await["cpc_bid_micros"], 600_000);
    }
}

#[tokio::test]
async fn an_ad_group_is_paused_and_runs_again_and_its_campaign_is_not_written() {
    let bench = start().await;
    let draft = |before: &str, after: &str| {
        json!({
            "proposal_type": "status_change", "entity": entity(), "ad_group_id": "4000000001",
            "before": before, "after": after,
        })
    };
    for (before, after, held) in [("enabled", "paused", "PAUSED"), ("paused", "enabled", "ENABLED")]
    {
        let record = bench.draft(draft(before, after)).await.unwrap();
        assert_eq!(record.status, ExecutionStatus::Applied, "{record:?}");
        assert_eq!(bench.resource(GROUP).await["status"], held);
        assert_eq!(bench.read().await.status, CampaignStatus::Enabled);
    }
    let moved = bench.draft(draft("paused", "enabled")).await.unwrap_err();
    assert!(matches!(moved, ChangeError::BeforeMoved(_)), "{moved}");
    let mut foreign = draft("enabled", "paused");
    foreign["ad_group_id"] = "4000000002".into();
    assert_eq!(bench.draft(foreign).await.unwrap_err(), ChangeError::NoPart("ad group"));
    assert_eq!(bench.api_changes().await, 2);
}
