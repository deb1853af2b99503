//! Notices as they follow from the store, within the transaction of what they follow from.

use crate::{
    case::{comments, facts::CaseFacts, halt, options, state},
    lists::notices::{CaseNow, Event, Notices, Now, Told},
    profile::{
        failure::{Broken, Failure},
        member::Me,
    },
    view::SettingsView,
};
use countersign_model::{ProposalId, TimestampMs};
use countersign_store::{MetaKey, Shelf, Tx};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// The moment and what the person wants to hear.
#[derive(Clone)]
pub(crate) struct Moment {
    pub(crate) at: TimestampMs,
    pub(crate) settings: SettingsView,
}

/// Takes in the cases that have changed, and gives what is to be said once this is stored.
/// `refused` are those in which a decision of mine was refused just now.
pub(crate) fn apply(
    tx: &Tx<'_>,
    me: &Me,
    cases: &BTreeSet<ProposalId>,
    refused: &BTreeSet<ProposalId>,
    moment: &Moment,
) -> Result<Vec<Told>, Failure> {
    let minute = local_minute(moment.at, &TimeZone::system());
    let now = Now { at: moment.at, minute, settings: &moment.settings };
    change(tx, me, cases, refused, |notices, events| notices.step(events, now))
}

/// As [`apply`], but what is to be said waits until then, if it can.
pub(crate) fn note(
    tx: &Tx<'_>,
    me: &Me,
    cases: &BTreeSet<ProposalId>,
    refused: &BTreeSet<ProposalId>,
) -> Result<Vec<Told>, Failure> {
    change(tx, me, cases, refused, Notices::take)
}

fn change(
    tx: &Tx<'_>,
    me: &Me,
    cases: &BTreeSet<ProposalId>,
    refused: &BTreeSet<ProposalId>,
    take: impl FnOnce(&mut Notices, Vec<Event>) -> Vec<Told>,
) -> Result<Vec<Told>, Failure> {
    let before: Notices = match tx.meta(MetaKey::Notices)? {
        Some(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
        None => Notices::default(),
    };
    let mut events = vec![Event::Stop(halt::stop_in_force(tx, me)?)];
    for case in cases {
        let facts = CaseFacts::load(tx, me, *case)?;
        let Some(facts) = facts else { continue };
        events.push(Event::Case(case_now(tx, me, &facts, refused.contains(case))?));
    }
    let mut notices = before.clone();
    let told = take(&mut notices, events);
    if notices != before {
        let bytes = serde_json::to_vec(&notices).map_err(|_| Broken("notices"))?;
        tx.put_meta(MetaKey::Notices, &bytes)?;
    }
    Ok(told)
}

fn case_now(tx: &Tx<'_>, me: &Me, facts: &CaseFacts, refused: bool) -> Result<CaseNow, Failure> {
    let case = facts.proposal.id;
    let needs_me = options::needs_me(facts, me);
    let settled = state::shelf(&state::case_state(facts), needs_me, false) == Shelf::Settled;
    let questions =
        if settled { BTreeSet::new() } else { comments::questions_for_me(tx, me, case)? };
    Ok(CaseNow {
        case,
        tier: facts.verdict.risk_tier,
        decide_by_ms: facts.verdict.decide_by_ms,
        expires_at_ms: facts.proposal.expires_at_ms,
        // Whoever puts a case away has heard of it.
        needs_me: needs_me && tx.snoozed_until(case)?.is_none(),
        settled,
        questions,
        refused,
    })
}

/// Minutes since midnight where this computer is; `None` if it does not tell its zone.
fn local_minute(at: TimestampMs, zone: &TimeZone) -> Option<u16> {
    if zone.is_unknown() {
        return None;
    }
    let at = jiff::Timestamp::from_millisecond(at.millis()).ok()?;
    let local = zone.to_datetime(at);
    Some(u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minute_is_that_of_the_computers_zone_or_none() {
        let at = TimestampMs::from_millis(1_795_258_800_000); // 2026-11-21T11:00:00Z
        let minute = |zone| local_minute(at, &zone);
        assert_eq!(minute(jiff::tz::get!("Asia/Calcutta")), Some(16 * 60 + 30));
        assert_eq!(minute(TimeZone::UTC), Some(11 * 60));
        assert_eq!(minute(TimeZone::unknown()), None);
    }
}
