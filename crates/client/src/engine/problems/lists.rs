//! What is wrong with lists, the log and the policy.

use super::problem;
use crate::{
    lists::{
        inbox::PageError,
        log_check::{Altered, Finding},
        log_explorer::LogError,
        policies::PoliciesError,
        trial::TrialError,
    },
    view::{Code, ProblemView, sentence::sentence},
};

impl From<PageError> for ProblemView {
    fn from(error: PageError) -> Self {
        match error {
            PageError::Cursor => problem(
                Code::Cursor,
                "The list has changed since then.",
                &["Open the list from its beginning."],
            ),
            PageError::Failure(failure) => failure.into(),
        }
    }
}

impl From<LogError> for ProblemView {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Case(unknown) => unknown.into(),
            LogError::EntryUnknown => problem(
                Code::LogEntryUnknown,
                "This entry of the log is not on this device.",
                &["Wait for the connection, then open it again."],
            ),
            LogError::Failure(failure) => failure.into(),
        }
    }
}

impl From<Finding> for ProblemView {
    fn from(found: Finding) -> Self {
        match found {
            Finding::Altered { what, seq, count } => {
                let (code, words) = altered(what);
                place(code, words, seq).with("count", count)
            }
            Finding::NotSignedFor { seq, words } => {
                let message =
                    format!("Entry {seq} of the log says something that nobody signed: {words}.");
                place(Code::LogNotSignedFor, message, seq).with("words", words)
            }
            Finding::EntriesMissing { seq, count } => place(
                Code::LogEntriesMissing,
                "Entries of the log are missing on this device.",
                seq,
            )
            .with("count", count),
            Finding::NoCheckpoint => problem(
                Code::LogNoCheckpoint,
                "No signed checkpoint has reached this device yet.",
                &["Wait for the connection, then check again."],
            ),
            Finding::CheckpointRefused(error) => problem(
                Code::LogCheckpointRefused,
                format!("The newest checkpoint is refused: {error}."),
                &["Tell an administrator."],
            ),
            Finding::CheckpointSize => problem(
                Code::LogCheckpointSize,
                "The newest checkpoint does not cover as many entries as this device holds.",
                &["Check again; if it stays like this, tell an administrator."],
            ),
            Finding::LeftOut { seq, words } => {
                let message = format!("At entry {seq} of the log something is missing: {words}.");
                place(Code::LogLeftOut, message, seq).with("words", words)
            }
            Finding::SourceMissing { seq } => place(
                Code::LogSourceMissing,
                format!("Entry {seq} of the log refers to something that is not on this device."),
                seq,
            ),
        }
    }
}

const fn altered(what: Altered) -> (Code, &'static str) {
    match what {
        Altered::RootUnknown => (
            Code::LogRootUnknown,
            "Entries and hashes of the log are missing, so that its root cannot be computed.",
        ),
        Altered::RootDiffers => (
            Code::LogRootDiffers,
            "The entries on this device do not have the root that the gate signed.",
        ),
        Altered::EntryUnreadable => {
            (Code::LogEntryUnreadable, "An entry of the log cannot be read.")
        }
        Altered::EntryMisplaced => {
            (Code::LogEntryMisplaced, "An entry of the log belongs elsewhere.")
        }
        Altered::ChainBroken => {
            (Code::LogChainBroken, "An entry of the log does not follow the entry before it.")
        }
        Altered::EntryUnsigned => {
            (Code::LogEntryUnsigned, "An entry of the log is not signed by the gate.")
        }
    }
}

/// Something wrong at a place of the log.
fn place(code: Code, message: impl Into<String>, seq: u64) -> ProblemView {
    let hint = "Do not rely on this device's log; tell an administrator.";
    problem(code, message, &[hint]).with("seq", seq)
}

impl From<PoliciesError> for ProblemView {
    fn from(error: PoliciesError) -> Self {
        match error {
            PoliciesError::NotHere => problem(
                Code::PolicyNotHere,
                "The policy has not reached this device yet.",
                &["Wait for the connection, then open this screen again."],
            ),
            PoliciesError::Differs => problem(
                Code::PolicyDiffers,
                "The policy on this device is not the one that verdicts name.",
                &["Tell an administrator."],
            ),
            PoliciesError::Unreadable(error) => problem(
                Code::PolicyUnreadable,
                sentence(&error.to_string()),
                &["Tell whoever keeps the policy."],
            ),
            PoliciesError::NoMember(error) => error.into(),
            PoliciesError::Failure(failure) => failure.into(),
        }
    }
}

impl From<TrialError> for ProblemView {
    fn from(error: TrialError) -> Self {
        match error {
            TrialError::Size => problem(
                Code::TrialSize,
                "A trial covers 1 to 366 days and changes at most 50 limits.",
                &[],
            ),
            TrialError::LimitUnknown { key, layer } => problem(
                Code::LimitUnknown,
                format!("The policy has no limit {key} for the layer {layer}."),
                &["Choose one of the limits that are shown."],
            ),
            TrialError::LimitValue { key } => problem(
                Code::LimitValue,
                format!("The value of {key} must be a number."),
                &["Enter a number, such as 15 or 0.75."],
            ),
            TrialError::Policies(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_audit::checkpoint::CheckpointError;

    #[test]
    fn each_finding_has_its_code_and_its_place() {
        let altered = |what| Finding::Altered { what, seq: 3, count: 2 };
        let words = || "words".to_owned();
        for (found, code, values) in [
            (altered(Altered::RootUnknown), "log_root_unknown", "2 3"),
            (altered(Altered::RootDiffers), "log_root_differs", "2 3"),
            (altered(Altered::EntryUnreadable), "log_entry_unreadable", "2 3"),
            (altered(Altered::EntryMisplaced), "log_entry_misplaced", "2 3"),
            (altered(Altered::ChainBroken), "log_chain_broken", "2 3"),
            (altered(Altered::EntryUnsigned), "log_entry_unsigned", "2 3"),
            (Finding::EntriesMissing { seq: 3, count: 2 }, "log_entries_missing", "2 3"),
            (Finding::NotSignedFor { seq: 3, words: words() }, "log_not_signed_for", "3 words"),
            (Finding::LeftOut { seq: 3, words: words() }, "log_left_out", "3 words"),
            (Finding::SourceMissing { seq: 3 }, "log_source_missing", "3"),
            (Finding::NoCheckpoint, "log_no_checkpoint", ""),
            (Finding::CheckpointSize, "log_checkpoint_size", ""),
            (Finding::CheckpointRefused(CheckpointError::Unsigned), "log_checkpoint_refused", ""),
        ] {
            let shown = ProblemView::from(found);
            assert_eq!(shown.code, code);
            let found: Vec<_> = shown.values.into_values().collect();
            assert_eq!(found.join(" "), values, "{code}");
        }
    }
}
