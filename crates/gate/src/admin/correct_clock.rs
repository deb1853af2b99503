//! `correct-clock`: an operator says that the newest stamps of the log were in the future.

use super::{AdminError, Office};
use crate::{changes::Changes, clock, core::Reading};
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

/// Lets the log go on from the system's present time. What was done by the wrong clock stands;
/// the entry says since when it was wrong.
///
/// # Errors
/// [`AdminError`]; also when the newest stamp is not in the future.
pub fn correct(data: &Path, why: &str) -> Result<Corrected, AdminError> {
    text::check_chars(why, MAX_TEXT_CHARS)
        .map_err(|error| AdminError::Argument(format!("the reason {error}")))?;
    let mut office = Office::open(data)?;
    let (from, to) = (office.ledger.clock(), clock::now());
    let judged = office.ledger.store().read(|reader| {
        world::clock_corrected(&Reading::new(&office.ledger, reader), why.into(), to)
    })??;
    let mut changes = Changes::default();
    // Correcting the clock authorises nothing.
    let _ = changes.take(judged);
    office.ledger.commit(changes, to)?;
    Ok(Corrected { from, to })
}
