//! What I may do with a case now, and why not. The gate judges again with the same rules.

use crate::{
    case::{
        check::{Check, check},
        comments,
        facts::CaseFacts,
        state,
    },
    profile::member::Me,
    view::{
        CaseState, MyOptionsView, ProblemView, ReasonView,
        problem::{self, Code, problem},
    },
};
use countersign_model::{DecisionKind, Role, TimestampMs, decision::Refusal, reason::reasons_for};
use countersign_store::Reader;

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
pub(crate) fn blocked_because(facts: &CaseFacts, me: &Me, now: TimestampMs) -> Option<ProblemView> {
    if let Some(settled) = settled_reason(state::case_state(facts)) {
        return Some(settled);
    }
    if facts.proposal.expires_at_ms <= now {
        let words = "The proposal's time is over on this device's clock.";
        return Some(problem(Code::ProposalExpired, words, &["Wait for a fresh proposal."]));
    }
    if me.roster.expires_at_ms <= now {
        return Some(problem(
            Code::RosterExpired,
            "The roster on this device has expired.",
            &["Connect to the relay; if that does not help, ask an administrator for a fresh one."],
        ));
    }
    if !this_device_is_valid(me, now) {
        return Some(problem::refusal(Refusal::DeviceRevoked));
    }
    standing_reason(facts, me)
}

/// Why I cannot approve or override although I could reject or send back.
pub(crate) fn approval_blocked_because(
    reader: &Reader<'_>,
    facts: &CaseFacts,
    me: &Me,
) -> Result<Option<ProblemView>, ProblemView> {
    let open_questions = comments::open_questions(reader, me, facts.proposal.id)?;
    Ok(approval_blocked(Some(&check(reader, facts)?), open_questions))
}

/// The choices for the window.
pub(crate) fn view(
    facts: &CaseFacts,
    me: &Me,
    check: Option<&Check>,
    open_questions: u32,
    now: TimestampMs,
) -> MyOptionsView {
    let factors = &facts.verdict.factors;
    MyOptionsView {
        roles: my_roles(facts, me).iter().map(ToString::to_string).collect(),
        blocked_because: blocked_because(facts, me, now),
        approval_blocked_because: approval_blocked(check, open_questions),
        recallable: state::recallable(facts, me).map(|known| known.decision.id.to_string()),
        factor_to_decide: !factors.to_decide.is_empty(),
        factor_to_override: !factors.to_override.is_empty(),
        approve_reasons: reasons(DecisionKind::Approve),
        override_reasons: reasons(DecisionKind::Override),
        reject_reasons: reasons(DecisionKind::Reject),
        request_changes_reasons: reasons(DecisionKind::RequestChanges),
    }
}

fn approval_blocked(check: Option<&Check>, open_questions: u32) -> Option<ProblemView> {
    if let Some(contradicted) = check.and_then(Check::problem) {
        return Some(contradicted);
    }
    (open_questions > 0).then(|| {
        problem(
            Code::OpenQuestion,
            "A question in the thread must be answered before anybody approves.",
            &["Ask whoever the question is for to answer it. Rejecting and sending back stay possible."],
        )
        .with("questions", open_questions)
    })
}

/// What a case that is no longer open says to somebody who wants to decide it.
fn settled_reason(state: CaseState) -> Option<ProblemView> {
    let (code, words) = match state {
        CaseState::Deciding => return None,
        CaseState::Authorized => {
            (Code::CaseAuthorized, "Enough people have signed; the change is on its way.")
        }
        CaseState::Executed => {
            (Code::CaseExecuted, "The change was executed; nothing is left to decide.")
        }
        CaseState::NotApplied => {
            (Code::CaseNotApplied, "The change was authorised but not applied; see the timeline.")
        }
        CaseState::Rejected => (Code::CaseRejected, "A person has rejected this proposal."),
        CaseState::SentBack => {
            (Code::CaseSentBack, "A person has sent this proposal back to the agent.")
        }
        CaseState::Expired => {
            (Code::CaseExpired, "Nobody decided in time; wait for a fresh proposal.")
        }
        CaseState::Superseded => (
            Code::CaseSuperseded,
            "Another change moved the campaign first; wait for a fresh proposal.",
        ),
        CaseState::Blocked => {
            (Code::CaseBlocked, "Policy refuses this change; nobody can sign it.")
        }
    };
    Some(problem(code, words, &[]))
}

/// Reasons that do not pass with time: who I am, and what I have done.
fn standing_reason(facts: &CaseFacts, me: &Me) -> Option<ProblemView> {
    let initiator = &facts.proposal.initiator;
    let owner_now = me.roster.agent(initiator.agent).map(|agent| agent.owner);
    if initiator.owner == me.person || owner_now == Some(me.person) {
        return Some(problem::refusal(Refusal::InitiatorMayNotDecide));
    }
    if facts.has_decided(me.person) {
        let words = "You have decided this case; another signature must come from another person.";
        return Some(problem(Code::AlreadyDecided, words, &[]));
    }
    if my_roles(facts, me).is_empty() {
        let asked: Vec<_> =
            facts.verdict.quorum.iter().map(|group| group.role.to_string()).collect();
        let words =
            format!("This case asks for {}; you hold none of these roles.", asked.join(" and "));
        return Some(problem(Code::NoRole, words, &[]).with("roles", asked.join(", ")));
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
