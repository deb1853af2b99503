//! `campaignBudgets:mutate` and `campaigns:mutate` over HTTP: the write, the dry run, partial failure, documented errors.

mod support;

use serde_json::{Value, json};
use support::{BUDGET, BUDGET_AMOUNT, only_error, set_amount, start, with};

#[tokio::test]
async fn a_write_returns_the_mutable_resource_and_is_recorded_once() {
    let bench = start().await;
    let body = with(set_amount(350_750_000), json!({"responseContentType": "MUTABLE_RESOURCE"}));
    let response = bench.send("campaignBudgets:mutate", &body).await.unwrap();
    let request_id = response.headers()["request-id"].to_str().unwrap().to_owned();
    let (status, body) = support::json_of(response).await;
    assert_eq!(status, 200);
    assert_eq!(
        body,
        json!({"results": [{
            "resourceName": BUDGET,
            "campaignBudget": {
                "resourceName": BUDGET,
                "name": "brand_always_on budget",
                "amountMicros": "350750000",
                "deliveryMethod": "STANDARD",
            }
        }]})
    );
    assert_eq!(bench.read_amount().await, 350_750_000);
    let changes = bench.changes().await;
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0]["old_amount_micros"], BUDGET_AMOUNT);
    assert_eq!(changes[0]["new_amount_micros"], 350_750_000);
    assert_eq!(changes[0]["request_id"], request_id.as_str());
    assert_eq!(changes[0]["writer"], "api");
}

#[tokio::test]
async fn writing_the_same_amount_again_is_a_commit_and_not_a_change() {
    let bench = start().await;
    let (status, body) = bench.mutate(&set_amount(BUDGET_AMOUNT)).await;
    assert_eq!(status, 200);
    assert_eq!(body, json!({"results": [{"resourceName": BUDGET}]}));
    let state = bench.state().await;
    assert_eq!(state["commits"].as_array().unwrap().len(), 1);
    assert_eq!(state["commits"][0]["effective"], false);
    assert_eq!(state["changes"], json!([]));
}

#[tokio::test]
async fn a_dry_run_answers_an_empty_object_and_writes_nothing() {
    let bench = start().await;
    let dry = json!({"validateOnly": true});
    let (status, body) = bench.mutate(&with(set_amount(350_000_000), dry.clone())).await;
    assert_eq!((status.as_u16(), body), (200, json!({})));
    let (status, body) = bench.mutate(&with(set_amount(1), dry)).await;
    assert_eq!(status, 400);
    assert_eq!(
        only_error(&body)["errorCode"]["campaignBudgetError"],
        "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT"
    );
    let state = bench.state().await;
    assert_eq!(state["validate_only_calls"], 2);
    assert_eq!(state["mutate_calls"], 0);
    assert_eq!(state["commits"], json!([]));
    assert_eq!(bench.read_amount().await, BUDGET_AMOUNT);
}

#[tokio::test]
async fn amounts_are_checked_with_the_documented_errors() {
    let bench = start().await;
    for (amount, code) in [
        (-10_000, "NEGATIVE_MONEY_AMOUNT"),
        (300_000_001, "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT"),
        (4_990_000, "BUDGET_BELOW_PER_DAY_MINIMUM"),
        (2_000_000_000_000, "MONEY_AMOUNT_TOO_LARGE"),
    ] {
        let (status, body) = bench.mutate(&set_amount(amount)).await;
        assert_eq!(status, 400);
        assert_eq!(body["error"]["status"], "INVALID_ARGUMENT");
        let error = only_error(&body);
        assert_eq!(error["errorCode"], json!({"campaignBudgetError": code}));
        assert_eq!(error["trigger"], json!({"int64Value": amount.to_string()}));
        assert_eq!(
            error["location"]["fieldPathElements"],
            json!([{"fieldName": "operations", "index": 0}, {"fieldName": "update"}, {"fieldName": "amount_micros"}])
        );
        if code == "BUDGET_BELOW_PER_DAY_MINIMUM" {
            assert_eq!(
                error["details"]["budgetPerDayMinimumErrorDetails"],
                json!({"currencyCode": "USD", "budgetPerDayMinimumMicros": "5000000",
                    "minimumBudgetAmountMicros": "5000000", "failedBudgetAmountMicros": "4990000"})
            );
        }
    }
    assert_eq!(bench.state().await["commits"], json!([]));
}

fn update(resource_name: &str, mask: &str, members: Value) -> Value {
    let update = with(members, json!({"resourceName": resource_name}));
    json!({"operations": [{"update": update, "updateMask": mask}]})
}

#[tokio::test]
async fn operations_are_checked_with_the_documented_errors() {
    let bench = start().await;
    let unknown = "customers/1234567890/campaignBudgets/9";
    let foreign = "customers/1111111111/campaignBudgets/3000000001";
    let amount = json!({"amountMicros": "300000000"});
    for (body, code) in [
        (
            update(unknown, "amountMicros", amount.clone()),
            json!({"mutateError": "RESOURCE_NOT_FOUND"}),
        ),
        (
            update(foreign, "amountMicros", amount.clone()),
            json!({"mutateError": "RESOURCE_NOT_FOUND"}),
        ),
        (
            update("budget 1", "amountMicros", amount.clone()),
            json!({"requestError": "RESOURCE_NAME_MALFORMED"}),
        ),
        (update(BUDGET, "", amount.clone()), json!({"fieldMaskError": "FIELD_MASK_MISSING"})),
        (update(BUDGET, "amount", amount.clone()), json!({"fieldMaskError": "FIELD_NOT_FOUND"})),
        (
            update(BUDGET, "period", json!({"period": "CUSTOM_PERIOD"})),
            json!({"fieldError": "IMMUTABLE_FIELD"}),
        ),
        (
            update(BUDGET, "totalAmountMicros", json!({"totalAmountMicros": "1"})),
            json!({"campaignBudgetError": "TOTAL_BUDGET_AMOUNT_MUST_BE_UNSET_FOR_BUDGET_PERIOD_DAILY"}),
        ),
        (
            update(BUDGET, "name", json!({"name": "spring_promo budget"})),
            json!({"campaignBudgetError": "DUPLICATE_NAME"}),
        ),
        (
            update(BUDGET, "deliveryMethod", json!({"deliveryMethod": "ACCELERATED"})),
            json!({"campaignBudgetError": "CANNOT_USE_ACCELERATED_DELIVERY_MODE"}),
        ),
        (json!({"operations": []}), json!({"collectionSizeError": "TOO_FEW"})),
        (json!({"operations": [{}]}), json!({"requestError": "OPERATION_REQUIRED"})),
        (
            json!({"operations": [{"remove": BUDGET}]}),
            json!({"campaignBudgetError": "CAMPAIGN_BUDGET_IN_USE"}),
        ),
        (
            json!({"operations": [{"create": {"name": "new"}}]}),
            json!({"mutateError": "MUTATE_NOT_ALLOWED"}),
        ),
    ] {
        let (status, answer) = bench.mutate(&body).await;
        assert_eq!(status, 400, "{body}");
        assert_eq!(only_error(&answer)["errorCode"], code, "{body}");
    }
    assert_eq!(bench.state().await["commits"], json!([]));
}

#[tokio::test]
async fn a_body_that_is_not_the_official_message_is_a_bad_request() {
    let bench = start().await;
    let unknown = json!({"operations": [{"update": {"resourceName": BUDGET, "budget": 1}}]});
    let (status, body) = bench.mutate(&unknown).await;
    assert_eq!(status, 400);
    let detail = &body["error"]["details"][0];
    assert_eq!(detail["@type"], "type.googleapis.com/google.rpc.BadRequest");
    assert_eq!(detail["fieldViolations"][0]["field"], "operations[0].update");
    let (status, _) =
        bench.mutate(&with(set_amount(300_000_000), json!({"responseContentType": "ALL"}))).await;
    assert_eq!(status, 400);
    let float = json!({"operations": [{"update": {"resourceName": BUDGET, "amountMicros": 300.5}, "updateMask": "amountMicros"}]});
    let (status, body) = bench.mutate(&float).await;
    assert_eq!(status, 400);
    assert_eq!(
        body["error"]["details"][0]["fieldViolations"][0]["field"],
        "operations[0].update.amountMicros"
    );
    assert_eq!(bench.state().await["mutate_calls"], 0);
}

#[tokio::test]
async fn snake_case_masks_are_taken_as_google_takes_them() {
    let bench = start().await;
    let body = update(BUDGET, "amount_micros", json!({"amountMicros": "300000000"}));
    let (status, answer) = bench.mutate(&body).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(bench.read_amount().await, 300_000_000);
}

#[tokio::test]
async fn partial_failure_keeps_positions_and_without_it_nothing_is_written() {
    let bench = start().await;
    let second = "customers/1234567890/campaignBudgets/3000000002";
    let operation = |name: &str, amount: &str| json!({"update": {"resourceName": name, "amountMicros": amount}, "updateMask": "amountMicros"});
    let body = json!({"operations": [operation(BUDGET, "1"), operation(second, "140000000")]});
    let (status, answer) = bench.mutate(&body).await;
    assert_eq!(status, 400);
    assert_eq!(only_error(&answer)["location"]["fieldPathElements"][0]["index"], 0);
    assert_eq!(bench.state().await["commits"], json!([]));

    let (status, answer) = bench.mutate(&with(body, json!({"partialFailure": true}))).await;
    assert_eq!(status, 200);
    assert_eq!(answer["results"], json!([{}, {"resourceName": second}]));
    let failure = &answer["partialFailureError"];
    assert_eq!(failure["code"], 3);
    let detail = &failure["details"][0];
    assert_eq!(
        detail["@type"],
        "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure"
    );
    assert_eq!(detail["errors"][0]["location"]["fieldPathElements"][0]["index"], 0);
    assert_eq!(bench.changes().await.len(), 1);

    let twice =
        json!({"operations": [operation(second, "150000000"), operation(second, "160000000")]});
    let (_, answer) = bench.mutate(&twice).await;
    assert_eq!(
        only_error(&answer)["errorCode"],
        json!({"mutateError": "ID_EXISTS_IN_MULTIPLE_MUTATES"})
    );
}

#[tokio::test]
async fn a_campaign_is_paused_once_and_a_dry_run_pauses_nothing() {
    let bench = start().await;
    let set = |status: &str| {
        json!({"operations": [{
            "update": {"resourceName": "customers/1234567890/campaigns/2000000001", "status": status},
            "updateMask": "status",
        }]})
    };
    let send = async |body: &Value| {
        support::json_of(bench.send("campaigns:mutate", body).await.unwrap()).await
    };
    let (status, body) = send(&with(set("PAUSED"), json!({"validateOnly": true}))).await;
    assert_eq!((status.as_u16(), body), (200, json!({})));
    assert!(bench.changes().await.is_empty());
    let (status, body) = send(&set("PAUSED")).await;
    assert_eq!(status, 200, "{body}");
    let changes = bench.changes().await;
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0]["statuses"], json!(["ENABLED", "PAUSED"]));
    let (status, body) = send(&set("REMOVED")).await;
    assert_eq!(status, 400);
    assert_eq!(only_error(&body)["errorCode"]["requestError"], "INVALID_ENUM_VALUE");
}

fn operation(member: &str, resource: &str, mask: &str, members: Value) -> Value {
    json!({ member: {"update": with(members, json!({"resourceName": resource})), "updateMask": mask} })
}

const CUSTOMER: &str = "customers/1234567890";

async fn rows(bench: &support::Bench, query: &str) -> Vec<Value> {
    let (status, body) = bench.search(query).await;
    assert_eq!(status, 200, "{query}: {body}");
    body["results"].as_array().cloned().unwrap_or_default()
}

async fn refused(bench: &support::Bench, method: &str, body: &Value) -> Value {
    let (status, answer) = bench.post(method, body).await;
    assert_eq!(status, 400, "{body}: {answer}");
    only_error(&answer).clone()
}

#[tokio::test]
async fn total_and_shared_budgets_and_dates_follow_their_rules() {
    let mut config = support::config();
    config.whole_account = true;
    let bench = support::start_with(config).await;
    let read = "SELECT campaign.id, campaign.end_date_time, campaign_budget.period, \
        campaign_budget.total_amount_micros, campaign_budget.reference_count, \
        campaign_budget.explicitly_shared FROM campaign WHERE campaign.id > 2000000007 \
        ORDER BY campaign.id";
    let found = rows(&bench, read).await;
    assert_eq!(found.len(), 3);
    assert_eq!(found[0]["campaignBudget"]["period"], "CUSTOM_PERIOD");
    assert_eq!(found[0]["campaign"]["endDateTime"], "2026-12-21 23:59:59");
    for shared in &found[1..] {
        assert_eq!(shared["campaignBudget"]["referenceCount"], "2");
        assert_eq!(shared["campaignBudget"]["explicitlyShared"], true);
    }
    let total = format!("{CUSTOMER}/campaignBudgets/3000000008");
    let campaign = format!("{CUSTOMER}/campaigns/2000000008");
    for (body, code) in [
        (
            update(&total, "amountMicros", json!({"amountMicros": "50000000"})),
            json!({"campaignBudgetError": "BUDGET_AMOUNT_MUST_BE_UNSET_FOR_CUSTOM_BUDGET_PERIOD"}),
        ),
        (
            update(&total, "totalAmountMicros", json!({"totalAmountMicros": "10000000"})),
            json!({"campaignBudgetError": "BUDGET_BELOW_PER_DAY_MINIMUM"}),
        ),
    ] {
        assert_eq!(refused(&bench, "campaignBudgets:mutate", &body).await["errorCode"], code);
    }
    for (mask, members, code) in [
        (
            "endDateTime",
            json!({}),
            json!({"campaignError": "END_DATE_TIME_REQUIRED_FOR_TOTAL_BUDGET"}),
        ),
        (
            "endDateTime",
            json!({"endDateTime": "2026-12-01 12:00:00"}),
            json!({"dateRangeError": "REQUESTED_DATE_GRANULARITY_NOT_SUPPORTED"}),
        ),
        (
            "endDateTime",
            json!({"endDateTime": "2026-11-01 23:59:59"}),
            json!({"dateRangeError": "CANNOT_SET_DATE_TO_PAST"}),
        ),
        (
            "startDateTime",
            json!({"startDateTime": "2026-12-01 00:00:00"}),
            json!({"campaignError": "CANNOT_MODIFY_START_DATE_IF_ALREADY_STARTED"}),
        ),
        (
            "campaignBudget",
            json!({"campaignBudget": BUDGET}),
            json!({"campaignError": "CANNOT_CHANGE_BUDGET_PERIOD"}),
        ),
    ] {
        let body = update(&campaign, mask, members);
        assert_eq!(refused(&bench, "campaigns:mutate", &body).await["errorCode"], code, "{body}");
    }
    let later = json!({"endDateTime": "2026-12-25 23:59:59"});
    let (status, answer) =
        bench.post("campaigns:mutate", &update(&campaign, "endDateTime", later)).await;
    assert_eq!(status, 200, "{answer}");
    let changes = bench.changes().await;
    assert_eq!(changes[0]["changed"], json!(["end_date_time"]));
    assert_eq!(changes[0]["old"], json!({"end_date_time": "2026-12-21 23:59:59"}));
}

#[tokio::test]
async fn amounts_follow_the_currency_of_the_account() {
    let mut config = support::config();
    config.currency_code = "JPY".to_owned();
    let bench = support::start_with(config).await;
    let error = refused(&bench, "campaignBudgets:mutate", &set_amount(600_500_000)).await;
    let code = json!({"campaignBudgetError": "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT"});
    assert_eq!(error["errorCode"], code);
    let error = refused(&bench, "campaignBudgets:mutate", &set_amount(400_000_000)).await;
    let details = &error["details"]["budgetPerDayMinimumErrorDetails"];
    assert_eq!(details["currencyCode"], "JPY");
    assert_eq!(bench.mutate(&set_amount(600_000_000)).await.0, 200);
    let query = "SELECT currency_constant.billable_unit_micros FROM currency_constant \
        WHERE currency_constant.code = 'JPY'";
    let unit = &rows(&bench, query).await[0]["currencyConstant"]["billableUnitMicros"];
    assert_eq!(unit, "1000000");
}

#[tokio::test]
async fn bids_have_effect_only_where_the_scheme_lets_them() {
    let bench = start().await;
    let bid = |n: i64, bid: &str| {
        update(
            &format!("{CUSTOMER}/adGroups/400000000{n}"),
            "cpcBidMicros",
            json!({"cpcBidMicros": bid}),
        )
    };
    for n in [1, 3] {
        assert_eq!(bench.post("adGroups:mutate", &bid(n, "910000")).await.0, 200);
    }
    let error = refused(&bench, "adGroups:mutate", &bid(1, "910001")).await;
    assert_eq!(error["errorCode"], json!({"biddingError": "BID_TOO_MANY_FRACTIONAL_DIGITS"}));
    let read = "SELECT ad_group.cpc_bid_micros, ad_group.effective_cpc_bid_micros, \
        ad_group.effective_target_cpa_micros, ad_group.effective_target_cpa_source, \
        campaign.bidding_strategy_type FROM ad_group WHERE ad_group.id IN (4000000001, 4000000003) \
        ORDER BY ad_group.id";
    let found = rows(&bench, read).await;
    assert_eq!(found[0]["adGroup"]["effectiveCpcBidMicros"], "910000");
    assert_eq!(found[0]["campaign"]["biddingStrategyType"], "MANUAL_CPC");
    assert_eq!(found[1]["adGroup"]["cpcBidMicros"], "910000");
    assert!(found[1]["adGroup"].get("effectiveCpcBidMicros").is_none());
    assert_eq!(found[1]["adGroup"]["effectiveTargetCpaMicros"], "12000000");
    assert_eq!(found[1]["adGroup"]["effectiveTargetCpaSource"], "CAMPAIGN_BIDDING_STRATEGY");

    let keywords = "SELECT ad_group_criterion.resource_name, \
        ad_group_criterion.effective_cpc_bid_micros, ad_group_criterion.effective_cpc_bid_source \
        FROM ad_group_criterion WHERE ad_group.id = 4000000001 \
        AND ad_group_criterion.cpc_bid_micros > 0";
    let keyword = rows(&bench, keywords).await[0]["adGroupCriterion"].clone();
    assert_eq!(keyword["effectiveCpcBidSource"], "AD_GROUP_CRITERION");
    let name = keyword["resourceName"].as_str().unwrap().to_owned();
    let clear = update(&name, "cpcBidMicros", json!({}));
    assert_eq!(bench.post("adGroupCriteria:mutate", &clear).await.0, 200);
    let read = format!(
        "SELECT ad_group_criterion.effective_cpc_bid_micros, \
         ad_group_criterion.effective_cpc_bid_source FROM ad_group_criterion \
         WHERE ad_group_criterion.resource_name = '{name}'"
    );
    let keyword = &rows(&bench, &read).await[0]["adGroupCriterion"];
    assert_eq!(keyword["effectiveCpcBidMicros"], "910000");
    assert_eq!(keyword["effectiveCpcBidSource"], "AD_GROUP");
}

#[tokio::test]
async fn a_portfolio_moves_all_its_campaigns_and_a_campaign_has_one_scheme() {
    let bench = start().await;
    let portfolio = format!("{CUSTOMER}/biddingStrategies/8000000001");
    let target = |value: f64| {
        update(&portfolio, "targetRoas.targetRoas", json!({"targetRoas": {"targetRoas": value}}))
    };
    assert_eq!(bench.post("biddingStrategies:mutate", &target(3.5)).await.0, 200);
    let error = refused(&bench, "biddingStrategies:mutate", &target(0.001)).await;
    assert_eq!(error["errorCode"], json!({"rangeError": "TOO_LOW"}));
    let read = "SELECT bidding_strategy.target_roas.target_roas, \
        bidding_strategy.non_removed_campaign_count FROM bidding_strategy";
    let found = rows(&bench, read).await;
    assert_eq!(found[0]["biddingStrategy"]["nonRemovedCampaignCount"], "2");
    assert_eq!(found[0]["biddingStrategy"]["targetRoas"]["targetRoas"], 3.5);
    let groups = "SELECT ad_group.effective_target_roas FROM ad_group \
        WHERE campaign.id IN (2000000005, 2000000006)";
    for row in rows(&bench, groups).await {
        assert_eq!(row["adGroup"]["effectiveTargetRoas"], 3.5);
    }
    let group = format!("{CUSTOMER}/adGroups/4000000005");
    let own = update(&group, "targetRoas", json!({"targetRoas": 2.0}));
    let error = refused(&bench, "adGroups:mutate", &own).await;
    let code = json!({"adGroupError": "BID_TYPE_AND_BIDDING_STRATEGY_MISMATCH"});
    assert_eq!(error["errorCode"], code);

    let campaign = format!("{CUSTOMER}/campaigns/2000000001");
    let whole = update(&campaign, "maximizeConversions", json!({"maximizeConversions": {}}));
    let error = refused(&bench, "campaigns:mutate", &whole).await;
    assert_eq!(error["errorCode"], json!({"fieldMaskError": "FIELD_HAS_SUBFIELDS"}));
    let switch = update(
        &campaign,
        "maximizeConversions.targetCpaMicros",
        json!({"maximizeConversions": {"targetCpaMicros": "9000000"}}),
    );
    assert_eq!(bench.post("campaigns:mutate", &switch).await.0, 200);
    let read = "SELECT campaign.bidding_strategy_type, campaign.manual_cpc.enhanced_cpc_enabled, \
        campaign.maximize_conversions.target_cpa_micros FROM campaign WHERE campaign.id = 2000000001";
    let campaign = &rows(&bench, read).await[0]["campaign"];
    assert_eq!(campaign["biddingStrategyType"], "MAXIMIZE_CONVERSIONS");
    assert_eq!(campaign["maximizeConversions"]["targetCpaMicros"], "9000000");
    assert!(campaign.get("manualCpc").is_none());
}

#[tokio::test]
async fn placements_and_audiences_are_excluded_once_and_never_both_ways() {
    let bench = start().await;
    let campaign = format!("{CUSTOMER}/campaigns/2000000001");
    let create = |members: Value| json!({"operations": [{"create": members}]});
    let exclude = create(json!({
        "campaign": campaign, "negative": true, "placement": {"url": "kids-games.example.com"},
    }));
    let (status, answer) = bench.post("campaignCriteria:mutate", &exclude).await;
    assert_eq!(status, 200, "{answer}");
    let name = answer["results"][0]["resourceName"].as_str().unwrap().to_owned();
    let error = refused(&bench, "campaignCriteria:mutate", &exclude).await;
    assert_eq!(error["errorCode"], json!({"mutateError": "RESOURCE_ALREADY_EXISTS"}));
    let error =
        refused(&bench, "campaignCriteria:mutate", &update(&name, "status", json!({}))).await;
    let code = json!({"campaignCriterionError": "CANNOT_UPDATE_NEGATIVE_CRITERION"});
    assert_eq!(error["errorCode"], code);
    let read = "SELECT campaign_criterion.criterion_id, campaign_criterion.negative, \
        campaign_criterion.type, campaign_criterion.placement.url FROM campaign_criterion \
        WHERE campaign.id = 2000000001";
    let found = rows(&bench, read).await;
    assert_eq!(found[0]["campaignCriterion"]["type"], "PLACEMENT");
    assert_eq!(found[0]["campaignCriterion"]["placement"]["url"], "kids-games.example.com");
    let (status, _) =
        bench.post("campaignCriteria:mutate", &json!({"operations": [{"remove": name}]})).await;
    assert_eq!(status, 200);
    assert!(rows(&bench, read).await.is_empty());

    let group = format!("{CUSTOMER}/adGroups/4000000001");
    let list = |n: i64| json!({"userList": format!("{CUSTOMER}/userLists/900000000{n}")});
    for (negative, n, code) in [
        (true, 1, json!({"adGroupCriterionError": "CANNOT_TARGET_AND_EXCLUDE"})),
        (false, 2, json!({"criterionError": "CANNOT_ADD_CLOSED_USER_LIST"})),
        (false, 3, json!({"criterionError": "INVALID_USER_LIST"})),
    ] {
        let body = create(json!({"adGroup": group, "negative": negative, "userList": list(n)}));
        let error = refused(&bench, "adGroupCriteria:mutate", &body).await;
        assert_eq!(error["errorCode"], code);
    }
    let video = create(json!({"youtubeVideo": {"videoId": "dQw4w9WgXcQ"}}));
    assert_eq!(bench.post("customerNegativeCriteria:mutate", &video).await.0, 200);
    let read = "SELECT customer_negative_criterion.youtube_video.video_id \
        FROM customer_negative_criterion";
    assert_eq!(rows(&bench, read).await.len(), 1);
    let read = "SELECT user_list.name, user_list.size_for_display, user_list.membership_status \
        FROM user_list ORDER BY user_list.id";
    let lists = rows(&bench, read).await;
    assert_eq!(lists.len(), 2, "a removed list is not shown");
    assert_eq!(lists[0]["userList"]["sizeForDisplay"], "48000");
    let read = "SELECT detail_placement_view.placement, metrics.cost_micros, metrics.impressions, \
        metrics.clicks FROM detail_placement_view WHERE campaign.id = 2000000001 \
        AND segments.date DURING LAST_30_DAYS ORDER BY metrics.cost_micros DESC";
    let places = rows(&bench, read).await;
    assert_eq!(places.len(), 4);
    let of = |row: &Value, metric: &str| -> i64 {
        row["metrics"][metric].as_str().map_or(0, |text| text.parse().unwrap())
    };
    let whole = "SELECT metrics.cost_micros FROM campaign WHERE campaign.id = 2000000001 \
        AND segments.date DURING LAST_30_DAYS";
    let sum: i64 = places.iter().map(|row| of(row, "costMicros")).sum();
    assert_eq!(sum, of(&rows(&bench, whole).await[0], "costMicros"));
}

#[tokio::test]
async fn segments_have_names_and_stand_at_ad_groups_only() {
    let bench = start().await;
    let read = "SELECT user_interest.user_interest_id, user_interest.name, \
        user_interest.taxonomy_type FROM user_interest WHERE user_interest.user_interest_id \
        IN (80001, 80002) ORDER BY user_interest.user_interest_id";
    let segments = rows(&bench, read).await;
    assert_eq!(segments.len(), 2);
    assert_eq!(segments[0]["userInterest"]["name"], "Travel buffs (simulated)");
    assert_eq!(segments[0]["userInterest"]["taxonomyType"], "AFFINITY");
    let create = |parent: &str, name: &str, n: i64| {
        let category = format!("{CUSTOMER}/userInterests/{n}");
        let members = json!({parent: name, "userInterest": {"userInterestCategory": category}});
        json!({"operations": [{"create": members}]})
    };
    let group = format!("{CUSTOMER}/adGroups/4000000001");
    let (status, answer) =
        bench.post("adGroupCriteria:mutate", &create("adGroup", &group, 80_001)).await;
    assert_eq!(status, 200, "{answer}");
    let unknown = create("adGroup", &group, 80_009);
    let error = refused(&bench, "adGroupCriteria:mutate", &unknown).await;
    assert_eq!(error["errorCode"], json!({"criterionError": "INVALID_USER_INTEREST"}));
    let campaign = format!("{CUSTOMER}/campaigns/2000000001");
    let misplaced = create("campaign", &campaign, 80_001);
    let error = refused(&bench, "campaignCriteria:mutate", &misplaced).await;
    assert_eq!(error["errorCode"], json!({"criterionError": "CANNOT_ADD_CRITERIA_TYPE"}));
}

fn search_ad(texts: &[&str], ignorable: &[&str]) -> Value {
    let headlines: Vec<Value> = texts.iter().map(|text| json!({"text": text})).collect();
    json!({"adGroupAdOperation": {
        "create": {"adGroup": format!("{CUSTOMER}/adGroups/4000000001"), "status": "ENABLED", "ad": {
            "finalUrls": ["https://example.com/sale"],
            "responsiveSearchAd": {
                "headlines": headlines,
                "descriptions": [{"text": "One"}, {"text": "Two"}],
                "path1": "sale",
            },
        }},
        "policyValidationParameter": {"ignorablePolicyTopics": ignorable},
    }})
}

#[tokio::test]
async fn a_creative_is_swapped_in_one_transaction_or_not_at_all() {
    let bench = start().await;
    let shown = format!("{CUSTOMER}/adGroupAds/4000000001~5000000001");
    let pause = operation("adGroupAdOperation", &shown, "status", json!({"status": "PAUSED"}));
    let send = async |operations: Vec<Value>, more: Value| {
        let body = with(json!({"mutateOperations": operations}), more);
        bench.post("googleAds:mutate", &body).await
    };
    let short = search_ad(&["A", "B"], &[]);
    let (status, answer) = send(vec![pause.clone(), short.clone()], json!({})).await;
    assert_eq!(status, 400);
    let error = only_error(&answer);
    assert_eq!(error["errorCode"], json!({"collectionSizeError": "TOO_FEW"}));
    let place = &error["location"]["fieldPathElements"];
    assert_eq!(place[0], json!({"fieldName": "mutate_operations", "index": 1}));
    assert_eq!(place[1], json!({"fieldName": "ad_group_ad_operation"}));
    assert_eq!(bench.state().await["commits"], json!([]));

    let picture = "iVBORw0KGgoAAAANSUhEUgAAAIAAAACACAYAAADDPmHL";
    let asset = |data: &str| {
        json!({"assetOperation": {"create": {
            "resourceName": format!("{CUSTOMER}/assets/-1"), "name": "hero",
            "imageAsset": {"data": data},
        }}})
    };
    let good = search_ad(&["A", "B", "C"], &[]);
    let (status, answer) =
        send(vec![pause, good, asset(picture)], json!({"responseContentType": "MUTABLE_RESOURCE"}))
            .await;
    assert_eq!(status, 200, "{answer}");
    let results = answer["mutateOperationResponses"].as_array().unwrap();
    assert_eq!(results[0]["adGroupAdResult"]["adGroupAd"]["status"], "PAUSED");
    let created = results[1]["adGroupAdResult"]["resourceName"].as_str().unwrap();
    assert!(results[2]["assetResult"]["resourceName"].as_str().unwrap().contains("/assets/7"));
    let read = format!(
        "SELECT ad_group_ad.status, ad_group_ad.ad.responsive_search_ad.headlines, \
         ad_group_ad.policy_summary.review_status, ad_group_ad.policy_summary.approval_status \
         FROM ad_group_ad WHERE ad_group_ad.resource_name = '{created}'"
    );
    let ad = rows(&bench, &read).await[0]["adGroupAd"].clone();
    assert_eq!(ad["policySummary"]["reviewStatus"], "REVIEW_IN_PROGRESS");
    assert_eq!(ad["ad"]["responsiveSearchAd"]["headlines"][2]["text"], "C");
    assert_eq!(bench.control("clock", &json!({"advance_s": 86_400})).await.0, 204);
    let ad = rows(&bench, &read).await[0]["adGroupAd"].clone();
    assert_eq!(ad["policySummary"]["approvalStatus"], "APPROVED");

    let (_, answer) = send(vec![short], json!({"partialFailure": true})).await;
    assert_eq!(answer["mutateOperationResponses"], json!([{}]), "{answer}");
    assert!(answer["partialFailureError"]["code"] == 3);
}

#[tokio::test]
async fn ads_are_limited_and_policy_is_found() {
    let bench = start().await;
    let send =
        async |ad: Value| bench.post("googleAds:mutate", &json!({"mutateOperations": [ad]})).await;
    let long = "A headline that is longer than thirty characters";
    for (texts, code) in [
        (["A", "B", "a"], json!({"assetError": "DUPLICATE_ASSET"})),
        (["A", "B", long], json!({"stringLengthError": "TOO_LONG"})),
        (["A", "B", "Cheap beer"], json!({"policyFindingError": "POLICY_FINDING"})),
    ] {
        let (_, answer) = send(search_ad(&texts, &[])).await;
        assert_eq!(only_error(&answer)["errorCode"], code);
    }
    assert_eq!(bench.control("review", &json!({"duration_s": 0})).await.0, 204);
    let (status, answer) = send(search_ad(&["A", "B", "Cheap beer"], &["ALCOHOL"])).await;
    assert_eq!(status, 200, "{answer}");
    let read = "SELECT ad_group_ad.policy_summary.approval_status FROM ad_group_ad \
        WHERE ad_group_ad.policy_summary.approval_status = DISAPPROVED";
    assert_eq!(rows(&bench, read).await.len(), 1);
    assert_eq!(send(search_ad(&["A", "B", "C"], &[])).await.0, 200);
    let (_, answer) = send(search_ad(&["A", "B", "D"], &[])).await;
    let error = only_error(&answer);
    assert_eq!(error["errorCode"], json!({"resourceCountLimitExceededError": "ADGROUP_LIMIT"}));
    assert_eq!(error["details"]["resourceCountDetails"]["limit"], 3);
    let edit = update(
        &format!("{CUSTOMER}/ads/5000000001"),
        "finalUrls",
        json!({"finalUrls": ["example.com"]}),
    );
    let error = refused(&bench, "ads:mutate", &edit).await;
    assert_eq!(error["errorCode"], json!({"urlFieldError": "MISSING_PROTOCOL_IN_FINAL_URL"}));
}
