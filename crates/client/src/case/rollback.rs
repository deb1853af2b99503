//! Taking back what was executed, as far as this device can know. The gate has the last word.

use crate::{
    case::{facts::CaseFacts, halt::control_in},
    profile::failure::Failure,
};
use countersign_model::{Action, ProposalId, control::Command, decision::Refusal, entry::LogEvent};
use countersign_store::Reader;

/// Whether what was executed in a case can be taken back.
pub(crate) struct Offer {
    /// The change that would; `None` where the platform takes none.
    pub(crate) inverse: Option<Action>,
    /// The case that takes it back or has done so.
    pub(crate) by: Option<String>,
    /// A wish of mine that the gate has not logged yet.
    pub(crate) pending: bool,
    /// How many changes of the same target were executed since.
    pub(crate) later: u32,
}

impl Offer {
    /// Why it cannot be asked for, in the gate's words.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        if self.pending || self.by.is_some() {
            return Some(Refusal::RollbackOpen);
        }
        self.inverse.is_none().then_some(Refusal::NoWayBack)
    }
}

/// The inverse of what was read back, where the platform could take it: the judge's rule.
pub(crate) fn inverse(facts: &CaseFacts) -> Option<Action> {
    let read_back = facts.newest(|body| match &body.event {
        LogEvent::ExecutionFinished { platform, .. } => platform.read_back.clone(),
        _ => None,
    });
    read_back.map(|held| held.inverse()).filter(|inverse| inverse.check().is_ok())
}

/// Whether a wish of mine to take this case back waits for the gate.
pub(crate) fn is_pending(reader: &Reader<'_>, case: ProposalId) -> Result<bool, Failure> {
    let rows = reader.pending_controls()?;
    let mut commands = rows.iter().filter_map(|row| control_in(&row.envelope));
    Ok(commands
        .any(|one| matches!(one.command, Command::Rollback { proposal, .. } if proposal == case)))
}
