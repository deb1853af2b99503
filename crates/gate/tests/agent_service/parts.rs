//! What an agent is told of a campaign's parts is what it can draft from.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_sees_what_it_may_change_and_drafts_from_it() {
    let mut world = World::start().await;
    let owner = world.admit(3, "Omar", "ops", None).await;
    let token = world.add_agent(owner.person).await;
    world.serve().await;
    let (_, listed) = world.call(&token, "list_campaigns", json!({})).await;
    let campaign = &listed["campaigns"][0];
    let get = async |asked: Value| world.call(&token, "get_campaign", asked).await;
    let (failed, told) = get(json!({"campaign": campaign["entity"]})).await;
    assert!(!failed, "{told}");
    assert_eq!(&told["campaign"], campaign, "the same as in the list");
    assert_eq!(told["bidding"]["holds"], json!({"strategy": "manual_cpc"}));
    assert_eq!((&told["read_only"], &told["has_started"]), (&json!(false), &json!(true)));
    let group = &told["ad_groups"]["items"][0];
    assert!(told["ad_groups"].get("next_cursor").is_none(), "{told}");

    // Its bid and its status, as they were told.
    let mut draft = draft_of(campaign);
    let after = json!({"amount_micros": "550000", "currency": "USD"});
    draft["change"] = json!({
        "proposal_type": "bid_change",
        "entity": campaign["entity"],
        "ad_group_id": group["id"],
        "before": {"cpc": group["cpc_bid"]},
        "after": {"cpc": after},
    });
    let (failed, receipt) = world.call(&token, "draft_bid_change", draft.clone()).await;
    assert!(!failed, "{receipt}");
    draft["change"] = json!({
        "proposal_type": "status_change",
        "entity": campaign["entity"],
        "ad_group_id": group["id"],
        "before": group["status"],
        "after": "paused",
    });
    let (failed, receipt) = world.call(&token, "draft_status_change", draft).await;
    assert!(!failed, "{receipt}");

    // What is not there, or is no page, is said with what to do.
    let mut elsewhere = campaign["entity"].clone();
    elsewhere["account_id"] = json!("9");
    let (failed, told) = get(json!({"campaign": elsewhere})).await;
    assert!(failed && told["error"]["code"] == "UNKNOWN", "{told}");
    let odd = json!({"campaign": campaign["entity"], "ad_groups_cursor": "somewhere"});
    let (failed, told) = get(odd).await;
    assert!(failed && told["error"]["message"].as_str().unwrap().contains("next_cursor"), "{told}");
}
