//! Everything about one case for the window, from this device alone.

use crate::{
    case::{
        beside::Beside,
        check::Check,
        ending,
        evidence::interval,
        facts::{CaseFacts, KnownDecision},
        options, state,
    },
    engine::shown,
    profile::{member::Me, words},
    view::{
        AttributionView, AuditView, CaseState, CaseView, ConsideredInputView, DecisionView,
        DraftView, EvidenceView, FlagView, InitiatorView, ModelView, RequestedView,
        RiskFactorsView, RungView, SignerView, SourceReferenceView, TakesBackView, VerdictView,
        headline, names,
    },
};
use countersign_model::{
    TimestampMs,
    decision::RequestedChanges,
    draft::{Grounds, RiskFactors},
    entry::LogEvent,
    evidence::EvidenceKind,
    fingerprint,
    proposal::{Drafted, Rollback},
    reason::reasons_for,
    verdict::Rung,
};
use std::cmp::Reverse;

/// The case for the window at `now`. While this device is offline nothing is sent, so a hold
/// has no end yet.
pub(crate) fn compose(
    me: &Me,
    facts: &CaseFacts,
    beside: Beside,
    online: bool,
    now: TimestampMs,
) -> CaseView {
    let CaseFacts { proposal, verdict, .. } = facts;
    let state = state::case_state(facts);
    let questions = beside.thread.open_questions;
    let options = options::mine(facts, me, beside.check.as_ref(), questions, now);
    let decision = |known: &KnownDecision| decision(facts, me, known, online);
    let draft = proposal.drafted().map(|drafted| draft(drafted, me, &beside));
    CaseView {
        proposal: proposal.id.to_string(),
        change: headline::change(&proposal.action),
        effective: facts.effective().as_ref().map(headline::change),
        read_back: state::read_back(facts),
        held_up: state::held_up(facts),
        ending: ending::ending(facts),
        to_check: beside.to_check,
        superseded_by: beside.superseded_by,
        draft,
        takes_back: proposal.rollback().map(|rollback| takes_back(rollback, me)),
        rollback: beside.rollback.map(shown::rollback),
        verdict: verdict_view(facts, beside.check.as_ref()),
        signers: signers(facts, me),
        ladder: verdict.ladder.iter().map(|rung| rung_view(facts, me, rung)).collect(),
        overdue: state == CaseState::Deciding && verdict.decide_by_ms <= now,
        decisions: facts.decisions.iter().map(decision).collect(),
        my_options: shown::options(options),
        pacing: beside.pacing,
        forecast: beside.forecast,
        backtest: beside.backtest,
        similar: beside.similar,
        evidence: beside.evidence,
        timeline: beside.timeline,
        decide_by_ms: verdict.decide_by_ms.millis(),
        expires_at_ms: proposal.expires_at_ms.millis(),
        created_at_ms: proposal.created_at_ms.millis(),
        same_entity: beside.same_entity,
        thread: beside.thread,
        snoozed_until_ms: beside.snoozed_until_ms.map(TimestampMs::millis),
        batch_class: verdict.batch_class.clone(),
        audit: audit(facts, me),
        practice: false,
        state,
    }
}

fn draft(drafted: &Drafted, me: &Me, beside: &Beside) -> DraftView {
    let Drafted { initiator, grounds, .. } = drafted;
    DraftView {
        predicted_lift: interval(grounds),
        confidence: grounds.confidence.as_f64(),
        uncertainty: grounds.uncertainty.clone(),
        escalation_rule: grounds.escalation_rule.clone(),
        risk_factors: risk_factors(grounds.risk_factors),
        attributions: attributions(grounds),
        rationale: grounds.rationale.clone(),
        trigger: grounds.trigger.clone(),
        likely_outcome: grounds.likely_outcome.clone(),
        next_steps: grounds.next_steps.clone(),
        campaign_intent: grounds.campaign_intent.clone(),
        inputs_considered: inputs_considered(grounds),
        source_references: source_references(grounds),
        recommended_action: grounds.recommended_action.clone(),
        counterfactual: grounds.counterfactual.clone(),
        model: model(grounds, &beside.evidence, beside.prompt_read_at_ms),
        initiator: InitiatorView {
            agent: initiator.agent_name.clone(),
            owner: names::person(&me.roster, initiator.owner),
        },
    }
}

fn takes_back(rollback: &Rollback, me: &Me) -> TakesBackView {
    TakesBackView {
        proposal: rollback.of.to_string(),
        person: names::person(&me.roster, rollback.person),
        mine: rollback.person == me.person,
        text: rollback.text.clone(),
    }
}

fn risk_factors(risk: RiskFactors) -> RiskFactorsView {
    RiskFactorsView {
        financial_exposure: risk.financial_exposure.as_f64(),
        brand_safety: risk.brand_safety.as_f64(),
        regulatory_sensitivity: risk.regulatory_sensitivity.as_f64(),
        audience_reach: risk.audience_reach.as_f64(),
        deviation_from_intent: risk.deviation_from_intent.as_f64(),
    }
}

fn inputs_considered(grounds: &Grounds) -> Vec<ConsideredInputView> {
    let inputs = grounds.inputs_considered.iter();
    inputs
        .map(|one| ConsideredInputView { kind: names::wire(&one.kind), about: one.about.clone() })
        .collect()
}

fn source_references(grounds: &Grounds) -> Vec<SourceReferenceView> {
    let sources = grounds.source_references.iter();
    sources
        .map(|one| SourceReferenceView {
            title: one.title.clone(),
            location: one.location.clone(),
            digest: one.digest.map(|digest| digest.to_string()),
        })
        .collect()
}

fn attributions(grounds: &Grounds) -> Vec<AttributionView> {
    let mut weights: Vec<_> = grounds.feature_attributions.iter().collect();
    weights.sort_by_key(|(_, weight)| Reverse(weight.millionths().unsigned_abs()));
    weights
        .into_iter()
        .map(|(signal, weight)| AttributionView { signal: signal.clone(), weight: weight.as_f64() })
        .collect()
}

fn model(grounds: &Grounds, evidence: &EvidenceView, read_at_ms: Option<TimestampMs>) -> ModelView {
    let prompt = names::wire(&EvidenceKind::Prompt);
    ModelView {
        id: grounds.model.id.clone(),
        version: grounds.model.version.clone(),
        training_snapshot: grounds.model.training_snapshot.to_string(),
        prompt_on_device: evidence.pieces.iter().any(|one| one.kind == prompt && one.on_device),
        prompt_read_at_ms: read_at_ms.map(TimestampMs::millis),
    }
}

fn verdict_view(facts: &CaseFacts, check: Option<&Check>) -> VerdictView {
    let verdict = &facts.verdict;
    VerdictView {
        outcome: names::wire(&verdict.outcome),
        risk_tier: names::wire(&verdict.risk_tier),
        decision_type: names::wire(&verdict.decision_type),
        flags: verdict
            .flags
            .iter()
            .map(|flag| FlagView {
                rule: flag.rule.clone(),
                layer: names::wire(&flag.layer),
                outcome: names::wire(&flag.outcome),
                words: flag.words.clone(),
            })
            .collect(),
        policy_version: verdict.policy.version.clone(),
        policy_digest: verdict.policy.digest.to_string(),
        check: check.map(Check::view),
    }
}

fn signers(facts: &CaseFacts, me: &Me) -> Vec<SignerView> {
    let answerable = facts.proposal.answerable();
    facts
        .progress()
        .groups
        .into_iter()
        .map(|group| {
            let people = me.roster.people.iter();
            SignerView {
                eligible: people
                    .filter(|one| one.roles.contains(&group.role) && one.id != answerable)
                    .map(|one| one.name.clone())
                    .collect(),
                role: group.role.to_string(),
                minimum: u32::from(group.minimum),
                signed_by: group.signed.iter().map(|id| names::person(&me.roster, *id)).collect(),
            }
        })
        .collect()
}

/// A rung was climbed when the gate has logged, not before its time, that the role was told.
fn rung_view(facts: &CaseFacts, me: &Me, rung: &Rung) -> RungView {
    let holders = me.roster.people.iter().filter(|one| one.roles.contains(&rung.role));
    RungView {
        at_ms: rung.at_ms.millis(),
        role: rung.role.to_string(),
        people: holders.map(|one| one.name.clone()).collect(),
        climbed: facts.entries.iter().any(|(_, entry)| {
            matches!(&entry.body.event, LogEvent::RungClimbed { told, .. } if *told == rung.role)
                && entry.body.at_ms >= rung.at_ms
        }),
    }
}

fn decision(facts: &CaseFacts, me: &Me, known: &KnownDecision, online: bool) -> DecisionView {
    let decision = &known.decision;
    let reason = reasons_for(decision.kind)
        .iter()
        .find(|choice| choice.code.as_str() == decision.reason.code)
        .map_or_else(|| decision.reason.code.clone(), |choice| choice.words.into());
    DecisionView {
        id: decision.id.to_string(),
        kind: names::wire(&decision.kind),
        person: names::person(&me.roster, decision.person),
        mine: decision.person == me.person,
        on_this_device: decision.device == me.device,
        role: decision.role.to_string(),
        reason_code: decision.reason.code.clone(),
        reason,
        text: decision.reason.text.clone(),
        after: decision.effective.as_ref().and_then(headline::lead),
        requested: decision.requested.as_ref().map(requested),
        factor: decision.mfa.as_ref().map(|proof| names::wire(&proof.kind())),
        signed_at_ms: decision.signed_at_ms.millis(),
        fingerprint: fingerprint::words(known.row.digest).into_iter().map(str::to_owned).collect(),
        digest: known.row.digest.to_string(),
        signature_checked: known.signed.is_ok(),
        delivery: shown::delivery(state::delivery(facts, known), online),
    }
}

fn requested(requested: &RequestedChanges) -> RequestedView {
    RequestedView {
        max_after_micros: requested.max_after.map(|most| most.amount_micros.to_string()),
        max_days: requested.max_days,
        evidence: requested.evidence.iter().map(names::wire).collect(),
        texts: requested.texts,
    }
}

fn audit(facts: &CaseFacts, me: &Me) -> AuditView {
    AuditView {
        proposal_digest: facts.proposal_digest.to_string(),
        verdict_digest: facts.verdict_digest.to_string(),
        entity_revision: facts.proposal.entity_revision,
        prompt_commitment: facts
            .proposal
            .drafted()
            .map(|drafted| drafted.prompt_commitment.to_string()),
        input_commitment: facts.newest(|body| match &body.event {
            LogEvent::VerdictIssued { input_commitment, .. } => Some(input_commitment.to_string()),
            _ => None,
        }),
        evaluated_at_ms: facts.verdict.evaluated_at_ms.millis(),
        gate_fingerprint: words::key_words(me.roster.gate.signing_key),
    }
}
