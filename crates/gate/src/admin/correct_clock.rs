//! `correct-clock`: an operator says that the newest stamps of the log were in the future.

use super::{
    AdminError, Office,
    order::{Done, HandOver, LedgerOrder},
};
use crate::{changes::Changes, core::Reading, ledger::Ledger};
use countersign_model::{TimestampMs, reason::MAX_TEXT_CHARS, text};
use countersign_replay::world;
use std::path::Path;

/// What was done.
pub struct Corrected {
    /// The newest stamp before.
    pub from: TimestampMs,
    /// The stamp that the log goes on from.
    pub to: TimestampMs,
}

/// Lets the log go on from the system's present time, whether or not a gate serves. What was
/// done by the wrong clock stands; the entry says since when it was wrong.
///
/// # Errors
/// [`AdminError`]; also when the newest stamp is not in the future.
pub async fn correct(data: &Path, why: &str) -> Result<Corrected, AdminError> {
    let mut office = Office::open(data).await?;
    match office.decide(LedgerOrder::CorrectClock { why: why.into() }).await? {
        HandOver::Nothing {} => {}
        _ => return Err(AdminError::Foreign),
    }
    match office.commit().await? {
        Done::Clock { from_ms, to_ms } => Ok(Corrected { from: from_ms, to: to_ms }),
        _ => Err(AdminError::Foreign),
    }
}

pub(super) fn check(why: &str) -> Result<(), AdminError> {
    text::check_chars(why, MAX_TEXT_CHARS)
        .map_err(|error| AdminError::Argument(format!("the reason {error}")))
}

/// Takes the log's clock back to the system's time `to`.
pub(super) fn commit(
    ledger: &mut Ledger,
    why: String,
    to: TimestampMs,
) -> Result<Done, AdminError> {
    let from = ledger.clock();
    let judged = ledger
        .store()
        .read(|reader| world::clock_corrected(&Reading::new(ledger, reader), why, to))??;
    let mut changes = Changes::default();
    // Correcting the clock authorises nothing.
    let _ = changes.take(judged);
    ledger.commit(changes, to)?;
    Ok(Done::Clock { from_ms: from, to_ms: to })
}
