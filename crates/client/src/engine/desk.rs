//! What the desk's screens call besides opening and deciding a case: lists and filters,
//! batches, the log, policies, people, the practice case.

use crate::{
    engine::{
        case_view,
        controller::{Controller, held},
        shell::Shell,
        shown,
    },
    lists::{
        inbox,
        log_check::{self, LogCheck},
        log_explorer, policies, trial,
    },
    profile::{access::lock, clock::millis_since, member::Member, people},
    sign::{
        batch, decide,
        practice::{Practice, PracticeError},
    },
    sync::follow,
    view::{
        BatchConfirmView, BatchInput, BatchItemResult, BatchResultView, CaseView, ConfirmView,
        DecisionInput, Delivery, DeskView, InboxPage, InboxQuery, InboxView, LogEntryView, LogPage,
        LogQuery, LogVerification, OpeningView, PeopleView, PoliciesView, PolicyTrial,
        PracticeTopic, ProblemView, SignedView, TrialView, WorkspaceState,
    },
};
use countersign_store::{Reader, StoreError};
use std::time::Instant;

/// Rows of the first page.
const FIRST_ROWS: u32 = 40;

impl<S: Shell> Controller<S> {
    /// All that the first page shows. Its link is the shell's to fill in.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn opening(&self) -> Result<OpeningView, ProblemView> {
        let state = self.workspace_state();
        let desk = match state {
            WorkspaceState::Ready { .. } => Some(self.desk()?),
            _ => None,
        };
        Ok(OpeningView { state, desk, settings: self.settings(), link: None })
    }

    fn desk(&self) -> Result<DeskView, ProblemView> {
        let first = InboxQuery {
            view: InboxView::NeedsMe,
            search: String::new(),
            after: None,
            limit: FIRST_ROWS,
        };
        Ok(DeskView {
            page: self.list_cases(&first)?,
            filters: self.saved_filters()?,
            connection: self.connection(),
            halt: self.halt()?,
        })
    }

    /// A page of the inbox.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn list_cases(&self, query: &InboxQuery) -> Result<InboxPage, ProblemView> {
        let now = self.shared.now();
        let online = self.shared.is_online();
        let page = self.member(|Member { me, store, .. }| {
            Ok(store.read(|reader| inbox::page(reader, me, query, now))?)
        })?;
        Ok(shown::page(page, online))
    }

    /// Makes the bytes of many approvals, and a sheet of all of them. Signs nothing.
    ///
    /// # Errors
    /// Why there can be no batch of these cases.
    pub fn prepare_batch(&self, input: &BatchInput) -> Result<BatchConfirmView, ProblemView> {
        let sheet = self.sheet(self.shared.now());
        self.member(|Member { me, store, .. }| {
            let mut tickets = lock(&self.sheets);
            let prepare =
                |reader: &Reader<'_>| batch::prepare(reader, me, input, &mut tickets, sheet);
            Ok(shown::batch(store.read(prepare)?))
        })
    }

    /// Signs each item of a batch by itself, and says of each what came of it; once per sheet.
    ///
    /// # Errors
    /// When the sheet is unknown or too old; what befalls one item is in its line.
    pub fn sign_batch(&self, ticket: &str) -> Result<BatchResultView, ProblemView> {
        let items: Vec<batch::Item> = lock(&self.sheets).take(ticket, self.shared.now())?;
        let items = items.into_iter().map(|item| self.sign_item(item)).collect();
        self.shared.after_signing();
        Ok(BatchResultView { items })
    }

    /// A page of the audit log.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn list_log(&self, query: &LogQuery) -> Result<LogPage, ProblemView> {
        self.member(|Member { me, store, .. }| {
            Ok(store.read(|reader| log_explorer::list(reader, me, query))?)
        })
    }

    /// An entry of the log with the proofs that were made and checked just now.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn log_entry(&self, seq: u64) -> Result<LogEntryView, ProblemView> {
        self.member(|Member { me, store, .. }| {
            Ok(store.read(|reader| log_explorer::entry(reader, me, seq))?)
        })
    }

    /// Checks the whole log on this device again. Seconds for a long one; the store is free
    /// for others in between.
    ///
    /// # Errors
    /// When the store cannot be read; what is wrong with the log is in the verdicts.
    pub fn verify_log(&self) -> Result<LogVerification, ProblemView> {
        let begun = Instant::now();
        follow::settle(&self.shared)?;
        let (head, followed, keys) = self.member(|Member { me, store, .. }| {
            let found = |reader: &Reader<'_>| Ok((reader.log_head()?, follow::found(reader)?));
            let (head, followed) = store.read::<_, ProblemView>(found)?;
            Ok((head, followed, me.log_keys()))
        })?;
        let end = head.as_ref().map_or(0, |head| head.size);
        let mut check = LogCheck::new(keys);
        while check.position() < end {
            let from = check.position();
            let run = self.member(|member| {
                let read = |reader: &Reader<'_>| log_check::read_run(reader, from, end);
                Ok(member.store.read::<_, StoreError>(read)?)
            })?;
            check.take(run);
        }
        let checked = check.finish(head.as_ref(), followed);
        Ok(LogVerification {
            integrity: shown::verdict(checked.integrity),
            completeness: shown::verdict(checked.completeness),
            entries: checked.entries,
            root: checked.root.to_string(),
            checked_at_ms: self.shared.now().millis(),
            took_ms: millis_since(begun),
        })
    }

    /// The policy in force in plain words.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn policies(&self) -> Result<PoliciesView, ProblemView> {
        Ok(policies::view(&self.shared.access)?)
    }

    /// Judges the cases of the last days again, under the policy in force and under a change
    /// of its limits.
    ///
    /// # Errors
    /// What is wrong with the change, and what to do.
    pub fn try_policy(&self, trial: &PolicyTrial) -> Result<TrialView, ProblemView> {
        Ok(trial::run(&self.shared.access, trial)?)
    }

    /// Signs and stores one approval of a batch.
    fn sign_item(&self, item: batch::Item) -> BatchItemResult {
        let proposal = item.case().to_string();
        let signed = self.store_item(&item);
        if signed.is_ok() {
            self.shared.tell_case(&proposal);
        }
        let (signed, refused) = match signed {
            Ok(signed) => (Some(signed), None),
            Err(why) => (None, Some(why)),
        };
        BatchItemResult { proposal, campaign: item.campaign, signed, refused }
    }

    fn store_item(&self, item: &batch::Item) -> Result<SignedView, ProblemView> {
        let now = self.shared.now();
        let hold_until = self.hold_until(now);
        let signer = self.member(|Member { me, store, keys, .. }| {
            // What was true when the sheet was made may have changed while it was read.
            store.read(|reader| batch::check_again(reader, me, item.case(), now))?;
            Ok(keys.decision_signer())
        })?;
        let envelope = decide::sign(&item.prepared, &signer)?;
        let decision = self.member(|member| {
            Ok(decide::store(member, &item.prepared, &envelope, hold_until, now)?)
        })?;
        Ok(held(decision, hold_until, true))
    }

    /// The people, devices and agents of the roster.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn people(&self) -> Result<PeopleView, ProblemView> {
        self.member(|member| Ok(people::view(&member.me)))
    }

    /// A fresh case to practise on. Nothing of it is stored or sent.
    ///
    /// # Errors
    /// When the computer gives no random numbers.
    pub fn practice(&self, topic: PracticeTopic) -> Result<CaseView, ProblemView> {
        let practice = Practice::make(topic, self.shared.now())?;
        let (me, facts, beside) = (practice.me(), practice.facts(), practice.beside()?);
        let view = case_view::compose(me, facts, beside, true, self.shared.now());
        *lock(&self.practice) = Some(practice);
        Ok(CaseView { practice: true, ..view })
    }

    /// The real sheet of a practice decision, from real bytes.
    ///
    /// # Errors
    /// Why this cannot be decided like that.
    pub fn prepare_practice(&self, input: &DecisionInput) -> Result<ConfirmView, ProblemView> {
        let now = self.shared.now();
        let language = self.shared.access.language();
        let mut practice = lock(&self.practice);
        let practice = practice.as_mut().ok_or(PracticeError::Over)?;
        Ok(shown::confirm(practice.prepare(input, &mut lock(&self.sheets), language, now)?))
    }

    /// Signs a practice decision with a key that is thrown away at once.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn sign_practice(&self, ticket: &str) -> Result<SignedView, ProblemView> {
        let now = self.shared.now();
        let mut practice = lock(&self.practice);
        let played = practice.as_ref().ok_or(PracticeError::Over)?;
        let decision = played.sign(lock(&self.sheets).take(ticket, now)?)?;
        // Its keys are wiped with it.
        *practice = None;
        let decision = decision.to_string();
        Ok(SignedView { decision, delivery: Delivery::SignedOnThisDevice })
    }
}
