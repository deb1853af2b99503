//! A comment that this person makes: prepared, signed, and sent at once. It can be answered, so
//! it is not held.

use crate::{
    case::{
        comments::{self, Known},
        facts::{CaseFacts, unknown_case},
    },
    lists::inbox,
    profile::{
        member::{Me, Member},
        random,
    },
    sign::outgoing::{self, Filed, Sealer},
    view::{
        CommentInput, CommentView, ProblemView,
        entered::{self, Field},
        problem::{self, Code, internal, problem},
    },
};
use countersign_model::{
    Comment, CommentId, Envelope, PersonId, ProposalId, TimestampMs,
    comment::{self, MAX_COMMENT_CHARS},
};
use countersign_store::{CommentRow, Reader, Stage};
use std::collections::BTreeSet;

/// The bytes of a comment, checked.
pub(crate) fn make(
    reader: &Reader<'_>,
    me: &Me,
    facts: &CaseFacts,
    input: &CommentInput,
    now: TimestampMs,
) -> Result<Vec<u8>, ProblemView> {
    let text = entered::text(Field::Comment, &input.text)?;
    if text.is_empty() || text.chars().count() > MAX_COMMENT_CHARS {
        let words = "A comment needs words, and at most 4,000 characters of them.";
        return Err(problem(Code::CommentText, words, &[]));
    }
    let known = comments::load(reader, me, facts.proposal.id)?;
    let question_for = people(me, &input.question_for)?;
    if question_for.contains(&me.person) {
        return Err(problem(
            Code::CommentSelf,
            "A question to yourself has no answer to wait for.",
            &[],
        ));
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
    comment::statement_bytes(&comment, facts.proposal_digest).map_err(|_| internal("comment"))
}

/// Stores a signed comment with its document change and sealed record, all or nothing.
pub(crate) fn store(
    member: &mut Member,
    case: ProposalId,
    envelope: &Envelope,
    now: TimestampMs,
) -> Result<CommentView, ProblemView> {
    let signed = comment::verify(envelope, &member.me.roster).map_err(problem::refusal)?;
    let envelope = envelope.to_bytes().map_err(|_| internal("envelope"))?;
    let Member { me, keys, store, epoch_keys, .. } = member;
    let sealer = Sealer::new(me, keys, epoch_keys)?;
    store.transaction::<_, ProblemView>(|tx| {
        let facts = CaseFacts::load(tx, me, case)?.ok_or_else(unknown_case)?;
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
        Ok(comments::view(one.ok_or_else(|| internal("stored comment"))?, &known, me))
    })
}

fn people(me: &Me, ids: &[String]) -> Result<BTreeSet<PersonId>, ProblemView> {
    let known = |id: &String| id.parse().ok().filter(|id| me.roster.person(*id).is_some());
    let found = ids.iter().map(|id| {
        known(id).ok_or_else(|| {
            problem(
                Code::CommentPerson,
                "The comment names somebody who is not on the roster.",
                &[],
            )
        })
    });
    found.collect()
}

fn answered(known: &[Known], id: &str) -> Result<CommentId, ProblemView> {
    let question = id.parse().ok().filter(|id| {
        known.iter().any(|one| one.comment.id == *id && !one.comment.question_for.is_empty())
    });
    question.ok_or_else(|| {
        problem(Code::CommentAnswers, "The question that this answers is not in the thread.", &[])
    })
}
