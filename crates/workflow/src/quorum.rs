//! Counting signatures: groups joined by AND, persons and not keys, approvals as ceilings.

use countersign_model::{
    Action, DecisionId, DecisionKind, Digest, PersonId, Role, TimestampMs, Verdict,
    decision::SignedDecision,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A decision reduced to what counting needs; made from a verified one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    decision: DecisionId,
    envelope: Digest,
    person: PersonId,
    role: Role,
    kind: DecisionKind,
    effective: Option<Action>,
    valid_until_ms: TimestampMs,
}

/// How far the signatures of a case have come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Each group that must sign.
    pub groups: Vec<GroupProgress>,
    /// The change that every signature so far covers; `None` without signatures, and
    /// while they are contested.
    pub effective: Option<Action>,
    /// Two overrides of which neither covers the other: the case waits for people to
    /// agree, and nothing is authorised.
    pub contested: bool,
    /// Whether the change may be executed.
    pub quorum_holds: bool,
}

/// One group of a quorum.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupProgress {
    /// The role.
    pub role: Role,
    /// How many distinct persons must sign.
    pub minimum: u8,
    /// Who has signed, each person once.
    pub signed: Vec<PersonId>,
}

impl Counted {
    /// From a verified decision and the digest of its canonical envelope.
    #[must_use]
    pub fn of(signed: &SignedDecision, envelope: Digest) -> Self {
        let decision = signed.decision();
        Self {
            decision: decision.id,
            envelope,
            person: decision.person,
            role: decision.role.clone(),
            kind: decision.kind,
            effective: decision.effective.clone(),
            valid_until_ms: decision.valid_until_ms,
        }
    }

    /// The decision.
    #[must_use]
    pub const fn decision(&self) -> DecisionId {
        self.decision
    }

    /// Digest of its canonical envelope.
    #[must_use]
    pub const fn envelope(&self) -> Digest {
        self.envelope
    }

    /// Who signed.
    #[must_use]
    pub const fn person(&self) -> PersonId {
        self.person
    }

    /// In which role.
    #[must_use]
    pub const fn role(&self) -> &Role {
        &self.role
    }

    /// What was decided.
    #[must_use]
    pub const fn kind(&self) -> DecisionKind {
        self.kind
    }

    /// The change that the signature permits.
    #[must_use]
    pub const fn effective(&self) -> Option<&Action> {
        self.effective.as_ref()
    }

    /// Until when the signature counts, by its own words.
    #[must_use]
    pub const fn valid_until_ms(&self) -> TimestampMs {
        self.valid_until_ms
    }

    /// Whether the signature, by its own words, still counts at `at`.
    #[must_use]
    pub fn is_valid_at(&self, at: TimestampMs) -> bool {
        at <= self.valid_until_ms
    }

    /// Role, person, decision: an order that does not depend on arrival.
    pub(crate) const fn order(&self) -> (&Role, PersonId, DecisionId) {
        (&self.role, self.person, self.decision)
    }

    const fn permits(&self) -> Option<&Action> {
        match self.kind {
            DecisionKind::Approve | DecisionKind::Override => self.effective.as_ref(),
            DecisionKind::Reject | DecisionKind::RequestChanges => None,
        }
    }
}

/// Counts decisions, which must have been accepted, against the verdict's quorum.
///
/// A person counts once, in the role of the first of their decisions by role; a verdict
/// without groups, or with a group of no one, never holds.
#[must_use]
pub fn progress(verdict: &Verdict, decisions: &[Counted]) -> Progress {
    let mut permitting: Vec<_> = decisions.iter().filter(|one| one.permits().is_some()).collect();
    permitting.sort_by_key(|one| one.order());
    let mut persons = BTreeSet::new();
    permitting.retain(|one| persons.insert(one.person));
    let groups: Vec<_> = verdict
        .quorum
        .iter()
        .map(|group| GroupProgress {
            role: group.role.clone(),
            minimum: group.minimum,
            signed: permitting
                .iter()
                .filter(|one| one.role == group.role)
                .map(|one| one.person)
                .collect(),
        })
        .collect();
    let ceilings: Vec<_> = permitting.iter().filter_map(|one| one.permits()).collect();
    let effective = narrowest(&ceilings).cloned();
    let contested = effective.is_none() && !ceilings.is_empty();
    let counted = groups
        .iter()
        .all(|group| group.minimum > 0 && group.signed.len() >= usize::from(group.minimum));
    let quorum_holds = !groups.is_empty() && counted && effective.is_some();
    Progress { groups, effective, contested, quorum_holds }
}

/// The change that all the others cover, if there is one.
fn narrowest<'a>(ceilings: &[&'a Action]) -> Option<&'a Action> {
    ceilings.iter().find(|one| ceilings.iter().all(|other| one.is_covered_by(other))).copied()
}
