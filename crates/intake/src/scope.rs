//! What a token may ask for. The list is closed and holds nothing that approves.

use countersign_model::change::{KINDS, KindInfo};
use serde::{Deserialize, Serialize};

/// A scope of an agent's token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Scope {
    /// Read campaigns, pacing and the state of own drafts.
    #[serde(rename = "mcp.read")]
    Read,
    /// Send drafts.
    #[serde(rename = "mcp.draft")]
    Draft,
}

impl Scope {
    /// Its written form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "mcp.read",
            Self::Draft => "mcp.draft",
        }
    }
}

/// The tools that read.
const READING: [&str; 5] =
    ["list_campaigns", "get_campaign", "get_pacing", "get_case", "list_my_cases"];

/// The tools that are offered, each with the scope that it needs: those that read, and one
/// that drafts for each kind of change.
pub fn tools() -> impl Iterator<Item = (&'static str, Scope)> {
    let reading = READING.into_iter().map(|tool| (tool, Scope::Read));
    reading.chain(KINDS.iter().map(|kind| (kind.tool, Scope::Draft)))
}

/// The kind of change that a tool drafts; `None` for a tool that drafts nothing.
pub(crate) fn drafted_by(tool: &str) -> Option<&'static KindInfo> {
    KINDS.iter().find(|kind| kind.tool == tool)
}

/// Methods of MCP that an ordinary client may send; the SDK answers the ones not offered.
const METHODS: [&str; 14] = [
    "initialize",
    "ping",
    "server/discover",
    "tools/list",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "prompts/list",
    "prompts/get",
    "logging/setLevel",
    "completion/complete",
    "notifications/initialized",
    "notifications/cancelled",
    "notifications/progress",
];

/// Beginnings of words that only people's acts have: whatever is called so is refused as an
/// approval, offered or not.
const APPROVING: [&str; 9] = [
    "approv",
    "decide",
    "decision",
    "sign",
    "override",
    "reject",
    "countersign",
    "authoriz",
    "resume",
];

/// What a JSON-RPC message needs before anything else looks at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// Any scope will do.
    Any,
    /// This scope, for a draft or a read.
    One(Scope),
    /// No scope gives it: it would approve.
    Nothing,
    /// No such method or tool is offered; any scope may hear so.
    Unknown,
}

/// Reads a message's need. A message that is no request (an answer) needs any scope.
#[must_use]
pub fn need(message: &serde_json::Value) -> Need {
    let Some(method) = message.get("method") else { return Need::Any };
    match method.as_str() {
        Some("tools/call") => {
            let name = message.pointer("/params/name").and_then(serde_json::Value::as_str);
            let tool = tools().find(|(tool, _)| Some(*tool) == name);
            match (tool, name) {
                (Some((_, scope)), _) => Need::One(scope),
                (None, Some(name)) if would_approve(name) => Need::Nothing,
                (None, _) => Need::Unknown,
            }
        }
        Some(method) if METHODS.contains(&method) => Need::Any,
        Some(method) if would_approve(method) => Need::Nothing,
        _ => Need::Unknown,
    }
}

/// Whether a name has a word of approving in it, in any spelling of its parts.
fn would_approve(name: &str) -> bool {
    let lower = name.to_lowercase();
    let mut words = lower.split(|letter: char| !letter.is_alphabetic());
    words.any(|word| APPROVING.iter().any(|begin| word.starts_with(begin)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn call(name: &str) -> Need {
        need(&json!({"method": "tools/call", "params": {"name": name}}))
    }

    #[test]
    fn nothing_that_approves_has_a_scope() {
        for name in ["approve", "sign_decision", "override_budget_change", "Approve", "x/reject"] {
            assert_eq!(call(name), Need::Nothing, "{name}");
        }
        for method in ["decisions/approve", "decisions/sign", "work/resume"] {
            assert_eq!(need(&json!({"method": method})), Need::Nothing, "{method}");
        }
        assert!(serde_json::from_str::<Scope>("\"mcp.approve\"").is_err());
    }

    #[test]
    fn what_is_not_offered_is_unknown_and_no_approval() {
        for name in ["draft_budget_change ", "Draft_Budget_Change", "", "assignments", "designs"] {
            assert_eq!(call(name), Need::Unknown, "{name}");
        }
        for message in [
            json!({"method": "foo/bar"}),
            json!({"method": "resources/subscribe"}),
            json!({"method": 7}),
            json!({"method": "tools/call"}),
        ] {
            assert_eq!(need(&message), Need::Unknown, "{message}");
        }
    }
}
