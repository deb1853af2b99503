//! Administration: one command each. When a gate serves from the data folder, the command
//! speaks to it at its socket; when none does, it works by itself. `init` is for the time
//! before, and `export` and `trust` only read.
//!
//! Reading order: [`init`] makes a workspace; [`admit`] and [`agent`] change the roster;
//! [`correct_clock`] says that stamps were wrong; [`compact`] makes the relay smaller,
//! [`policies`] has the rules read again, [`writing`] says which accounts may be written; [`export`] writes what auditors need. `order` is what
//! a command says, `office` who carries it out, `decide` how, and `line` carries the words.

pub mod admit;
pub mod agent;
pub mod compact;
pub mod correct_clock;
pub(crate) mod decide;
pub mod export;
pub mod init;
pub(crate) mod line;
mod office;
pub(crate) mod order;
mod output;
pub mod policies;
pub mod writing;

pub(crate) use office::Office;

use crate::{
    changes::{Changes, Row},
    compact::CompactError,
    connect::ConnectError,
    courier::DeliverError,
    data::DataError,
    due,
    factor::FactorError,
    identity::IdentityError,
    keys::KeyError,
    ledger::{Ledger, LedgerError, OpenError},
    relay::RelayError,
    shell::ShellError,
    store::StoreError,
};
use countersign_document::RecordBody;
use countersign_model::{
    Digest, Envelope, Roster, Signer, TimestampMs, causes::in_full, roster::MAX_NAME_CHARS, text,
    time::HOUR_MS,
};
use countersign_replay::{
    Anchors,
    world::{self, WorldError},
};
use line::LineError;
use std::path::{Path, PathBuf};

/// How long a roster is believed without a successor.
const ROSTER_VALID_MS: i64 = 365 * 24 * HOUR_MS;

/// Why an administrative command was not carried out; nothing was changed, if not said otherwise.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Ids and keys.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A key file.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The stored log failed its check.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The relay.
    #[error("the relay must be running for this")]
    Relay(#[from] RelayError),
    /// Records that wait could not be delivered.
    #[error(transparent)]
    Deliver(#[from] DeliverError),
    /// The relay was not compacted.
    #[error(transparent)]
    Compact(#[from] CompactError),
    /// The new roster would not be accepted, or the clock not corrected.
    #[error("the change is refused")]
    World(#[from] WorldError),
    /// An ad account.
    #[error(transparent)]
    Connect(Box<ConnectError>),
    /// A second factor.
    #[error(transparent)]
    Factor(#[from] FactorError),
    /// An entry could not be made.
    #[error(transparent)]
    Driver(#[from] ShellError),
    /// A file.
    #[error("the file {path} cannot be used: {what}")]
    File {
        /// The file.
        path: String,
        /// Why.
        what: String,
    },
    /// The command was carried out; its result has another name than asked for.
    #[error(
        "the command was carried out, but its result could not be put at {path} ({what}); it is in {draft}: move it from there"
    )]
    Unnamed {
        /// The name asked for.
        path: String,
        /// Where the bytes are.
        draft: String,
        /// What the system says.
        what: String,
    },
    /// The result could not be handed over.
    #[error("the result cannot be handed over, so nothing was done: {0}")]
    HandOver(String),
    /// An argument.
    #[error("{0}")]
    Argument(String),
    /// A gate holds the data folder and cannot be spoken to.
    #[error(
        "another countersign-gate is using {0} and does not answer at its socket there; wait until it is ready, or stop it first (`export` and `trust` work while it runs)"
    )]
    NotReached(PathBuf),
    /// The gate that serves has refused.
    #[error("{0}")]
    Refused(String),
    /// The gate that serves does not answer, and was not told to commit anything.
    #[error("the gate that serves was asked and did not answer, so nothing was done: {0}")]
    Line(String),
    /// The gate was told to commit, and nobody knows whether it did.
    #[error(
        "the gate was told to do it and did not say that it is done, so it may be: look at the people and agents in the app{}",
        where_left(.left)
    )]
    Unanswered {
        /// Where results are that were not given their names; empty when there are none.
        left: String,
    },
    /// The gate that serves says what does not belong here.
    #[error(
        "the gate that serves answers something else than was asked; use the program of its version"
    )]
    Foreign,
}

fn where_left(left: &str) -> String {
    if left.is_empty() {
        return "; what was handed over is worth something only if it was done".into();
    }
    format!("; the result is in {left}, to be moved from there if it was done")
}

impl From<ConnectError> for AdminError {
    fn from(error: ConnectError) -> Self {
        Self::Connect(Box::new(error))
    }
}

impl From<LineError> for AdminError {
    fn from(error: LineError) -> Self {
        Self::Line(in_full(&error))
    }
}

pub(crate) fn seal(roster: &Roster, root: &dyn Signer) -> Result<Envelope, AdminError> {
    let sealed = roster.seal(&[root]);
    sealed.map_err(|error| LedgerError::Record(in_full(&error)).into())
}

/// Puts a signed roster in force at a moment of the log, with what becomes durable with it; its
/// version. What is due comes before it.
///
/// # Errors
/// [`AdminError`]; nothing was changed.
pub fn commit_roster(
    ledger: &mut Ledger,
    envelope: &Envelope,
    mut changes: Changes,
    at: TimestampMs,
) -> Result<u64, AdminError> {
    let bytes = envelope.to_bytes().map_err(|error| LedgerError::Record(in_full(&error)))?;
    let identity = ledger.identity();
    let anchors = Anchors {
        workspace: identity.workspace,
        gate_key: identity.log_keys.gate_key,
        log_vkey: identity.log_keys.vkey.clone(),
        root: None,
    };
    due::pass_time(ledger, at)?;
    let judged = world::roster(&ledger.world(), &anchors, envelope, Digest::of(&bytes), at)?;
    // Rosters authorise nothing by themselves.
    let _ = changes.take(judged);
    changes.put(Row::Envelope(bytes.clone()));
    let version = envelope
        .peek_unverified::<Roster>()
        .map_err(|error| LedgerError::Record(in_full(&error)))?
        .version;
    changes.put(Row::Roster(version, bytes.clone()));
    changes.send(RecordBody::Roster { envelope: bytes });
    ledger.commit(changes, at)?;
    Ok(version)
}

/// A name that people read: not empty, not long, one line.
pub(crate) fn check_name(name: &str) -> Result<String, AdminError> {
    let name = name.trim();
    if name.is_empty() || name.contains(':') {
        return Err(AdminError::Argument("a name must not be empty or have a colon".into()));
    }
    text::check_line(name, MAX_NAME_CHARS)
        .map_err(|error| AdminError::Argument(format!("the name {error}")))?;
    Ok(name.to_owned())
}

pub(crate) fn file_error(path: &Path, error: &dyn std::fmt::Display) -> AdminError {
    AdminError::File { path: path.display().to_string(), what: error.to_string() }
}
