//! Pulls and judges, page by page, and begins from a snapshot where the relay has let go of
//! records.

use crate::sync::{
    faults,
    link::{
        pass::{Found, Pass},
        send::{Sender, is_anything_unsent, last_delivered},
        session::{SyncError, set_link},
    },
    relay::RelayError,
    take_in,
    watcher::Watcher,
    witness, writing,
};
use countersign_store::StoreError;
use countersign_sync::{Fault, FaultKind, refusal::Code};
use tokio::task::yield_now;

/// How often a pull may ask again without coming further: a relay could go on for ever.
const MAX_IDLE_PAGES: u32 = 4;

impl<W: Watcher> Pass<'_, W> {
    /// Takes in what is new, and cosigns what was verified.
    pub(super) async fn run(&mut self) -> Result<(), SyncError> {
        self.pull().await?;
        witness::cosign(self.shared)?;
        if self.shared.member(is_anything_unsent)? {
            self.shared.wake.notify_one();
        }
        Ok(())
    }

    /// Sends what is unsent before anything else is done on a connection.
    pub(super) async fn send_first(&mut self, sender: &mut Sender<'_, W>) -> Result<(), SyncError> {
        loop {
            match sender.push().await {
                // A snapshot stands for some of it: it tells which.
                Err(SyncError::Relay(RelayError::Compacted(_))) => self.read_own_chain().await?,
                full @ Err(SyncError::Relay(RelayError::Full { .. })) => {
                    // Who has no room to write must still hear of a stop.
                    self.pull().await?;
                    return full;
                }
                other => return other,
            }
        }
    }

    /// Reads the snapshot, whether or not this device has read further, because it names the
    /// chain of this device too. Once on a connection: a relay that refuses all the same
    /// knows another chain.
    async fn read_own_chain(&mut self) -> Result<(), SyncError> {
        if std::mem::replace(&mut self.session.own_chain_read, true) {
            let (status, code) = (reqwest::StatusCode::CONFLICT, Code::Fork);
            return Err(RelayError::Refused { status, code }.into());
        }
        self.session.snapshot_read = None;
        self.session.reader.read_again();
        self.pull().await
    }

    /// The relay ends before a place that it has named: it gets everything of this device again,
    /// though nothing is new here. Once on a connection, which is said: a relay could end early
    /// for ever.
    fn fill_again(&mut self) -> Result<bool, SyncError> {
        if std::mem::replace(&mut self.session.sent_again, true) {
            return Ok(false);
        }
        tracing::warn!("the relay has lost records: all of this device's are sent again");
        self.shared.member(|member| {
            Ok(member.store.transaction::<_, StoreError>(|tx| tx.send_again())?)
        })?;
        self.shared.wake.notify_one();
        Ok(true)
    }

    /// Takes in everything after the cursor, page by page.
    async fn pull(&mut self) -> Result<(), SyncError> {
        let mut found = Found::new();
        let mut idle = 0;
        self.session.reader.rewind();
        loop {
            let before = self.session.reader.cursor();
            // Read before the relay is asked: what is sent meanwhile it need not tell of.
            let told = self.shared.member(last_delivered)?;
            let page = match self.session.relay.page(before).await {
                Err(RelayError::Compacted(floor)) => {
                    self.begin_from_snapshot(floor, &mut found).await?;
                    continue;
                }
                page => page?,
            };
            set_link(self.shared, |link| link.last_contact_ms = Some(self.shared.now()));
            if page.head < before {
                // The reader says so, and goes back.
                self.fill_again()?;
            } else if page.head < told {
                let kind = FaultKind::RelayWentBack { head: page.head };
                self.note(&[Fault { position: told, writer: None, kind }], &mut found);
                if self.fill_again()? {
                    self.session.reader.read_again();
                    continue;
                }
            }
            let (mut again, mut more) = (false, false);
            let mut parts = take_in::parts(page).into_iter().peekable();
            while let Some(part) = parts.next() {
                let end = part.records.last().map_or(0, |(position, _)| *position).min(part.head);
                let judged = self.session.reader.handle_page(&part);
                self.note(&judged.faults, &mut found);
                again = self.take_in(&judged, parts.peek().is_none())?;
                more = judged.more;
                if self.session.reader.cursor() < end {
                    // The reader went back: what it misses comes before the rest.
                    break;
                }
                yield_now().await;
            }
            writing::settle(self.shared).await?;
            let after = self.session.reader.cursor();
            if again || (more && after <= before) {
                // The reader went back: what is still wrong there is found again.
                found.retain(|code, _| !faults::is_over_when_gone(code));
            }
            idle = if after > before { 0 } else { idle + 1 };
            if !(more || again) || idle >= MAX_IDLE_PAGES {
                break;
            }
        }
        let now = self.shared.now();
        let rows: Vec<_> = found.into_values().collect();
        let changed =
            self.shared.member(|member| Ok(faults::settle(&mut member.store, &rows, now)?))?;
        if changed {
            self.shared.tell_connection();
        }
        Ok(())
    }
}
