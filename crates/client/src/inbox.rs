//! The list: one projection row per case, written whenever its facts change.

use crate::{
    facts::CaseFacts,
    member::Me,
    names, options,
    problem::{internal, problem},
    state,
    view::{InboxCounts, InboxPage, InboxQuery, InboxRow, InboxView, MoneyView, ProblemView},
};
use countersign_model::{Action, Money, ProposalId, TimestampMs};
use countersign_store::{CaseCounts, CaseRow, PageQuery, Reader, Shelf, Tx};

/// Rows on a page.
const PAGE_ROWS: u32 = 50;

/// Writes the list row of a case from its facts. `false` while the case has not fully arrived.
pub(crate) fn project(
    tx: &Tx<'_>,
    me: &Me,
    case: ProposalId,
    now: TimestampMs,
) -> Result<bool, ProblemView> {
    let Some(facts) = CaseFacts::load(tx, me, case)? else { return Ok(false) };
    let state = state::case_state(&facts);
    let changed_at_ms = facts
        .entries
        .last()
        .map_or(facts.proposal.created_at_ms, |(_, entry)| entry.body.at_ms)
        .min(now.max(facts.proposal.created_at_ms));
    let row = row(&facts, me);
    tx.put_case(&CaseRow {
        proposal: case,
        shelf: state::shelf(&state, options::needs_me(&facts, me)),
        decide_by_ms: facts.verdict.decide_by_ms,
        changed_at_ms,
        entity: facts.proposal.action.entity().to_string(),
        summary: serde_json::to_vec(&row).map_err(|_| internal("inbox row"))?,
        words: search_words(&facts, me),
    })?;
    Ok(true)
}

/// One page for the window.
pub(crate) fn page(reader: &Reader<'_>, query: &InboxQuery) -> Result<InboxPage, ProblemView> {
    let after = match &query.after {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| {
            problem(
                "cursor",
                "The list has changed its form.",
                &["Open the list from its beginning."],
            )
        })?),
    };
    let page = reader.case_page(&PageQuery {
        shelf: match query.view {
            InboxView::NeedsMe => Some(Shelf::NeedsMe),
            InboxView::WaitingOnOthers => Some(Shelf::WaitingOnOthers),
            InboxView::Settled => Some(Shelf::Settled),
            InboxView::All => None,
        },
        search: query.search.clone(),
        after,
        limit: PAGE_ROWS,
    })?;
    let rows = page
        .summaries
        .iter()
        .map(|summary| serde_json::from_slice(summary).map_err(|_| internal("stored inbox row")))
        .collect::<Result<_, _>>()?;
    Ok(InboxPage {
        rows,
        counts: counts(page.counts),
        next: page.next.map(|cursor| cursor.to_string()),
    })
}

/// An amount for the window.
pub(crate) fn money(money: Money) -> MoneyView {
    MoneyView {
        amount_micros: money.amount_micros.to_string(),
        currency: money.currency.code().into(),
    }
}

fn row(facts: &CaseFacts, me: &Me) -> InboxRow {
    let Action::BudgetChange(change) = &facts.proposal.action;
    let mine = facts.decisions.iter().rev().find(|known| known.decision.person == me.person);
    InboxRow {
        proposal: facts.proposal.id.to_string(),
        campaign: change.campaign_name.clone(),
        kind: facts.proposal.action.kind().into(),
        before: money(change.before),
        after: money(change.after),
        change: change.change_ratio().map(countersign_model::Ratio::as_f64),
        why: first_sentence(&facts.proposal.rationale),
        state: state::case_state(facts),
        risk_tier: names::wire(&facts.verdict.risk_tier),
        waiting_for: state::waiting_for(facts).iter().map(ToString::to_string).collect(),
        decide_by_ms: facts.verdict.decide_by_ms.millis(),
        created_at_ms: facts.proposal.created_at_ms.millis(),
        my_delivery: mine.map(|known| state::delivery(facts, known)),
    }
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

fn search_words(facts: &CaseFacts, me: &Me) -> String {
    let Action::BudgetChange(change) = &facts.proposal.action;
    let proposal = &facts.proposal;
    let mut words = vec![
        change.campaign_name.clone(),
        change.entity.to_string(),
        proposal.initiator.agent_name.clone(),
        names::person(&me.roster, proposal.initiator.owner),
        proposal.rationale.clone(),
        proposal.trigger.clone(),
        proposal.likely_outcome.clone(),
        proposal.campaign_intent.clone(),
        proposal.model.id.clone(),
        names::wire(&state::case_state(facts)),
        proposal.id.to_string(),
    ];
    words.extend(
        facts.verdict.flags.iter().flat_map(|flag| [flag.rule.clone(), flag.words.clone()]),
    );
    words.extend(facts.decisions.iter().flat_map(|known| {
        let decision = &known.decision;
        [
            names::person(&me.roster, decision.person),
            decision.reason.code.clone(),
            decision.reason.text.clone(),
        ]
    }));
    words.join("\n")
}

fn counts(counts: CaseCounts) -> InboxCounts {
    InboxCounts {
        needs_me: counts.needs_me,
        waiting_on_others: counts.waiting_on_others,
        settled: counts.settled,
    }
}

#[cfg(test)]
mod tests {
    use super::first_sentence;

    #[test]
    fn the_first_sentence_is_short_and_whole() {
        assert_eq!(first_sentence("Spend is low. More follows."), "Spend is low.");
        assert_eq!(first_sentence("No end"), "No end");
        let long = "ä".repeat(200);
        assert_eq!(first_sentence(&long).chars().count(), 160);
    }
}
