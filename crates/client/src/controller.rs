//! What a window calls. Every answer comes from this device's store; the network is only
//! ever in the background.

use crate::{
    case_view,
    clock::Clock,
    decide::{self, Tickets},
    enrol,
    facts::CaseFacts,
    inbox,
    member::Member,
    problem::{internal, problem},
    profile::{Device, Opened, Profile, ProfileProblem},
    shell::Shell,
    sync_loop::{self, Link},
    view::{
        CaseView, CheckpointView, ConfirmView, ConnectionView, DecisionInput, EnrolmentRequestView,
        InboxPage, InboxQuery, ProblemView, SignedView, WorkspaceState,
    },
};
use countersign_keychain::SecretStore;
use countersign_store::StoreError;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{sync::Notify, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// The app without a window, for one profile folder.
///
/// Dropping it stops the background work soon; [`Controller::shut_down`] waits for it.
pub struct Controller<S: Shell> {
    inner: Arc<Inner<S>>,
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// What the window's calls and the background work share.
pub(crate) struct Inner<S> {
    pub(crate) shell: S,
    pub(crate) clock: Clock,
    pub(crate) link: Mutex<Link>,
    /// Something is to be sent, or the workspace was joined.
    pub(crate) wake: Notify,
    profile: Profile,
    state: Mutex<State>,
    tickets: Mutex<Tickets>,
}

/// Where the profile stands.
enum State {
    Empty,
    Requested(Box<Device>),
    Member(Box<Member>),
    Keychain(ProblemView),
    Store(ProblemView),
    /// Only while one of the others is being made from another.
    Changing,
}

impl<S: Shell> Controller<S> {
    /// Opens a profile folder. What is wrong with it is said by
    /// [`Controller::workspace_state`]; nothing is made before the person asks.
    pub fn open(folder: PathBuf, secrets: Arc<dyn SecretStore>, shell: S, clock: Clock) -> Self {
        let profile = Profile::new(folder, secrets);
        let state = State::open(&profile, &clock);
        let inner = Inner {
            shell,
            clock,
            link: Mutex::default(),
            wake: Notify::new(),
            profile,
            state: Mutex::new(state),
            tickets: Mutex::default(),
        };
        Self { inner: Arc::new(inner), stop: CancellationToken::new(), task: Mutex::new(None) }
    }

    /// Starts to speak to the relay, now or as soon as a workspace is joined.
    pub fn start(&self, runtime: &tokio::runtime::Handle) {
        let mut task = lock(&self.task);
        if task.is_none() {
            *task = Some(runtime.spawn(sync_loop::run(self.inner.clone(), self.stop.clone())));
        }
    }

    /// Stops the background work and closes the store.
    pub async fn shut_down(self) {
        self.stop.cancel();
        let task = lock(&self.task).take();
        if let Some(task) = task {
            // A task that failed has ended too.
            let _ = task.await;
        }
    }

    /// Where this device stands. A keychain or store that was in the way is tried again.
    pub fn workspace_state(&self) -> WorkspaceState {
        let mut state = self.inner.state();
        if matches!(*state, State::Keychain(_) | State::Store(_)) {
            *state = State::open(&self.inner.profile, &self.inner.clock);
            if matches!(*state, State::Member(_)) {
                self.inner.wake.notify_one();
            }
        }
        state.view()
    }

    /// Makes this device's keys, once, and the request for an administrator.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn make_enrolment_request(&self) -> Result<EnrolmentRequestView, ProblemView> {
        let mut state = self.inner.state();
        let existing = match std::mem::replace(&mut *state, State::Changing) {
            State::Empty => None,
            State::Requested(device) => Some(device),
            other => {
                let refusal = other.refusal_to_enrol();
                *state = other;
                return Err(refusal);
            }
        };
        match enrol::make_request(&self.inner.profile, existing, &self.inner.clock) {
            Ok(mut device) => {
                let view = enrol::request_view(&mut device);
                *state = State::Requested(device);
                drop(state);
                self.inner.shell.workspace_changed();
                view
            }
            Err(problem) => {
                *state = State::open(&self.inner.profile, &self.inner.clock);
                Err(problem)
            }
        }
    }

    /// Joins a workspace with the file that an administrator made from the request.
    ///
    /// # Errors
    /// What is wrong and what to do; nothing was changed then.
    pub fn join_workspace(&self, enrolment: &str) -> Result<WorkspaceState, ProblemView> {
        let mut state = self.inner.state();
        let State::Requested(device) = &mut *state else {
            return Err(match &*state {
                State::Empty => problem(
                    "no_request",
                    "This device has made no request yet.",
                    &["Make a request, hand it to an administrator, then join with their answer."],
                ),
                other => other.refusal_to_enrol(),
            });
        };
        enrol::accept(device, enrolment, (self.inner.clock)())?;
        let State::Requested(device) = std::mem::replace(&mut *state, State::Changing) else {
            return Err(internal("joining"));
        };
        *state = State::from_opened(
            Member::load(*device, &self.inner.clock).map_err(ProfileProblem::Store),
        );
        let view = state.view();
        drop(state);
        self.inner.wake.notify_one();
        self.inner.shell.workspace_changed();
        Ok(view)
    }

    /// A page of the inbox.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn list_cases(&self, query: &InboxQuery) -> Result<InboxPage, ProblemView> {
        self.inner.member(|member| member.store.read(|reader| inbox::page(reader, query)))
    }

    /// Everything about a case, from this device alone.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn open_case(&self, proposal: &str) -> Result<CaseView, ProblemView> {
        let case = decide::parse_case(proposal)?;
        let now = (self.inner.clock)();
        self.inner.member(|Member { me, store, .. }| {
            store.read(|reader| {
                let facts = CaseFacts::load(reader, me, case)?.ok_or_else(decide::unknown_case)?;
                case_view::view(reader, me, &facts, now)
            })
        })
    }

    /// Makes the bytes of a decision and the sheet rendered from them. Signs nothing.
    ///
    /// # Errors
    /// Why this cannot be decided so.
    pub fn prepare_decision(&self, input: &DecisionInput) -> Result<ConfirmView, ProblemView> {
        let now = (self.inner.clock)();
        self.inner.member(|Member { me, store, .. }| {
            let mut tickets = lock(&self.inner.tickets);
            store.read(|reader| decide::prepare(reader, me, input, &mut tickets, now))
        })
    }

    /// Signs the bytes of a sheet and stores them with what is to be sent; once per sheet.
    /// When this returns, the decision survives a crash.
    ///
    /// # Errors
    /// What is wrong and what to do; nothing counts as signed then.
    pub fn sign_decision(&self, ticket: &str) -> Result<SignedView, ProblemView> {
        let now = (self.inner.clock)();
        let prepared = lock(&self.inner.tickets).take(ticket, now)?;
        let _span = tracing::info_span!("case", case = %prepared.case()).entered();
        let signer = self.inner.member(|member| Ok(member.keys.decision_signer()))?;
        let envelope = decide::sign(&prepared, &signer)?;
        let signed =
            self.inner.member(|member| decide::store(member, &prepared, &envelope, now))?;
        tracing::info!(decision = %signed.decision, "decision signed");
        self.inner.wake.notify_one();
        self.inner.shell.case_changed(&prepared.case().to_string());
        self.inner.shell.connection_changed(&self.inner.connection());
        Ok(signed)
    }

    /// Forgets a sheet that was closed without signing.
    pub fn discard_decision(&self, ticket: &str) {
        lock(&self.inner.tickets).discard(ticket);
    }

    /// Whether we are connected, and what has not been sent.
    pub fn connection(&self) -> ConnectionView {
        self.inner.connection()
    }

    /// Bounds the size of the local store in bytes; a write beyond it is refused as on a
    /// full disk.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn limit_store(&self, max_bytes: u64) -> Result<(), ProblemView> {
        self.inner.member(|member| Ok(member.store.limit_size(max_bytes)?))
    }

    /// Reads every page of the store: slow; for the background after a start.
    ///
    /// # Errors
    /// What is damaged and what to do.
    pub fn check_store(&self) -> Result<(), ProblemView> {
        self.inner.member(|member| Ok(member.store.check()?))
    }
}

impl<S: Shell> Drop for Controller<S> {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl<S: Shell> Inner<S> {
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
        let stored = self.member(|member| {
            member
                .store
                .read::<_, StoreError>(|reader| {
                    let state = reader.sync_state()?;
                    Ok((
                        reader.log_head()?,
                        reader.unsent_decisions()?,
                        reader.open_fault()?,
                        state,
                    ))
                })
                .map_err(ProblemView::from)
        });
        let (checkpoint, unsent, fault, contact) = match stored {
            Err(_) => (None, 0, None, None),
            Ok((head, unsent, fault, state)) => (
                head.map(|head| CheckpointView {
                    size: head.size,
                    root: head.root.to_string(),
                    verified_at_ms: head.verified_at_ms.millis(),
                }),
                unsent,
                fault.map(|fault| problem(&fault.code, fault.message, sync_loop::FAULT_HINTS)),
                state.last_contact_ms,
            ),
        };
        let last_contact = link.last_contact_ms.max(contact);
        ConnectionView {
            online: link.online,
            last_contact_ms: last_contact.map(countersign_model::TimestampMs::millis),
            checkpoint,
            unsent,
            fault: fault.or(link.refusal),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    fn open(profile: &Profile, clock: &Clock) -> Self {
        Self::from_opened(profile.open(clock))
    }

    fn from_opened(opened: Result<Opened, ProfileProblem>) -> Self {
        match opened {
            Ok(Opened::Empty) => Self::Empty,
            Ok(Opened::Requested(device)) => Self::Requested(device),
            Ok(Opened::Member(member)) => Self::Member(member),
            Err(ProfileProblem::Keychain(problem)) => Self::Keychain(problem),
            Err(ProfileProblem::Store(problem)) => Self::Store(problem),
        }
    }

    fn view(&mut self) -> WorkspaceState {
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

    fn refusal_to_enrol(&self) -> ProblemView {
        match self {
            Self::Keychain(problem) | Self::Store(problem) => problem.clone(),
            _ => problem(
                "already_joined",
                "This profile belongs to a workspace already.",
                &["Use another profile folder for another workspace."],
            ),
        }
    }
}

/// Locks; a panic elsewhere has left the value whole, as every change is one assignment.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
