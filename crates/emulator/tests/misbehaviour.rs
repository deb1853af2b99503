//! Each fault on demand: what the caller sees, and what was really written.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{BUDGET_AMOUNT, BUDGET_ID, Bench, only_error, set_amount, start, with};

const TARGET: i64 = 350_750_000;

async fn mutate_is_cut(bench: &Bench) -> Duration {
    let started = Instant::now();
    let error = bench.send("campaignBudgets:mutate", &set_amount(TARGET)).await.unwrap_err();
    assert!(error.is_request(), "cut without an answer: {error:?}");
    started.elapsed()
}

#[tokio::test]
async fn timeout_before_commit_cuts_the_connection_and_writes_nothing() {
    let bench = start().await;
    bench.fault(json!({"kind": "timeout_before_commit", "hold_ms": 150})).await;
    // Reads and dry runs pass by: the fault waits for a write.
    assert_eq!(bench.read_amount().await, BUDGET_AMOUNT);
    let dry = with(set_amount(TARGET), json!({"validateOnly": true}));
    assert_eq!(bench.mutate(&dry).await.0, 200);
    assert!(mutate_is_cut(&bench).await >= Duration::from_millis(150));
    assert_eq!(bench.read_amount().await, BUDGET_AMOUNT);
    assert!(bench.changes().await.is_empty());
    assert_eq!(bench.mutate(&set_amount(TARGET)).await.0, 200);
    assert_eq!(bench.changes().await.len(), 1);
}

#[tokio::test]
async fn timeout_after_commit_cuts_the_connection_and_has_written() {
    let bench = start().await;
    bench.fault(json!({"kind": "timeout_after_commit", "hold_ms": 150})).await;
    assert!(mutate_is_cut(&bench).await >= Duration::from_millis(150));
    assert_eq!(bench.read_amount().await, TARGET);
    assert_eq!(bench.changes().await.len(), 1);
    assert_eq!(bench.state().await["faults_waiting"], json!([]));
}

#[tokio::test]
async fn pause_after_commit_shows_the_write_while_the_answer_is_held() {
    let bench = start().await;
    bench.fault(json!({"kind": "pause_after_commit", "hold_ms": 60_000})).await;
    let body = set_amount(TARGET);
    let held = bench.send("campaignBudgets:mutate", &body);
    let watched = async {
        loop {
            let state = bench.state().await;
            if state["holding"] == 1 {
                return state;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // Dropping `held` is what a SIGKILL of the caller looks like from here.
    let state = tokio::select! {
        answer = held => panic!("answered although held: {answer:?}"),
        state = watched => state,
    };
    assert_eq!(state["changes"].as_array().unwrap().len(), 1);
    let gone = Instant::now();
    while bench.state().await["holding"] != 0 {
        assert!(gone.elapsed() < Duration::from_secs(10), "the caller's end was not noticed");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(bench.read_amount().await, TARGET);
    assert_eq!(bench.changes().await.len(), 1);

    bench.fault(json!({"kind": "pause_after_commit", "hold_ms": 20})).await;
    assert_eq!(bench.mutate(&set_amount(BUDGET_AMOUNT)).await.0, 200);
}

#[tokio::test]
async fn quota_names_its_delay() {
    let bench = start().await;
    bench.fault(json!({"kind": "quota", "on": "mutate", "retry_delay_s": 8962})).await;
    let (status, body) = bench.mutate(&set_amount(TARGET)).await;
    assert_eq!(status, 429);
    assert_eq!(body["error"]["status"], "RESOURCE_EXHAUSTED");
    let error = only_error(&body);
    assert_eq!(error["errorCode"], json!({"quotaError": "RESOURCE_EXHAUSTED"}));
    let details = &error["details"]["quotaErrorDetails"];
    assert_eq!(details["retryDelay"], "8962s");
    assert_eq!(details["rateScope"], "ACCOUNT");
    assert!(bench.changes().await.is_empty());
    assert_eq!(bench.mutate(&set_amount(TARGET)).await.0, 200);
}

#[tokio::test]
async fn quota_strikes_any_call_and_a_stream_answers_in_an_array() {
    let bench = start().await;
    bench.fault(json!({"kind": "quota", "count": 2})).await;
    let query = json!({"query": "SELECT campaign.id FROM campaign"});
    let (status, body) = bench.post("googleAds:searchStream", &query).await;
    assert_eq!(status, 429);
    assert_eq!(only_error(&body[0])["details"]["quotaErrorDetails"]["retryDelay"], "60s");
    let dry = with(set_amount(TARGET), json!({"validateOnly": true}));
    assert_eq!(bench.mutate(&dry).await.0, 429);
    assert_eq!(bench.mutate(&dry).await.0, 200);
}

#[tokio::test]
async fn concurrent_modification_writes_nothing() {
    let bench = start().await;
    bench.fault(json!({"kind": "concurrent_modification"})).await;
    let (status, body) = bench.mutate(&set_amount(TARGET)).await;
    assert_eq!(status, 409);
    assert_eq!(only_error(&body)["errorCode"], json!({"databaseError": "CONCURRENT_MODIFICATION"}));
    assert!(bench.changes().await.is_empty());
}

#[tokio::test]
async fn a_foreign_writer_strikes_between_read_and_write() {
    let bench = start().await;
    bench
        .fault(json!({"kind": "foreign_writer", "budget_id": BUDGET_ID, "amount_micros": 200_000_000, "skip": 1}))
        .await;
    // Reads that do not show the amount do not count; the first that does is skipped.
    bench.search("SELECT campaign.id FROM campaign").await;
    assert_eq!(bench.read_amount().await, BUDGET_AMOUNT);
    assert!(bench.changes().await.is_empty());
    assert_eq!(bench.read_amount().await, BUDGET_AMOUNT);
    let changes = bench.changes().await;
    assert_eq!(changes[0]["writer"], "foreign");
    assert_eq!(changes[0]["request_id"], Value::Null);
    assert_eq!(bench.read_amount().await, 200_000_000);
}

#[tokio::test]
async fn a_server_error_may_or_may_not_have_written() {
    let bench = start().await;
    bench.fault(json!({"kind": "server_error_500", "on": "mutate"})).await;
    let (status, body) = bench.mutate(&set_amount(TARGET)).await;
    assert_eq!(status, 500);
    assert_eq!(body["error"]["status"], "INTERNAL");
    assert_eq!(only_error(&body)["errorCode"], json!({"internalError": "INTERNAL_ERROR"}));
    assert!(bench.changes().await.is_empty());
    bench.fault(json!({"kind": "server_error_500", "on": "mutate", "commit": true})).await;
    assert_eq!(bench.mutate(&set_amount(TARGET)).await.0, 500);
    assert_eq!(bench.read_amount().await, TARGET);
}

#[tokio::test]
async fn a_platform_that_lies_about_writes() {
    let bench = start().await;
    bench.fault(json!({"kind": "success_not_applied"})).await;
    assert_eq!(bench.mutate(&set_amount(TARGET)).await.0, 200);
    assert_eq!(bench.read_amount().await, BUDGET_AMOUNT);
    bench.fault(json!({"kind": "validate_only_writes"})).await;
    let dry = with(set_amount(TARGET), json!({"validateOnly": true}));
    let (status, body) = bench.mutate(&dry).await;
    assert_eq!((status.as_u16(), body), (200, json!({})));
    assert_eq!(bench.read_amount().await, TARGET);
}

#[tokio::test]
async fn orders_that_make_no_sense_are_refused_and_waiting_ones_can_be_cleared() {
    let bench = start().await;
    for order in [
        json!({"kind": "earthquake"}),
        json!({"kind": "quota", "colour": "red"}),
        json!({"kind": "foreign_writer", "budget_id": 1, "amount_micros": 1}),
        json!({"kind": "pause_after_commit", "on": "search"}),
    ] {
        let (status, body) = bench.control("faults", &order).await;
        assert_eq!(status, 400, "{order}");
        assert!(body["error"].is_string());
    }
    let unknown = json!({"budget_id": 1, "amount_micros": 1});
    assert_eq!(bench.control("foreign_write", &unknown).await.0, 404);
    bench.fault(json!({"kind": "quota"})).await;
    assert_eq!(bench.state().await["faults_waiting"][0]["kind"], "quota");
    let request =
        bench.client.delete(bench.url("/_control/faults")).bearer_auth(support::CONTROL_TOKEN);
    assert_eq!(request.send().await.unwrap().status(), 204);
    assert_eq!(bench.mutate(&set_amount(TARGET)).await.0, 200);
}

const GROUP: &str = "customers/1234567890/adGroups/4000000001";

fn bid(micros: &str) -> Value {
    json!({"operations": [{
        "update": {"resourceName": GROUP, "cpcBidMicros": micros}, "updateMask": "cpcBidMicros",
    }]})
}

async fn read_bid(bench: &Bench) -> String {
    let query = "SELECT ad_group.cpc_bid_micros FROM ad_group WHERE ad_group.id = 4000000001";
    let (_, body) = bench.search(query).await;
    body["results"][0]["adGroup"]["cpcBidMicros"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_service_can_be_struck_and_one_alone() {
    let bench = start().await;
    bench.fault(json!({"kind": "concurrent_modification", "service": "adGroups"})).await;
    assert_eq!(bench.mutate(&set_amount(TARGET)).await.0, 200);
    assert_eq!(bench.post("adGroups:mutate", &bid("600000")).await.0, 409);
    bench.fault(json!({"kind": "success_not_applied", "service": "adGroups"})).await;
    assert_eq!(bench.post("adGroups:mutate", &bid("600000")).await.0, 200);
    assert_eq!(read_bid(&bench).await, "500000");
}

#[tokio::test]
async fn anybody_writes_anything_and_a_read_may_be_old() {
    let bench = start().await;
    let fault = json!({
        "kind": "foreign_writer", "resource_name": GROUP, "set": {"cpc_bid_micros": 700_000},
    });
    bench.fault(fault).await;
    assert_eq!(read_bid(&bench).await, "500000");
    assert_eq!(read_bid(&bench).await, "700000");
    bench.fault(json!({"kind": "stale_read"})).await;
    assert_eq!(read_bid(&bench).await, "500000");
    assert_eq!(read_bid(&bench).await, "700000");
    let order = json!({
        "resource_name": "customers/1234567890/biddingStrategies/8000000001",
        "set": {"target_roas": {"target_roas": 9.0}},
        "client_type": "GOOGLE_ADS_RECOMMENDATIONS_SUBSCRIPTION",
    });
    assert_eq!(bench.control("foreign_write", &order).await.0, 200);
    assert_eq!(bench.changes().await.len(), 2);
    bench.control("clock", &json!({"advance_s": 180})).await;
    let query = "SELECT change_event.change_resource_name, change_event.old_resource, \
        change_event.campaign FROM change_event WHERE change_event.change_date_time \
        BETWEEN '2026-01-01' AND '2099-01-01' LIMIT 10";
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let recent = today.checked_sub(jiff::Span::new().days(3)).unwrap();
    let (status, body) = bench.search(&query.replace("2026-01-01", &recent.to_string())).await;
    assert_eq!(status, 200, "{body}");
    // A portfolio changes without a trace in change_event.
    assert_eq!(body["results"].as_array().unwrap().len(), 1, "{body}");
    let event = &body["results"][0]["changeEvent"];
    assert_eq!(event["changeResourceName"], GROUP);
    assert_eq!(event["oldResource"], json!({"adGroup": {"cpcBidMicros": "500000"}}));
    assert_eq!(event["campaign"], "customers/1234567890/campaigns/2000000001");
}
