//! Evidence, fetched beside everything else, however much there is of it.

use crate::{
    case::fault::FaultCode,
    lists::inbox,
    profile::{
        access::lock,
        failure::Failure,
        member::{Me, Member},
    },
    sync::{
        faults,
        link::session::{FIRST_BACKOFF, SyncError, jittered},
        relay::{RelayClient, RelayError},
        shared::Shared,
        trouble::LocalError,
        watcher::Watcher,
    },
    view::CaseState,
};
use countersign_model::{Digest, ProposalId};
use countersign_store::{Reader, StoreError, WantedEvidence};
use countersign_sync::{EpochKeys, open_blob};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};
use tokio::{sync::Notify, time::sleep};

const MEGABYTE: u64 = 1_000_000;
/// Evidence asked for in one go.
const MAX_BLOBS: u32 = 256;

/// Fetches evidence on one connection.
pub(super) struct Fetcher<'a, W: Watcher> {
    shared: &'a Shared<W>,
    relay: Arc<RelayClient>,
    epoch_keys: EpochKeys,
    /// Sealed evidence that this relay gave and that was not what was named: not asked for
    /// again on this connection.
    wrong_blobs: Mutex<BTreeSet<Digest>>,
    look: Notify,
}

impl<'a, W: Watcher> Fetcher<'a, W> {
    pub(super) fn new(
        shared: &'a Shared<W>,
        relay: &Arc<RelayClient>,
        epoch_keys: &EpochKeys,
    ) -> Self {
        Self {
            shared,
            relay: Arc::clone(relay),
            epoch_keys: epoch_keys.clone(),
            wrong_blobs: Mutex::default(),
            look: Notify::new(),
        }
    }

    /// There may be evidence to fetch.
    pub(super) fn look(&self) {
        self.look.notify_one();
    }

    /// Fetches whenever there may be something, until something is in the way.
    pub(super) async fn run(&self) -> Result<(), SyncError> {
        loop {
            self.look.notified().await;
            match self.fetch().await {
                Err(SyncError::Relay(RelayError::Later { wait, .. })) => {
                    sleep(wait + jittered(FIRST_BACKOFF)).await;
                    self.look();
                }
                other => other?,
            }
        }
    }

    /// Fetches evidence ahead of need, so that everything shows offline: of the cases that
    /// need me first, by deadline. Evidence of open cases may exceed the budget when nothing
    /// of settled ones is left to let go; that of settled ones only fills what is free.
    async fn fetch(&self) -> Result<(), SyncError> {
        let wanted = self.shared.member(|member| {
            Ok(member.store.read::<_, StoreError>(|reader| reader.wanted_evidence(MAX_BLOBS))?)
        })?;
        for want in wanted {
            if lock(&self.wrong_blobs).contains(&want.blob) || !self.make_room(&want)? {
                continue;
            }
            let sealed = match self.relay.blob(want.blob, want.size_bytes).await {
                Ok(sealed) => sealed,
                Err(RelayError::Refused { status, .. }) if status.as_u16() == 404 => {
                    self.do_without(&want)?;
                    continue;
                }
                // More than the gate has named: as wrong as another content.
                Err(RelayError::Unreadable) => vec![],
                Err(error) => return Err(error.into()),
            };
            self.keep(&want, &sealed)?;
        }
        Ok(())
    }

    /// The relay has let go of what a case that ended long ago needed: it is not asked again
    /// before somebody opens the case. Of an open one it may be on its way.
    fn do_without(&self, want: &WantedEvidence) -> Result<(), SyncError> {
        Ok(self.shared.member(|Member { me, store, .. }| {
            store.transaction::<_, LocalError>(|tx| {
                if !is_open(tx, me, want.proposal)? {
                    tx.stop_wanting(want)?;
                }
                Ok(())
            })
        })?)
    }

    /// Whether a piece of evidence may be fetched, after making room for it.
    fn make_room(&self, want: &WantedEvidence) -> Result<bool, SyncError> {
        let budget = u64::from(self.shared.access.settings().evidence_budget_mb) * MEGABYTE;
        let opened = *lock(&self.shared.opened) == Some(want.proposal);
        Ok(self.shared.member(|Member { me, store, .. }| {
            store.transaction::<_, LocalError>(|tx| {
                let fits = tx.evidence_total()?.bytes.saturating_add(want.size_bytes) <= budget;
                if fits || !(opened || is_open(tx, me, want.proposal)?) {
                    return Ok(fits);
                }
                let freed = tx.evict_evidence(budget.saturating_sub(want.size_bytes))?;
                tracing::info!(freed, "evidence of settled cases was let go");
                Ok(true)
            })
        })?)
    }

    fn keep(&self, want: &WantedEvidence, sealed: &[u8]) -> Result<(), SyncError> {
        let now = self.shared.now();
        let cases = self.shared.member(|Member { me, store, .. }| {
            let opened = open_blob(me.workspace, want.blob, sealed, &self.epoch_keys);
            let plain = opened.ok().filter(|plain| Digest::of(plain) == want.evidence);
            if plain.is_none() {
                lock(&self.wrong_blobs).insert(want.blob);
            }
            store.transaction::<Vec<ProposalId>, LocalError>(|tx| {
                let Some(plain) = plain else {
                    let words =
                        format!("evidence of the case {} is not what was named", want.proposal);
                    tx.add_fault(&faults::fault(FaultCode::EvidenceWrong, &words, now))?;
                    return Ok(vec![]);
                };
                let digest = tx.add_evidence(&plain)?;
                Ok(tx.cases_with_evidence(digest)?)
            })
        })?;
        self.shared.tell_cases(&cases);
        self.shared.tell_connection();
        if !cases.is_empty() {
            self.shared.after_change();
        }
        Ok(())
    }
}

/// Whether a case can still be decided or is on its way.
fn is_open(reader: &Reader<'_>, me: &Me, case: ProposalId) -> Result<bool, Failure> {
    let Some(stored) = inbox::stored_row(reader, me, case)? else { return Ok(true) };
    Ok(matches!(stored.row.state, CaseState::Deciding | CaseState::Authorized))
}
