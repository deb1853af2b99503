//! What I may do with a case now, and why not. The gate judges again with the same rules.

use crate::{
    case::{
        blocked::{ApprovalBlocked, Blocked, Settled},
        check::{Check, check},
        comments,
        facts::CaseFacts,
        state,
    },
    profile::{failure::Failure, member::Me},
    view::CaseState,
};
use countersign_model::{DecisionId, Role, TimestampMs};
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
pub(crate) fn blocked_because(facts: &CaseFacts, me: &Me, now: TimestampMs) -> Option<Blocked> {
    if let Some(settled) = settled(state::case_state(facts)) {
        return Some(Blocked::Settled(settled));
    }
    if facts.proposal.expires_at_ms <= now {
        return Some(Blocked::ProposalExpired);
    }
    if me.roster.expires_at_ms <= now {
        return Some(Blocked::RosterExpired);
    }
    if !this_device_is_valid(me, now) {
        return Some(Blocked::DeviceRevoked);
    }
    standing_reason(facts, me)
}

/// Why I cannot approve or override although I could reject or send back.
pub(crate) fn approval_blocked_because(
    reader: &Reader<'_>,
    facts: &CaseFacts,
    me: &Me,
) -> Result<Option<ApprovalBlocked>, Failure> {
    let open_questions = comments::open_questions(reader, me, facts.proposal.id)?;
    Ok(approval_blocked(Some(&check(reader, facts)?), open_questions))
}

/// What I may do with a case.
pub(crate) struct Options {
    /// Roles of mine that it asks for.
    pub(crate) roles: Vec<Role>,
    /// Why I cannot decide at all.
    pub(crate) blocked: Option<Blocked>,
    /// Why I can reject and send back, but not approve.
    pub(crate) approval_blocked: Option<ApprovalBlocked>,
    /// My signed decision that can still be recalled.
    pub(crate) recallable: Option<DecisionId>,
    /// A second factor is needed to approve, reject or send back.
    pub(crate) factor_to_decide: bool,
    /// A second factor is needed to override.
    pub(crate) factor_to_override: bool,
}

/// What I may do with a case at `now`.
pub(crate) fn mine(
    facts: &CaseFacts,
    me: &Me,
    check: Option<&Check>,
    open_questions: u32,
    now: TimestampMs,
) -> Options {
    let factors = &facts.verdict.factors;
    Options {
        roles: my_roles(facts, me),
        blocked: blocked_because(facts, me, now),
        approval_blocked: approval_blocked(check, open_questions),
        recallable: state::recallable(facts, me).map(|known| known.decision.id),
        factor_to_decide: !factors.to_decide.is_empty(),
        factor_to_override: !factors.to_override.is_empty(),
    }
}

fn approval_blocked(check: Option<&Check>, open_questions: u32) -> Option<ApprovalBlocked> {
    if let Some(Check::Differs(entry, words)) = check {
        return Some(ApprovalBlocked::Contradicted { entry: *entry, words: words.clone() });
    }
    (open_questions > 0).then_some(ApprovalBlocked::OpenQuestions(open_questions))
}

/// How a case that is no longer open stands to somebody who wants to decide it.
const fn settled(state: CaseState) -> Option<Settled> {
    Some(match state {
        CaseState::Deciding => return None,
        CaseState::Authorized => Settled::Authorized,
        CaseState::Executed => Settled::Executed,
        CaseState::NotApplied => Settled::NotApplied,
        CaseState::Rejected => Settled::Rejected,
        CaseState::SentBack => Settled::SentBack,
        CaseState::Expired => Settled::Expired,
        CaseState::Superseded => Settled::Superseded,
        CaseState::Blocked => Settled::Blocked,
    })
}

/// Reasons that do not pass with time: who I am, and what I have done.
fn standing_reason(facts: &CaseFacts, me: &Me) -> Option<Blocked> {
    let agent = facts.proposal.agent();
    let owner_now = agent.and_then(|agent| me.roster.agent(agent)).map(|agent| agent.owner);
    if facts.proposal.answerable() == me.person || owner_now == Some(me.person) {
        return Some(Blocked::Initiator);
    }
    if facts.has_decided(me.person) {
        return Some(Blocked::AlreadyDecided);
    }
    if my_roles(facts, me).is_empty() {
        let asked = facts.verdict.quorum.iter().map(|group| group.role.clone()).collect();
        return Some(Blocked::NoRole { asked });
    }
    None
}

fn this_device_is_valid(me: &Me, now: TimestampMs) -> bool {
    me.person().is_some_and(|person| {
        person.devices.iter().any(|device| device.id == me.device && device.is_valid_at(now))
    })
}
