//! The codes of what can be wrong. Which error has which, with its words, is said in one place:
//! `engine::problems`.

use countersign_model::decision::Refusal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr};

/// Declares the codes, each with its name.
macro_rules! codes {
    ($($code:ident $name:literal,)*) => {
        /// What is wrong, for the program and for the window's words. TypeScript has the names as
        /// a union, so that a language without words for one does not compile.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Code {
            $(#[doc = concat!("`", $name, "`.")] $code,)*
            /// The gate's reason to refuse, under the name that it has in the log.
            Refused(Refusal),
        }

        impl Code {
            /// The app's own codes, by name. Beside them there are those of [`Refusal`].
            pub const OWN: &[Self] = &[$(Self::$code),*];

            /// Its name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                    Self::Refused(refusal) => refusal_name(refusal),
                }
            }
        }
    };
}

codes! {
    AlreadyDecided "already_decided",
    AlreadyJoined "already_joined",
    AlreadyStopped "already_stopped",
    AmountLimits "amount_limits",
    BatchFactor "batch_factor",
    BatchHighTier "batch_high_tier",
    BatchNoClass "batch_no_class",
    BatchOtherClass "batch_other_class",
    BatchOverdue "batch_overdue",
    BatchOverridden "batch_overridden",
    BatchSize "batch_size",
    CaseAuthorized "case_authorized",
    CaseBlocked "case_blocked",
    CaseContradicted "case_contradicted",
    CaseExecuted "case_executed",
    CaseExpired "case_expired",
    CaseFull "case_full",
    CaseNotApplied "case_not_applied",
    CaseRejected "case_rejected",
    CaseSentBack "case_sent_back",
    CaseSuperseded "case_superseded",
    CaseUnknown "case_unknown",
    ClockBehind "clock_behind",
    CommentAnswers "comment_answers",
    CommentPerson "comment_person",
    CommentSelf "comment_self",
    CommentText "comment_text",
    Cursor "cursor",
    DiskFull "disk_full",
    EnrolmentFormat "enrolment_format",
    EnrolmentOtherDevice "enrolment_other_device",
    EnrolmentRefused "enrolment_refused",
    EvidenceWrong "evidence_wrong",
    FactorForm "factor_form",
    FilterLong "filter_long",
    FilterName "filter_name",
    HaltText "halt_text",
    Internal "internal",
    KeychainDamaged "keychain_damaged",
    KeychainFailed "keychain_failed",
    KeychainKeyExists "keychain_key_exists",
    KeychainKeyMissing "keychain_key_missing",
    KeychainLocked "keychain_locked",
    KeychainMissing "keychain_missing",
    KeychainRefused "keychain_refused",
    KindUnknown "kind_unknown",
    LimitUnknown "limit_unknown",
    LimitValue "limit_value",
    LogChainBroken "log_chain_broken",
    LogCheckpointRefused "log_checkpoint_refused",
    LogCheckpointSize "log_checkpoint_size",
    LogEntriesMissing "log_entries_missing",
    LogEntryMisplaced "log_entry_misplaced",
    LogEntryUnknown "log_entry_unknown",
    LogEntryUnreadable "log_entry_unreadable",
    LogEntryUnsigned "log_entry_unsigned",
    LogFault "log_fault",
    LogForeign "log_foreign",
    LogForked "log_forked",
    LogLeftOut "log_left_out",
    LogNoCheckpoint "log_no_checkpoint",
    LogNotSignedFor "log_not_signed_for",
    LogRootDiffers "log_root_differs",
    LogRootUnknown "log_root_unknown",
    LogSourceMissing "log_source_missing",
    NoRandomness "no_randomness",
    NoRequest "no_request",
    NoRole "no_role",
    NotEnrolled "not_enrolled",
    NotStopped "not_stopped",
    OpenQuestion "open_question",
    OverrideAmount "override_amount",
    OverrideNone "override_none",
    OverrideNothing "override_nothing",
    OverrideSame "override_same",
    PictureNotSaved "picture_not_saved",
    PictureTooLarge "picture_too_large",
    PictureUnreadable "picture_unreadable",
    PolicyDiffers "policy_differs",
    PolicyForeign "policy_foreign",
    PolicyNotHere "policy_not_here",
    PolicyUnreadable "policy_unreadable",
    PolicyWrong "policy_wrong",
    PracticeOver "practice_over",
    ProfileDamaged "profile_damaged",
    ProfileUnreadable "profile_unreadable",
    PromptDamaged "prompt_damaged",
    PromptMissing "prompt_missing",
    PromptNone "prompt_none",
    ProposalExpired "proposal_expired",
    Reason "reason",
    RecallTooLate "recall_too_late",
    RecordBadSignature "record_bad_signature",
    RecordClosed "record_closed",
    RecordForeign "record_foreign",
    RecordForked "record_forked",
    RecordMalformed "record_malformed",
    RecordMissing "record_missing",
    RecordReordered "record_reordered",
    RecordRepeated "record_repeated",
    RecordSetAside "record_set_aside",
    RecordUnknownEpoch "record_unknown_epoch",
    RecordUnknownWriter "record_unknown_writer",
    RecordUnreadable "record_unreadable",
    RecordWithheld "record_withheld",
    RelayBusy "relay_busy",
    RelayCompacted "relay_compacted",
    RelayConflict "relay_conflict",
    RelayFull "relay_full",
    RelayRefused "relay_refused",
    RelayRefusesDevice "relay_refuses_device",
    RelayUnreadable "relay_unreadable",
    RelayWentBack "relay_went_back",
    RequestedAmount "requested_amount",
    RequestedDays "requested_days",
    RequestedEmpty "requested_empty",
    RequestedEvidence "requested_evidence",
    RequestedNone "requested_none",
    RequestedUnasked "requested_unasked",
    ResumeAsked "resume_asked",
    RootWordsDiffer "root_words_differ",
    RosterChainBroken "roster_chain_broken",
    RosterExpired "roster_expired",
    RosterRefused "roster_refused",
    SettingsEvidence "settings_evidence",
    SettingsQuiet "settings_quiet",
    SettingsUndo "settings_undo",
    SettingsUnwritable "settings_unwritable",
    SnapshotForeign "snapshot_foreign",
    SnoozeNotMine "snooze_not_mine",
    SnoozePast "snooze_past",
    StoreContradiction "store_contradiction",
    StoreDamaged "store_damaged",
    StoreExists "store_exists",
    StoreFailed "store_failed",
    StoreForeign "store_foreign",
    StoreInUse "store_in_use",
    StoreIncomplete "store_incomplete",
    StoreMissing "store_missing",
    StoreNewer "store_newer",
    StoreTruncated "store_truncated",
    StoreUnreadable "store_unreadable",
    StoreWrongKey "store_wrong_key",
    TextHidden "text_hidden",
    TicketExpired "ticket_expired",
    TicketUnknown "ticket_unknown",
    TrialSize "trial_size",
    WarnClock "warn_clock",
    WarnEvidence "warn_evidence",
    WarnStopped "warn_stopped",
    WarnUnfollowed "warn_unfollowed",
    WarnWayBack "warn_way_back",
}

/// There is no such code.
#[derive(Debug, thiserror::Error)]
#[error("there is no problem of this code")]
pub struct UnknownCode;

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(name: &str) -> Result<Self, UnknownCode> {
        let own = Self::OWN.iter().find(|code| code.as_str() == name);
        let refused = || serde_json::from_value(name.into()).ok().map(Self::Refused);
        own.copied().or_else(refused).ok_or(UnknownCode)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.as_str())
    }
}

impl PartialEq<&str> for Code {
    fn eq(&self, name: &&str) -> bool {
        self.as_str() == *name
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

const fn refusal_name(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Malformed => "malformed",
        Refusal::UnknownKey => "unknown_key",
        Refusal::BadSignature => "bad_signature",
        Refusal::DeviceRevoked => "device_revoked",
        Refusal::RoleNotHeld => "role_not_held",
        Refusal::WrongProposal => "wrong_proposal",
        Refusal::PolicyMoved => "policy_moved",
        Refusal::EntityMoved => "entity_moved",
        Refusal::Expired => "expired",
        Refusal::Replayed => "replayed",
        Refusal::ClockSkew => "clock_skew",
        Refusal::InitiatorMayNotDecide => "initiator_may_not_decide",
        Refusal::PersonAlreadyDecided => "person_already_decided",
        Refusal::RoleNotAsked => "role_not_asked",
        Refusal::ReasonMissing => "reason_missing",
        Refusal::ChangeDoesNotFit => "change_does_not_fit",
        Refusal::WiderThanProposed => "wider_than_proposed",
        Refusal::AmountNotTaken => "amount_not_taken",
        Refusal::FactorMissing => "factor_missing",
        Refusal::FactorWrong => "factor_wrong",
        Refusal::FactorReused => "factor_reused",
        Refusal::FactorLocked => "factor_locked",
        Refusal::CaseSettled => "case_settled",
        Refusal::LogDiffers => "log_differs",
        Refusal::TooMany => "too_many",
        Refusal::NotExecuted => "not_executed",
        Refusal::NoWayBack => "no_way_back",
        Refusal::RollbackOpen => "rollback_open",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, path::Path};

    fn sources(folder: &Path, into: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, into);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                into.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn no_code_is_there_for_nothing() {
        let mut text = String::new();
        let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        sources(&crate_folder.join("src"), &mut text);
        sources(&crate_folder.join("../../src-tauri"), &mut text);
        let used = |code: &&Code| {
            let name = format!("Code::{code:?}");
            text.match_indices(&name).any(|(at, _)| {
                let after = text[at + name.len()..].chars().next();
                !after.is_some_and(char::is_alphanumeric)
            })
        };
        let idle: Vec<_> = Code::OWN.iter().filter(|code| !used(code)).collect();
        assert!(idle.is_empty(), "nothing uses these codes: {idle:?}");
        assert!(Code::OWN.is_sorted_by_key(|code| code.as_str()), "keep the codes sorted");
    }

    #[test]
    fn a_code_and_its_name_say_the_same() {
        for code in Code::OWN {
            assert_eq!(code.as_str().parse::<Code>().unwrap(), *code);
            let refusal: Result<Refusal, _> = serde_json::from_value(code.as_str().into());
            assert!(refusal.is_err(), "{code} is a refusal's name too");
        }
        let names = serde_json::from_str::<Refusal>("\"?\"").unwrap_err().to_string();
        let names: Vec<_> =
            names.split('`').skip(1).step_by(2).filter(|name| *name != "?").collect();
        assert!(names.len() > 20, "{names:?}");
        for name in names {
            let code: Code = name.parse().unwrap();
            assert!(matches!(code, Code::Refused(_)) && code == name, "{name}: {code:?}");
        }
        assert!("no_such_code".parse::<Code>().is_err());
    }
}
