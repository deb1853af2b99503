//! What the desk's screens call beside opening and deciding a case: lists and filters,
//! batches, the log, policies, people, the practice case.

use crate::{
    case::{facts::parse_case, state},
    engine::controller::Controller,
    lists::{
        inbox,
        log_check::{self, LogCheck},
        log_explorer, policies, trial,
    },
    profile::{access::lock, clock::millis_since, member::Member, people, random},
    sign::{
        batch, decide,
        practice::{self, Practice},
    },
    sync::{follow, shell::Shell},
    view::{
        BatchConfirmView, BatchInput, BatchItemResult, BatchResultView, CaseView, ConfirmView,
        DecisionInput, DeskView, InboxPage, InboxQuery, InboxView, LogEntryView, LogPage, LogQuery,
        LogVerification, OpeningView, PeopleView, PoliciesView, PolicyTrial, ProblemView,
        SavedFilter, SavedFilterInput, SignedView, TrialView, WorkspaceState,
        entered::{self, Field},
        names,
        problem::{Code, internal, problem},
    },
};
use countersign_model::TimestampMs;
use countersign_store::{Reader, SavedFilterRow};
use std::time::Instant;

/// Longest name of a saved filter, in characters.
const MAX_NAME_CHARS: usize = 60;
/// Rows of the first page.
const FIRST_ROWS: u32 = 40;
/// Longest search that is kept, in characters.
const MAX_SEARCH_CHARS: usize = 1_000;

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
        let mut page = self.shared.member(|Member { me, store, .. }| {
            store.read(|reader| inbox::page(reader, me, query, now))
        })?;
        for delivery in page.rows.iter_mut().filter_map(|row| row.my_delivery.as_mut()) {
            state::as_told(delivery, online);
        }
        Ok(page)
    }

    /// Puts a case that needs me away until a moment (UTC milliseconds), or takes it out
    /// again with `None`.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn snooze_case(&self, proposal: &str, until_ms: Option<i64>) -> Result<(), ProblemView> {
        let case = parse_case(proposal)?;
        let now = self.shared.now();
        let until = until_ms.map(TimestampMs::from_millis);
        if until.is_some_and(|until| until <= now) {
            let words = "A case can only be put away until a time to come.";
            return Err(problem(Code::SnoozePast, words, &["Choose a later time."]));
        }
        self.shared.member(|member| {
            member.store.transaction::<_, ProblemView>(|tx| {
                let Some(until) = until else {
                    tx.unsnooze(case)?;
                    return Ok(());
                };
                if tx.snooze(case, until)? {
                    return Ok(());
                }
                let words = "Only a case that needs you can be put away.";
                Err(problem(Code::SnoozeNotMine, words, &[]))
            })
        })?;
        self.shared.tell_case(proposal);
        self.shared.after_change();
        Ok(())
    }

    /// The searches kept under a name.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn saved_filters(&self) -> Result<Vec<SavedFilter>, ProblemView> {
        self.shared.member(|member| member.store.read(saved_filters))
    }

    /// Keeps a search under a name, in the place of one of the same name.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn save_filter(&self, input: &SavedFilterInput) -> Result<Vec<SavedFilter>, ProblemView> {
        let now = self.shared.now();
        let name = entered::line(Field::Name, &input.name)?;
        let search = entered::line(Field::Search, &input.search)?;
        if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
            let words = "A filter needs a name of 1 to 60 characters.";
            return Err(problem(Code::FilterName, words, &[]));
        }
        if search.chars().count() > MAX_SEARCH_CHARS {
            let words = "The search is too long to be kept.";
            return Err(problem(Code::FilterLong, words, &["Shorten it to 1,000 characters."]));
        }
        let row = SavedFilterRow {
            id: random::uuid(now)?.to_string(),
            name,
            view: names::wire(&input.view),
            search,
        };
        self.shared.member(|member| {
            member.store.transaction::<_, ProblemView>(|tx| {
                tx.put_saved_filter(&row)?;
                saved_filters(tx)
            })
        })
    }

    /// Forgets a kept search. One that is not there is forgotten already.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn delete_filter(&self, id: &str) -> Result<Vec<SavedFilter>, ProblemView> {
        self.shared.member(|member| {
            member.store.transaction::<_, ProblemView>(|tx| {
                tx.delete_saved_filter(id)?;
                saved_filters(tx)
            })
        })
    }

    /// Makes the bytes of many approvals, and a sheet of all of them. Signs nothing.
    ///
    /// # Errors
    /// Why there can be no batch of these cases.
    pub fn prepare_batch(&self, input: &BatchInput) -> Result<BatchConfirmView, ProblemView> {
        let sheet = self.sheet(self.shared.now());
        self.shared.member(|Member { me, store, .. }| {
            let mut tickets = lock(&self.sheets);
            store.read(|reader| batch::prepare(reader, me, input, &mut tickets, sheet))
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
        self.shared.member(|Member { me, store, .. }| {
            store.read(|reader| log_explorer::list(reader, me, query))
        })
    }

    /// An entry of the log with the proofs that were made and checked just now.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn log_entry(&self, seq: u64) -> Result<LogEntryView, ProblemView> {
        self.shared.member(|Member { me, store, .. }| {
            store.read(|reader| log_explorer::entry(reader, me, seq))
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
        let (head, followed, keys) = self.shared.member(|Member { me, store, .. }| {
            let found = |reader: &Reader<'_>| Ok((reader.log_head()?, follow::found(reader)?));
            let (head, followed) = store.read::<_, ProblemView>(found)?;
            Ok((head, followed, me.log_keys()))
        })?;
        let end = head.as_ref().map_or(0, |head| head.size);
        let mut check = LogCheck::new(keys);
        while check.position() < end {
            let from = check.position();
            let run = self.shared.member(|member| {
                Ok(member.store.read(|reader| log_check::read_run(reader, from, end))?)
            })?;
            check.take(run);
        }
        let checked = check.finish(head.as_ref(), followed);
        Ok(LogVerification {
            integrity: checked.integrity,
            completeness: checked.completeness,
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
        policies::view(&self.shared.access)
    }

    /// Judges the cases of the last days again, under the policy in force and under a change
    /// of its limits.
    ///
    /// # Errors
    /// What is wrong with the change, and what to do.
    pub fn try_policy(&self, trial: &PolicyTrial) -> Result<TrialView, ProblemView> {
        trial::run(&self.shared.access, trial)
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
        let signer = self.shared.member(|Member { me, store, keys, .. }| {
            // What was true when the sheet was made may have changed while it was read.
            store.read(|reader| batch::check_again(reader, me, item.case(), now))?;
            Ok(keys.decision_signer())
        })?;
        let envelope = decide::sign(&item.prepared, &signer)?;
        self.shared
            .member(|member| decide::store(member, &item.prepared, &envelope, hold_until, now))
    }

    /// The people, devices and agents of the roster.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn people(&self) -> Result<PeopleView, ProblemView> {
        self.shared.member(|member| Ok(people::view(&member.me)))
    }

    /// A fresh case to practise on. Nothing of it is stored or sent.
    ///
    /// # Errors
    /// When the computer gives no random numbers.
    pub fn practice(&self) -> Result<CaseView, ProblemView> {
        let practice = Practice::make(self.shared.now())?;
        let view = practice.view(self.shared.now())?;
        *lock(&self.practice) = Some(practice);
        Ok(view)
    }

    /// The real sheet of a practice decision, from real bytes.
    ///
    /// # Errors
    /// Why this cannot be decided so.
    pub fn prepare_practice(&self, input: &DecisionInput) -> Result<ConfirmView, ProblemView> {
        let now = self.shared.now();
        let language = self.shared.access.language();
        let mut practice = lock(&self.practice);
        let practice = practice.as_mut().ok_or_else(practice::over)?;
        practice.prepare(input, &mut lock(&self.sheets), language, now)
    }

    /// Signs a practice decision with a key that is thrown away at once.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn sign_practice(&self, ticket: &str) -> Result<SignedView, ProblemView> {
        let now = self.shared.now();
        let mut practice = lock(&self.practice);
        let played = practice.as_ref().ok_or_else(practice::over)?;
        let signed = played.sign(lock(&self.sheets).take(ticket, now)?)?;
        // Its keys are wiped with it.
        *practice = None;
        Ok(signed)
    }
}

fn saved_filters(reader: &Reader<'_>) -> Result<Vec<SavedFilter>, ProblemView> {
    let rows = reader.saved_filters()?;
    rows.into_iter()
        .map(|row| {
            let view: InboxView =
                serde_json::from_value(row.view.into()).map_err(|_| internal("stored filter"))?;
            Ok(SavedFilter { id: row.id, name: row.name, view, search: row.search })
        })
        .collect()
}
