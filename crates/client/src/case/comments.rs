//! What people say about a case: signed, verified, and with questions that must be answered
//! before anybody approves. A comment is sent at once; it can be answered, so it is not held.

use crate::{
    case::{contain::TakeError, facts::CaseFacts},
    lists::inbox,
    profile::{
        member::{Me, Member},
        random,
    },
    sign::outgoing::{self, Filed, Sealer},
    view::{
        CommentInput, CommentView, Delivery, PersonRef, ProblemView, ThreadView,
        entered::{self, Field},
        names,
        number::count,
        problem::{self, internal, problem},
    },
};
use countersign_model::{
    Comment, CommentId, Digest, Envelope, PersonId, ProposalId, TimestampMs,
    comment::{self, MAX_COMMENT_CHARS, SignedComment},
    decision::Refusal,
};
use countersign_store::{CommentRow, Reader, Stage, Tx};
use std::collections::BTreeSet;

/// A comment that is stored here.
struct Known {
    row: CommentRow,
    comment: Comment,
    /// Verified under the present roster, or why it no longer can be.
    signed: Result<SignedComment, Refusal>,
}

/// The thread of a case for the window.
pub(crate) fn thread(
    reader: &Reader<'_>,
    me: &Me,
    facts: &CaseFacts,
) -> Result<ThreadView, ProblemView> {
    let known = load(reader, me, facts.proposal.id)?;
    let open = open(&known, me);
    let people = me.roster.people.iter().filter(|person| person.id != me.person);
    Ok(ThreadView {
        comments: known.iter().map(|one| view(one, &known, me)).collect(),
        people: people.map(|person| person_ref(me, person.id)).collect(),
        open_questions: count(open.len()),
        questions_for_me: count(
            open.iter().filter(|question| question.question_for.contains(&me.person)).count(),
        ),
    })
}

/// How many questions in a case are not answered.
pub(crate) fn open_questions(
    reader: &Reader<'_>,
    me: &Me,
    case: ProposalId,
) -> Result<u32, ProblemView> {
    Ok(count(open(&load(reader, me, case)?, me).len()))
}

/// The questions in a case that I should answer.
pub(crate) fn questions_for_me(
    reader: &Reader<'_>,
    me: &Me,
    case: ProposalId,
) -> Result<BTreeSet<CommentId>, ProblemView> {
    let known = load(reader, me, case)?;
    let mine = open(&known, me).into_iter().filter(|one| one.question_for.contains(&me.person));
    Ok(mine.map(|question| question.id).collect())
}

/// Digests of the comments that a case's screen shows: what a decision names.
pub(crate) fn shown(
    reader: &Reader<'_>,
    me: &Me,
    facts: &CaseFacts,
) -> Result<Vec<Digest>, ProblemView> {
    let known = load(reader, me, facts.proposal.id)?;
    let about_this = |signed: &&SignedComment| signed.proposal_digest == facts.proposal_digest;
    let signed = known.iter().filter_map(|one| one.signed.as_ref().ok()).filter(about_this);
    Ok(signed.map(|signed| signed.digest).collect())
}

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
        return Err(problem("comment_text", words, &[]));
    }
    let known = load(reader, me, facts.proposal.id)?;
    let question_for = people(me, &input.question_for)?;
    if question_for.contains(&me.person) {
        return Err(problem(
            "comment_self",
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
        let facts = CaseFacts::load(tx, me, case)?.ok_or_else(crate::sign::decide::unknown_case)?;
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
        let known = load(tx, me, case)?;
        let one = known.iter().find(|one| one.row.digest == filed.digest());
        Ok(view(one.ok_or_else(|| internal("stored comment"))?, &known, me))
    })
}

/// Keeps a comment that arrived in a case, if somebody on the roster signed it about this
/// case; `false` otherwise.
pub(crate) fn take_in(
    tx: &Tx<'_>,
    me: &Me,
    case: ProposalId,
    bytes: &[u8],
    now: TimestampMs,
) -> Result<bool, TakeError> {
    let signed = Envelope::from_bytes(bytes)
        .ok()
        .and_then(|envelope| comment::verify(&envelope, &me.roster).ok())
        .filter(|signed| signed.comment.proposal == case);
    let Some(signed) = signed else { return Ok(false) };
    tx.add_comment(&CommentRow {
        digest: signed.digest,
        id: signed.comment.id,
        proposal: case,
        envelope: bytes.to_vec(),
        mine: signed.comment.device == me.device,
        stage: Stage::Delivered,
        stored_at_ms: now,
    })?;
    Ok(true)
}

/// The comments of a case, oldest first.
fn load(reader: &Reader<'_>, me: &Me, case: ProposalId) -> Result<Vec<Known>, ProblemView> {
    let mut known: Vec<_> =
        reader.comments_of(case)?.into_iter().filter_map(|row| read(row, me)).collect();
    known.sort_by_key(|one| one.comment.signed_at_ms);
    Ok(known)
}

fn read(row: CommentRow, me: &Me) -> Option<Known> {
    let envelope = Envelope::from_bytes(&row.envelope).ok()?;
    let comment = envelope.peek_unverified().ok()?;
    let signed = comment::verify(&envelope, &me.roster);
    Some(Known { row, comment, signed })
}

/// Questions nobody asked has answered. One that nobody on the roster could answer any more
/// does not hold a case up for ever.
fn open(known: &[Known], me: &Me) -> Vec<Comment> {
    let signed = known.iter().filter_map(|one| one.signed.as_ref().ok());
    let comments: Vec<_> = signed.map(|signed| signed.comment.clone()).collect();
    let answerable = |question: &&Comment| {
        question.question_for.iter().any(|person| me.roster.person(*person).is_some())
    };
    comment::open_questions(&comments).into_iter().filter(answerable).cloned().collect()
}

fn view(one: &Known, all: &[Known], me: &Me) -> CommentView {
    let Comment { id, person, text, mentions, question_for, answers, signed_at_ms, .. } =
        &one.comment;
    let refs = |people: &BTreeSet<PersonId>| people.iter().map(|id| person_ref(me, *id)).collect();
    let answers_this = |other: &Known| {
        other.signed.is_ok()
            && other.comment.answers == Some(*id)
            && question_for.contains(&other.comment.person)
    };
    CommentView {
        id: id.to_string(),
        person: names::person(&me.roster, *person),
        mine: *person == me.person,
        text: text.clone(),
        mentions: refs(mentions),
        question_for: refs(question_for),
        answers: answers.map(|id| id.to_string()),
        answered: all.iter().any(answers_this),
        at_ms: signed_at_ms.millis(),
        signature_checked: one.signed.is_ok(),
        delivery: match one.row.stage {
            Stage::Held | Stage::Signed => Delivery::SignedOnThisDevice,
            _ => Delivery::DeliveredToRelay,
        },
    }
}

fn people(me: &Me, ids: &[String]) -> Result<BTreeSet<PersonId>, ProblemView> {
    let known = |id: &String| id.parse().ok().filter(|id| me.roster.person(*id).is_some());
    let found = ids.iter().map(|id| {
        known(id).ok_or_else(|| {
            problem("comment_person", "The comment names somebody who is not on the roster.", &[])
        })
    });
    found.collect()
}

fn answered(known: &[Known], id: &str) -> Result<CommentId, ProblemView> {
    let question = id.parse().ok().filter(|id| {
        known.iter().any(|one| one.comment.id == *id && !one.comment.question_for.is_empty())
    });
    question.ok_or_else(|| {
        problem("comment_answers", "The question that this answers is not in the thread.", &[])
    })
}

fn person_ref(me: &Me, id: PersonId) -> PersonRef {
    PersonRef { id: id.to_string(), name: names::person(&me.roster, id) }
}
