//! What a change of policy would have done: the cases of the last days judged again, under
//! the policy in force and under the change, from facts that this device can reproduce.

use crate::{
    lists::{
        history,
        policies::{self, PoliciesError},
    },
    profile::{
        access::{Access, NoMember},
        clock::millis_since,
        failure::{Broken, Failure},
        member::Me,
    },
    view::{
        LimitChange, PolicyTrial, TrialOutcome, TrialRow, TrialTotal, TrialView, headline, names,
        sentence::sentence,
    },
};
use countersign_model::{
    Digest, Envelope, Outcome, Proposal, ProposalId, Verdict,
    entry::{Entry, LogEvent},
    verdict::Layer,
};
use countersign_policy::{
    Evaluation, Files, PolicyError, PolicyInput, PolicySet, Trailing, describe_limits, with_limit,
};
use countersign_store::{GateEnvelope, ListedCase, Reader};
use std::{collections::BTreeMap, time::Instant};

const DAY_MS: i64 = 86_400_000;
/// The most days that are judged again.
const MAX_DAYS: u32 = 366;
/// The most changed cases that are listed.
const MAX_ROWS: usize = 200;
/// The most limits that are changed at once.
const MAX_CHANGES: usize = 50;

/// A case with the facts that the gate judged it by.
struct Replay {
    proposal: Proposal,
    input: PolicyInput,
}

/// What has been found so far.
#[derive(Default)]
struct Tally {
    cases: u32,
    not_replayable: u32,
    changed: u32,
    was: BTreeMap<Outcome, u32>,
    would_be: BTreeMap<Outcome, u32>,
    rows: Vec<TrialRow>,
}

/// Why a trial is not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrialError {
    #[error("it covers too many days, none, or too many changes")]
    Size,
    #[error("the policy has no limit {key} for the layer {layer}")]
    LimitUnknown {
        /// The limit's name.
        key: String,
        /// The layer's name.
        layer: String,
    },
    #[error("the value of the limit {key} is not a number")]
    LimitValue {
        /// The limit's name.
        key: String,
    },
    #[error(transparent)]
    Policies(#[from] PoliciesError),
}

impl From<PolicyError> for TrialError {
    fn from(error: PolicyError) -> Self {
        Self::Policies(error.into())
    }
}

impl From<NoMember> for TrialError {
    fn from(error: NoMember) -> Self {
        Self::Policies(error.into())
    }
}

impl From<Failure> for TrialError {
    fn from(error: Failure) -> Self {
        Self::Policies(error.into())
    }
}

/// Runs a trial.
pub(crate) fn run(access: &Access, trial: &PolicyTrial) -> Result<TrialView, TrialError> {
    let begun = Instant::now();
    if trial.days == 0 || trial.days > MAX_DAYS || trial.limits.len() > MAX_CHANGES {
        return Err(TrialError::Size);
    }
    let (bundle, _) = policies::newest(access)?;
    let present = PolicySet::from_files(&bundle.files)?;
    let changed = changed_set(&bundle.files, &trial.limits)?;
    let since = (access.clock)().plus_ms(-i64::from(trial.days) * DAY_MS);
    let mut tally = Tally::default();
    history::each_page::<_, TrialError>(access, since, replays, |replays| {
        for replay in replays {
            tally.take(replay, &present, &changed);
        }
    })?;
    Ok(TrialView {
        cases: tally.cases,
        not_replayable: tally.not_replayable,
        changed: tally.changed,
        totals: totals(&tally.was, &tally.would_be),
        rows: tally.rows,
        conflicts: changed.conflicts().iter().map(|one| sentence(&one.words)).collect(),
        took_ms: millis_since(begun),
    })
}

impl Tally {
    fn take(&mut self, replay: Option<Replay>, present: &PolicySet, changed: &PolicySet) {
        let judged = replay.and_then(|replay| {
            let was = present.evaluate(&replay.input).ok()?;
            let would_be = changed.evaluate(&replay.input).ok()?;
            Some((replay, was, would_be))
        });
        let Some((replay, was, would_be)) = judged else {
            self.not_replayable += 1;
            return;
        };
        self.cases += 1;
        *self.was.entry(was.outcome).or_insert(0) += 1;
        *self.would_be.entry(would_be.outcome).or_insert(0) += 1;
        let same = was.outcome == would_be.outcome
            && was.risk_tier == would_be.risk_tier
            && was.quorum == would_be.quorum;
        if same {
            return;
        }
        self.changed += 1;
        if self.rows.len() < MAX_ROWS {
            self.rows.push(row(&replay.proposal, &was, &would_be));
        }
    }
}

/// The policy with other limits; only limits that there are can be changed.
fn changed_set(files: &Files, changes: &[LimitChange]) -> Result<PolicySet, TrialError> {
    let known = describe_limits(files)?;
    let mut changed = files.clone();
    for change in changes {
        let layer: Layer = serde_json::from_value(change.layer.as_str().into())
            .map_err(|_| unknown_limit(change))?;
        if !known.iter().any(|limit| limit.name == change.key) {
            return Err(unknown_limit(change));
        }
        changed = with_limit(&changed, layer, &change.key, &change.value)
            .map_err(|_| TrialError::LimitValue { key: change.key.clone() })?;
    }
    Ok(PolicySet::from_files(&changed)?)
}

fn unknown_limit(change: &LimitChange) -> TrialError {
    TrialError::LimitUnknown { key: change.key.clone(), layer: change.layer.clone() }
}

fn replays(
    reader: &Reader<'_>,
    me: &Me,
    cases: &[ListedCase],
) -> Result<Vec<Option<Replay>>, Failure> {
    cases.iter().map(|case| replay(reader, me, case.proposal)).collect()
}

/// The facts of a case. `None` when they cannot be reproduced: the digest of the facts that
/// the gate judged by is in the log, and another one means other facts.
fn replay(reader: &Reader<'_>, me: &Me, case: ProposalId) -> Result<Option<Replay>, Failure> {
    let proposal = reader.gate_envelope(case, GateEnvelope::Proposal)?;
    let verdict = reader.gate_envelope(case, GateEnvelope::Verdict)?;
    // Both were verified when they were stored; here they are only read back.
    let proposal = proposal
        .and_then(|bytes| Envelope::from_bytes(&bytes).ok()?.peek_unverified::<Proposal>().ok());
    let verdict = verdict
        .and_then(|bytes| Envelope::from_bytes(&bytes).ok()?.peek_unverified::<Verdict>().ok());
    let (Some(proposal), Some(verdict)) = (proposal, verdict) else { return Ok(None) };
    if proposal.workspace != me.workspace {
        return Ok(None);
    }
    let trailing = trailing(reader, &proposal)?;
    let input = PolicyInput::of(&proposal, trailing, verdict.autonomy);
    match commitment(reader, case)? {
        Some(logged) if logged != input.digest() => Ok(None),
        _ => Ok(Some(Replay { proposal, input })),
    }
}

fn trailing(reader: &Reader<'_>, proposal: &Proposal) -> Result<Trailing, Failure> {
    let now = proposal.created_at_ms;
    let target = proposal.action.target().to_string();
    let executed = reader.executed_on_target_since(&target, now.plus_ms(-Trailing::WINDOW_MS))?;
    let before = executed.into_iter().filter(|one| one.at_ms <= now && one.proposal != proposal.id);
    Ok(Trailing::of(before.map(|one| (one.at_ms, one.delta_micros)), now))
}

/// The digest of the facts, as the gate logged it.
fn commitment(reader: &Reader<'_>, case: ProposalId) -> Result<Option<Digest>, Failure> {
    for (_, bytes) in reader.log_entries_of(case)? {
        // Verified when it was stored: its form is not asked again for every case there is.
        let entry: Entry =
            serde_json::from_slice(&bytes).map_err(|_| Broken("stored log entry"))?;
        if let LogEvent::VerdictIssued { input_commitment, .. } = entry.body.event {
            return Ok(Some(input_commitment));
        }
    }
    Ok(None)
}

fn row(proposal: &Proposal, was: &Evaluation, would_be: &Evaluation) -> TrialRow {
    let headline = proposal.action.headline();
    TrialRow {
        proposal: proposal.id.to_string(),
        diff: headline::rows(&headline),
        campaign: headline.name(),
        created_at_ms: proposal.created_at_ms.millis(),
        was: outcome(was),
        would_be: outcome(would_be),
    }
}

fn outcome(evaluation: &Evaluation) -> TrialOutcome {
    TrialOutcome {
        outcome: names::wire(&evaluation.outcome),
        risk_tier: names::wire(&evaluation.risk_tier),
        roles: evaluation.quorum.iter().map(|group| group.role.to_string()).collect(),
    }
}

/// Every outcome, the mildest first.
fn totals(was: &BTreeMap<Outcome, u32>, would_be: &BTreeMap<Outcome, u32>) -> Vec<TrialTotal> {
    [Outcome::Allow, Outcome::Escalate, Outcome::Hold, Outcome::Block]
        .into_iter()
        .map(|outcome| TrialTotal {
            outcome: names::wire(&outcome),
            was: was.get(&outcome).copied().unwrap_or(0),
            would_be: would_be.get(&outcome).copied().unwrap_or(0),
        })
        .collect()
}
