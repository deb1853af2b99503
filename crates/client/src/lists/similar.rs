//! The nearest settled cases and what became of them, and what else happens to the same
//! entity: read from the list's own columns, never from documents.

use crate::{
    case::{
        beside::Neighbours,
        facts::CaseFacts,
        rollback::{self, Offer},
        state,
    },
    lists::inbox::{self, StoredRow},
    profile::{failure::Failure, member::Me},
    view::{
        CaseState, OpenOnEntityView, SameEntityView, SimilarView, TrailingView, headline,
        number::count,
    },
};
use countersign_model::{Money, Proposal, TimestampMs, change::Spend, entry::LogEvent};
use countersign_store::{Reader, SettledCase};

/// How many are shown.
const MOST: u32 = 8;
const TRAILING_DAYS: u32 = 7;
const DAY_MS: i64 = 86_400_000;

/// What other cases say about this one.
pub(crate) fn neighbours(
    reader: &Reader<'_>,
    me: &Me,
    facts: &CaseFacts,
    now: TimestampMs,
) -> Result<Neighbours, Failure> {
    let proposal = &facts.proposal;
    let same_entity = same_entity(reader, me, proposal, now)?;
    Ok(Neighbours {
        similar: similar(reader, me, proposal)?,
        rollback: offer_beside(reader, me, facts, &same_entity)?,
        same_entity,
    })
}

/// Whether what was executed in a case can be taken back, by what this device knows; `None`
/// unless something was.
pub(crate) fn offer(
    reader: &Reader<'_>,
    me: &Me,
    facts: &CaseFacts,
    now: TimestampMs,
) -> Result<Option<Offer>, Failure> {
    let same_entity = same_entity(reader, me, &facts.proposal, now)?;
    offer_beside(reader, me, facts, &same_entity)
}

fn offer_beside(
    reader: &Reader<'_>,
    me: &Me,
    facts: &CaseFacts,
    same_entity: &SameEntityView,
) -> Result<Option<Offer>, Failure> {
    let id = facts.proposal.id;
    let own = id.to_string();
    let executed_at = facts.newest(|body| match body.event {
        LogEvent::ExecutionFinished { .. } => Some(body.at_ms),
        _ => None,
    });
    let (Some(at), CaseState::Executed) = (executed_at, state::case_state(facts)) else {
        return Ok(None);
    };
    let is_own = |of: Option<&String>| of == Some(&own);
    let open = same_entity.open.iter().find(|other| is_own(other.takes_back.as_ref()));
    let mut by = open.map(|other| other.proposal.clone());
    let mut later = 0;
    let target = facts.proposal.action.target().to_string();
    for other in reader.executed_on_target_since(&target, at)? {
        if other.proposal == id {
            continue;
        }
        later += 1;
        let row = inbox::stored_row(reader, me, other.proposal)?;
        let row = row.map(|stored| stored.row);
        if row.is_some_and(|row| is_own(row.takes_back.as_ref())) {
            by = Some(other.proposal.to_string());
        }
    }
    Ok(Some(Offer {
        inverse: rollback::inverse(facts),
        by,
        pending: rollback::is_pending(reader, id)?,
        later,
    }))
}

/// Settled cases like this one: of the same entity first and newest first, then those of
/// the nearest relative change.
fn similar(reader: &Reader<'_>, me: &Me, proposal: &Proposal) -> Result<Vec<SimilarView>, Failure> {
    let entity = proposal.action.entity().to_string();
    let kind = proposal.action.kind();
    // One more, because the case itself may be settled too.
    let mut found = reader.settled_like(&entity, kind, MOST + 1)?;
    found.retain(|case| case.proposal != proposal.id);
    found.truncate(MOST as usize);
    let left = MOST.saturating_sub(count(found.len()));
    let ratio = proposal.action.spend().and_then(Spend::ratio);
    if let (Some(ratio), 1..) = (ratio, left) {
        found.extend(reader.settled_near(kind, ratio.millionths(), &entity, left)?);
    }
    found.iter().filter_map(|case| view(reader, me, case, &entity).transpose()).collect()
}

/// Other open cases on the entity, and what was raised lately as the gate counts it.
fn same_entity(
    reader: &Reader<'_>,
    me: &Me,
    proposal: &Proposal,
    now: TimestampMs,
) -> Result<SameEntityView, Failure> {
    let entity = proposal.action.entity().to_string();
    let mut open = Vec::new();
    for case in reader.open_cases_of(&entity)? {
        if case == proposal.id {
            continue;
        }
        let Some(StoredRow { row, .. }) = inbox::stored_row(reader, me, case)? else { continue };
        open.push(OpenOnEntityView {
            proposal: row.proposal,
            diff: row.diff,
            takes_back: row.takes_back,
            state: row.state,
            decide_by_ms: row.decide_by_ms,
        });
    }
    Ok(SameEntityView { open, trailing: trailing(reader, proposal, now)? })
}

/// Increases of the last seven days; decreases free no headroom.
fn trailing(
    reader: &Reader<'_>,
    proposal: &Proposal,
    now: TimestampMs,
) -> Result<Option<TrailingView>, Failure> {
    let target = proposal.action.target().to_string();
    let Some(spend) = proposal.action.spend() else { return Ok(None) };
    let currency = spend.after.currency;
    let since = now.plus_ms(-i64::from(TRAILING_DAYS) * DAY_MS);
    let executed = reader.executed_on_target_since(&target, since)?;
    if executed.is_empty() {
        return Ok(None);
    }
    let raised = executed
        .iter()
        .filter(|one| one.currency == currency)
        .fold(0i64, |sum, one| sum.saturating_add(one.delta_micros.max(0)));
    Ok(Some(TrailingView {
        days: TRAILING_DAYS,
        executed: count(executed.len()),
        increases: headline::money(Money::from_micros(raised, currency)),
    }))
}

fn view(
    reader: &Reader<'_>,
    me: &Me,
    case: &SettledCase,
    entity: &str,
) -> Result<Option<SimilarView>, Failure> {
    let stored = inbox::read_row(reader, me, case.proposal, &case.summary)?;
    Ok(stored.map(|StoredRow { row, predicted_lift, made, .. }| SimilarView {
        // What only counts as made, because nobody could read it, is not said to be applied.
        applied: made.filter(|_| row.state == CaseState::Executed),
        proposal: row.proposal,
        campaign: row.campaign,
        same_entity: case.entity == entity,
        proposed: row.diff,
        predicted_lift,
        state: row.state,
        overridden: row.overridden,
        settled_at_ms: case.changed_at_ms.millis(),
    }))
}
