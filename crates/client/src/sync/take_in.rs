//! Takes in what the relay hands out: each record's content is verified before anything
//! follows from it, and what follows is stored in one transaction with the reader's state, a
//! few records at a time. List rows follow from facts in [`rows`].

use crate::{
    case::{
        contain::{ContentError, DeviceError, TakeError},
        filed::{self, Change},
        halt, log_replica,
    },
    lists::rows,
    profile::member::Me,
    sync::{faults::fault, witness},
};
use countersign_audit::Segment;
use countersign_document::RecordBody;
use countersign_model::{
    DeviceId, Envelope, PolicyBundle, ProposalId, Roster, TimestampMs, causes::in_full,
    roster::RosterError,
};
use countersign_policy::reference_of;
use countersign_store::{DueCase, FaultRow, PolicyBundleRow, QuarantineRow, SyncState, Tx};
use countersign_sync::{Accepted, Reader, wire::Page};
use std::collections::{BTreeMap, BTreeSet};

/// Records of one transaction, and the bytes of their content: an entry of the log costs as
/// much time as a small change of a document.
const MAX_RECORDS: usize = 10;
const MAX_BYTES: usize = 64 * 1024;

/// What came of a part of a page.
#[derive(Debug, Default)]
pub(crate) struct TakenIn {
    /// Cases whose facts have changed.
    cases: BTreeSet<ProposalId>,
    /// Those in which a decision of mine was refused just now.
    refused: BTreeSet<ProposalId>,
    /// The roster to use from now on, if it changed.
    pub(crate) roster: Option<Roster>,
    /// Something was found that must not be hidden: about the gate, or about a device, once
    /// for each code.
    faults: BTreeMap<(Option<DeviceId>, &'static str), FaultRow>,
}

impl TakenIn {
    /// Who I am after it.
    pub(crate) fn me(&self, me: &Me) -> Me {
        let roster = self.roster.as_ref().unwrap_or(&me.roster).clone();
        Me { roster, ..me.clone() }
    }

    /// Whether something was found that must not be hidden.
    pub(crate) fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// Sets something of a record aside: a row that says so, and one fault for its writer.
    fn set_aside(
        &mut self,
        tx: &Tx<'_>,
        me: &Me,
        record: &Accepted,
        why: &ContentError,
        now: TimestampMs,
    ) -> Result<(), DeviceError> {
        let writer = record.header.writer;
        let (code, words) = (why.code(), in_full(why));
        tracing::warn!(%writer, position = record.position, why = %words, "a record was set aside");
        tx.add_quarantine(&QuarantineRow {
            position: record.position,
            writer,
            digest: record.digest,
            why: code.as_str().to_owned(),
            at_ms: now,
        })?;
        // What the gate says wrongly concerns everybody; a device's fault is its own.
        let is_gates = writer == me.roster.gate.device || why.is_about_the_gate();
        let about = (!is_gates).then_some(writer);
        let words = match about {
            None => words,
            Some(writer) => format!("device {writer}: {words}"),
        };
        self.faults.entry((about, code.as_str())).or_insert_with(|| fault(code, &words, now));
        Ok(())
    }
}

/// The parts of a page, one at least, each of which is judged and taken in by itself.
pub(crate) fn parts(Page { records, head }: Page) -> Vec<Page> {
    let mut parts: Vec<Page> = Vec::new();
    let mut bytes = 0;
    for record in records {
        bytes += record.1.len();
        match parts.last_mut() {
            Some(part) if part.records.len() < MAX_RECORDS && bytes <= MAX_BYTES => {
                part.records.push(record);
            }
            _ => {
                bytes = record.1.len();
                parts.push(Page { records: vec![record], head });
            }
        }
    }
    if parts.is_empty() {
        parts.push(Page { records: vec![], head });
    }
    parts
}

/// Takes in the accepted records of a part and stores where the reader stands. Only the
/// device's own failure stops it: what is wrong with a record is set aside with it.
pub(crate) fn take_in(
    tx: &Tx<'_>,
    me: &Me,
    records: &[Accepted],
    reader: &Reader,
    now: TimestampMs,
) -> Result<TakenIn, DeviceError> {
    let mut me = me.clone();
    let mut taken = TakenIn::default();
    for record in records {
        match tx.attempt(|tx| take_record(tx, &me, record, now)) {
            Ok(came) => {
                taken.cases.extend(came.cases);
                taken.refused.extend(came.refused);
                if let Some(roster) = came.roster {
                    me.roster = roster.clone();
                    taken.roster = Some(roster);
                }
                for why in came.aside {
                    taken.set_aside(tx, &me, record, &why, now)?;
                }
            }
            Err(TakeError::Content(why)) => taken.set_aside(tx, &me, record, &why, now)?,
            Err(TakeError::Device(error)) => return Err(error),
        }
    }
    if taken.roster.is_some() {
        rows::follow_roster(tx)?;
    }
    for case in &taken.cases {
        tx.put_due(DueCase { proposal: *case, refused: taken.refused.contains(case) })?;
    }
    for ((about, _), fault) in &taken.faults {
        match about {
            Some(device) => tx.add_fault_about(fault, *device)?,
            None => tx.add_fault(fault)?,
        };
    }
    tx.put_sync_state(&SyncState {
        cursor: reader.cursor(),
        reader: serde_json::to_vec(reader.state()).map_err(|_| DeviceError::READER_STATE)?,
        last_contact_ms: Some(now),
    })?;
    Ok(taken)
}

/// What came of one record.
#[derive(Default)]
struct Came {
    cases: BTreeSet<ProposalId>,
    refused: BTreeSet<ProposalId>,
    roster: Option<Roster>,
    /// What of it was set aside although the rest was taken.
    aside: Vec<ContentError>,
}

fn take_record(
    tx: &Tx<'_>,
    me: &Me,
    record: &Accepted,
    now: TimestampMs,
) -> Result<Came, TakeError> {
    let mut came = Came::default();
    let by_gate = record.header.writer == me.roster.gate.device;
    if record.header.writer == me.device {
        // Pushed before, and the answer was lost: the relay has it all the same.
        tx.mark_delivered(record.header.writer_seq, record.position)?;
    }
    match RecordBody::from_bytes(&record.plaintext)? {
        RecordBody::CaseChange { case, change, blobs } => {
            let change = Change { record, case, bytes: &change, blobs: &blobs };
            came.aside = filed::take_in(tx, me, &change, now)?;
            came.cases.insert(case);
        }
        RecordBody::LogSegment { first_seq, entries, checkpoint } if by_gate => {
            let segment = Segment { first_seq, entries: &entries, checkpoint: &checkpoint };
            let moved = log_replica::take_in(tx, me, segment, now)?;
            came.cases = moved.cases;
            came.refused = moved.refused;
        }
        RecordBody::LogSegment { .. } => return Err(ContentError::ForeignLog.into()),
        RecordBody::Cosignature { note } => {
            if let Some(words) = witness::compare(tx, me, record.header.writer, &note)? {
                return Err(ContentError::LogForked(words).into());
            }
        }
        RecordBody::Roster { envelope } => {
            came.roster = take_roster(tx, me, &envelope)?;
            if by_gate {
                // The log speaks of rosters of before this device was enrolled.
                tx.add_source(&envelope)?;
            }
        }
        RecordBody::Control { envelope } => match halt::take_in(tx, me, &envelope, now) {
            // The gate brings again what it has judged: the log speaks of it, whatever it is.
            Err(TakeError::Content(_)) if by_gate => tx.add_source(&envelope)?,
            taken => taken?,
        },
        RecordBody::Policy { bundle } if by_gate => take_policy(tx, &bundle, now)?,
        RecordBody::Policy { .. } => return Err(ContentError::ForeignPolicy.into()),
        // Whoever has read up to it needs nothing of it.
        RecordBody::Snapshot(_) if by_gate => {}
        RecordBody::Snapshot(_) => return Err(ContentError::ForeignSnapshot.into()),
    }
    Ok(came)
}

/// Keeps the policy's files, if they have the digest that the bundle and the gate's verdicts
/// name them by.
fn take_policy(tx: &Tx<'_>, bytes: &[u8], now: TimestampMs) -> Result<(), TakeError> {
    let bundle = PolicyBundle::from_bytes(bytes).map_err(|_| ContentError::WrongPolicy)?;
    let computed = reference_of(&bundle.files).map_err(|_| ContentError::WrongPolicy)?.digest;
    if computed != bundle.digest {
        return Err(ContentError::WrongPolicy.into());
    }
    // The same policy may be published again, for another time: the log names each.
    tx.add_source(bytes)?;
    tx.put_policy_bundle(&PolicyBundleRow {
        digest: computed,
        bytes: bytes.to_vec(),
        stored_at_ms: now,
    })?;
    Ok(())
}

/// Follows the chain of rosters by one version. A version known already is passed over.
fn take_roster(tx: &Tx<'_>, me: &Me, envelope: &[u8]) -> Result<Option<Roster>, TakeError> {
    let refused = |why: RosterError| TakeError::Content(ContentError::Roster(why));
    let opened = Envelope::from_bytes(envelope).map_err(|error| refused(error.into()))?;
    let claimed = opened.peek_unverified::<Roster>().map_err(|error| refused(error.into()))?;
    if claimed.version <= me.roster.version {
        return Ok(None);
    }
    // Whether the newest has expired is asked when someone wants to decide; on the way to it,
    // a version may be older than its own expiry.
    let always = TimestampMs::from_millis(i64::MIN);
    let next = me.roster.open_next(&opened, always).map_err(refused)?;
    tx.add_roster(next.version, envelope)?;
    Ok(Some(next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Only a record that is large by itself makes a part large.
        #[test]
        fn the_parts_of_a_page_are_small_and_make_it_up(
            sizes in prop::collection::vec(prop_oneof![0usize..4_000, 0..2 * MAX_BYTES], 0..80)
        ) {
            let records: Vec<_> = (1..).zip(sizes).map(|(at, size)| (at, vec![0; size])).collect();
            let parts = parts(Page { records: records.clone(), head: 99 });
            prop_assert!(!parts.is_empty());
            for part in &parts {
                let bytes: usize = part.records.iter().map(|(_, record)| record.len()).sum();
                prop_assert!(part.records.len() <= MAX_RECORDS);
                prop_assert!(bytes <= MAX_BYTES || part.records.len() == 1);
                prop_assert_eq!(part.head, 99);
            }
            let together: Vec<_> = parts.into_iter().flat_map(|part| part.records).collect();
            prop_assert_eq!(together, records);
        }
    }
}
