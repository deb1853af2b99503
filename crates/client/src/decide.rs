//! Deciding: the bytes are prepared once, shown, and signed as they were shown.

use crate::{
    facts::CaseFacts,
    inbox,
    member::{Me, Member},
    options,
    problem::{self, internal, problem, sentence},
    random,
    view::{ConfirmLine, ConfirmView, DecisionInput, Delivery, ProblemView, SignedView},
};
use countersign_document::{CaseDocument, RecordBody};
use countersign_model::{
    Action, BudgetChange, Decision, DecisionId, DecisionKind, Digest, Envelope, MfaProof, Money,
    ProposalId, Role, Signer, TimestampMs, confirm,
    decision::{self, CheckpointSeen, Refusal, SignedDecision},
    evidence::EvidenceKind,
    reason::Reason,
};
use countersign_store::{GateEnvelope, NewDecision, NewRecord, Reader, Stage, Tx};
use countersign_sync::WriterState;
use countersign_workflow::check::CLOCK_TOLERANCE_MS;
use std::collections::BTreeMap;

/// How long a confirm sheet may be signed: its time and its code grow old.
const GOOD_FOR_MS: i64 = 90_000;

/// Prepared bytes by ticket. Taking one out is the only way to sign, so none signs twice.
#[derive(Default)]
pub(crate) struct Tickets(BTreeMap<String, Prepared>);

/// Bytes that were shown and may be signed.
pub(crate) struct Prepared {
    bytes: Vec<u8>,
    case: ProposalId,
    made_at_ms: TimestampMs,
}

impl Tickets {
    /// Takes the bytes out for signing.
    pub(crate) fn take(&mut self, ticket: &str, now: TimestampMs) -> Result<Prepared, ProblemView> {
        let prepared = self.0.remove(ticket).ok_or_else(|| {
            problem(
                "ticket_unknown",
                "This sheet was signed or closed already. Nothing more was signed.",
                &["Open the case and look at its decisions."],
            )
        })?;
        let age = now.since_ms(prepared.made_at_ms);
        if (0..=GOOD_FOR_MS).contains(&age) {
            Ok(prepared)
        } else {
            Err(problem(
                "ticket_expired",
                "The sheet is too old to be signed. Nothing was signed.",
                &["Decide again; the sheet is made anew with the present time."],
            ))
        }
    }

    /// Forgets a sheet that was closed.
    pub(crate) fn discard(&mut self, ticket: &str) {
        self.0.remove(ticket);
    }

    fn keep(&mut self, prepared: Prepared) -> Result<String, ProblemView> {
        let now = prepared.made_at_ms;
        self.0.retain(|_, other| now.since_ms(other.made_at_ms) <= GOOD_FOR_MS);
        let ticket = Digest::from_bytes(random::bytes()?).to_string();
        self.0.insert(ticket.clone(), prepared);
        Ok(ticket)
    }
}

/// Makes the decision's bytes and the sheet that is rendered from them.
pub(crate) fn prepare(
    reader: &Reader<'_>,
    me: &Me,
    input: &DecisionInput,
    tickets: &mut Tickets,
    now: TimestampMs,
) -> Result<ConfirmView, ProblemView> {
    let case = parse_case(&input.proposal)?;
    let facts = CaseFacts::load(reader, me, case)?.ok_or_else(unknown_case)?;
    check_clock(reader, &facts, now)?;
    if let Some(words) = options::blocked_because(&facts, me, now) {
        return Err(problem("blocked", words, &[]));
    }
    let decision = make_decision(reader, me, &facts, input, now)?;
    let bytes = decision::statement_bytes(&decision, facts.proposal_digest)
        .map_err(|_| internal("statement"))?;
    let sheet = confirm::render(&bytes).map_err(|_| internal("confirm sheet"))?;
    let ticket = tickets.keep(Prepared { bytes, case, made_at_ms: now })?;
    Ok(ConfirmView {
        ticket,
        title: sheet.title,
        lines: sheet.lines.into_iter().map(|(label, value)| ConfirmLine { label, value }).collect(),
        digest: sheet.digest.to_string(),
        fingerprint: sheet.fingerprint.into_iter().map(str::to_owned).collect(),
        good_until_ms: now.plus_ms(GOOD_FOR_MS).millis(),
    })
}

/// Signs exactly the prepared bytes. May wait for the keychain; hold no lock meanwhile.
pub(crate) fn sign(prepared: &Prepared, signer: &dyn Signer) -> Result<Envelope, ProblemView> {
    Envelope::sign_payload(&prepared.bytes, &[signer]).map_err(|error| {
        problem(
            "keychain_refused",
            sentence(&error.to_string()),
            &["Nothing was signed. Unlock the keychain, then decide again."],
        )
    })
}

/// Stores a signed decision, its document change and the sealed record that carries it:
/// all of it durably, or none.
pub(crate) fn store(
    member: &mut Member,
    prepared: &Prepared,
    envelope: &Envelope,
    now: TimestampMs,
) -> Result<SignedView, ProblemView> {
    let signed = decision::verify(envelope, &member.me.roster).map_err(problem::refusal)?;
    if signed.digest() != Digest::of(&prepared.bytes) {
        return Err(internal("signed bytes"));
    }
    let envelope = envelope.to_bytes().map_err(|_| internal("envelope"))?;
    let Member { me, keys, store, epoch_keys, .. } = member;
    let epoch_key = epoch_keys.newest().ok_or_else(|| internal("epoch key"))?;
    let transport = keys.transport_signer();
    let nonce = random::bytes()?;
    store.transaction::<_, ProblemView>(|tx| {
        let facts = CaseFacts::load(tx, me, prepared.case)?.ok_or_else(unknown_case)?;
        // What was true when the sheet was made may have changed while it was read.
        check_still_fits(&facts, me, &signed, now)?;
        let change = add_to_document(tx, &facts, &signed, &envelope)?;
        let body = RecordBody::CaseChange { case: prepared.case, change, blobs: vec![] };
        let body = body.to_bytes().map_err(|_| internal("record body"))?;
        let (record, _) = writer(tx)?
            .seal_next(me.workspace, me.device, &body, epoch_key, nonce, transport.as_ref())
            .map_err(|_| internal("sealing"))?;
        tx.add_decision(&NewDecision {
            digest: signed.digest(),
            id: signed.decision().id,
            proposal: prepared.case,
            envelope: envelope.clone(),
            mine: true,
            stage: Stage::Signed,
            stored_at_ms: now,
        })?;
        tx.add_record(&NewRecord {
            writer_seq: record.header().writer_seq,
            record: record.as_bytes().to_vec(),
            record_digest: record.digest(),
            decision: Some(signed.digest()),
        })?;
        inbox::project(tx, me, prepared.case, now)?;
        Ok(())
    })?;
    Ok(SignedView {
        decision: signed.decision().id.to_string(),
        delivery: Delivery::SignedOnThisDevice,
    })
}

impl Prepared {
    /// The case that the bytes are about.
    pub(crate) const fn case(&self) -> ProposalId {
        self.case
    }
}

/// Reads a case id from the window.
pub(crate) fn parse_case(text: &str) -> Result<ProposalId, ProblemView> {
    text.parse().map_err(|_| unknown_case())
}

/// No such case here.
pub(crate) fn unknown_case() -> ProblemView {
    problem(
        "case_unknown",
        "This case is not on this device, or has not fully arrived.",
        &["Wait for the connection, then open it again."],
    )
}

fn make_decision(
    reader: &Reader<'_>,
    me: &Me,
    facts: &CaseFacts,
    input: &DecisionInput,
    now: TimestampMs,
) -> Result<Decision, ProblemView> {
    let kind: DecisionKind =
        serde_json::from_value(serde_json::Value::from(input.kind.as_str()))
            .map_err(|_| problem("kind_unknown", "There is no such kind of decision.", &[]))?;
    let role =
        Role::parse(&input.role).ok().filter(|role| options::my_roles(facts, me).contains(role));
    let role = role.ok_or_else(|| problem::refusal(Refusal::RoleNotAsked))?;
    let text = input.reason_text.trim().to_owned();
    let reason = Reason { code: input.reason_code.clone(), text };
    reason.check(kind).map_err(|error| problem("reason", sentence(&error.to_string()), &[]))?;
    let head = reader.log_head()?;
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
        evidence_shown: evidence_shown(reader, facts)?,
        checkpoint_seen: head.map(|head| CheckpointSeen { size: head.size, root: head.root }),
        signed_at_ms: now,
        valid_until_ms: facts.proposal.expires_at_ms,
        mfa: factor(facts, kind, input)?,
    })
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
        DecisionKind::Override => {
            let Action::BudgetChange(change) = proposed;
            let micros = input.override_micros.as_deref().and_then(|text| text.parse().ok());
            let amount_micros: i64 = micros.ok_or_else(|| {
                problem(
                    "override_amount",
                    "An override needs its own daily budget as a number.",
                    &[],
                )
            })?;
            let after = Money::from_micros(amount_micros, change.after.currency);
            let own = Action::BudgetChange(BudgetChange { after, ..change.clone() });
            if own == *proposed {
                let words = "This is the proposed value; approve it instead of overriding.";
                return Err(problem("override_same", words, &[]));
            }
            if !own.is_covered_by(proposed) {
                return Err(problem::refusal(Refusal::WiderThanProposed));
            }
            Ok(Some(own))
        }
    }
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
        return Err(problem("factor_form", words, &["Enter the code that the app shows now."]));
    }
    Ok(Some(MfaProof::Totp { code }))
}

/// The evidence that was on this device and is shown: not the prompt, which stays sealed.
fn evidence_shown(reader: &Reader<'_>, facts: &CaseFacts) -> Result<Vec<Digest>, ProblemView> {
    let mut shown = Vec::new();
    for evidence in &facts.proposal.evidence {
        let is_shown = match evidence.kind {
            EvidenceKind::PacingSeries => true,
            EvidenceKind::Prompt => false,
        };
        if is_shown && reader.has_evidence(evidence.digest)? {
            shown.push(evidence.digest);
        }
    }
    Ok(shown)
}

/// A clock that is behind what the gate has signed is wrong, whatever it says.
fn check_clock(
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
    Err(problem(
        "clock_behind",
        format!(
            "This device's clock is at least {} minutes behind the gate's, so a signature would be refused.",
            behind_ms / 60_000
        ),
        &["Set the clock of this computer, then decide again."],
    ))
}

fn check_still_fits(
    facts: &CaseFacts,
    me: &Me,
    signed: &SignedDecision,
    now: TimestampMs,
) -> Result<(), ProblemView> {
    if let Some(words) = options::blocked_because(facts, me, now) {
        return Err(problem("blocked", words, &["Nothing was signed. Look at the case again."]));
    }
    let same = signed.proposal_digest() == facts.proposal_digest
        && signed.decision().verdict == facts.verdict_digest;
    if same { Ok(()) } else { Err(problem::refusal(Refusal::WrongProposal)) }
}

/// Adds the decision to the case's document, which is rebuilt from rows if it is broken.
fn add_to_document(
    tx: &Tx<'_>,
    facts: &CaseFacts,
    signed: &SignedDecision,
    envelope: &[u8],
) -> Result<Vec<u8>, ProblemView> {
    let case = facts.proposal.id;
    let stored = tx.document(case)?;
    let loaded = stored.as_deref().and_then(|bytes| CaseDocument::load(bytes).ok());
    let added = loaded.and_then(|mut document| {
        let change = document.add_decision(signed.digest(), envelope).ok()?;
        Some((document, change))
    });
    let (mut document, change) = match added {
        Some(added) => added,
        None => rebuild(tx, facts, signed, envelope)?,
    };
    tx.put_document(case, &document.save())?;
    Ok(change)
}

/// A document from rows; the change to send is all of it.
fn rebuild(
    tx: &Tx<'_>,
    facts: &CaseFacts,
    signed: &SignedDecision,
    envelope: &[u8],
) -> Result<(CaseDocument, Vec<u8>), ProblemView> {
    let case = facts.proposal.id;
    let proposal = tx.gate_envelope(case, GateEnvelope::Proposal)?.ok_or_else(unknown_case)?;
    let verdict = tx.gate_envelope(case, GateEnvelope::Verdict)?.ok_or_else(unknown_case)?;
    let broken = |_| internal("case document");
    let (mut document, _) = CaseDocument::create(&proposal, &verdict).map_err(broken)?;
    for known in &facts.decisions {
        document.add_decision(known.row.digest, &known.row.envelope).map_err(broken)?;
    }
    document.add_decision(signed.digest(), envelope).map_err(broken)?;
    let change = document.save();
    Ok((document, change))
}

/// Where this device's own chain of records stands.
fn writer(reader: &Reader<'_>) -> Result<WriterState, ProblemView> {
    Ok(match reader.outbox_head()? {
        None => WriterState::new(),
        Some((seq, prev)) => WriterState { next_seq: seq + 1, prev },
    })
}
