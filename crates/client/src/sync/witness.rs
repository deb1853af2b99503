//! This device as a witness: it cosigns the heads of the log that it has verified, and
//! compares what other devices have cosigned with its own entries. A gate that shows two
//! histories is found by whoever sees both.

use crate::{
    case::log_replica::ReplicaHashes,
    profile::{
        failure::Broken,
        member::{Me, Member},
    },
    sign::outgoing::Sealer,
    sync::{shared::Shared, trouble::LocalError, watcher::Watcher},
};
use countersign_audit::{cosignature, tree};
use countersign_document::RecordBody;
use countersign_model::{DeviceId, Digest, TimestampMs};
use countersign_store::{LogHead, MetaKey, Reader, StoreError, Tx};
use serde::{Deserialize, Serialize};

/// A head is cosigned at most this often, in milliseconds, unless the log grows fast.
const PAUSE_MS: i64 = 10 * 60 * 1_000;
/// A log that grew by this many entries is cosigned before the pause is over.
const MANY_ENTRIES: u64 = 64;

/// The head that this device has cosigned last.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Last {
    size: u64,
    at_ms: TimestampMs,
}

/// Cosigns the newest verified head, if it is time to; `true` if there is something to send.
///
/// The key in memory signs: a cosignature says what this device saw and decides nothing, so
/// nobody is asked, and its first line keeps it from being anything else.
pub(crate) fn cosign<W: Watcher>(shared: &Shared<W>) -> Result<bool, LocalError> {
    let now = shared.now();
    shared.member(|Member { me, keys, store, epoch_keys, .. }| {
        let Some(head) = store.read(|reader| due_head(reader, now))? else { return Ok(false) };
        let name = cosignature::key_name(me.workspace, me.device);
        let time_s = u64::try_from(now.millis() / 1_000).map_err(|_| Broken("clock"))?;
        let signer = keys.transport_signer();
        let note = cosignature::cosign(&head.note, &name, time_s, signer.as_ref())
            .map_err(|_| Broken("cosignature"))?;
        let last = serde_json::to_vec(&Last { size: head.size, at_ms: now })
            .map_err(|_| Broken("cosignature"))?;
        let sealer = Sealer::new(me, keys, epoch_keys)?;
        store.transaction::<_, LocalError>(|tx| {
            let carries = Digest::of(note.as_bytes());
            sealer.queue(tx, &RecordBody::Cosignature { note }, carries)?;
            Ok(tx.put_meta(MetaKey::Cosigned, &last)?)
        })?;
        tracing::debug!(entries = head.size, "the log's head is cosigned");
        Ok(true)
    })
}

/// The head to be cosigned now: at once when a person has signed a decision that waits to be
/// sent, else after a pause or many entries.
fn due_head(reader: &Reader<'_>, now: TimestampMs) -> Result<Option<LogHead>, StoreError> {
    let last = reader.meta(MetaKey::Cosigned)?;
    let last: Option<Last> = last.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let signed = reader.held_count()? > 0;
    let is_due = |size: u64| match last {
        None => size > 0,
        Some(last) => is_time(last, size, signed, now),
    };
    Ok(reader.log_head()?.filter(|head| is_due(head.size)))
}

fn is_time(last: Last, size: u64, signed: bool, now: TimestampMs) -> bool {
    let grown = size.saturating_sub(last.size);
    // A clock that was set back must not end the witnessing.
    let paused = !(0..PAUSE_MS).contains(&now.since_ms(last.at_ms));
    grown > 0 && (signed || paused || grown >= MANY_ENTRIES)
}

/// Compares what another device has cosigned with the entries that are here. The words of a
/// fault if the log's key has signed two roots over as many entries; what does not verify
/// says nothing.
pub(crate) fn compare(
    tx: &Tx<'_>,
    me: &Me,
    writer: DeviceId,
    note: &str,
) -> Result<Option<String>, StoreError> {
    if writer == me.device || note.len() > cosignature::MAX_COSIGNED_BYTES {
        return Ok(None);
    }
    let Some(witness) = cosignature::witnessed([note], &me.roster).into_iter().next() else {
        tracing::debug!(%writer, "what came as a cosignature is not one");
        return Ok(None);
    };
    let here = tx.log_head()?.map_or(0, |head| head.size);
    if witness.size > here {
        // Entries that were not shown here, or are still on their way.
        tracing::debug!(%writer, entries = witness.size, here, "a device has seen more of the log");
        return Ok(None);
    }
    match tree::root(witness.size, &ReplicaHashes(tx)) {
        Ok(root) if root == witness.root => Ok(None),
        Ok(_) => Ok(Some(format!(
            "the log was shown in two forms: over its first {} entries the device {} holds another signed root than this one",
            witness.size, witness.device
        ))),
        Err(error) => {
            tracing::warn!(%error, "a cosignature cannot be compared");
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_cosigned_seldom_and_never_twice() {
        let last = Last { size: 100, at_ms: TimestampMs::from_millis(1_000_000) };
        let at = |ms: i64| TimestampMs::from_millis(1_000_000 + ms);
        for (size, signed, ms, due) in [
            (101, false, 1_000, false),
            (101, true, 1_000, true),
            (101, false, PAUSE_MS - 1, false),
            (101, false, PAUSE_MS, true),
            (100 + MANY_ENTRIES - 1, false, 1_000, false),
            (100 + MANY_ENTRIES, false, 1_000, true),
            (101, false, -1, true),
            (100, true, PAUSE_MS, false),
            (99, true, PAUSE_MS, false),
        ] {
            assert_eq!(is_time(last, size, signed, at(ms)), due, "{size} {signed} {ms}");
        }
    }
}
