//! Deciding: the bytes are prepared once, shown, signed as they were shown, and held.

use crate::{
    case::{
        blocked::{ApprovalBlocked, Blocked},
        comments,
        facts::{CaseFacts, CaseUnknown, parse_case},
        options,
    },
    lists::inbox,
    profile::{
        failure::{Broken, Cause, Failure},
        member::{Me, Member},
        random,
    },
    sign::{
        choice::{self, ChoiceError},
        tickets::{Confirm, GOOD_FOR_MS, Tickets},
        warnings,
    },
    view::DecisionInput,
};
use countersign_model::{
    Decision, DecisionId, DecisionKind, Digest, Envelope, ProposalId, Role, Signer, TimestampMs,
    confirm::{self, Language},
    decision::{self, CheckpointSeen, Refusal, SignedDecision},
    signature::SignerError,
    verdict::RiskTier,
};
use countersign_store::{NewDecision, Reader, Stage};
use countersign_workflow::check::CLOCK_TOLERANCE_MS;

/// Why something cannot be decided like that. Nothing counts as signed then.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecideError {
    #[error(transparent)]
    Case(#[from] CaseUnknown),
    #[error("this device's clock is {minutes} minutes behind the gate's")]
    ClockBehind {
        /// At least this many.
        minutes: i64,
    },
    #[error(transparent)]
    Blocked(#[from] Blocked),
    /// That was not the case when the sheet was made.
    #[error("the case has changed while the sheet was read")]
    BlockedSince(#[source] Blocked),
    #[error(transparent)]
    ApprovalBlocked(#[from] ApprovalBlocked),
    #[error(transparent)]
    Choice(#[from] ChoiceError),
    /// The gate would refuse it for this reason.
    #[error("the gate would refuse it: {0:?}")]
    Refused(Refusal),
    #[error(transparent)]
    Failure(Failure),
}

impl<C: Cause> From<C> for DecideError {
    fn from(cause: C) -> Self {
        Self::Failure(cause.into())
    }
}

/// Bytes that were shown and may be signed.
pub(crate) struct Prepared {
    bytes: Vec<u8>,
    case: ProposalId,
}

/// What the person who decided had in front of them; signed with the decision.
pub(crate) struct Shown {
    pub(crate) evidence: Vec<Digest>,
    pub(crate) comments: Vec<Digest>,
    pub(crate) checkpoint: Option<CheckpointSeen>,
}

/// What a sheet needs to know besides the case.
#[derive(Clone, Copy)]
pub(crate) struct Sheet {
    pub(crate) language: Language,
    /// This device's clock minus the workspace's, when it is out by too much.
    pub(crate) clock_skew_ms: Option<i64>,
    pub(crate) now: TimestampMs,
}

/// Makes the decision's bytes and the sheet that is rendered from them.
pub(crate) fn prepare<S: From<Prepared>>(
    reader: &Reader<'_>,
    me: &Me,
    input: &DecisionInput,
    tickets: &mut Tickets<S>,
    sheet: Sheet,
) -> Result<Confirm, DecideError> {
    let now = sheet.now;
    let case = parse_case(&input.proposal)?;
    let facts = CaseFacts::load(reader, me, case)?.ok_or(CaseUnknown)?;
    check_clock(reader, &facts, now)?;
    if let Some(why) = options::blocked_because(&facts, me, now) {
        return Err(why.into());
    }
    let decision = make_decision(reader, me, &facts, input, now)?;
    check_questions(reader, me, &facts, decision.kind)?;
    let bytes = decision::statement_bytes(&decision, facts.proposal_digest)
        .map_err(|_| Broken("statement"))?;
    let rendered = confirm::render(&bytes, sheet.language).map_err(|_| Broken("confirm sheet"))?;
    let mut warnings = warnings::of_clock(sheet.clock_skew_ms);
    warnings.extend(warnings::of_decision(reader, &facts, decision.kind)?);
    Ok(Confirm {
        ticket: tickets.keep(Prepared::new(bytes, case).into(), now)?,
        sheet: rendered,
        warnings,
        armed_only: facts.verdict.risk_tier == RiskTier::High,
        good_until_ms: now.plus_ms(GOOD_FOR_MS),
    })
}

/// Signs exactly the prepared bytes. May wait for the keychain; hold no lock meanwhile.
pub(crate) fn sign(prepared: &Prepared, signer: &dyn Signer) -> Result<Envelope, SignerError> {
    sign_bytes(&prepared.bytes, signer)
}

/// Signs bytes. May wait for the keychain; hold no lock meanwhile.
pub(crate) fn sign_bytes(bytes: &[u8], signer: &dyn Signer) -> Result<Envelope, SignerError> {
    Envelope::sign_payload(bytes, &[signer])
}

/// Stores a signed decision, durably, as held until a moment: no document and no record
/// knows of it yet. Gives its id.
pub(crate) fn store(
    member: &mut Member,
    prepared: &Prepared,
    envelope: &Envelope,
    hold_until: TimestampMs,
    now: TimestampMs,
) -> Result<DecisionId, DecideError> {
    let signed = decision::verify(envelope, &member.me.roster).map_err(DecideError::Refused)?;
    if signed.digest() != Digest::of(&prepared.bytes) {
        return Err(Broken("signed bytes").into());
    }
    let envelope = envelope.to_bytes().map_err(|_| Broken("envelope"))?;
    let Member { me, store, .. } = member;
    store.transaction::<_, DecideError>(|tx| {
        let facts = CaseFacts::load(tx, me, prepared.case)?.ok_or(CaseUnknown)?;
        // What was true when the sheet was made may have changed while it was read.
        check_still_fits(&facts, me, &signed, now)?;
        check_questions(tx, me, &facts, signed.decision().kind)?;
        tx.add_decision(&NewDecision {
            digest: signed.digest(),
            id: signed.decision().id,
            proposal: prepared.case,
            envelope: envelope.clone(),
            mine: true,
            stage: Stage::Held,
            hold_until_ms: Some(hold_until),
            stored_at_ms: now,
        })?;
        inbox::project(tx, me, prepared.case, now)?;
        Ok(())
    })?;
    Ok(signed.decision().id)
}

impl Prepared {
    /// Bytes of a decision about a case.
    pub(crate) const fn new(bytes: Vec<u8>, case: ProposalId) -> Self {
        Self { bytes, case }
    }

    /// The case that the bytes are about.
    pub(crate) const fn case(&self) -> ProposalId {
        self.case
    }
}

/// A decision on what this device shows of a case.
pub(crate) fn make_decision(
    reader: &Reader<'_>,
    me: &Me,
    facts: &CaseFacts,
    input: &DecisionInput,
    now: TimestampMs,
) -> Result<Decision, DecideError> {
    let head = reader.log_head()?;
    let shown = Shown {
        evidence: warnings::evidence_shown(reader, facts)?,
        comments: comments::shown(reader, me, facts)?,
        checkpoint: head.map(|head| CheckpointSeen { size: head.size, root: head.root }),
    };
    assemble(me, facts, input, shown, now)
}

/// A decision from what the person chose and was shown; checked against the case as the gate
/// will.
pub(crate) fn assemble(
    me: &Me,
    facts: &CaseFacts,
    input: &DecisionInput,
    shown: Shown,
    now: TimestampMs,
) -> Result<Decision, DecideError> {
    let kind = choice::kind(&input.kind)?;
    let role =
        Role::parse(&input.role).ok().filter(|role| options::my_roles(facts, me).contains(role));
    let role = role.ok_or(DecideError::Refused(Refusal::RoleNotAsked))?;
    let reason = choice::reason(kind, input)?;
    let proposed = &facts.proposal.action;
    Ok(Decision {
        id: DecisionId::from_uuid(random::uuid(now)?),
        workspace: me.workspace,
        proposal: facts.proposal.id,
        kind,
        effective: choice::effective(proposed, kind, input)?,
        reason,
        person: me.person,
        device: me.device,
        role,
        on_behalf_of: None,
        verdict: facts.verdict_digest,
        policy: facts.verdict.policy.digest,
        entity_revision: facts.proposal.entity_revision,
        evidence_shown: shown.evidence,
        comments_shown: shown.comments,
        requested: choice::requested(proposed, kind, input.requested.as_ref())?,
        checkpoint_seen: shown.checkpoint,
        signed_at_ms: now,
        valid_until_ms: facts.proposal.expires_at_ms,
        mfa: choice::factor(&facts.verdict.factors, kind, input)?,
    })
}

/// A clock that is behind what the gate has signed is wrong, whatever it says.
fn check_clock(
    reader: &Reader<'_>,
    facts: &CaseFacts,
    now: TimestampMs,
) -> Result<(), DecideError> {
    let begun = facts.proposal.created_at_ms.max(facts.verdict.evaluated_at_ms);
    let gate_clock = reader.log_head()?.map_or(begun, |head| head.gate_clock_ms.max(begun));
    let behind_ms = gate_clock.since_ms(now);
    if behind_ms <= CLOCK_TOLERANCE_MS {
        return Ok(());
    }
    Err(DecideError::ClockBehind { minutes: behind_ms / 60_000 })
}

/// Approving waits for the answers to all questions.
fn check_questions(
    reader: &Reader<'_>,
    me: &Me,
    facts: &CaseFacts,
    kind: DecisionKind,
) -> Result<(), DecideError> {
    if !matches!(kind, DecisionKind::Approve | DecisionKind::Override) {
        return Ok(());
    }
    options::approval_blocked_because(reader, facts, me)?.map_or(Ok(()), |why| Err(why.into()))
}

fn check_still_fits(
    facts: &CaseFacts,
    me: &Me,
    signed: &SignedDecision,
    now: TimestampMs,
) -> Result<(), DecideError> {
    if let Some(why) = options::blocked_because(facts, me, now) {
        return Err(DecideError::BlockedSince(why));
    }
    let same = signed.proposal_digest() == facts.proposal_digest
        && signed.decision().verdict == facts.verdict_digest;
    if same { Ok(()) } else { Err(DecideError::Refused(Refusal::WrongProposal)) }
}
