//! Deciding: the bytes are prepared once, shown, signed as they were shown, and held.

use crate::{
    case::{
        check::check,
        comments,
        facts::{CaseFacts, parse_case, unknown_case},
        halt, options,
    },
    lists::inbox,
    profile::{
        member::{Me, Member},
        random,
    },
    sign::tickets::{GOOD_FOR_MS, Tickets},
    view::{
        ConfirmLine, ConfirmView, DecisionInput, Delivery, ProblemView, RequestedView, SignedView,
        entered::{self, Field},
        problem::{self, Code, internal, problem, sentence},
    },
};
use countersign_model::{
    Action, AmountLimits, Decision, DecisionId, DecisionKind, Digest, Envelope, MfaProof, Money,
    ProposalId, Role, Signer, TimestampMs,
    change::Value,
    confirm::{self, ConfirmSheet, Language},
    decision::{self, CheckpointSeen, Refusal, RequestedChanges, SignedDecision},
    evidence::EvidenceKind,
    reason::Reason,
    verdict::RiskTier,
};
use countersign_store::{NewDecision, Reader, Stage};
use countersign_workflow::check::CLOCK_TOLERANCE_MS;

/// Bytes that were shown and may be signed.
pub(crate) struct Prepared {
    bytes: Vec<u8>,
    case: ProposalId,
}

/// What was before the person who decided; signed with the decision.
pub(crate) struct Shown {
    pub(crate) evidence: Vec<Digest>,
    pub(crate) comments: Vec<Digest>,
    pub(crate) checkpoint: Option<CheckpointSeen>,
}

/// What a sheet needs to know beside the case.
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
) -> Result<ConfirmView, ProblemView> {
    let now = sheet.now;
    let case = parse_case(&input.proposal)?;
    let facts = CaseFacts::load(reader, me, case)?.ok_or_else(unknown_case)?;
    check_clock(reader, &facts, now)?;
    if let Some(why) = options::blocked_because(&facts, me, now) {
        return Err(why);
    }
    let decision = make_decision(reader, me, &facts, input, now)?;
    check_questions(reader, me, &facts, decision.kind)?;
    let bytes = decision::statement_bytes(&decision, facts.proposal_digest)
        .map_err(|_| internal("statement"))?;
    let rendered =
        confirm::render(&bytes, sheet.language).map_err(|_| internal("confirm sheet"))?;
    let mut warnings = clock_warnings(sheet.clock_skew_ms);
    warnings.extend(self::warnings(reader, me, &facts, decision.kind)?);
    let ticket = tickets.keep(Prepared::new(bytes, case).into(), now)?;
    let armed_only = facts.verdict.risk_tier == RiskTier::High;
    Ok(confirm_view(ticket, rendered, warnings, armed_only, now))
}

/// Signs exactly the prepared bytes. May wait for the keychain; hold no lock meanwhile.
pub(crate) fn sign(prepared: &Prepared, signer: &dyn Signer) -> Result<Envelope, ProblemView> {
    sign_bytes(&prepared.bytes, signer)
}

/// Signs bytes. May wait for the keychain; hold no lock meanwhile.
pub(crate) fn sign_bytes(bytes: &[u8], signer: &dyn Signer) -> Result<Envelope, ProblemView> {
    Envelope::sign_payload(bytes, &[signer]).map_err(|error| {
        problem(
            Code::KeychainRefused,
            sentence(&error.to_string()),
            &["Nothing was signed. Unlock the keychain, then try again."],
        )
    })
}

/// Stores a signed decision, durably, as held until a moment: no document and no record
/// knows of it yet.
pub(crate) fn store(
    member: &mut Member,
    prepared: &Prepared,
    envelope: &Envelope,
    hold_until: TimestampMs,
    now: TimestampMs,
) -> Result<SignedView, ProblemView> {
    let signed = decision::verify(envelope, &member.me.roster).map_err(problem::refusal)?;
    if signed.digest() != Digest::of(&prepared.bytes) {
        return Err(internal("signed bytes"));
    }
    let envelope = envelope.to_bytes().map_err(|_| internal("envelope"))?;
    let Member { me, store, .. } = member;
    store.transaction::<_, ProblemView>(|tx| {
        let facts = CaseFacts::load(tx, me, prepared.case)?.ok_or_else(unknown_case)?;
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
    Ok(SignedView {
        decision: signed.decision().id.to_string(),
        delivery: Delivery::Held { until_ms: Some(hold_until.millis()) },
    })
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

/// A rendered sheet for the window.
pub(crate) fn confirm_view(
    ticket: String,
    sheet: ConfirmSheet,
    warnings: Vec<ProblemView>,
    armed_only: bool,
    now: TimestampMs,
) -> ConfirmView {
    ConfirmView {
        ticket,
        title: sheet.title,
        lines: lines(sheet.lines),
        warnings,
        armed_only,
        digest: sheet.digest.to_string(),
        fingerprint: sheet.fingerprint.into_iter().map(str::to_owned).collect(),
        good_until_ms: now.plus_ms(GOOD_FOR_MS).millis(),
    }
}

/// Lines of a sheet for the window.
pub(crate) fn lines(lines: Vec<confirm::Line>) -> Vec<ConfirmLine> {
    let line = |line: confirm::Line| ConfirmLine {
        key: line.key.into(),
        label: line.label.into(),
        value: line.value,
    };
    lines.into_iter().map(line).collect()
}

/// Reads a kind of decision from the window.
fn parse_kind(text: &str) -> Result<DecisionKind, ProblemView> {
    serde_json::from_value(text.into())
        .map_err(|_| problem(Code::KindUnknown, "There is no such kind of decision.", &[]))
}

/// A decision on what this device shows of a case.
pub(crate) fn make_decision(
    reader: &Reader<'_>,
    me: &Me,
    facts: &CaseFacts,
    input: &DecisionInput,
    now: TimestampMs,
) -> Result<Decision, ProblemView> {
    let head = reader.log_head()?;
    let shown = Shown {
        evidence: evidence_shown(reader, facts)?,
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
) -> Result<Decision, ProblemView> {
    let kind = parse_kind(&input.kind)?;
    let role =
        Role::parse(&input.role).ok().filter(|role| options::my_roles(facts, me).contains(role));
    let role = role.ok_or_else(|| problem::refusal(Refusal::RoleNotAsked))?;
    let text = entered::text(Field::Reason, &input.reason_text)?;
    let reason = Reason { code: input.reason_code.clone(), text };
    reason.check(kind).map_err(|error| problem(Code::Reason, sentence(&error.to_string()), &[]))?;
    Ok(Decision {
        id: DecisionId::from_uuid(random::uuid(now)?),
        workspace: me.workspace,
        proposal: facts.proposal.id,
        kind,
        effective: effective(facts, kind, input)?,
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
        requested: requested(facts, kind, input.requested.as_ref())?,
        checkpoint_seen: shown.checkpoint,
        signed_at_ms: now,
        valid_until_ms: facts.proposal.expires_at_ms,
        mfa: factor(facts, kind, input)?,
    })
}

/// A clock that is behind what the gate has signed is wrong, whatever it says.
pub(crate) fn check_clock(
    reader: &Reader<'_>,
    facts: &CaseFacts,
    now: TimestampMs,
) -> Result<(), ProblemView> {
    let begun = facts.proposal.created_at_ms.max(facts.verdict.evaluated_at_ms);
    let gate_clock = reader.log_head()?.map_or(begun, |head| head.gate_clock_ms.max(begun));
    let behind_ms = gate_clock.since_ms(now);
    if behind_ms <= CLOCK_TOLERANCE_MS {
        return Ok(());
    }
    let minutes = behind_ms / 60_000;
    Err(problem(
        Code::ClockBehind,
        format!(
            "This device's clock is at least {minutes} minutes behind the gate's, so a signature would be refused."
        ),
        &["Set the clock of this computer, then decide again."],
    )
    .with("minutes", minutes))
}

/// How far this device's clock is out, when by more than a signature may be. What the gate
/// signed proves that a clock is behind; the relay's time of day is only a hint, because
/// nobody signs it, and so it warns and never blocks.
pub(crate) fn clock_skew(
    now: TimestampMs,
    gate_clock: Option<TimestampMs>,
    hint_ms: Option<i64>,
) -> Option<i64> {
    let behind = gate_clock.map(|gate| now.since_ms(gate)).filter(|ms| *ms < -CLOCK_TOLERANCE_MS);
    behind.or(hint_ms.filter(|ms| ms.saturating_abs() > CLOCK_TOLERANCE_MS))
}

/// What a sheet says about a clock that is out.
pub(crate) fn clock_warnings(skew_ms: Option<i64>) -> Vec<ProblemView> {
    let warning = |skew_ms: i64| {
        let minutes = skew_ms / 60_000;
        problem(
            Code::WarnClock,
            format!(
                "This device's clock seems to be {} minutes {}; the gate refuses signatures of a clock that is out by more than five.",
                minutes.abs(),
                if skew_ms < 0 { "behind" } else { "ahead" }
            ),
            &["Set the clock of this computer before you sign."],
        )
        .with("minutes", minutes)
    };
    skew_ms.into_iter().map(warning).collect()
}

/// What the bytes do not say and a person should know before signing.
pub(crate) fn warnings(
    reader: &Reader<'_>,
    me: &Me,
    facts: &CaseFacts,
    kind: DecisionKind,
) -> Result<Vec<ProblemView>, ProblemView> {
    let mut warnings = vec![];
    let missing = evidence_to_show(facts).count() - evidence_shown(reader, facts)?.len();
    if missing > 0 {
        let words = "Not all of the evidence is on this device; what is missing was not shown.";
        let hint = "Wait for the connection, and look at the case again.";
        warnings.push(problem(Code::WarnEvidence, words, &[hint]).with("missing", missing));
    }
    if !matches!(kind, DecisionKind::Approve | DecisionKind::Override) {
        return Ok(warnings);
    }
    if halt::view(reader, me)?.stopped {
        let words = "Work is stopped. You can sign; nothing that raises spend is applied before work is resumed.";
        warnings.push(problem(Code::WarnStopped, words, &[]));
    }
    warnings.extend(check(reader, facts)?.warning());
    warnings.push(problem(
        Code::WarnWayBack,
        "Once it is sent, the way back is a rollback proposal. Money that was spent and a platform's learning phase do not come back.",
        &[],
    ));
    Ok(warnings)
}

/// Approving waits for the answers to all questions.
fn check_questions(
    reader: &Reader<'_>,
    me: &Me,
    facts: &CaseFacts,
    kind: DecisionKind,
) -> Result<(), ProblemView> {
    if !matches!(kind, DecisionKind::Approve | DecisionKind::Override) {
        return Ok(());
    }
    options::approval_blocked_because(reader, facts, me)?.map_or(Ok(()), Err)
}

/// The change that the signature will permit.
fn effective(
    facts: &CaseFacts,
    kind: DecisionKind,
    input: &DecisionInput,
) -> Result<Option<Action>, ProblemView> {
    let proposed = &facts.proposal.action;
    match kind {
        DecisionKind::Reject | DecisionKind::RequestChanges => Ok(None),
        DecisionKind::Approve => Ok(Some(proposed.clone())),
        DecisionKind::Override => own_value(proposed, input).map(Some),
    }
}

fn own_value(proposed: &Action, input: &DecisionInput) -> Result<Action, ProblemView> {
    let Some(limits) = proposed.own_amounts() else {
        let words = "A change of this kind has no value of its own; approve it or send it back.";
        return Err(problem(Code::OverrideNone, words, &[]));
    };
    let micros = input.override_micros.as_deref().and_then(|text| text.parse().ok());
    let amount_micros: i64 = micros.ok_or_else(|| {
        let words = "An override needs its own daily budget as a number.";
        problem(Code::OverrideAmount, words, &[])
    })?;
    let amount = Money::from_micros(amount_micros, limits.unit.currency);
    let own = proposed.with_own_value(Value::Money(amount));
    let own = own.ok_or_else(|| problem::refusal(Refusal::ChangeDoesNotFit))?;
    if own == *proposed {
        let words = "This is the proposed value; approve it instead of overriding.";
        return Err(problem(Code::OverrideSame, words, &[]));
    }
    if !own.is_covered_by(proposed) {
        return Err(problem::refusal(Refusal::WiderThanProposed));
    }
    check_amount(limits, amount)?;
    Ok(own)
}

/// Whether the platform takes an amount, with what it does take.
fn check_amount(limits: AmountLimits, amount: Money) -> Result<(), ProblemView> {
    limits.check(amount).map_err(|_| {
        let (least, step) = (limits.least.to_string(), limits.unit.to_string());
        let words =
            format!("The ad platform takes amounts from {least} a day, in steps of {step}.");
        problem(Code::AmountLimits, words, &[]).with("least", least).with("step", step)
    })
}

/// What the agent is asked to change; only when changes are requested, and then something.
fn requested(
    facts: &CaseFacts,
    kind: DecisionKind,
    input: Option<&RequestedView>,
) -> Result<Option<RequestedChanges>, ProblemView> {
    let Some(input) = input else { return Ok(None) };
    if kind != DecisionKind::RequestChanges {
        let words = "Only a request for changes can ask the agent for something.";
        return Err(problem(Code::RequestedUnasked, words, &[]));
    }
    let asks = facts.proposal.action.asks();
    let no_such = || {
        let words = "An agent cannot be asked for that of a change of this kind.";
        problem(Code::RequestedNone, words, &["Ask for evidence, or reject the change."])
    };
    let max_after = match input.max_after_micros.as_deref() {
        None => None,
        Some(text) => {
            let limits = asks.amount.ok_or_else(no_such)?;
            let micros = text.parse().map_err(|_| {
                problem(Code::RequestedAmount, "The budget to ask for must be a number.", &[])
            })?;
            let amount = Money::from_micros(micros, limits.unit.currency);
            check_amount(limits, amount)?;
            Some(amount)
        }
    };
    if input.max_days.is_some() && !asks.days {
        return Err(no_such());
    }
    if input.max_days == Some(0) {
        return Err(problem(Code::RequestedDays, "Ask for at least one day.", &[]));
    }
    let evidence = input.evidence.iter().map(|name| {
        serde_json::from_value(name.as_str().into()).map_err(|_| {
            problem(Code::RequestedEvidence, "There is no such evidence to ask for.", &[])
        })
    });
    let requested = RequestedChanges {
        max_after,
        max_days: input.max_days,
        evidence: evidence.collect::<Result<_, _>>()?,
    };
    if requested.is_empty() {
        let words = "Say what the agent shall change: an amount, a number of days, or evidence.";
        return Err(problem(Code::RequestedEmpty, words, &[]));
    }
    Ok(Some(requested))
}

/// The second factor, where policy asks for one; a code that nobody asked for is left out.
fn factor(
    facts: &CaseFacts,
    kind: DecisionKind,
    input: &DecisionInput,
) -> Result<Option<MfaProof>, ProblemView> {
    let factors = &facts.verdict.factors;
    let asked = match kind {
        DecisionKind::Override => &factors.to_override,
        _ => &factors.to_decide,
    };
    if asked.is_empty() {
        return Ok(None);
    }
    let code: String = input
        .totp_code
        .iter()
        .flat_map(|code| code.chars())
        .filter(|letter| !letter.is_whitespace())
        .collect();
    if code.is_empty() {
        return Err(problem::refusal(Refusal::FactorMissing));
    }
    if code.len() != 6 || !code.bytes().all(|digit| digit.is_ascii_digit()) {
        let words = "The code from the authenticator has six digits.";
        return Err(problem(Code::FactorForm, words, &["Enter the code that the app shows now."]));
    }
    Ok(Some(MfaProof::Totp { code }))
}

/// Evidence that screens show: not the prompt, whose reading is a statement of its own.
fn evidence_to_show(facts: &CaseFacts) -> impl Iterator<Item = Digest> {
    facts.proposal.evidence.iter().filter_map(|evidence| match evidence.kind {
        EvidenceKind::PacingSeries | EvidenceKind::Forecast | EvidenceKind::Backtest => {
            Some(evidence.digest)
        }
        EvidenceKind::Prompt => None,
    })
}

/// The evidence that was on this device and is shown.
fn evidence_shown(reader: &Reader<'_>, facts: &CaseFacts) -> Result<Vec<Digest>, ProblemView> {
    let mut shown = Vec::new();
    for digest in evidence_to_show(facts) {
        if reader.has_evidence(digest)? {
            shown.push(digest);
        }
    }
    Ok(shown)
}

fn check_still_fits(
    facts: &CaseFacts,
    me: &Me,
    signed: &SignedDecision,
    now: TimestampMs,
) -> Result<(), ProblemView> {
    if let Some(mut why) = options::blocked_because(facts, me, now) {
        why.hints = vec!["Nothing was signed. Look at the case again.".into()];
        return Err(why);
    }
    let same = signed.proposal_digest() == facts.proposal_digest
        && signed.decision().verdict == facts.verdict_digest;
    if same { Ok(()) } else { Err(problem::refusal(Refusal::WrongProposal)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The gate's signature outweighs the relay's word, and small differences are none.
        #[test]
        fn the_clock_is_out_only_beyond_what_a_signature_may_be(
            now in 0i64..1_000_000_000,
            gate in proptest::option::of(0i64..1_000_000_000),
            hint in proptest::option::of(any::<i64>()),
        ) {
            let at = TimestampMs::from_millis;
            let skew = clock_skew(at(now), gate.map(at), hint);
            let proven = gate.map(|gate| now - gate).filter(|ms| *ms < -CLOCK_TOLERANCE_MS);
            match (proven, skew) {
                (Some(proven), skew) => prop_assert_eq!(skew, Some(proven)),
                (None, Some(skew)) => prop_assert!(Some(skew) == hint && skew.saturating_abs() > CLOCK_TOLERANCE_MS),
                (None, None) => prop_assert!(hint.is_none_or(|ms| ms.saturating_abs() <= CLOCK_TOLERANCE_MS)),
            }
            prop_assert_eq!(clock_warnings(skew).len(), usize::from(skew.is_some()));
        }
    }
}
