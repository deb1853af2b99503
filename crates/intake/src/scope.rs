//! What a token may ask for. The list is closed and holds nothing that approves.

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

/// The tools that are offered, each with the scope that it needs.
pub const TOOLS: [(&str, Scope); 4] = [
    ("list_campaigns", Scope::Read),
    ("get_pacing", Scope::Read),
    ("get_case", Scope::Read),
    ("draft_budget_change", Scope::Draft),
];

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

/// What a JSON-RPC message needs before anything else looks at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// Any scope will do.
    Any,
    /// This scope.
    One(Scope),
    /// No scope gives it.
    Nothing,
}

/// Reads a message's need. A message that is no request (an answer) needs any scope.
#[must_use]
pub fn need(message: &serde_json::Value) -> Need {
    let Some(object) = message.as_object() else { return Need::Nothing };
    let Some(method) = object.get("method") else { return Need::Any };
    match method.as_str() {
        Some("tools/call") => {
            let name = message.pointer("/params/name").and_then(serde_json::Value::as_str);
            let tool = TOOLS.iter().find(|(tool, _)| Some(*tool) == name);
            tool.map_or(Need::Nothing, |(_, scope)| Need::One(*scope))
        }
        Some(method) if METHODS.contains(&method) => Need::Any,
        _ => Need::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_that_approves_has_a_scope() {
        for name in ["approve", "sign_decision", "draft_budget_change ", "Draft_Budget_Change", ""]
        {
            let call = json!({"method": "tools/call", "params": {"name": name}});
            assert_eq!(need(&call), Need::Nothing, "{name}");
        }
        for message in [
            json!({"method": "decisions/approve"}),
            json!({"method": 7}),
            json!({"method": "tools/call"}),
            json!([]),
        ] {
            assert_eq!(need(&message), Need::Nothing, "{message}");
        }
        assert!(serde_json::from_str::<Scope>("\"mcp.approve\"").is_err());
    }
}
