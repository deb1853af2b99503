//! What I may do with a case now, and why not. The gate judges again with the same rules.

use crate::{
    facts::CaseFacts,
    member::Me,
    state,
    view::{CaseState, MyOptionsView, ReasonView},
};
use countersign_model::{DecisionKind, Role, TimestampMs, decision::Refusal, reason::reasons_for};

/// Roles of mine that the case asks for.
pub(crate) fn my_roles(facts: &CaseFacts, me: &Me) -> Vec<Role> {
    let Some(person) = me.person() else { return vec![] };
    let asked = facts.verdict.quorum.iter().map(|group| &group.role);
    asked.filter(|role| person.roles.contains(role)).cloned().collect()
}

/// Whether my signature is asked for, whatever the time is.
pub(crate) fn needs_me(facts: &CaseFacts, me: &Me) -> bool {
    state::case_state(facts) == CaseState::Deciding && standing_reason(facts, me).is_none()
}

/// Why I cannot decide at `now`; `None` when I can.
pub(crate) fn blocked_because(facts: &CaseFacts, me: &Me, now: TimestampMs) -> Option<String> {
    let settled = match state::case_state(facts) {
        CaseState::Deciding => None,
        CaseState::Authorized => Some("Enough people have signed; the change is on its way."),
        CaseState::Executed => Some("The change was executed; nothing is left to decide."),
        CaseState::NotApplied => {
            Some("The change was authorised but not applied; see the timeline.")
        }
        CaseState::Rejected => Some("A person has rejected this proposal."),
        CaseState::SentBack => Some("A person has sent this proposal back to the agent."),
        CaseState::Expired => Some("Nobody decided in time; wait for a fresh proposal."),
        CaseState::Superseded => {
            Some("Another change moved the campaign first; wait for a fresh proposal.")
        }
        CaseState::Blocked => Some("Policy refuses this change; nobody can sign it."),
    };
    if let Some(words) = settled {
        return Some(words.into());
    }
    if facts.proposal.expires_at_ms <= now {
        return Some(
            "The proposal's time is over on this device's clock; wait for a fresh proposal.".into(),
        );
    }
    if me.roster.expires_at_ms <= now {
        return Some("The roster on this device has expired. Connect to the relay; if that does not help, ask an administrator for a fresh one.".into());
    }
    if !this_device_is_valid(me, now) {
        return Some(Refusal::DeviceRevoked.words().into());
    }
    standing_reason(facts, me)
}

/// The choices for the window.
pub(crate) fn view(facts: &CaseFacts, me: &Me, now: TimestampMs) -> MyOptionsView {
    let factors = &facts.verdict.factors;
    MyOptionsView {
        roles: my_roles(facts, me).iter().map(ToString::to_string).collect(),
        blocked_because: blocked_because(facts, me, now),
        factor_to_decide: !factors.to_decide.is_empty(),
        factor_to_override: !factors.to_override.is_empty(),
        approve_reasons: reasons(DecisionKind::Approve),
        override_reasons: reasons(DecisionKind::Override),
        reject_reasons: reasons(DecisionKind::Reject),
        request_changes_reasons: reasons(DecisionKind::RequestChanges),
    }
}

/// Reasons that do not pass with time: who I am, and what I have done.
fn standing_reason(facts: &CaseFacts, me: &Me) -> Option<String> {
    let initiator = &facts.proposal.initiator;
    let owner_now = me.roster.agent(initiator.agent).map(|agent| agent.owner);
    if initiator.owner == me.person || owner_now == Some(me.person) {
        return Some(Refusal::InitiatorMayNotDecide.words().into());
    }
    if facts.has_decided(me.person) {
        return Some(
            "You have decided this case; another signature must come from another person.".into(),
        );
    }
    if my_roles(facts, me).is_empty() {
        let asked: Vec<_> =
            facts.verdict.quorum.iter().map(|group| group.role.to_string()).collect();
        return Some(format!(
            "This case asks for {}; you hold none of these roles.",
            asked.join(" and ")
        ));
    }
    None
}

fn this_device_is_valid(me: &Me, now: TimestampMs) -> bool {
    me.person().is_some_and(|person| {
        person.devices.iter().any(|device| device.id == me.device && device.is_valid_at(now))
    })
}

fn reasons(kind: DecisionKind) -> Vec<ReasonView> {
    reasons_for(kind)
        .iter()
        .map(|choice| ReasonView {
            code: choice.code.into(),
            words: choice.words.into(),
            needs_text: choice.needs_text,
        })
        .collect()
}
