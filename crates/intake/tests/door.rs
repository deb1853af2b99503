//! The door over real HTTP: the official SDK's client where a client would speak, plain
//! requests where an attacker would.
#![allow(clippy::unwrap_used, clippy::panic)]

use async_trait::async_trait;
use countersign_intake::{
    AgentSession, CampaignSummary, CaseStatus, DeskError, DraftDesk, DraftReceipt, DraftRefusal,
    Limits, RefusalCode, Requested, Scope, router,
};
use countersign_model::{
    AgentId, Currency, Digest, Draft, EntityRef, Money, Outcome, PersonId, ProposalId, TimestampMs,
    decision::EvidenceWanted, evidence::PacingSeries,
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
use std::sync::{Arc, Mutex};
use uuid::Uuid;

#[derive(Default)]
struct Desk {
    drafts: Mutex<Vec<Draft>>,
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
impl DraftDesk for Desk {
    async fn authenticate(&self, bearer: &str) -> Result<Option<AgentSession>, DeskError> {
        let scopes: &[Scope] = match bearer {
            "both" => &[Scope::Read, Scope::Draft],
            "reader" => &[Scope::Read],
            "nothing" => &[],
            "broken" => return Err(DeskError::Unavailable("the store")),
            _ => return Ok(None),
        };
        Ok(Some(AgentSession {
            agent: AgentId::from_uuid(Uuid::from_u128(1)),
            name: "Budget agent".into(),
            owner: PersonId::from_uuid(Uuid::from_u128(2)),
            scopes: scopes.iter().copied().collect(),
        }))
    }

    async fn list_campaigns(&self, _: &AgentSession) -> Result<Vec<CampaignSummary>, DeskError> {
        let summary = CampaignSummary {
            entity: entity(),
            name: "Search".into(),
            daily_budget: budget(),
            shared_by: 1,
        };
        Ok(vec![summary])
    }

    async fn pacing(
        &self,
        _: &AgentSession,
        campaign: &EntityRef,
    ) -> Result<PacingSeries, DeskError> {
        if *campaign != entity() {
            return Err(DeskError::Unknown("the campaign"));
        }
        Ok(PacingSeries {
            entity: entity(),
            time_zone: "Europe/Berlin".into(),
            read_at_ms: TimestampMs::from_millis(1),
            daily_budget: budget(),
            source: "a test".into(),
            days: vec![],
        })
    }

    async fn submit_draft(
        &self,
        _: &AgentSession,
        draft: Draft,
    ) -> Result<DraftReceipt, DraftRefusal> {
        self.drafts.lock().unwrap().push(draft);
        Ok(DraftReceipt {
            proposal: proposal(),
            state: "deciding".into(),
            outcome: Outcome::Escalate,
            decide_by_ms: TimestampMs::from_millis(2),
            words: vec!["ops and finance must sign".into()],
        })
    }

    async fn case_status(&self, _: &AgentSession, id: ProposalId) -> Result<CaseStatus, DeskError> {
        if id != proposal() {
            return Err(DeskError::Unknown("the case"));
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
                reason_code: "more_evidence".into(),
                text: "How did it do last month?".into(),
            }),
        })
    }

    async fn record_refusal(&self, _: &AgentSession, code: RefusalCode, _: Digest) {
        self.refusals.lock().unwrap().push(code);
    }
}

async fn open() -> (Arc<Desk>, String) {
    let desk = Arc::new(Desk::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let app = router(desk.clone(), Limits::default());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (desk, address)
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
    let (desk, address) = open().await;
    let client = client(&address, "both").await;
    let campaigns = call(&client, "list_campaigns", json!({})).await.structured_content.unwrap();
    assert_eq!(campaigns["campaigns"][0]["daily_budget"]["amount_micros"], "500000000");
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
    assert_eq!(
        (&case["requested"]["max_days"], &case["requested"]["max_after"]),
        (&json!(2), &json!(null))
    );
    assert_eq!(desk.drafts.lock().unwrap().len(), 1);
    let unknown = json!({"proposal": ProposalId::from_uuid(Uuid::nil())});
    let unknown = call(&client, "get_case", unknown).await;
    assert_eq!(unknown.structured_content.unwrap()["error"]["code"], "UNKNOWN");
}

#[tokio::test]
async fn agent_path_ends_at_draft() {
    let (desk, address) = open().await;
    let client = client(&address, "both").await;
    let tools = client.list_all_tools().await.unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    assert_eq!(names, ["list_campaigns", "get_pacing", "get_case", "draft_budget_change"]);

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
    assert_eq!(desk.refusals.lock().unwrap().len(), 5 + 9);
    assert!(desk.drafts.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_token_does_what_its_scopes_say() {
    let (desk, address) = open().await;
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
    assert!(desk.drafts.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_body_of_10_mb_is_refused_and_said_so() {
    let (desk, address) = open().await;
    let mut large = example();
    large["prompt"] = "x".repeat(10 * 1024 * 1024).into();
    let body = rpc("tools/call", json!({"name": "draft_budget_change", "arguments": large}));
    let (status, _, told) = post(&address, "both", body).await;
    assert_eq!((status, told["error"].as_str()), (413, Some("BODY_TOO_LARGE")));
    assert!(told["message"].as_str().unwrap().contains("1048576 bytes"));
    assert_eq!(*desk.refusals.lock().unwrap(), [RefusalCode::BodyTooLarge]);
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
    let (desk, address) = open().await;
    let client = client(&address, "both").await;
    let mut bad = example();
    bad["change"]["after"]["amount_micros"] = json!(625.5);
    let refused = call(&client, "draft_budget_change", bad).await;
    assert_eq!(refused.is_error, Some(true));
    let error = refused.structured_content.unwrap()["error"].clone();
    assert_eq!(error["code"], "SCHEMA_INVALID");
    assert_eq!(error["path"], "/change/after/amount_micros");
    assert!(error["message"].as_str().unwrap().contains("whole number in a string"), "{error}");
    assert_eq!(*desk.refusals.lock().unwrap(), [RefusalCode::SchemaInvalid]);
    assert!(desk.drafts.lock().unwrap().is_empty());
}

#[tokio::test]
async fn other_hosts_and_browser_origins_are_refused() {
    let (_, address) = open().await;
    for (header, value) in [("host", "evil.example"), ("origin", "https://evil.example")] {
        let response = reqwest::Client::new()
            .post(format!("{address}/mcp"))
            .bearer_auth("both")
            .header(header, value)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .body(rpc("ping", json!({})))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status().as_u16(), 403, "{header}");
    }
}
