//! The state of a case and the way of a decision, from verified facts alone.

use crate::{
    case::facts::{CaseFacts, Judged, KnownDecision},
    profile::member::Me,
    view::{CaseState, HeldUpBy, HeldUpView, ValueView, headline},
};
use countersign_model::{
    DecisionKind, Outcome, Role, TimestampMs,
    decision::Refusal,
    entry::{ExecutionStatus, LogEvent},
};
use countersign_store::{Shelf, Stage};
use serde::{Deserialize, Serialize};

/// How far a decision has got; each word means one thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Delivery {
    /// Signed, and kept back until this moment, so that it can be recalled.
    Held { until_ms: Option<TimestampMs> },
    /// In this device's store, on its way.
    SignedOnThisDevice,
    /// The relay has stored it.
    DeliveredToRelay,
    /// The gate has logged it as valid.
    AcceptedByGate,
    /// The gate has logged it as invalid, or this device cannot verify it; and where the case
    /// stands.
    Refused { why: Refusal, state: CaseState },
    /// The change it permitted was executed.
    Executed,
    /// Taken back before it was sent; it counts nowhere.
    Recalled,
}

/// Where the case stands: the newest gate entry that says so.
pub(crate) fn case_state(facts: &CaseFacts) -> CaseState {
    let told = facts.entries.iter().rev().find_map(|(_, entry)| match &entry.body.event {
        LogEvent::ChangeAuthorized { .. }
        | LogEvent::ExecutionIntended { .. }
        | LogEvent::ExecutionWaiting { .. } => Some(CaseState::Authorized),
        LogEvent::ExecutionFinished { platform, .. } => Some(match platform.status {
            ExecutionStatus::Applied => CaseState::Executed,
            _ => CaseState::NotApplied,
        }),
        LogEvent::CaseRejected { .. } => Some(CaseState::Rejected),
        LogEvent::ChangesRequested { .. } => Some(CaseState::SentBack),
        LogEvent::CaseExpired { .. } => Some(CaseState::Expired),
        LogEvent::CaseSuperseded { .. } => Some(CaseState::Superseded),
        LogEvent::RosterAccepted { .. }
        | LogEvent::ProposalReceived { .. }
        | LogEvent::DraftRefused { .. }
        | LogEvent::VerdictIssued { .. }
        | LogEvent::DecisionAccepted { .. }
        | LogEvent::DecisionRefused { .. }
        | LogEvent::DeadlinePassed { .. }
        | LogEvent::RungClimbed { .. }
        | LogEvent::WorkStopped { .. }
        | LogEvent::ResumeAsked { .. }
        | LogEvent::WorkResumed { .. }
        | LogEvent::PromptRead { .. }
        | LogEvent::RollbackAsked { .. }
        | LogEvent::RollbackOpened { .. }
        | LogEvent::ControlRefused { .. }
        | LogEvent::PolicyPublished { .. }
        | LogEvent::ContentRefused { .. }
        | LogEvent::ClockCorrected { .. }
        | LogEvent::WritingOpened { .. }
        | LogEvent::WritingClosed { .. } => None,
    });
    match told {
        Some(state) => state,
        None if facts.verdict.outcome == Outcome::Block => CaseState::Blocked,
        None => CaseState::Deciding,
    }
}

/// Roles that still have to sign.
pub(crate) fn waiting_for(facts: &CaseFacts) -> Vec<Role> {
    facts
        .progress()
        .groups
        .into_iter()
        .filter(|group| group.signed.len() < usize::from(group.minimum))
        .map(|group| group.role)
        .collect()
}

/// Whether somebody whose signature stands has decided on a different value.
pub(crate) fn is_overridden(facts: &CaseFacts) -> bool {
    facts.standing().any(|known| known.decision.kind == DecisionKind::Override)
}

/// The list that the case stands on.
pub(crate) fn shelf(state: &CaseState, i_may_decide: bool, to_check: bool) -> Shelf {
    match state {
        _ if to_check => Shelf::ToCheck,
        CaseState::Deciding if i_may_decide => Shelf::NeedsMe,
        CaseState::Deciding | CaseState::Authorized => Shelf::WaitingOnOthers,
        CaseState::Executed
        | CaseState::NotApplied
        | CaseState::Rejected
        | CaseState::SentBack
        | CaseState::Expired
        | CaseState::Superseded
        | CaseState::Blocked => Shelf::Settled,
    }
}

/// How far a decision has got. A refused one says where the case stands instead.
pub(crate) fn delivery(facts: &CaseFacts, known: &KnownDecision) -> Delivery {
    let refused = |why| Delivery::Refused { why, state: case_state(facts) };
    match (known.row.stage, known.judged, &known.signed) {
        (Stage::Recalled, ..) => Delivery::Recalled,
        (_, Some(Judged::Refused(refusal)), _) => refused(refusal),
        (_, Some(Judged::Accepted), _) if was_executed(facts, known) => Delivery::Executed,
        (_, Some(Judged::Accepted), _) => Delivery::AcceptedByGate,
        (Stage::Held, None, _) => Delivery::Held { until_ms: known.row.hold_until_ms },
        (_, None, Err(refusal)) => refused(*refusal),
        (Stage::Signed, None, Ok(_)) => Delivery::SignedOnThisDevice,
        (_, None, Ok(_)) => Delivery::DeliveredToRelay,
    }
}

/// My decision that can still be recalled.
pub(crate) fn recallable<'a>(facts: &'a CaseFacts, me: &Me) -> Option<&'a KnownDecision> {
    facts
        .decisions
        .iter()
        .find(|known| known.row.stage == Stage::Held && known.decision.person == me.person)
}

/// Whether the executed change was authorised by this very decision.
fn was_executed(facts: &CaseFacts, known: &KnownDecision) -> bool {
    case_state(facts) == CaseState::Executed
        && facts
            .newest(|body| match &body.event {
                LogEvent::ChangeAuthorized { approvals, .. } => Some(approvals),
                _ => None,
            })
            .is_some_and(|approvals| {
                approvals.iter().any(|one| one.envelope == known.row.envelope_digest)
            })
}

/// What an authorised change waits for, while nothing has been changed.
pub(crate) fn held_up(facts: &CaseFacts) -> Option<HeldUpView> {
    if case_state(facts) != CaseState::Authorized {
        return None;
    }
    let mut told = facts.entries.iter().map(|(_, entry)| &entry.body);
    let first = told.find(|body| body.event.waiting().is_some())?;
    let waiting = facts.newest(|body| body.event.waiting())?;
    let expires = facts.proposal.expires_at_ms;
    let until = facts.standing().map(|known| known.decision.valid_until_ms).min();
    Some(HeldUpView {
        by: held_up_by(&waiting.code),
        code: waiting.code.clone(),
        since_ms: first.at_ms.millis(),
        not_before_ms: waiting.until_ms.map(TimestampMs::millis),
        valid_until_ms: until.map_or(expires, |until| until.min(expires)).millis(),
    })
}

/// The family of a code, by the gate's and the platforms' own names.
fn held_up_by(code: &str) -> HeldUpBy {
    match code.split_once('.') {
        Some(("oauth", _)) => HeldUpBy::SignIn,
        Some(("quotaError", _)) => HeldUpBy::Quota,
        Some(("gate", "WORK_STOPPED")) => HeldUpBy::WorkStopped,
        _ => HeldUpBy::Platform,
    }
}

/// The value that the platform was found to hold after the execution.
pub(crate) fn read_back(facts: &CaseFacts) -> Option<ValueView> {
    let platform = facts.newest(|body| body.event.platform())?;
    headline::lead(platform.read_back.as_ref()?)
}
