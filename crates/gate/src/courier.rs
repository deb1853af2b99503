//! Carries records between database, relay and driver; repeats until it succeeds, and can
//! lose nothing, because the outbox and the reader's state are durable.

use crate::{
    causes::in_full,
    core::PageAnswer,
    driver::DriverHandle,
    relay::{Relay, RelayError},
    store::{Store, StoreError, WaitingBlob},
    tail::Tail,
};
use countersign_model::Roster;
use countersign_sync::{
    limits::{MAX_BATCH_RECORDS, USUAL_BODY_BYTES},
    refusal::{Code, LONGEST_WAIT, Remedy},
    wire::ITEM_FRAME_BYTES,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// How many records go in one push.
const BATCH: u32 = 128;
/// Without a live tail the relay is asked this often.
const POLL: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// So many empty pages in a row are asked for as soon as the tail says that there is news.
const IDLE_NEWS: u32 = 4;
/// Between two failed attempts at most.
const LONGEST_RETRY: Duration = Duration::from_secs(4);
/// The outbox is looked at this often even when nobody says that it has grown.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Why one round of delivering or reading ended.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// The relay.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

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

impl DeliverError {
    const fn remedy(&self) -> Remedy {
        match self {
            Self::Relay(error) => error.remedy(),
            Self::Store(_) => Remedy::Other,
        }
    }
}

struct Delivery {
    relay: Relay,
    store: Arc<Store>,
    roster: watch::Receiver<Arc<Roster>>,
    /// The version whose devices the relay was told; 0 before the first.
    relay_knows: watch::Sender<u64>,
    /// The relay has no room for blobs; records go on without them.
    no_blobs_until: Option<Instant>,
}

impl Delivery {
    const fn new(
        relay: Relay,
        store: Arc<Store>,
        roster: watch::Receiver<Arc<Roster>>,
        relay_knows: watch::Sender<u64>,
    ) -> Self {
        Self { relay, store, roster, relay_knows, no_blobs_until: None }
    }

    async fn deliver_waiting(&mut self) -> Result<(), DeliverError> {
        let mut again = false;
        loop {
            self.tell_devices().await?;
            // What is queued from here on waits for the next push, and holds up none.
            let (waiting, blobs) = self.store.read(|reader| {
                Ok::<_, StoreError>((reader.waiting_records(BATCH)?, reader.waiting_blobs()?))
            })?;
            self.deliver_blobs(&blobs).await?;
            let sizes = waiting.iter().map(|record| record.sealed.len() as u64);
            let fitting = count_fitting(sizes);
            let batch: Vec<_> = waiting.into_iter().take(fitting).collect();
            let Some(last) = batch.last().map(|record| record.writer_seq) else { return Ok(()) };
            let count = batch.len();
            let sealed: Vec<_> = batch.into_iter().map(|record| record.sealed).collect();
            let pushed = match self.relay.push(&sealed).await {
                Err(RelayError::Refused { code: Code::Gap, .. }) if !again => {
                    // The relay lost what it had: it gets everything of the gate's again.
                    tracing::warn!("the relay has lost records of the gate: all are sent again");
                    again = true;
                    self.store.write(|tx| tx.deliver_again())?;
                    continue;
                }
                pushed => pushed?,
            };
            // A mark that is lost is made again: the relay knows what it has.
            let head = pushed.head;
            if self.store.write_unsynced(|tx| tx.mark_records_delivered(last, head))? {
                tracing::debug!(count, head, "records delivered to the relay");
            } else {
                tracing::warn!("the relay has lost records: all of the gate's are sent again");
            }
        }
    }

    /// Tells the devices of a roster that the relay was not told yet.
    async fn tell_devices(&self) -> Result<(), DeliverError> {
        let roster = Arc::clone(&self.roster.borrow());
        if *self.relay_knows.borrow() != roster.version {
            self.relay.put_devices(&roster).await?;
            self.relay_knows.send_replace(roster.version);
        }
        Ok(())
    }

    /// Evidence goes first. Where there is no room for it, the records go all the same: a stop
    /// or an outcome must not wait for a picture, and desktops say what they miss.
    async fn deliver_blobs(&mut self, waiting: &[WaitingBlob]) -> Result<(), DeliverError> {
        if self.no_blobs_until.is_some_and(|until| Instant::now() < until) {
            return Ok(());
        }
        let mut rest = waiting;
        while !rest.is_empty() {
            let fitting = count_fitting(rest.iter().map(|blob| blob.size_bytes));
            let (some, later) = rest.split_at(fitting);
            let sealed = self.store.read(|reader| {
                let bytes = some.iter().map(|blob| reader.sealed_blob(blob.digest));
                bytes.collect::<Result<Vec<_>, _>>()
            })?;
            match self.relay.put_blobs(&sealed).await {
                Err(error) if error.remedy() == Remedy::Room => {
                    tracing::error!(error = %in_full(&error), "the relay has no room for evidence: cases go on without it until its operator gives more");
                    self.no_blobs_until = Some(Instant::now() + LONGEST_WAIT);
                    return Ok(());
                }
                sent => sent?,
            }
            self.store.write_unsynced(|tx| tx.mark_blobs_delivered(some))?;
            rest = later;
        }
        self.no_blobs_until = None;
        Ok(())
    }
}

/// How many of these fit into one request of usual size; the first always does.
fn count_fitting(sizes: impl Iterator<Item = u64>) -> usize {
    let mut sum = 0;
    let fits = |(place, size): &(usize, u64)| {
        sum += size + ITEM_FRAME_BYTES as u64;
        *place == 0 || sum <= USUAL_BODY_BYTES
    };
    sizes.take(MAX_BATCH_RECORDS).enumerate().take_while(fits).count()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_as_large_as_usual_or_holds_one_item() {
        let count = |sizes: &[u64]| count_fitting(sizes.iter().copied());
        assert_eq!(count(&[]), 0);
        assert_eq!(count(&[4_000_000, 1]), 1);
        assert_eq!(count(&[USUAL_BODY_BYTES - 10, 0, 1]), 2);
        assert_eq!(count(&[1; 2 * MAX_BATCH_RECORDS]), MAX_BATCH_RECORDS);
    }
}
