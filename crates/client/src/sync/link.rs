//! The background work: send what is unsent, take in what is new, fetch evidence, listen to
//! the live tail, and say honestly how it stands. These go on beside each other: none waits
//! for an answer that another one wants.

use crate::{
    engine::controller::{Inner, lock},
    lists::rows,
    profile::member::Member,
    sign::decide,
    sync::{
        alarm, follow,
        link::{evidence::Fetcher, listen::Listener, pass::Pass, send::Sender},
        relay::{RelayClient, RelayError},
        shell::Shell,
    },
    view::{
        ProblemView,
        problem::{internal, problem},
    },
};
use countersign_model::TimestampMs;
use countersign_store::StoreError;
use countersign_sync::{EpochKeys, Reader, ReaderState, wire::Floor};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

mod evidence;
mod faults;
mod listen;
mod pass;
mod send;
mod snapshot;

pub(crate) use faults::FAULT_HINTS;

const FIRST_BACKOFF: Duration = Duration::from_millis(400);
const LAST_BACKOFF: Duration = Duration::from_secs(30);
/// So long a tail is no more than a hint after one fell silent: something on the way may pass
/// it on in lumps, while pages come through.
const DISTRUST: Duration = Duration::from_secs(10 * 60);
/// From the end of one pass to the next, at least.
const LEAST_PAUSE: Duration = Duration::from_millis(20);

/// The link to the relay, as it is in memory.
#[derive(Clone, Default)]
pub(crate) struct Link {
    pub(crate) online: bool,
    pub(crate) last_contact_ms: Option<TimestampMs>,
    /// The relay answers and refuses this device.
    pub(crate) refusal: Option<ProblemView>,
    /// This device's clock minus the relay's; a hint, see [`RelayClient`].
    pub(crate) clock_hint_ms: Option<i64>,
}

/// What ended a connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SyncError {
    #[error(transparent)]
    Relay(#[from] RelayError),
    #[error("this device cannot go on ({})", .0.code)]
    Here(ProblemView),
}

/// One connection to the relay.
pub(crate) struct Session {
    pub(crate) relay: Arc<RelayClient>,
    pub(crate) reader: Reader,
    pub(crate) epoch_keys: EpochKeys,
    /// The snapshot that was read on this connection: where it stands, and its own floor.
    pub(crate) snapshot_read: Option<Floor>,
    /// A snapshot was read for this device's own chain on this connection.
    pub(crate) own_chain_read: bool,
}

impl From<ProblemView> for SyncError {
    fn from(problem: ProblemView) -> Self {
        Self::Here(problem)
    }
}

/// Runs until it is told to stop.
pub(crate) async fn run<S: Shell>(inner: Arc<Inner<S>>, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = connect_for_ever(&inner) => {}
        () = alarm::keep_time(&inner) => {}
        () = rows::keep(&inner) => {}
        () = follow::keep(&inner) => {}
    }
    set_link(&inner, |link| link.online = false);
}

async fn connect_for_ever<S: Shell>(inner: &Arc<Inner<S>>) {
    let mut backoff = FIRST_BACKOFF;
    let mut distrusted_until = None;
    loop {
        let mut session = match Session::open(inner) {
            Ok(session) => session,
            Err(problem) => {
                // Not being a member yet is no fault; what else stands in the way is said.
                let refusal = (problem.code != "not_enrolled").then_some(problem);
                set_link(inner, |link| link.refusal = refusal);
                inner.wake.notified().await;
                continue;
            }
        };
        let mut had_contact = false;
        let trusted = distrusted_until.is_none_or(|until| until <= Instant::now());
        let listener = Listener::new(&session.relay, trusted);
        let ended = keep_connected(inner, &mut session, &listener, &mut had_contact).await;
        if matches!(ended, Err(SyncError::Relay(RelayError::Silent))) {
            distrusted_until = Some(Instant::now() + DISTRUST);
        }
        if had_contact {
            backoff = FIRST_BACKOFF;
        }
        if let Err(error) = &ended {
            tracing::debug!(%error, "the connection ended");
        }
        let (asked, rest) = match &ended {
            Err(SyncError::Relay(RelayError::Later { wait, .. })) => (*wait, backoff),
            // Only its operator makes room, and says so to nobody here.
            Err(SyncError::Relay(RelayError::Full { .. })) => (Duration::ZERO, LAST_BACKOFF),
            _ => (Duration::ZERO, backoff),
        };
        set_link(inner, |link| {
            link.online = false;
            link.clock_hint_ms = session.relay.clock_hint_ms().or(link.clock_hint_ms);
            link.refusal = ended.err().and_then(|error| refusal(&error));
        });
        // What the relay asks for is kept, whatever happens here meanwhile.
        sleep(asked).await;
        tokio::select! {
            () = sleep(jittered(rest)) => {}
            () = inner.wake.notified() => {}
        }
        backoff = (backoff * 2).min(LAST_BACKOFF);
    }
}

/// One connection from beginning to end.
async fn keep_connected<S: Shell>(
    inner: &Arc<Inner<S>>,
    session: &mut Session,
    listener: &Listener,
    had_contact: &mut bool,
) -> Result<(), SyncError> {
    let mut sender = Sender::new(inner, &session.relay);
    let fetcher = Fetcher::new(inner, &session.relay, &session.epoch_keys);
    Pass { inner, session: &mut *session }.send_first(&mut sender).await?;
    tokio::select! {
        ended = sender.run(listener) => ended,
        ended = take_in_what_comes(inner, session, had_contact, listener, &fetcher) => ended,
        ended = fetcher.run() => ended,
        ended = listener.run() => ended,
    }
}

/// Pulls whenever there may be something, and says after each answer that we are connected.
async fn take_in_what_comes<S: Shell>(
    inner: &Arc<Inner<S>>,
    session: &mut Session,
    had_contact: &mut bool,
    listener: &Listener,
    fetcher: &Fetcher<'_, S>,
) -> Result<(), SyncError> {
    loop {
        match (Pass { inner, session: &mut *session }).run().await {
            Ok(()) => {}
            // Reading has to wait, and nothing else: what is signed meanwhile is sent.
            Err(SyncError::Relay(later @ RelayError::Later { wait, .. })) => {
                let later = refusal(&later.into());
                set_link(inner, |link| link.refusal = later);
                sleep(wait + jittered(FIRST_BACKOFF)).await;
                continue;
            }
            Err(error) => return Err(error),
        }
        *had_contact = true;
        set_link(inner, |link| {
            link.online = true;
            link.refusal = None;
            link.last_contact_ms = Some((inner.clock)());
            link.clock_hint_ms = session.relay.clock_hint_ms();
        });
        fetcher.look();
        listener.wait_for_news(session.reader.cursor()).await;
        // A relay that talks without a pause must not keep this computer busy.
        sleep(LEAST_PAUSE).await;
    }
}

impl Session {
    fn open<S: Shell>(inner: &Inner<S>) -> Result<Self, ProblemView> {
        inner.member(|member| {
            let Member { me, keys, store, epoch_keys, enrolment } = member;
            let stored = store.read::<_, StoreError>(|reader| reader.sync_state())?.reader;
            let state = if stored.is_empty() {
                ReaderState::new(me.workspace)
            } else {
                serde_json::from_slice(&stored).map_err(|_| internal("stored reader state"))?
            };
            let base = enrolment.relay_url.parse().map_err(|_| internal("relay address"))?;
            let signer = keys.transport_signer();
            let clock = inner.clock.clone();
            let relay = RelayClient::new(base, me.workspace, me.device, signer, clock)
                .map_err(|_| internal("HTTP client"))?;
            Ok(Self {
                relay: Arc::new(relay),
                reader: Reader::resume(state, me.writer_keys(), epoch_keys.clone()),
                epoch_keys: epoch_keys.clone(),
                snapshot_read: None,
                own_chain_read: false,
            })
        })
    }
}

/// Changes the link and tells the window, if anything that it shows is different.
fn set_link<S: Shell>(inner: &Inner<S>, change: impl FnOnce(&mut Link)) {
    let (before, after) = {
        let mut link = lock(&inner.link);
        let before = link.clone();
        change(&mut link);
        (before, link.clone())
    };
    if before.online != after.online {
        // How long a held decision can be recalled depends on the network.
        inner.tell_cases(&inner.held_cases());
        inner.tick.notify_one();
    }
    let skew =
        |link: &Link| decide::clock_skew(TimestampMs::from_millis(0), None, link.clock_hint_ms);
    let shown = |link: &Link| (link.online, link.refusal.clone(), skew(link).is_some());
    if shown(&before) != shown(&after) {
        inner.tell_connection();
    }
}

/// A refusal that a person can do something about; being offline is no fault.
fn refusal(error: &SyncError) -> Option<ProblemView> {
    match error {
        SyncError::Here(problem) => Some(problem.clone()),
        SyncError::Relay(RelayError::Refused { status, code }) => Some(match status.as_u16() {
            401 | 403 => problem(
                "relay_refuses_device",
                format!("The relay does not let this device in ({code})."),
                &[
                    "Check this computer's clock: a request must be of these five minutes.",
                    "Ask an administrator whether this device was revoked.",
                ],
            ),
            409 => problem(
                "relay_conflict",
                "The relay holds other records under this device's name. Nothing signed here was lost.",
                &[
                    "This happens when a profile folder was copied or restored from a back-up. Ask an administrator to revoke this device, then enrol again.",
                ],
            ),
            _ => problem(
                "relay_refused",
                format!("The relay refused a request ({status}, {code})."),
                &["Tell the relay's operator if it stays so."],
            ),
        }),
        SyncError::Relay(RelayError::Later { wait, code }) => Some(problem(
            "relay_busy",
            format!("The relay asks to wait {} seconds ({code}).", wait.as_secs()),
            &["Nothing is to be done: it is tried again by itself."],
        )),
        SyncError::Relay(RelayError::Full { code }) => Some(problem(
            "relay_full",
            format!(
                "The relay has no room for what this device sends ({code}). It is signed and stays here, and nobody else has it yet."
            ),
            &["Ask the relay's operator for more room; what waits is sent then."],
        )),
        SyncError::Relay(RelayError::Unreadable) => Some(problem(
            "relay_unreadable",
            "What answers at the relay's address does not speak the relay's language.",
            &["Check the relay's address with an administrator."],
        )),
        SyncError::Relay(
            // It let records go while it was asked: the next pass begins from the snapshot.
            RelayError::Compacted(_)
            | RelayError::Unreachable(_)
            | RelayError::Silent
            | RelayError::TooSlow
            | RelayError::Unsigned,
        ) => None,
    }
}

/// Between half of a delay and one and a half, so that many devices do not return at once.
fn jittered(delay: Duration) -> Duration {
    let byte = crate::profile::random::bytes::<1>().map_or(128, |[byte]| byte);
    delay / 2 + delay * u32::from(byte) / 255
}
