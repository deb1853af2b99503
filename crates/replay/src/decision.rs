//! Decisions: identified by person, id and payload, judged at the case that they name,
//! whoever carried them and wherever they were filed.

use crate::{
    Change, Content, Judged, Mark, View,
    content::{gate_actor, person_actor},
    execution::apply,
    world::roster_at,
};
use countersign_model::{
    Decision, Digest, MfaProof, PersonId, ProposalId, Roster, TimestampMs,
    decision::{self, CheckpointSeen, Refusal, SignedDecision},
    entry::{DecisionRecord, LogEvent},
    envelope::Claim,
    personal::Unfit,
    reason::Reason,
    time::MINUTE_MS,
};
use countersign_workflow::{
    Case, DecisionEvent, Event, FactorCheck, RefusedDecision, check::MAX_DECISIONS_OF_A_PERSON,
    refuse_outside, step,
};
use std::sync::Arc;

/// How many wrong second factors are looked at within [`FACTOR_WINDOW_MS`].
pub const MAX_WRONG_FACTORS: usize = 5;
/// How long a wrong second factor counts, in milliseconds.
pub const FACTOR_WINDOW_MS: i64 = 15 * MINUTE_MS;

/// What an envelope is to the judge.
#[derive(Debug)]
pub enum Arrived {
    /// Exactly this was judged before: nothing follows.
    Known,
    /// No decision about a case of this workspace, or beyond what its author may send; only
    /// its carrier answers for it.
    Foreign,
    /// A decision that nobody on the roster signed, about a case that there is. The entry is
    /// for a gate that has room for it.
    Unsigned(Judged),
    /// A person's decision that does not stand, whatever the case says.
    Refused(Judged),
    /// A person's decision; what came of its second factor is still to be said.
    Open(Box<Open>),
}

/// A decision that waits for its second factor's check.
#[derive(Debug)]
pub struct Open {
    signed: SignedDecision,
    envelope: Digest,
    case: Case,
    roster: Arc<Roster>,
    factor_locked: bool,
    at: TimestampMs,
}

/// Looks at what an envelope claims; `digest` is that of its canonical bytes.
///
/// # Errors
/// The view's own.
pub fn decision<V: View>(
    view: &V,
    claim: Claim<Decision>,
    digest: Digest,
    at: TimestampMs,
) -> Result<Arrived, V::Error> {
    if view.has(&Mark::Judged(digest))? {
        return Ok(Arrived::Known);
    }
    let (proposal, record) = (claim.predicate().proposal, record(claim.predicate(), digest));
    let Some(case) = view.case(proposal)? else { return Ok(Arrived::Foreign) };
    let world = view.world()?;
    let Some(roster) = &world.roster else { return Ok(Arrived::Foreign) };
    let examined = match roster_at(&world, at) {
        Some(roster) => decision::examine(claim, roster),
        // A roster that has expired vouches for nobody.
        None => Err(Unfit::Unsigned(Refusal::UnknownKey)),
    };
    let signed = match examined {
        Ok(signed) => signed,
        Err(Unfit::Unsigned(refusal)) => {
            return Ok(Arrived::Unsigned(unsigned(roster, proposal, record, refusal)));
        }
        Err(Unfit::Signed(decision, refusal)) => {
            if case.decisions_of(decision.person) > MAX_DECISIONS_OF_A_PERSON {
                return Ok(Arrived::Foreign);
            }
            let spent = view.has(&Mark::Decision(decision.person, decision.id))?;
            let refusal = if spent { Refusal::Replayed } else { refusal };
            return Ok(Arrived::Refused(refuse_signed(case, &decision, digest, refusal)));
        }
    };
    let decision = signed.decision();
    let (person, id) = (decision.person, decision.id);
    if case.decisions_of(person) > MAX_DECISIONS_OF_A_PERSON {
        return Ok(Arrived::Foreign);
    }
    let refusal = if view.has(&Mark::Decision(person, id))? {
        Some(Refusal::Replayed)
    } else {
        check_log(view, decision.checkpoint_seen)?
    };
    let since = at.plus_ms(-FACTOR_WINDOW_MS);
    let factor_locked =
        decision.mfa.is_some() && view.wrong_factors(person, since)? >= MAX_WRONG_FACTORS;
    let roster = Arc::clone(roster);
    let open = Open { signed, envelope: digest, case, roster, factor_locked, at };
    Ok(match refusal {
        Some(refusal) => Arrived::Refused(open.refuse(refusal)),
        None => Arrived::Open(Box::new(open)),
    })
}

/// A device that has seen a log of another root than this one's has been shown a fork, or
/// lies: either way its signature rests on something else.
fn check_log<V: View>(view: &V, seen: Option<CheckpointSeen>) -> Result<Option<Refusal>, V::Error> {
    let Some(seen) = seen else { return Ok(None) };
    let agrees = view.root_at(seen.size)? == Some(seen.root);
    Ok((!agrees).then_some(Refusal::LogDiffers))
}

impl Open {
    /// The decision; signature, person, device and role were checked.
    #[must_use]
    pub fn signed(&self) -> &SignedDecision {
        &self.signed
    }

    /// The case that it is about.
    #[must_use]
    pub fn case(&self) -> &Case {
        &self.case
    }

    /// Whether there is a second factor and it must not be looked at: this person gave too many
    /// wrong ones.
    #[must_use]
    pub fn is_factor_locked(&self) -> bool {
        self.factor_locked
    }

    /// What follows, given what came of the second factor.
    pub fn judge(self, factor: FactorCheck) -> Judged {
        let factor = if self.factor_locked { FactorCheck::Locked } else { factor };
        let (person, at) = (self.signed.decision().person, self.at);
        let (gate, mut judged) = (self.roster.gate.device, self.marks());
        let event = self.event(factor);
        let (case, effects) = step(self.case, Event::Decision(Box::new(event)), at);
        apply(&mut judged, case, effects, gate);
        if judged.answer == Some(Err(Refusal::FactorWrong)) {
            judged.put(Change::WrongFactor(person, at));
        }
        judged
    }

    fn refuse(self, refusal: Refusal) -> Judged {
        let (gate, mut judged) = (self.roster.gate.device, self.marks());
        let event = self.event(FactorCheck::Unchecked);
        let (case, effects) = refuse_outside(self.case, &event, refusal);
        apply(&mut judged, case, effects, gate);
        judged
    }

    fn event(&self, factor: FactorCheck) -> DecisionEvent {
        let agent = self.case.proposal().agent();
        let agent_owner = agent.and_then(|agent| self.roster.agent(agent)).map(|agent| agent.owner);
        DecisionEvent { signed: self.signed.clone(), envelope: self.envelope, factor, agent_owner }
    }

    fn marks(&self) -> Judged {
        let decision = self.signed.decision();
        spend(decision.person, decision, self.envelope)
    }
}

/// What came of a second factor, as an entry tells it: the one thing about a decision that
/// only the gate can know.
#[must_use]
pub fn factor_told(
    decision: &Decision,
    record: &DecisionRecord,
    refusal: Option<Refusal>,
) -> FactorCheck {
    match (&decision.mfa, record.factor, refusal) {
        (_, Some(kind), _) => FactorCheck::Valid(kind),
        (None, None, _) => FactorCheck::NotPresented,
        (Some(_), None, Some(Refusal::FactorWrong)) => FactorCheck::Wrong,
        (Some(_), None, Some(Refusal::FactorReused)) => FactorCheck::Reused,
        (Some(_), None, _) => FactorCheck::Unchecked,
    }
}

fn spend(person: PersonId, decision: &Decision, envelope: Digest) -> Judged {
    let mut judged = Judged::default();
    judged.put(Change::Mark(Mark::Judged(envelope)));
    judged.put(Change::Mark(Mark::Decision(person, decision.id)));
    judged
}

/// In the gate's name: nobody is known to have signed it.
fn unsigned(
    roster: &Roster,
    proposal: ProposalId,
    record: DecisionRecord,
    refusal: Refusal,
) -> Judged {
    let mut judged = Judged::default();
    judged.put(Change::Mark(Mark::Judged(record.envelope)));
    let actor = gate_actor(roster.gate.device);
    judged.log(Content::new(actor, refused(proposal, record, None, refusal)));
    judged.answer = Some(Err(refusal));
    judged
}

/// In the person's name: they signed it, on a device or in a role that does not stand.
fn refuse_signed(case: Case, decision: &Decision, envelope: Digest, refusal: Refusal) -> Judged {
    let Decision { id, person, .. } = *decision;
    let mut judged = spend(person, decision, envelope);
    let actor = person_actor(person, Some(decision.role.clone()));
    let reason = Some(decision.reason.clone());
    let record = record(decision, envelope);
    judged.log(Content::new(actor, refused(decision.proposal, record, reason, refusal)));
    let refused = RefusedDecision { person, decision: id, envelope, refusal };
    judged.put(Change::Case(Box::new(case.with_refused(refused))));
    judged.answer = Some(Err(refusal));
    judged
}

/// A decision whose second factor was not looked at, as the log keeps it.
const fn record(decision: &Decision, envelope: Digest) -> DecisionRecord {
    let Decision { id, kind, .. } = *decision;
    DecisionRecord { id, kind, envelope, factor: None }
}

/// A refusal that no case was asked about.
const fn refused(
    proposal_id: ProposalId,
    decision: DecisionRecord,
    reason: Option<Reason>,
    refusal: Refusal,
) -> LogEvent {
    LogEvent::DecisionRefused { proposal_id, decision, reason, refusal }
}

/// The code that a decision carries, if its second factor is one.
#[must_use]
pub fn totp_code(decision: &Decision) -> Option<&str> {
    match &decision.mfa {
        Some(MfaProof::Totp { code }) => Some(code),
        None => None,
    }
}
