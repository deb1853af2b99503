//! One connection to the relay, what ends it, and what the window hears of it.

use crate::{
    profile::{
        access::{NoMember, lock},
        failure::Broken,
        member::Member,
        random,
    },
    sign::warnings,
    sync::{
        relay::{RelayClient, RelayError},
        shared::{Link, Shared},
        trouble::{LinkTrouble, LocalError},
        watcher::Watcher,
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
    /// It is this device that cannot go on.
    #[error(transparent)]
    Here(#[from] LocalError),
    /// The relay has let go of records, and nothing that the gate signed stands for them.
    #[error("no snapshot stands for what the relay has let go of")]
    CompactedWrongly,
    /// The gate's snapshot is over less than was verified, or over another log.
    #[error("the gate's snapshot does not go on from the log: {0}")]
    LogSetBack(String),
}

/// One connection to the relay.
pub(crate) struct Session {
    pub(crate) relay: Arc<RelayClient>,
    pub(crate) reader: Reader,
    pub(crate) epoch_keys: EpochKeys,
    /// The snapshot that was read on this connection: where it stands, and its own floor.
    pub(crate) snapshot_read: Option<Floor>,
    /// Everything of this device was sent again because the relay ended too early.
    pub(crate) sent_again: bool,
    /// A snapshot was read for this device's own chain on this connection.
    pub(crate) own_chain_read: bool,
}

impl Session {
    pub(super) fn open<W: Watcher>(shared: &Shared<W>) -> Result<Self, LocalError> {
        shared.member(|member| {
            let Member { me, keys, store, epoch_keys, enrolment } = member;
            let stored = store.read::<_, StoreError>(|reader| reader.sync_state())?.reader;
            let state = if stored.is_empty() {
                ReaderState::new(me.workspace)
            } else {
                serde_json::from_slice(&stored).map_err(|_| Broken("stored reader state"))?
            };
            let base = enrolment.relay_url.parse().map_err(|_| Broken("relay address"))?;
            let signer = keys.transport_signer();
            let clock = shared.access.clock.clone();
            let relay = RelayClient::new(base, me.workspace, me.device, signer, clock)
                .map_err(|_| Broken("HTTP client"))?;
            Ok(Self {
                relay: Arc::new(relay),
                reader: Reader::resume(state, me.writer_keys(), epoch_keys.clone()),
                epoch_keys: epoch_keys.clone(),
                snapshot_read: None,
                sent_again: false,
                own_chain_read: false,
            })
        })
    }
}

/// Changes the link and tells the window, if anything that it shows is different.
pub(super) fn set_link<W: Watcher>(shared: &Shared<W>, change: impl FnOnce(&mut Link)) {
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
        |link: &Link| warnings::clock_skew(TimestampMs::from_millis(0), None, link.clock_hint_ms);
    let shown = |link: &Link| (link.online, link.trouble.clone(), skew(link).is_some());
    if shown(&before) != shown(&after) {
        shared.tell_connection();
    }
}

/// What of it a person should hear of; being offline is no trouble, nor is not being a member
/// yet.
pub(super) fn trouble_of(error: SyncError) -> Option<LinkTrouble> {
    Some(match error {
        SyncError::Here(LocalError::NoMember(NoMember::NotEnrolled)) => return None,
        SyncError::Here(error) => LinkTrouble::Here(Arc::new(error)),
        SyncError::CompactedWrongly => LinkTrouble::Compacted,
        SyncError::LogSetBack(words) => LinkTrouble::LogSetBack(words),
        SyncError::Relay(RelayError::Refused { status, code }) => match status.as_u16() {
            401 | 403 => LinkTrouble::NotAdmitted(code),
            409 => LinkTrouble::Conflict,
            _ => LinkTrouble::Refused { status, code },
        },
        SyncError::Relay(RelayError::Later { wait, code }) => LinkTrouble::Busy { wait, code },
        SyncError::Relay(RelayError::Full { code }) => LinkTrouble::Full(code),
        SyncError::Relay(RelayError::Unreadable) => LinkTrouble::Unreadable,
        SyncError::Relay(
            // It let records go while it was asked: the next pass begins from the snapshot.
            RelayError::Compacted(_)
            | RelayError::Unreachable(_)
            | RelayError::Silent
            | RelayError::TooSlow
            | RelayError::Unsigned,
        ) => return None,
    })
}

/// Between half of a delay and one and a half, so that many devices do not return at once.
pub(super) fn jittered(delay: Duration) -> Duration {
    let byte = random::bytes::<1>().map_or(128, |[byte]| byte);
    delay / 2 + delay * u32::from(byte) / 255
}
