//! One pass over what the relay has: what a part of a page brought is stored with the place
//! that it reaches to. Pages are pulled in [`pull`](super::pull), packs of a snapshot are read in
//! [`snapshot`](super::snapshot).

use crate::{
    lists::{
        notify,
        rows::{self, Written},
    },
    profile::member::Member,
    sync::{
        faults,
        link::session::{Session, SyncError},
        shared::Shared,
        take_in,
        trouble::LocalError,
        watcher::{Change, Watcher},
        writing,
    },
};
use countersign_store::FaultRow;
use countersign_sync::{Fault, Judged};
use std::collections::{BTreeMap, BTreeSet};

/// Faults that a pull has found, by code.
pub(super) type Found = BTreeMap<String, FaultRow>;

pub(super) struct Pass<'a, W: Watcher> {
    pub(super) shared: &'a Shared<W>,
    pub(super) session: &'a mut Session,
}

impl<W: Watcher> Pass<'_, W> {
    /// Notes the faults that were found, one of each kind.
    pub(super) fn note(&self, new: &[Fault], found: &mut Found) {
        let now = self.shared.now();
        for fault in new {
            let row = faults::row(fault, now);
            found.entry(row.code.clone()).or_insert(row);
        }
    }

    /// Stores what a part of a page brought; with the last, the list rows that follow. `true`
    /// if records may fit now that did not before.
    pub(super) fn take_in(&mut self, judged: &Judged, last: bool) -> Result<bool, SyncError> {
        let moment = self.shared.moment();
        let none = BTreeSet::new();
        let reader = &self.session.reader;
        let (taken, told, written, writers) =
            self.shared.member(|Member { me, store, .. }| {
                let (taken, told, written) = store.transaction::<_, LocalError>(|tx| {
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
        self.shared.watcher.tell(Change::Workspace);
        let before = self.session.reader.cursor();
        self.session.reader.set_writer_keys(writers);
        Ok(self.session.reader.cursor() < before)
    }
}
