//! What one event changes: log entries, rows and records that become durable together.

use crate::store::{AgentToken, FiledDecision, StoreError, Tx};
use countersign_document::RecordBody;
use countersign_identity::totp::TotpStep;
use countersign_model::{
    ControlId, DecisionId, Digest, EntityRef, PersonId, ProposalId, TimestampMs, entry::EntryBody,
};
use countersign_workflow::{Case, EntryPlace};

/// Makes an entry once its place in the log is known.
pub type MakeEntry = Box<dyn FnOnce(EntryPlace) -> EntryBody + Send>;

/// Everything that one event changes.
#[derive(Default)]
pub struct Changes {
    pub(crate) entries: Vec<MakeEntry>,
    pub(crate) rows: Vec<Row>,
    pub(crate) records: Vec<RecordBody>,
}

/// One change of one table.
pub enum Row {
    /// A case as it now is.
    Case(Box<Case>),
    /// The document of a case.
    Document(ProposalId, Vec<u8>),
    /// An envelope that an entry refers to.
    Envelope(Vec<u8>),
    /// A decision envelope was received: case, key in the document, digest, moment.
    Filed(ProposalId, String, Digest, TimestampMs),
    /// A decision id is spent.
    Nonce(PersonId, DecisionId, ProposalId),
    /// A control statement was received: digest and moment.
    Control(Digest, TimestampMs),
    /// A control statement's id is spent.
    ControlId(PersonId, ControlId),
    /// A step of a second factor is used.
    Step(PersonId, TotpStep),
    /// A person's sealed second-factor secret.
    Factor(PersonId, Vec<u8>),
    /// The revision of an entity.
    Revision(EntityRef, u64),
    /// An increase took effect: case, entity, moment, micros per day.
    Increase(ProposalId, EntityRef, TimestampMs, i64),
    /// Wake at this moment.
    Timer(TimestampMs, ProposalId),
    /// A timer has fired.
    TimerDone(TimestampMs, ProposalId),
    /// A sealed blob for the relay.
    Blob(Digest, Vec<u8>),
    /// A version of the roster.
    Roster(u64, Vec<u8>),
    /// An agent's token.
    Token(AgentToken),
    /// A single value.
    Meta(&'static str, Vec<u8>),
}

impl Changes {
    /// Adds a log entry; entries stand in the order of these calls.
    pub fn log(&mut self, make: impl FnOnce(EntryPlace) -> EntryBody + Send + 'static) {
        self.entries.push(Box::new(make));
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
    pub(crate) fn write(&self, tx: &Tx<'_>) -> Result<(), StoreError> {
        match self {
            Self::Case(case) => tx.put_case(case),
            Self::Document(case, bytes) => tx.put_document(*case, bytes),
            Self::Envelope(bytes) => tx.put_envelope(bytes).map(|_| ()),
            Self::Filed(proposal, key, envelope, at) => tx.put_filed(
                FiledDecision { proposal: *proposal, filed_under: key, envelope: *envelope },
                *at,
            ),
            Self::Nonce(person, decision, case) => tx.spend_nonce(*person, *decision, *case),
            Self::Control(envelope, at) => tx.put_control(*envelope, *at),
            Self::ControlId(person, control) => tx.spend_control(*person, *control),
            Self::Step(person, step) => tx.use_step(*person, *step),
            Self::Factor(person, sealed) => tx.put_sealed_factor(*person, sealed),
            Self::Revision(entity, revision) => tx.set_revision(entity, *revision),
            Self::Increase(case, entity, at, micros) => {
                tx.put_increase(*case, entity, *at, *micros)
            }
            Self::Timer(due, case) => tx.set_timer(*due, *case),
            Self::TimerDone(due, case) => tx.clear_timer(*due, *case),
            Self::Blob(digest, sealed) => tx.queue_blob(*digest, sealed),
            Self::Roster(version, envelope) => tx.put_roster(*version, envelope),
            Self::Token(token) => tx.put_agent_token(token),
            Self::Meta(name, value) => tx.set_meta(name, value),
        }
    }
}
