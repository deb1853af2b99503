//! One pass: push, pull, fetch evidence. Each step stores what it has reached.

use crate::{
    controller::Inner,
    inbox,
    member::Member,
    relay::RelayError,
    shell::Shell,
    sync_loop::{Session, SyncError, faults, set_link},
    take_in::{self, TakenIn},
    view::ProblemView,
};
use countersign_model::{Digest, ProposalId};
use countersign_store::{OutboxRow, Stage, WantedEvidence};
use countersign_sync::{
    Judged,
    limits::{MAX_BATCH_BYTES, MAX_BATCH_RECORDS},
    open_blob,
};
use std::collections::{BTreeMap, BTreeSet};

/// How often a pull may ask again without coming further: a relay could go on for ever.
const MOST_IDLE_PAGES: u32 = 4;
/// Evidence asked for in one pass.
const MOST_BLOBS: u32 = 256;

pub(super) struct Pass<'a, S: Shell> {
    pub(super) inner: &'a Inner<S>,
    pub(super) session: &'a mut Session,
}

impl<S: Shell> Pass<'_, S> {
    pub(super) async fn run(&mut self) -> Result<(), SyncError> {
        self.push().await?;
        self.pull().await?;
        self.fetch_evidence().await
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
                        let again = |tx: &countersign_store::Tx<'_>| Ok(tx.send_again()?);
                        member.store.transaction::<_, ProblemView>(again)
                    })?;
                    continue;
                }
                other => other?,
            };
            let now = (self.inner.clock)();
            let cases = self.inner.member(|Member { me, store, .. }| {
                store.transaction::<_, ProblemView>(|tx| {
                    let mut cases = BTreeSet::new();
                    for (row, position) in rows.iter().zip(&pushed.positions) {
                        let decision = tx.mark_delivered(row.writer_seq, *position)?;
                        let Some(digest) = decision else { continue };
                        tx.advance_decision(digest, Stage::Delivered, None)?;
                        cases.extend(tx.decision(digest)?.map(|decision| decision.proposal));
                    }
                    for case in &cases {
                        inbox::project(tx, me, *case, now)?;
                    }
                    Ok(cases)
                })
            })?;
            self.tell(&cases, true);
        }
    }

    /// Takes in everything after the cursor, page by page.
    async fn pull(&mut self) -> Result<(), SyncError> {
        let mut found = BTreeMap::new();
        let mut idle = 0;
        self.session.reader.rewind();
        loop {
            let before = self.session.reader.cursor();
            let page = self.session.relay.page(before).await?;
            set_link(self.inner, |link| link.last_contact_ms = Some((self.inner.clock)()));
            let judged = self.session.reader.handle_page(&page);
            let now = (self.inner.clock)();
            for fault in &judged.faults {
                let row = faults::row(fault, now);
                found.entry(row.code.clone()).or_insert(row);
            }
            let again = self.take_in(&judged)?;
            let after = self.session.reader.cursor();
            if again || (judged.more && after <= before) {
                // The reader went back: what is still wrong there is found again.
                found.retain(|code, _| !faults::is_over_when_gone(code));
            }
            idle = if after > before { 0 } else { idle + 1 };
            if !(judged.more || again) || idle >= MOST_IDLE_PAGES {
                break;
            }
        }
        let now = (self.inner.clock)();
        let rows: Vec<_> = found.into_values().collect();
        let changed = self.inner.member(|member| faults::settle(&mut member.store, &rows, now))?;
        if changed {
            self.inner.shell.connection_changed(&self.inner.connection());
        }
        Ok(())
    }

    /// Stores what a page brought. `true` if records may fit now that did not before.
    fn take_in(&mut self, judged: &Judged) -> Result<bool, SyncError> {
        let now = (self.inner.clock)();
        let reader = &self.session.reader;
        let (taken, writers) = self.inner.member(|member| {
            let Member { me, store, .. } = member;
            let taken = store.transaction::<TakenIn, ProblemView>(|tx| {
                take_in::take_in(tx, me, &judged.accepted, reader, now)
            })?;
            if let Some(roster) = &taken.roster {
                me.roster = roster.clone();
            }
            Ok((taken, me.writer_keys()))
        })?;
        let log_moved = !judged.accepted.is_empty();
        self.tell(&taken.cases, log_moved || !taken.faults.is_empty());
        if taken.roster.is_none() {
            return Ok(false);
        }
        self.inner.shell.workspace_changed();
        let before = self.session.reader.cursor();
        self.session.reader.set_writer_keys(writers);
        Ok(self.session.reader.cursor() < before)
    }

    /// Fetches evidence ahead of need, so that everything shows offline.
    async fn fetch_evidence(&mut self) -> Result<(), SyncError> {
        let wanted = self.inner.member(|member| {
            member.store.read::<_, ProblemView>(|reader| Ok(reader.wanted_evidence(MOST_BLOBS)?))
        })?;
        for want in wanted {
            let sealed = match self.session.relay.blob(want.blob).await {
                Ok(sealed) => sealed,
                Err(RelayError::Refused { status, .. }) if status.as_u16() == 404 => continue,
                Err(error) => return Err(error.into()),
            };
            self.keep_evidence(&want, &sealed)?;
        }
        Ok(())
    }

    fn keep_evidence(&mut self, want: &WantedEvidence, sealed: &[u8]) -> Result<(), SyncError> {
        let now = (self.inner.clock)();
        let epoch_keys = &self.session.epoch_keys;
        let kept = self.inner.member(|Member { me, store, .. }| {
            let opened = open_blob(me.workspace, want.blob, sealed, epoch_keys);
            let plain = match opened {
                Ok(plain) if Digest::of(&plain) == want.evidence => plain,
                Ok(_) | Err(_) => {
                    let words =
                        format!("evidence of the case {} is not what was named", want.proposal);
                    let fault = take_in::fault("evidence_wrong", &words, now);
                    store.transaction::<_, ProblemView>(|tx| Ok(tx.add_fault(&fault)?))?;
                    return Ok(false);
                }
            };
            store.transaction::<_, ProblemView>(|tx| Ok(tx.add_evidence(&plain)?))?;
            Ok(true)
        })?;
        let cases = if kept { BTreeSet::from([want.proposal]) } else { BTreeSet::new() };
        self.tell(&cases, !kept);
        Ok(())
    }

    /// Tells the window, after everything is stored.
    fn tell(&self, cases: &BTreeSet<ProposalId>, connection: bool) {
        for case in cases {
            self.inner.shell.case_changed(&case.to_string());
        }
        if connection {
            self.inner.shell.connection_changed(&self.inner.connection());
        }
    }
}

/// As many unsent records as one message may carry.
fn unsent(member: &mut Member) -> Result<Vec<OutboxRow>, ProblemView> {
    let limit = u32::try_from(MAX_BATCH_RECORDS).unwrap_or(u32::MAX);
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
