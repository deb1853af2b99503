//! One pass: pull and judge, page by page. Each step stores what it has reached.

use crate::{
    lists::{
        notify,
        rows::{self, Written},
    },
    profile::member::Member,
    sync::{
        faults,
        link::{
            send::{Sender, is_anything_unsent},
            session::{Session, SyncError, set_link},
        },
        relay::RelayError,
        shared::Shared,
        shell::{News, Shell},
        take_in, witness, writing,
    },
    view::ProblemView,
};
use countersign_store::FaultRow;
use countersign_sync::{Judged, refusal::Code};
use std::collections::{BTreeMap, BTreeSet};
use tokio::task::yield_now;

/// How often a pull may ask again without coming further: a relay could go on for ever.
const MAX_IDLE_PAGES: u32 = 4;

/// Faults that a pull has found, by code.
pub(super) type Found = BTreeMap<String, FaultRow>;

pub(super) struct Pass<'a, S: Shell> {
    pub(super) shared: &'a Shared<S>,
    pub(super) session: &'a mut Session,
}

impl<S: Shell> Pass<'_, S> {
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
    pub(super) async fn send_first(&mut self, sender: &mut Sender<'_, S>) -> Result<(), SyncError> {
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

    /// Takes in everything after the cursor, page by page.
    async fn pull(&mut self) -> Result<(), SyncError> {
        let mut found = Found::new();
        let mut idle = 0;
        self.session.reader.rewind();
        loop {
            let before = self.session.reader.cursor();
            let page = match self.session.relay.page(before).await {
                Err(RelayError::Compacted(floor)) => {
                    self.begin_from_snapshot(floor, &mut found).await?;
                    continue;
                }
                page => page?,
            };
            set_link(self.shared, |link| link.last_contact_ms = Some(self.shared.now()));
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
        let changed = self.shared.member(|member| faults::settle(&mut member.store, &rows, now))?;
        if changed {
            self.shared.tell_connection();
        }
        Ok(())
    }

    /// Stores what a part of a page brought; with the last, the list rows that follow. `true`
    /// if records may fit now that did not before.
    pub(super) fn take_in(&mut self, judged: &Judged, last: bool) -> Result<bool, SyncError> {
        let moment = self.shared.moment();
        let none = BTreeSet::new();
        let reader = &self.session.reader;
        let (taken, told, written, writers) =
            self.shared.member(|Member { me, store, .. }| {
                let (taken, told, written) = store.transaction::<_, ProblemView>(|tx| {
                    let taken = take_in::take_in(tx, me, &judged.accepted, reader, moment.at)?;
                    let me = taken.me(me);
                    let told = notify::note(tx, &me, &none, &none)?;
                    let written =
                        if last { rows::write_due(tx, &me, &moment)? } else { Written::default() };
                    Ok((taken, told, written))
                })?;
                if let Some(roster) = &taken.roster {
                    me.roster = roster.clone();
                }
                Ok((taken, told, written, me.writer_keys()))
            })?;
        let moved = !judged.accepted.is_empty();
        if moved || taken.has_faults() {
            self.shared.tell_connection();
        }
        self.shared.tell_notices(told);
        writing::tell(self.shared, written);
        if moved {
            self.shared.follow.notify_one();
            self.shared.tell_halt();
        }
        if taken.roster.is_none() {
            return Ok(false);
        }
        self.shared.rows.notify_one();
        self.shared.shell.tell(News::Workspace);
        let before = self.session.reader.cursor();
        self.session.reader.set_writer_keys(writers);
        Ok(self.session.reader.cursor() < before)
    }
}
