//! What waits for the relay, in batches: blobs before the records that name them. Asks no clock
//! but when the relay has no room, so that the simulation runs it too.

use crate::{
    compact::Shelves,
    relay::RelayError,
    store::{Store, StoreError, Waiting, WaitingBlob},
};
use countersign_model::causes::in_full;
use countersign_sync::{
    limits::{MAX_BATCH_RECORDS, USUAL_BODY_BYTES},
    refusal::{Code, LONGEST_WAIT, Remedy},
    wire::ITEM_FRAME_BYTES,
};
use std::{sync::Arc, time::Instant};

/// How many records go in one push.
const BATCH: u32 = 128;

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

impl DeliverError {
    pub(super) const fn remedy(&self) -> Remedy {
        match self {
            Self::Relay(error) => error.remedy(),
            Self::Store(_) => Remedy::Other,
        }
    }
}

/// The gate's records and blobs on their way to the relay.
pub struct Outbox<S> {
    relay: S,
    store: Arc<Store>,
    /// Everything was sent again since this round began.
    sent_again: bool,
    /// The relay has no room for blobs; records go on without them.
    no_blobs_until: Option<Instant>,
}

impl<S: Shelves> Outbox<S> {
    /// Nothing is sent yet.
    pub const fn new(relay: S, store: Arc<Store>) -> Self {
        Self { relay, store, sent_again: false, no_blobs_until: None }
    }

    /// The relay.
    pub const fn relay(&self) -> &S {
        &self.relay
    }

    /// Begins a round, in which everything is sent again at most once.
    pub const fn begin(&mut self) {
        self.sent_again = false;
    }

    /// Delivers the next batch of what waits; `false` when nothing does.
    ///
    /// # Errors
    /// [`DeliverError`]; what was delivered stays so.
    pub async fn deliver_some(&mut self) -> Result<bool, DeliverError> {
        // What is queued from here on waits for the next push, and holds up none.
        let (waiting, blobs) = self.store.read(|reader| {
            Ok::<_, StoreError>((reader.waiting_records(BATCH)?, reader.waiting_blobs()?))
        })?;
        self.deliver_blobs(&blobs).await?;
        let fitting = count_fitting(waiting.iter().map(|record| record.sealed.len() as u64));
        let batch = &waiting[..fitting];
        let Some(last) = batch.last().map(|record| record.writer_seq) else { return Ok(false) };
        let sealed: Vec<_> = batch.iter().map(|record| record.sealed.clone()).collect();
        let pushed = match self.relay.push(&sealed).await {
            Err(RelayError::Refused { code: Code::Gap, .. }) if !self.sent_again => {
                // The relay lost what it had: it gets everything of the gate's again.
                tracing::warn!("the relay has lost records of the gate: all are sent again");
                self.sent_again = true;
                self.store.write(|tx| tx.deliver_again())?;
                return Ok(true);
            }
            Err(error @ RelayError::Compacted(_)) => {
                self.pass_over_compacted(batch, error).await?;
                return Ok(true);
            }
            pushed => pushed?,
        };
        // A mark that is lost is made again: the relay knows what it has.
        let (head, count) = (pushed.head, batch.len());
        if self.store.write_unsynced(|tx| tx.mark_records_delivered(last, head))? {
            tracing::debug!(count, head, "records delivered to the relay");
        } else {
            tracing::warn!("the relay has lost records: all of the gate's are sent again");
        }
        Ok(true)
    }

    /// A relay that is filled again, and has lost nothing or only its end, has let go of the first
    /// records because a snapshot stands for them. It refuses a batch as a whole; which of its
    /// records it means, it tells of each alone.
    async fn pass_over_compacted(
        &self,
        batch: &[Waiting],
        refused: RelayError,
    ) -> Result<(), DeliverError> {
        // What was let go of comes first; usually that is all of them.
        let (mut gone, mut end, mut asked) = (0, batch.len(), batch.len() - 1);
        while gone < end {
            match self.relay.push(std::slice::from_ref(&batch[asked].sealed)).await {
                Err(RelayError::Compacted(_)) => gone = asked + 1,
                Ok(_) | Err(RelayError::Refused { code: Code::Gap, .. }) => end = asked,
                Err(error) => return Err(error.into()),
            }
            asked = gone.midpoint(end);
        }
        let Some(last) = gone.checked_sub(1).map(|last| batch[last].writer_seq) else {
            return Err(refused.into());
        };
        tracing::info!(gone, "the relay has let go of records of the gate: a snapshot is there");
        self.store.write_unsynced(|tx| {
            let head = tx.relay_head()?;
            tx.mark_records_delivered(last, head)
        })?;
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
