//! Carries records between database, relay and driver; repeats until it succeeds, and can
//! lose nothing, because the outbox and the reader's state are durable. [`Outbox`] is what is
//! delivered, once and in order; here is who repeats it, and who reads.

mod outbox;

pub use outbox::{DeliverError, Outbox};

use crate::{
    core::PageAnswer,
    driver::DriverHandle,
    relay::{Relay, RelayError},
    store::Store,
    tail::Tail,
};
use countersign_model::{Roster, causes::in_full};
use countersign_sync::refusal::Remedy;
use std::{sync::Arc, time::Duration};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// Without a live tail the relay is asked this often.
const POLL: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// So many empty pages in a row are asked for as soon as the tail says that there is news.
const IDLE_NEWS: u32 = 4;
/// Between two failed attempts at most.
const LONGEST_RETRY: Duration = Duration::from_secs(4);
/// The outbox is looked at this often even when nobody says that it has grown.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Delivers the outbox: the device list first, blobs before the records that name them. A new
/// roster's devices are told at once. `relay_knows` is the version that the relay was told.
pub async fn deliver(
    relay: Relay,
    store: Arc<Store>,
    roster: watch::Receiver<Arc<Roster>>,
    relay_knows: watch::Sender<u64>,
    wake: Arc<Notify>,
    stop: CancellationToken,
) {
    let mut pause = FIRST_PAUSE;
    let mut delivery = Delivery::new(relay, store, roster, relay_knows);
    loop {
        let result = delivery.deliver_waiting().await;
        let rest = async {
            match result {
                Ok(()) => {
                    pause = FIRST_PAUSE;
                    let _ = tokio::time::timeout(LONGEST_PAUSE, wake.notified()).await;
                }
                // After a failure only time helps, however much is queued meanwhile.
                Err(error) => {
                    if error.remedy() == Remedy::Room {
                        tracing::error!(error = %in_full(&error), "the relay has no room for this gate's records: desktops learn nothing new until its operator gives more");
                    } else {
                        tracing::warn!(error = %in_full(&error), "records wait for the relay");
                    }
                    tokio::time::sleep(pause.max(error.remedy().pause().unwrap_or_default())).await;
                    pause = (pause * 2).min(LONGEST_RETRY);
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = rest => {}
        }
    }
}

/// Delivers everything that waits, once.
///
/// # Errors
/// [`DeliverError`]; what was delivered stays so.
pub async fn deliver_all(
    relay: &Relay,
    store: &Arc<Store>,
    roster: &Roster,
) -> Result<(), DeliverError> {
    let (_, roster) = watch::channel(Arc::new(roster.clone()));
    let (relay_knows, _) = watch::channel(0);
    Delivery::new(relay.clone(), Arc::clone(store), roster, relay_knows).deliver_waiting().await
}

struct Delivery {
    outbox: Outbox<Relay>,
    roster: watch::Receiver<Arc<Roster>>,
    /// The version whose devices the relay was told; 0 before the first.
    relay_knows: watch::Sender<u64>,
}

impl Delivery {
    const fn new(
        relay: Relay,
        store: Arc<Store>,
        roster: watch::Receiver<Arc<Roster>>,
        relay_knows: watch::Sender<u64>,
    ) -> Self {
        Self { outbox: Outbox::new(relay, store), roster, relay_knows }
    }

    async fn deliver_waiting(&mut self) -> Result<(), DeliverError> {
        self.outbox.begin();
        loop {
            self.tell_devices().await?;
            if !self.outbox.deliver_some().await? {
                return Ok(());
            }
        }
    }

    /// Tells the devices of a roster that the relay was not told yet.
    async fn tell_devices(&self) -> Result<(), DeliverError> {
        let roster = Arc::clone(&self.roster.borrow());
        if *self.relay_knows.borrow() != roster.version {
            self.outbox.relay().put_devices(&roster).await?;
            self.relay_knows.send_replace(roster.version);
        }
        Ok(())
    }
}

/// Fetches what follows the driver's cursor, with the live tail as a hint when to ask.
pub async fn fetch(relay: Relay, store: Arc<Store>, driver: DriverHandle, stop: CancellationToken) {
    let mut pause = FIRST_PAUSE;
    while !stop.is_cancelled() {
        let Some(answer) = driver.reconnected().await else { return };
        let asked = tokio::select! {
            () = stop.cancelled() => return,
            result = follow(&relay, &store, &driver, answer, &mut pause) => match result {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(error = %in_full(&error), "the relay gives no records");
                    error.remedy().pause().unwrap_or_default()
                }
            }
        };
        pause = (pause * 2).min(LONGEST_RETRY);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause.max(asked)) => {}
        }
    }
}

/// Ends with `Ok` only when the driver has ended.
async fn follow(
    relay: &Relay,
    store: &Store,
    driver: &DriverHandle,
    mut place: PageAnswer,
    pause: &mut Duration,
) -> Result<(), DeliverError> {
    let mut tail = Tail::of(relay.clone());
    let mut roster = driver.roster();
    // News of which a page knows nothing are a fault of the relay's; more of them wait longer.
    let mut idle_news = 0;
    loop {
        // Read before the relay is asked: what it is given meanwhile it need not tell of.
        let told = store.read(|reader| reader.relay_head())?;
        let page = match relay.page(place.cursor).await {
            Err(error @ RelayError::Compacted(_)) => {
                let before = place.cursor;
                let Some(answer) = driver.below_floor().await else { return Ok(()) };
                place = answer;
                if place.cursor > before {
                    continue;
                }
                return Err(error.into());
            }
            page => page?,
        };
        *pause = FIRST_PAUSE;
        if page.head < told {
            let Some(answer) = driver.relay_lost().await else { return Ok(()) };
            place = answer;
            continue;
        }
        if roster.has_changed().unwrap_or(false) {
            // What a new device wrote before it was known may be asked for again.
            roster.mark_unchanged();
            let Some(answer) = driver.reconnected().await else { return Ok(()) };
            place = answer;
            continue;
        }
        let is_news = !page.records.is_empty();
        if !page.records.is_empty() || page.head < place.cursor {
            let Some(answer) = driver.page(page).await else { return Ok(()) };
            place = answer;
        } else {
            place.more = false;
        }
        if place.more {
            continue;
        }
        idle_news = if is_news { 0 } else { idle_news + 1 };
        if idle_news > IDLE_NEWS {
            tokio::time::sleep(FIRST_PAUSE).await;
        }
        tail.wait_for_news(place.cursor, POLL).await;
    }
}
