//! Log entries of a case in words, each with an inclusion proof that this device makes
//! from its own hashes and checks against the root that the gate signed.

use crate::{
    log_replica::ReplicaHashes,
    member::Me,
    names,
    problem::internal,
    view::{ProblemView, TimelineView},
};
use countersign_audit::tree;
use countersign_model::{
    Action, Roster,
    entry::{Entry, EntryBody, EntryKind, ExecutionStatus},
};
use countersign_store::Reader;

/// The timeline for the window.
pub(crate) fn view(
    reader: &Reader<'_>,
    me: &Me,
    entries: &[(u64, Entry)],
) -> Result<Vec<TimelineView>, ProblemView> {
    entries.iter().map(|(seq, entry)| line(reader, me, *seq, entry)).collect()
}

fn line(
    reader: &Reader<'_>,
    me: &Me,
    seq: u64,
    entry: &Entry,
) -> Result<TimelineView, ProblemView> {
    let bytes = entry.to_bytes().map_err(|_| internal("log entry"))?;
    let leaf = tree::leaf_hash(&bytes);
    let head = reader.log_head()?;
    let included_in = head.and_then(|head| {
        let stored = ReplicaHashes(reader);
        let proof = tree::prove_inclusion(head.size, seq, &stored).ok()?;
        tree::verify_inclusion(&proof, head.size, head.root, seq, leaf).ok()?;
        Some(head.size)
    });
    let body = &entry.body;
    Ok(TimelineView {
        seq,
        at_ms: body.at_ms.millis(),
        action: names::wire(&body.action),
        actor: names::actor(&me.roster, &body.actor),
        words: words(body, &me.roster),
        request_ids: body
            .platform
            .as_ref()
            .map(|platform| platform.request_ids.clone())
            .unwrap_or_default(),
        included_in,
        leaf: leaf.to_string(),
    })
}

fn words(body: &EntryBody, roster: &Roster) -> String {
    let who = || names::actor(roster, &body.actor);
    match body.action {
        EntryKind::RosterAccepted => "The roster changed.".into(),
        EntryKind::ProposalReceived => "The draft was taken in and signed as a proposal.".into(),
        EntryKind::DraftRefused => "A draft was refused.".into(),
        EntryKind::VerdictIssued => match body.flags.len() {
            0 => "Policy was evaluated.".into(),
            1 => "Policy was evaluated; one rule fired.".into(),
            fired => format!("Policy was evaluated; {fired} rules fired."),
        },
        EntryKind::DecisionAccepted => format!("The decision of {} counts.", who()),
        EntryKind::DecisionRefused => {
            let why = body.decision.as_ref().and_then(|decision| decision.refusal);
            let why = why.map_or("", countersign_model::decision::Refusal::words);
            format!("The decision of {} does not count. {why}", who()).trim_end().into()
        }
        EntryKind::ChangeAuthorized => {
            format!("Enough people have signed. Authorised: {}.", amount(body.change.as_ref()))
        }
        EntryKind::ExecutionIntended => {
            format!("About to set the budget to {}.", amount(body.change.as_ref()))
        }
        EntryKind::ExecutionFinished => finished(body),
        EntryKind::CaseRejected => format!("{} rejected the proposal.", who()),
        EntryKind::ChangesRequested => format!("{} sent it back to the agent.", who()),
        EntryKind::CaseExpired => "Nobody decided in time.".into(),
        EntryKind::DeadlinePassed => "The deadline passed; the case stays open.".into(),
        EntryKind::CaseSuperseded => "Another change moved the campaign first.".into(),
    }
}

fn finished(body: &EntryBody) -> String {
    let Some(platform) = &body.platform else { return "The execution ended.".into() };
    let found = platform.read_back.as_ref();
    match platform.status {
        ExecutionStatus::Applied => format!("Applied; the platform reads back {}.", amount(found)),
        ExecutionStatus::NotApplied => "Nothing was changed on the platform.".into(),
        ExecutionStatus::Stale => {
            "The campaign had changed in the meantime; nothing was changed.".into()
        }
        ExecutionStatus::Mismatch => format!(
            "The platform reads back {}, which is not what was sent. A person must look.",
            amount(found)
        ),
    }
}

fn amount(action: Option<&Action>) -> String {
    match action {
        Some(Action::BudgetChange(change)) => change.after.to_string(),
        None => "an unknown amount".into(),
    }
}
