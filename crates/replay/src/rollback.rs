//! Taking back what was executed: who may ask, and what the case that follows must be. Whether
//! the platform still holds what was written is asked before the write, as of every change.

use crate::{Mark, View, draft::DraftError};
use countersign_model::{
    Action, Digest, Proposal, ProposalId, TimestampMs,
    canonical::{self, CanonicalError},
    change::Vetting,
    decision::Refusal,
    proposal::Rollback,
};
use countersign_workflow::{Case, Phase};

/// The change that takes back what a case has executed, from what was read back then; `None`
/// where nothing was executed, or where the platform could not take the inverse. What the company
/// knows is still to be put in ([`Action::assessed`]).
#[must_use]
pub fn inverse(case: &Case) -> Option<Action> {
    let Phase::Executed { read_back: Some(held) } = case.phase() else { return None };
    Some(held.inverse()).filter(|inverse| inverse.check().is_ok())
}

/// Why a case cannot be taken back now, `None` where it can.
///
/// # Errors
/// The view's own.
pub fn refusal<V: View>(view: &V, of: ProposalId) -> Result<Option<Refusal>, V::Error> {
    let Some(case) = view.case(of)? else { return Ok(Some(Refusal::WrongProposal)) };
    if !matches!(case.phase(), Phase::Executed { .. }) {
        return Ok(Some(Refusal::NotExecuted));
    }
    if inverse(&case).is_none() {
        return Ok(Some(Refusal::NoWayBack));
    }
    for target in case.proposal().action.targets() {
        let others = view.unsettled_on(&target)?;
        if others.iter().any(|other| takes_back(other.proposal(), of)) {
            return Ok(Some(Refusal::RollbackOpen));
        }
    }
    Ok(None)
}

fn takes_back(proposal: &Proposal, of: ProposalId) -> bool {
    proposal.rollback().is_some_and(|rollback| rollback.of == of)
}

/// What is remembered of an accepted wish: all that it says, so that no other can stand for it.
///
/// # Errors
/// Never for one that was read from a statement.
pub(crate) fn asked(rollback: &Rollback) -> Result<Mark, CanonicalError> {
    canonical::digest(rollback).map(Mark::RollbackAsked)
}

/// The mark of a statement whose case was opened.
pub(crate) const fn opened(statement: Digest) -> Mark {
    Mark::RollbackOpened(statement)
}

/// Whether a proposal is what an accepted statement has asked for, for the first time, and
/// exactly the inverse of what was executed.
///
/// # Errors
/// [`DraftError`] as a value; the view's own.
pub(crate) fn check<V: View>(
    view: &V,
    vetting: &Vetting,
    proposal: &Proposal,
    rollback: &Rollback,
    at: TimestampMs,
) -> Result<Result<(), DraftError>, V::Error> {
    let asked = match asked(rollback) {
        Ok(mark) => mark,
        Err(error) => return Ok(Err(error.into())),
    };
    if !view.has(&asked)? || view.has(&opened(rollback.statement))? {
        return Ok(Err(DraftError::NotAsked));
    }
    let case = view.case(rollback.of)?;
    let wanted = case.as_ref().and_then(inverse).map(|inverse| inverse.assessed(vetting, at));
    Ok(if wanted.as_ref() == Some(&proposal.action) && proposal.evidence.is_empty() {
        Ok(())
    } else {
        Err(DraftError::NotInverse)
    })
}
