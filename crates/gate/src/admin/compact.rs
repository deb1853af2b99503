//! `compact`: makes a snapshot now and has the relay let go of what it stands for.

use super::{AdminError, Office};
use crate::{
    clock,
    compact::{Bench, Prepared},
    config::Config,
    courier,
    relay::Relay,
};
use std::{path::Path, sync::Arc};

/// What was done.
pub struct Compacted {
    /// The relay's position up to which it was compacted; none when there was nothing to do.
    pub floor: Option<u64>,
    /// How many records the snapshot holds.
    pub kept: u64,
    /// How many the relay has let go of besides.
    pub left_out: u64,
}

/// Compacts the relay while the gate is stopped. What a stop cut off is finished first.
///
/// # Errors
/// [`AdminError`]; what was done stands, and running it again goes on.
pub async fn compact(
    data: &Path,
    config: &Config,
    keep_days: Option<u32>,
) -> Result<Compacted, AdminError> {
    let mut office = Office::open(data)?;
    let keep_days = keep_days.unwrap_or(config.compaction.keep_ended_days);
    let identity = Arc::clone(office.ledger.identity());
    let bench = Bench {
        relay: Relay::new(config.relay_url.clone(), Arc::clone(&identity))?,
        store: Arc::clone(office.ledger.store()),
        identity,
        roster: office.ledger.roster().clone(),
    };
    deliver(&bench).await?;
    let now = clock::now();
    let Some(prepared) = bench.prepare(keep_days, 1, now).await? else {
        return Ok(Compacted { floor: None, kept: 0, left_out: 0 });
    };
    let Prepared { changes, floor, kept, left_out } = prepared;
    let at = office.ledger.moment(now);
    office.ledger.commit(changes, at)?;
    deliver(&bench).await?;
    bench.store.write(|tx| tx.set_compaction_looked_at(now))?;
    Ok(Compacted { floor: Some(floor), kept, left_out })
}

/// Sends what waits and raises the floor to the newest snapshot.
async fn deliver(bench: &Bench) -> Result<(), AdminError> {
    courier::deliver_all(&bench.relay, &bench.store, &bench.roster).await?;
    bench.finish().await?;
    Ok(())
}
