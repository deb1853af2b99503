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
    let usd = |micros| Money { amount_micros: micros, currency: Currency::parse("USD").unwrap() };
    for (number, holds, shared_by) in [
        (1, Bidding::ManualCpc {}, None),
        (3, Bidding::MaximizeConversions { target_cpa: Some(usd(12_000_000)) }, None),
        (4, Bidding::MaximizeConversionValue { target_roas: Some(BasisPoints::new(35_000)) }, None),
        (5, Bidding::TargetRoas { target_roas: BasisPoints::new(30_000) }, Some(2)),
        (7, Bidding::MaximizeClicks { max_cpc: Some(usd(2_000_000)) }, None),
    ] {
        let Some(PartState::Bidding(bidding)) = read(number, Part::Bidding).await else {
            panic!("campaign {number} bids somehow")
        };
        assert_eq!((bidding.holds, bidding.shared_by), (holds, shared_by), "{number}");
        assert_eq!(bidding.limits.unit, usd(10_000));
    }
    let Some(PartState::AdGroup(group)) = read(1, ad_group(1)).await else {
        panic!("the campaign has this ad group")
    };
    assert_eq!((group.cpc_bid, group.cpm_bid), (usd(500_000), usd(0)));
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
