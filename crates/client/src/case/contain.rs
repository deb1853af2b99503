//! What ends the taking in of a record, in two kinds that the compiler keeps apart. The
//! device's own failure leaves the place where it is, to try again. What is wrong with the
//! content is the writer's affair: it is set aside, and the place moves on.

use crate::{
    case::fault::FaultCode,
    profile::failure::{Broken, Cause, Failure},
};
use countersign_audit::LogFault;
use countersign_document::{BodyError, ChangeError, DocumentError};
use countersign_model::roster::RosterError;
use countersign_store::StoreError;

/// The device failed: its disk, its database. Made from what a store says and from nothing
/// else, so that no content can be taken for it.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct DeviceError(DeviceFault);

#[derive(Debug, thiserror::Error)]
enum DeviceFault {
    #[error(transparent)]
    Store(StoreError),
    #[error("the reader's state cannot be written")]
    ReaderState,
}

/// Why what a record says, or a part of it, was set aside.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ContentError {
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error("a change is refused")]
    Change(#[from] ChangeError),
    #[error("a change cannot be merged")]
    Misfit(#[from] DocumentError),
    #[error("it has filed as much in one case as a device is allowed to")]
    OverBudget,
    #[error("it has written about too many cases that the gate has not opened")]
    Unopened,
    #[error("what it filed is not a signed statement about the case")]
    NoStatement,
    #[error("it names evidence that is not of the gate, or not of the proposal")]
    ForeignEvidence,
    #[error("its control statement is signed by nobody on the roster")]
    Control,
    #[error("a device that is not the gate has sent entries of the audit log: they are ignored")]
    ForeignLog,
    #[error("a device that is not the gate has sent policies: they are ignored")]
    ForeignPolicy,
    #[error("a device that is not the gate has sent a snapshot: it is not believed")]
    ForeignSnapshot,
    #[error("the policies that the gate published are not what their digest says")]
    WrongPolicy,
    #[error(transparent)]
    Log(Box<LogFault>),
    #[error("{0}")]
    LogForked(String),
    #[error("a new roster is refused")]
    Roster(#[source] RosterError),
    #[error("it contradicts what is stored here")]
    Contradiction(#[source] StoreError),
}

/// What ends the taking in of one record.
#[derive(Debug)]
pub(crate) enum TakeError {
    /// Nothing was taken in; the same is tried again later.
    Device(DeviceError),
    /// The record is set aside.
    Content(ContentError),
}

impl DeviceError {
    pub(crate) const READER_STATE: Self = Self(DeviceFault::ReaderState);
}

impl ContentError {
    /// Whether it speaks against the gate, whoever wrote the record that shows it.
    pub(crate) const fn is_about_the_gate(&self) -> bool {
        matches!(self, Self::LogForked(_))
    }

    /// Under which code it is kept and shown.
    pub(crate) const fn code(&self) -> FaultCode {
        match self {
            Self::Body(_) => FaultCode::RecordUnreadable,
            Self::ForeignLog => FaultCode::LogForeign,
            Self::ForeignPolicy => FaultCode::PolicyForeign,
            Self::ForeignSnapshot => FaultCode::SnapshotForeign,
            Self::WrongPolicy => FaultCode::PolicyWrong,
            Self::Log(_) => FaultCode::LogFault,
            Self::LogForked(_) => FaultCode::LogForked,
            Self::Roster(_) => FaultCode::RosterRefused,
            Self::Change(_)
            | Self::Misfit(_)
            | Self::OverBudget
            | Self::Unopened
            | Self::NoStatement
            | Self::ForeignEvidence
            | Self::Control
            | Self::Contradiction(_) => FaultCode::RecordSetAside,
        }
    }
}

impl From<StoreError> for TakeError {
    /// A row that contradicts another, or a number beyond what the store holds, follows from
    /// the content; everything else is the device's.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Contradiction(_) | StoreError::Range(_) => {
                Self::Content(ContentError::Contradiction(error))
            }
            StoreError::DiskFull | StoreError::Damaged(_) | StoreError::Engine(_) => {
                Self::Device(DeviceError(DeviceFault::Store(error)))
            }
        }
    }
}

impl From<ContentError> for TakeError {
    fn from(error: ContentError) -> Self {
        Self::Content(error)
    }
}

impl From<BodyError> for TakeError {
    fn from(error: BodyError) -> Self {
        Self::Content(error.into())
    }
}

impl From<ChangeError> for TakeError {
    fn from(error: ChangeError) -> Self {
        Self::Content(error.into())
    }
}

impl From<StoreError> for DeviceError {
    /// Outside of any record's content, whatever the store says is the device's.
    fn from(error: StoreError) -> Self {
        Self(DeviceFault::Store(error))
    }
}

impl From<DeviceError> for Failure {
    fn from(error: DeviceError) -> Self {
        match error.0 {
            DeviceFault::Store(error) => error.into(),
            DeviceFault::ReaderState => Broken("reader state").into(),
        }
    }
}

impl Cause for DeviceError {}
