//! What is wrong with the profile: its keychain, its store, its settings, and joining.

use super::{problem, said};
use crate::{
    profile::{
        access::NoMember,
        enrol::{EnrolError, Untrusted},
        failure::ProfileError,
        random::NoRandomness,
        settings::SettingsError,
    },
    view::{Code, ProblemView, sentence::sentence},
};
use countersign_identity::enrolment::EnrolmentError;
use countersign_keychain::{KeychainError, SecretStoreError};
use countersign_model::causes::in_full;
use countersign_store::{CreateError, OpenError};

impl From<NoRandomness> for ProblemView {
    fn from(NoRandomness: NoRandomness) -> Self {
        problem(
            Code::NoRandomness,
            "The operating system provided no random numbers.",
            &["Restart the computer."],
        )
    }
}

impl From<NoMember> for ProblemView {
    fn from(error: NoMember) -> Self {
        Self::from(&error)
    }
}

impl From<&NoMember> for ProblemView {
    fn from(error: &NoMember) -> Self {
        match error {
            NoMember::NotEnrolled => problem(
                Code::NotEnrolled,
                "This device has not joined a workspace yet.",
                &["Make a request and hand it to an administrator."],
            ),
            NoMember::Unusable(error) => error.as_ref().into(),
        }
    }
}

impl From<&ProfileError> for ProblemView {
    fn from(error: &ProfileError) -> Self {
        match error {
            ProfileError::Keychain(error) => keychain(error),
            ProfileError::Open(error) => open(error),
            ProfileError::Create(error) => create(error),
            ProfileError::File => problem(
                Code::ProfileDamaged,
                "The file profile.json in the profile folder is missing or damaged.",
                &["Restore the profile folder from a back-up; nothing in it was changed."],
            ),
            ProfileError::Folder(_) => problem(
                Code::ProfileUnreadable,
                "The profile folder cannot be read or written.",
                &["Check the folder's permissions and the free space of its disk."],
            ),
            ProfileError::NoDevice => problem(
                Code::StoreIncomplete,
                "The store does not say which device this is.",
                &["Restore the profile folder from a back-up."],
            ),
            ProfileError::Rosters => problem(
                Code::RosterChainBroken,
                "The rosters kept on this device do not follow from the keys trusted at enrolment.",
                &[
                    "Restore the profile folder from a back-up, or ask an administrator to enrol this device again.",
                ],
            ),
            ProfileError::Failure(failure) => failure.into(),
        }
    }
}

fn keychain(error: &KeychainError) -> ProblemView {
    match error {
        KeychainError::Store(SecretStoreError::Locked) => problem(
            Code::KeychainLocked,
            "The keychain is locked, so this device's keys cannot be read.",
            &[
                "Unlock the keychain (on Linux: log in to the desktop, or unlock the login keyring), then try again.",
            ],
        ),
        KeychainError::Store(SecretStoreError::Missing) => problem(
            Code::KeychainMissing,
            "No keychain is running on this computer. Keys are never kept in plain files instead.",
            &[
                "On Linux, install and start a Secret Service such as gnome-keyring or KWallet, then open the app again.",
            ],
        ),
        KeychainError::Store(SecretStoreError::Failed(why)) => problem(
            Code::KeychainFailed,
            format!("The keychain failed: {why}."),
            &[
                "Try again. If the keychain service was restarted, close this app and open it again.",
            ],
        ),
        KeychainError::KeyMissing => problem(
            Code::KeychainKeyMissing,
            "This profile was set up, but the keychain no longer holds its keys. They are never replaced: a new key would not be you.",
            &[
                "Open the keychain of the person and computer that this profile was made with.",
                "If the keys are lost, ask an administrator to revoke this device, then enrol again with a new profile folder.",
            ],
        ),
        KeychainError::Damaged => problem(
            Code::KeychainDamaged,
            "The keychain's item for this profile is damaged.",
            &[
                "Restore the keychain from its back-up, or ask an administrator to revoke this device and enrol again.",
            ],
        ),
        KeychainError::KeyExists => problem(
            Code::KeychainKeyExists,
            "The keychain already holds keys for this profile. They are never replaced.",
            &["Use the profile folder that the keys belong to."],
        ),
        KeychainError::NoRandomness => NoRandomness.into(),
    }
}

fn open(error: &OpenError) -> ProblemView {
    let code = match error {
        OpenError::Missing => Code::StoreMissing,
        OpenError::NotOurs => Code::StoreForeign,
        OpenError::WrongKey => Code::StoreWrongKey,
        OpenError::Truncated { .. } => Code::StoreTruncated,
        OpenError::Damaged(_) | OpenError::Inconsistent(_) => Code::StoreDamaged,
        OpenError::NewerVersion { .. } => Code::StoreNewer,
        OpenError::InUse => Code::StoreInUse,
        OpenError::DiskFull => Code::DiskFull,
        OpenError::Io(_) | OpenError::Engine(_) => Code::StoreUnreadable,
    };
    said(code, &error.to_string())
}

/// The check of the whole store says what opening it would.
impl From<OpenError> for ProblemView {
    fn from(error: OpenError) -> Self {
        open(&error)
    }
}

fn create(error: &CreateError) -> ProblemView {
    match error {
        CreateError::AlreadyThere => said(Code::StoreExists, &error.to_string()),
        CreateError::Open(error) => open(error),
    }
}

impl From<EnrolError> for ProblemView {
    fn from(error: EnrolError) -> Self {
        match error {
            EnrolError::Profile(error) => error.as_ref().into(),
            EnrolError::File(error) => file(&error),
            EnrolError::Refused(why) => untrusted(&why),
            EnrolError::RootWords => problem(
                Code::RootWordsDiffer,
                "The six words of the workspace are not those of this enrolment. It is refused, and nothing of it was kept.",
                &[
                    "Tell your administrator now, by phone: somebody may have got in between.",
                    "Ask for the file again over another channel, and compare the words again.",
                ],
            ),
            EnrolError::NoRequest => problem(
                Code::NoRequest,
                "This device has made no request yet.",
                &["Make a request, hand it to an administrator, then join with their answer."],
            ),
            EnrolError::AlreadyJoined => problem(
                Code::AlreadyJoined,
                "This profile already belongs to a workspace.",
                &["Use another profile folder for another workspace."],
            ),
            EnrolError::Failure(failure) => failure.into(),
        }
    }
}

/// What helps when an enrolment is refused.
const ANOTHER_FILE: &str =
    "Ask the administrator for the file that was made from this device's request.";

fn file(error: &EnrolmentError) -> ProblemView {
    let code = match error {
        EnrolmentError::OtherDevice => Code::EnrolmentOtherDevice,
        EnrolmentError::Format { .. } => Code::EnrolmentFormat,
        EnrolmentError::Malformed(_)
        | EnrolmentError::Signature(_)
        | EnrolmentError::Signer(_)
        | EnrolmentError::Canonical(_) => Code::EnrolmentRefused,
    };
    problem(code, sentence(&in_full(error)), &[ANOTHER_FILE])
}

fn untrusted(why: &Untrusted) -> ProblemView {
    let why = match why {
        Untrusted::Roster(error) => &in_full(error),
        Untrusted::OtherWorkspace => "its roster is of another workspace",
        Untrusted::OtherRoots => "its roster names other root keys than it asks to trust",
        Untrusted::NotAdmitted => "its roster does not admit this device's keys for that person",
        Untrusted::RelayAddress => "its relay address is not an http or https URL",
        Untrusted::EpochKey(error) => &in_full(error),
    };
    problem(
        Code::EnrolmentRefused,
        format!("The enrolment is refused: {why}. Nothing was changed."),
        &[ANOTHER_FILE],
    )
}

impl From<SettingsError> for ProblemView {
    fn from(error: SettingsError) -> Self {
        let in_between = &["Choose a value in that range."];
        match error {
            SettingsError::Undo => problem(
                Code::SettingsUndo,
                "A signed decision can be held for 5 to 60 seconds.",
                in_between,
            ),
            SettingsError::Evidence => problem(
                Code::SettingsEvidence,
                "Between 10 and 100,000 MB can be kept for evidence.",
                in_between,
            ),
            SettingsError::Quiet => problem(
                Code::SettingsQuiet,
                "Quiet hours need two different times of day, such as 22:00 and 07:00.",
                &["Give both times, or none."],
            ),
            SettingsError::Unwritable(_) => problem(
                Code::SettingsUnwritable,
                "The settings could not be stored.",
                &["Check the profile folder's permissions and the free space of its disk."],
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn each_setting_that_cannot_be_meant_has_its_code() {
        for (error, code) in [
            (SettingsError::Undo, "settings_undo"),
            (SettingsError::Evidence, "settings_evidence"),
            (SettingsError::Quiet, "settings_quiet"),
            (SettingsError::Unwritable(io::ErrorKind::StorageFull.into()), "settings_unwritable"),
        ] {
            assert_eq!(ProblemView::from(error).code, code);
        }
    }

    #[test]
    fn words_of_the_store_become_what_is_wrong_and_what_to_do() {
        let shown = open(&OpenError::InUse);
        assert_eq!(shown.code, "store_in_use");
        assert_eq!(shown.message, "The store is open in another window or process.");
        assert_eq!(shown.hints, ["Close that one first."]);
    }

    #[test]
    fn an_enrolment_that_is_not_believed_says_why_in_a_sentence() {
        let shown = ProblemView::from(EnrolError::from(Untrusted::OtherRoots));
        assert_eq!(shown.code, "enrolment_refused");
        assert_eq!(
            shown.message,
            "The enrolment is refused: its roster names other root keys than it asks to trust. Nothing was changed."
        );
    }
}
