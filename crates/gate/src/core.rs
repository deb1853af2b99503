//! The gate's core: what follows from each thing that can happen. Pure: it reads a view, is told
//! the moment, and says what to make durable and what to do then. It has no clock, randomness,
//! file, socket or task of its own; the shell ([`crate::shell`]) has them.
//!
//! Reading order: this file is [`Core::handle`]; `event` says what can happen and `view` what is
//! read; `records` takes what devices send, `decisions` and `controls` judge statements, `drafts`
//! opens cases, `executions` begins executions and takes their outcome, `policy` publishes the
//! rules, `witness` keeps what desktops say of the log, `again` fills a relay that lost what it
//! had. What follows from anything by the rules of
//! the workspace is the judge's to say (`countersign_replay`).

mod again;
mod controls;
mod decisions;
mod drafts;
mod event;
mod executions;
mod lanes;
mod policy;
mod records;
mod view;
mod witness;

pub use drafts::{Drafting, Opened, Prepared, Refused};
pub use event::{Effect, Event, Now, PageAnswer};
pub use executions::Attempts;
pub use view::{GateView, Reading};

use crate::{
    budget::{Allowance, Refusals},
    changes::{Changes, Row},
    store::StoreError,
};
use countersign_model::{DeviceId, PersonId, ProposalId, TimestampMs};
use countersign_policy::{Files, PolicySet};
use countersign_replay::{Judged, time::fire, world};
use countersign_sync::{FaultKind, Reader, wire::Page};
use lanes::Lanes;
use std::time::Duration;
use uuid::Uuid;

/// Where the reader's state is kept.
pub(crate) const READER: &str = "reader";
/// So many entries an hour may stand in the log for what a device carried and nobody signed;
/// what is beyond is counted.
const UNSIGNED_PER_DEVICE: u32 = 16;
/// So many an hour for control statements of a device that persons signed and that do not count.
const REFUSED_PER_DEVICE: u32 = 16;
/// So many an hour for one person's reading of one prompt. Each prompt has room of its own, so
/// that nobody can hide the reading of one by reading others.
const READS_PER_PROMPT: u32 = 4;

/// Makes ids: a fresh one at each call.
pub type Ids<'a> = &'a mut dyn FnMut() -> Uuid;

/// The core, and what it remembers while a process lasts: nothing of it is needed for what is
/// right, and a gate that starts again begins without it.
pub struct Core {
    rules: Rules,
    /// How long a proposal can be decided, in milliseconds.
    proposal_valid_ms: i64,
    reader: Reader,
    lanes: Lanes,
    /// What devices sent that nobody signed.
    refused: Refusals<DeviceId>,
    unsigned: Allowance<DeviceId>,
    refused_controls: Allowance<DeviceId>,
    prompt_reads: Allowance<(PersonId, ProposalId)>,
}

/// The policy to judge drafts by, and its texts for the desktops.
pub struct Rules {
    /// The compiled policies.
    pub policies: PolicySet,
    /// Their texts.
    pub files: Files,
}

/// Why nothing follows: the state cannot be read, or must not be added to. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// The state cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The reader's state cannot be written.
    #[error("the place in the relay's records cannot be written")]
    Reader(#[source] serde_json::Error),
    /// A record or statement of the gate's own cannot be made.
    #[error("a record for the relay could not be made: {0}")]
    Record(String),
    /// The policy cannot be put in force.
    #[error("the policy cannot be put in force")]
    Policy(#[from] world::WorldError),
    /// The policy is too large to be published.
    #[error("the policy has {bytes} bytes, which is too large to be published; make it smaller")]
    PolicyTooLarge {
        /// Its size.
        bytes: usize,
    },
}

/// What follows from an event: what becomes durable together, and what is done then, in order.
pub type Outcome = Result<(Changes, Vec<Effect>), CoreError>;

/// Why something that a device sent is not taken, in words for the operator.
type NotTaken = &'static str;

/// What follows from something that a device sent, if it is taken.
type Taken = Result<Result<(Changes, Vec<Effect>), NotTaken>, CoreError>;

impl Core {
    /// A core that goes on where `reader` stands.
    #[must_use]
    pub fn new(rules: Rules, proposal_valid_ms: i64, reader: Reader) -> Self {
        Self {
            rules,
            proposal_valid_ms,
            reader,
            lanes: Lanes::default(),
            refused: Refusals::default(),
            unsigned: Allowance::of(UNSIGNED_PER_DEVICE),
            refused_controls: Allowance::of(REFUSED_PER_DEVICE),
            prompt_reads: Allowance::of(READS_PER_PROMPT),
        }
    }

    /// Says what follows from one event. The caller makes the changes durable before it does
    /// anything of the rest, or ends.
    ///
    /// # Errors
    /// [`CoreError`].
    pub fn handle<V: GateView>(
        &mut self,
        view: &V,
        event: Event,
        now: Now,
        ids: Ids<'_>,
    ) -> Outcome {
        match event {
            Event::Started => self.start(view, now.at),
            Event::RulesLoaded(rules) => self.load_rules(view, *rules, now.at),
            Event::RosterChanged => {
                self.follow_roster(view);
                Ok(Default::default())
            }
            Event::Drafts(drafts) => self.open_cases(view, drafts, now.at, ids),
            Event::DraftsRefused { agent, input, count } => {
                let mut changes = Changes::default();
                changes.log(world::drafts_refused(agent, input, count));
                Ok((changes, vec![]))
            }
            Event::Page(page) => Ok(self.handle_page(view, &page)),
            Event::PageTaken { more } => self.settle_page(more),
            Event::Reconnected => {
                self.reader.rewind();
                let again = Effect::Next(Event::FileAgain);
                Ok((Changes::default(), vec![again, self.ask_on(true)]))
            }
            Event::RelayLost => Ok(self.handle_lost_relay()),
            Event::FileAgain => again::file_again(view),
            Event::BelowFloor => self.pass_over_floor(view),
            Event::Record(received) => self.handle_record(view, received, now),
            Event::Candidates(candidates) => self.handle_candidates(view, candidates, now),
            Event::RollbackAsked(rollback) => self.open_rollback(view, rollback, now.at, ids),
            Event::Commit(changes) => Ok((*changes, vec![])),
            Event::CaseTimer(due, proposal) => {
                let judged = fire(view, due, proposal, now.at)?;
                Ok(judged_only(judged))
            }
            Event::CountsDue => self.tell_refusals(view, now.counted),
            Event::Begin(proposal) => self.begin_execution(view, proposal, now.at),
            Event::BeginWaiting => self.begin_waiting(view),
            Event::Resume(proposal) => self.resume_execution(view, proposal, now.at),
            Event::Executed(proposal, result) => {
                self.handle_executed(view, proposal, *result, now.at)
            }
            Event::WorkerLost(proposal) => self.handle_lost(view, proposal, now.at),
        }
    }

    /// What a stop cut off is taken up, and the policy put in force.
    fn start<V: GateView>(&mut self, view: &V, at: TimestampMs) -> Outcome {
        let (changes, mut effects) = self.publish_policy(view, at)?;
        for case in view.cases_to_execute()? {
            tracing::info!(case = %case.proposal().id, "execution resumes");
            effects.push(Effect::Next(Event::Resume(case.proposal().id)));
        }
        Ok((changes, effects))
    }

    fn handle_page<V: GateView>(&mut self, view: &V, page: &Page) -> (Changes, Vec<Effect>) {
        let judged = self.reader.handle_page(page);
        // One line for a page: how many there are is for the relay or a writer to choose.
        if let Some(fault) = judged.faults.first() {
            let writer = fault.writer.map(|writer| writer.to_string());
            let count = judged.faults.len();
            tracing::warn!(position = fault.position, writer, fault = %fault.kind, count, "relay or writer at fault");
        }
        if judged.faults.iter().any(|fault| matches!(fault.kind, FaultKind::RelayWentBack { .. })) {
            return self.handle_lost_relay();
        }
        let received = records::read(view, judged.accepted).into_iter();
        let settled = Event::PageTaken { more: judged.more };
        let events = received.map(Event::Record).chain([settled]);
        (Changes::default(), events.map(Effect::Next).collect())
    }

    /// Everything is sent again at once: nothing may be new for a long time, and until then
    /// nobody would read of anything. It is read again too, from its first position.
    fn handle_lost_relay(&mut self) -> (Changes, Vec<Effect>) {
        tracing::warn!("the relay has lost records: all of the gate's are sent again");
        self.reader.read_again();
        let mut changes = Changes::default();
        changes.put(Row::DeliverAgain);
        let again = [Event::FileAgain, Event::PageTaken { more: true }];
        (changes, again.map(Effect::Next).into())
    }

    /// The place is kept only when all of the page's records are: doing one of them twice is
    /// doing it once.
    fn settle_page(&mut self, more: bool) -> Outcome {
        let state = serde_json::to_vec(self.reader.state()).map_err(CoreError::Reader)?;
        let mut changes = Changes::default();
        changes.put(Row::Meta(READER, state));
        Ok((changes, vec![self.ask_on(more)]))
    }

    /// Goes on after the gate's own snapshot: what it stands for was taken in before it was
    /// made. The relay's word for it is not asked.
    fn pass_over_floor<V: GateView>(&mut self, view: &V) -> Outcome {
        if let Some(floor) = view.own_floor()? {
            self.reader.pass_over_snapshot(floor);
        }
        Ok((Changes::default(), vec![self.ask_on(true)]))
    }

    fn ask_on(&self, more: bool) -> Effect {
        Effect::Page(PageAnswer { cursor: self.reader.cursor(), more })
    }

    /// Devices that the roster in force names may write.
    fn follow_roster<V: GateView>(&mut self, view: &V) {
        self.reader.set_writer_keys(crate::compact::writer_keys(view.roster(), view.identity()));
    }

    /// Tells what was counted for long enough.
    fn tell_refusals<V: GateView>(&mut self, view: &V, counted: Duration) -> Outcome {
        self.prompt_reads.forget(counted);
        let mut changes = Changes::default();
        for told in self.refused.poll_due(counted) {
            changes.log(records::refused_entry(view, told));
        }
        Ok((changes, vec![Effect::Next(Event::FileAgain)]))
    }
}

/// What the judge says follows, and the execution that it authorises.
fn judged_only(judged: Judged) -> (Changes, Vec<Effect>) {
    let mut changes = Changes::default();
    let effects = take(judged, &mut changes);
    (changes, effects)
}

/// Adds what the judge says follows; what it authorises begins when that is durable.
fn take(judged: Judged, changes: &mut Changes) -> Vec<Effect> {
    for content in &judged.entries {
        tracing::info!(case = ?content.proposal_id(), entry = ?content.kind(), "logged");
    }
    let authorized = changes.take(judged);
    authorized.map(|one| Effect::Next(Event::Begin(one.proposal()))).into_iter().collect()
}
