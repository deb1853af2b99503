//! `agent-add`: an agent joins the roster; its token is shown once and kept as SHA-256.

use super::{
    AdminError, Office, check_name,
    decide::{NextRoster, next_roster},
    order::{AddAgent, Done, HandOver, LedgerOrder, Secret},
};
use crate::{
    changes::{Changes, Row},
    clock, keys,
    ledger::Ledger,
    store::AgentToken,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use countersign_intake::Scope;
use countersign_model::{AgentId, Digest, Envelope, PersonId, TimestampMs, roster::Agent};
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

/// Adds an agent that `owner` answers for, whether or not a gate serves. `scopes` are separated
/// by commas. The token is handed over before the agent is on the roster; what was handed over
/// before an error is worth nothing, but for [`AdminError::Unanswered`].
///
/// # Errors
/// [`AdminError`]; nothing was changed, but, perhaps, for [`AdminError::Unanswered`].
pub async fn add(
    data: &Path,
    name: &str,
    owner: PersonId,
    scopes: &str,
    hand_over: impl FnOnce(&AgentAdded) -> Result<(), AdminError>,
) -> Result<(), AdminError> {
    let mut office = Office::open(data).await?;
    let order = AddAgent { name: name.into(), owner, scopes: scopes.into() };
    let told = office.decide(LedgerOrder::AddAgent(order)).await?;
    let HandOver::Agent { agent, token } = told else { return Err(AdminError::Foreign) };
    hand_over(&AgentAdded { agent, token: token.0 })?;
    match office.commit().await? {
        Done::Roster { .. } => Ok(()),
        _ => Err(AdminError::Foreign),
    }
}

/// Decides about a new agent; changes nothing.
pub(super) fn decide(
    ledger: &Ledger,
    order: &AddAgent,
    at: TimestampMs,
) -> Result<NextRoster<impl FnOnce(Envelope) -> HandOver + use<>>, AdminError> {
    let scopes = parse_scopes(&order.scopes)?;
    let mut next = next_roster(ledger, at);
    if next.person(order.owner).is_none() {
        let words = "the owner is not on the roster; admit them first";
        return Err(AdminError::Argument(words.into()));
    }
    let agent = AgentId::from_uuid(clock::new_uuid());
    next.agents.push(Agent { id: agent, name: check_name(&order.name)?, owner: order.owner });
    let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(keys::random::<32>()?.as_slice()));
    let token = Zeroizing::new(format!("{TOKEN_PREFIX}{}", *secret));
    let mut changes = Changes::default();
    changes.put(Row::Token(AgentToken { digest: Digest::of(token.as_bytes()), agent, scopes }));
    let hand_over = move |_| HandOver::Agent { agent, token: Secret(token) };
    Ok(NextRoster { next, changes, hand_over })
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
