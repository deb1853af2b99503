//! The state of a case and the way of a decision, from verified facts alone.

use crate::{
    facts::{CaseFacts, Judged, KnownDecision},
    problem,
    view::{CaseState, Delivery},
};
use countersign_model::{
    Action, Money, Outcome, Role,
    decision::Refusal,
    entry::{EntryKind, ExecutionStatus},
};
use countersign_store::{Shelf, Stage};

/// Where the case stands: the newest gate entry that says so.
pub(crate) fn case_state(facts: &CaseFacts) -> CaseState {
    let told = facts.entries.iter().rev().find_map(|(_, entry)| match entry.body.action {
        EntryKind::ChangeAuthorized | EntryKind::ExecutionIntended => Some(CaseState::Authorized),
        EntryKind::ExecutionFinished => {
            let status = entry.body.platform.as_ref().map(|platform| platform.status);
            Some(match status {
                Some(ExecutionStatus::Applied) => CaseState::Executed,
                _ => CaseState::NotApplied,
            })
        }
        EntryKind::CaseRejected => Some(CaseState::Rejected),
        EntryKind::ChangesRequested => Some(CaseState::SentBack),
        EntryKind::CaseExpired => Some(CaseState::Expired),
        EntryKind::CaseSuperseded => Some(CaseState::Superseded),
        EntryKind::RosterAccepted
        | EntryKind::ProposalReceived
        | EntryKind::DraftRefused
        | EntryKind::VerdictIssued
        | EntryKind::DecisionAccepted
        | EntryKind::DecisionRefused
        | EntryKind::DeadlinePassed => None,
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

/// The list that the case stands on.
pub(crate) fn shelf(state: &CaseState, i_may_decide: bool) -> Shelf {
    match state {
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

/// How far a decision has got.
pub(crate) fn delivery(facts: &CaseFacts, known: &KnownDecision) -> Delivery {
    match known.judged {
        Some(Judged::Refused(refusal)) => Delivery::Refused { why: problem::refusal(refusal) },
        Some(Judged::Accepted) if was_executed(facts, known) => Delivery::Executed,
        Some(Judged::Accepted) => Delivery::AcceptedByGate,
        None if known.signed.is_err() => Delivery::Refused {
            why: problem::refusal(
                known.signed.as_ref().err().copied().unwrap_or(Refusal::Malformed),
            ),
        },
        None if known.row.stage == Stage::Signed => Delivery::SignedOnThisDevice,
        None => Delivery::DeliveredToRelay,
    }
}

/// Whether the executed change was authorised by this very decision.
fn was_executed(facts: &CaseFacts, known: &KnownDecision) -> bool {
    case_state(facts) == CaseState::Executed
        && facts.last_entry(EntryKind::ChangeAuthorized).is_some_and(|entry| {
            let mut approvals = entry.body.approvals.iter();
            approvals.any(|approval| approval.envelope == known.row.envelope_digest)
        })
}

/// The value that the platform was found to hold after the execution.
pub(crate) fn read_back(facts: &CaseFacts) -> Option<Money> {
    let finished = facts.last_entry(EntryKind::ExecutionFinished)?;
    let Action::BudgetChange(change) = finished.body.platform.as_ref()?.read_back.as_ref()?;
    Some(change.after)
}
