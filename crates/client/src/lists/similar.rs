//! The nearest settled cases and what became of them, and what else happens to the same
//! entity: read from the list's own columns, never from documents.

use crate::{
    case::case_view::Neighbours,
    lists::inbox::{self, StoredRow},
    profile::member::Me,
    view::{
        CaseState, MoneyView, OpenOnEntityView, ProblemView, SameEntityView, SimilarView,
        TrailingView, money::money, number::count,
    },
};
use countersign_model::{Action, Money, Proposal, TimestampMs};
use countersign_store::{Reader, SettledCase};

/// How many are shown.
const MOST: u32 = 8;
const TRAILING_DAYS: u32 = 7;
const DAY_MS: i64 = 86_400_000;

/// What other cases say about this one.
pub(crate) fn neighbours(
    reader: &Reader<'_>,
    me: &Me,
    proposal: &Proposal,
    now: TimestampMs,
) -> Result<Neighbours, ProblemView> {
    Ok(Neighbours {
        similar: similar(reader, me, proposal)?,
        same_entity: same_entity(reader, me, proposal, now)?,
    })
}

/// Settled cases like this one: of the same entity first and newest first, then those of
/// the nearest relative change.
fn similar(
    reader: &Reader<'_>,
    me: &Me,
    proposal: &Proposal,
) -> Result<Vec<SimilarView>, ProblemView> {
    let entity = proposal.action.entity().to_string();
    let kind = proposal.action.kind();
    // One more, because the case itself may be settled too.
    let mut found = reader.settled_like(&entity, kind, MOST + 1)?;
    found.retain(|case| case.proposal != proposal.id);
    found.truncate(MOST as usize);
    let left = MOST.saturating_sub(count(found.len()));
    let Action::BudgetChange(change) = &proposal.action;
    if let (Some(ratio), 1..) = (change.change_ratio(), left) {
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
) -> Result<SameEntityView, ProblemView> {
    let entity = proposal.action.entity().to_string();
    let mut open = Vec::new();
    for case in reader.open_cases_of(&entity)? {
        if case == proposal.id {
            continue;
        }
        let Some(StoredRow { row, .. }) = inbox::stored_row(reader, me, case)? else { continue };
        open.push(OpenOnEntityView {
            proposal: row.proposal,
            before: row.before,
            after: row.after,
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
) -> Result<Option<TrailingView>, ProblemView> {
    let entity = proposal.action.entity().to_string();
    let Action::BudgetChange(change) = &proposal.action;
    let since = now.plus_ms(-i64::from(TRAILING_DAYS) * DAY_MS);
    let executed = reader.executed_on_entity_since(&entity, since)?;
    if executed.is_empty() {
        return Ok(None);
    }
    let raised = executed
        .iter()
        .filter(|one| one.currency == change.after.currency)
        .fold(0i64, |sum, one| sum.saturating_add(one.delta_micros.max(0)));
    Ok(Some(TrailingView {
        days: TRAILING_DAYS,
        executed: count(executed.len()),
        increases: money(Money::from_micros(raised, change.after.currency)),
    }))
}

fn view(
    reader: &Reader<'_>,
    me: &Me,
    case: &SettledCase,
    entity: &str,
) -> Result<Option<SimilarView>, ProblemView> {
    let stored = inbox::read_row(reader, me, case.proposal, &case.summary)?;
    Ok(stored.map(|StoredRow { row, predicted_lift, .. }| SimilarView {
        // What only counts as made, because nobody could read it, is not said to be applied.
        applied: (row.state == CaseState::Executed).then(|| applied(case, &row.before)).flatten(),
        proposal: row.proposal,
        campaign: row.campaign,
        same_entity: case.entity == entity,
        before: row.before,
        proposed: row.after,
        ratio: row.change,
        predicted_lift,
        state: row.state,
        overridden: row.overridden,
        settled_at_ms: case.changed_at_ms.millis(),
    }))
}

/// The value before, plus what was executed.
fn applied(case: &SettledCase, before: &MoneyView) -> Option<MoneyView> {
    let before: i64 = before.amount_micros.parse().ok()?;
    let after = before.checked_add(case.executed_delta_micros?)?;
    Some(money(Money::from_micros(after, case.currency)))
}
