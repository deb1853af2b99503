//! Sending, beside everything that waits: what is unsent goes out as soon as it is there, and
//! what was held long enough as soon as the relay is reached.

use crate::{
    lists::rows,
    profile::member::Member,
    sign::hold,
    sync::{
        link::{listen::Listener, session::SyncError},
        relay::{RelayClient, RelayError},
        shared::Shared,
        trouble::LocalError,
        watcher::Watcher,
        writing,
    },
    view::number::count,
};
use countersign_store::{DueCase, OutboxRow, StoreError, Tx};
use countersign_sync::{limits::MAX_BATCH_RECORDS, refusal::Code};
use std::{collections::BTreeSet, sync::Arc};

/// Bytes of one message: an ordinary proxy takes no more than a mebibyte unless it is told to
/// (`client_max_body_size` of nginx).
const MESSAGE_BYTES: usize = 900_000;
/// What a record takes beside its own bytes, at most.
const RECORD_HEAD_BYTES: usize = 16;

/// Sends on one connection.
pub(super) struct Sender<'a, W: Watcher> {
    shared: &'a Shared<W>,
    relay: Arc<RelayClient>,
    /// Everything was sent again on this connection.
    sent_again: bool,
}

impl<'a, W: Watcher> Sender<'a, W> {
    pub(super) fn new(shared: &'a Shared<W>, relay: &Arc<RelayClient>) -> Self {
        Self { shared, relay: Arc::clone(relay), sent_again: false }
    }

    /// Sends whenever there is something, until something is in the way. The next connection
    /// begins with what is unsent then.
    pub(super) async fn run(&mut self, listener: &Listener) -> Result<(), SyncError> {
        loop {
            self.shared.wake.notified().await;
            if self.shared.is_online() {
                self.release()?;
            }
            self.push().await?;
            listener.there_may_be_news();
        }
    }

    /// Sends what the relay does not have. Repeating is harmless: the relay knows a record
    /// by its writer and place.
    pub(super) async fn push(&mut self) -> Result<(), SyncError> {
        loop {
            let rows = self.shared.member(unsent)?;
            if rows.is_empty() {
                return Ok(());
            }
            let records: Vec<_> = rows.iter().map(|row| row.record.clone()).collect();
            let pushed = match self.relay.push(&records).await {
                Err(RelayError::Refused { code: Code::Gap, .. }) if !self.sent_again => {
                    // The relay lost what it had: it gets everything of this device again.
                    self.sent_again = true;
                    self.shared.member(|member| {
                        Ok(member.store.transaction::<_, StoreError>(|tx| tx.send_again())?)
                    })?;
                    continue;
                }
                other => other?,
            };
            let moment = self.shared.moment();
            let written = self.shared.member(|Member { me, store, .. }| {
                store.transaction::<_, LocalError>(|tx| {
                    let seqs = rows.iter().map(|row| row.writer_seq);
                    mark_delivered(tx, seqs.zip(pushed.positions.iter().copied()))?;
                    Ok(rows::write_due(tx, me, &moment)?)
                })
            })?;
            writing::tell(self.shared, written);
            writing::settle(self.shared).await?;
            self.shared.tell_connection();
        }
    }

    /// Gives out held decisions whose time has come, now that the relay is reached.
    fn release(&self) -> Result<(), SyncError> {
        let now = self.shared.now();
        let released = self.shared.member(|member| Ok(hold::release(member, now)?))?;
        if !released.is_empty() {
            self.shared.tell_cases(&released);
            self.shared.tell_connection();
            self.shared.after_change();
        }
        Ok(())
    }
}

/// Whether anything is to be sent.
pub(super) fn is_anything_unsent(member: &mut Member) -> Result<bool, LocalError> {
    let first = member.store.read::<_, StoreError>(|reader| reader.unsent_records(1))?;
    Ok(!first.is_empty())
}

/// The last position at which the relay has said that a record of this device stands.
pub(super) fn last_delivered(member: &mut Member) -> Result<u64, LocalError> {
    Ok(member.store.read::<_, StoreError>(|reader| reader.last_delivered())?)
}

/// Notes places of this device's chain and the relay's positions of what was delivered, and
/// that the cases which that is about have changed.
pub(super) fn mark_delivered(
    tx: &Tx<'_>,
    delivered: impl IntoIterator<Item = (u64, u64)>,
) -> Result<(), StoreError> {
    let mut cases = BTreeSet::new();
    for (seq, position) in delivered {
        let Some(digest) = tx.mark_delivered(seq, position)? else { continue };
        cases.extend(tx.decision(digest)?.map(|decision| decision.proposal));
        cases.extend(tx.comment(digest)?.map(|comment| comment.proposal));
    }
    for proposal in cases {
        tx.put_due(DueCase { proposal, refused: false })?;
    }
    Ok(())
}

/// As many unsent records as one message may carry, and at least one.
fn unsent(member: &mut Member) -> Result<Vec<OutboxRow>, LocalError> {
    let limit = count(MAX_BATCH_RECORDS);
    let mut rows = member.store.read::<_, StoreError>(|reader| reader.unsent_records(limit))?;
    let mut bytes = 0;
    let fit = rows.iter().take_while(|row| {
        bytes += row.record.len() + RECORD_HEAD_BYTES;
        bytes < MESSAGE_BYTES
    });
    let fit = fit.count().max(1);
    rows.truncate(fit);
    Ok(rows)
}
