//! Compacting by itself: as often as the operator wants, by a moment that is kept.

use super::{Bench, CompactError, Prepared};
use crate::{clock, config::CompactionConfig, driver::DriverHandle};
use countersign_model::{causes::in_full, time::HOUR_MS};
use std::{sync::Arc, time::Duration};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// By itself the gate makes a snapshot for no fewer new records than this.
const WORTH_IT: u64 = 256;
/// Between two attempts.
const PAUSE: Duration = Duration::from_secs(5);
/// Whether it is time is looked at this often at least: clocks jump.
const LONGEST_PAUSE: Duration = Duration::from_secs(10 * 60);

/// Compacts by itself, as often as the operator wants, beside everything else that the gate
/// does; takes up what a stop cut off. `compacting` is held while it works, so that an
/// operator's command does not do the same.
pub async fn keep_compact(
    bench: Bench,
    driver: DriverHandle,
    config: CompactionConfig,
    compacting: Arc<Mutex<()>>,
    stop: CancellationToken,
) {
    loop {
        let turn = compacting.lock().await;
        let worked = work(&bench, &driver, config).await;
        drop(turn);
        let rest = match worked {
            Ok(Some(rest)) => rest.clamp(PAUSE, LONGEST_PAUSE),
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(error = %in_full(&error), "the relay was not compacted");
                LONGEST_PAUSE
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(rest) => {}
        }
    }
}

/// Does what is due and says when to look again; `None` when the gate is stopping.
async fn work(
    bench: &Bench,
    driver: &DriverHandle,
    config: CompactionConfig,
) -> Result<Option<Duration>, CompactError> {
    if !bench.finish().await? {
        return Ok(Some(PAUSE));
    }
    let now = clock::now();
    let every_ms = i64::from(config.every_hours) * HOUR_MS;
    let looked_at = bench.store.read(|reader| reader.compaction_looked_at())?;
    let waited_ms = looked_at.map(|at| now.since_ms(at));
    // A clock that was set back must not put it off.
    if let Some(waited_ms) = waited_ms.filter(|waited| (0..every_ms).contains(waited)) {
        let left = u64::try_from(every_ms - waited_ms).unwrap_or(0);
        return Ok(Some(Duration::from_millis(left)));
    }
    // A gate that has never looked begins to count now.
    let prepared = match looked_at {
        Some(_) => bench.prepare(config.keep_ended_days, WORTH_IT, now).await?,
        None => None,
    };
    if let Some(Prepared { changes, floor, kept, left_out }) = prepared {
        if driver.commit(changes).await.is_none() {
            return Ok(None);
        }
        tracing::info!(floor, kept, left_out, "a snapshot was made");
    }
    bench.store.write(|tx| tx.set_compaction_looked_at(now))?;
    Ok(Some(PAUSE))
}
