//! One connection to the relay, what ends it, and what the window hears of it.

use crate::{
    profile::{access::lock, member::Member, random},
    sign::decide,
    sync::{
        relay::{RelayClient, RelayError},
        shared::{Link, Shared},
        shell::Shell,
    },
    view::{
        ProblemView,
        problem::{Code, internal, problem},
    },
};
use countersign_model::TimestampMs;
use countersign_store::StoreError;
use countersign_sync::{EpochKeys, Reader, ReaderState, wire::Floor};
use std::{sync::Arc, time::Duration};

/// The first pause after a connection ended.
pub(super) const FIRST_BACKOFF: Duration = Duration::from_millis(400);

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

impl Session {
    pub(super) fn open<S: Shell>(shared: &Shared<S>) -> Result<Self, ProblemView> {
        shared.member(|member| {
            let Member { me, keys, store, epoch_keys, enrolment } = member;
            let stored = store.read::<_, StoreError>(|reader| reader.sync_state())?.reader;
            let state = if stored.is_empty() {
                ReaderState::new(me.workspace)
            } else {
                serde_json::from_slice(&stored).map_err(|_| internal("stored reader state"))?
            };
            let base = enrolment.relay_url.parse().map_err(|_| internal("relay address"))?;
            let signer = keys.transport_signer();
            let clock = shared.access.clock.clone();
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
pub(super) fn set_link<S: Shell>(shared: &Shared<S>, change: impl FnOnce(&mut Link)) {
    let (before, after) = {
        let mut link = lock(&shared.link);
        let before = link.clone();
        change(&mut link);
        (before, link.clone())
    };
    if before.online != after.online {
        // How long a held decision can be recalled depends on the network.
        shared.tell_cases(&shared.held_cases());
        shared.tick.notify_one();
    }
    let skew =
        |link: &Link| decide::clock_skew(TimestampMs::from_millis(0), None, link.clock_hint_ms);
    let shown = |link: &Link| (link.online, link.refusal.clone(), skew(link).is_some());
    if shown(&before) != shown(&after) {
        shared.tell_connection();
    }
}

/// A refusal that a person can do something about; being offline is no fault.
pub(super) fn refusal(error: &SyncError) -> Option<ProblemView> {
    match error {
        SyncError::Here(problem) => Some(problem.clone()),
        SyncError::Relay(RelayError::Refused { status, code }) => Some(match status.as_u16() {
            401 | 403 => problem(
                Code::RelayRefusesDevice,
                format!("The relay does not let this device in ({code})."),
                &[
                    "Check this computer's clock: a request must be of these five minutes.",
                    "Ask an administrator whether this device was revoked.",
                ],
            ),
            409 => problem(
                Code::RelayConflict,
                "The relay holds other records under this device's name. Nothing signed here was lost.",
                &[
                    "This happens when a profile folder was copied or restored from a back-up. Ask an administrator to revoke this device, then enrol again.",
                ],
            ),
            _ => problem(
                Code::RelayRefused,
                format!("The relay refused a request ({status}, {code})."),
                &["Tell the relay's operator if it stays so."],
            ),
        }),
        SyncError::Relay(RelayError::Later { wait, code }) => Some(problem(
            Code::RelayBusy,
            format!("The relay asks to wait {} seconds ({code}).", wait.as_secs()),
            &["Nothing is to be done: it is tried again by itself."],
        )),
        SyncError::Relay(RelayError::Full { code }) => Some(problem(
            Code::RelayFull,
            format!(
                "The relay has no room for what this device sends ({code}). It is signed and stays here, and nobody else has it yet."
            ),
            &["Ask the relay's operator for more room; what waits is sent then."],
        )),
        SyncError::Relay(RelayError::Unreadable) => Some(problem(
            Code::RelayUnreadable,
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
pub(super) fn jittered(delay: Duration) -> Duration {
    let byte = random::bytes::<1>().map_or(128, |[byte]| byte);
    delay / 2 + delay * u32::from(byte) / 255
}
