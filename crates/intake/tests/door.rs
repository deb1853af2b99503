//! The door over real HTTP: the official SDK's client where a client would speak, plain
//! requests where an attacker would.
#![allow(clippy::unwrap_used, clippy::panic)]

use async_trait::async_trait;
use countersign_intake::{
    AdGroupSummary, AgentLimits, AgentService, AgentSession, BiddingSummary, Budget,
    CampaignDetails, CampaignList, CampaignQuery, CampaignSummary, CaseGroup, CaseStatus,
    CasesPage, CasesQuery, Cursor, DraftReceipt, DraftRefusal, Exhausted, IdempotencyKey, Limits,
    ListedCase, NoRoom, PartsPage, RefusalCode, Requested, Reservation, Scope, ServiceError,
    Submission, UnreadAccount, router,
};
use countersign_model::{
    AgentId, AmountLimits, CampaignStatus, Currency, Digest, EntityRef, Money, Outcome, PersonId,
    ProposalId, TimestampMs, change,
    decision::EvidenceWanted,
    entity::PlatformId,
    evidence::{DayRange, PacingSeries},
};
use rmcp::{
    RoleClient, ServiceExt,
    model::{CallToolRequestParams, CallToolResult},
    service::RunningService,
    transport::{
        StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use uuid::Uuid;

#[derive(Default)]
struct FakeService {
    drafts: Mutex<Vec<Submission>>,
    asked: Mutex<Vec<CasesQuery>>,
    refusals: Mutex<Vec<RefusalCode>>,
}

fn proposal() -> ProposalId {
    ProposalId::from_uuid(Uuid::from_u128(9))
}

fn entity() -> EntityRef {
    serde_json::from_value(example()["change"]["entity"].clone()).unwrap()
}

fn budget() -> Money {
    Money::from_micros(500_000_000, Currency::parse("USD").unwrap())
}

fn example() -> Value {
    serde_json::from_str(include_str!("../../../schemas/examples/budget_change.json")).unwrap()
}

#[async_trait]
impl AgentService for FakeService {
    async fn authenticate(&self, bearer: &str) -> Result<Option<AgentSession>, ServiceError> {
        let scopes: &[Scope] = match bearer {
            "both" | "other" => &[Scope::Read, Scope::Draft],
            "reader" => &[Scope::Read],
            "nothing" => &[],
            "broken" => return Err(ServiceError::Unavailable("the store")),
            _ => return Ok(None),
        };
        Ok(Some(AgentSession {
            agent: AgentId::from_uuid(Uuid::from_u128(if bearer == "other" { 7 } else { 1 })),
            name: "Budget agent".into(),
            owner: PersonId::from_uuid(Uuid::from_u128(2)),
            scopes: scopes.iter().copied().collect(),
        }))
    }

    async fn list_campaigns(&self, _: &AgentSession) -> Result<CampaignList, ServiceError> {
        let summary = CampaignSummary {
            entity: entity(),
            name: "Search".into(),
            budget: change::Budget::daily(budget()),
            flight: change::Flight::default(),
            shared_by: 1,
            status: CampaignStatus::Enabled,
            limits: AmountLimits::unknown(budget().currency),
        };
        let unread = UnreadAccount {
            platform: entity().platform,
            account_id: entity().account_id,
            message: "try again in a minute".into(),
        };
        Ok(CampaignList { campaigns: vec![summary], unread: vec![unread] })
    }

    async fn campaign(
        &self,
        session: &AgentSession,
        query: &CampaignQuery,
    ) -> Result<CampaignDetails, ServiceError> {
        if query.campaign != entity() {
            return Err(ServiceError::Unknown("the campaign"));
        }
        let list = self.list_campaigns(session).await?;
        let id = |text| PlatformId::parse(text).unwrap();
        let group = AdGroupSummary {
            id: id("401"),
            name: "Shoes".into(),
            status: CampaignStatus::Paused,
            cpc_bid: budget(),
            cpm_bid: budget(),
        };
        Ok(CampaignDetails {
            campaign: list.campaigns[0].clone(),
            has_started: true,
            time_zone: "Europe/Berlin".into(),
            read_only: false,
            bidding: Some(BiddingSummary {
                holds: change::Bidding::TargetCpa { target_cpa: budget() },
                shared_by: Some(2),
                limits: AmountLimits::unknown(budget().currency),
            }),
            ad_groups: PartsPage {
                items: vec![group],
                next_cursor: query.ad_groups_cursor.is_none().then(|| id("401")),
            },
        })
    }

    async fn pacing(
        &self,
        _: &AgentSession,
        campaign: &EntityRef,
    ) -> Result<PacingSeries, ServiceError> {
        if *campaign != entity() {
            return Err(ServiceError::Unknown("the campaign"));
        }
        Ok(PacingSeries {
            entity: entity(),
            time_zone: "Europe/Berlin".into(),
            read_at_ms: TimestampMs::from_millis(1),
            budget: change::Budget::daily(budget()),
            source: "a test".into(),
            asked: DayRange { first: "2026-11-01".into(), last: "2026-11-20".into() },
            days: vec![],
        })
    }

    async fn reserve_draft(&self, _: &AgentSession) -> Result<Reservation, NoRoom> {
        let limit = 3;
        if self.drafts.lock().unwrap().len() >= limit {
            return Err(NoRoom::Exhausted(Exhausted {
                budget: Budget::OpenCases,
                limit: limit as u64,
                retry_after: Duration::from_secs(60),
            }));
        }
        Ok(Box::new(()))
    }

    async fn is_key_spent(
        &self,
        _: &AgentSession,
        key: &IdempotencyKey,
    ) -> Result<bool, ServiceError> {
        if key.as_str() == "broken" {
            return Err(ServiceError::Unavailable("the store"));
        }
        Ok(self.drafts.lock().unwrap().iter().any(|one| one.key.as_ref() == Some(key)))
    }

    async fn list_cases(
        &self,
        _: &AgentSession,
        query: &CasesQuery,
    ) -> Result<CasesPage, ServiceError> {
        self.asked.lock().unwrap().push(query.clone());
        let case = ListedCase {
            proposal: proposal(),
            idempotency_key: None,
            state: "deciding".into(),
            outcome: Outcome::Escalate,
            entity: entity(),
            kind: "budget_change",
            before: Some(countersign_model::change::Value::Money(budget())),
            after: Some(countersign_model::change::Value::Money(budget())),
            created_at_ms: TimestampMs::from_millis(1),
            decide_by_ms: TimestampMs::from_millis(2),
            executed: None,
        };
        let next_cursor = query.cursor.is_none().then_some(Cursor(proposal()));
        Ok(CasesPage { cases: vec![case], next_cursor })
    }

    async fn submit_draft(
        &self,
        _: &AgentSession,
        submission: Submission,
    ) -> Result<DraftReceipt, DraftRefusal> {
        let mut drafts = self.drafts.lock().unwrap();
        let replayed = submission.key.is_some() && drafts.contains(&submission);
        if !replayed {
            drafts.push(submission);
        }
        Ok(DraftReceipt {
            replayed,
            proposal: proposal(),
            state: "deciding".into(),
            outcome: Outcome::Escalate,
            decide_by_ms: TimestampMs::from_millis(2),
            words: vec!["ops and finance must sign".into()],
        })
    }

    async fn case_status(
        &self,
        _: &AgentSession,
        id: ProposalId,
    ) -> Result<CaseStatus, ServiceError> {
        if id != proposal() {
            return Err(ServiceError::Unknown("the case"));
        }
        Ok(CaseStatus {
            proposal: id,
            state: "deciding".into(),
            words: "People decide.".into(),
            decide_by_ms: TimestampMs::from_millis(2),
            executed: None,
            requested: Some(Requested {
                max_after: None,
                max_days: Some(2),
                evidence: [EvidenceWanted::Backtest].into(),
                texts: true,
                reason_code: "more_evidence".into(),
                text: "How did it do last month?".into(),
            }),
        })
    }

    async fn record_refusal(&self, _: &AgentSession, code: RefusalCode, _: Digest) {
        self.refusals.lock().unwrap().push(code);
    }
}

async fn open() -> (Arc<FakeService>, String) {
    open_with(Limits::default()).await
}

async fn open_with(limits: Limits) -> (Arc<FakeService>, String) {
    let service = Arc::new(FakeService::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let app = router(service.clone(), limits);
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (service, address)
}

async fn client(address: &str, token: &str) -> RunningService<RoleClient, ()> {
    let config =
        StreamableHttpClientTransportConfig::with_uri(format!("{address}/mcp")).auth_header(token);
    ().serve(StreamableHttpClientTransport::from_config(config)).await.unwrap()
}

async fn call(
    client: &RunningService<RoleClient, ()>,
    name: &'static str,
    arguments: Value,
) -> CallToolResult {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    let request = CallToolRequestParams::new(name).with_arguments(arguments);
    client.call_tool(request).await.unwrap()
}

/// A plain JSON-RPC request; status, challenge and body.
async fn post(address: &str, token: &str, body: String) -> (u16, String, Value) {
    let response = reqwest::Client::new()
        .post(format!("{address}/mcp"))
        .bearer_auth(token)
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .body(body)
        .send()
        .await
        .unwrap();
    told(response).await
}

async fn told(response: reqwest::Response) -> (u16, String, Value) {
    let challenge = response.headers().get("www-authenticate");
    let challenge = challenge.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    (response.status().as_u16(), challenge, response.json().await.unwrap_or_default())
}

fn rpc(method: &str, params: Value) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
}

#[tokio::test]
async fn an_ordinary_client_reads_drafts_and_follows_its_case() {
    let (service, address) = open().await;
    let client = client(&address, "both").await;
    let campaigns = call(&client, "list_campaigns", json!({})).await.structured_content.unwrap();
    assert_eq!(campaigns["campaigns"][0]["budget"]["amount"]["amount_micros"], "500000000");
    assert_eq!(campaigns["unread"][0]["message"], "try again in a minute");
    let campaign = campaigns["campaigns"][0]["entity"].clone();
    let pacing = call(&client, "get_pacing", json!({"campaign": campaign})).await;
    assert_eq!(pacing.structured_content.unwrap()["source"], "a test");
    let receipt = call(&client, "draft_budget_change", example()).await;
    assert_eq!(receipt.is_error, Some(false));
    let receipt = receipt.structured_content.unwrap();
    let case = call(&client, "get_case", json!({"proposal": receipt["proposal"]})).await;
    let case = case.structured_content.unwrap();
    assert_eq!(case["state"], "deciding");
    assert_eq!(case["requested"]["evidence"], json!(["backtest"]));
    assert_eq!(case["requested"]["texts"], true);
    assert_eq!(
        (&case["requested"]["max_days"], &case["requested"]["max_after"]),
        (&json!(2), &json!(null))
    );
    assert_eq!(service.drafts.lock().unwrap().len(), 1);
    let unknown = json!({"proposal": ProposalId::from_uuid(Uuid::nil())});
    let unknown = call(&client, "get_case", unknown).await;
    assert_eq!(unknown.structured_content.unwrap()["error"]["code"], "UNKNOWN");
}

#[tokio::test]
async fn a_campaign_is_told_as_its_published_schema_says_page_by_page() {
    let (_, address) = open().await;
    let client = client(&address, "reader").await;
    let tools = client.list_all_tools().await.unwrap();
    let tool = tools.iter().find(|tool| tool.name == "get_campaign").unwrap();
    let schema = json!(tool.output_schema.as_ref().unwrap());
    let holds = jsonschema::validator_for(&schema).unwrap();
    let first = call(&client, "get_campaign", json!({"campaign": entity()})).await;
    let first = first.structured_content.unwrap();
    let wrong: Vec<_> = holds.iter_errors(&first).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?} in {first}");
    assert_eq!(first["bidding"]["holds"]["strategy"], "target_cpa");
    assert_eq!(first["ad_groups"]["items"][0]["cpc_bid"]["amount_micros"], "500000000");
    let mut wide = first.clone();
    wide["ad_groups"]["items"][0]["owner"] = json!("somebody");
    assert!(!holds.is_valid(&wide), "what is not published is not told");
    let next = json!({"campaign": entity(), "ad_groups_cursor": first["ad_groups"]["next_cursor"]});
    let last = call(&client, "get_campaign", next).await.structured_content.unwrap();
    assert!(last["ad_groups"].get("next_cursor").is_none() && holds.is_valid(&last));
    for (asked, code) in [
        (json!({"campaign": entity(), "cursor": "401"}), "SCHEMA_INVALID"),
        (json!({}), "SCHEMA_INVALID"),
        (
            json!({"campaign": {"platform": "google_ads", "account_id": "9", "campaign_id": "9"}}),
            "UNKNOWN",
        ),
    ] {
        let told = call(&client, "get_campaign", asked).await.structured_content.unwrap();
        assert_eq!(told["error"]["code"], code, "{told}");
    }
}

#[tokio::test]
async fn agent_path_ends_at_draft() {
    let (service, address) = open().await;
    let client = client(&address, "both").await;
    let tools = client.list_all_tools().await.unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    assert_eq!(
        names,
        [
            "list_campaigns",
            "get_campaign",
            "get_pacing",
            "get_case",
            "list_my_cases",
            "draft_budget_change",
            "draft_status_change",
            "draft_total_budget_change",
            "draft_schedule_change",
            "draft_budget_transfer",
            "draft_bid_change",
            "draft_creative_swap",
            "draft_placement_add",
            "draft_placement_exclude",
            "draft_audience_add",
            "draft_audience_exclude",
        ]
    );

    for body in [
        rpc("tools/call", json!({"name": "approve", "arguments": {}})),
        rpc("tools/call", json!({"name": "override_budget_change", "arguments": {}})),
        rpc("decisions/approve", json!({})),
        // A second spelling of the name decides nothing: the last one is checked and passed on.
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"decisions/sign"}"#.into(),
        format!("[{},{}]", rpc("ping", json!({})), rpc("tools/call", json!({"name": "approve"}))),
    ] {
        let (status, challenge, told) = post(&address, "both", body.clone()).await;
        assert_eq!((status, told["error"].as_str()), (403, Some("SCOPE_INSUFFICIENT")), "{body}");
        assert_eq!(challenge, "Bearer error=\"insufficient_scope\"");
    }
    for path in ["/v1/approvals", "/v1/decisions", "/v1/decisions/any"] {
        for method in [reqwest::Method::GET, reqwest::Method::POST, reqwest::Method::DELETE] {
            let request = reqwest::Client::new().request(method, format!("{address}{path}"));
            let (status, _, body) = told(request.bearer_auth("both").send().await.unwrap()).await;
            assert_eq!(
                (status, body["error"].as_str()),
                (403, Some("SCOPE_INSUFFICIENT")),
                "{path}"
            );
        }
    }
    assert_eq!(service.refusals.lock().unwrap().len(), 5 + 9);
    assert!(service.drafts.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_token_does_what_its_scopes_say() {
    let (service, address) = open().await;
    let draft = rpc("tools/call", json!({"name": "draft_budget_change", "arguments": example()}));
    let (status, challenge, body) = post(&address, "reader", draft.clone()).await;
    assert_eq!((status, body["error"].as_str()), (403, Some("SCOPE_INSUFFICIENT")));
    assert!(challenge.contains("scope=\"mcp.draft\""), "{challenge}");
    let (status, ..) = post(&address, "nothing", rpc("ping", json!({}))).await;
    assert_eq!(status, 403);
    let (status, challenge, _) = post(&address, "stolen", draft.clone()).await;
    assert_eq!((status, challenge.as_str()), (401, "Bearer error=\"invalid_token\""));
    let (status, challenge, _) = post(&address, "", draft.clone()).await;
    assert_eq!((status, challenge.as_str()), (401, "Bearer"));
    let (status, ..) = post(&address, "broken", draft).await;
    assert_eq!(status, 503);
    assert!(service.drafts.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_body_of_10_mb_is_refused_and_said_so() {
    let (service, address) = open().await;
    let mut large = example();
    large["prompt"] = "x".repeat(10 * 1024 * 1024).into();
    let body = rpc("tools/call", json!({"name": "draft_budget_change", "arguments": large}));
    let (status, _, told) = post(&address, "both", body).await;
    assert_eq!((status, told["error"].as_str()), (413, Some("BODY_TOO_LARGE")));
    assert!(told["message"].as_str().unwrap().contains("1048576 bytes"));
    assert_eq!(*service.refusals.lock().unwrap(), [RefusalCode::BodyTooLarge]);
}

#[tokio::test]
async fn unknown_methods_tools_and_notifications_are_answered_as_the_protocol_says() {
    let (service, address) = open().await;
    // The messages of ordinary clients, as the field reported them.
    let reported = [
        (json!({"jsonrpc": "2.0", "method": "notifications/roots/list_changed"}), None),
        (json!({"jsonrpc": "2.0", "method": "notifications/vendor/x"}), None),
        (
            json!({"jsonrpc": "2.0", "id": 7, "method": "resources/subscribe", "params": {"uri": "x:y"}}),
            Some(-32_601),
        ),
        (json!({"jsonrpc": "2.0", "id": 8, "method": "tasks/list"}), Some(-32_601)),
        (json!({"jsonrpc": "2.0", "id": 9, "method": "foo/bar"}), Some(-32_601)),
        (
            json!({"jsonrpc": "2.0", "id": "a", "method": "tools/call", "params": {"name": "no_such_tool"}}),
            Some(-32_602),
        ),
        // A draft whose answer nobody waits for is none.
        (
            json!({"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "draft_budget_change", "arguments": example()}}),
            None,
        ),
        (json!({"jsonrpc": "2.0", "method": "notifications/initialized"}), None),
    ];
    for (message, code) in reported {
        let (status, challenge, told) = post(&address, "both", message.to_string()).await;
        assert_eq!(challenge, "", "{message}");
        match code {
            None => assert_eq!((status, &told), (202, &Value::Null), "{message}"),
            Some(code) => {
                assert_eq!(told["error"]["code"], code, "{message}: {status} {told}");
                assert_eq!(told["id"], message["id"], "{message}");
            }
        }
    }
    assert!(service.refusals.lock().unwrap().iter().all(|code| !code.is_for_the_log()));
    assert!(service.drafts.lock().unwrap().is_empty());
}

#[tokio::test]
async fn json_that_is_no_json_rpc_is_an_invalid_request() {
    let (service, address) = open().await;
    for (body, id) in [
        ("7", json!(null)),
        ("[]", json!(null)),
        (r#"{"hello": "world"}"#, json!(null)),
        (r#"{"jsonrpc": "2.0", "id": 4}"#, json!(4)),
        (r#"{"jsonrpc": "2.0", "id": 4, "method": "tools/call", "params": 5}"#, json!(4)),
        (r#"[{"jsonrpc": "2.0", "id": 4, "method": "ping"}]"#, json!(null)),
    ] {
        let (status, _, told) = post(&address, "both", body.into()).await;
        assert_eq!((status, &told["error"]["code"]), (400, &json!(-32_600)), "{body}: {told}");
        assert_eq!(told["id"], id, "{body}");
    }
    assert!(service.refusals.lock().unwrap().iter().all(|code| !code.is_for_the_log()));
}

#[tokio::test]
async fn half_a_character_is_named_as_what_it_is() {
    let (service, address) = open().await;
    let body = rpc("tools/call", json!({"name": "draft_budget_change", "arguments": example()}));
    let body = body.replacen("genai", "\\ud83d", 1);
    assert!(body.contains("\\ud83d"));
    let (status, _, told) = post(&address, "both", body).await;
    assert_eq!((status, told["error"]["code"].as_i64()), (400, Some(-32_700)));
    let words = told["error"]["message"].as_str().unwrap();
    assert!(
        words.starts_with("`id` holds half a surrogate") && words.contains("\\uD83D"),
        "{words}"
    );
    assert!(!words.contains("NaN"), "{words}");
    assert_eq!(*service.refusals.lock().unwrap(), [RefusalCode::NotJson]);
    let campaign = json!({"name": "get_case", "arguments": {"proposal": "prop_\u{202e}"}});
    let (_, _, told) = post(&address, "both", rpc("tools/call", campaign)).await;
    let error = &told["result"]["structuredContent"]["error"];
    assert_eq!(error["path"], "/proposal");
    assert!(error["message"].as_str().unwrap().contains("U+202E as character 6"), "{told}");
}

fn tight() -> Limits {
    let agents = AgentLimits {
        requests_per_second: 1,
        burst: 6,
        concurrent: 2,
        bytes_in_flight: 1024 * 1024,
        drafts_per_hour: 8,
        open_cases: 3,
    };
    Limits { agents, strangers_per_minute: 5, ..Limits::default() }
}

/// Status, `Retry-After` and body.
async fn spent(address: &str, token: &str, path: &str, body: String) -> (u16, u64, Value) {
    let request = reqwest::Client::new().post(format!("{address}{path}")).body(body);
    let request = request
        .bearer_auth(token)
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream");
    let answer = request.send().await.unwrap();
    let after = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    let after = after.map(|seconds| seconds.parse().unwrap()).unwrap_or_default();
    (answer.status().as_u16(), after, answer.json().await.unwrap_or_default())
}

/// Pings at least `least` times, which are answered with `status`, until the budget is spent: a
/// slow machine earns some of it back meanwhile.
async fn spend(address: &str, token: &str, least: usize, status: u16) -> (u64, Value) {
    for count in 0..100 {
        let told = spent(address, token, "/mcp", rpc("ping", json!({}))).await;
        if let (429, after, told) = told {
            assert!(count >= least, "spent after {count}");
            return (after, told);
        }
        assert_eq!(told.0, status);
    }
    panic!("the budget has no end");
}

#[tokio::test]
async fn a_spent_budget_says_which_how_much_and_when_and_hits_nobody_else() {
    let (service, address) = open_with(tight()).await;
    let (after, told) = spend(&address, "both", 6, 200).await;
    assert_eq!(after, 1);
    assert_eq!((&told["jsonrpc"], &told["id"]), (&json!("2.0"), &json!(null)));
    let data = &told["error"]["data"];
    assert_eq!((&data["code"], &data["budget"]), (&json!("BUDGET_EXHAUSTED"), &json!("requests")));
    assert_eq!(data["limit"], 1);
    assert!(told["error"]["message"].as_str().unwrap().contains("Ask again in 1 s"), "{told}");
    assert!(service.refusals.lock().unwrap().iter().all(|code| !code.is_for_the_log()));
    // The other path spends from the same one.
    let mut told = (0, 0, Value::Null);
    for _ in 0..100 {
        told = spent(&address, "both", "/v1/approvals", String::new()).await;
        if told.0 == 429 {
            break;
        }
    }
    let (status, after, told) = told;
    assert_eq!((status, after, &told["error"]), (429, 1, &json!("BUDGET_EXHAUSTED")));
    // Another agent has a budget of its own.
    assert_eq!(spent(&address, "other", "/mcp", rpc("ping", json!({}))).await.0, 200);
}

#[tokio::test]
async fn drafts_and_open_cases_have_budgets_of_their_own() {
    let draft = rpc("tools/call", json!({"name": "draft_budget_change", "arguments": example()}));
    // A quarter of eight an hour at once.
    let (service, address) = open_with(tight()).await;
    for _ in 0..2 {
        assert_eq!(spent(&address, "both", "/mcp", draft.clone()).await.0, 200);
    }
    let (status, after, told) = spent(&address, "both", "/mcp", draft.clone()).await;
    assert_eq!((status, &told["id"]), (429, &json!(1)));
    assert_eq!(told["error"]["data"]["budget"], "drafts_per_hour");
    assert!((500..=600).contains(&after), "{after}");
    assert_eq!(spent(&address, "both", "/mcp", rpc("ping", json!({}))).await.0, 200);
    assert_eq!(*service.refusals.lock().unwrap(), [RefusalCode::BudgetExhausted]);

    let (service, address) = open().await;
    for _ in 0..3 {
        assert_eq!(spent(&address, "both", "/mcp", draft.clone()).await.0, 200);
    }
    let (status, after, told) = spent(&address, "both", "/mcp", draft).await;
    assert_eq!((status, after), (429, 60));
    assert_eq!(told["error"]["data"]["budget"], "open_cases");
    assert_eq!(service.drafts.lock().unwrap().len(), 3);
}

/// The draft under a key, as a tool call.
fn keyed(key: &str) -> String {
    let mut draft = example();
    draft["idempotency_key"] = key.into();
    rpc("tools/call", json!({"name": "draft_budget_change", "arguments": draft}))
}

#[tokio::test]
async fn a_draft_that_is_sent_again_under_its_key_takes_nothing_of_any_budget() {
    // Two drafts at once, and three open cases.
    let (service, address) = open_with(tight()).await;
    for (key, replayed) in [("one", json!(null)), ("two", json!(null)), ("one", json!(true))] {
        let (status, _, told) = spent(&address, "both", "/mcp", keyed(key)).await;
        let receipt = &told["result"]["structuredContent"];
        assert_eq!((status, &receipt["replayed"]), (200, &replayed), "{key}: {told}");
        assert_eq!(receipt["proposal"], json!(proposal()));
    }
    let (status, _, told) = spent(&address, "both", "/mcp", keyed("three")).await;
    assert_eq!((status, &told["error"]["data"]["budget"]), (429, &json!("drafts_per_hour")));
    assert_eq!(service.drafts.lock().unwrap().len(), 2);

    let (service, address) = open().await;
    for key in ["one", "two", "three", "one"] {
        assert_eq!(spent(&address, "both", "/mcp", keyed(key)).await.0, 200, "{key}");
    }
    let (status, _, told) = spent(&address, "both", "/mcp", keyed("four")).await;
    assert_eq!((status, &told["error"]["data"]["budget"]), (429, &json!("open_cases")));
    assert_eq!(service.drafts.lock().unwrap().len(), 3);
    // Who cannot look opens no second case.
    assert_eq!(spent(&address, "both", "/mcp", keyed("broken")).await.0, 503);
    // What is no key is refused with words, and spends nothing.
    let (_, address) = open().await;
    let (_, _, told) = spent(&address, "both", "/mcp", keyed("two words")).await;
    let error = &told["result"]["structuredContent"]["error"];
    assert_eq!(
        (&error["code"], &error["path"]),
        (&json!("SCHEMA_INVALID"), &json!("/idempotency_key"))
    );
}

#[tokio::test]
async fn an_agent_lists_its_cases_page_by_page() {
    let (service, address) = open().await;
    let reader = client(&address, "reader").await;
    let first = call(&reader, "list_my_cases", json!({"state": "open", "limit": 1})).await;
    let first = first.structured_content.unwrap();
    assert_eq!(first["cases"][0]["proposal"], json!(proposal()));
    let next = json!({"cursor": first["next_cursor"], "state": "settled"});
    let last = call(&reader, "list_my_cases", next).await.structured_content.unwrap();
    assert_eq!(last["next_cursor"], json!(null));
    let asked = service.asked.lock().unwrap().clone();
    assert_eq!((asked[0].state, asked[0].limit()), (Some(CaseGroup::Open), 1));
    assert_eq!(
        (asked[1].state, asked[1].cursor),
        (Some(CaseGroup::Settled), Some(Cursor(proposal())))
    );
    for bad in [json!({"limit": 0}), json!({"cursor": "x"}), json!({"agent": "another"})] {
        let refused = call(&reader, "list_my_cases", bad).await;
        assert_eq!(refused.is_error, Some(true));
        assert_eq!(refused.structured_content.unwrap()["error"]["code"], "SCHEMA_INVALID");
    }
    let tools = reader.list_all_tools().await.unwrap();
    let tool = tools.iter().find(|tool| tool.name == "list_my_cases").unwrap();
    assert_eq!(tool.annotations.as_ref().unwrap().read_only_hint, Some(true));
    let list = rpc("tools/call", json!({"name": "list_my_cases", "arguments": {}}));
    assert_eq!(post(&address, "nothing", list).await.0, 403);
}

#[tokio::test]
async fn strangers_use_up_their_own_budget_and_no_agents() {
    let (_, address) = open_with(tight()).await;
    let (after, told) = spend(&address, "stolen", 5, 401).await;
    assert!((1..=12).contains(&after), "one of five a minute: {after}");
    assert_eq!(told["data"]["budget"], "strangers");
    assert_eq!(spent(&address, "both", "/mcp", rpc("ping", json!({}))).await.0, 200);
}

/// Sends a head that promises a body, and never the body.
async fn begin(address: &str, token: &str, length: usize) -> tokio::net::TcpStream {
    use tokio::io::AsyncWriteExt as _;
    let mut stream =
        tokio::net::TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn bytes_and_requests_under_way_are_bounded_and_a_slow_body_ends() {
    use tokio::io::AsyncReadExt as _;
    let limits = Limits { body_timeout: Duration::from_secs(2), ..tight() };
    let (_, address) = open_with(limits).await;
    let mut held = begin(&address, "both", 1_000_000).await;
    // What is asked next waits until the first is under way.
    let budget = async || {
        let (status, _, told) =
            spent(&address, "both", "/mcp", rpc("x", json!("y".repeat(60_000)))).await;
        (status == 429).then(|| told["error"]["data"]["budget"].clone())
    };
    let mut told = budget().await;
    for _ in 0..3 {
        if told.is_none() {
            told = budget().await;
        }
    }
    assert_eq!(told, Some(json!("bytes_in_flight")));
    let mut answer = String::new();
    held.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("BODY_TOO_SLOW"), "{answer}");

    // Given back.
    let (_, address) =
        open_with(Limits { agents: AgentLimits { burst: 100, ..tight().agents }, ..tight() }).await;
    let _one = begin(&address, "both", 10).await;
    let _two = begin(&address, "both", 10).await;
    let mut told = Value::Null;
    for _ in 0..50 {
        let (status, _, answer) = spent(&address, "both", "/mcp", rpc("ping", json!({}))).await;
        if status == 429 {
            told = answer["error"]["data"]["budget"].clone();
            break;
        }
    }
    assert_eq!(told, json!("concurrent"));
    assert_eq!(spent(&address, "other", "/mcp", rpc("ping", json!({}))).await.0, 200);
}

#[tokio::test]
async fn nan_is_no_json() {
    let (_, address) = open().await;
    let body = rpc("tools/call", json!({"name": "draft_budget_change", "arguments": example()}));
    let (status, _, told) = post(&address, "both", body.replace("0.79", "NaN")).await;
    assert_eq!((status, told["error"]["code"].as_i64()), (400, Some(-32_700)));
}

#[tokio::test]
async fn a_bad_draft_is_refused_by_its_field_and_recorded() {
    let (service, address) = open().await;
    let client = client(&address, "both").await;
    let mut bad = example();
    bad["change"]["after"]["amount_micros"] = json!(625.5);
    let refused = call(&client, "draft_budget_change", bad).await;
    assert_eq!(refused.is_error, Some(true));
    let error = refused.structured_content.unwrap()["error"].clone();
    assert_eq!(error["code"], "SCHEMA_INVALID");
    assert_eq!(error["path"], "/change/after/amount_micros");
    assert!(error["message"].as_str().unwrap().contains("whole number in a string"), "{error}");
    assert_eq!(*service.refusals.lock().unwrap(), [RefusalCode::SchemaInvalid]);
    assert!(service.drafts.lock().unwrap().is_empty());
}

async fn ping_with(address: &str, token: &str, headers: &[(&str, &str)]) -> (u16, Value) {
    let mut request = reqwest::Client::new()
        .post(format!("{address}/mcp"))
        .bearer_auth(token)
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .body(rpc("ping", json!({})));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (status, _, body) = told(request.send().await.unwrap()).await;
    (status, body)
}

#[tokio::test]
async fn other_hosts_are_refused() {
    let (_, address) = open().await;
    assert_eq!(ping_with(&address, "both", &[("host", "evil.example")]).await.0, 403);
}

#[tokio::test]
async fn a_page_is_answered_only_if_its_origin_is_allowed() {
    let good = "https://tools.example.com";
    let allowed = Limits { allowed_origins: vec![good.into()], ..Limits::default() };
    let (_, address) = open_with(allowed).await;
    for headers in [&[][..], &[("origin", good)]] {
        assert_eq!(ping_with(&address, "both", headers).await.0, 200, "{headers:?}");
    }
    let others = [
        "https://evil.example",
        "http://tools.example.com",
        "https://tools.example.com:8443",
        "https://tools.example.com.evil.example",
        "null",
        "",
    ];
    for other in others {
        // Also before the token is looked at.
        for token in ["both", "stolen"] {
            let (status, body) = ping_with(&address, token, &[("origin", other)]).await;
            assert_eq!((status, &body["error"]), (403, &json!("ORIGIN_NOT_ALLOWED")), "{other}");
            assert!(body["message"].as_str().unwrap().contains("allowed_origins"), "{body}");
        }
    }
    let two = [("origin", good), ("origin", "https://evil.example")];
    assert_eq!(ping_with(&address, "both", &two).await.0, 403);

    let (service, address) = open().await;
    let (status, body) = ping_with(&address, "both", &[("origin", good)]).await;
    assert_eq!((status, &body["error"]), (403, &json!("ORIGIN_NOT_ALLOWED")), "none by itself");
    let approvals = reqwest::Client::new().post(format!("{address}/v1/approvals"));
    let request = approvals.bearer_auth("both").header("origin", good);
    assert_eq!(told(request.send().await.unwrap()).await.2["error"], "ORIGIN_NOT_ALLOWED");
    assert!(service.refusals.lock().unwrap().is_empty(), "no act of the agent's");
}
