//! An emulator in the test's own process, and the calls that the tests make to it.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::path::PathBuf;

use countersign_emulator::{Emulator, EmulatorConfig, Running};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

pub(crate) const CONTROL_TOKEN: &str = "control-for-tests";
pub(crate) const CUSTOMER: &str = "/v26/customers/1234567890";
/// The first campaign's budget: 305 USD a day.
pub(crate) const BUDGET: &str = "customers/1234567890/campaignBudgets/3000000001";
pub(crate) const BUDGET_ID: i64 = 3_000_000_001;
pub(crate) const BUDGET_AMOUNT: i64 = 305_000_000;

pub(crate) struct Bench {
    pub(crate) running: Running,
    pub(crate) client: Client,
    pub(crate) access_token: String,
}

pub(crate) fn config() -> EmulatorConfig {
    let data =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data/pymc-marketing-credibility");
    let mut config = EmulatorConfig::new(data, CONTROL_TOKEN);
    config.as_of = Some("2026-11-21".parse().unwrap());
    config
}

pub(crate) async fn start() -> Bench {
    start_with(config()).await
}

pub(crate) async fn start_with(config: EmulatorConfig) -> Bench {
    let running = Emulator::start(config).await.unwrap();
    let client = Client::builder().no_proxy().build().unwrap();
    let mut bench = Bench { running, client, access_token: String::new() };
    bench.access_token = bench.new_token().await;
    bench
}

pub(crate) async fn json_of(response: Response) -> (StatusCode, Value) {
    assert!(response.headers().contains_key("request-id"), "every answer carries request-id");
    let status = response.status();
    (status, response.json().await.unwrap())
}

impl Bench {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.base_url)
    }

    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> (StatusCode, Value) {
        let request = self.client.post(&self.running.token_url).form(form);
        json_of(request.send().await.unwrap()).await
    }

    pub(crate) async fn new_token(&self) -> String {
        let (status, body) = self
            .token(&[
                ("grant_type", "refresh_token"),
                ("client_id", "emulator-client"),
                ("client_secret", "emulator-secret"),
                ("refresh_token", "emulator-refresh-token"),
            ])
            .await;
        assert_eq!(status, 200, "{body}");
        body["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn send(&self, method: &str, body: &Value) -> reqwest::Result<Response> {
        self.client
            .post(self.url(&format!("{CUSTOMER}/{method}")))
            .bearer_auth(&self.access_token)
            .json(body)
            .send()
            .await
    }

    pub(crate) async fn post(&self, method: &str, body: &Value) -> (StatusCode, Value) {
        json_of(self.send(method, body).await.unwrap()).await
    }

    pub(crate) async fn search(&self, query: &str) -> (StatusCode, Value) {
        self.post("googleAds:search", &json!({"query": query})).await
    }

    pub(crate) async fn mutate(&self, body: &Value) -> (StatusCode, Value) {
        self.post("campaignBudgets:mutate", body).await
    }

    /// The amount that the API shows for the first campaign, micros.
    pub(crate) async fn read_amount(&self) -> i64 {
        let (status, body) = self
            .search(
                "SELECT campaign_budget.amount_micros FROM campaign WHERE campaign.id = 2000000001",
            )
            .await;
        assert_eq!(status, 200, "{body}");
        let amount = &body["results"][0]["campaignBudget"]["amountMicros"];
        amount.as_str().unwrap().parse().unwrap()
    }

    pub(crate) async fn control(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let response = self
            .client
            .post(self.url(&format!("/_control/{path}")))
            .bearer_auth(CONTROL_TOKEN)
            .json(body)
            .send()
            .await
            .unwrap();
        let status = response.status();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    pub(crate) async fn fault(&self, body: Value) {
        let (status, answer) = self.control("faults", &body).await;
        assert_eq!(status, 201, "{answer}");
    }

    pub(crate) async fn state(&self) -> Value {
        let response = self
            .client
            .get(self.url("/_control/state"))
            .bearer_auth(CONTROL_TOKEN)
            .send()
            .await
            .unwrap();
        json_of(response).await.1
    }

    pub(crate) async fn changes(&self) -> Vec<Value> {
        self.state().await["changes"].as_array().unwrap().clone()
    }
}

pub(crate) fn set_amount(amount: i64) -> Value {
    json!({"operations": [{
        "update": {"resourceName": BUDGET, "amountMicros": amount.to_string()},
        "updateMask": "amountMicros"
    }]})
}

pub(crate) fn with(mut body: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// The only `GoogleAdsError` of a refused call.
pub(crate) fn only_error(body: &Value) -> &Value {
    let failure = &body["error"]["details"][0];
    assert_eq!(
        failure["@type"], "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure",
        "{body}"
    );
    assert!(!failure["requestId"].as_str().unwrap().is_empty());
    assert_eq!(failure["errors"].as_array().unwrap().len(), 1, "{body}");
    &failure["errors"][0]
}
