//! What stands beside a case's own facts: evidence, neighbours, talk, and what following the
//! log says of it.

use crate::{
    case::{
        check::{Check, check},
        comments, ending, evidence,
        facts::CaseFacts,
        rollback::Offer,
        timeline,
    },
    profile::{failure::Failure, member::Me},
    view::{
        BacktestView, EvidenceView, ForecastView, PacingView, SameEntityView, SimilarView,
        ThreadView, TimelineView,
    },
};
use countersign_model::{TimestampMs, entry::LogEvent};
use countersign_store::Reader;

/// What stands beside a case's own facts.
pub(crate) struct Beside {
    pub(crate) evidence: EvidenceView,
    pub(crate) pacing: Option<PacingView>,
    pub(crate) forecast: Option<ForecastView>,
    pub(crate) backtest: Option<BacktestView>,
    pub(crate) similar: Vec<SimilarView>,
    pub(crate) same_entity: SameEntityView,
    /// Whether what was executed can be taken back; none unless something was.
    pub(crate) rollback: Option<Offer>,
    pub(crate) thread: ThreadView,
    pub(crate) timeline: Vec<TimelineView>,
    pub(crate) superseded_by: Option<String>,
    pub(crate) snoozed_until_ms: Option<TimestampMs>,
    pub(crate) prompt_read_at_ms: Option<TimestampMs>,
    /// A person must look at what was made.
    pub(crate) to_check: bool,
    /// What following the log says of it; none for a case of no log.
    pub(crate) check: Option<Check>,
}

/// What other cases say about this one.
pub(crate) struct Neighbours {
    pub(crate) similar: Vec<SimilarView>,
    pub(crate) same_entity: SameEntityView,
    pub(crate) rollback: Option<Offer>,
}

impl Beside {
    /// Reads it from this device's store.
    pub(crate) fn load(
        reader: &Reader<'_>,
        me: &Me,
        facts: &CaseFacts,
        neighbours: Neighbours,
    ) -> Result<Self, Failure> {
        let proposal = &facts.proposal;
        Ok(Self {
            evidence: evidence::pieces(reader, proposal)?,
            pacing: evidence::pacing(reader, proposal)?,
            forecast: evidence::forecast(reader, proposal)?,
            backtest: evidence::backtest(reader, proposal)?,
            similar: neighbours.similar,
            same_entity: neighbours.same_entity,
            rollback: neighbours.rollback,
            thread: comments::thread(reader, me, facts)?,
            timeline: timeline::view(reader, me, &facts.entries)?,
            superseded_by: superseded_by(reader, facts)?,
            snoozed_until_ms: reader.snoozed_until(proposal.id)?,
            prompt_read_at_ms: reader.prompt_read_at(proposal.id)?,
            to_check: ending::to_check(reader, me, facts)?,
            check: Some(check(reader, facts)?),
        })
    }
}

/// Which case moved the entity first: the log says that this one was superseded, and the
/// last change executed on the same target before that is why.
fn superseded_by(reader: &Reader<'_>, facts: &CaseFacts) -> Result<Option<String>, Failure> {
    let superseded = facts.newest(|body| match body.event {
        LogEvent::CaseSuperseded { .. } => Some(body.at_ms),
        _ => None,
    });
    let Some(at_ms) = superseded else { return Ok(None) };
    let target = facts.proposal.action.target().to_string();
    let since = facts.proposal.created_at_ms;
    let executed = reader.executed_on_target_since(&target, since)?;
    let before = executed
        .iter()
        .rev()
        .find(|other| other.at_ms <= at_ms && other.proposal != facts.proposal.id);
    Ok(before.map(|other| other.proposal.to_string()))
}
