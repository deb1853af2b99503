//! The tools, in the official SDK's words. None of them approves.

use crate::{
    AgentService, AgentSession, CampaignQuery, CasesQuery, DraftRefusal, MAX_PAGE, ServiceError,
    campaign, read_draft,
    scope::{self, drafted_by},
    validate::check_texts,
};
use countersign_model::{Digest, EntityRef, ProposalId, change::KindInfo};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, Implementation, JsonObject,
        ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
        ToolAnnotations,
    },
    service::RequestContext,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// The tools over the service behind the door.
#[derive(Clone)]
pub(crate) struct Tools {
    service: Arc<dyn AgentService>,
}

impl Tools {
    pub(crate) fn new(service: Arc<dyn AgentService>) -> Self {
        Self { service }
    }

    async fn call(
        &self,
        session: &AgentSession,
        name: &str,
        arguments: Value,
    ) -> Result<CallToolResult, ErrorData> {
        if let Some(kind) = drafted_by(name) {
            return Ok(self.draft(session, kind, &arguments).await);
        }
        match name {
            "list_campaigns" => answer(self.service.list_campaigns(session).await),
            "get_campaign" => match query::<CampaignQuery>(arguments) {
                Ok(query) => answer(self.service.campaign(session, &query).await),
                Err(refused) => Ok(*refused),
            },
            "get_pacing" => match argument::<EntityRef>(&arguments, "campaign") {
                Ok(campaign) => answer(self.service.pacing(session, &campaign).await),
                Err(refused) => Ok(*refused),
            },
            "get_case" => match argument::<ProposalId>(&arguments, "proposal") {
                Ok(proposal) => answer(self.service.case_status(session, proposal).await),
                Err(refused) => Ok(*refused),
            },
            "list_my_cases" => match query::<CasesQuery>(arguments) {
                Ok(query) => answer(self.service.list_cases(session, &query).await),
                Err(refused) => Ok(*refused),
            },
            // Of these, the door has refused already what would approve.
            _ => Err(ErrorData::invalid_params(
                "There is no such tool; tools/list names the ones that are offered.",
                None,
            )),
        }
    }

    async fn draft(
        &self,
        session: &AgentSession,
        kind: &KindInfo,
        arguments: &Value,
    ) -> CallToolResult {
        let submitted = match read_draft(kind, arguments) {
            Ok(submission) => self.service.submit_draft(session, submission).await,
            Err(refusal) => {
                let input = Digest::of(arguments.to_string().as_bytes());
                self.service.record_refusal(session, refusal.code, input).await;
                Err(refusal)
            }
        };
        match submitted {
            Ok(receipt) => CallToolResult::structured(json!(receipt)),
            Err(refusal) => refused(&refusal),
        }
    }
}

impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("countersign", env!("CARGO_PKG_VERSION")))
            .with_instructions("Draft changes to advertising. People countersign them on their own devices; no tool here approves.")
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let session = context
            .extensions
            .get::<axum::http::request::Parts>()
            .and_then(|parts| parts.extensions.get::<AgentSession>())
            .ok_or_else(|| ErrorData::internal_error("the request carries no session", None))?;
        let arguments = Value::Object(request.arguments.unwrap_or_default());
        if drafted_by(&request.name).is_none()
            && let Err(refusal) = check_texts(&arguments)
        {
            return Ok(refused(&refusal).into());
        }
        Ok(self.call(session, &request.name, arguments).await?.into())
    }
}

fn answer(found: Result<impl serde::Serialize, ServiceError>) -> Result<CallToolResult, ErrorData> {
    match found {
        Ok(value) => serde_json::to_value(value)
            .map(CallToolResult::structured)
            .map_err(|_| ErrorData::internal_error("the answer has no JSON form", None)),
        Err(error) => {
            let code = match error {
                ServiceError::Unknown(_) => "UNKNOWN",
                ServiceError::Unavailable(_) | ServiceError::Unread(_) => "UNAVAILABLE",
                ServiceError::UnknownTimeZone(_) => "UNKNOWN_TIME_ZONE",
            };
            let error = json!({ "code": code, "path": "", "message": error.to_string() });
            Ok(CallToolResult::structured_error(json!({ "error": error })))
        }
    }
}

fn refused(refusal: &DraftRefusal) -> CallToolResult {
    CallToolResult::structured_error(json!({ "error": refusal }))
}

fn argument<T: serde::de::DeserializeOwned>(
    arguments: &Value,
    name: &str,
) -> Result<T, Box<CallToolResult>> {
    let value = arguments.get(name).cloned().unwrap_or_default();
    serde_json::from_value(value).map_err(|error| misshaped(&format!("/{name}"), &error))
}

/// All arguments of a tool as one question.
fn query<T: serde::de::DeserializeOwned>(arguments: Value) -> Result<T, Box<CallToolResult>> {
    serde_json::from_value(arguments).map_err(|error| misshaped("", &error))
}

fn misshaped(path: &str, error: &serde_json::Error) -> Box<CallToolResult> {
    let message = format!("{error}; the tool's input schema shows the form");
    let error = json!({ "code": "SCHEMA_INVALID", "path": path, "message": message });
    Box::new(CallToolResult::structured_error(json!({ "error": error })))
}

fn tools() -> Vec<Tool> {
    let offered = scope::tools().map(|(name, _)| match drafted_by(name) {
        Some(kind) => drafting(kind),
        None => reading(name),
    });
    offered.collect()
}

/// What every drafting tool says, behind what it is for.
const DRAFTING: &str = "People decide; the answer says by when. Give a backtest, so that they can see how your model's predictions did. Give an idempotency_key of your own, such as a UUID: when an answer is lost, send the same draft with the same key again and you get the receipt of its one case, with `replayed`. A key is yours alone and is kept as long as its case, which is never removed; another draft under it is refused as IDEMPOTENCY_CONFLICT. A refused draft spends no key.";

fn drafting(kind: &'static KindInfo) -> Tool {
    let schema: Value = serde_json::from_str(kind.schema).unwrap_or_default();
    tool(kind.tool, format!("{} {DRAFTING}", kind.offer), schema, open_object(), false)
}

fn reading(name: &'static str) -> Tool {
    let (words, input, output) = match name {
        "list_campaigns" => (
            "Lists the campaigns of every account with their present daily budgets. An account that cannot be read now is named in `unread`, with what to do.",
            object(&json!({})),
            campaign_list(),
        ),
        "get_campaign" => (
            "One campaign with what in it can be changed: its status, budget and flight, how it bids and with which target, and its ad groups with their status and bids, 100 on a page. Copy what you read into a draft's `before`. When `ad_groups.next_cursor` is there, more follow: ask again with it as `ad_groups_cursor`.",
            campaign::input_schema(),
            campaign::output_schema(),
        ),
        "get_pacing" => (
            "Daily delivery of one campaign as the platform reports it, oldest day first: spend, impressions and clicks. Enough days to fit a model on most of them and to predict the rest, for a draft's backtest.",
            object(&json!({ "campaign": campaign::shared("entity") })),
            open_object(),
        ),
        "get_case" => (
            "Where a draft of yours stands. When people sent it back, `requested` says what to change: max_after (a daily budget that would do), max_days, evidence that is missing, and their reason.",
            object(
                &json!({ "proposal": { "type": "string", "description": "The id from the receipt, prop_…" } }),
            ),
            open_object(),
        ),
        _ => (
            "Your own cases, newest first, with the idempotency_key of each draft that had one. When `next_cursor` is there, older ones follow: ask again with it as `cursor`. get_case says more of one.",
            optional(&json!({
                "state": { "enum": ["open", "settled", null], "description": "Only cases that wait for people or for execution, or only those that have ended." },
                "limit": { "type": ["integer", "null"], "minimum": 1, "maximum": MAX_PAGE, "description": "Cases on one page; 25 unless given." },
                "cursor": { "type": ["string", "null"], "description": "next_cursor of the page before, as it was." },
            })),
            cases_page(),
        ),
    };
    tool(name, words.into(), input, output, true)
}

fn tool(name: &'static str, words: String, input: Value, output: Value, reads: bool) -> Tool {
    Tool::new(name, words, Arc::new(map(input)))
        .with_raw_output_schema(Arc::new(map(output)))
        .with_annotations(ToolAnnotations::new().read_only(reads).destructive(false))
}

/// An object of exactly these required properties.
fn object(properties: &Value) -> Value {
    let required: Vec<_> =
        properties.as_object().map(|all| all.keys().collect()).unwrap_or_default();
    json!({ "type": "object", "additionalProperties": false, "properties": properties, "required": required })
}

/// An object of exactly these properties, each of which may be left out.
fn optional(properties: &Value) -> Value {
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn campaign_list() -> Value {
    json!({
        "type": "object",
        "required": ["campaigns"],
        "properties": {
            "campaigns": { "type": "array", "items": { "type": "object" } },
            "unread": { "type": "array", "items": { "type": "object" } },
        },
    })
}

fn cases_page() -> Value {
    json!({
        "type": "object",
        "required": ["cases"],
        "properties": {
            "cases": { "type": "array", "items": { "type": "object" } },
            "next_cursor": { "type": "string" },
        },
    })
}

fn open_object() -> Value {
    json!({ "type": "object" })
}

fn map(value: Value) -> JsonObject {
    match value {
        Value::Object(map) => map,
        _ => JsonObject::new(),
    }
}
