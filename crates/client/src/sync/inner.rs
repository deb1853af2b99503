//! What the window's calls and the background work share: the profile's state, the link,
//! and what the window was told last.

use crate::{
    case::halt,
    engine::desk::DeskState,
    lists::{
        inbox,
        notices::Told,
        notify::{self, Moment},
    },
    profile::{
        clock::Clock,
        enrol,
        folder::{Device, Opened, Profile, ProfileProblem},
        member::Member,
        settings,
    },
    sign::{
        decide::{self, Prepared, Sheet},
        hold,
        tickets::Tickets,
    },
    sync::{
        link::{self, Link},
        shell::{News, Shell},
    },
    view::{
        CheckpointView, ConnectionView, HaltView, InboxCounts, ProblemView, SettingsView,
        WorkspaceState,
        problem::{internal, problem},
    },
};
use countersign_model::{ProposalId, TimestampMs, confirm::Language};
use countersign_store::{FaultRow, LogHead, StoreError};
use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// What the window's calls and the background work share.
pub(crate) struct Inner<S> {
    pub(crate) shell: S,
    pub(crate) clock: Clock,
    pub(crate) link: Mutex<Link>,
    /// Something is to be sent, or the workspace was joined.
    pub(crate) wake: Notify,
    /// A time to wait for may have changed.
    pub(crate) tick: Notify,
    /// There may be list rows to write.
    pub(crate) rows: Notify,
    /// There may be entries of the log to follow.
    pub(crate) follow: Notify,
    pub(crate) profile: Profile,
    /// Fair: after a transaction whoever waits has it before the one that had it.
    state: parking_lot::Mutex<State>,
    pub(crate) tickets: Mutex<Tickets<Prepared>>,
    pub(crate) controls: Mutex<Tickets<Vec<u8>>>,
    pub(crate) desk: DeskState,
    /// The case that was opened last: its evidence is wanted whatever its state.
    pub(crate) opened: Mutex<Option<ProposalId>>,
    settings: Mutex<SettingsView>,
    told: Mutex<LastTold>,
}

/// What the window was told last.
#[derive(Default)]
struct LastTold {
    halt: Option<HaltView>,
    counts: Option<InboxCounts>,
}

/// Where the profile stands.
pub(crate) enum State {
    Empty,
    Requested(Box<Device>),
    Member(Box<Member>),
    Keychain(ProblemView),
    Store(ProblemView),
    /// Only while one of the others is being made from another.
    Changing,
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

impl<S: Shell> Inner<S> {
    pub(crate) fn new(profile: Profile, shell: S, clock: Clock) -> Self {
        let settings = settings::read(profile.folder());
        let state = State::open(&profile);
        Self {
            shell,
            clock,
            link: Mutex::default(),
            wake: Notify::new(),
            tick: Notify::new(),
            rows: Notify::new(),
            follow: Notify::new(),
            profile,
            state: parking_lot::Mutex::new(state),
            tickets: Mutex::default(),
            controls: Mutex::default(),
            desk: DeskState::default(),
            opened: Mutex::default(),
            settings: Mutex::new(settings),
            told: Mutex::default(),
        }
    }

    /// Runs `work` as a member of the workspace.
    pub(crate) fn member<T>(
        &self,
        work: impl FnOnce(&mut Member) -> Result<T, ProblemView>,
    ) -> Result<T, ProblemView> {
        match &mut *self.state() {
            State::Member(member) => work(member),
            State::Keychain(problem) | State::Store(problem) => Err(problem.clone()),
            State::Empty | State::Requested(_) | State::Changing => Err(problem(
                "not_enrolled",
                "This device has not joined a workspace yet.",
                &["Make a request and hand it to an administrator."],
            )),
        }
    }

    /// The connection as it is, from the store and the link.
    pub(crate) fn connection(&self) -> ConnectionView {
        let link = lock(&self.link).clone();
        let now = (self.clock)();
        let stored = self.member(stored).ok();
        let last_contact = stored.as_ref().and_then(|stored| stored.last_contact_ms);
        let last_contact = link.last_contact_ms.max(last_contact);
        let gate_clock =
            stored.as_ref().and_then(|stored| stored.head.as_ref()).map(|head| head.gate_clock_ms);
        ConnectionView {
            online: link.online,
            last_contact_ms: last_contact.map(TimestampMs::millis),
            checkpoint: stored.as_ref().and_then(|stored| stored.head.as_ref()).map(checkpoint),
            unsent: stored.as_ref().map_or(0, |stored| stored.unsent),
            held: stored.as_ref().map_or(0, |stored| stored.held),
            clock_skew_ms: decide::clock_skew(now, gate_clock, link.clock_hint_ms),
            evidence_missing: stored.as_ref().map_or(0, |stored| stored.evidence_missing),
            fault: stored
                .and_then(|stored| stored.fault)
                .map(|fault| problem(&fault.code, fault.message, link::FAULT_HINTS))
                .or(link.refusal),
        }
    }

    /// Whether the relay was reached and nothing has ended that.
    pub(crate) fn is_online(&self) -> bool {
        lock(&self.link).online
    }

    pub(crate) fn settings(&self) -> SettingsView {
        lock(&self.settings).clone()
    }

    pub(crate) fn change_settings(&self, new: &SettingsView) -> Result<(), ProblemView> {
        let mut kept = lock(&self.settings);
        settings::write(self.profile.folder(), new)?;
        *kept = new.clone();
        drop(kept);
        self.tick.notify_one();
        Ok(())
    }

    /// The language of the confirm sheets.
    pub(crate) fn language(&self) -> Language {
        settings::language(&self.settings())
    }

    /// What a sheet made at `now` needs to know.
    pub(crate) fn sheet(&self, now: TimestampMs) -> Sheet {
        Sheet { language: self.language(), clock_skew_ms: self.connection().clock_skew_ms, now }
    }

    /// Until when a decision signed at `now` can be recalled at least.
    pub(crate) fn hold_until(&self, now: TimestampMs) -> TimestampMs {
        now.plus_ms(i64::from(self.settings().undo_seconds) * 1_000)
    }

    /// The moment, for notices.
    pub(crate) fn moment(&self) -> Moment {
        Moment { at: (self.clock)(), settings: self.settings() }
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

    /// After a decision was signed or recalled: the window hears, and times are set anew.
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
        let now = (self.clock)();
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

    pub(crate) fn state(&self) -> parking_lot::MutexGuard<'_, State> {
        self.state.lock()
    }
}

impl State {
    pub(crate) fn open(profile: &Profile) -> Self {
        Self::from_opened(profile.open())
    }

    pub(crate) fn from_opened(opened: Result<Opened, ProfileProblem>) -> Self {
        match opened {
            Ok(Opened::Empty) => Self::Empty,
            Ok(Opened::Requested(device)) => Self::Requested(device),
            Ok(Opened::Member(member)) => Self::Member(member),
            Err(ProfileProblem::Keychain(problem)) => Self::Keychain(problem),
            Err(ProfileProblem::Store(problem)) => Self::Store(problem),
        }
    }

    pub(crate) fn view(&mut self) -> WorkspaceState {
        match self {
            Self::Empty | Self::Changing => WorkspaceState::NotEnrolled,
            Self::Requested(device) => match enrol::request_view(device) {
                Ok(request) => WorkspaceState::RequestMade { request },
                // Keys are there and the request is not: it is made again from them.
                Err(_) => WorkspaceState::NotEnrolled,
            },
            Self::Member(member) => WorkspaceState::Ready { workspace: member.view() },
            Self::Keychain(problem) => WorkspaceState::KeychainProblem { problem: problem.clone() },
            Self::Store(problem) => WorkspaceState::StoreProblem { problem: problem.clone() },
        }
    }

    /// The device that waits for an administrator's answer.
    pub(crate) fn requested(&mut self) -> Result<&mut Device, ProblemView> {
        match self {
            Self::Requested(device) => Ok(device),
            Self::Empty => Err(problem(
                "no_request",
                "This device has made no request yet.",
                &["Make a request, hand it to an administrator, then join with their answer."],
            )),
            other => Err(other.refusal_to_enrol()),
        }
    }

    pub(crate) fn refusal_to_enrol(&self) -> ProblemView {
        match self {
            Self::Keychain(problem) | Self::Store(problem) => problem.clone(),
            Self::Changing => internal("joining"),
            _ => problem(
                "already_joined",
                "This profile belongs to a workspace already.",
                &["Use another profile folder for another workspace."],
            ),
        }
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

fn checkpoint(head: &LogHead) -> CheckpointView {
    CheckpointView {
        size: head.size,
        root: head.root.to_string(),
        verified_at_ms: head.verified_at_ms.millis(),
    }
}

/// Locks; a panic elsewhere has left the value whole, as every change is one assignment.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
