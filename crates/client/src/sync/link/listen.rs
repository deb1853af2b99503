//! The live tail, beside everything else: it says when there may be something to pull, and
//! that the relay lives. Nothing waits for it: until its first word has come through, which a
//! proxy on the way may keep back, pages are asked for every other second.

use crate::sync::{
    link::session::{FIRST_BACKOFF, SyncError, jittered},
    relay::{RelayClient, RelayError},
};
use countersign_model::causes::in_full;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};

/// How often a relay without a live tail is asked.
const POLL_EVERY: Duration = Duration::from_secs(2);
/// A tail that has not said a word is reopened at least this often.
const LAST_REST: Duration = Duration::from_secs(60);

/// Listens on one connection.
pub(super) struct Listener {
    relay: Arc<RelayClient>,
    /// Where the reader stands, once something was pulled.
    cursor: watch::Sender<Option<u64>>,
    /// A tail that speaks is relied on.
    trusted: bool,
    /// The tail has said something and is relied on: its silence ends the connection.
    live: AtomicBool,
    news: Notify,
}

impl Listener {
    /// A tail that is not `trusted` is a hint and no more: pages are asked for as without it.
    pub(super) fn new(relay: &Arc<RelayClient>, trusted: bool) -> Self {
        Self {
            relay: Arc::clone(relay),
            cursor: watch::Sender::new(None),
            trusted,
            live: AtomicBool::new(false),
            news: Notify::new(),
        }
    }

    /// There may be something to pull.
    pub(super) fn there_may_be_news(&self) {
        self.news.notify_one();
    }

    /// Waits until there may be something to pull after the cursor.
    pub(super) async fn wait_for_news(&self, cursor: u64) {
        self.cursor.send_replace(Some(cursor));
        if self.live.load(Ordering::Relaxed) {
            self.news.notified().await;
        } else {
            let _ = timeout(POLL_EVERY, self.news.notified()).await;
        }
    }

    /// Listens until a tail that had come through ends or falls silent.
    ///
    /// # Errors
    /// What ended it.
    pub(super) async fn run(&self) -> Result<(), SyncError> {
        let mut rest = FIRST_BACKOFF;
        loop {
            let asked = match self.listen().await {
                Ok(()) => return Ok(()),
                Err(error) if self.live.load(Ordering::Relaxed) => return Err(error.into()),
                // No tail is free; pages are.
                Err(RelayError::Later { wait, .. }) => wait,
                // No tail at all, or nothing of it comes through. Pages tell whether the
                // relay can be reached.
                Err(error) => {
                    tracing::debug!(error = in_full(&error), "no live tail");
                    Duration::ZERO
                }
            };
            sleep(asked.max(jittered(rest))).await;
            rest = (rest * 2).min(LAST_REST);
        }
    }

    /// One tail from its beginning to its end.
    async fn listen(&self) -> Result<(), RelayError> {
        let mut places = self.cursor.subscribe();
        let Ok(place) = places.wait_for(Option::is_some).await.map(|place| *place) else {
            return Ok(());
        };
        let mut tail = self.relay.tail(place.unwrap_or_default()).await?;
        while tail.says_something().await? {
            self.live.store(self.trusted, Ordering::Relaxed);
            self.there_may_be_news();
        }
        // The end of a tail that was never alive says as little as its silence.
        if self.live.load(Ordering::Relaxed) { Ok(()) } else { Err(RelayError::Silent) }
    }
}
