//! Faults of the relay and of writers as they are kept and shown.

use crate::view::{
    ProblemView,
    problem::{Code, sentence},
};
use countersign_model::TimestampMs;
use countersign_store::{FaultRow, Store};
use countersign_sync::{Fault, FaultKind};

/// What can be done about any fault.
pub(crate) const FAULT_HINTS: &[&str] = &[
    "What was verified before is still right and can be decided on.",
    "Show this to an administrator; compare the checkpoint with a colleague's.",
];

/// Faults that are over when a later pull does not find them again.
const OVER_WHEN_GONE: &[Code] = &[
    Code::RecordMissing,
    Code::RecordWithheld,
    Code::RecordForeign,
    Code::RecordUnknownWriter,
    Code::RecordBadSignature,
    Code::RecordMalformed,
    Code::RecordUnknownEpoch,
];
/// Faults that leave nothing behind to find again: shown for a while.
const OVER_AFTER_A_WHILE: &[Code] =
    &[Code::RecordRepeated, Code::RecordReordered, Code::RecordClosed, Code::RelayWentBack];
/// How long a fault of the second kind is shown.
const WHILE_MS: i64 = 10 * 60_000;

/// Whether a fault of this code is over when a later pull does not find it again.
pub(crate) fn is_over_when_gone(code: &str) -> bool {
    OVER_WHEN_GONE.iter().any(|one| *one == code)
}

/// The code of a stored fault. Only another version of the app can have stored one that is unknown.
pub(crate) fn code_of(fault: &FaultRow) -> Code {
    fault.code.parse().unwrap_or(Code::Internal)
}

/// Keeps what a pull has found and heals what it has not. `true` if anything changed.
pub(crate) fn settle(
    store: &mut Store,
    found: &[FaultRow],
    now: TimestampMs,
) -> Result<bool, ProblemView> {
    let is_found = |code: Code| found.iter().any(|fault| code == fault.code.as_str());
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
        for code in OVER_WHEN_GONE.iter().filter(|code| !is_found(**code)) {
            changed |= tx.heal_fault(code.as_str(), now)?;
        }
        changed |= tx.heal_faults_about_devices(now.plus_ms(-WHILE_MS), now)?;
        let Some(open) = open else { return Ok(changed) };
        let old = now.since_ms(open.at_ms) > WHILE_MS;
        let passing = OVER_AFTER_A_WHILE.iter().find(|code| **code == open.code.as_str());
        if let Some(code) = passing.filter(|code| old && !is_found(**code)) {
            changed |= tx.heal_fault(code.as_str(), now)?;
        }
        Ok(changed)
    })
}

/// A fault of the reader as a row.
pub(crate) fn row(fault: &Fault, now: TimestampMs) -> FaultRow {
    let code = match fault.kind {
        FaultKind::Gap { .. } => Code::RecordMissing,
        FaultKind::Withheld { .. } => Code::RecordWithheld,
        FaultKind::Replay { .. } => Code::RecordRepeated,
        FaultKind::Reordered => Code::RecordReordered,
        FaultKind::Forked { .. } => Code::RecordForked,
        FaultKind::ForeignWorkspace => Code::RecordForeign,
        FaultKind::UnknownWriter => Code::RecordUnknownWriter,
        FaultKind::BadSignature => Code::RecordBadSignature,
        FaultKind::Malformed => Code::RecordMalformed,
        FaultKind::UnknownEpoch { .. } => Code::RecordUnknownEpoch,
        FaultKind::CannotOpen => Code::RecordClosed,
        FaultKind::RelayWentBack { .. } => Code::RelayWentBack,
    };
    let at = fault.position;
    let words = match fault.writer {
        Some(writer) => format!("at the relay's position {at}, writer {writer}: {}", fault.kind),
        None => format!("at the relay's position {at}: {}", fault.kind),
    };
    self::fault(code, &words, now)
}

/// A fault as it is kept.
pub(crate) fn fault(code: Code, words: &str, now: TimestampMs) -> FaultRow {
    FaultRow { at_ms: now, code: code.as_str().to_owned(), message: sentence(words) }
}
