//! What the relay refuses with, and what a refusal asks of whoever was refused: one list and one
//! rule for relay, gate and desktop.

use crate::{bounded, limits::MAX_ERROR_CODE_BYTES};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Waited where the relay does not say how long.
const DEFAULT_WAIT: Duration = Duration::from_secs(2);
/// The longest wait that is believed: a relay must not silence a device by one header.
pub const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);

/// Why the relay refuses: a stable word for programs, the same on both ends of the wire.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Debug,
    strum::Display,
    strum::EnumIter,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// What was sent is not of this API's form.
    Malformed,
    /// The query is not one of this API's.
    Query,
    /// The list of devices is not one that a workspace can have.
    Devices,
    /// A record is of another workspace.
    ForeignWorkspace,
    /// A record names a writer that the workspace does not have.
    UnknownWriter,
    /// A record is not signed by the device that it names.
    RecordSignature,
    /// The body broke off.
    Body,
    /// The operator's token is another.
    OperatorToken,
    /// The request is not signed.
    Unsigned,
    /// The request's signature cannot be read.
    SignatureMalformed,
    /// The request's signature is not the device's.
    SignatureMismatch,
    /// The body is not the one that was signed.
    DigestMismatch,
    /// There is no such device, or no such workspace.
    UnknownDevice,
    /// The request was made too long ago, or in the future.
    Stale,
    /// The request was made before.
    Replayed,
    /// The device was revoked.
    Revoked,
    /// Only the workspace's owner device may do this.
    NotOwner,
    /// There is no such thing.
    NotFound,
    /// The request's head did not come in time.
    HeadTimeout,
    /// The request's body did not come in time.
    BodyTimeout,
    /// The workspace has another owner.
    Exists,
    /// Another record stands at this place, or before it.
    Fork,
    /// Earlier records of this writer are missing: they are pushed first.
    Gap,
    /// The floor would go back.
    FloorBack,
    /// No record of the owner's stands where the snapshot should.
    NoSnapshot,
    /// What was asked for, or sent, is at or below the floor, which the refusal names.
    Compacted,
    /// It is larger than this API takes.
    TooLarge,
    /// A rate is used up.
    Rate,
    /// The device has as many requests in progress as one may.
    DeviceBusy,
    /// The device has as many live tails as one may.
    DeviceTails,
    /// The address has as many connections as one may.
    PeerConnections,
    /// The relay has too much to do.
    Busy,
    /// The relay's store failed.
    StoreFailed,
    /// The device has stored as many records as it may.
    DeviceRecordsFull,
    /// The device's records have as many bytes as they may.
    DeviceBytesFull,
    /// The device has stored as many blobs as it may.
    DeviceBlobsFull,
    /// The device's blobs have as many bytes as they may.
    DeviceBlobBytesFull,
    /// The workspace's devices have stored as much as they may.
    WorkspaceFull,
    /// The relay's devices have stored as much as they may.
    DiskFull,
    /// A word that is not known here: of a newer relay, or of something that is none.
    Unknown,
}

impl Code {
    /// The HTTP status that goes with it; [`Code::Unknown`] is never sent.
    #[must_use]
    pub const fn status(self) -> Option<u16> {
        match self {
            Self::Malformed
            | Self::Query
            | Self::Devices
            | Self::ForeignWorkspace
            | Self::UnknownWriter
            | Self::RecordSignature
            | Self::Body => Some(400),
            Self::OperatorToken
            | Self::Unsigned
            | Self::SignatureMalformed
            | Self::SignatureMismatch
            | Self::DigestMismatch
            | Self::UnknownDevice
            | Self::Stale
            | Self::Replayed => Some(401),
            Self::Revoked | Self::NotOwner => Some(403),
            Self::NotFound => Some(404),
            Self::HeadTimeout | Self::BodyTimeout => Some(408),
            Self::Exists | Self::Fork | Self::Gap | Self::FloorBack | Self::NoSnapshot => Some(409),
            Self::Compacted => Some(410),
            Self::TooLarge => Some(413),
            Self::Rate | Self::DeviceBusy | Self::DeviceTails | Self::PeerConnections => Some(429),
            Self::Busy | Self::StoreFailed => Some(503),
            Self::DeviceRecordsFull
            | Self::DeviceBytesFull
            | Self::DeviceBlobsFull
            | Self::DeviceBlobBytesFull
            | Self::WorkspaceFull
            | Self::DiskFull => Some(507),
            Self::Unknown => None,
        }
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str((*self).into())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = bounded::text::<_, MAX_ERROR_CODE_BYTES>(deserializer)?;
        if code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Ok(code.parse().unwrap_or(Self::Unknown));
        }
        Err(serde::de::Error::custom("a code has letters, digits and `_`"))
    }
}

/// What helps after a refusal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remedy {
    /// The same request is welcome after this long: a rate is used up, or the relay is busy.
    Wait(Duration),
    /// What was sent finds no room, and waiting makes none: a person must be told, and whoever
    /// runs the relay must give more. Asking again costs little and is done rarely.
    Room,
    /// Neither.
    Other,
}

impl Remedy {
    /// Reads status and `Retry-After` (RFC 9110 section 10.2.3; the relay writes whole seconds).
    #[must_use]
    pub fn of(status: u16, retry_after: Option<&str>) -> Self {
        match status {
            429 | 503 => {
                let seconds = retry_after.and_then(|text| text.trim().parse().ok());
                let wait = seconds.map_or(DEFAULT_WAIT, Duration::from_secs);
                Self::Wait(wait.min(LONGEST_WAIT))
            }
            507 => Self::Room,
            _ => Self::Other,
        }
    }

    /// How long nothing of the kind is to be sent again.
    #[must_use]
    pub const fn pause(self) -> Option<Duration> {
        match self {
            Self::Wait(wait) => Some(wait),
            Self::Room => Some(LONGEST_WAIT),
            Self::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use strum::IntoEnumIterator as _;

    #[test]
    fn the_page_on_the_api_lists_every_code_under_its_status() {
        let page = include_str!("../../../docs/formats/relay-api.md");
        let mut listed: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
        for line in page.lines().filter(|line| line.starts_with("| ")) {
            let mut cells = line.trim_matches('|').split('|').map(str::trim);
            let Some(Ok(status)) = cells.next().map(str::parse) else { continue };
            let codes = cells.next().unwrap_or_default().split('`').skip(1).step_by(2);
            let codes =
                codes.filter(|word| word.parse::<Code>().is_ok() || *word == word.to_uppercase());
            listed.entry(status).or_default().extend(codes);
        }
        let mut known: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
        for code in Code::iter() {
            if let Some(status) = code.status() {
                known.entry(status).or_default().push(code.into());
            }
        }
        for codes in listed.values_mut().chain(known.values_mut()) {
            codes.sort_unstable();
        }
        assert_eq!(listed, known);
    }

    #[test]
    fn a_code_that_is_not_known_is_read_as_such() {
        for code in Code::iter() {
            let wire = serde_json::to_string(&code).unwrap();
            assert_eq!(serde_json::from_str::<Code>(&wire).unwrap(), code);
        }
        assert_eq!(serde_json::from_str::<Code>("\"OF_LATER\"").unwrap(), Code::Unknown);
        assert!(serde_json::from_str::<Code>("\"two words\"").is_err());
    }

    #[test]
    fn a_wait_is_kept_and_has_an_end() {
        let wait = |seconds| Remedy::Wait(Duration::from_secs(seconds));
        assert_eq!(Remedy::of(429, Some("7")), wait(7));
        assert_eq!(Remedy::of(503, Some(" 1 ")), wait(1));
        assert_eq!(Remedy::of(429, Some("0")), wait(0));
        for text in [None, Some("soon"), Some("-1"), Some("Sat, 28 Nov 2026 12:00:00 GMT")] {
            assert_eq!(Remedy::of(503, text), Remedy::Wait(DEFAULT_WAIT));
        }
        assert_eq!(Remedy::of(429, Some(&u64::MAX.to_string())), Remedy::Wait(LONGEST_WAIT));
        assert_eq!(Remedy::of(507, Some("1")), Remedy::Room);
        assert_eq!(Remedy::of(507, None).pause(), Some(LONGEST_WAIT));
        assert_eq!(Remedy::of(409, Some("1")), Remedy::Other);
        assert_eq!(Remedy::of(500, None).pause(), None);
    }
}
