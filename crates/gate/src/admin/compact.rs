//! `compact`: makes a snapshot now and has the relay let go of what it stands for.

use super::{
    AdminError, Office,
    order::{Done, Order},
};
use crate::{
    changes::Changes,
    clock,
    compact::{Bench, Prepared},
    config::Config,
};
use async_trait::async_trait;
use std::path::Path;

pub use super::order::Compacted;

/// Compacts the relay, whether or not a gate serves. What a stop cut off is finished first.
///
/// # Errors
/// [`AdminError`]; what was done stands, and running it again goes on.
pub async fn compact(
    data: &Path,
    config: &Config,
    keep_days: Option<u32>,
) -> Result<Compacted, AdminError> {
    match Office::open(data).await? {
        Office::Own(mut own) => {
            let keep_days = keep_days.unwrap_or(config.compaction.keep_ended_days);
            let bench = own.bench(config)?;
            compact_now(&bench, keep_days, &mut *own).await
        }
        Office::Gate(mut gate) => match gate.carry_out(Order::Compact { keep_days }).await? {
            Done::Compacted(done) => Ok(done),
            _ => Err(AdminError::Foreign),
        },
    }
}

/// Who commits and delivers for a compaction.
#[async_trait]
pub(crate) trait Hands: Send {
    /// Makes changes durable.
    async fn commit(&mut self, changes: Changes) -> Result<(), AdminError>;
    /// Returns when everything that waits is at the relay, and what the newest snapshot stands
    /// for is let go of.
    async fn deliver(&mut self, bench: &Bench) -> Result<(), AdminError>;
}

/// One compaction from its beginning to its end.
///
/// # Errors
/// [`AdminError`]; what was done stands, and doing it again goes on.
pub(crate) async fn compact_now(
    bench: &Bench,
    keep_days: u32,
    hands: &mut impl Hands,
) -> Result<Compacted, AdminError> {
    hands.deliver(bench).await?;
    let now = clock::now();
    let Some(prepared) = bench.prepare(keep_days, 1, now).await? else {
        return Ok(Compacted { floor: None, kept: 0, left_out: 0 });
    };
    let Prepared { changes, floor, kept, left_out } = prepared;
    hands.commit(changes).await?;
    hands.deliver(bench).await?;
    bench.store.write(|tx| tx.set_compaction_looked_at(now))?;
    Ok(Compacted { floor: Some(floor), kept, left_out })
}
