//! What the window's calls and the background work share: the profile's state, the link,
//! and what the window was told last.

use crate::{
    case::halt::{self, Halt},
    lists::{
        inbox,
        notices::Told,
        notify::{self, Moment},
    },
    profile::{
        access::{Access, lock},
        member::Member,
    },
    sign::{hold, warnings},
    sync::{
        trouble::{LinkTrouble, LocalError},
        watcher::{Change, Watcher},
    },
    view::InboxCounts,
};
use countersign_model::{ProposalId, TimestampMs, causes::in_full};
use countersign_store::{FaultRow, LogHead, StoreError};
use std::{collections::BTreeSet, sync::Mutex};
use tokio::sync::Notify;

/// What the window's calls and the background work share.
pub(crate) struct Shared<W> {
    pub(crate) access: Access,
    pub(crate) watcher: W,
    pub(crate) link: Mutex<Link>,
    /// There is something to send, or the workspace was joined.
    pub(crate) wake: Notify,
    /// A time to wait for may have changed.
    pub(crate) tick: Notify,
    /// There may be list rows to write.
    pub(crate) rows: Notify,
    /// There may be entries of the log to follow.
    pub(crate) follow: Notify,
    /// The case that was opened last: its evidence is wanted whatever its state.
    pub(crate) opened: Mutex<Option<ProposalId>>,
    told: Mutex<LastTold>,
}

/// The link to the relay, as it is in memory.
#[derive(Clone, Default)]
pub(crate) struct Link {
    pub(crate) online: bool,
    pub(crate) last_contact_ms: Option<TimestampMs>,
    /// What stands in the way, if a person should hear of it.
    pub(crate) trouble: Option<LinkTrouble>,
    /// This device's clock minus the relay's; a hint, see [`RelayClient`].
    ///
    /// [`RelayClient`]: crate::sync::relay::RelayClient
    pub(crate) clock_hint_ms: Option<i64>,
}

/// What the window was told last.
#[derive(Default)]
struct LastTold {
    halt: Option<Halt>,
    counts: Option<InboxCounts>,
}

/// Whether we are connected and what has not been sent.
#[derive(Debug)]
pub(crate) struct Connection {
    /// The relay answers and the live tail runs.
    pub(crate) online: bool,
    /// When the relay was last reached.
    pub(crate) last_contact_ms: Option<TimestampMs>,
    /// The last log head that this device verified itself.
    pub(crate) head: Option<LogHead>,
    /// Decisions signed on this device and not yet delivered, the held ones included.
    pub(crate) unsent: u32,
    /// Those of them that can still be recalled.
    pub(crate) held: u32,
    /// By how much this device's clock is out, see [`warnings::clock_skew`].
    pub(crate) clock_skew_ms: Option<i64>,
    /// Cases that need me and whose evidence is not all on this device.
    pub(crate) evidence_missing: u32,
    /// What was found and must not be hidden.
    pub(crate) fault: Option<ConnectionFault>,
}

/// What of a connection must not be hidden.
#[derive(Debug)]
pub(crate) enum ConnectionFault {
    /// A fault that the sync found.
    Found(FaultRow),
    /// What stands between this device and the relay.
    Link(LinkTrouble),
}

/// What a connection takes from the store.
#[derive(Default)]
struct Stored {
    head: Option<LogHead>,
    unsent: u32,
    held: u32,
    evidence_missing: u32,
    fault: Option<FaultRow>,
    last_contact_ms: Option<TimestampMs>,
}

impl<W: Watcher> Shared<W> {
    pub(crate) fn new(access: Access, watcher: W) -> Self {
        Self {
            access,
            watcher,
            link: Mutex::default(),
            wake: Notify::new(),
            tick: Notify::new(),
            rows: Notify::new(),
            follow: Notify::new(),
            opened: Mutex::default(),
            told: Mutex::default(),
        }
    }

    /// What the device's clock says.
    pub(crate) fn now(&self) -> TimestampMs {
        (self.access.clock)()
    }

    /// Runs `work` as a member of the workspace.
    pub(crate) fn member<T>(
        &self,
        work: impl FnOnce(&mut Member) -> Result<T, LocalError>,
    ) -> Result<T, LocalError> {
        self.access.member(work)
    }

    /// The connection as it is, from the store and the link.
    pub(crate) fn connection(&self) -> Connection {
        let link = lock(&self.link).clone();
        let now = self.now();
        let stored = self.member(stored).unwrap_or_default();
        let gate_clock = stored.head.as_ref().map(|head| head.gate_clock_ms);
        let found = stored.fault.map(ConnectionFault::Found);
        Connection {
            online: link.online,
            last_contact_ms: link.last_contact_ms.max(stored.last_contact_ms),
            clock_skew_ms: warnings::clock_skew(now, gate_clock, link.clock_hint_ms),
            head: stored.head,
            unsent: stored.unsent,
            held: stored.held,
            evidence_missing: stored.evidence_missing,
            fault: found.or(link.trouble.map(ConnectionFault::Link)),
        }
    }

    /// Whether the relay was reached and nothing has ended that.
    pub(crate) fn is_online(&self) -> bool {
        lock(&self.link).online
    }

    /// The moment, for notices.
    pub(crate) fn moment(&self) -> Moment {
        Moment { at: self.now(), settings: self.access.settings() }
    }

    pub(crate) fn tell_case(&self, proposal: &str) {
        self.watcher.tell(Change::Cases(vec![proposal.to_owned()]));
    }

    pub(crate) fn tell_cases<'a>(&self, cases: impl IntoIterator<Item = &'a ProposalId>) {
        let cases: Vec<String> = cases.into_iter().map(ToString::to_string).collect();
        if !cases.is_empty() {
            self.watcher.tell(Change::Cases(cases));
        }
    }

    pub(crate) fn tell_connection(&self) {
        self.watcher.tell(Change::Connection(self.connection()));
    }

    pub(crate) fn tell_notices(&self, told: Vec<Told>) {
        for told in told {
            self.watcher.tell(match told {
                Told::Notice(view, _) => Change::Notice(view),
                Told::Over(case) => Change::NoticeOver(case.to_string()),
                Told::StopOver => Change::NoticeOver(String::new()),
            });
        }
    }

    /// After a decision was signed or recalled: the window hears, and times are set again.
    pub(crate) fn after_signing(&self) {
        self.tell_connection();
        self.after_change();
        self.wake.notify_one();
    }

    /// After a change that lists show.
    pub(crate) fn after_change(&self) {
        self.tell_counts();
        self.tick.notify_one();
    }

    /// Cases that changed by what this person did: their notices may be over.
    pub(crate) fn renew_notices(&self, cases: &BTreeSet<ProposalId>) {
        let moment = self.moment();
        let told = self.member(|Member { me, store, .. }| {
            Ok(store.transaction(|tx| notify::apply(tx, me, cases, &BTreeSet::new(), &moment))?)
        });
        match told {
            Ok(told) => self.tell_notices(told),
            Err(error) => tracing::debug!(error = in_full(&error), "no notices"),
        }
    }

    /// Tells how many cases each view holds, if that has changed.
    pub(crate) fn tell_counts(&self) {
        let now = self.now();
        let counts = self.member(|member| {
            Ok(member.store.read::<_, StoreError>(|reader| reader.case_counts(now))?)
        });
        let Ok(counts) = counts.map(inbox::counts) else { return };
        let before = lock(&self.told).counts.replace(counts);
        if before != Some(counts) {
            self.watcher.tell(Change::Counts(counts));
        }
    }

    /// Tells whether work is stopped, if that has changed.
    pub(crate) fn tell_halt(&self) {
        let halt = self.halt();
        let Ok(halt) = halt else { return };
        let before = lock(&self.told).halt.replace(halt.clone());
        if before.as_ref() != Some(&halt) {
            self.watcher.tell(Change::Halt(halt));
        }
    }

    /// Whether work is stopped.
    pub(crate) fn halt(&self) -> Result<Halt, LocalError> {
        self.member(|Member { me, store, .. }| Ok(store.read(|reader| halt::read(reader, me))?))
    }

    /// The cases of held decisions.
    pub(crate) fn held_cases(&self) -> Vec<ProposalId> {
        let held = self.member(|member| Ok(member.store.read(hold::held)?));
        held.map(|rows| rows.iter().map(|row| row.proposal).collect()).unwrap_or_default()
    }
}

fn stored(member: &mut Member) -> Result<Stored, LocalError> {
    let read = member.store.read::<_, StoreError>(|reader| {
        Ok(Stored {
            head: reader.log_head()?,
            unsent: reader.unsent_decisions()?,
            held: reader.held_count()?,
            evidence_missing: reader.needs_me_without_evidence()?,
            fault: reader.open_fault()?,
            last_contact_ms: reader.sync_state()?.last_contact_ms,
        })
    });
    Ok(read?)
}
