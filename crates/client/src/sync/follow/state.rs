//! What the judge has to remember, in the store.

use crate::{
    case::{check::read_case, log_replica::ReplicaHashes},
    profile::failure::{Broken, Failure},
};
use countersign_audit::tree;
use countersign_model::{
    Digest, PersonId, ProposalId, Roster, Target, TimestampMs, control::Halt, verdict::PolicyRef,
};
use countersign_policy::PolicySet;
use countersign_replay::{Change, Expected, Keep, Mark, TargetState, View, World};
use countersign_store::{MetaKey, Reader, StoreError, Tx};
use countersign_workflow::Case;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How long the relay may answer without bringing what an entry refers to, in milliseconds.
pub(super) const PATIENCE_MS: i64 = 10 * 60 * 1_000;

/// How far the log was followed, and what holds there.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    /// The entry to be followed next.
    pub(crate) next: u64,
    /// The next one has to wait.
    pub(crate) waiting: Option<Waiting>,
    pub(crate) policy: Option<PolicyRef>,
    clock_ms: Option<TimestampMs>,
    halt: Halt,
    expected: Vec<Expected>,
}

/// An entry waits for what it refers to.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Waiting {
    /// When the relay had been heard last when it began to wait.
    pub(crate) since_ms: Option<TimestampMs>,
}

impl Waiting {
    /// Whether the relay, heard at `contact`, has not had time enough to bring it.
    pub(crate) fn is_patient(self, contact: Option<TimestampMs>) -> bool {
        match (self.since_ms, contact) {
            (Some(since), Some(contact)) => contact.since_ms(since) < PATIENCE_MS,
            // Away from the relay nothing can come.
            _ => true,
        }
    }
}

/// The judge's state within one transaction.
#[derive(Clone)]
pub(crate) struct Following<'a> {
    tx: &'a Tx<'a>,
    pub(crate) place: Place,
    pub(crate) roster: Option<Arc<Roster>>,
    stored_roster: Option<Arc<Roster>>,
}

/// How far the log was followed.
pub(crate) fn place(reader: &Reader<'_>) -> Result<Place, Failure> {
    let Some(bytes) = reader.meta(MetaKey::Followed)? else { return Ok(Place::default()) };
    Ok(serde_json::from_slice(&bytes).map_err(|_| Broken("followed log"))?)
}

impl<'a> Following<'a> {
    pub(crate) fn load(tx: &'a Tx<'a>) -> Result<Self, Failure> {
        let place = place(tx)?;
        let roster: Option<Roster> = match tx.meta(MetaKey::FollowedRoster)? {
            Some(bytes) => {
                Some(serde_json::from_slice(&bytes).map_err(|_| Broken("followed roster"))?)
            }
            None => None,
        };
        let roster = roster.map(Arc::new);
        Ok(Self { tx, place, stored_roster: roster.clone(), roster })
    }

    /// Whether a compiled policy is the one in force.
    pub(crate) fn is_in_force(&self, set: &PolicySet) -> bool {
        self.place.policy.as_ref() == Some(set.reference())
    }

    /// Stores what is not in tables.
    pub(crate) fn store(&self) -> Result<(), Failure> {
        let place = serde_json::to_vec(&self.place).map_err(|_| Broken("followed log"))?;
        self.tx.put_meta(MetaKey::Followed, &place)?;
        let Some(roster) = self.roster.as_deref() else { return Ok(()) };
        if self.stored_roster.as_deref() != Some(roster) {
            let bytes = serde_json::to_vec(roster).map_err(|_| Broken("followed roster"))?;
            self.tx.put_meta(MetaKey::FollowedRoster, &bytes)?;
        }
        Ok(())
    }
}

/// The name that a mark is kept under.
fn mark_name(mark: &Mark) -> String {
    match mark {
        Mark::Judged(digest) => format!("judged {digest}"),
        Mark::Decision(person, id) => format!("decision {person} {id}"),
        Mark::Control(person, id) => format!("control {person} {id}"),
        Mark::Case(proposal) => format!("case {proposal}"),
        Mark::RollbackAsked(wish) => format!("rollback asked {wish}"),
        Mark::RollbackOpened(statement) => format!("rollback opened {statement}"),
    }
}

impl View for Following<'_> {
    type Error = StoreError;

    fn world(&self) -> Result<World, StoreError> {
        let Place { clock_ms, policy, halt, expected, .. } = self.place.clone();
        Ok(World { clock_ms, roster: self.roster.clone(), policy, halt, expected })
    }

    fn case(&self, proposal: ProposalId) -> Result<Option<Case>, StoreError> {
        self.tx.followed_case(proposal)?.map(|bytes| read_case(&bytes)).transpose()
    }

    fn unsettled_on(&self, target: &Target) -> Result<Vec<Case>, StoreError> {
        self.tx.followed_unsettled(target)?.iter().map(|bytes| read_case(bytes)).collect()
    }

    fn target(&self, target: &Target, since: TimestampMs) -> Result<TargetState, StoreError> {
        let (revision, increases_micros) = self.tx.followed_target(target, since)?;
        Ok(TargetState { revision, increases_micros })
    }

    fn has(&self, mark: &Mark) -> Result<bool, StoreError> {
        self.tx.has_followed_mark(&mark_name(mark))
    }

    fn wrong_factors(&self, person: PersonId, since: TimestampMs) -> Result<usize, StoreError> {
        self.tx.followed_wrong_factors(person, since)
    }

    fn due(&self, at: TimestampMs) -> Result<Vec<(TimestampMs, ProposalId)>, StoreError> {
        self.tx.followed_due(at)
    }

    fn root_at(&self, size: u64) -> Result<Option<Digest>, StoreError> {
        // Entries that came later were not there for the gate either.
        if size > self.place.next {
            return Ok(None);
        }
        let root = tree::root(size, &ReplicaHashes(self.tx));
        root.map(Some).map_err(|_| StoreError::Range("log_hash"))
    }
}

impl Keep for Following<'_> {
    fn keep(&mut self, change: &Change) -> Result<(), StoreError> {
        let tx = self.tx;
        match change {
            Change::Case(case) => {
                let state = serde_json::to_vec(case)
                    .map_err(|_| StoreError::Range("followed_cases.state"))?;
                let is_open = !case.phase().name().is_final();
                let (id, action) = (case.proposal().id, &case.proposal().action);
                let lead = action.target();
                if action.has_legs() {
                    let mut further = if is_open { action.targets() } else { vec![] };
                    further.retain(|target| *target != lead);
                    tx.put_followed_further(id, &further)?;
                }
                tx.put_followed_case(id, is_open.then_some(&lead), &state)
            }
            Change::Timer(due, case) => tx.set_followed_timer(*due, *case),
            Change::TimerDone(due, case) => tx.clear_followed_timer(*due, *case),
            Change::Mark(mark) => tx.put_followed_mark(&mark_name(mark)),
            Change::Revision(target, revision) => tx.put_followed_revision(target, *revision),
            Change::Increase(case, target, at, micros) => {
                tx.put_followed_increase(*case, target, *at, *micros)
            }
            Change::WrongFactor(person, at) => tx.put_followed_wrong_factor(*person, *at),
            Change::Halt(halt) => {
                self.place.halt = halt.clone();
                Ok(())
            }
            Change::Roster(roster) => {
                self.roster = Some(roster.clone());
                Ok(())
            }
            Change::Policy(policy) => {
                self.place.policy = Some(policy.clone());
                Ok(())
            }
            Change::Clock(clock) => {
                self.place.clock_ms = Some(*clock);
                Ok(())
            }
            Change::Expected(expected) => {
                self.place.expected.clone_from(expected);
                Ok(())
            }
        }
    }
}
