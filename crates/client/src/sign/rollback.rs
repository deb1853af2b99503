//! The wish to take an executed change back, as a person signs it.

use crate::{
    case::{
        facts::{CaseFacts, CaseUnknown},
        rollback::Offer,
    },
    lists::similar,
    profile::{
        failure::{Broken, Cause, Failure},
        member::Me,
    },
    sign::{
        decide::Sheet,
        halt,
        tickets::{Confirm, GOOD_FOR_MS, Tickets},
    },
    view::entered::{self, Field, TextRefused},
};
use countersign_model::{
    ProposalId, confirm, control::Command, decision::Refusal, reason::MAX_TEXT_CHARS,
};
use countersign_store::Reader;

/// Why a rollback is not asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RollbackError {
    #[error(transparent)]
    Case(#[from] CaseUnknown),
    #[error(transparent)]
    Text(#[from] TextRefused),
    #[error("the reason is longer than {MAX_TEXT_CHARS} characters")]
    TooLong,
    /// The gate would refuse it so.
    #[error("the gate would refuse it: {0:?}")]
    Refused(Refusal),
    #[error(transparent)]
    Failure(Failure),
}

impl<C: Cause> From<C> for RollbackError {
    fn from(cause: C) -> Self {
        Self::Failure(cause.into())
    }
}

/// Bytes of a wish that were shown and may be signed.
pub(crate) struct Prepared {
    pub(crate) case: ProposalId,
    pub(crate) bytes: Vec<u8>,
}

/// Makes the bytes of the wish to take a case back, and the sheet rendered from them.
pub(crate) fn prepare<S: From<Prepared>>(
    reader: &Reader<'_>,
    me: &Me,
    (case, text): (ProposalId, &str),
    tickets: &mut Tickets<S>,
    Sheet { language, now, .. }: &Sheet,
) -> Result<Confirm, RollbackError> {
    let (language, now) = (*language, *now);
    let text = entered::text(Field::Reason, text)?;
    if text.is_empty() {
        return Err(RollbackError::Refused(Refusal::ReasonMissing));
    }
    if text.chars().count() > MAX_TEXT_CHARS {
        return Err(RollbackError::TooLong);
    }
    let facts = CaseFacts::load(reader, me, case)?.ok_or(CaseUnknown)?;
    let offer = similar::offer(reader, me, &facts, now)?;
    let refusal = offer.as_ref().map_or(Some(Refusal::NotExecuted), Offer::refusal);
    if let Some(refusal) = refusal {
        return Err(RollbackError::Refused(refusal));
    }
    let bytes = halt::statement(me, Command::Rollback { proposal: case, text }, now)?;
    let sheet = confirm::render_control(&bytes, language).map_err(|_| Broken("rollback sheet"))?;
    Ok(Confirm {
        ticket: tickets.keep(Prepared { case, bytes }.into(), now)?,
        sheet,
        warnings: vec![],
        armed_only: false,
        good_until_ms: now.plus_ms(GOOD_FOR_MS),
    })
}
