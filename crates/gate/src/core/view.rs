//! What the core reads: what the judge reads, and the gate's own tables beside it.

use super::Attempts;
use crate::{
    identity::Identity,
    ledger::Ledger,
    store::{KeyedDraft, Replay, StoreError},
};
use countersign_document::Filed;
use countersign_identity::totp::TotpStep;
use countersign_model::{
    DeviceId, PersonId, ProposalId, Roster, Target, control::Halt, verdict::PolicyRef,
};
use countersign_replay::View;
use countersign_workflow::Case;

/// The gate's state, as it is durable now.
pub trait GateView: View<Error = StoreError> {
    /// Who the gate is, and the keys that it signs and seals with.
    fn identity(&self) -> &Identity;

    /// The roster in force.
    fn roster(&self) -> &Roster;

    /// The policy in force, as the log says.
    fn policy_in_force(&self) -> Option<&PolicyRef>;

    /// Whether work is stopped, as the log says.
    fn halt(&self) -> &Halt;

    /// What an agent's key was spent on.
    fn replay(&self, keyed: &KeyedDraft) -> Result<Replay, StoreError>;

    /// Whether a target was changed by an entry at or after a position of the log.
    fn is_changed_since(&self, target: &Target, position: u64) -> Result<bool, StoreError>;

    /// How much a device has filed in a case.
    fn filed(&self, device: DeviceId, case: ProposalId) -> Result<Filed, StoreError>;

    /// A person's sealed second-factor secret.
    fn sealed_factor(&self, person: PersonId) -> Result<Option<Vec<u8>>, StoreError>;

    /// Whether a step of a person's second factor is used.
    fn is_step_used(&self, person: PersonId, step: TotpStep) -> Result<bool, StoreError>;

    /// Cases whose execution was begun, and then those whose is due.
    fn cases_to_execute(&self) -> Result<Vec<Case>, StoreError>;

    /// What is remembered of an execution's attempts.
    fn attempts(&self, proposal: ProposalId) -> Result<Attempts, StoreError>;

    /// Up to which position of the relay the gate's own newest snapshot stands.
    fn own_floor(&self) -> Result<Option<u64>, StoreError>;
}

impl GateView for Ledger {
    fn identity(&self) -> &Identity {
        self.identity()
    }

    fn roster(&self) -> &Roster {
        self.roster()
    }

    fn policy_in_force(&self) -> Option<&PolicyRef> {
        self.policy()
    }

    fn halt(&self) -> &Halt {
        self.halt()
    }

    fn replay(&self, keyed: &KeyedDraft) -> Result<Replay, StoreError> {
        self.store().read(|reader| reader.replay(keyed))
    }

    fn is_changed_since(&self, target: &Target, position: u64) -> Result<bool, StoreError> {
        self.store().read(|reader| reader.is_changed_since(target, position))
    }

    fn filed(&self, device: DeviceId, case: ProposalId) -> Result<Filed, StoreError> {
        self.store().read(|reader| reader.filed(device, case))
    }

    fn sealed_factor(&self, person: PersonId) -> Result<Option<Vec<u8>>, StoreError> {
        self.store().read(|reader| reader.sealed_factor(person))
    }

    fn is_step_used(&self, person: PersonId, step: TotpStep) -> Result<bool, StoreError> {
        self.store().read(|reader| reader.is_step_used(person, step))
    }

    fn cases_to_execute(&self) -> Result<Vec<Case>, StoreError> {
        self.store().read(|reader| reader.cases_to_execute())
    }

    fn attempts(&self, proposal: ProposalId) -> Result<Attempts, StoreError> {
        self.store().read(|reader| reader.attempts(proposal))
    }

    fn own_floor(&self) -> Result<Option<u64>, StoreError> {
        let made = self.store().read(|reader| reader.made_snapshot())?;
        Ok(made.map(|made| made.floor))
    }
}
