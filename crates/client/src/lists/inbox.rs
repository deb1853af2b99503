//! The list: one projection row per case, written whenever its facts change, and read
//! back a page at a time.

use crate::{
    case::{
        comments, ending,
        evidence::interval,
        facts::{CaseFacts, KnownDecision},
        options,
        state::{self, Delivery, is_overridden},
    },
    lists::search,
    profile::{
        failure::{Broken, Cause, Failure},
        member::Me,
    },
    view::{
        CaseState, DiffRowView, FilterChip, InboxCounts, InboxQuery, InboxRow, InboxView,
        IntervalView, MatchCount, headline, names,
    },
};
use countersign_model::{
    Action, Currency, Proposal, ProposalId, TimestampMs,
    change::Spend,
    entry::LogEvent,
    proposal::{Drafted, Origin, Rollback},
};
use countersign_store::{
    CaseCounts, CaseList, CaseRow, CaseText, Executed, ListedCase, PageQuery, Reader, Shelf, Tx,
};
use serde::{Deserialize, Serialize};

/// The most rows of a page.
const MAX_ROWS: u32 = 500;

/// What is stored of a case for lists: its row, and what other lists make of it.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredRow {
    /// Without its delivery, which the window is told in words.
    pub(crate) row: InboxRow,
    /// How far my own decision has got, if I decided. Rows of before do not say it so.
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) delivery: Option<Delivery>,
    pub(crate) predicted_lift: Option<IntervalView>,
    /// Ids of the rules that fired.
    pub(crate) rules: Vec<String>,
    /// What was made of it on the platform, if anything was.
    pub(crate) made: Option<Vec<DiffRowView>>,
}

/// A row of a page, and how far my own decision in it has got.
pub(crate) struct PageRow {
    pub(crate) row: InboxRow,
    pub(crate) delivery: Option<Delivery>,
}

/// A page of a list.
pub(crate) struct Page {
    pub(crate) rows: Vec<PageRow>,
    pub(crate) counts: InboxCounts,
    /// Where the next page begins.
    pub(crate) next: Option<String>,
    pub(crate) matches: MatchCount,
    pub(crate) filters: Vec<FilterChip>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PageError {
    #[error("the place to go on from is not on this list")]
    Cursor,
    #[error(transparent)]
    Failure(Failure),
}

impl<C: Cause> From<C> for PageError {
    fn from(cause: C) -> Self {
        Self::Failure(cause.into())
    }
}

/// Writes the list row of a case from its facts. `false` while the case has not fully arrived.
pub(crate) fn project(
    tx: &Tx<'_>,
    me: &Me,
    case: ProposalId,
    now: TimestampMs,
) -> Result<bool, Failure> {
    let Some(facts) = CaseFacts::load(tx, me, case)? else { return Ok(false) };
    let state = state::case_state(&facts);
    let stored = StoredRow::new(tx, me, &facts, changed_at(&facts, now))?;
    let (currency, before_micros, after_micros) = amounts(&facts.proposal.action);
    let row = &stored.row;
    tx.put_case(&CaseRow {
        proposal: case,
        shelf: state::shelf(&state, options::needs_me(&facts, me), row.to_check),
        open: state == CaseState::Deciding,
        overridden: row.overridden,
        kind: row.kind.clone(),
        tier: facts.verdict.risk_tier,
        entity: row.entity.clone(),
        target: facts.proposal.action.target().to_string(),
        currency,
        before_micros,
        after_micros,
        created_at_ms: facts.proposal.created_at_ms,
        decide_by_ms: facts.verdict.decide_by_ms,
        changed_at_ms: TimestampMs::from_millis(row.changed_at_ms),
        batch_class: row.batch_class.clone(),
        executed: executed(&facts),
        summary: serde_json::to_vec(&stored).map_err(|_| Broken("inbox row"))?,
        text: search_text(&facts, me),
    })?;
    Ok(true)
}

/// One page.
pub(crate) fn page(
    reader: &Reader<'_>,
    me: &Me,
    query: &InboxQuery,
    now: TimestampMs,
) -> Result<Page, PageError> {
    let after = query.after.as_deref().map(str::parse).transpose();
    let after = after.map_err(|_| PageError::Cursor)?;
    let (filter, filters) = search::read(&query.search);
    let page = reader.case_page(&PageQuery {
        list: list(query.view),
        filter,
        after,
        limit: query.limit.clamp(1, MAX_ROWS),
        now_ms: now,
    })?;
    Ok(Page {
        rows: page
            .rows
            .iter()
            .filter_map(|row| listed(reader, me, row).transpose())
            .collect::<Result<_, Failure>>()?,
        counts: counts(page.counts),
        next: page.next.map(|cursor| cursor.to_string()),
        matches: MatchCount { count: page.matches.count, more: page.matches.more },
        filters,
    })
}

/// The stored form of a case's row, if there is a row. What changes without a new projection
/// is not asked of it.
pub(crate) fn stored_row(
    reader: &Reader<'_>,
    me: &Me,
    case: ProposalId,
) -> Result<Option<StoredRow>, Failure> {
    let Some(summary) = reader.case_summary(case)? else { return Ok(None) };
    read_row(reader, me, case, &summary)
}

/// A stored row, or one made from the case's facts while it stands here in a form of before.
/// A row that cannot be had either way is left out: it must not take its list with it.
pub(crate) fn read_row(
    reader: &Reader<'_>,
    me: &Me,
    case: ProposalId,
    summary: &[u8],
) -> Result<Option<StoredRow>, Failure> {
    if let Ok(stored) = serde_json::from_slice(summary) {
        return Ok(Some(stored));
    }
    let Some(facts) = CaseFacts::load(reader, me, case)? else {
        tracing::warn!(%case, "a list row cannot be read");
        return Ok(None);
    };
    let at = changed_at(&facts, TimestampMs::from_millis(i64::MAX));
    StoredRow::new(reader, me, &facts, at).map(Some)
}

impl StoredRow {
    fn new(
        reader: &Reader<'_>,
        me: &Me,
        facts: &CaseFacts,
        changed_at: TimestampMs,
    ) -> Result<Self, Failure> {
        let open_question = comments::open_questions(reader, me, facts.proposal.id)? > 0;
        Ok(Self {
            row: InboxRow {
                open_question,
                to_check: ending::to_check(reader, me, facts)?,
                ..row(facts, me, changed_at)
            },
            delivery: mine(facts, me).map(|known| state::delivery(facts, known)),
            predicted_lift: facts.proposal.drafted().map(|drafted| interval(&drafted.grounds)),
            made: made(facts),
            rules: facts.verdict.flags.iter().map(|flag| flag.rule.clone()).collect(),
        })
    }
}

/// What the list sorts and finds a change by: what may be spent on a day, before and after.
/// ISO 4217 has a code for what has nothing to do with money.
fn amounts(action: &Action) -> (Currency, i64, i64) {
    action.spend().map_or((Currency::NONE, 0, 0), |Spend { before, after, .. }| {
        (after.currency, before.amount_micros, after.amount_micros)
    })
}

const fn list(view: InboxView) -> CaseList {
    match view {
        InboxView::NeedsMe => CaseList::NeedsMe,
        InboxView::WaitingOnOthers => CaseList::WaitingOnOthers,
        InboxView::DueSoon => CaseList::DueSoon,
        InboxView::Overrides => CaseList::Overrides,
        InboxView::Snoozed => CaseList::Snoozed,
        InboxView::Settled => CaseList::Settled,
        InboxView::ToCheck => CaseList::ToCheck,
        InboxView::Agenda => CaseList::Agenda,
        InboxView::All => CaseList::All,
    }
}

/// The stored row with what the store knows better: list, snooze, evidence.
fn listed(reader: &Reader<'_>, me: &Me, listed: &ListedCase) -> Result<Option<PageRow>, Failure> {
    let stored = read_row(reader, me, listed.proposal, &listed.summary)?;
    Ok(stored.map(|StoredRow { row, delivery, .. }| PageRow {
        row: InboxRow {
            needs_me: matches!(listed.shelf, Shelf::NeedsMe | Shelf::Snoozed),
            snoozed_until_ms: listed.snooze_until_ms.map(TimestampMs::millis),
            evidence_complete: listed.evidence_wanted == 0,
            ..row
        },
        delivery,
    }))
}

fn row(facts: &CaseFacts, me: &Me, changed_at: TimestampMs) -> InboxRow {
    let headline = facts.proposal.action.headline();
    InboxRow {
        proposal: facts.proposal.id.to_string(),
        entity: headline.entity.to_string(),
        kind: headline.kind.into(),
        diff: headline::rows(&headline),
        campaign: headline.subject,
        part: headline.part.map(headline::part),
        why: first_sentence(match &facts.proposal.origin {
            Origin::Draft(drafted) => &drafted.grounds.rationale,
            Origin::Rollback(rollback) => &rollback.text,
        }),
        takes_back: facts.proposal.rollback().map(|rollback| rollback.of.to_string()),
        state: state::case_state(facts),
        risk_tier: names::wire(&facts.verdict.risk_tier),
        waiting_for: state::waiting_for(facts).iter().map(ToString::to_string).collect(),
        held_up_since_ms: state::held_up(facts).map(|held_up| held_up.since_ms),
        needs_me: options::needs_me(facts, me),
        decide_by_ms: facts.verdict.decide_by_ms.millis(),
        created_at_ms: facts.proposal.created_at_ms.millis(),
        changed_at_ms: changed_at.millis(),
        snoozed_until_ms: None,
        overridden: is_overridden(facts),
        batch_class: facts.verdict.batch_class.clone(),
        evidence_complete: false,
        open_question: false,
        ending: ending::status(facts),
        to_check: false,
        my_delivery: None,
    }
}

/// My newest decision.
fn mine<'a>(facts: &'a CaseFacts, me: &Me) -> Option<&'a KnownDecision> {
    facts.decisions.iter().rev().find(|known| known.decision.person == me.person)
}

/// When the log last spoke of the case. Never in the future, or it would lead every list.
fn changed_at(facts: &CaseFacts, now: TimestampMs) -> TimestampMs {
    let created = facts.proposal.created_at_ms;
    facts.entries.last().map_or(created, |(_, entry)| entry.body.at_ms).min(now.max(created))
}

/// What counts towards the trailing days, by the judge's rule.
fn executed(facts: &CaseFacts) -> Option<Executed> {
    let at_ms = facts.newest(|body| match body.event {
        LogEvent::ExecutionFinished { .. } => Some(body.at_ms),
        _ => None,
    })?;
    // The row's target is that of the leg that leads.
    let lead = facts.proposal.action.target();
    let leg = counted(facts).into_iter().find(|leg| leg.target() == lead)?;
    let delta = leg.spend().and_then(|spend| spend.delta().ok());
    Some(Executed { at_ms, delta_micros: delta.map_or(0, |delta| delta.amount_micros) })
}

/// The changes that count as made, by the judge's rule.
fn counted(facts: &CaseFacts) -> Vec<Action> {
    let counted = facts.newest(|body| match &body.event {
        LogEvent::ExecutionFinished { change, platform, .. } => Some(platform.counted(change)),
        _ => None,
    });
    counted.unwrap_or_default()
}

/// What counts as made, in rows; of a change over several things that does not hold as a whole,
/// what was made of it, each row with the name of what it is about.
fn made(facts: &CaseFacts) -> Option<Vec<DiffRowView>> {
    let counted = counted(facts);
    let whole = match &*counted {
        [] => return None,
        [one] if !facts.proposal.action.has_legs() => Some(one.clone()),
        several => facts.proposal.action.with_legs(several.to_vec()),
    };
    Some(whole.map_or_else(
        || counted.iter().flat_map(headline::diff_with_subject).collect(),
        |whole| headline::diff(&whole),
    ))
}

/// Up to the first end of a sentence, at most 160 characters.
fn first_sentence(text: &str) -> String {
    const MOST: usize = 160;
    let end = text.find(". ").map_or(text.len(), |at| at + 1);
    let sentence = &text[..end];
    if sentence.chars().count() <= MOST {
        return sentence.to_owned();
    }
    sentence.chars().take(MOST - 1).chain(['…']).collect()
}

fn search_text(facts: &CaseFacts, me: &Me) -> CaseText {
    let proposal = &facts.proposal;
    let headline = proposal.action.headline();
    let lines = |parts: Vec<String>| parts.join("\n");
    let decisions = || facts.decisions.iter().map(|known| &known.decision);
    let mut people = vec![names::person(&me.roster, proposal.answerable())];
    people.extend(decisions().map(|decision| names::person(&me.roster, decision.person)));
    let reasons = decisions().map(|decision| &decision.reason);
    let [model, agent, why] = origin_text(proposal);
    CaseText {
        entity: lines(vec![
            headline.subject,
            headline.part.map_or_else(String::new, |part| part.name),
            headline.entity.to_string(),
        ]),
        people: lines(people),
        reason: lines(reasons.flat_map(|one| [one.code.clone(), one.text.clone()]).collect()),
        rule: lines(
            facts
                .verdict
                .flags
                .iter()
                .flat_map(|flag| [flag.rule.clone(), flag.words.clone()])
                .collect(),
        ),
        model,
        agent,
        rest: lines(vec![why, names::wire(&state::case_state(facts)), proposal.id.to_string()]),
    }
}

/// What a case can be found by of where it comes from: model, agent, and why.
fn origin_text(proposal: &Proposal) -> [String; 3] {
    match &proposal.origin {
        Origin::Draft(drafted) => {
            let Drafted { initiator, grounds, .. } = &**drafted;
            let why = [
                &grounds.rationale,
                &grounds.trigger,
                &grounds.likely_outcome,
                &grounds.campaign_intent,
            ];
            [
                format!("{}\n{}", grounds.model.id, grounds.model.version),
                initiator.agent_name.clone(),
                why.map(String::as_str).join("\n"),
            ]
        }
        Origin::Rollback(Rollback { of, text, .. }) => {
            ["".into(), "".into(), format!("rollback\n{of}\n{text}")]
        }
    }
}

/// Counts for the window.
pub(crate) const fn counts(counts: CaseCounts) -> InboxCounts {
    InboxCounts {
        needs_me: counts.needs_me,
        waiting_on_others: counts.waiting_on_others,
        due_soon: counts.due_soon,
        overrides: counts.overrides,
        snoozed: counts.snoozed,
        settled: counts.settled,
        to_check: counts.to_check,
        open: counts.open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_model::decision::Refusal;

    fn stored(delivery: Option<Delivery>) -> StoredRow {
        let text = String::new;
        let row = InboxRow {
            proposal: text(),
            entity: text(),
            kind: text(),
            diff: vec![],
            campaign: text(),
            part: None,
            why: text(),
            takes_back: None,
            state: CaseState::Deciding,
            risk_tier: text(),
            waiting_for: vec![],
            held_up_since_ms: None,
            needs_me: false,
            decide_by_ms: 0,
            created_at_ms: 0,
            changed_at_ms: 0,
            snoozed_until_ms: None,
            overridden: false,
            batch_class: None,
            evidence_complete: false,
            open_question: false,
            ending: None,
            to_check: false,
            my_delivery: None,
        };
        let predicted_lift = Some(IntervalView { value: 0.0, low: 0.0, high: 0.0 });
        StoredRow { row, delivery, predicted_lift, rules: vec![], made: None }
    }

    /// A row of before says in words what became of a decision: it is made again from the case.
    #[test]
    fn a_row_that_does_not_say_its_delivery_is_not_read() {
        let refused = Delivery::Refused { why: Refusal::Expired, state: CaseState::Expired };
        for delivery in [None, Some(refused)] {
            let mut row = serde_json::to_value(stored(delivery)).unwrap();
            let read: StoredRow = serde_json::from_value(row.clone()).unwrap();
            assert_eq!(read.delivery, delivery);
            row.as_object_mut().unwrap().remove("delivery");
            assert!(serde_json::from_value::<StoredRow>(row).is_err());
        }
    }

    #[test]
    fn the_first_sentence_is_short_and_whole() {
        assert_eq!(first_sentence("Spend is low. More follows."), "Spend is low.");
        assert_eq!(first_sentence("No end"), "No end");
        let long = "ä".repeat(200);
        assert_eq!(first_sentence(&long).chars().count(), 160);
    }
}
