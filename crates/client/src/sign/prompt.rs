//! Reading the prompt behind a proposal. That it was read is a signed statement, stored
//! before the prompt is shown, so that nobody reads one unseen.

use crate::{
    case::facts::{CaseFacts, CaseUnknown},
    profile::{
        failure::{Cause, Failure},
        member::{Me, Member},
    },
    sign::halt::{self, HaltError},
    view::PromptView,
};
use countersign_model::{
    Digest, Envelope, ProposalId, TimestampMs, canonical,
    control::Command,
    evidence::{EvidenceKind, SealedPrompt},
};
use countersign_store::Reader;

/// Why a prompt cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PromptError {
    #[error(transparent)]
    Case(#[from] CaseUnknown),
    #[error("the proposal came without a prompt")]
    None,
    #[error("the prompt is not on this device")]
    NotHere,
    #[error("the prompt is damaged")]
    Damaged,
    #[error(transparent)]
    Failure(Failure),
}

impl<C: Cause> From<C> for PromptError {
    fn from(cause: C) -> Self {
        Self::Failure(cause.into())
    }
}

/// A prompt that is on this device, and the bytes to sign before it is shown.
pub(crate) struct Sealed {
    pub(crate) statement: Vec<u8>,
    case: ProposalId,
    view: PromptView,
}

/// Opens the prompt of a case and makes the statement that it was read.
pub(crate) fn open(
    reader: &Reader<'_>,
    me: &Me,
    case: ProposalId,
    now: TimestampMs,
) -> Result<Sealed, PromptError> {
    let facts = CaseFacts::load(reader, me, case)?.ok_or(CaseUnknown)?;
    let digest = prompt_digest(&facts).ok_or(PromptError::None)?;
    let bytes = reader.evidence(digest)?.ok_or(PromptError::NotHere)?;
    let sealed: SealedPrompt = canonical::from_bytes(&bytes).map_err(|_| PromptError::Damaged)?;
    let statement = halt::statement(me, Command::ReadPrompt { proposal: case }, now)?;
    let drafted = facts.proposal.drafted().ok_or(PromptError::None)?;
    let commitment_checked = sealed.commitment() == drafted.prompt_commitment;
    let view = PromptView { proposal: case.to_string(), prompt: sealed.prompt, commitment_checked };
    Ok(Sealed { statement, case, view })
}

/// Stores the signed statement and gives the prompt out.
pub(crate) fn store(
    member: &mut Member,
    sealed: Sealed,
    envelope: &Envelope,
    now: TimestampMs,
) -> Result<PromptView, HaltError> {
    halt::store(member, envelope, now, |tx| tx.mark_prompt_read(sealed.case, now))?;
    Ok(sealed.view)
}

fn prompt_digest(facts: &CaseFacts) -> Option<Digest> {
    let mut evidence = facts.proposal.evidence.iter();
    evidence.find(|one| one.kind == EvidenceKind::Prompt).map(|one| one.digest)
}
