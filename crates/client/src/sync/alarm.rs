//! What happens because time passes, online or not: a snooze ends, a deadline comes near, a
//! hold is over, a notice is due. So lists and counts are right without a click.

use crate::{
    lists::notify,
    profile::member::Member,
    sync::{shared::Shared, trouble::LocalError, watcher::Watcher},
};
use countersign_model::{ProposalId, TimestampMs};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::time::sleep;

/// How often deadlines and paced notices are looked at; holds and snoozes are kept to the moment.
const LOOK_EVERY: Duration = Duration::from_secs(5);
const SHORTEST: Duration = Duration::from_millis(20);

/// Runs for ever.
pub(crate) async fn keep_time<W: Watcher>(shared: &Arc<Shared<W>>) {
    loop {
        let pause = match look(shared) {
            Ok(next) => pause(next, shared.now()),
            // Not a member yet, or the store is in the way: the tick comes when that ends.
            Err(_) => LOOK_EVERY,
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = shared.tick.notified() => {}
        }
    }
}

/// Does what is due, and says when something is due next.
fn look<W: Watcher>(shared: &Shared<W>) -> Result<Option<TimestampMs>, LocalError> {
    let moment = shared.moment();
    let now = moment.at;
    let (woken, told, release, wake) = shared.member(|Member { me, store, .. }| {
        store.transaction::<_, LocalError>(|tx| {
            let woken: BTreeSet<ProposalId> = tx.wake_snoozed(now)?.into_iter().collect();
            let told = notify::apply(tx, me, &woken, &BTreeSet::new(), &moment)?;
            Ok((woken, told, tx.next_release()?, tx.next_wake()?))
        })
    })?;
    shared.tell_cases(&woken);
    shared.tell_notices(told);
    shared.tell_counts();
    shared.tell_halt();
    let is_over = release.is_some_and(|release| release <= now);
    if is_over && shared.is_online() {
        shared.wake.notify_one();
    }
    let release = release.filter(|_| !is_over);
    Ok([release, wake].into_iter().flatten().min())
}

fn pause(next: Option<TimestampMs>, now: TimestampMs) -> Duration {
    let until = next.map_or(i64::MAX, |next| next.since_ms(now));
    let until = Duration::from_millis(u64::try_from(until).unwrap_or(0));
    until.clamp(SHORTEST, LOOK_EVERY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_pause_is_never_nothing_and_never_long(next in proptest::option::of(any::<i64>()), now: i64) {
            let pause = pause(next.map(TimestampMs::from_millis), TimestampMs::from_millis(now));
            prop_assert!((SHORTEST..=LOOK_EVERY).contains(&pause));
        }
    }
}
