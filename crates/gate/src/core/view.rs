//! What the core reads: what the judge reads, and the gate's own tables beside it.

use super::Attempts;
use crate::{
    identity::Identity,
    ledger::Ledger,
    store::{KeyedDraft, Reader, Replay, StoreError},
};
use countersign_document::Filed;
use countersign_identity::totp::TotpStep;
use countersign_model::{
    DeviceId, Digest, PersonId, ProposalId, Roster, Target, TimestampMs, control::Halt,
    verdict::PolicyRef,
};
use countersign_replay::{Mark, TargetState, View, World};
use countersign_workflow::Case;
use std::ops::Range;

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

    /// Executions that are due at a moment, soonest first, then by case.
    fn due_attempts(&self, at: TimestampMs) -> Result<Vec<ProposalId>, StoreError>;

    /// Up to which position of the relay the gate's own newest snapshot stands.
    fn own_floor(&self) -> Result<Option<u64>, StoreError>;

    /// Entries whose statements by devices are to be delivered again.
    fn to_file_again(&self) -> Result<Range<u64>, StoreError>;

    /// The bytes of up to `limit` entries from `first` on.
    fn log_entries(&self, first: u64, limit: u32) -> Result<Vec<Vec<u8>>, StoreError>;

    /// The canonical bytes of an envelope.
    fn envelope(&self, digest: Digest) -> Result<Option<Vec<u8>>, StoreError>;
}

/// The state of a ledger as a transaction has it: what is under way is read too.
pub struct Reading<'a> {
    ledger: &'a Ledger,
    reader: &'a Reader<'a>,
}

impl<'a> Reading<'a> {
    /// Reads a ledger and its tables through one transaction.
    #[must_use]
    pub const fn new(ledger: &'a Ledger, reader: &'a Reader<'a>) -> Self {
        Self { ledger, reader }
    }
}

impl View for Reading<'_> {
    type Error = StoreError;

    fn world(&self) -> Result<World, StoreError> {
        Ok(self.ledger.world())
    }

    fn case(&self, proposal: ProposalId) -> Result<Option<Case>, StoreError> {
        self.reader.case(proposal)
    }

    fn unsettled_on(&self, target: &Target) -> Result<Vec<Case>, StoreError> {
        self.reader.unsettled_on(target)
    }

    fn target(&self, target: &Target, since: TimestampMs) -> Result<TargetState, StoreError> {
        self.reader.target(target, since)
    }

    fn has(&self, mark: &Mark) -> Result<bool, StoreError> {
        self.reader.has_mark(mark)
    }

    fn wrong_factors(&self, person: PersonId, since: TimestampMs) -> Result<usize, StoreError> {
        self.reader.wrong_factors(person, since)
    }

    fn due(&self, at: TimestampMs) -> Result<Vec<(TimestampMs, ProposalId)>, StoreError> {
        self.reader.due(at)
    }

    fn root_at(&self, size: u64) -> Result<Option<Digest>, StoreError> {
        let root = self.ledger.root_seen(size, self.reader);
        root.map_err(|_| StoreError::Damaged("a hash of the log is missing"))
    }
}

impl GateView for Reading<'_> {
    fn identity(&self) -> &Identity {
        self.ledger.identity()
    }

    fn roster(&self) -> &Roster {
        self.ledger.roster()
    }

    fn policy_in_force(&self) -> Option<&PolicyRef> {
        self.ledger.policy()
    }

    fn halt(&self) -> &Halt {
        self.ledger.halt()
    }

    fn replay(&self, keyed: &KeyedDraft) -> Result<Replay, StoreError> {
        self.reader.replay(keyed)
    }

    fn is_changed_since(&self, target: &Target, position: u64) -> Result<bool, StoreError> {
        self.reader.is_changed_since(target, position)
    }

    fn filed(&self, device: DeviceId, case: ProposalId) -> Result<Filed, StoreError> {
        self.reader.filed(device, case)
    }

    fn sealed_factor(&self, person: PersonId) -> Result<Option<Vec<u8>>, StoreError> {
        self.reader.sealed_factor(person)
    }

    fn is_step_used(&self, person: PersonId, step: TotpStep) -> Result<bool, StoreError> {
        self.reader.is_step_used(person, step)
    }

    fn cases_to_execute(&self) -> Result<Vec<Case>, StoreError> {
        self.reader.cases_to_execute()
    }

    fn attempts(&self, proposal: ProposalId) -> Result<Attempts, StoreError> {
        self.reader.attempts(proposal)
    }

    fn due_attempts(&self, at: TimestampMs) -> Result<Vec<ProposalId>, StoreError> {
        self.reader.due_attempts(at)
    }

    fn own_floor(&self) -> Result<Option<u64>, StoreError> {
        Ok(self.reader.made_snapshot()?.map(|made| made.floor))
    }

    fn to_file_again(&self) -> Result<Range<u64>, StoreError> {
        self.reader.to_file_again()
    }

    fn log_entries(&self, first: u64, limit: u32) -> Result<Vec<Vec<u8>>, StoreError> {
        self.reader.log_entries(first, limit)
    }

    fn envelope(&self, digest: Digest) -> Result<Option<Vec<u8>>, StoreError> {
        self.reader.envelope(digest)
    }
}
