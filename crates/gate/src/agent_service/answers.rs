//! Campaigns and cases as agents read them.

use countersign_executor::Parts;
use countersign_intake::{
    AdGroupSummary, BiddingSummary, CampaignDetails, CampaignSummary, CaseStatus, DraftReceipt,
    IdempotencyKey, ListedCase, PartsPage,
};
use countersign_model::{
    Action, EntityState,
    change::{AdGroupState, BiddingState, Value},
};
use countersign_workflow::{Case, Phase};

pub(super) fn summary(state: EntityState) -> CampaignSummary {
    CampaignSummary {
        entity: state.entity,
        name: state.name,
        budget: state.budget.holds,
        flight: state.flight,
        shared_by: state.budget.shared_by,
        status: state.status,
        limits: state.budget.limits,
    }
}

/// A campaign with its parts.
pub(super) fn details(state: EntityState, parts: Parts, read_only: bool) -> CampaignDetails {
    let Parts { bidding, ad_groups, has_more_ad_groups } = parts;
    let last = ad_groups.last().filter(|_| has_more_ad_groups);
    CampaignDetails {
        has_started: state.has_started,
        time_zone: state.time_zone.clone(),
        read_only,
        bidding: bidding.map(|BiddingState { holds, shared_by, limits }| BiddingSummary {
            holds,
            shared_by,
            limits,
        }),
        ad_groups: PartsPage {
            next_cursor: last.map(|group| group.id.clone()),
            items: ad_groups.into_iter().map(ad_group).collect(),
        },
        campaign: summary(state),
    }
}

fn ad_group(group: AdGroupState) -> AdGroupSummary {
    let AdGroupState { id, name, status, cpc_bid, cpm_bid, .. } = group;
    AdGroupSummary { id, name, status, cpc_bid, cpm_bid }
}

pub(super) fn receipt(case: &Case) -> DraftReceipt {
    DraftReceipt {
        proposal: case.proposal().id,
        state: phase_words(case.phase()).0.into(),
        outcome: case.verdict().outcome,
        decide_by_ms: case.verdict().decide_by_ms,
        words: case.verdict().flags.iter().map(|flag| flag.words.clone()).collect(),
        replayed: false,
    }
}

/// The receipt as it was, with the state that the case is in now.
pub(super) fn replayed(case: &Case) -> DraftReceipt {
    DraftReceipt { replayed: true, ..receipt(case) }
}

pub(super) fn listed(case: &Case, idempotency_key: Option<IdempotencyKey>) -> ListedCase {
    let proposal = case.proposal();
    let lead = proposal.action.diff().into_iter().next();
    let (before, after) = lead.map(|row| (row.before, Some(row.after))).unwrap_or_default();
    ListedCase {
        proposal: proposal.id,
        idempotency_key,
        state: phase_words(case.phase()).0.into(),
        outcome: case.verdict().outcome,
        kind: proposal.action.kind(),
        entity: proposal.action.entity().clone(),
        before,
        after,
        created_at_ms: proposal.created_at_ms,
        decide_by_ms: case.verdict().decide_by_ms,
        executed: executed(case),
    }
}

/// The value read back after execution.
fn executed(case: &Case) -> Option<Value> {
    match case.phase() {
        Phase::Executed { read_back } => read_back.as_ref().and_then(Action::lead),
        _ => None,
    }
}

pub(super) fn status(case: &Case) -> CaseStatus {
    let (state, words) = phase_words(case.phase());
    CaseStatus {
        proposal: case.proposal().id,
        state: state.into(),
        words: words.into(),
        decide_by_ms: case.verdict().decide_by_ms,
        executed: executed(case),
        requested: None,
    }
}

const fn phase_words(phase: &Phase) -> (&'static str, &'static str) {
    match phase {
        Phase::Deciding { overdue: false, .. } => {
            ("deciding", "People are deciding; nothing is to be done.")
        }
        Phase::Deciding { overdue: true, .. } => (
            "deciding",
            "The time to decide has passed; nothing was applied and people may still sign.",
        ),
        Phase::Authorized { .. } => (
            "authorized",
            "Enough people have signed; the change is made next, unless work is stopped.",
        ),
        Phase::Executing { held_up: None, .. } => {
            ("executing", "The change is being made on the platform.")
        }
        Phase::Executing { held_up: Some(_), .. } => (
            "executing",
            "The change cannot be made now and nothing was changed. It is tried again while the signatures are valid; nothing is to be done.",
        ),
        Phase::Executed { .. } => {
            ("executed", "The platform holds the value that people authorised.")
        }
        Phase::NotApplied { .. } => (
            "not_applied",
            "The change could not be made; a person looks at it. Draft it again if it is still wanted.",
        ),
        Phase::Rejected { .. } => ("rejected", "A person rejected it."),
        Phase::SentBack { .. } => {
            ("sent_back", "A person asked for changes. Draft it again as `requested` says.")
        }
        Phase::Expired => {
            ("expired", "Nobody decided in time. Draft it again if it is still wanted.")
        }
        Phase::Superseded { .. } => {
            ("superseded", "Another change moved the campaign first. Read it and draft again.")
        }
        Phase::Blocked => ("blocked", "Policy refused it; the receipt holds the rules."),
    }
}
