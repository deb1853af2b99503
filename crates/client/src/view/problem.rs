//! Errors as a person reads them: what is wrong, and what to do.

use crate::view::ProblemView;
use countersign_identity::enrolment::EnrolmentError;
use countersign_keychain::{KeychainError, SecretStoreError};
use countersign_model::decision::Refusal;
use countersign_store::{CreateError, OpenError, StoreError};
use std::collections::BTreeMap;

/// Every code that a [`ProblemView`] of this app has, beside those of
/// [`Refusal`]: the window has words for each. A test holds that no other is used.
pub const CODES: &[&str] = &[
    "already_decided",
    "already_joined",
    "already_stopped",
    "amount_limits",
    "batch_factor",
    "batch_high_tier",
    "batch_no_class",
    "batch_other_class",
    "batch_overdue",
    "batch_overridden",
    "batch_size",
    "case_authorized",
    "case_blocked",
    "case_contradicted",
    "case_executed",
    "case_expired",
    "case_full",
    "case_not_applied",
    "case_rejected",
    "case_sent_back",
    "case_superseded",
    "case_unknown",
    "clock_behind",
    "comment_answers",
    "comment_person",
    "comment_self",
    "comment_text",
    "cursor",
    "disk_full",
    "enrolment_format",
    "enrolment_other_device",
    "enrolment_refused",
    "evidence_wrong",
    "factor_form",
    "filter_long",
    "filter_name",
    "halt_text",
    "internal",
    "keychain_damaged",
    "keychain_failed",
    "keychain_key_exists",
    "keychain_key_missing",
    "keychain_locked",
    "keychain_missing",
    "keychain_refused",
    "kind_unknown",
    "limit_unknown",
    "limit_value",
    "log_chain_broken",
    "log_checkpoint_refused",
    "log_checkpoint_size",
    "log_entries_missing",
    "log_entry_misplaced",
    "log_entry_unknown",
    "log_entry_unreadable",
    "log_entry_unsigned",
    "log_fault",
    "log_foreign",
    "log_forked",
    "log_left_out",
    "log_no_checkpoint",
    "log_not_signed_for",
    "log_root_differs",
    "log_root_unknown",
    "log_source_missing",
    "no_randomness",
    "no_request",
    "no_role",
    "not_enrolled",
    "not_stopped",
    "open_question",
    "override_amount",
    "override_same",
    "policy_differs",
    "policy_foreign",
    "policy_not_here",
    "policy_unreadable",
    "policy_wrong",
    "practice_over",
    "profile_damaged",
    "profile_unreadable",
    "prompt_damaged",
    "prompt_missing",
    "prompt_none",
    "proposal_expired",
    "reason",
    "recall_too_late",
    "record_bad_signature",
    "record_closed",
    "record_foreign",
    "record_forked",
    "record_malformed",
    "record_missing",
    "record_reordered",
    "record_repeated",
    "record_set_aside",
    "record_unknown_epoch",
    "record_unknown_writer",
    "record_unreadable",
    "record_withheld",
    "relay_busy",
    "relay_compacted",
    "relay_conflict",
    "relay_full",
    "relay_refused",
    "relay_refuses_device",
    "relay_unreadable",
    "relay_went_back",
    "requested_amount",
    "requested_days",
    "requested_empty",
    "requested_evidence",
    "requested_unasked",
    "resume_asked",
    "root_words_differ",
    "roster_chain_broken",
    "roster_expired",
    "roster_refused",
    "settings_evidence",
    "settings_quiet",
    "settings_undo",
    "settings_unwritable",
    "snapshot_foreign",
    "snooze_not_mine",
    "snooze_past",
    "store_contradiction",
    "store_damaged",
    "store_exists",
    "store_failed",
    "store_foreign",
    "store_in_use",
    "store_incomplete",
    "store_missing",
    "store_newer",
    "store_truncated",
    "store_unreadable",
    "store_wrong_key",
    "text_hidden",
    "ticket_expired",
    "ticket_unknown",
    "trial_size",
    "warn_clock",
    "warn_evidence",
    "warn_stopped",
    "warn_unfollowed",
    "warn_way_back",
];

/// A problem from plain words.
pub(crate) fn problem(code: &str, message: impl Into<String>, hints: &[&str]) -> ProblemView {
    debug_assert!(CODES.contains(&code), "{code} is missing in problem::CODES");
    ProblemView {
        code: code.into(),
        message: message.into(),
        hints: hints.iter().map(|hint| (*hint).to_owned()).collect(),
        values: BTreeMap::new(),
    }
}

impl ProblemView {
    /// Fills in what the window's words need.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.values.insert(name.to_owned(), value.to_string());
        self
    }
}

/// A refusal with its code and words.
pub(crate) fn refusal(refusal: Refusal) -> ProblemView {
    let code = serde_json::to_value(refusal)
        .ok()
        .and_then(|code| code.as_str().map(str::to_owned))
        .unwrap_or_else(|| "refused".into());
    ProblemView { code, message: refusal.words().into(), hints: vec![], values: BTreeMap::new() }
}

/// Something that should not happen: says where, so that it can be reported.
pub(crate) fn internal(place: &str) -> ProblemView {
    problem(
        "internal",
        format!("Something inside the app failed ({place}). Nothing was changed."),
        &["Try again; if it happens twice, report it with the app's log."],
    )
}

impl From<KeychainError> for ProblemView {
    fn from(error: KeychainError) -> Self {
        match error {
            KeychainError::Store(SecretStoreError::Locked) => problem(
                "keychain_locked",
                "The keychain is locked, so this device's keys cannot be read.",
                &[
                    "Unlock the keychain (on Linux: log in to the desktop, or unlock the login keyring), then try again.",
                ],
            ),
            KeychainError::Store(SecretStoreError::Missing) => problem(
                "keychain_missing",
                "No keychain is running on this computer. Keys are never kept in plain files instead.",
                &[
                    "On Linux, install and start a Secret Service such as gnome-keyring or KWallet, then open the app again.",
                ],
            ),
            KeychainError::Store(SecretStoreError::Failed(why)) => problem(
                "keychain_failed",
                format!("The keychain failed: {why}."),
                &[
                    "Try again. If the keychain service was restarted, close this app and open it again.",
                ],
            ),
            KeychainError::KeyMissing => problem(
                "keychain_key_missing",
                "This profile was set up, but the keychain no longer holds its keys. They are never made anew: a new key would not be you.",
                &[
                    "Open the keychain of the person and computer that this profile was made with.",
                    "If the keys are lost, ask an administrator to revoke this device, then enrol again with a new profile folder.",
                ],
            ),
            KeychainError::Damaged => problem(
                "keychain_damaged",
                "The keychain's item for this profile is damaged.",
                &[
                    "Restore the keychain from its back-up, or ask an administrator to revoke this device and enrol again.",
                ],
            ),
            KeychainError::KeyExists => problem(
                "keychain_key_exists",
                "The keychain holds keys for this profile already. They are never replaced.",
                &["Use the profile folder that the keys belong to."],
            ),
            KeychainError::NoRandomness => problem(
                "no_randomness",
                "The operating system gave no random numbers.",
                &["Restart the computer."],
            ),
        }
    }
}

impl From<OpenError> for ProblemView {
    fn from(error: OpenError) -> Self {
        let code = match error {
            OpenError::Missing => "store_missing",
            OpenError::NotOurs => "store_foreign",
            OpenError::WrongKey => "store_wrong_key",
            OpenError::Truncated { .. } => "store_truncated",
            OpenError::Damaged(_) | OpenError::Inconsistent(_) => "store_damaged",
            OpenError::NewerVersion { .. } => "store_newer",
            OpenError::InUse => "store_in_use",
            OpenError::DiskFull => "disk_full",
            OpenError::Io(_) | OpenError::Engine(_) => "store_unreadable",
        };
        said(code, &error.to_string())
    }
}

impl From<CreateError> for ProblemView {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::AlreadyThere => said("store_exists", &error.to_string()),
            CreateError::Open(error) => error.into(),
        }
    }
}

impl From<StoreError> for ProblemView {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "the store refused");
        match error {
            StoreError::DiskFull => problem(
                "disk_full",
                "The disk is full. Nothing was stored, and nothing was signed by half.",
                &["Free some space, then try again."],
            ),
            StoreError::Damaged(_) => problem(
                "store_damaged",
                "The store is damaged.",
                &["Close the app and restore the profile folder from a back-up."],
            ),
            StoreError::Contradiction(_) => problem(
                "store_contradiction",
                "The store holds something else already, so nothing was changed.",
                &["Open the case again and look at its decisions."],
            ),
            StoreError::Range(_) | StoreError::Engine(_) => problem(
                "store_failed",
                "The store failed. Nothing was changed.",
                &["Try again; if it happens twice, restart the app."],
            ),
        }
    }
}

impl From<EnrolmentError> for ProblemView {
    fn from(error: EnrolmentError) -> Self {
        let code = match error {
            EnrolmentError::OtherDevice => "enrolment_other_device",
            EnrolmentError::Format { .. } => "enrolment_format",
            _ => "enrolment_refused",
        };
        let hint = "Ask the administrator for the file that was made from this device's request.";
        problem(code, sentence(&error.to_string()), &[hint])
    }
}

/// A message of the form "what is wrong; what to do" as message and hint.
fn said(code: &str, words: &str) -> ProblemView {
    match words.split_once("; ") {
        Some((wrong, hint)) => problem(code, sentence(wrong), &[&sentence(hint)]),
        None => problem(code, sentence(words), &[]),
    }
}

/// Words with a capital and a full stop.
pub(crate) fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    let mut text = first.unwrap_or_default() + letters.as_str();
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, fs, path::Path};

    /// What takes a code as its first text.
    const CALLS: [&str; 7] =
        ["problem(", "said(", "fault(", "fault_row(", "refuse(", "alter(", "place("];

    fn sources(folder: &Path, into: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, into);
            } else {
                into.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }

    /// The first text among a call's arguments, if it is a code.
    fn literal(rest: &str) -> Option<&str> {
        let (before, rest) = rest.split_once('"')?;
        let (code, _) = rest.split_once('"')?;
        if before.contains([')', ';', '{']) {
            return None;
        }
        let plain =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        // A single word is a code only where it is known as one.
        let is_code = code.contains('_') || CODES.contains(&code);
        (is_code && code.chars().all(plain)).then_some(code)
    }

    #[test]
    fn every_code_is_in_the_list_and_none_is_there_for_nothing() {
        let mut text = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
        let used: BTreeSet<&str> =
            CALLS.iter().flat_map(|call| text.split(call).skip(1).filter_map(literal)).collect();
        assert!(used.len() > 80, "the sources were not read");
        let listed: BTreeSet<&str> = CODES.iter().copied().collect();
        let missing: Vec<_> = used.difference(&listed).collect();
        assert!(missing.is_empty(), "add these to problem::CODES: {missing:?}");
        let idle: Vec<_> =
            listed.iter().filter(|code| text.matches(&format!("\"{code}\"")).count() < 2).collect();
        assert!(idle.is_empty(), "nothing uses these codes: {idle:?}");
        assert!(CODES.is_sorted(), "keep the list sorted");
        assert_eq!(listed.len(), CODES.len(), "a code is listed twice");
    }
}
