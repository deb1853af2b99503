//! Reading the prompt behind a proposal. That it was read is a signed statement, stored
//! before the prompt is shown, so that nobody reads one unseen.

use crate::{
    case::facts::{CaseFacts, unknown_case},
    profile::member::{Me, Member},
    sign::halt,
    view::{
        ProblemView, PromptView,
        problem::{Code, problem},
    },
};
use countersign_model::{
    Digest, Envelope, ProposalId, TimestampMs, canonical,
    control::Command,
    evidence::{EvidenceKind, SealedPrompt},
};
use countersign_store::Reader;

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
) -> Result<Sealed, ProblemView> {
    let facts = CaseFacts::load(reader, me, case)?.ok_or_else(unknown_case)?;
    let digest = prompt_digest(&facts).ok_or_else(|| {
        problem(Code::PromptNone, "This proposal came without a prompt to read.", &[])
    })?;
    let bytes = reader.evidence(digest)?.ok_or_else(|| {
        problem(
            Code::PromptMissing,
            "The prompt is not on this device.",
            &["Wait for the connection, then try again."],
        )
    })?;
    let sealed: SealedPrompt = canonical::from_bytes(&bytes).map_err(|_| {
        problem(Code::PromptDamaged, "The prompt cannot be read.", &["Tell an administrator."])
    })?;
    let statement = halt::statement(me, Command::ReadPrompt { proposal: case }, now)?;
    let commitment_checked = sealed.commitment() == facts.proposal.prompt_commitment;
    let view = PromptView { proposal: case.to_string(), prompt: sealed.prompt, commitment_checked };
    Ok(Sealed { statement, case, view })
}

/// Stores the signed statement and gives the prompt out.
pub(crate) fn store(
    member: &mut Member,
    sealed: Sealed,
    envelope: &Envelope,
    now: TimestampMs,
) -> Result<PromptView, ProblemView> {
    halt::store(member, envelope, now, |tx| tx.mark_prompt_read(sealed.case, now))?;
    Ok(sealed.view)
}

fn prompt_digest(facts: &CaseFacts) -> Option<Digest> {
    let mut evidence = facts.proposal.evidence.iter();
    evidence.find(|one| one.kind == EvidenceKind::Prompt).map(|one| one.digest)
}
