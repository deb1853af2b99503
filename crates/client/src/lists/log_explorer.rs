//! The audit log as this device holds it: pages of it, one entry with its proofs made and
//! checked now, and the check of all of it.

use crate::{
    case::{
        facts::{CaseUnknown, parse_case},
        log_replica::ReplicaHashes,
        timeline,
    },
    lists::inbox,
    profile::{
        failure::{Broken, Cause, Failure},
        member::Me,
    },
    view::{CheckpointView, LogEntryView, LogPage, LogQuery, LogRowView, names},
};
use countersign_audit::{checkpoint, tree};
use countersign_model::{Digest, ProposalId, entry::Entry};
use countersign_store::{LogHead, Reader};
use std::collections::BTreeMap;

/// The most rows of a page.
const MAX_ROWS: u32 = 500;

/// Why a part of the log cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    #[error(transparent)]
    Case(#[from] CaseUnknown),
    #[error("the entry is not on this device")]
    EntryUnknown,
    #[error(transparent)]
    Failure(Failure),
}

impl<C: Cause> From<C> for LogError {
    fn from(cause: C) -> Self {
        Self::Failure(cause.into())
    }
}

/// A page of the log, newest first.
pub(crate) fn list(reader: &Reader<'_>, me: &Me, query: &LogQuery) -> Result<LogPage, LogError> {
    let limit = query.limit.clamp(1, MAX_ROWS);
    let proposal = query.proposal.as_deref().map(parse_case).transpose()?;
    let action = query.action.map(|kind| names::wire(&kind));
    let found = reader.log_rows(query.before, limit, action.as_deref(), proposal)?;
    let next = found.last().filter(|last| found.len() == limit as usize && last.seq > 0);
    let next = next.map(|last| last.seq);
    let mut campaigns = Campaigns::default();
    let rows = found
        .iter()
        .map(|row| {
            let entry = Entry::from_bytes(&row.bytes).map_err(|_| Broken("stored log entry"))?;
            line(reader, me, &mut campaigns, row.seq, &entry)
        })
        .collect::<Result<_, Failure>>()?;
    Ok(LogPage {
        rows,
        next,
        head: reader.log_head()?.map(|head| head_view(&head)),
        actions: reader
            .log_actions()?
            .iter()
            .map(|name| names::of_wire(name).ok_or(Broken("stored log entry")))
            .collect::<Result<_, Broken>>()?,
    })
}

/// One entry with everything that proves it, checked now.
pub(crate) fn entry(reader: &Reader<'_>, me: &Me, seq: u64) -> Result<LogEntryView, LogError> {
    let (Some(bytes), Some(head)) = (reader.log_entry(seq)?, reader.log_head()?) else {
        return Err(LogError::EntryUnknown);
    };
    let entry = Entry::from_bytes(&bytes).map_err(|_| Broken("stored log entry"))?;
    let leaf = tree::leaf_hash(&bytes);
    let proof = tree::prove_inclusion(head.size, seq, &ReplicaHashes(reader)).unwrap_or_default();
    let keys = me.log_keys();
    let signed = checkpoint::verify(&head.note, &keys.vkey)
        .is_ok_and(|signed| (signed.size, signed.root) == (head.size, head.root));
    let included = tree::verify_inclusion(&proof, head.size, head.root, seq, leaf).is_ok();
    Ok(LogEntryView {
        row: line(reader, me, &mut Campaigns::default(), seq, &entry)?,
        json: String::from_utf8(bytes).map_err(|_| Broken("stored log entry"))?,
        leaf: leaf.to_string(),
        prev_hash: entry.body.prev_hash.to_string(),
        proof: proof.iter().map(Digest::to_string).collect(),
        tree_size: head.size,
        root: head.root.to_string(),
        checkpoint: head.note,
        signature_checked: entry.verify(keys.gate_key).is_ok(),
        inclusion_checked: signed && included,
    })
}

/// A verified head for the window.
pub(crate) fn head_view(head: &LogHead) -> CheckpointView {
    CheckpointView {
        size: head.size,
        root: head.root.to_string(),
        verified_at_ms: head.verified_at_ms.millis(),
    }
}

/// Campaign names by case, each looked up once per page.
type Campaigns = BTreeMap<ProposalId, Option<String>>;

fn line(
    reader: &Reader<'_>,
    me: &Me,
    campaigns: &mut Campaigns,
    seq: u64,
    entry: &Entry,
) -> Result<LogRowView, Failure> {
    let body = &entry.body;
    let proposal = body.event.proposal_id();
    let campaign = match proposal {
        None => None,
        Some(case) => match campaigns.get(&case) {
            Some(known) => known.clone(),
            None => {
                let found = campaign(reader, me, case)?;
                campaigns.insert(case, found.clone());
                found
            }
        },
    };
    Ok(LogRowView {
        seq,
        at_ms: body.at_ms.millis(),
        action: body.event.kind(),
        actor_kind: names::wire(&body.actor.kind),
        actor: names::actor(&me.roster, &body.actor),
        proposal: proposal.map(|case| case.to_string()),
        campaign,
        facts: timeline::facts(body),
        value: timeline::value(body),
    })
}

fn campaign(reader: &Reader<'_>, me: &Me, case: ProposalId) -> Result<Option<String>, Failure> {
    Ok(inbox::stored_row(reader, me, case)?.map(|stored| stored.row.campaign))
}
