//! Faults of the relay and of writers as they are kept and shown.

use crate::view::{ProblemView, problem::sentence};
use countersign_model::TimestampMs;
use countersign_store::{FaultRow, Store};
use countersign_sync::{Fault, FaultKind};
use std::collections::BTreeSet;

/// What can be done about any fault.
pub(crate) const FAULT_HINTS: &[&str] = &[
    "What was verified before is still right and can be decided on.",
    "Show this to an administrator; compare the checkpoint with a colleague's.",
];

/// Faults that are over when a later pull does not find them again.
const OVER_WHEN_GONE: &[&str] = &[
    "record_missing",
    "record_withheld",
    "record_foreign",
    "record_unknown_writer",
    "record_bad_signature",
    "record_malformed",
    "record_unknown_epoch",
];
/// Faults that leave nothing behind to find again: shown for a while.
const OVER_AFTER_A_WHILE: &[&str] =
    &["record_repeated", "record_reordered", "record_closed", "relay_went_back"];
/// How long a fault of the second kind is shown.
const WHILE_MS: i64 = 10 * 60_000;

/// Whether a fault of this code is over when a later pull does not find it again.
pub(crate) fn is_over_when_gone(code: &str) -> bool {
    OVER_WHEN_GONE.contains(&code)
}

/// Keeps what a pull has found and heals what it has not. `true` if anything changed.
pub(crate) fn settle(
    store: &mut Store,
    found: &[FaultRow],
    now: TimestampMs,
) -> Result<bool, ProblemView> {
    let codes: BTreeSet<&str> = found.iter().map(|fault| fault.code.as_str()).collect();
    let open = store.read::<_, ProblemView>(|reader| Ok(reader.open_fault()?))?;
    if found.is_empty() && open.is_none() {
        return Ok(false);
    }
    store.transaction(|tx| {
        let mut changed = false;
        for fault in found {
            tracing::warn!(code = %fault.code, "a fault was found");
            changed |= tx.add_fault(fault)?;
        }
        for code in OVER_WHEN_GONE.iter().filter(|code| !codes.contains(**code)) {
            changed |= tx.heal_fault(code, now)?;
        }
        changed |= tx.heal_faults_about_devices(now.plus_ms(-WHILE_MS), now)?;
        let Some(open) = open else { return Ok(changed) };
        let old = now.since_ms(open.at_ms) > WHILE_MS;
        if old
            && OVER_AFTER_A_WHILE.contains(&open.code.as_str())
            && !codes.contains(open.code.as_str())
        {
            changed |= tx.heal_fault(&open.code, now)?;
        }
        Ok(changed)
    })
}

/// A fault of the reader as a row.
pub(crate) fn row(fault: &Fault, now: TimestampMs) -> FaultRow {
    let code = match fault.kind {
        FaultKind::Gap { .. } => "record_missing",
        FaultKind::Withheld { .. } => "record_withheld",
        FaultKind::Replay { .. } => "record_repeated",
        FaultKind::Reordered => "record_reordered",
        FaultKind::Forked { .. } => "record_forked",
        FaultKind::ForeignWorkspace => "record_foreign",
        FaultKind::UnknownWriter => "record_unknown_writer",
        FaultKind::BadSignature => "record_bad_signature",
        FaultKind::Malformed => "record_malformed",
        FaultKind::UnknownEpoch { .. } => "record_unknown_epoch",
        FaultKind::CannotOpen => "record_closed",
        FaultKind::RelayWentBack { .. } => "relay_went_back",
    };
    let at = fault.position;
    let words = match fault.writer {
        Some(writer) => format!("at the relay's position {at}, writer {writer}: {}", fault.kind),
        None => format!("at the relay's position {at}: {}", fault.kind),
    };
    self::fault(code, &words, now)
}

/// A fault as it is kept.
pub(crate) fn fault(code: &str, words: &str, now: TimestampMs) -> FaultRow {
    FaultRow { at_ms: now, code: code.into(), message: sentence(words) }
}
