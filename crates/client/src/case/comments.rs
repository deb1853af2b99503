//! What people say about a case: signed, verified, and with questions that must be answered
//! before anybody approves.

use crate::{
    case::{contain::TakeError, facts::CaseFacts},
    profile::{failure::Failure, member::Me},
    view::{CommentView, Delivery, PersonRef, ThreadView, names, number::count},
};
use countersign_model::{
    Comment, CommentId, Digest, Envelope, PersonId, ProposalId, TimestampMs,
    comment::{self, SignedComment},
    decision::Refusal,
};
use countersign_store::{CommentRow, Reader, Stage, Tx};
use std::collections::BTreeSet;

/// A comment that is stored here.
pub(crate) struct Known {
    pub(crate) row: CommentRow,
    pub(crate) comment: Comment,
    /// Verified under the present roster, or why it no longer can be.
    signed: Result<SignedComment, Refusal>,
}

/// The thread of a case for the window.
pub(crate) fn thread(
    reader: &Reader<'_>,
    me: &Me,
    facts: &CaseFacts,
) -> Result<ThreadView, Failure> {
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
) -> Result<u32, Failure> {
    Ok(count(open(&load(reader, me, case)?, me).len()))
}

/// Whether a person on the roster has said something in a case after a moment; who asks has
/// not said.
pub(crate) fn is_spoken_of_since(
    reader: &Reader<'_>,
    me: &Me,
    case: ProposalId,
    at: TimestampMs,
) -> Result<bool, Failure> {
    let known = load(reader, me, case)?;
    let says = |one: &Known| one.comment.question_for.is_empty() && one.comment.signed_at_ms > at;
    Ok(known.iter().any(|one| one.signed.is_ok() && says(one)))
}

/// The questions in a case that I should answer.
pub(crate) fn questions_for_me(
    reader: &Reader<'_>,
    me: &Me,
    case: ProposalId,
) -> Result<BTreeSet<CommentId>, Failure> {
    let known = load(reader, me, case)?;
    let mine = open(&known, me).into_iter().filter(|one| one.question_for.contains(&me.person));
    Ok(mine.map(|question| question.id).collect())
}

/// Digests of the comments that a case's screen shows: what a decision names.
pub(crate) fn shown(
    reader: &Reader<'_>,
    me: &Me,
    facts: &CaseFacts,
) -> Result<Vec<Digest>, Failure> {
    let known = load(reader, me, facts.proposal.id)?;
    let about_this = |signed: &&SignedComment| signed.proposal_digest == facts.proposal_digest;
    let signed = known.iter().filter_map(|one| one.signed.as_ref().ok()).filter(about_this);
    Ok(signed.map(|signed| signed.digest).collect())
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
pub(crate) fn load(reader: &Reader<'_>, me: &Me, case: ProposalId) -> Result<Vec<Known>, Failure> {
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

/// A comment among the others of its case, for the window.
pub(crate) fn view(one: &Known, all: &[Known], me: &Me) -> CommentView {
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

fn person_ref(me: &Me, id: PersonId) -> PersonRef {
    PersonRef { id: id.to_string(), name: names::person(&me.roster, id) }
}
