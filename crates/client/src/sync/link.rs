//! The background work: send what is unsent, take in what is new, fetch evidence, listen to
//! the live tail, and say honestly how it stands. These go on beside each other: none waits
//! for an answer that another one wants.

use crate::sync::{
    alarm, follow,
    link::{
        evidence::Fetcher,
        listen::Listener,
        pass::Pass,
        send::Sender,
        session::{FIRST_BACKOFF, Session, SyncError, jittered, set_link, trouble_of},
    },
    relay::RelayError,
    shared::Shared,
    watcher::Watcher,
    writing,
};
use countersign_model::causes::in_full;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

mod evidence;
mod listen;
mod pass;
mod pull;
mod send;
mod session;
mod snapshot;

const LAST_BACKOFF: Duration = Duration::from_secs(30);
/// So long a tail is no more than a hint after one fell silent: something on the way may pass
/// it on in lumps, while pages come through.
const DISTRUST: Duration = Duration::from_secs(10 * 60);
/// From the end of one pass to the next, at least.
const LEAST_PAUSE: Duration = Duration::from_millis(20);

/// Runs until it is told to stop.
pub(crate) async fn run<W: Watcher>(shared: Arc<Shared<W>>, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = connect_for_ever(&shared) => {}
        () = alarm::keep_time(&shared) => {}
        () = writing::keep(&shared) => {}
        () = follow::keep(&shared) => {}
    }
    set_link(&shared, |link| link.online = false);
}

async fn connect_for_ever<W: Watcher>(shared: &Arc<Shared<W>>) {
    let mut backoff = FIRST_BACKOFF;
    let mut distrusted_until = None;
    loop {
        let mut session = match Session::open(shared) {
            Ok(session) => session,
            Err(error) => {
                let trouble = trouble_of(error.into());
                set_link(shared, |link| link.trouble = trouble);
                shared.wake.notified().await;
                continue;
            }
        };
        let mut had_contact = false;
        let trusted = distrusted_until.is_none_or(|until| until <= Instant::now());
        let listener = Listener::new(&session.relay, trusted);
        let ended = keep_connected(shared, &mut session, &listener, &mut had_contact).await;
        if matches!(ended, Err(SyncError::Relay(RelayError::Silent))) {
            distrusted_until = Some(Instant::now() + DISTRUST);
        }
        if had_contact {
            backoff = FIRST_BACKOFF;
        }
        if let Err(error) = &ended {
            tracing::debug!(error = in_full(error), "the connection ended");
        }
        let (asked, rest) = match &ended {
            Err(SyncError::Relay(RelayError::Later { wait, .. })) => (*wait, backoff),
            // Only its operator makes room, and says so to nobody here.
            Err(SyncError::Relay(RelayError::Full { .. })) => (Duration::ZERO, LAST_BACKOFF),
            _ => (Duration::ZERO, backoff),
        };
        set_link(shared, |link| {
            link.online = false;
            link.clock_hint_ms = session.relay.clock_hint_ms().or(link.clock_hint_ms);
            link.trouble = ended.err().and_then(trouble_of);
        });
        // What the relay asks for is kept, whatever happens here meanwhile.
        sleep(asked).await;
        tokio::select! {
            () = sleep(jittered(rest)) => {}
            () = shared.wake.notified() => {}
        }
        backoff = (backoff * 2).min(LAST_BACKOFF);
    }
}

/// One connection from beginning to end.
async fn keep_connected<W: Watcher>(
    shared: &Arc<Shared<W>>,
    session: &mut Session,
    listener: &Listener,
    had_contact: &mut bool,
) -> Result<(), SyncError> {
    let mut sender = Sender::new(shared, &session.relay);
    let fetcher = Fetcher::new(shared, &session.relay, &session.epoch_keys);
    Pass { shared, session: &mut *session }.send_first(&mut sender).await?;
    tokio::select! {
        ended = sender.run(listener) => ended,
        ended = take_in_what_comes(shared, session, had_contact, listener, &fetcher) => ended,
        ended = fetcher.run() => ended,
        ended = listener.run() => ended,
    }
}

/// Pulls whenever there may be something, and says after each answer that we are connected.
async fn take_in_what_comes<W: Watcher>(
    shared: &Arc<Shared<W>>,
    session: &mut Session,
    had_contact: &mut bool,
    listener: &Listener,
    fetcher: &Fetcher<'_, W>,
) -> Result<(), SyncError> {
    loop {
        match (Pass { shared, session: &mut *session }).run().await {
            Ok(()) => {}
            // Reading has to wait, and nothing else: what is signed meanwhile is sent.
            Err(SyncError::Relay(later @ RelayError::Later { wait, .. })) => {
                let later = trouble_of(later.into());
                set_link(shared, |link| link.trouble = later);
                sleep(wait + jittered(FIRST_BACKOFF)).await;
                continue;
            }
            Err(error) => return Err(error),
        }
        *had_contact = true;
        set_link(shared, |link| {
            link.online = true;
            link.trouble = None;
            link.last_contact_ms = Some(shared.now());
            link.clock_hint_ms = session.relay.clock_hint_ms();
        });
        fetcher.look();
        listener.wait_for_news(session.reader.cursor()).await;
        // A relay that talks without a pause must not keep this computer busy.
        sleep(LEAST_PAUSE).await;
    }
}
