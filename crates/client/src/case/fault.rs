//! Faults of the relay, of writers and of the gate, by the names that they are kept under.

/// Declares the codes, each with the name that it is stored under.
macro_rules! codes {
    ($($code:ident $name:literal,)*) => {
        /// Which fault was found. A stored name is never changed: older rows have it.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum FaultCode {
            $(#[doc = concat!("`", $name, "`.")] $code,)*
        }

        impl FaultCode {
            /// All of them.
            pub(crate) const ALL: &[Self] = &[$(Self::$code),*];

            /// The name that it is stored under.
            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }
        }
    };
}

codes! {
    EvidenceWrong "evidence_wrong",
    LogFault "log_fault",
    LogForeign "log_foreign",
    LogForked "log_forked",
    LogLeftOut "log_left_out",
    LogNotSignedFor "log_not_signed_for",
    LogSourceMissing "log_source_missing",
    PolicyForeign "policy_foreign",
    PolicyWrong "policy_wrong",
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
    RelayWentBack "relay_went_back",
    RosterRefused "roster_refused",
    SnapshotForeign "snapshot_foreign",
}

impl FaultCode {
    /// The code of a stored name. Only another version of the app can have stored one that is
    /// unknown.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}
