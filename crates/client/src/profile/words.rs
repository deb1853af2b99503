//! Keys as words that two people can compare.

use countersign_identity::{anchor::Anchor, enrolment};
use countersign_model::{Digest, PublicKey, Roster, fingerprint};

/// Six words over a public key that stands alone, such as the gate's.
pub(crate) fn key_words(key: PublicKey) -> Vec<String> {
    owned(fingerprint::words(Digest::of(key.as_bytes())))
}

/// Six words of what this device believes everything else on; the same for everybody.
pub(crate) fn root_words(roster: &Roster) -> Vec<String> {
    owned(Anchor::of(roster).words())
}

/// Six words over a device's two keys.
pub(crate) fn device_words(signing_key: PublicKey, sealing_key: Digest) -> Vec<String> {
    owned(enrolment::device_words(signing_key, sealing_key))
}

fn owned(words: Vec<&'static str>) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
}
