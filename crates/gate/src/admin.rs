//! Administration: one command each, none while the gate serves, except `export` and
//! `trust`, which only read.
//!
//! Reading order: [`init`] makes a workspace; [`admit`] and [`agent`] change the roster;
//! [`correct_clock`] says that stamps were wrong; [`compact`] makes the relay smaller; [`export`] writes what auditors need.

pub mod admit;
pub mod agent;
pub mod compact;
pub mod correct_clock;
pub mod export;
pub mod init;
mod output;

use crate::{
    changes::{Changes, Row},
    clock,
    compact::CompactError,
    courier::DeliverError,
    data::{DataDir, DataError, DataLock},
    factor::FactorError,
    identity::{Identity, IdentityError},
    keys::{self, KeyError},
    ledger::{Ledger, LedgerError, OpenError},
    relay::RelayError,
    shell::ShellError,
    store::{Store, StoreError},
};
use countersign_document::RecordBody;
use countersign_model::{
    Digest, Envelope, Roster, Signer, roster::MAX_NAME_CHARS, text, time::HOUR_MS,
};
use countersign_replay::{
    Anchors,
    world::{self, WorldError},
};
use std::{path::Path, sync::Arc};

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
    #[error("the relay must be running for this: {0}")]
    Relay(#[from] RelayError),
    /// Records that wait could not be delivered.
    #[error(transparent)]
    Deliver(#[from] DeliverError),
    /// The relay was not compacted.
    #[error(transparent)]
    Compact(#[from] CompactError),
    /// The new roster would not be accepted, or the clock not corrected.
    #[error("the change is refused: {0}")]
    World(#[from] WorldError),
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
}

/// An open data folder, locked for administration.
pub(crate) struct Office {
    pub(crate) data: DataDir,
    pub(crate) ledger: Ledger,
    _lock: DataLock,
}

impl Office {
    pub(crate) fn open(data: &Path) -> Result<Self, AdminError> {
        let data = DataDir::new(data);
        let lock = data.lock()?;
        let store = Arc::new(Store::open(&data.database())?);
        let identity = Arc::new(Identity::load(&data, &store)?);
        let ledger = Ledger::open(store, identity)?;
        Ok(Self { data, ledger, _lock: lock })
    }

    /// The successor of the roster in force, to be changed and then accepted.
    pub(crate) fn next_roster(&self) -> Roster {
        let now = clock::now();
        let current = self.ledger.roster();
        Roster {
            version: current.version + 1,
            issued_at_ms: now,
            expires_at_ms: now.plus_ms(ROSTER_VALID_MS),
            ..current.clone()
        }
    }

    /// Signs a roster with the root keys at hand, checks it as everybody will, and makes it
    /// durable with its entry, its record and `changes`. What the command promises is handed
    /// over before that: when it cannot be, nothing is committed.
    pub(crate) fn accept_roster(
        &mut self,
        next: &Roster,
        changes: Changes,
        hand_over: impl FnOnce(&Envelope) -> Result<(), AdminError>,
    ) -> Result<(), AdminError> {
        let root = keys::load_signing(&self.data.key("root"))?;
        let envelope = seal(next, &root)?;
        hand_over(&envelope)?;
        commit_roster(&mut self.ledger, &envelope, changes)?;
        Ok(())
    }
}

pub(crate) fn seal(roster: &Roster, root: &dyn Signer) -> Result<Envelope, AdminError> {
    let sealed = roster.seal(&[root]);
    sealed.map_err(|error| LedgerError::Record(error.to_string()).into())
}

pub(crate) fn commit_roster(
    ledger: &mut Ledger,
    envelope: &Envelope,
    mut changes: Changes,
) -> Result<u64, AdminError> {
    let bytes = envelope.to_bytes().map_err(|error| LedgerError::Record(error.to_string()))?;
    let identity = ledger.identity();
    let anchors = Anchors {
        workspace: identity.workspace,
        gate_key: identity.log_keys.gate_key,
        log_vkey: identity.log_keys.vkey.clone(),
        root: None,
    };
    let at = ledger.moment(clock::now());
    let judged = world::roster(&ledger.world(), &anchors, envelope, Digest::of(&bytes), at)?;
    // Rosters authorise nothing by themselves.
    let _ = changes.take(judged);
    changes.put(Row::Envelope(bytes.clone()));
    let version = envelope
        .peek_unverified::<Roster>()
        .map_err(|error| LedgerError::Record(error.to_string()))?
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
