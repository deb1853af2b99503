//! `agent-add`: an agent joins the roster; its token is shown once and kept as SHA-256.

use super::{AdminError, Office, check_name};
use crate::{
    changes::{Changes, Row},
    clock, keys,
    store::AgentToken,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use countersign_intake::Scope;
use countersign_model::{AgentId, Digest, PersonId, roster::Agent};
use std::{collections::BTreeSet, path::Path};
use zeroize::Zeroizing;

/// Begins every token, so that leaked ones are found by scanners.
const TOKEN_PREFIX: &str = "csag_";

/// What was done.
pub struct AgentAdded {
    /// The agent.
    pub agent: AgentId,
    /// The bearer token; it is not kept and cannot be shown again.
    pub token: Zeroizing<String>,
}

/// Adds an agent that `owner` answers for. `scopes` are separated by commas. The token is handed
/// over before the agent is on the roster; what was handed over before an error is worth nothing.
///
/// # Errors
/// [`AdminError`]; nothing was changed.
pub fn add(
    data: &Path,
    name: &str,
    owner: PersonId,
    scopes: &str,
    hand_over: impl FnOnce(&AgentAdded) -> Result<(), AdminError>,
) -> Result<(), AdminError> {
    let mut office = Office::open(data)?;
    let scopes = parse_scopes(scopes)?;
    let mut next = office.next_roster();
    if next.person(owner).is_none() {
        let words = "the owner is not on the roster; admit them first";
        return Err(AdminError::Argument(words.into()));
    }
    let agent = AgentId::from_uuid(clock::new_uuid());
    next.agents.push(Agent { id: agent, name: check_name(name)?, owner });
    let secret = URL_SAFE_NO_PAD.encode(keys::random::<32>()?.as_slice());
    let token = Zeroizing::new(format!("{TOKEN_PREFIX}{secret}"));
    let mut changes = Changes::default();
    changes.put(Row::Token(AgentToken { digest: Digest::of(token.as_bytes()), agent, scopes }));
    office.accept_roster(&next, changes, |_| hand_over(&AgentAdded { agent, token }))
}

fn parse_scopes(text: &str) -> Result<String, AdminError> {
    let scopes: BTreeSet<&str> = text.split(',').map(str::trim).collect();
    for scope in &scopes {
        if serde_json::from_value::<Scope>((*scope).into()).is_err() {
            let words = format!("there is no scope {scope}; choose from mcp.read and mcp.draft");
            return Err(AdminError::Argument(words));
        }
    }
    Ok(scopes.into_iter().collect::<Vec<_>>().join(" "))
}
