//! Every decoder that faces outside, each as a function that takes any bytes: `cargo fuzz` looks
//! for inputs, and a test of the gate replays those that were kept (`crates/gate/tests/decoders.rs`).
//!
//! A body panics when a law is broken: what was read is written as it was, and two ways to read
//! agree. What an input costs is bounded by the fuzzer (`fuzz/README.md`).

use countersign_audit::{Trust, checkpoint, cosignature, export::Manifest};
use countersign_document::{Candidates, CaseDocument, RecordBody};
use countersign_gate::config::Config;
use countersign_identity::enrolment::{Enrolment, EnrolmentRequest};
use countersign_model::{
    Comment, Control, Decision, DeviceId, Envelope, PolicyBundle, Proposal, Roster, TimestampMs,
    Verdict, WorkspaceId, canonical, change::KINDS, entry::Entry, envelope::Predicate,
};
use countersign_replay::{verify_export, world};
use countersign_sync::{
    EpochKeys, SealedRecord,
    wire::{
        self, ApiError, CreateWorkspace, DeviceList, DroppedBlobs, Floor, Page, Pushed, TailDecoder,
    },
};
use std::str::from_utf8;

/// One decoder, under any bytes.
pub type Decode = fn(&[u8]);

/// The decoders by name: each has a program in `fuzz_targets` and a folder in `corpus`.
pub const TARGETS: &[(&str, Decode)] = &[
    ("case_change", case_change),
    ("draft", draft),
    ("enrolment", enrolment),
    ("entry", entry),
    ("envelope", envelope),
    ("export", export),
    ("gate_config", gate_config),
    ("google_ads_answer", google_ads_answer),
    ("json_rpc", json_rpc),
    ("note", note),
    ("policy_bundle", policy_bundle),
    ("record_body", record_body),
    ("roster", roster),
    ("sealed_record", sealed_record),
    ("trust", trust),
    ("wire_batch", wire_batch),
    ("wire_json", wire_json),
    ("wire_page", wire_page),
    ("wire_tail", wire_tail),
];

/// The log's key in the vectors, so that a signed note is read to its end.
const VKEY: &str =
    "countersign.example/log/1+71f96a8a+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU";

/// A record as the relay and every reader take it.
pub fn sealed_record(bytes: &[u8]) {
    if let Ok(record) = SealedRecord::decode(bytes) {
        assert_eq!(record.as_bytes(), bytes);
        assert!(record.open(&EpochKeys::default()).is_err());
    }
}

/// A push and an upload.
pub fn wire_batch(bytes: &[u8]) {
    if let Ok(records) = wire::decode_batch(bytes) {
        let again = wire::encode_batch(&records).ok();
        assert!(again.is_none_or(|again| wire::decode_batch(&again) == Ok(records)));
    }
    let _ = wire::decode_blobs(bytes);
}

/// A page of records.
pub fn wire_page(bytes: &[u8]) {
    if let Ok(page) = Page::decode(bytes) {
        let again = page.encode().ok();
        assert!(again.is_none_or(|again| Page::decode(&again) == Ok(page)));
    }
}

/// The live tail, cut where the first byte says: the pages are the same.
pub fn wire_tail(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let (one, other) = rest.split_at(usize::from(*first).min(rest.len()));
    let (mut whole, mut cut) = (TailDecoder::default(), TailDecoder::default());
    let at_once = whole.handle_bytes(rest);
    let in_parts = cut.handle_bytes(one).and_then(|mut pages| {
        pages.extend(cut.handle_bytes(other)?);
        Ok(pages)
    });
    assert_eq!(at_once, in_parts);
    assert_eq!(whole.buffered_bytes(), cut.buffered_bytes());
}

/// What relay and clients say in JSON.
pub fn wire_json(bytes: &[u8]) {
    let _ = wire::floor_of(bytes);
    let _ = serde_json::from_slice::<Floor>(bytes);
    let _ = serde_json::from_slice::<DroppedBlobs>(bytes);
    let _ = serde_json::from_slice::<DeviceList>(bytes);
    let _ = serde_json::from_slice::<CreateWorkspace>(bytes);
    let _ = serde_json::from_slice::<Pushed>(bytes);
    let _ = serde_json::from_slice::<ApiError>(bytes);
}

/// What is inside of a record.
pub fn record_body(bytes: &[u8]) {
    let Ok(body) = RecordBody::from_bytes(bytes) else { return };
    let again = body.to_bytes().expect("what was read can be written");
    assert!(RecordBody::from_bytes(&again).is_ok_and(|again| again == body));
    if let RecordBody::CaseChange { change, .. } = &body {
        case_change(change);
    }
}

/// A change of a case, and a saved document.
pub fn case_change(bytes: &[u8]) {
    let candidates = Candidates::of(bytes);
    let mut document = CaseDocument::empty();
    let applied = document.apply(bytes);
    assert!(candidates.is_ok() || applied.is_err(), "applied, though it cannot be read");
    let saved = document.save();
    assert!(CaseDocument::load(&saved).is_ok(), "it cannot be loaded again");
    let _ = CaseDocument::load(bytes);
}

/// An envelope and the statement in it, of every type.
pub fn envelope(bytes: &[u8]) {
    let Ok(envelope) = Envelope::from_bytes(bytes) else { return };
    assert_eq!(envelope.to_bytes().expect("what was read can be written"), bytes);
    let keys: Vec<_> = envelope.claimed_keys().collect();
    let _ = envelope.count_valid(&keys);
    open::<Proposal>(&envelope);
    open::<Verdict>(&envelope);
    open::<Decision>(&envelope);
    open::<Comment>(&envelope);
    open::<Control>(&envelope);
    open::<Roster>(&envelope);
    open::<Manifest>(&envelope);
}

fn open<P: Predicate>(envelope: &Envelope) {
    let keys: Vec<_> = envelope.claimed_keys().collect();
    let opened = envelope.open::<P>(&keys).is_ok();
    assert!(!opened || envelope.peek_unverified::<P>().is_ok());
}

/// An entry of the log: by both ways to read it.
pub fn entry(bytes: &[u8]) {
    let long = canonical::from_bytes::<Entry>(bytes).ok();
    let Ok(entry) = Entry::from_bytes(bytes) else {
        return assert!(long.is_none() || bytes.len() > countersign_model::entry::MAX_ENTRY_BYTES);
    };
    assert_eq!(Some(&entry), long.as_ref());
    assert_eq!(entry.to_bytes().expect("what was read can be written"), bytes);
    if let Ok(signed) = entry.signing_bytes_in(bytes) {
        assert_eq!(signed, entry.body.signing_bytes().expect("the body can be written"));
    }
    let _ = (entry.signature(), entry.body.event.references());
}

/// A checkpoint with whatever lines stand under it, and a verifier key.
pub fn note(bytes: &[u8]) {
    let Ok(text) = from_utf8(bytes) else { return };
    let _ = checkpoint::verify(text, VKEY);
    let _ = checkpoint::parse_vkey(text);
    let (_, key) = checkpoint::parse_vkey(VKEY).expect("a key of the vectors");
    let name = cosignature::key_name(WorkspaceId::from_uuid(NIL), DeviceId::from_uuid(NIL));
    let _ = cosignature::verify(text, &name, key);
}

/// A draft of every kind.
pub fn draft(bytes: &[u8]) {
    let Ok(value) = serde_json::from_slice(bytes) else { return };
    for kind in KINDS {
        let _ = countersign_intake::read_draft(kind, &value);
    }
}

/// A body at the agents' door.
pub fn json_rpc(bytes: &[u8]) {
    let _ = countersign_intake::read_body(bytes);
}

/// A roster, by itself and as the first of a workspace under the roots that it names.
pub fn roster(bytes: &[u8]) {
    let _ = serde_json::from_slice::<Roster>(bytes);
    let Ok(envelope) = Envelope::from_bytes(bytes) else { return };
    let Ok(named) = envelope.peek_unverified::<Roster>() else { return };
    let at = TimestampMs::from_millis(named.issued_at_ms.millis());
    if let Ok(first) = Roster::open_first(&envelope, &named.root, at) {
        assert!(first.open_next(&envelope, at).is_err(), "a roster follows itself");
    }
}

/// What a device asks with, and what it is answered.
pub fn enrolment(bytes: &[u8]) {
    let Ok(text) = from_utf8(bytes) else { return };
    if let Ok(request) = EnrolmentRequest::parse(text) {
        assert_eq!(request.fingerprint().len(), 6);
    }
    let _ = Enrolment::parse(text, DeviceId::from_uuid(NIL));
}

/// A published policy, compiled.
pub fn policy_bundle(bytes: &[u8]) {
    if let Ok(bundle) = PolicyBundle::from_bytes(bytes) {
        let _ = world::compile(&bundle);
    }
}

/// An answer of Google Ads.
pub fn google_ads_answer(bytes: &[u8]) {
    countersign_platforms::google_ads::read_answer(bytes);
}

/// A gate's configuration.
pub fn gate_config(bytes: &[u8]) {
    let _ = serde_json::from_slice::<Config>(bytes);
}

/// The public keys that an auditor gives the verifier.
pub fn trust(bytes: &[u8]) {
    let _ = serde_json::from_slice::<Trust>(bytes);
}

/// An export, by its own word: only a report can come of it.
pub fn export(bytes: &[u8]) {
    let report = verify_export(bytes, None, None).expect("bytes can be read");
    let again = verify_export(bytes, None, None).expect("bytes can be read");
    assert_eq!(report.findings, again.findings);
}

const NIL: uuid::Uuid = uuid::Uuid::nil();
