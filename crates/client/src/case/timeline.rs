//! Log entries of a case, each with an inclusion proof that this device makes from its own
//! hashes and checks against the root that the gate signed. Codes and numbers, no words:
//! the window has those in its message files.

use crate::{
    case::log_replica::ReplicaHashes,
    profile::{
        failure::{Broken, Failure},
        member::Me,
    },
    view::{FactView, TimelineView, ValueView, headline, names},
};
use countersign_audit::{StoredHashes, tree};
use countersign_model::{
    Digest,
    entry::{Entry, EntryBody, LogEvent},
};
use countersign_store::Reader;

/// A verified log head and the hashes below it.
pub(crate) struct Proven<'a> {
    pub(crate) size: u64,
    pub(crate) root: Digest,
    pub(crate) stored: &'a dyn StoredHashes,
}

/// The timeline for the window.
pub(crate) fn view(
    reader: &Reader<'_>,
    me: &Me,
    entries: &[(u64, Entry)],
) -> Result<Vec<TimelineView>, Failure> {
    let stored = ReplicaHashes(reader);
    let head = reader.log_head()?;
    let proven = head.map(|head| Proven { size: head.size, root: head.root, stored: &stored });
    entries.iter().map(|(seq, entry)| line(proven.as_ref(), me, *seq, entry)).collect()
}

/// An entry, with the size of the tree that it was shown to be in.
pub(crate) fn line(
    proven: Option<&Proven<'_>>,
    me: &Me,
    seq: u64,
    entry: &Entry,
) -> Result<TimelineView, Failure> {
    let bytes = entry.to_bytes().map_err(|_| Broken("log entry"))?;
    let leaf = tree::leaf_hash(&bytes);
    let included_in = proven.and_then(|head| {
        let proof = tree::prove_inclusion(head.size, seq, head.stored).ok()?;
        tree::verify_inclusion(&proof, head.size, head.root, seq, leaf).ok()?;
        Some(head.size)
    });
    let body = &entry.body;
    Ok(TimelineView {
        seq,
        at_ms: body.at_ms.millis(),
        action: body.event.kind(),
        actor_kind: names::wire(&body.actor.kind),
        actor: names::actor(&me.roster, &body.actor),
        facts: facts(body),
        value: value(body),
        request_ids: body
            .event
            .platform()
            .map(|platform| platform.request_ids.clone())
            .unwrap_or_default(),
        included_in,
        leaf: leaf.to_string(),
    })
}

/// What the window's words about an entry need; a fact that does not apply is absent.
pub(crate) fn facts(body: &EntryBody) -> Vec<FactView> {
    let event = &body.event;
    let decision = event.decision();
    let role = body.actor.role.as_ref().map(ToString::to_string);
    let mut found = vec![
        ("decision", decision.map(|one| names::wire(&one.kind))),
        // Of what an operator did there is one reason, which the entry's kind says already.
        (
            "reason",
            event.reason().filter(|_| event.writing().is_none()).map(|one| one.code.clone()),
        ),
        ("role", role),
        ("factor", decision.and_then(|one| one.factor.as_ref()).map(names::wire)),
        ("refusal", event.refusal().map(|why| names::wire(&why))),
    ];
    match event {
        LogEvent::VerdictIssued { flags, policy, .. } => found.extend([
            ("flags", Some(flags.len().to_string())),
            ("policy", Some(policy.version.clone())),
        ]),
        LogEvent::ChangeAuthorized { approvals, .. } => {
            found.push(("signatures", Some(approvals.len().to_string())));
        }
        LogEvent::ExecutionFinished { platform, .. } => found.extend([
            ("status", Some(names::wire(&platform.status))),
            ("code", platform.code.clone()),
        ]),
        LogEvent::ExecutionWaiting { waiting, .. } => {
            found.push(("code", Some(waiting.code.clone())));
        }
        LogEvent::RungClimbed { told, .. } => found.push(("told", Some(told.to_string()))),
        LogEvent::RollbackOpened { of, .. } => found.push(("of", Some(of.to_string()))),
        LogEvent::ProposalReceived { model, .. } => found.push(("model", Some(model.id.clone()))),
        _ => {}
    }
    if let Some((account, credential)) = event.writing() {
        let credential = credential.map(str::to_owned);
        found.extend([
            ("account", Some(account.account_id.to_string())),
            ("credential", credential),
        ]);
    }
    found
        .into_iter()
        .filter_map(|(key, value)| value.map(|value| FactView { key: key.into(), value }))
        .collect()
}

/// The value in question: what the platform holds after an execution, and otherwise the
/// value that the entry is about.
pub(crate) fn value(body: &EntryBody) -> Option<ValueView> {
    let change = match &body.event {
        LogEvent::ExecutionFinished { platform, .. } => platform.read_back.as_ref()?,
        event => event.change()?,
    };
    headline::lead(change)
}
