//! One pass: push, pull, release what was held long enough, fetch evidence. Each step
//! stores what it has reached.

use crate::{
    controller::{Inner, lock},
    hold, inbox,
    member::{Me, Member},
    notify,
    number::count,
    relay::RelayError,
    rows::{self, Written},
    shell::{News, Shell},
    sync_loop::{Session, SyncError, faults, set_link},
    take_in,
    view::{CaseState, ProblemView},
    witness,
};
use countersign_model::{Digest, ProposalId};
use countersign_store::{DueCase, FaultRow, OutboxRow, Reader, Tx, WantedEvidence};
use countersign_sync::{
    Judged,
    limits::{MAX_BATCH_BYTES, MAX_BATCH_RECORDS},
    open_blob,
};
use std::collections::{BTreeMap, BTreeSet};
use tokio::task::yield_now;

/// How often a pull may ask again without coming further: a relay could go on for ever.
const MOST_IDLE_PAGES: u32 = 4;
const MEGABYTE: u64 = 1_000_000;
/// Evidence asked for in one pass.
const MOST_BLOBS: u32 = 256;

/// Faults that a pull has found, by code.
pub(super) type Found = BTreeMap<String, FaultRow>;

pub(super) struct Pass<'a, S: Shell> {
    pub(super) inner: &'a Inner<S>,
    pub(super) session: &'a mut Session,
}

impl<S: Shell> Pass<'_, S> {
    pub(super) async fn run(&mut self) -> Result<(), SyncError> {
        let pushed = self.push().await;
        if matches!(&pushed, Err(SyncError::Relay(RelayError::Full { .. }))) {
            // Who has no room to write must still hear of a stop.
            self.pull().await?;
        }
        pushed?;
        self.pull().await?;
        if witness::cosign(self.inner)? {
            self.push().await?;
        }
        self.release().await?;
        self.fetch_evidence().await
    }

    /// Sends held decisions whose time has come, now that the relay was reached.
    async fn release(&mut self) -> Result<(), SyncError> {
        let now = (self.inner.clock)();
        let released = self.inner.member(|member| hold::release(member, now))?;
        if released.is_empty() {
            return Ok(());
        }
        self.tell(&released, true);
        self.push().await
    }

    /// Sends what the relay does not have. Repeating is harmless: the relay knows a record
    /// by its writer and place.
    async fn push(&mut self) -> Result<(), SyncError> {
        loop {
            let rows = self.inner.member(unsent)?;
            if rows.is_empty() {
                return Ok(());
            }
            let records: Vec<_> = rows.iter().map(|row| row.record.clone()).collect();
            let pushed = match self.session.relay.push(&records).await {
                Err(RelayError::Refused { status, code })
                    if status.as_u16() == 409 && code == "GAP" && !self.session.sent_again =>
                {
                    // The relay lost what it had: it gets everything of this device again.
                    self.session.sent_again = true;
                    self.inner.member(|member| {
                        let again = |tx: &Tx<'_>| Ok(tx.send_again()?);
                        member.store.transaction::<_, ProblemView>(again)
                    })?;
                    continue;
                }
                Err(RelayError::Compacted(_)) => {
                    // A snapshot stands for some of them: it tells which.
                    self.read_own_chain().await?;
                    continue;
                }
                other => other?,
            };
            let moment = self.inner.moment();
            let written = self.inner.member(|Member { me, store, .. }| {
                store.transaction::<_, ProblemView>(|tx| {
                    let seqs = rows.iter().map(|row| row.writer_seq);
                    mark_delivered(tx, seqs.zip(pushed.positions.iter().copied()))?;
                    rows::write_due(tx, me, &moment)
                })
            })?;
            rows::tell(self.inner, written);
            rows::settle(self.inner).await?;
            self.inner.tell_connection();
        }
    }

    /// Reads the snapshot, whether or not this device has read further, because it names the
    /// chain of this device too. Once on a connection: a relay that refuses all the same
    /// knows another chain.
    async fn read_own_chain(&mut self) -> Result<(), SyncError> {
        if std::mem::replace(&mut self.session.own_chain_read, true) {
            let (status, code) = (reqwest::StatusCode::CONFLICT, "FORK".into());
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
            set_link(self.inner, |link| link.last_contact_ms = Some((self.inner.clock)()));
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
            rows::settle(self.inner).await?;
            let after = self.session.reader.cursor();
            if again || (more && after <= before) {
                // The reader went back: what is still wrong there is found again.
                found.retain(|code, _| !faults::is_over_when_gone(code));
            }
            idle = if after > before { 0 } else { idle + 1 };
            if !(more || again) || idle >= MOST_IDLE_PAGES {
                break;
            }
        }
        let now = (self.inner.clock)();
        let rows: Vec<_> = found.into_values().collect();
        let changed = self.inner.member(|member| faults::settle(&mut member.store, &rows, now))?;
        if changed {
            self.inner.tell_connection();
        }
        Ok(())
    }

    /// Stores what a part of a page brought; with the last, the list rows that follow. `true`
    /// if records may fit now that did not before.
    pub(super) fn take_in(&mut self, judged: &Judged, last: bool) -> Result<bool, SyncError> {
        let moment = self.inner.moment();
        let none = BTreeSet::new();
        let reader = &self.session.reader;
        let (taken, told, written, writers) =
            self.inner.member(|Member { me, store, .. }| {
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
            self.inner.tell_connection();
        }
        self.inner.tell_notices(told);
        rows::tell(self.inner, written);
        if moved {
            self.inner.follow.notify_one();
            self.inner.tell_halt();
        }
        if taken.roster.is_none() {
            return Ok(false);
        }
        self.inner.rows.notify_one();
        self.inner.shell.tell(News::Workspace);
        let before = self.session.reader.cursor();
        self.session.reader.set_writer_keys(writers);
        Ok(self.session.reader.cursor() < before)
    }

    /// Fetches evidence ahead of need, so that everything shows offline: of the cases that
    /// need me first, by deadline. Evidence of open cases may exceed the budget when nothing
    /// of settled ones is left to let go; that of settled ones only fills what is free.
    async fn fetch_evidence(&mut self) -> Result<(), SyncError> {
        let wanted = self.inner.member(|member| {
            member.store.read::<_, ProblemView>(|reader| Ok(reader.wanted_evidence(MOST_BLOBS)?))
        })?;
        for want in wanted {
            if self.session.wrong_blobs.contains(&want.blob) || !self.make_room(&want)? {
                continue;
            }
            let sealed = match self.session.relay.blob(want.blob, want.size_bytes).await {
                Ok(sealed) => sealed,
                Err(RelayError::Refused { status, .. }) if status.as_u16() == 404 => {
                    self.do_without(&want)?;
                    continue;
                }
                // More than the gate has named: as wrong as another content.
                Err(RelayError::Unreadable) => vec![],
                Err(error) => return Err(error.into()),
            };
            self.keep_evidence(&want, &sealed)?;
        }
        Ok(())
    }

    /// The relay has let go of what a case that ended long ago needed: it is not asked again
    /// before somebody opens the case. Of an open one it may be on its way.
    fn do_without(&self, want: &WantedEvidence) -> Result<(), SyncError> {
        Ok(self.inner.member(|Member { me, store, .. }| {
            store.transaction::<_, ProblemView>(|tx| {
                if !is_open(tx, me, want.proposal)? {
                    tx.stop_wanting(want)?;
                }
                Ok(())
            })
        })?)
    }

    /// Whether a piece of evidence may be fetched, after making room for it.
    fn make_room(&self, want: &WantedEvidence) -> Result<bool, SyncError> {
        let budget = u64::from(self.inner.settings().evidence_budget_mb) * MEGABYTE;
        let opened = *lock(&self.inner.opened) == Some(want.proposal);
        Ok(self.inner.member(|Member { me, store, .. }| {
            store.transaction::<_, ProblemView>(|tx| {
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

    fn keep_evidence(&mut self, want: &WantedEvidence, sealed: &[u8]) -> Result<(), SyncError> {
        let now = (self.inner.clock)();
        let epoch_keys = &self.session.epoch_keys;
        let wrong_blobs = &mut self.session.wrong_blobs;
        let cases = self.inner.member(|Member { me, store, .. }| {
            let opened = open_blob(me.workspace, want.blob, sealed, epoch_keys);
            let plain = opened.ok().filter(|plain| Digest::of(plain) == want.evidence);
            if plain.is_none() {
                wrong_blobs.insert(want.blob);
            }
            store.transaction::<Vec<ProposalId>, ProblemView>(|tx| {
                let Some(plain) = plain else {
                    let words =
                        format!("evidence of the case {} is not what was named", want.proposal);
                    tx.add_fault(&take_in::fault("evidence_wrong", &words, now))?;
                    return Ok(vec![]);
                };
                let digest = tx.add_evidence(&plain)?;
                Ok(tx.cases_with_evidence(digest)?)
            })
        })?;
        self.tell(&cases.into_iter().collect(), true);
        Ok(())
    }

    /// Tells the window, after everything is stored.
    fn tell(&self, cases: &BTreeSet<ProposalId>, connection: bool) {
        self.inner.tell_cases(cases);
        if connection {
            self.inner.tell_connection();
        }
        if !cases.is_empty() {
            self.inner.after_change();
        }
    }
}

/// Notes places of this device's chain and the relay's positions of what was delivered, and
/// that the cases which that is about have changed.
pub(super) fn mark_delivered(
    tx: &Tx<'_>,
    delivered: impl IntoIterator<Item = (u64, u64)>,
) -> Result<(), ProblemView> {
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

/// Whether a case can still be decided or is on its way.
fn is_open(reader: &Reader<'_>, me: &Me, case: ProposalId) -> Result<bool, ProblemView> {
    let Some(stored) = inbox::stored_row(reader, me, case)? else { return Ok(true) };
    Ok(matches!(stored.row.state, CaseState::Deciding | CaseState::Authorized))
}

/// As many unsent records as one message may carry.
fn unsent(member: &mut Member) -> Result<Vec<OutboxRow>, ProblemView> {
    let limit = count(MAX_BATCH_RECORDS);
    let mut rows =
        member.store.read::<_, ProblemView>(|reader| Ok(reader.unsent_records(limit)?))?;
    let mut bytes = 0;
    let fit = rows
        .iter()
        .take_while(|row| {
            bytes += row.record.len() + 16;
            bytes + 1_024 < MAX_BATCH_BYTES
        })
        .count();
    rows.truncate(fit.max(1));
    Ok(rows)
}
