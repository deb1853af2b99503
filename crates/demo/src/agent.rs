//! An AI agent as the gate sees it: an ordinary MCP client, the official SDK's own.

use anyhow::{Context, Result, bail};
use rmcp::{
    RoleClient, ServiceExt as _,
    model::{CallToolRequestParams, CallToolResult},
    service::RunningService,
    transport::{
        StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use serde_json::{Value, json};

/// A connected agent.
pub struct Agent {
    client: RunningService<RoleClient, ()>,
    endpoint: String,
    token: String,
}

impl Agent {
    /// Connects to the gate's MCP endpoint with a bearer token.
    ///
    /// # Errors
    /// When the gate refuses or cannot be reached.
    pub async fn connect(gate: &str, token: &str) -> Result<Self> {
        let endpoint = format!("http://{gate}/mcp");
        let config = StreamableHttpClientTransportConfig::with_uri(endpoint.clone())
            .auth_header(token.to_owned());
        let transport = StreamableHttpClientTransport::from_config(config);
        let client = ().serve(transport).await.context("the agent cannot connect to the gate")?;
        Ok(Self { client, endpoint, token: token.to_owned() })
    }

    /// The names of all tools on offer.
    ///
    /// # Errors
    /// When the gate does not answer.
    pub async fn tools(&self) -> Result<Vec<String>> {
        let tools = self.client.list_all_tools().await?;
        Ok(tools.into_iter().map(|tool| tool.name.to_string()).collect())
    }

    /// Calls a tool and returns its structured answer.
    ///
    /// # Errors
    /// When the gate does not answer, or the tool answers with an error.
    pub async fn call(&self, tool: &str, arguments: Value) -> Result<Value> {
        let result = self.call_raw(tool, arguments).await?;
        if result.is_error == Some(true) {
            bail!("{tool} refused: {:?}", result.structured_content.unwrap_or_default());
        }
        result.structured_content.context("the tool's answer has no structured content")
    }

    /// Calls a tool and returns the answer as it is, errors of the tool included.
    ///
    /// # Errors
    /// When the gate does not answer.
    pub async fn call_raw(&self, tool: &str, arguments: Value) -> Result<CallToolResult> {
        let mut request = CallToolRequestParams::new(tool.to_owned());
        if let Value::Object(arguments) = arguments {
            request = request.with_arguments(arguments);
        }
        Ok(self.client.call_tool(request).await?)
    }

    /// Sends one raw JSON-RPC tool call, outside of the client, and returns status and body.
    ///
    /// # Errors
    /// When the gate cannot be reached.
    pub async fn raw_tool_call(&self, tool: &str) -> Result<(u16, Value)> {
        let response = reqwest::Client::new()
            .post(&self.endpoint)
            .bearer_auth(&self.token)
            .header("accept", "application/json, text/event-stream")
            .json(&json!({
                "jsonrpc": "2.0", "id": 1, "method": "tools/call",
                "params": {"name": tool, "arguments": {}}
            }))
            .send()
            .await?;
        Ok((response.status().as_u16(), response.json().await.unwrap_or_default()))
    }
}

/// What the demo's agent asks for; its words claim nothing about the account's numbers.
#[derive(Clone, Copy, Debug)]
pub struct DemoDraft {
    /// The campaign.
    pub campaign_id: &'static str,
    /// Its daily budget, as the agent read it from the gate.
    pub before_micros: i64,
    /// The change in percent.
    pub percent: i64,
    /// Why.
    pub rationale: &'static str,
    /// What caused it.
    pub trigger: &'static str,
    /// What is expected.
    pub likely_outcome: &'static str,
}

/// The story's draft: +25 % for a 72-hour sale.
pub const SALE: DemoDraft = DemoDraft {
    campaign_id: "2000000001",
    before_micros: 305_000_000,
    percent: 25,
    rationale: "A 72-hour sale starts now. A quarter more per day keeps the campaign in the \
        auction through the evening hours, when a daily budget of the present size can run out.",
    trigger: "A sale of 72 hours entered the promotion calendar.",
    likely_outcome: "About 12 % more incremental outcome over the sale; the extra spend ends \
        when the budget is set back after it.",
};

/// A small raise that one signature covers.
pub const STEADY_RAISE: DemoDraft = DemoDraft {
    campaign_id: "2000000003",
    before_micros: 105_000_000,
    percent: 12,
    rationale: "The audience is still growing. A little more per day follows it without a jump.",
    trigger: "The weekly review of always-on campaigns.",
    likely_outcome: "More reach at about the present price.",
};

/// A decrease, which policy never blocks.
pub const DECREASE: DemoDraft = DemoDraft {
    campaign_id: "2000000006",
    before_micros: 50_000_000,
    percent: -20,
    rationale: "The niche is small. Less per day spends the same people's attention more slowly.",
    trigger: "The weekly review of always-on campaigns.",
    likely_outcome: "Nearly the same outcome for a fifth less.",
};

impl DemoDraft {
    /// The tool's arguments; the window of 72 hours starts at `starts_at_ms`.
    #[must_use]
    pub fn arguments(&self, starts_at_ms: i64) -> Value {
        let after = self.before_micros / 100 * (100 + self.percent);
        json!({
            "change": {
                "proposal_type": "budget_change",
                "entity": {
                    "platform": "google_ads",
                    "account_id": "1234567890",
                    "campaign_id": self.campaign_id
                },
                "before": {"amount_micros": self.before_micros.to_string(), "currency": "USD"},
                "after": {"amount_micros": after.to_string(), "currency": "USD"},
                "window": {
                    "starts_at_ms": starts_at_ms,
                    "ends_at_ms": starts_at_ms + 72 * 3_600_000
                }
            },
            "predicted_lift": {"value": 0.12, "low": 0.05, "high": 0.19},
            "confidence": 0.79,
            "feature_attributions": {
                "promotion_calendar": 0.41,
                "spend_headroom_7d": 0.27,
                "clicks_per_impression_7d": 0.22,
                "audience_overlap": -0.08,
                "weekday": 0.04
            },
            "rationale": self.rationale,
            "trigger": self.trigger,
            "likely_outcome": self.likely_outcome,
            "campaign_intent": "Keep the brand present and sell through the seasonal stock.",
            "model": {
                "id": "budget-proposer",
                "version": "2026-11",
                "training_snapshot":
                    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
            },
            "prompt": "Given the last 120 days of delivery and the promotion calendar, propose at \
                most one budget change per campaign with its expected lift and interval."
        })
    }
}
