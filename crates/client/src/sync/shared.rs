//! What the window's calls and the background work share: the profile's state, the link,
//! and what the window was told last.

use crate::{
    case::halt,
    lists::{
        inbox,
        log_explorer::head_view,
        notices::Told,
        notify::{self, Moment},
    },
    profile::{
        access::{Access, lock},
        member::Member,
    },
    sign::{decide, hold},
    sync::{
        faults::{FAULT_HINTS, code_of},
        shell::{News, Shell},
    },
    view::{ConnectionView, HaltView, InboxCounts, ProblemView, problem::problem},
};
use countersign_model::{ProposalId, TimestampMs};
use countersign_store::{FaultRow, LogHead, StoreError};
use std::{collections::BTreeSet, sync::Mutex};
use tokio::sync::Notify;

/// What the window's calls and the background work share.
pub(crate) struct Shared<S> {
    pub(crate) access: Access,
    pub(crate) shell: S,
    pub(crate) link: Mutex<Link>,
    /// Something is to be sent, or the workspace was joined.
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
    /// The relay answers and refuses this device.
    pub(crate) refusal: Option<ProblemView>,
    /// This device's clock minus the relay's; a hint, see [`RelayClient`].
    ///
    /// [`RelayClient`]: crate::sync::relay::RelayClient
    pub(crate) clock_hint_ms: Option<i64>,
}

/// What the window was told last.
#[derive(Default)]
struct LastTold {
    halt: Option<HaltView>,
    counts: Option<InboxCounts>,
}

/// What a connection view takes from the store.
struct Stored {
    head: Option<LogHead>,
    unsent: u32,
    held: u32,
    evidence_missing: u32,
    fault: Option<FaultRow>,
    last_contact_ms: Option<TimestampMs>,
}

impl<S: Shell> Shared<S> {
    pub(crate) fn new(access: Access, shell: S) -> Self {
        Self {
            access,
            shell,
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
        work: impl FnOnce(&mut Member) -> Result<T, ProblemView>,
    ) -> Result<T, ProblemView> {
        self.access.member(work)
    }

    /// The connection as it is, from the store and the link.
    pub(crate) fn connection(&self) -> ConnectionView {
        let link = lock(&self.link).clone();
        let now = self.now();
        let stored = self.member(stored).ok();
        let last_contact = stored.as_ref().and_then(|stored| stored.last_contact_ms);
        let last_contact = link.last_contact_ms.max(last_contact);
        let gate_clock =
            stored.as_ref().and_then(|stored| stored.head.as_ref()).map(|head| head.gate_clock_ms);
        ConnectionView {
            online: link.online,
            last_contact_ms: last_contact.map(TimestampMs::millis),
            checkpoint: stored.as_ref().and_then(|stored| stored.head.as_ref()).map(head_view),
            unsent: stored.as_ref().map_or(0, |stored| stored.unsent),
            held: stored.as_ref().map_or(0, |stored| stored.held),
            clock_skew_ms: decide::clock_skew(now, gate_clock, link.clock_hint_ms),
            evidence_missing: stored.as_ref().map_or(0, |stored| stored.evidence_missing),
            fault: stored
                .and_then(|stored| stored.fault)
                .map(|fault| problem(code_of(&fault), fault.message, FAULT_HINTS))
                .or(link.refusal),
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
        self.shell.tell(News::CasesChanged(vec![proposal.to_owned()]));
    }

    pub(crate) fn tell_cases<'a>(&self, cases: impl IntoIterator<Item = &'a ProposalId>) {
        let cases: Vec<String> = cases.into_iter().map(ToString::to_string).collect();
        if !cases.is_empty() {
            self.shell.tell(News::CasesChanged(cases));
        }
    }

    pub(crate) fn tell_connection(&self) {
        self.shell.tell(News::Connection(self.connection()));
    }

    pub(crate) fn tell_notices(&self, told: Vec<Told>) {
        for told in told {
            self.shell.tell(match told {
                Told::Notice(view, _) => News::Notice(view),
                Told::Over(case) => News::NoticeOver(case.to_string()),
                Told::StopOver => News::NoticeOver(String::new()),
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
            store.transaction(|tx| notify::apply(tx, me, cases, &BTreeSet::new(), &moment))
        });
        match told {
            Ok(told) => self.tell_notices(told),
            Err(problem) => tracing::debug!(code = %problem.code, "no notices"),
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
            self.shell.tell(News::Counts(counts));
        }
    }

    /// Tells whether work is stopped, if that has changed.
    pub(crate) fn tell_halt(&self) {
        let halt = self.halt();
        let Ok(halt) = halt else { return };
        let before = lock(&self.told).halt.replace(halt.clone());
        if before.as_ref() != Some(&halt) {
            self.shell.tell(News::Halt(halt));
        }
    }

    /// Whether work is stopped.
    pub(crate) fn halt(&self) -> Result<HaltView, ProblemView> {
        self.member(|Member { me, store, .. }| store.read(|reader| halt::view(reader, me)))
    }

    /// The cases of held decisions.
    pub(crate) fn held_cases(&self) -> Vec<ProposalId> {
        let held = self.member(|member| member.store.read(hold::held));
        held.map(|rows| rows.iter().map(|row| row.proposal).collect()).unwrap_or_default()
    }
}

fn stored(member: &mut Member) -> Result<Stored, ProblemView> {
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
