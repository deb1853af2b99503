//! A comment that this person makes: prepared, signed, and sent at once. It can be answered, so
//! it is not held.

use crate::{
    case::{
        comments::{self, Known},
        facts::{CaseFacts, CaseUnknown},
    },
    lists::inbox,
    profile::{
        failure::{Broken, Cause, Failure},
        member::{Me, Member},
        random,
    },
    sign::outgoing::{self, Filed, FilingError, Sealer},
    view::{
        CommentInput, CommentView,
        entered::{self, Field, TextRefused},
    },
};
use countersign_model::{
    Comment, CommentId, Envelope, PersonId, ProposalId, TimestampMs,
    comment::{self, MAX_COMMENT_CHARS},
    decision::Refusal,
};
use countersign_store::{CommentRow, Reader, Stage};
use std::collections::BTreeSet;

/// Why a comment is not made, or not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommentError {
    #[error(transparent)]
    Text(#[from] TextRefused),
    #[error("a comment has 1 to {MAX_COMMENT_CHARS} characters")]
    Length,
    #[error("a question is for the one who asks it")]
    Oneself,
    #[error("it names somebody who is not on the roster")]
    Person,
    #[error("the question that it answers is not in the thread")]
    Answers,
    #[error(transparent)]
    Case(#[from] CaseUnknown),
    /// Nobody could verify it.
    #[error("it does not verify: {0:?}")]
    Refused(Refusal),
    #[error(transparent)]
    Filing(#[from] FilingError),
    #[error(transparent)]
    Failure(Failure),
}

impl<C: Cause> From<C> for CommentError {
    fn from(cause: C) -> Self {
        Self::Failure(cause.into())
    }
}

/// The bytes of a comment, checked.
pub(crate) fn make(
    reader: &Reader<'_>,
    me: &Me,
    facts: &CaseFacts,
    input: &CommentInput,
    now: TimestampMs,
) -> Result<Vec<u8>, CommentError> {
    let text = entered::text(Field::Comment, &input.text)?;
    if text.is_empty() || text.chars().count() > MAX_COMMENT_CHARS {
        return Err(CommentError::Length);
    }
    let known = comments::load(reader, me, facts.proposal.id)?;
    let question_for = people(me, &input.question_for)?;
    if question_for.contains(&me.person) {
        return Err(CommentError::Oneself);
    }
    let comment = Comment {
        id: CommentId::from_uuid(random::uuid(now)?),
        workspace: me.workspace,
        proposal: facts.proposal.id,
        person: me.person,
        device: me.device,
        text,
        mentions: people(me, &input.mentions)?,
        question_for,
        answers: input.answers.as_deref().map(|id| answered(&known, id)).transpose()?,
        signed_at_ms: now,
    };
    Ok(comment::statement_bytes(&comment, facts.proposal_digest).map_err(|_| Broken("comment"))?)
}

/// Stores a signed comment with its document change and sealed record, all or nothing.
pub(crate) fn store(
    member: &mut Member,
    case: ProposalId,
    envelope: &Envelope,
    now: TimestampMs,
) -> Result<CommentView, CommentError> {
    let signed = comment::verify(envelope, &member.me.roster).map_err(CommentError::Refused)?;
    let envelope = envelope.to_bytes().map_err(|_| Broken("envelope"))?;
    let Member { me, keys, store, epoch_keys, .. } = member;
    let sealer = Sealer::new(me, keys, epoch_keys)?;
    store.transaction::<_, CommentError>(|tx| {
        let facts = CaseFacts::load(tx, me, case)?.ok_or(CaseUnknown)?;
        let filed = Filed::Comment(signed.digest, &envelope);
        let body = outgoing::file(tx, me, &facts, filed)?;
        tx.add_comment(&CommentRow {
            digest: filed.digest(),
            id: signed.comment.id,
            proposal: case,
            envelope: envelope.clone(),
            mine: true,
            stage: Stage::Signed,
            stored_at_ms: now,
        })?;
        sealer.queue(tx, &body, filed.digest())?;
        inbox::project(tx, me, case, now)?;
        let known = comments::load(tx, me, case)?;
        let one = known.iter().find(|one| one.row.digest == filed.digest());
        Ok(comments::view(one.ok_or(Broken("stored comment"))?, &known, me))
    })
}

fn people(me: &Me, ids: &[String]) -> Result<BTreeSet<PersonId>, CommentError> {
    let known = |id: &String| id.parse().ok().filter(|id| me.roster.person(*id).is_some());
    ids.iter().map(|id| known(id).ok_or(CommentError::Person)).collect()
}

fn answered(known: &[Known], id: &str) -> Result<CommentId, CommentError> {
    let question = id.parse().ok().filter(|id| {
        known.iter().any(|one| one.comment.id == *id && !one.comment.question_for.is_empty())
    });
    question.ok_or(CommentError::Answers)
}
