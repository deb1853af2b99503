//! How a run that breaks ends: what may be tried again, what never will be, and what is then
//! logged. Texts that came from the platform are cut to what an entry can hold.

use crate::{JournalError, PlatformError, StepName};
use countersign_model::{
    canonical::CanonicalError,
    entry::{self, ExecutionStatus, PlatformRecord},
    text::printable,
};

/// The journal's steps cannot be read, or are no possible history.
pub const JOURNAL_DAMAGED: &str = "gate.JOURNAL_DAMAGED";
/// The journal was begun for another change.
pub const JOURNAL_OF_ANOTHER_CHANGE: &str = "gate.JOURNAL_OF_ANOTHER_CHANGE";
/// The stored decisions no longer authorise the change that was begun.
pub const AUTHORITY_MISSING: &str = "gate.AUTHORITY_MISSING";
/// The signatures were no longer valid when the change could have been sent.
pub const AUTHORITY_LAPSED: &str = "gate.AUTHORITY_LAPSED";
/// Waits: a person has stopped work.
pub const WORK_STOPPED: &str = "gate.WORK_STOPPED";
/// The change has no canonical form.
pub const CHANGE_UNWRITABLE: &str = "gate.CHANGE_UNWRITABLE";

/// Longest code and request id that a record keeps, in bytes.
pub const MAX_CODE_BYTES: usize = entry::MAX_CODE_CHARS;
/// Most request ids that a record keeps; the newest, because they tell the outcome.
pub const MAX_REQUEST_IDS: usize = 32;

/// Why a run ended without an outcome. The journal stands; unless the error
/// [is final](Self::is_final), running again resumes.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// A step could not be kept or read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The recorded steps are not a possible history.
    #[error(
        "the execution journal of this case is damaged: {0:?} follows {1:?}; restore it from a back-up"
    )]
    Damaged(StepName, StepName),
    /// The recorded steps are of another change.
    #[error("the execution journal of this case was begun for another change; a person must look")]
    OtherAction,
    /// The write may have been applied and the platform cannot be read now.
    #[error(
        "the write was sent and the platform cannot be read; run again later to learn the outcome"
    )]
    OutcomeUnread(#[source] PlatformError),
    /// Nothing was changed, and the change cannot be made now.
    #[error("the change cannot be made now ({}); nothing was changed, run again later", .0.code)]
    Waits(Waits),
    /// Some legs of a change are made, and the next one cannot be made or taken back now.
    #[error("a part of the change is made and the next cannot be made now ({}); run again later", .0.code)]
    Midway(Waits),
    /// The action has no canonical form.
    #[error("the authorised change cannot be written")]
    Canonical(#[from] CanonicalError),
}

/// What a run waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waits {
    /// The platform's code, or the gate's.
    pub code: String,
    /// Milliseconds of quiet that the platform asks for; 0 when it asks for none.
    pub delay_ms: u64,
}

impl ExecuteError {
    /// Whether running again would only fail again.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.final_code().is_some()
    }

    /// What to log instead of running again; `None` while running again may help. Nobody
    /// knows what was done before the journal broke, so the status is
    /// [`ExecutionStatus::Unknown`].
    #[must_use]
    pub fn outcome(&self) -> Option<PlatformRecord> {
        self.final_code().map(unknown)
    }

    const fn final_code(&self) -> Option<&'static str> {
        match self {
            Self::Damaged(..) | Self::Journal(JournalError::Damaged) => Some(JOURNAL_DAMAGED),
            Self::OtherAction => Some(JOURNAL_OF_ANOTHER_CHANGE),
            Self::Canonical(_) => Some(CHANGE_UNWRITABLE),
            // The other run gives the outcome; a store may be repaired and a platform come back.
            Self::Journal(JournalError::Taken | JournalError::Store(_))
            | Self::OutcomeUnread(_)
            | Self::Midway(_)
            | Self::Waits(_) => None,
        }
    }
}

/// An outcome that nobody knows, with the gate's own code for the reason.
#[must_use]
pub fn unknown(code: &str) -> PlatformRecord {
    bounded(PlatformRecord {
        request_ids: vec![],
        status: ExecutionStatus::Unknown,
        code: Some(code.into()),
        read_back: None,
        legs: vec![],
    })
}

/// The record as an entry can hold it, whatever the platform answered.
pub(crate) fn bounded(record: PlatformRecord) -> PlatformRecord {
    let PlatformRecord { mut request_ids, status, code, read_back, mut legs } = record;
    let surplus = request_ids.len().saturating_sub(MAX_REQUEST_IDS);
    request_ids.drain(..surplus);
    for leg in &mut legs {
        for outcome in std::iter::once(&mut leg.made).chain(&mut leg.taken_back) {
            outcome.code = outcome.code.take().map(|code| plain(&code));
        }
    }
    PlatformRecord {
        request_ids: request_ids.into_iter().map(|id| plain(&id)).collect(),
        status,
        code: code.map(|code| plain(&code)),
        read_back,
        legs,
    }
}

/// A code as an entry can hold it: printable ASCII, at most [`MAX_CODE_BYTES`].
#[must_use]
pub fn plain(code: &str) -> String {
    printable(code, MAX_CODE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorClass;
    use proptest::prelude::*;

    #[test]
    fn every_error_is_final_or_may_be_tried_again() {
        let unread = PlatformError {
            class: ErrorClass::Ambiguous,
            code: "transport.TIMEOUT".into(),
            message: String::new(),
            request_id: None,
        };
        for (error, code) in [
            (ExecuteError::Damaged(StepName::Sending, StepName::Planned), Some(JOURNAL_DAMAGED)),
            (ExecuteError::Journal(JournalError::Damaged), Some(JOURNAL_DAMAGED)),
            (ExecuteError::OtherAction, Some(JOURNAL_OF_ANOTHER_CHANGE)),
            (ExecuteError::Canonical(CanonicalError::NotCanonical), Some(CHANGE_UNWRITABLE)),
            (ExecuteError::Journal(JournalError::Taken), None),
            (ExecuteError::Journal(JournalError::Store("full".into())), None),
            (ExecuteError::OutcomeUnread(unread), None),
            (ExecuteError::Waits(Waits { code: "oauth.NOT_REACHED".into(), delay_ms: 0 }), None),
        ] {
            let outcome = error.outcome();
            assert_eq!(error.is_final(), outcome.is_some(), "{error}");
            assert_eq!(outcome.as_ref().and_then(|record| record.code.as_deref()), code, "{error}");
            assert!(outcome.is_none_or(|record| record.status == ExecutionStatus::Unknown));
        }
    }

    proptest! {
        #[test]
        fn a_record_holds_what_an_entry_can(ids in prop::collection::vec(any::<String>(), 0..80), code: String) {
            let record = bounded(PlatformRecord {
                request_ids: ids.clone(), status: ExecutionStatus::Stale,
                code: Some(code.repeat(40)), read_back: None,
            legs: vec![],
        });
            let bytes = countersign_model::canonical::to_bytes(&record).unwrap();
            prop_assert!(bytes.len() < 16 * 1024, "{} bytes", bytes.len());
            prop_assert_eq!(record.request_ids.len(), ids.len().min(MAX_REQUEST_IDS));
            if let (Some(kept), Some(last)) = (record.request_ids.last(), ids.last()) {
                prop_assert_eq!(kept, &plain(last), "the newest are kept");
            }
        }
    }
}
