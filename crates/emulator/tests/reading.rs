//! Reading the account over HTTP: search, searchStream, GAQL errors, the simulated series.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod support;

use countersign_emulator::account::{TIME_ZONE, ZONE};
use serde_json::{Value, json};
use support::{BUDGET, CONTROL_TOKEN, CUSTOMER, json_of, only_error, start, start_with};

const BEFORE: &str = "SELECT campaign.resource_name, campaign.status, campaign.start_date_time, \
    campaign.end_date_time, campaign_budget.resource_name, campaign_budget.amount_micros, \
    campaign_budget.total_amount_micros, campaign_budget.period, \
    campaign_budget.explicitly_shared, campaign_budget.reference_count \
    FROM campaign WHERE campaign.id = 2000000001";

#[tokio::test]
async fn a_campaign_and_its_budget_are_read_as_google_writes_them() {
    let bench = start().await;
    let (status, body) = bench.search(BEFORE).await;
    assert_eq!(status, 200);
    let expected = json!({
        "results": [{
            "campaign": {
                "resourceName": "customers/1234567890/campaigns/2000000001",
                "status": "ENABLED",
                "startDateTime": "2026-07-22 00:00:00",
            },
            "campaignBudget": {
                "resourceName": BUDGET,
                "amountMicros": "305000000",
                "period": "DAILY",
                "referenceCount": "1",
            }
        }],
        "fieldMask": "campaign.resourceName,campaign.status,campaign.startDateTime,\
            campaign.endDateTime,campaignBudget.resourceName,campaignBudget.amountMicros,\
            campaignBudget.totalAmountMicros,campaignBudget.period,\
            campaignBudget.explicitlyShared,campaignBudget.referenceCount",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn the_stream_is_an_array_of_chunks_with_the_request_id() {
    let bench = start().await;
    let query = json!({"query": "SELECT segments.date, campaign.id, metrics.cost_micros, \
        metrics.impressions, metrics.clicks, metrics.unique_users, metrics.conversions \
        FROM campaign WHERE segments.date BETWEEN '2026-07-01' AND '2026-11-20' \
        ORDER BY campaign.id, segments.date"});
    let response = bench.send("googleAds:searchStream", &query).await.unwrap();
    let request_id = response.headers()["request-id"].to_str().unwrap().to_owned();
    let (status, body) = json_of(response).await;
    assert_eq!(status, 200);
    let chunks = body.as_array().unwrap();
    assert!(chunks.len() > 1, "several chunks");
    for chunk in chunks {
        assert_eq!(chunk["requestId"], request_id.as_str());
        assert!(chunk["fieldMask"].as_str().unwrap().starts_with("segments.date,campaign.id,"));
    }
    let rows: Vec<&Value> =
        chunks.iter().flat_map(|chunk| chunk["results"].as_array().unwrap()).collect();
    // 120 + 66 + 120 + 71 + 15 + 120 + 30 active days; days without any metric are left out.
    assert_eq!(rows.len(), 542);
    // 2025-01-01 was a Wednesday, and so is 2026-07-22: 567 days or 81 weeks later.
    assert_eq!(
        *rows[0],
        json!({
            "campaign": {"resourceName": "customers/1234567890/campaigns/2000000001", "id": "2000000001"},
            "metrics": {"costMicros": "78750000", "impressions": "6599", "clicks": "105", "uniqueUsers": "5458"},
            "segments": {"date": "2026-07-22"},
        })
    );
}

#[tokio::test]
async fn the_account_is_named_as_simulated_and_its_days_are_moved_by_whole_weeks() {
    let bench = start().await;
    let (_, body) = bench
        .search("SELECT customer.id, customer.descriptive_name, customer.currency_code, customer.time_zone, customer.manager FROM customer")
        .await;
    assert_eq!(
        body["results"],
        json!([{"customer": {
            "resourceName": "customers/1234567890",
            "id": "1234567890",
            "descriptiveName": "Countersign demo account (simulated)",
            "currencyCode": "USD",
            "timeZone": "America/New_York",
        }}])
    );
    assert_eq!(ZONE.iana_name(), Some(TIME_ZONE));
    let (status, _) = bench.control("time_zone", &json!({"time_zone": "Mars/Crater"})).await;
    assert_eq!(status, 204);
    let (_, body) = bench.search("SELECT customer.time_zone FROM customer").await;
    assert_eq!(body["results"][0]["customer"]["timeZone"], "Mars/Crater");
    let state = bench.state().await;
    assert_eq!(state["simulated"], true);
    assert_eq!(state["shifted_days"], 567);
    assert_eq!(state["last_day"], "2026-11-18");
    assert!(state["source"].as_str().unwrap().contains("pymc-marketing"));
    let amounts: Vec<i64> = state["budgets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|budget| budget["amount_micros"].as_i64().unwrap() / 1_000_000)
        .collect();
    assert_eq!(amounts, [305, 135, 105, 175, 370, 50, 10]);
}

#[tokio::test]
async fn conditions_order_and_limit_hold() {
    let bench = start().await;
    let ids = async |query: &str| -> Vec<String> {
        let (status, body) = bench.search(query).await;
        assert_eq!(status, 200, "{query}: {body}");
        let rows = body["results"].as_array().cloned().unwrap_or_default();
        rows.iter().map(|row| row["campaign"]["name"].as_str().unwrap().to_owned()).collect()
    };
    let select = "SELECT campaign.name FROM campaign";
    for (rest, names) in [
        (
            "WHERE campaign.status = 'PAUSED' ORDER BY campaign.name",
            vec!["flash_sale_burst", "spring_promo", "video_product_launch"],
        ),
        (
            "WHERE campaign.id IN (2000000006, 2000000007)",
            vec!["niche_interest", "broad_prospecting"],
        ),
        (
            "WHERE campaign.name NOT IN ('niche_interest') AND campaign_budget.amount_micros < 60000000",
            vec!["broad_prospecting"],
        ),
        (
            "WHERE campaign_budget.amount_micros BETWEEN 105000000 AND 135000000",
            vec!["spring_promo", "lookalike_conversions"],
        ),
        (
            "WHERE segments.date DURING LAST_7_DAYS AND metrics.clicks > 0 ORDER BY metrics.cost_micros DESC LIMIT 1",
            vec!["brand_always_on"],
        ),
        (
            "WHERE campaign.id != 2000000001 AND campaign.status = ENABLED ORDER BY campaign_budget.amount_micros DESC LIMIT 2",
            vec!["lookalike_conversions", "niche_interest"],
        ),
        ("WHERE campaign.name = 'none'", vec![]),
    ] {
        assert_eq!(ids(&format!("{select} {rest}")).await, names, "{rest}");
    }
}

#[tokio::test]
async fn totals_follow_the_date_range() {
    let bench = start().await;
    let (_, body) = bench
        .search("SELECT metrics.cost_micros, metrics.clicks FROM customer WHERE segments.date = '2026-07-22'")
        .await;
    // The three campaigns that were active on the first day.
    let (_, rows) = bench
        .search("SELECT metrics.cost_micros FROM campaign WHERE segments.date = '2026-07-22' AND metrics.impressions > 0")
        .await;
    let sum: i64 = rows["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["metrics"]["costMicros"].as_str().unwrap().parse::<i64>().unwrap())
        .sum();
    assert_eq!(rows["results"].as_array().unwrap().len(), 3);
    assert_eq!(body["results"][0]["metrics"]["costMicros"], sum.to_string());
}

#[tokio::test]
async fn bad_queries_are_refused_with_the_documented_code() {
    let bench = start().await;
    for (query, category, code) in [
        ("SELECT campaign.idd FROM campaign", "queryError", "UNRECOGNIZED_FIELD"),
        ("SELECT campaign FROM campaign", "queryError", "UNRECOGNIZED_FIELD"),
        (
            "SELECT ad_group.id FROM campaign",
            "queryError",
            "PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE",
        ),
        (
            "SELECT campaign.id FROM campaign WHERE ad_group.id = 1",
            "queryError",
            "PROHIBITED_RESOURCE_TYPE_IN_WHERE_CLAUSE",
        ),
        (
            "SELECT segments.device FROM campaign",
            "queryError",
            "PROHIBITED_SEGMENT_IN_SELECT_OR_WHERE_CLAUSE",
        ),
        ("SELECT campaign.id FROM nowhere", "queryError", "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE"),
        ("SELECT campaign.id FROM campaign WHERE campaign.id = x", "queryError", "BAD_NUMBER"),
        (
            "SELECT campaign.id FROM campaign WHERE campaign.status = SLEEPING",
            "queryError",
            "BAD_ENUM_CONSTANT",
        ),
        ("SELECT segments.date FROM campaign", "queryError", "EXPECTED_FILTERS_ON_DATE_RANGE"),
        (
            "SELECT segments.date FROM campaign WHERE segments.date = '2026-13-01'",
            "queryError",
            "INVALID_DATE_FORMAT",
        ),
        (
            "SELECT campaign.id FROM campaign WHERE segments.date DURING LAST_CENTURY",
            "queryError",
            "INVALID_VALUE_WITH_DURING_OPERATOR",
        ),
        ("campaign.id", "queryError", "EXPECTED_SELECT"),
        (
            "SELECT change_event.user_email FROM change_event",
            "changeEventError",
            "LIMIT_NOT_SPECIFIED",
        ),
        (
            "SELECT change_event.user_email FROM change_event LIMIT 10001",
            "changeEventError",
            "INVALID_LIMIT_CLAUSE",
        ),
        (
            "SELECT change_event.user_email FROM change_event LIMIT 10",
            "changeEventError",
            "CHANGE_DATE_RANGE_INFINITE",
        ),
        (
            "SELECT change_event.user_email FROM change_event WHERE change_event.change_date_time BETWEEN '2001-01-01' AND '2099-01-01' LIMIT 10",
            "changeEventError",
            "START_DATE_TOO_OLD",
        ),
    ] {
        let (status, body) = bench.search(query).await;
        assert_eq!(status, 400, "{query}");
        assert_eq!(only_error(&body)["errorCode"], json!({category: code}), "{query}");
        let (status, body) = bench.post("googleAds:searchStream", &json!({"query": query})).await;
        assert_eq!(status, 400);
        assert_eq!(only_error(&body[0])["errorCode"], json!({category: code}));
    }
}

#[tokio::test]
async fn paging_settings_follow_the_contract() {
    let bench = start().await;
    let query = "SELECT campaign.id FROM campaign";
    let refused = |code: &str| json!({"requestError": code});
    let (_, body) = bench.post("googleAds:search", &json!({"query": query, "pageSize": 10})).await;
    assert_eq!(only_error(&body)["errorCode"], refused("PAGE_SIZE_NOT_SUPPORTED"));
    let (_, body) =
        bench.post("googleAds:search", &json!({"query": query, "pageToken": "x"})).await;
    assert_eq!(only_error(&body)["errorCode"], refused("INVALID_PAGE_TOKEN"));
    let (_, body) = bench
        .post(
            "googleAds:search",
            &json!({"query": query, "searchSettings": {"returnTotalResultsCount": true}}),
        )
        .await;
    assert_eq!(body["totalResultsCount"], "7");
    let (status, body) =
        bench.post("googleAds:search", &json!({"query": query, "validateOnly": true})).await;
    assert_eq!((status.as_u16(), body), (200, json!({})));
    let (status, body) =
        bench.post("googleAds:search", &json!({"query": query, "sumaryRow": 1})).await;
    assert_eq!(status, 400);
    assert_eq!(body["error"]["details"][0]["@type"], "type.googleapis.com/google.rpc.BadRequest");
}

#[tokio::test]
async fn accessible_customers_and_unknown_places() {
    let bench = start().await;
    let get = async |path: &str| {
        let request = bench.client.get(bench.url(path)).bearer_auth(&bench.access_token);
        json_of(request.send().await.unwrap()).await
    };
    let (status, body) = get("/v26/customers:listAccessibleCustomers").await;
    assert_eq!(status, 200);
    assert_eq!(body, json!({"resourceNames": ["customers/1234567890"]}));
    for path in ["/v21/customers:listAccessibleCustomers", "/v26/nothing", "/"] {
        let (status, body) = get(path).await;
        assert_eq!(status, 404, "{path}");
        assert_eq!(body["error"]["status"], "NOT_FOUND");
    }
    let (status, _) = bench.post("sharedSets:mutate", &json!({})).await;
    assert_eq!(status, 404);
    let stale = bench.url("/v22/customers/1234567890/googleAds:search");
    let (status, _) = json_of(bench.client.post(stale).send().await.unwrap()).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn changes_show_up_in_change_event_after_the_delay() {
    let query = {
        let days = days_around_now();
        format!(
            "SELECT change_event.user_email, change_event.client_type, change_event.change_date_time, \
            change_event.change_resource_name, change_event.old_resource, change_event.new_resource, \
            change_event.changed_fields FROM change_event WHERE change_event.change_date_time \
            BETWEEN '{}' AND '{}' ORDER BY change_event.change_date_time LIMIT 100",
            days.0, days.1
        )
    };
    let late = start().await;
    late.mutate(&support::set_amount(350_000_000)).await;
    let (_, body) = late.search(&query).await;
    assert!(body.get("results").is_none(), "not visible yet: {body}");

    let mut config = support::config();
    config.change_event_delay_s = 0;
    let bench = start_with(config).await;
    bench.mutate(&support::set_amount(350_000_000)).await;
    let (status, _) = bench
        .control(
            "foreign_write",
            &json!({"campaign_id": 2_000_000_001_i64, "amount_micros": 1_000_000}),
        )
        .await;
    assert_eq!(status, 200);
    let (_, body) = bench.search(&query).await;
    let events = body["results"].as_array().unwrap();
    assert_eq!(events.len(), 2);
    let event = &events[0]["changeEvent"];
    assert_eq!(event["clientType"], "GOOGLE_ADS_API");
    assert_eq!(event["changedFields"], "amountMicros");
    assert_eq!(event["changeResourceName"], BUDGET);
    assert_eq!(event["oldResource"], json!({"campaignBudget": {"amountMicros": "305000000"}}));
    assert_eq!(event["newResource"], json!({"campaignBudget": {"amountMicros": "350000000"}}));
    assert_eq!(events[1]["changeEvent"]["clientType"], "GOOGLE_ADS_WEB_CLIENT");
    assert_ne!(events[1]["changeEvent"]["userEmail"], event["userEmail"]);
}

fn days_around_now() -> (String, String) {
    let today = jiff::Timestamp::now().to_zoned(ZONE.clone()).date();
    let day = |offset: i64| today.checked_add(jiff::Span::new().days(offset)).unwrap();
    (day(-2).to_string(), day(2).to_string())
}

#[tokio::test]
async fn only_loopback_and_only_with_a_control_token() {
    let mut config = support::config();
    config.listen = "0.0.0.0:0".parse().unwrap();
    let error = countersign_emulator::Emulator::start(config).await.unwrap_err();
    assert!(error.to_string().contains("not a loopback address"), "{error}");
    let mut config = support::config();
    config.control_token.clear();
    assert!(countersign_emulator::Emulator::start(config).await.is_err());
    let mut config = support::config();
    config.data_dir = "/nonexistent".into();
    assert!(countersign_emulator::Emulator::start(config).await.is_err());
    let bench = start().await;
    for token in ["", "wrong", &bench.access_token] {
        let request = bench.client.get(bench.url("/_control/state")).bearer_auth(token);
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
    // The control token opens nothing on the API itself.
    let request = bench
        .client
        .post(bench.url(&format!("{CUSTOMER}/googleAds:search")))
        .bearer_auth(CONTROL_TOKEN)
        .json(&json!({"query": "SELECT campaign.id FROM campaign"}));
    assert_eq!(request.send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn googles_proposals_and_what_applies_itself_are_read() {
    let bench = start().await;
    let query = "SELECT recommendation.type, recommendation.campaign_budget_recommendation, \
        recommendation.impact FROM recommendation WHERE recommendation.type = CAMPAIGN_BUDGET";
    let (status, body) = bench.search(query).await;
    assert_eq!(status, 200, "{body}");
    let proposal = &body["results"][0]["recommendation"];
    let budget = &proposal["campaignBudgetRecommendation"];
    assert_eq!(budget["currentBudgetAmountMicros"], "305000000");
    assert_eq!(budget["recommendedBudgetAmountMicros"], "355000000");
    assert!(proposal["impact"]["potentialMetrics"]["clicks"].as_f64().unwrap() > 0.0);
    let query = "SELECT recommendation_subscription.type, recommendation_subscription.status \
        FROM recommendation_subscription WHERE recommendation_subscription.status = 'ENABLED'";
    let (_, body) = bench.search(query).await;
    assert_eq!(body["results"].as_array().unwrap().len(), 1);
    assert_eq!(bench.post("recommendations:apply", &json!({})).await.0, 404);
    let query = "SELECT accessible_bidding_strategy.owner_customer_id \
        FROM accessible_bidding_strategy";
    let (_, body) = bench.search(query).await;
    let owner = &body["results"][0]["accessibleBiddingStrategy"]["ownerCustomerId"];
    assert_eq!(owner, "1234567890");
}
