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
