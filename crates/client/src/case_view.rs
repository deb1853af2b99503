//! Everything about one case for the window, from this device alone.

use crate::{
    facts::{CaseFacts, KnownDecision},
    inbox::money,
    member::Me,
    names, options, state, timeline,
    view::{
        AttributionView, CaseView, ChangeView, DecisionView, FlagView, InitiatorView, IntervalView,
        ModelView, PacingDayView, PacingView, ProblemView, SignerView, VerdictView,
    },
};
use countersign_model::{
    Action, Proposal, Ratio, TimestampMs, canonical,
    evidence::{EvidenceKind, PacingSeries},
    fingerprint,
    reason::reasons_for,
};
use countersign_store::Reader;
use std::cmp::Reverse;

/// The case for the window at `now`.
pub(crate) fn view(
    reader: &Reader<'_>,
    me: &Me,
    facts: &CaseFacts,
    now: TimestampMs,
) -> Result<CaseView, ProblemView> {
    let proposal = &facts.proposal;
    let entity = proposal.action.entity().to_string();
    let mut open_on_same_entity = reader.open_cases_of(&entity)?;
    open_on_same_entity.retain(|case| *case != proposal.id);
    let interval = proposal.predicted_lift;
    Ok(CaseView {
        proposal: proposal.id.to_string(),
        state: state::case_state(facts),
        change: change(&proposal.action),
        effective: facts.effective().as_ref().map(change),
        read_back: state::read_back(facts).map(money),
        predicted_lift: IntervalView {
            value: interval.value.as_f64(),
            low: interval.low.as_f64(),
            high: interval.high.as_f64(),
        },
        confidence: proposal.confidence.as_f64(),
        confidence_words: confidence_words(proposal),
        attributions: attributions(proposal),
        rationale: proposal.rationale.clone(),
        trigger: proposal.trigger.clone(),
        likely_outcome: proposal.likely_outcome.clone(),
        campaign_intent: proposal.campaign_intent.clone(),
        model: ModelView {
            id: proposal.model.id.clone(),
            version: proposal.model.version.clone(),
            training_snapshot: proposal.model.training_snapshot.to_string(),
        },
        initiator: InitiatorView {
            agent: proposal.initiator.agent_name.clone(),
            owner: names::person(&me.roster, proposal.initiator.owner),
        },
        verdict: verdict(facts),
        signers: signers(facts, me),
        decisions: facts.decisions.iter().map(|known| decision(facts, me, known)).collect(),
        my_options: options::view(facts, me, now),
        pacing: pacing(reader, proposal)?,
        evidence_complete: evidence_complete(reader, proposal)?,
        timeline: timeline::view(reader, me, &facts.entries)?,
        decide_by_ms: facts.verdict.decide_by_ms.millis(),
        expires_at_ms: proposal.expires_at_ms.millis(),
        created_at_ms: proposal.created_at_ms.millis(),
        open_on_same_entity: open_on_same_entity.iter().map(ToString::to_string).collect(),
    })
}

fn change(action: &Action) -> ChangeView {
    let Action::BudgetChange(change) = action;
    let delta = change.after.minus(change.before).unwrap_or(change.after);
    ChangeView {
        campaign: change.campaign_name.clone(),
        entity: change.entity.to_string(),
        before: money(change.before),
        after: money(change.after),
        delta: money(delta),
        ratio: change.change_ratio().map(Ratio::as_f64),
        worst_case: change.worst_case(change.after).ok().map(money),
        starts_at_ms: change.window.map(|window| window.starts_at_ms.millis()),
        ends_at_ms: change.window.map(|window| window.ends_at_ms.millis()),
        shared_by: change.shared_by,
    }
}

fn confidence_words(proposal: &Proposal) -> String {
    let interval = proposal.predicted_lift;
    format!(
        "The model gives {} that the lift falls between {} and {}.",
        proposal.confidence, interval.low, interval.high
    )
}

fn attributions(proposal: &Proposal) -> Vec<AttributionView> {
    let mut weights: Vec<_> = proposal.feature_attributions.iter().collect();
    weights.sort_by_key(|(_, weight)| Reverse(weight.millionths().unsigned_abs()));
    weights
        .into_iter()
        .map(|(signal, weight)| AttributionView { signal: signal.clone(), weight: weight.as_f64() })
        .collect()
}

fn verdict(facts: &CaseFacts) -> VerdictView {
    let verdict = &facts.verdict;
    VerdictView {
        outcome: names::wire(&verdict.outcome),
        risk_tier: names::wire(&verdict.risk_tier),
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
    }
}

fn signers(facts: &CaseFacts, me: &Me) -> Vec<SignerView> {
    let owner = facts.proposal.initiator.owner;
    facts
        .progress()
        .groups
        .into_iter()
        .map(|group| {
            let people = me.roster.people.iter();
            SignerView {
                eligible: people
                    .filter(|one| one.roles.contains(&group.role) && one.id != owner)
                    .map(|one| one.name.clone())
                    .collect(),
                role: group.role.to_string(),
                minimum: u32::from(group.minimum),
                signed_by: group.signed.iter().map(|id| names::person(&me.roster, *id)).collect(),
            }
        })
        .collect()
}

fn decision(facts: &CaseFacts, me: &Me, known: &KnownDecision) -> DecisionView {
    let decision = &known.decision;
    let reason = reasons_for(decision.kind)
        .iter()
        .find(|choice| choice.code == decision.reason.code)
        .map_or_else(|| decision.reason.code.clone(), |choice| choice.words.into());
    DecisionView {
        id: decision.id.to_string(),
        kind: names::wire(&decision.kind),
        person: names::person(&me.roster, decision.person),
        mine: decision.person == me.person,
        role: decision.role.to_string(),
        reason,
        text: decision.reason.text.clone(),
        after: decision.effective.as_ref().map(|action| {
            let Action::BudgetChange(change) = action;
            money(change.after)
        }),
        factor: decision.mfa.as_ref().map(|proof| names::wire(&proof.kind())),
        signed_at_ms: decision.signed_at_ms.millis(),
        fingerprint: fingerprint::words(known.row.digest).into_iter().map(str::to_owned).collect(),
        signature_checked: known.signed.is_ok(),
        delivery: state::delivery(facts, known),
    }
}

fn evidence_complete(reader: &Reader<'_>, proposal: &Proposal) -> Result<bool, ProblemView> {
    for evidence in &proposal.evidence {
        if !reader.has_evidence(evidence.digest)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn pacing(reader: &Reader<'_>, proposal: &Proposal) -> Result<Option<PacingView>, ProblemView> {
    let named = proposal.evidence.iter().find(|one| one.kind == EvidenceKind::PacingSeries);
    let Some(named) = named else { return Ok(None) };
    let Some(bytes) = reader.evidence(named.digest)? else { return Ok(None) };
    let Ok(series) = canonical::from_bytes::<PacingSeries>(&bytes) else {
        tracing::warn!(case = %proposal.id, "the pacing series cannot be read");
        return Ok(None);
    };
    if series.entity != *proposal.action.entity() {
        return Ok(None);
    }
    Ok(Some(PacingView {
        source: series.source,
        time_zone: series.time_zone,
        read_at_ms: series.read_at_ms.millis(),
        daily_budget: money(series.daily_budget),
        days: series
            .days
            .into_iter()
            .map(|day| PacingDayView {
                date: day.date,
                spend_micros: day.spend.amount_micros.to_string(),
                impressions: day.impressions,
                clicks: day.clicks,
            })
            .collect(),
    }))
}
