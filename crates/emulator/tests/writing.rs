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
