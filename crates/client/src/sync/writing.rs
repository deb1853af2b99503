//! Writes list rows behind the open window, a transaction at a time, and tells of them.

use crate::{
    lists::{
        notify::Moment,
        rows::{Written, sweep_on, write_due},
    },
    profile::{
        failure::Failure,
        member::{Me, Member},
    },
    sync::{shared::Shared, trouble::LocalError, watcher::Watcher},
};
use countersign_model::causes::in_full;
use countersign_store::Tx;
use std::time::Duration;
use tokio::{task::yield_now, time::timeout};

/// When it is tried again after the store was in the way.
const AGAIN_AFTER: Duration = Duration::from_secs(30);

/// Writes whatever is to be written, for ever.
pub(crate) async fn keep<W: Watcher>(shared: &Shared<W>) {
    loop {
        match step(shared) {
            Ok(true) => yield_now().await,
            Ok(false) => shared.rows.notified().await,
            Err(error) => {
                // Not a member yet, or the store is in the way, which ends without a word.
                tracing::debug!(error = in_full(&error), "no list rows");
                let _ = timeout(AGAIN_AFTER, shared.rows.notified()).await;
            }
        }
    }
}

/// Writes the rows of all cases whose facts have changed and that are not written yet.
pub(crate) async fn settle<W: Watcher>(shared: &Shared<W>) -> Result<(), LocalError> {
    while write(shared, write_due)? {
        yield_now().await;
    }
    Ok(())
}

/// Writes a few rows. `true` while there are more.
pub(crate) fn step<W: Watcher>(shared: &Shared<W>) -> Result<bool, LocalError> {
    Ok(write(shared, write_due)? || write(shared, sweep_on)?)
}

/// Does one transaction's work, then tells of it. `true` while there is more of it.
fn write<W: Watcher>(
    shared: &Shared<W>,
    work: impl FnOnce(&Tx<'_>, &Me, &Moment) -> Result<Written, Failure>,
) -> Result<bool, LocalError> {
    let moment = shared.moment();
    let written = shared
        .member(|Member { me, store, .. }| Ok(store.transaction(|tx| work(tx, me, &moment))?))?;
    let more = written.more;
    tell(shared, written);
    Ok(more)
}

/// Tells of what was written.
pub(crate) fn tell<W: Watcher>(shared: &Shared<W>, written: Written) {
    let Written { cases, told, more } = written;
    shared.tell_cases(&cases);
    shared.tell_notices(told);
    if more {
        shared.tell_counts();
    } else if !cases.is_empty() {
        shared.after_change();
    }
}
