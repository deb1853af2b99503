//! What a window calls. Every answer comes from this device's store; the network is only
//! ever in the background.

pub(crate) use crate::sync::inner::{Inner, lock};
use crate::{
    case::{case_view, comments, facts::CaseFacts, halt, state},
    lists::rows,
    profile::{
        clock::Clock,
        enrol,
        folder::{Profile, ProfileProblem},
        member::Member,
    },
    sign::{decide, hold, prompt},
    sync::{
        inner::State,
        link,
        shell::{News, Shell},
    },
    view::{
        CaseView, CommentInput, CommentView, ConfirmView, ConnectionView, DecisionInput,
        EnrolmentRequestView, EnrolmentView, HaltInput, HaltView, ProblemView, PromptView,
        QuitView, SettingsView, SignedView, WorkspaceState, problem::internal,
    },
};
use countersign_keychain::SecretStore;
use countersign_model::ProposalId;
use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, Mutex},
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The app without a window, for one profile folder.
///
/// Dropping it stops the background work soon; [`Controller::shut_down`] waits for it.
pub struct Controller<S: Shell> {
    pub(crate) inner: Arc<Inner<S>>,
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl<S: Shell> Controller<S> {
    /// Opens a profile folder. What is wrong with it is said by
    /// [`Controller::workspace_state`]; nothing is made before the person asks.
    pub fn open(folder: PathBuf, secrets: Arc<dyn SecretStore>, shell: S, clock: Clock) -> Self {
        let inner = Inner::new(Profile::new(folder, secrets), shell, clock);
        Self { inner: Arc::new(inner), stop: CancellationToken::new(), task: Mutex::new(None) }
    }

    /// Starts to speak to the relay, now or as soon as a workspace is joined.
    pub fn start(&self, runtime: &tokio::runtime::Handle) {
        let mut task = lock(&self.task);
        if task.is_none() {
            *task = Some(runtime.spawn(link::run(self.inner.clone(), self.stop.clone())));
        }
    }

    /// Writes a few list rows of those that wait to be written; `true` while there are more.
    /// Done in the background once that was started.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn write_rows(&self) -> Result<bool, ProblemView> {
        rows::step(&self.inner)
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
            *state = State::open(&self.inner.profile);
            if matches!(*state, State::Member(_)) {
                self.inner.wake.notify_one();
                self.inner.rows.notify_one();
                self.inner.follow.notify_one();
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
                self.inner.shell.tell(News::Workspace);
                view
            }
            Err(problem) => {
                *state = State::open(&self.inner.profile);
                Err(problem)
            }
        }
    }

    /// Reads the file that an administrator made from the request: what it asks to believe.
    /// Nothing of it is kept.
    ///
    /// # Errors
    /// Why it cannot be accepted, and what to do.
    pub fn read_enrolment(&self, enrolment: &str) -> Result<EnrolmentView, ProblemView> {
        let mut state = self.inner.state();
        enrol::read(state.requested()?, enrolment, (self.inner.clock)())
    }

    /// Joins a workspace with the file that an administrator made from the request, if it has
    /// the words that a person has compared with the administrator's
    /// ([`EnrolmentView::root_words`]).
    ///
    /// # Errors
    /// What is wrong and what to do; nothing was changed then.
    pub fn join_workspace(
        &self,
        enrolment: &str,
        root_words: &[String],
    ) -> Result<WorkspaceState, ProblemView> {
        let mut state = self.inner.state();
        enrol::accept(state.requested()?, enrolment, root_words, (self.inner.clock)())?;
        let State::Requested(device) = std::mem::replace(&mut *state, State::Changing) else {
            return Err(internal("joining"));
        };
        *state = State::from_opened(Member::load(*device).map_err(ProfileProblem::Store));
        let view = state.view();
        drop(state);
        self.inner.wake.notify_one();
        self.inner.tick.notify_one();
        self.inner.shell.tell(News::Workspace);
        Ok(view)
    }

    /// Everything about a case, from this device alone. Its evidence is wanted from now on.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn open_case(&self, proposal: &str) -> Result<CaseView, ProblemView> {
        let view = self.read_case(proposal)?;
        if !view.evidence.complete {
            self.want_evidence_of(decide::parse_case(proposal)?);
        }
        Ok(view)
    }

    /// Everything about a case that nobody has opened: what the window reads ahead.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn read_case(&self, proposal: &str) -> Result<CaseView, ProblemView> {
        let case = decide::parse_case(proposal)?;
        let now = (self.inner.clock)();
        let mut view = self.inner.member(|Member { me, store, .. }| {
            store.read(|reader| {
                let facts = CaseFacts::load(reader, me, case)?.ok_or_else(decide::unknown_case)?;
                case_view::view(reader, me, &facts, now)
            })
        })?;
        let online = self.inner.is_online();
        for decision in &mut view.decisions {
            state::as_told(&mut decision.delivery, online);
        }
        Ok(view)
    }

    /// Makes the bytes of a decision and the sheet rendered from them. Signs nothing.
    ///
    /// # Errors
    /// Why this cannot be decided so.
    pub fn prepare_decision(&self, input: &DecisionInput) -> Result<ConfirmView, ProblemView> {
        if self.inner.desk.is_practice(&input.proposal) {
            return self.prepare_practice(input);
        }
        let sheet = self.inner.sheet((self.inner.clock)());
        self.inner.member(|Member { me, store, .. }| {
            let mut tickets = lock(&self.inner.tickets);
            store.read(|reader| decide::prepare(reader, me, input, &mut tickets, sheet))
        })
    }

    /// Signs the bytes of a sheet and holds the decision on this device for the time to
    /// recall it; once per sheet. When this returns, the decision survives a crash.
    ///
    /// # Errors
    /// What is wrong and what to do; nothing counts as signed then.
    pub fn sign_decision(&self, ticket: &str) -> Result<SignedView, ProblemView> {
        if self.inner.desk.is_practice_ticket(ticket) {
            return self.sign_practice(ticket);
        }
        let now = (self.inner.clock)();
        let hold_until = self.inner.hold_until(now);
        let prepared = lock(&self.inner.tickets).take(ticket, now)?;
        let _span = tracing::info_span!("case", case = %prepared.case()).entered();
        let signer = self.inner.member(|member| Ok(member.keys.decision_signer()))?;
        let envelope = decide::sign(&prepared, &signer)?;
        let mut signed = self
            .inner
            .member(|member| decide::store(member, &prepared, &envelope, hold_until, now))?;
        state::as_told(&mut signed.delivery, self.inner.is_online());
        tracing::info!(decision = %signed.decision, "decision signed and held");
        self.after_own_change(prepared.case());
        Ok(signed)
    }

    /// Takes back a decision of mine that is still held; it never leaves this device.
    ///
    /// # Errors
    /// When it is not held any more, and what to do then.
    pub fn recall_decision(&self, decision: &str) -> Result<(), ProblemView> {
        let now = (self.inner.clock)();
        let case = self.inner.member(|member| hold::recall(member, decision, now))?;
        tracing::info!(%case, "a held decision was recalled");
        self.after_own_change(case);
        Ok(())
    }

    /// Forgets a sheet that was closed without signing.
    pub fn discard_decision(&self, ticket: &str) {
        lock(&self.inner.tickets).discard(ticket);
        lock(&self.inner.controls).discard(ticket);
        self.discard_batch(ticket);
    }

    /// Signs a comment and puts it on its way at once.
    ///
    /// # Errors
    /// What is wrong and what to do; nothing was signed then.
    pub fn add_comment(&self, input: &CommentInput) -> Result<CommentView, ProblemView> {
        let case = decide::parse_case(&input.proposal)?;
        let now = (self.inner.clock)();
        let (bytes, signer) = self.inner.member(|Member { me, store, keys, .. }| {
            let bytes = store.read(|reader| {
                let facts = CaseFacts::load(reader, me, case)?.ok_or_else(decide::unknown_case)?;
                comments::make(reader, me, &facts, input, now)
            })?;
            Ok((bytes, keys.decision_signer()))
        })?;
        let envelope = decide::sign_bytes(&bytes, &signer)?;
        let view = self.inner.member(|member| comments::store(member, case, &envelope, now))?;
        self.after_own_change(case);
        Ok(view)
    }

    /// The prompt behind a proposal. That it was read is signed and logged.
    ///
    /// # Errors
    /// What is wrong and what to do; nothing is shown then.
    pub fn read_prompt(&self, proposal: &str) -> Result<PromptView, ProblemView> {
        let case = decide::parse_case(proposal)?;
        let now = (self.inner.clock)();
        let (sealed, signer) = self.inner.member(|Member { me, store, keys, .. }| {
            let sealed = store.read(|reader| prompt::open(reader, me, case, now))?;
            Ok((sealed, keys.decision_signer()))
        })?;
        let envelope = decide::sign_bytes(&sealed.statement, &signer)?;
        let view = self.inner.member(|member| prompt::store(member, sealed, &envelope, now))?;
        self.after_own_change(case);
        Ok(view)
    }

    /// Whether work is stopped.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn halt(&self) -> Result<HaltView, ProblemView> {
        self.inner.halt()
    }

    /// Makes the bytes of a stop or a resume and the sheet rendered from them.
    ///
    /// # Errors
    /// Why this cannot be asked now.
    pub fn prepare_halt(&self, input: &HaltInput) -> Result<ConfirmView, ProblemView> {
        let now = (self.inner.clock)();
        let language = self.inner.language();
        self.inner.member(|Member { me, store, .. }| {
            let mut tickets = lock(&self.inner.controls);
            store.read(|reader| halt::prepare(reader, me, input, &mut tickets, language, now))
        })
    }

    /// Signs a stop or a resume, and sends it as soon as there is a network: never held.
    ///
    /// # Errors
    /// What is wrong and what to do; nothing was signed then.
    pub fn sign_halt(&self, ticket: &str) -> Result<HaltView, ProblemView> {
        let now = (self.inner.clock)();
        let bytes = lock(&self.inner.controls).take(ticket, now)?;
        let signer = self.inner.member(|member| Ok(member.keys.decision_signer()))?;
        let envelope = decide::sign_bytes(&bytes, &signer)?;
        self.inner.member(|member| halt::store(member, &envelope, now, |_| Ok(())))?;
        tracing::info!("a stop or a resume was signed");
        self.inner.wake.notify_one();
        self.inner.tell_halt();
        self.inner.halt()
    }

    /// The settings of this profile.
    pub fn settings(&self) -> SettingsView {
        self.inner.settings()
    }

    /// Checks and stores other settings.
    ///
    /// # Errors
    /// Which of them cannot be meant, or why they cannot be stored.
    pub fn change_settings(&self, settings: &SettingsView) -> Result<SettingsView, ProblemView> {
        self.inner.change_settings(settings)?;
        Ok(self.inner.settings())
    }

    /// What closing the app would leave unsent. Held decisions stay held.
    pub fn quit_state(&self) -> QuitView {
        let ConnectionView { unsent, held, .. } = self.inner.connection();
        QuitView { unsent, held }
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

    fn after_own_change(&self, case: ProposalId) {
        self.inner.renew_notices(&BTreeSet::from([case]));
        self.inner.tell_case(&case.to_string());
        self.inner.after_signing();
    }

    /// Somebody looks at a case whose evidence was let go or has not come yet. The case is
    /// shown in any case, on a full disk too.
    fn want_evidence_of(&self, case: ProposalId) {
        *lock(&self.inner.opened) = Some(case);
        let wanted = self.inner.member(|member| {
            member.store.transaction::<_, ProblemView>(|tx| Ok(tx.want_again(case)?))
        });
        if wanted.is_ok() && self.inner.is_online() {
            self.inner.wake.notify_one();
        }
    }
}

impl<S: Shell> Drop for Controller<S> {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
