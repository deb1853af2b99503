//! What a window calls. Every answer comes from this device's store; the network is only
//! ever in the background.

use crate::{
    case::{
        beside::Beside,
        facts::{CaseFacts, CaseUnknown, parse_case},
        state::Delivery,
    },
    engine::{
        case_view,
        shell::{Shell, Window},
        shown,
    },
    lists::{rows, similar},
    profile::{
        access::{Access, lock},
        clock::Clock,
        enrol,
        failure::{Broken, ProfileError},
        folder::Profile,
        member::Member,
        state::State,
    },
    sign::{
        comment::{self, CommentError},
        decide::{self, Sheet},
        halt, hold,
        practice::Practice,
        prompt, rollback,
        signable::Signable,
        tickets::Tickets,
    },
    sync::{
        link,
        shared::{Connection, Shared},
        watcher::{Change, Watcher as _},
        writing,
    },
    view::{
        CaseView, CommentInput, CommentView, ConfirmView, ConnectionView, DecisionInput,
        EnrolmentRequestView, EnrolmentView, HaltInput, HaltView, ProblemView, PromptView,
        QuitView, RollbackInput, SettingsView, SignedView, WorkspaceState,
    },
};
use countersign_keychain::SecretStore;
use countersign_model::{DecisionId, ProposalId, TimestampMs};
use countersign_store::{Reader, StoreError};
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
    pub(crate) shared: Arc<Shared<Window<S>>>,
    /// What was shown and may be signed, whatever it is.
    pub(crate) sheets: Mutex<Tickets<Signable>>,
    /// The practice case while it is being played.
    pub(crate) practice: Mutex<Option<Practice>>,
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl<S: Shell> Controller<S> {
    /// Opens a profile folder. What is wrong with it is said by
    /// [`Controller::workspace_state`]; nothing is made before the person asks.
    pub fn open(folder: PathBuf, secrets: Arc<dyn SecretStore>, shell: S, clock: Clock) -> Self {
        let profile = Profile::new(folder, secrets);
        let state = with_rows(State::open(&profile));
        Self {
            shared: Arc::new(Shared::new(Access::new(profile, state, clock), Window(shell))),
            sheets: Mutex::default(),
            practice: Mutex::default(),
            stop: CancellationToken::new(),
            task: Mutex::new(None),
        }
    }

    /// Starts to speak to the relay, now or as soon as a workspace is joined.
    pub fn start(&self, runtime: &tokio::runtime::Handle) {
        let mut task = lock(&self.task);
        if task.is_none() {
            *task = Some(runtime.spawn(link::run(self.shared.clone(), self.stop.clone())));
        }
    }

    /// Writes a few list rows of those that wait to be written; `true` while there are more.
    /// Done in the background once that was started.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn write_rows(&self) -> Result<bool, ProblemView> {
        Ok(writing::step(&self.shared)?)
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
        let mut state = self.shared.access.state();
        if matches!(*state, State::Unusable(_)) {
            *state = with_rows(State::open(&self.shared.access.profile));
            if matches!(*state, State::Member(_)) {
                self.shared.wake.notify_one();
                self.shared.rows.notify_one();
                self.shared.follow.notify_one();
            }
        }
        shown::workspace(&mut state)
    }

    /// Makes this device's keys, once, and the request for an administrator.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn make_enrolment_request(&self) -> Result<EnrolmentRequestView, ProblemView> {
        let access = &self.shared.access;
        let mut state = access.state();
        let existing = match std::mem::replace(&mut *state, State::Changing) {
            State::Empty => None,
            State::Requested(device) => Some(device),
            other => {
                let refusal = other.refusal_to_enrol();
                *state = other;
                return Err(refusal.into());
            }
        };
        match enrol::make_request(&access.profile, existing, &access.clock) {
            Ok(mut device) => {
                let view = enrol::request_view(&mut device);
                *state = State::Requested(device);
                drop(state);
                self.shared.watcher.tell(Change::Workspace);
                Ok(view?)
            }
            Err(error) => {
                *state = with_rows(State::open(&self.shared.access.profile));
                Err(error.into())
            }
        }
    }

    /// Reads the file that an administrator made from the request: what it asks to believe.
    /// Nothing of it is kept.
    ///
    /// # Errors
    /// Why it cannot be accepted, and what to do.
    pub fn read_enrolment(&self, enrolment: &str) -> Result<EnrolmentView, ProblemView> {
        let mut state = self.shared.access.state();
        Ok(enrol::read(state.requested()?, enrolment, self.shared.now())?)
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
        let mut state = self.shared.access.state();
        enrol::accept(state.requested()?, enrolment, root_words, self.shared.now())?;
        let State::Requested(device) = std::mem::replace(&mut *state, State::Changing) else {
            return Err(Broken("joining").into());
        };
        *state = with_rows(State::of(*device));
        let view = shown::workspace(&mut state);
        drop(state);
        self.shared.wake.notify_one();
        self.shared.tick.notify_one();
        self.shared.watcher.tell(Change::Workspace);
        Ok(view)
    }

    /// Everything about a case, from this device alone. Its evidence is wanted from now on.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn open_case(&self, proposal: &str) -> Result<CaseView, ProblemView> {
        let view = self.read_case(proposal)?;
        if !view.evidence.complete {
            self.want_evidence_of(parse_case(proposal)?);
        }
        Ok(view)
    }

    /// Everything about a case that nobody has opened: what the window reads ahead.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn read_case(&self, proposal: &str) -> Result<CaseView, ProblemView> {
        let case = parse_case(proposal)?;
        let now = self.shared.now();
        let online = self.shared.is_online();
        self.member(|Member { me, store, .. }| {
            store.read(|reader| {
                let facts = CaseFacts::load(reader, me, case)?.ok_or(CaseUnknown)?;
                let neighbours = similar::neighbours(reader, me, &facts, now)?;
                let beside = Beside::load(reader, me, &facts, neighbours)?;
                Ok(case_view::compose(me, &facts, beside, online, now))
            })
        })
    }

    /// Makes the bytes of a decision and the sheet rendered from them. Signs nothing.
    ///
    /// # Errors
    /// Why this cannot be decided like that.
    pub fn prepare_decision(&self, input: &DecisionInput) -> Result<ConfirmView, ProblemView> {
        if self.is_practice(&input.proposal) {
            return self.prepare_practice(input);
        }
        let sheet = self.sheet(self.shared.now());
        self.member(|Member { me, store, .. }| {
            let mut tickets = lock(&self.sheets);
            let prepare =
                |reader: &Reader<'_>| decide::prepare(reader, me, input, &mut tickets, sheet);
            Ok(shown::confirm(store.read(prepare)?))
        })
    }

    /// Signs the bytes of a sheet and holds the decision on this device for the time to
    /// recall it; once per sheet. When this returns, the decision survives a crash.
    ///
    /// # Errors
    /// What is wrong and what to do; nothing counts as signed then.
    pub fn sign_decision(&self, ticket: &str) -> Result<SignedView, ProblemView> {
        if self.is_practice_ticket(ticket) {
            return self.sign_practice(ticket);
        }
        let now = self.shared.now();
        let hold_until = self.hold_until(now);
        let prepared: decide::Prepared = lock(&self.sheets).take(ticket, now)?;
        let _span = tracing::info_span!("case", case = %prepared.case()).entered();
        let signer = self.member(|member| Ok(member.keys.decision_signer()))?;
        let envelope = decide::sign(&prepared, &signer)?;
        let decision = self
            .member(|member| Ok(decide::store(member, &prepared, &envelope, hold_until, now)?))?;
        let signed = held(decision, hold_until, self.shared.is_online());
        tracing::info!(%decision, "decision signed and held");
        self.after_own_change(prepared.case());
        Ok(signed)
    }

    /// Takes back a decision of mine that is still held; it never leaves this device.
    ///
    /// # Errors
    /// When it is not held any more, and what to do then.
    pub fn recall_decision(&self, decision: &str) -> Result<(), ProblemView> {
        let now = self.shared.now();
        let case = self.member(|member| Ok(hold::recall(member, decision, now)?))?;
        tracing::info!(%case, "a held decision was recalled");
        self.after_own_change(case);
        Ok(())
    }

    /// Forgets a sheet that was closed without signing.
    pub fn discard_decision(&self, ticket: &str) {
        lock(&self.sheets).discard(ticket);
    }

    /// Signs a comment and puts it on its way at once.
    ///
    /// # Errors
    /// What is wrong and what to do; nothing was signed then.
    pub fn add_comment(&self, input: &CommentInput) -> Result<CommentView, ProblemView> {
        let case = parse_case(&input.proposal)?;
        let now = self.shared.now();
        let (bytes, signer) = self.member(|Member { me, store, keys, .. }| {
            let bytes = store.read::<_, CommentError>(|reader| {
                let facts = CaseFacts::load(reader, me, case)?.ok_or(CaseUnknown)?;
                comment::make(reader, me, &facts, input, now)
            })?;
            Ok((bytes, keys.decision_signer()))
        })?;
        let envelope = decide::sign_bytes(&bytes, &signer)?;
        let view = self.member(|member| Ok(comment::store(member, case, &envelope, now)?))?;
        self.after_own_change(case);
        Ok(view)
    }

    /// The prompt behind a proposal. That it was read is signed and logged.
    ///
    /// # Errors
    /// What is wrong and what to do; nothing is shown then.
    pub fn read_prompt(&self, proposal: &str) -> Result<PromptView, ProblemView> {
        let case = parse_case(proposal)?;
        let now = self.shared.now();
        let (sealed, signer) = self.member(|Member { me, store, keys, .. }| {
            let sealed = store.read(|reader| prompt::open(reader, me, case, now))?;
            Ok((sealed, keys.decision_signer()))
        })?;
        let envelope = decide::sign_bytes(&sealed.statement, &signer)?;
        let view = self.member(|member| Ok(prompt::store(member, sealed, &envelope, now)?))?;
        self.after_own_change(case);
        Ok(view)
    }

    /// Whether work is stopped.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn halt(&self) -> Result<HaltView, ProblemView> {
        Ok(shown::halt(self.shared.halt()?))
    }

    /// Makes the bytes of a stop or a resume and the sheet rendered from them.
    ///
    /// # Errors
    /// Why this cannot be asked now.
    pub fn prepare_halt(&self, input: &HaltInput) -> Result<ConfirmView, ProblemView> {
        let now = self.shared.now();
        let language = self.shared.access.language();
        self.member(|Member { me, store, .. }| {
            let mut tickets = lock(&self.sheets);
            let prepare =
                |reader: &Reader<'_>| halt::prepare(reader, me, input, &mut tickets, language, now);
            Ok(shown::confirm(store.read(prepare)?))
        })
    }

    /// Signs a stop or a resume, and sends it as soon as there is a network: never held.
    ///
    /// # Errors
    /// What is wrong and what to do; nothing was signed then.
    pub fn sign_halt(&self, ticket: &str) -> Result<HaltView, ProblemView> {
        let now = self.shared.now();
        let halt::Prepared(bytes) = lock(&self.sheets).take(ticket, now)?;
        let signer = self.member(|member| Ok(member.keys.decision_signer()))?;
        let envelope = decide::sign_bytes(&bytes, &signer)?;
        self.member(|member| Ok(halt::store(member, &envelope, now, |_| Ok(()))?))?;
        tracing::info!("a stop or a resume was signed");
        self.shared.wake.notify_one();
        self.shared.tell_halt();
        self.halt()
    }

    /// Makes the bytes of a wish to take back what was executed, and the sheet rendered from
    /// them.
    ///
    /// # Errors
    /// Why this cannot be asked now.
    pub fn prepare_rollback(&self, input: &RollbackInput) -> Result<ConfirmView, ProblemView> {
        let case = parse_case(&input.proposal)?;
        let sheet = self.sheet(self.shared.now());
        self.member(|Member { me, store, .. }| {
            let mut tickets = lock(&self.sheets);
            let prepare = |reader: &Reader<'_>| {
                rollback::prepare(reader, me, (case, &input.text), &mut tickets, &sheet)
            };
            Ok(shown::confirm(store.read(prepare)?))
        })
    }

    /// Signs the wish to take a change back, and sends it as soon as there is a network. It
    /// opens a case that others decide, so that it is not held.
    ///
    /// # Errors
    /// What is wrong and what to do; nothing was signed then.
    pub fn sign_rollback(&self, ticket: &str) -> Result<(), ProblemView> {
        let now = self.shared.now();
        let rollback::Prepared { case, bytes } = lock(&self.sheets).take(ticket, now)?;
        let signer = self.member(|member| Ok(member.keys.decision_signer()))?;
        let envelope = decide::sign_bytes(&bytes, &signer)?;
        self.member(|member| Ok(halt::store(member, &envelope, now, |_| Ok(()))?))?;
        tracing::info!(%case, "a rollback was asked for");
        self.shared.wake.notify_one();
        self.after_own_change(case);
        Ok(())
    }

    /// The settings of this profile.
    pub fn settings(&self) -> SettingsView {
        self.shared.access.settings()
    }

    /// Checks and stores other settings.
    ///
    /// # Errors
    /// Which of them make no sense, or why they cannot be stored.
    pub fn change_settings(&self, settings: &SettingsView) -> Result<SettingsView, ProblemView> {
        self.shared.access.change_settings(settings)?;
        self.shared.tick.notify_one();
        Ok(self.shared.access.settings())
    }

    /// What closing the app would leave unsent. Held decisions stay held.
    pub fn quit_state(&self) -> QuitView {
        let Connection { unsent, held, .. } = self.shared.connection();
        QuitView { unsent, held }
    }

    /// Whether we are connected, and what has not been sent.
    pub fn connection(&self) -> ConnectionView {
        shown::connection(self.shared.connection())
    }

    /// Bounds the size of the local store in bytes; a write beyond it is refused as on a
    /// full disk.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn limit_store(&self, max_bytes: u64) -> Result<(), ProblemView> {
        self.member(|member| Ok(member.store.limit_size(max_bytes)?))
    }

    /// Reads every page of the store: slow; for the background after a start.
    ///
    /// # Errors
    /// What is damaged and what to do.
    pub fn check_store(&self) -> Result<(), ProblemView> {
        self.member(|member| Ok(member.store.check()?))
    }

    /// Runs `work` as a member of the workspace.
    pub(crate) fn member<T>(
        &self,
        work: impl FnOnce(&mut Member) -> Result<T, ProblemView>,
    ) -> Result<T, ProblemView> {
        self.shared.access.member(work)
    }

    /// Whether a case is the one to practise on.
    fn is_practice(&self, proposal: &str) -> bool {
        lock(&self.practice).as_ref().is_some_and(|practice| practice.is(proposal))
    }

    /// Whether a ticket is of a practice sheet.
    fn is_practice_ticket(&self, ticket: &str) -> bool {
        lock(&self.practice).as_ref().is_some_and(|practice| practice.has_made(ticket))
    }

    /// What a sheet made at `now` needs to know.
    pub(crate) fn sheet(&self, now: TimestampMs) -> Sheet {
        let language = self.shared.access.language();
        Sheet { language, clock_skew_ms: self.shared.connection().clock_skew_ms, now }
    }

    /// Until when, at least, a decision signed at `now` can be recalled.
    pub(crate) fn hold_until(&self, now: TimestampMs) -> TimestampMs {
        now.plus_ms(i64::from(self.shared.access.settings().undo_seconds) * 1_000)
    }

    fn after_own_change(&self, case: ProposalId) {
        self.shared.renew_notices(&BTreeSet::from([case]));
        self.shared.tell_case(&case.to_string());
        self.shared.after_signing();
    }

    /// Somebody looks at a case whose evidence was let go or has not come yet. The case is
    /// shown in any case, on a full disk too.
    fn want_evidence_of(&self, case: ProposalId) {
        *lock(&self.shared.opened) = Some(case);
        let wanted = self.member(|member| {
            Ok(member.store.transaction::<_, StoreError>(|tx| tx.want_again(case))?)
        });
        if wanted.is_ok() && self.shared.is_online() {
            self.shared.wake.notify_one();
        }
    }
}

impl<S: Shell> Drop for Controller<S> {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A decision that was signed and is held.
pub(crate) fn held(decision: DecisionId, until: TimestampMs, online: bool) -> SignedView {
    let delivery = shown::delivery(Delivery::Held { until_ms: Some(until) }, online);
    SignedView { decision: decision.to_string(), delivery }
}

/// A profile that was opened: its list rows are rewritten if their form has changed with
/// the app.
fn with_rows(state: State) -> State {
    let State::Member(mut member) = state else { return state };
    match member.store.transaction(rows::follow_form) {
        Ok(()) => State::Member(member),
        Err(failure) => ProfileError::from(failure).into(),
    }
}
