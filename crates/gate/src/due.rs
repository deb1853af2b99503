//! What is due, for whoever adds to the log without the shell: it comes before whatever else
//! happens at a moment, or every desktop finds that it was left out.

use crate::{
    changes::Changes,
    core::Reading,
    ledger::{Ledger, LedgerError},
};
use countersign_model::TimestampMs;
use countersign_replay::{View as _, time::fire};

/// Fires every timer that is due by `at`, soonest first, in one transaction.
///
/// # Errors
/// [`LedgerError`]; nothing was changed.
pub(crate) fn pass_time(ledger: &mut Ledger, at: TimestampMs) -> Result<(), LedgerError> {
    ledger.in_one(|ledger, tx| {
        for (due, proposal) in Reading::new(ledger, tx).due(at)? {
            let judged = fire(&Reading::new(ledger, tx), due, proposal, at)?;
            let mut changes = Changes::default();
            // Time authorises nothing.
            let _ = changes.take(judged);
            ledger.add(tx, changes, at)?;
        }
        Ok(())
    })
}
