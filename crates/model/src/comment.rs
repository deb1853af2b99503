//! A signed comment on a case. It changes nothing by itself; decisions name the comments
//! that were shown.

use crate::{
    CommentId, DeviceId, Digest, Envelope, PersonId, ProposalId, Roster, TimestampMs, WorkspaceId,
    bounded,
    canonical::CanonicalError,
    decision::Refusal,
    envelope::{self, Predicate},
    personal,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Longest text of a comment, in characters.
pub const MAX_COMMENT_CHARS: usize = 4_000;

/// The predicate of a comment statement; its subject is the proposal's digest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comment {
    /// The comment.
    pub id: CommentId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The case.
    pub proposal: ProposalId,
    /// Who says it.
    pub person: PersonId,
    /// On which device.
    pub device: DeviceId,
    /// What; 1 to 4,000 characters.
    #[serde(deserialize_with = "bounded::text::<MAX_COMMENT_CHARS, _>")]
    pub text: String,
    /// Whom it mentions.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub mentions: BTreeSet<PersonId>,
    /// Whom it asks: one of them must answer before anybody approves.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub question_for: BTreeSet<PersonId>,
    /// The question that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<CommentId>,
    /// The device's clock.
    pub signed_at_ms: TimestampMs,
}

impl Predicate for Comment {
    const TYPE: &'static str = "urn:countersign:comment:v1";
}

/// A comment whose signature was checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedComment {
    /// The comment.
    pub comment: Comment,
    /// The digest of the proposal that it is about.
    pub proposal_digest: Digest,
    /// The digest of the signed payload bytes: what decisions name.
    pub digest: Digest,
}

/// The exact bytes that are signed for a comment on a proposal.
///
/// # Errors
/// Never for a comment made from valid parts.
pub fn statement_bytes(comment: &Comment, proposal: Digest) -> Result<Vec<u8>, CanonicalError> {
    envelope::statement_bytes(&comment.proposal.to_string(), proposal, comment)
}

/// Checks signature, person, device and length.
///
/// # Errors
/// The [`Refusal`], as a value.
pub fn verify(envelope: &Envelope, roster: &Roster) -> Result<SignedComment, Refusal> {
    let claim = envelope.claim().map_err(|_| Refusal::Malformed)?;
    let (verified, _) =
        personal::open::<Comment>(claim, roster).map_err(|unfit| unfit.refusal())?;
    let comment = verified.predicate;
    if verified.subject_name != comment.proposal.to_string() {
        return Err(Refusal::WrongProposal);
    }
    let length = comment.text.chars().count();
    if comment.text.trim().is_empty() || length > MAX_COMMENT_CHARS {
        return Err(Refusal::Malformed);
    }
    Ok(SignedComment {
        comment,
        proposal_digest: verified.subject,
        digest: verified.payload_digest,
    })
}

/// The questions that none of those asked has answered.
#[must_use]
pub fn open_questions(comments: &[Comment]) -> Vec<&Comment> {
    let is_answered = |question: &Comment| {
        comments.iter().any(|other| {
            other.answers == Some(question.id) && question.question_for.contains(&other.person)
        })
    };
    comments.iter().filter(|one| !one.question_for.is_empty() && !is_answered(one)).collect()
}
