//! What one event changes: log entries, rows and records that become durable together.

use crate::{
    core::Attempts,
    store::{AgentToken, KeyedDraft, StoreError, Tx},
};
use countersign_document::{Filed, RecordBody};
use countersign_identity::totp::TotpStep;
use countersign_model::{
    Action, DeviceId, Digest, PersonId, ProposalId, TimestampMs, entity::AccountRef,
};
use countersign_replay::{Change, Content, Judged};
use countersign_workflow::Authorized;

/// Everything that one event changes.
#[derive(Default)]
pub struct Changes {
    pub(crate) entries: Vec<Content>,
    pub(crate) rows: Vec<Row>,
    pub(crate) records: Vec<RecordBody>,
}

/// One change of one table.
pub enum Row {
    /// What the judge asks to keep.
    Judged(Change),
    /// Bytes that an entry refers to: an envelope or a policy.
    Envelope(Vec<u8>),
    /// An agent's key is spent on a case.
    DraftKey(KeyedDraft, ProposalId),
    /// How much a device has filed in a case.
    Filed(DeviceId, ProposalId, Filed),
    /// A step of a second factor is used.
    Step(PersonId, TotpStep),
    /// A person's sealed second-factor secret.
    Factor(PersonId, Vec<u8>),
    /// A sealed blob for the relay.
    Blob(Digest, Vec<u8>),
    /// A version of the roster.
    Roster(u64, Vec<u8>),
    /// An agent's token.
    Token(AgentToken),
    /// A snapshot of the relay up to a position; its record is the first of these changes.
    Snapshot {
        /// The position.
        floor: u64,
        /// Blobs that the relay is to let go of.
        drop: Vec<Digest>,
    },
    /// What is remembered of an execution's attempts.
    Attempts(ProposalId, Attempts),
    /// An execution has ended.
    AttemptsOver(ProposalId),
    /// What a device has cosigned of this log.
    Cosignature {
        /// The device.
        device: DeviceId,
        /// Over how many entries.
        size: u64,
        /// The checkpoint with its cosignature.
        note: String,
        /// When it arrived.
        at: TimestampMs,
    },
    /// What a device has cosigned of another log under this one's signature.
    CosignedFork {
        /// The device.
        device: DeviceId,
        /// Over how many entries.
        size: u64,
        /// The checkpoint with its cosignature.
        note: String,
        /// When it arrived.
        at: TimestampMs,
    },
    /// The relay has lost what it had: everything is delivered to it again.
    DeliverAgain,
    /// What devices have signed is delivered again up to this entry of the log.
    FiledAgain(u64),
    /// An account may be written with a credential of this name, or no longer.
    Writing(AccountRef, Option<String>),
    /// A single value.
    Meta(&'static str, Vec<u8>),
}

impl Changes {
    /// Adds what the judge says follows; an execution is handed back.
    #[must_use]
    pub fn take(&mut self, judged: Judged) -> Option<Authorized<Action>> {
        self.entries.extend(judged.entries);
        self.rows.extend(judged.changes.into_iter().map(Row::Judged));
        judged.execution
    }

    /// Whether there is nothing to make durable.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.rows.is_empty() && self.records.is_empty()
    }

    /// Adds everything of others, after what is here.
    pub fn append(&mut self, others: Self) {
        let Self { entries, rows, records } = others;
        self.entries.extend(entries);
        self.rows.extend(rows);
        self.records.extend(records);
    }

    /// Adds a log entry; entries stand in the order of these calls.
    pub fn log(&mut self, content: Content) {
        self.entries.push(content);
    }

    /// Adds a row.
    pub fn put(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Adds a record for the relay.
    pub fn send(&mut self, record: RecordBody) {
        self.records.push(record);
    }
}

impl Row {
    /// Writes the row; `position` is where this transaction's entries begin in the log.
    pub(crate) fn write(&self, tx: &Tx<'_>, position: u64) -> Result<(), StoreError> {
        match self {
            Self::Judged(change) => write_change(tx, change, position),
            Self::Envelope(bytes) => tx.put_envelope(bytes).map(|_| ()),
            Self::DraftKey(keyed, case) => tx.put_draft_key(keyed, *case),
            Self::Filed(device, proposal, filed) => tx.put_filed(*device, *proposal, *filed),
            Self::Step(person, step) => tx.use_step(*person, *step),
            Self::Factor(person, sealed) => tx.put_sealed_factor(*person, sealed),
            Self::Blob(digest, sealed) => tx.queue_blob(*digest, sealed),
            Self::Roster(version, envelope) => tx.put_roster(*version, envelope),
            Self::Token(token) => tx.put_agent_token(token),
            Self::Snapshot { floor, drop } => tx.put_snapshot(*floor, drop),
            Self::Attempts(proposal, attempts) => tx.put_attempts(*proposal, *attempts),
            Self::AttemptsOver(proposal) => tx.clear_attempts(*proposal),
            Self::Cosignature { device, size, note, at } => {
                tx.put_cosignature(*device, *size, note, *at)
            }
            Self::CosignedFork { device, size, note, at } => {
                tx.put_cosigned_fork(*device, *size, note, *at)
            }
            Self::DeliverAgain => tx.deliver_again(),
            Self::FiledAgain(end) => tx.mark_filed_again(*end),
            // It follows from the log and is held in memory beside it.
            Self::Writing(..) => Ok(()),
            Self::Meta(name, value) => tx.set_meta(name, value),
        }
    }
}

fn write_change(tx: &Tx<'_>, change: &Change, position: u64) -> Result<(), StoreError> {
    match change {
        Change::Case(case) => tx.put_case(case),
        Change::Timer(due, case) => tx.set_timer(*due, *case),
        Change::TimerDone(due, case) => tx.clear_timer(*due, *case),
        Change::Mark(mark) => tx.put_mark(mark),
        Change::Revision(target, revision) => tx.set_revision(target, *revision, position),
        Change::Increase(case, target, at, micros) => tx.put_increase(*case, target, *at, *micros),
        Change::WrongFactor(person, at) => tx.put_wrong_factor(*person, *at),
        // These follow from the log and are held in memory beside it; the gate's own log never
        // lags behind what it implies.
        Change::Halt(_)
        | Change::Roster(_)
        | Change::Policy(_)
        | Change::Clock(_)
        | Change::Expected(_) => Ok(()),
    }
}
