//! Writes list rows, a few cases per transaction, so that nobody who types waits for long:
//! those of cases whose facts have changed, and all of them when their form or the roster has.
//! What is still to be written is in the store, so a crash forgets nothing.

use crate::{
    case::{
        contain::{DeviceError, TakeError},
        filed,
    },
    lists::{
        inbox,
        notices::Told,
        notify::{self, Moment},
    },
    profile::{failure::Failure, member::Me},
    view::number::count,
};
use countersign_model::{ProposalId, TimestampMs, causes::in_full};
use countersign_store::{MetaKey, StoreError, Tx};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// The form of the list rows; raise it when `InboxRow` or the search words change.
const FORM: &[u8] = b"6";
/// Cases of one transaction.
const MAX_CASES: u32 = 25;
/// How long one transaction goes on taking up cases: someone who is typing waits for it.
const WITHIN: Duration = Duration::from_millis(8);

/// A walk through all cases, the newest first, as it is kept in the store.
#[derive(Default, Serialize, Deserialize)]
struct Sweep {
    /// The case that was reached.
    after: Option<ProposalId>,
    /// Documents are taken in again too: a new roster may admit who signed before it.
    harvest: bool,
}

/// What one transaction has written; to be told once it is stored.
#[derive(Default)]
pub(crate) struct Written {
    /// Cases that the window should hear of.
    pub(crate) cases: BTreeSet<ProposalId>,
    /// What a person must hear of.
    pub(crate) told: Vec<Told>,
    /// There is more of the kind to be written.
    pub(crate) more: bool,
}

/// Begins to rewrite all rows if their form has changed with the app. Those of before are
/// read as they are until then.
pub(crate) fn follow_form(tx: &Tx<'_>) -> Result<(), Failure> {
    let form = tx.meta(MetaKey::ProjectionForm)?;
    if form.is_some_and(|form| form.as_slice() == FORM) {
        return Ok(());
    }
    tx.put_meta(MetaKey::ProjectionForm, FORM)?;
    let harvest = sweep(tx)?.is_some_and(|sweep| sweep.harvest);
    Ok(put_sweep(tx, &Sweep { after: None, harvest })?)
}

/// Begins to judge all cases again under another roster.
pub(crate) fn follow_roster(tx: &Tx<'_>) -> Result<(), DeviceError> {
    put_sweep(tx, &Sweep { after: None, harvest: true })
}

/// Writes rows of cases whose facts have changed.
pub(crate) fn write_due(tx: &Tx<'_>, me: &Me, moment: &Moment) -> Result<Written, Failure> {
    let due = tx.due_cases(MAX_CASES)?;
    if due.is_empty() {
        return Ok(Written::default());
    }
    let begun = Instant::now();
    let (mut cases, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for one in due {
        project(tx, me, one.proposal, moment.at)?;
        tx.remove_due(one.proposal)?;
        cases.insert(one.proposal);
        if one.refused {
            refused.insert(one.proposal);
        }
        if begun.elapsed() > WITHIN {
            break;
        }
    }
    let more = !tx.due_cases(1)?.is_empty();
    // One notice speaks for all cases of its kind, so it waits for the last of them.
    let told = if more {
        notify::note(tx, me, &cases, &refused)?
    } else {
        notify::apply(tx, me, &cases, &refused, moment)?
    };
    Ok(Written { cases, told, more })
}

/// Takes the sweep a few cases further, if there is one.
pub(crate) fn sweep_on(tx: &Tx<'_>, me: &Me, moment: &Moment) -> Result<Written, Failure> {
    let Some(Sweep { after, harvest }) = sweep(tx)? else { return Ok(Written::default()) };
    let cases = tx.documented_cases(after, MAX_CASES)?;
    let begun = Instant::now();
    let (mut reached, mut changed) = (None, BTreeSet::new());
    for case in &cases {
        if harvest {
            harvest_case(tx, me, *case, moment.at)?;
        }
        let before = tx.case_summary(*case)?;
        project(tx, me, *case, moment.at)?;
        if tx.case_summary(*case)? != before {
            changed.insert(*case);
        }
        reached = Some(*case);
        if begun.elapsed() > WITHIN {
            break;
        }
    }
    let more = count(cases.len()) == MAX_CASES || reached != cases.last().copied();
    if more {
        put_sweep(tx, &Sweep { after: reached, harvest })?;
    } else {
        tx.remove_meta(MetaKey::ProjectionSweep)?;
    }
    let told = if harvest { notify::note(tx, me, &changed, &BTreeSet::new())? } else { vec![] };
    Ok(Written { cases: changed, told, more })
}

/// Writes a case's row. A case whose row cannot be made is left as it was: it must not hold up
/// the others, nor the records that come after it.
fn project(tx: &Tx<'_>, me: &Me, case: ProposalId, now: TimestampMs) -> Result<(), Failure> {
    match tx.attempt(|tx| inbox::project(tx, me, case, now)) {
        Err(failure) if !is_of_the_store(&failure) => {
            tracing::warn!(%case, %failure, "a case's row cannot be written");
            Ok(())
        }
        other => other.map(drop),
    }
}

/// Whether this device's store is in the way, and not something of one case.
const fn is_of_the_store(failure: &Failure) -> bool {
    match failure {
        Failure::Store(error) => match error {
            StoreError::DiskFull
            | StoreError::Damaged(_)
            | StoreError::Range(_)
            | StoreError::Engine(_) => true,
            StoreError::Contradiction(_) => false,
        },
        Failure::Random(_) | Failure::Broken(_) => false,
    }
}

/// Takes in what waits in a case; what cannot be taken does not hold up the others.
fn harvest_case(
    tx: &Tx<'_>,
    me: &Me,
    case: ProposalId,
    now: TimestampMs,
) -> Result<(), DeviceError> {
    match filed::harvest(tx, me, case, now) {
        Ok(()) => Ok(()),
        Err(TakeError::Device(error)) => Err(error),
        Err(TakeError::Content(why)) => {
            tracing::warn!(%case, why = in_full(&why), "what waits in a case cannot be taken in");
            Ok(())
        }
    }
}

fn sweep(tx: &Tx<'_>) -> Result<Option<Sweep>, Failure> {
    let bytes = tx.meta(MetaKey::ProjectionSweep)?;
    // One that cannot be read is started over, with all that it may have had to do.
    let read = |bytes: &[u8]| {
        serde_json::from_slice(bytes).unwrap_or(Sweep { after: None, harvest: true })
    };
    Ok(bytes.as_deref().map(|bytes| read(bytes)))
}

fn put_sweep(tx: &Tx<'_>, sweep: &Sweep) -> Result<(), DeviceError> {
    let bytes = serde_json::to_vec(sweep).map_err(|_| DeviceError::READER_STATE)?;
    Ok(tx.put_meta(MetaKey::ProjectionSweep, &bytes)?)
}
