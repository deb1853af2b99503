//! Faults of the relay and of writers as they are kept and shown.

use crate::{case::fault::FaultCode, view::sentence::sentence};
use countersign_model::TimestampMs;
use countersign_store::{FaultRow, Store, StoreError};
use countersign_sync::{Fault, FaultKind};

/// Faults that are over when a later pull does not find them again.
const OVER_WHEN_GONE: &[FaultCode] = &[
    FaultCode::RecordMissing,
    FaultCode::RecordWithheld,
    FaultCode::RecordForeign,
    FaultCode::RecordUnknownWriter,
    FaultCode::RecordBadSignature,
    FaultCode::RecordMalformed,
    FaultCode::RecordUnknownEpoch,
];
/// Faults that leave nothing behind to find again: shown for a while.
const OVER_AFTER_A_WHILE: &[FaultCode] = &[
    FaultCode::RecordRepeated,
    FaultCode::RecordReordered,
    FaultCode::RecordClosed,
    FaultCode::RelayWentBack,
];
/// How long a fault of the second kind is shown.
const WHILE_MS: i64 = 10 * 60_000;

/// Whether a fault of this code is over when a later pull does not find it again.
pub(crate) fn is_over_when_gone(code: &str) -> bool {
    OVER_WHEN_GONE.iter().any(|one| one.as_str() == code)
}

/// Keeps what a pull has found and heals what it has not. `true` if anything changed.
pub(crate) fn settle(
    store: &mut Store,
    found: &[FaultRow],
    now: TimestampMs,
) -> Result<bool, StoreError> {
    let is_found = |code: FaultCode| found.iter().any(|fault| fault.code == code.as_str());
    let open = store.read::<_, StoreError>(|reader| reader.open_fault())?;
    if found.is_empty() && open.is_none() {
        return Ok(false);
    }
    store.transaction(|tx| {
        let mut changed = false;
        for fault in found {
            tracing::warn!(code = %fault.code, "a fault was found");
            changed |= tx.add_fault(fault)?;
        }
        for code in OVER_WHEN_GONE.iter().filter(|code| !is_found(**code)) {
            changed |= tx.heal_fault(code.as_str(), now)?;
        }
        changed |= tx.heal_faults_about_devices(now.plus_ms(-WHILE_MS), now)?;
        let Some(open) = open else { return Ok(changed) };
        let old = now.since_ms(open.at_ms) > WHILE_MS;
        let passing = OVER_AFTER_A_WHILE.iter().find(|code| open.code == code.as_str());
        if let Some(code) = passing.filter(|code| old && !is_found(**code)) {
            changed |= tx.heal_fault(code.as_str(), now)?;
        }
        Ok(changed)
    })
}

/// A fault of the reader as a row.
pub(crate) fn row(fault: &Fault, now: TimestampMs) -> FaultRow {
    let code = match fault.kind {
        FaultKind::Gap { .. } => FaultCode::RecordMissing,
        FaultKind::Withheld { .. } => FaultCode::RecordWithheld,
        FaultKind::Replay { .. } => FaultCode::RecordRepeated,
        FaultKind::Reordered => FaultCode::RecordReordered,
        FaultKind::Forked { .. } => FaultCode::RecordForked,
        FaultKind::ForeignWorkspace => FaultCode::RecordForeign,
        FaultKind::UnknownWriter => FaultCode::RecordUnknownWriter,
        FaultKind::BadSignature => FaultCode::RecordBadSignature,
        FaultKind::Malformed => FaultCode::RecordMalformed,
        FaultKind::UnknownEpoch { .. } => FaultCode::RecordUnknownEpoch,
        FaultKind::CannotOpen => FaultCode::RecordClosed,
        FaultKind::RelayWentBack { .. } => FaultCode::RelayWentBack,
    };
    let at = fault.position;
    let words = match fault.writer {
        Some(writer) => format!("at the relay's position {at}, writer {writer}: {}", fault.kind),
        None => format!("at the relay's position {at}: {}", fault.kind),
    };
    self::fault(code, &words, now)
}

/// A fault as it is kept.
pub(crate) fn fault(code: FaultCode, words: &str, now: TimestampMs) -> FaultRow {
    FaultRow { at_ms: now, code: code.as_str().to_owned(), message: sentence(words) }
}
