//! Compaction of the relay: the gate reads what the relay holds as a new device does, puts
//! what is kept into sealed packs, and publishes a snapshot that names them. Only when the
//! snapshot's record is at the relay does the floor rise to it.
//!
//! Every step is durable before the next: packs are noted before they are sent; record,
//! snapshot and what is to be let go are one transaction; the floor and the letting go are
//! repeated until they are done. A crash before the floor leaves everything as it was.
//!
//! Reading order: [`Bench::prepare`] reads and packs, the caller commits, [`Bench::finish`]
//! raises the floor; [`keep`] holds the rules, `sift` reads and `packs` seals, both through
//! [`Shelves`]; `timer` does it by itself ([`keep_compact`]).

pub mod keep;
mod packs;
mod shelves;
mod sift;
mod timer;

pub use shelves::Shelves;
pub use timer::keep_compact;

use crate::{
    changes::Changes,
    core::READER,
    identity::Identity,
    keys::Random,
    relay::{Relay, RelayError},
    store::{MadeSnapshot, Store, StoreError},
};
use countersign_document::{RecordBody, Snapshot};
use countersign_model::{DeviceId, PublicKey, Roster, TimestampMs, time::HOUR_MS};
use countersign_sync::{
    FaultKind, ReaderState, SealedRecord, limits::MAX_DROPPED_BLOBS, wire::Floor,
};
use keep::Keeper;
use sift::Sifting;
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::watch;

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * HOUR_MS;

/// What making a snapshot needs.
#[derive(Clone)]
pub struct Bench<S = Relay> {
    /// The relay.
    pub relay: S,
    /// The gate's database.
    pub store: Arc<Store>,
    /// Who the gate is.
    pub identity: Arc<Identity>,
    /// The roster in force, now and later.
    pub roster: watch::Receiver<Arc<Roster>>,
    /// Where the nonces of packs come from.
    pub random: Random,
}

/// A snapshot whose packs are at the relay; nothing is changed before its changes are
/// committed.
pub struct Prepared {
    /// What is to be committed, by itself.
    pub changes: Changes,
    /// The relay's position up to which it stands.
    pub floor: u64,
    /// How many records are in it.
    pub kept: u64,
    /// How many more the relay will let go of.
    pub left_out: u64,
}

impl Prepared {
    /// What is published.
    #[must_use]
    pub fn snapshot(&self) -> Option<&RecordBody> {
        self.changes.records.first()
    }
}

/// Why no snapshot was made, or its floor not raised. Everything is as it was.
#[derive(Debug, thiserror::Error)]
pub enum CompactError {
    /// The relay.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the relay holds is not what was written.
    #[error(
        "what the relay holds does not hold together: at its position {position}, {kind}; nothing was compacted"
    )]
    Records {
        /// Where.
        position: u64,
        /// What is wrong.
        kind: FaultKind,
    },
    /// The earlier snapshot cannot be read.
    #[error("the relay does not return the gate's earlier snapshot: {0}; nothing was compacted")]
    Earlier(&'static str),
    /// More than a snapshot can name.
    #[error("a snapshot would have {packs} packs, more than one can name; nothing was compacted")]
    TooLarge {
        /// How many.
        packs: usize,
    },
    /// Sealing failed.
    #[error("a pack cannot be sealed: {0}")]
    Seal(String),
}

impl<S: Shelves> Bench<S> {
    /// Reads what the relay holds and packs what is kept. `None` when fewer than `least`
    /// records came since the last snapshot, and while a relay that has lost records is not
    /// filled again: should it lose them once more, nothing would tell.
    ///
    /// # Errors
    /// [`CompactError`].
    pub async fn prepare(
        &self,
        keep_days: u32,
        least: u64,
        now: TimestampMs,
    ) -> Result<Option<Prepared>, CompactError> {
        self.store.write(|tx| tx.drop_unused_packs())?;
        if self.store.read(|reader| reader.relay_head())? == 0 {
            return Ok(None);
        }
        let floor = self.settled()?;
        let earlier = self.earlier().await?;
        let begins = earlier.as_ref().map_or(0, |(at, _)| at.snapshot);
        if floor < begins.saturating_add(least.max(1)) {
            return Ok(None);
        }
        let ended = now.plus_ms(-i64::from(keep_days) * DAY_MS);
        let roster = Roster::clone(&self.roster.borrow());
        let writers = writer_keys(&roster, &self.identity);
        let keeper = Keeper::new(Arc::clone(&self.store), roster, ended)?;
        let mut sifting = Sifting::new(self, floor, keeper, writers);
        if let Some((_, snapshot)) = &earlier {
            sifting.take_snapshot(snapshot).await?;
        }
        sifting.take_pages().await?;
        Ok(Some(sifting.finish().await?))
    }

    /// Raises the floor to the newest snapshot and lets go of what it does not need. `false`
    /// while the snapshot's record waits for the relay.
    ///
    /// # Errors
    /// [`CompactError`]; what was done stands and is gone on with the next time.
    pub async fn finish(&self) -> Result<bool, CompactError> {
        let (made, waiting) = self.store.read(|reader| {
            Ok::<_, StoreError>((reader.made_snapshot()?, reader.waiting_records(1)?))
        })?;
        // What a void one would let go of goes with the next one.
        let Some(made) = made.filter(|made| !made.void) else { return Ok(true) };
        if !made.in_force {
            if waiting.first().is_some_and(|first| first.writer_seq <= made.writer_seq) {
                return Ok(false);
            }
            self.raise_floor(made).await?;
        }
        loop {
            let blobs = self.store.read(|reader| reader.blobs_to_drop(MAX_DROPPED_BLOBS))?;
            if blobs.is_empty() {
                return Ok(true);
            }
            self.relay.drop_blobs(&blobs).await?;
            self.store.write(|tx| tx.forget_dropped(&blobs))?;
        }
    }

    /// The relay knows the snapshot's record by its bytes and says where it has it.
    async fn raise_floor(&self, made: MadeSnapshot) -> Result<(), CompactError> {
        let record = self.store.read(|reader| reader.record(made.writer_seq))?;
        let record = record.ok_or(StoreError::Damaged("the newest snapshot has no record"))?;
        let pushed = self.relay.push(&[record]).await?;
        let Some(snapshot) = pushed.positions.first().copied() else {
            return Err(RelayError::Answer("no position for a record".into()).into());
        };
        let mut reached = 0;
        while reached < made.floor {
            let step = self.relay.put_floor(Floor { floor: made.floor, snapshot }).await?;
            if step.floor <= reached {
                return Err(RelayError::Answer("the floor does not rise".into()).into());
            }
            reached = step.floor;
        }
        self.store.write(|tx| tx.set_made_snapshot(MadeSnapshot { in_force: true, ..made }))?;
        tracing::info!(floor = made.floor, snapshot, "the relay has let go of what was compacted");
        Ok(())
    }

    /// Up to where the gate has taken everything in.
    fn settled(&self) -> Result<u64, StoreError> {
        let Some(bytes) = self.store.read(|reader| reader.meta(READER))? else { return Ok(0) };
        let state: ReaderState = serde_json::from_slice(&bytes)
            .map_err(|_| StoreError::Damaged("the place in the relay's records"))?;
        Ok(state.settled())
    }

    /// The snapshot that the relay begins with, checked to be this gate's.
    async fn earlier(&self) -> Result<Option<(Floor, Snapshot)>, CompactError> {
        let at = match self.relay.page(0).await {
            Ok(_) => return Ok(None),
            Err(RelayError::Compacted(at)) => at,
            Err(error) => return Err(error.into()),
        };
        let page = self.relay.page(at.snapshot.saturating_sub(1)).await?;
        let record = page.records.first().filter(|(position, _)| *position == at.snapshot);
        let record = record.and_then(|(_, bytes)| SealedRecord::decode(bytes).ok());
        let opened = record.filter(|record| {
            record.header().workspace == self.identity.workspace
                && record.header().writer == self.identity.device
                && record.verify(&self.identity.log_keys.gate_key).is_ok()
        });
        let opened = opened.ok_or(CompactError::Earlier("its record is not the gate's"))?;
        let keys = [self.identity.epoch.clone()].into_iter().collect();
        let plain = opened.open(&keys).ok().and_then(|plain| RecordBody::from_bytes(&plain).ok());
        match plain {
            // The relay may be on its way to the floor.
            Some(RecordBody::Snapshot(snapshot)) if snapshot.floor >= at.floor => {
                Ok(Some((at, snapshot)))
            }
            _ => Err(CompactError::Earlier("its record is not a snapshot that reaches the floor")),
        }
    }
}

/// Every device that ever was on the roster, and the gate itself.
pub(crate) fn writer_keys(roster: &Roster, identity: &Identity) -> BTreeMap<DeviceId, PublicKey> {
    let people = roster.people.iter().flat_map(|person| &person.devices);
    people
        .map(|device| (device.id, device.signing_key))
        .chain([(identity.device, identity.log_keys.gate_key)])
        .collect()
}
