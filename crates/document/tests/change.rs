//! Hostile changes against the reader of changes and the document.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod hostile;

use automerge::{Change, ScalarValue, legacy::OpType};
use countersign_document::{
    Candidates, CaseDocument, ChangeError, Filed, RecordBody,
    limits::{MAX_CANDIDATES, MAX_DOCUMENT_BYTES, MAX_FILED_PER_DEVICE},
};
use countersign_model::{Digest, signature::SigningKey};
use hostile::{Columns, Hostile, Insider, Random, bomb, plain_change};
use std::sync::atomic::{AtomicUsize, Ordering};

fn runs() -> usize {
    std::env::var("COUNTERSIGN_HOSTILE_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(400)
}

/// What Automerge itself reads in a change.
fn values(change: &[u8]) -> Vec<Vec<u8>> {
    let decoded = Change::try_from(change).unwrap().decode();
    let value = |op: &automerge::legacy::Op| match &op.action {
        OpType::Put(ScalarValue::Bytes(bytes)) => Some(bytes.clone()),
        _ => None,
    };
    decoded.operations.iter().filter_map(value).collect()
}

#[test]
fn the_candidates_are_what_automerge_reads_in_the_change() {
    let mut random = Random::new(1);
    for _ in 0..30 {
        let (proposal, verdict) = (random.bytes(900), random.bytes(400));
        let (mut case, first) = CaseDocument::create(&proposal, &verdict).unwrap();
        let mut candidates = Candidates::of(&first).unwrap().envelopes().to_vec();
        candidates.sort();
        let mut expected = vec![proposal.as_slice(), verdict.as_slice()];
        expected.sort();
        assert_eq!(candidates, expected);
        for number in 0..random.below(20) {
            let count = random.below(3_000);
            let bytes = random.bytes(count);
            let digest = Digest::of(&bytes);
            let change = if number % 2 == 0 {
                case.add_decision(digest, &bytes)
            } else {
                case.add_comment(digest, &bytes)
            };
            let change = change.unwrap();
            assert_eq!(Candidates::of(&change).unwrap().envelopes(), [bytes]);
            assert_eq!(values(&change), Candidates::of(&change).unwrap().envelopes());
            if random.below(3) == 0 {
                case = CaseDocument::load(&case.save()).unwrap();
            }
        }
    }
}

#[test]
fn a_change_made_by_hand_is_read_and_merged_whatever_its_keys() {
    let mut random = Random::new(2);
    let (mut case, _) = CaseDocument::create(b"proposal", b"verdict").unwrap();
    let change = plain_change(&[b"one", b"two"], &mut random);
    assert_eq!(Candidates::of(&change).unwrap().envelopes(), [b"one", b"two"]);
    assert_eq!(values(&change), [b"one", b"two"]);
    case.apply(&change).unwrap();
    CaseDocument::load(&case.save()).unwrap();
}

#[test]
fn what_inflates_is_refused_unread() {
    let mut random = Random::new(3);
    for _ in 0..40 {
        let change = bomb(&mut random, 149_000);
        assert!(Candidates::of(&change).is_err());
        assert!(CaseDocument::empty().apply(&change).is_err());
        assert!(CaseDocument::load(&change).is_err());
    }
    let zeros = hostile::chunk(2, b"", &[3, 0]);
    assert_eq!(Candidates::of(&zeros), Err(ChangeError::Compressed));
    // A saved document as Automerge compresses it by itself.
    let mut document = automerge::AutoCommit::new();
    let bytes = ScalarValue::Bytes(vec![0; 20_000_000]);
    automerge::transaction::Transactable::put(&mut document, automerge::ROOT, "x", bytes).unwrap();
    let saved = document.save();
    assert!(saved.len() < 100_000);
    assert!(CaseDocument::load(&saved).is_err());
    assert!(CaseDocument::empty().apply(&saved).is_err());
}

#[test]
fn more_candidates_than_allowed_are_refused_with_words() {
    let mut random = Random::new(4);
    let many = vec![&b"x"[..]; MAX_CANDIDATES + 1];
    let change = plain_change(&many, &mut random);
    assert_eq!(Candidates::of(&change), Err(ChangeError::TooLarge("envelopes")));
    let change = plain_change(&many[1..], &mut random);
    let candidates = Candidates::of(&change).unwrap();
    let filed = Filed::default().with(&candidates).unwrap();
    assert_eq!(filed.envelopes, MAX_FILED_PER_DEVICE);
    assert!(filed.with(&candidates).is_err());
}

/// The whole of it: nothing grows, what is merged can be stored and read again, and the honest
/// change gets through. Where Automerge itself panics over a change, that one is refused.
#[test]
fn hostile_bodies_change_nothing_for_the_honest() {
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.location().is_some_and(|place| place.file().contains("automerge-")) {
            PANICS.fetch_add(1, Ordering::SeqCst);
        } else {
            before(info);
        }
    }));
    let mut random = Random::new(5);
    let (mut honest, first) = CaseDocument::create(b"proposal", b"verdict").unwrap();
    let mut reader = CaseDocument::empty();
    reader.apply(&first).unwrap();
    let id = countersign_model::ProposalId::from_uuid(random.uuid());
    let seen =
        RecordBody::CaseChange { case: id, change: first, blobs: vec![] }.to_bytes().unwrap();
    let insider = Insider {
        workspace: countersign_model::WorkspaceId::from_uuid(random.uuid()),
        person: countersign_model::PersonId::from_uuid(random.uuid()),
        device: countersign_model::DeviceId::from_uuid(random.uuid()),
        key: SigningKey::from_seed(&[3; 32]),
        role: "ops".into(),
        cases: vec![(id, Digest::of(b"proposal"))],
        seen: vec![seen],
        now: countersign_model::TimestampMs::from_millis(1_800_000_000_000),
    };
    let mut hostile = Hostile::new(6, insider);
    let begun = std::time::Instant::now();
    let (mut merged, mut filed) = (0, 0);
    for number in 0..runs() {
        let strange = Columns::plain(&[b"x"], &mut random);
        let change = match RecordBody::from_bytes(&hostile.body()) {
            Ok(RecordBody::CaseChange { change, .. }) => change,
            _ => strange.strange_chunk(&mut random),
        };
        filed += Candidates::of(&change).map_or(0, |one| one.envelopes().len());
        let mut attempt = CaseDocument::load(&reader.save()).unwrap();
        if attempt.apply(&change).is_ok() {
            let saved = attempt.save();
            assert!(saved.len() < MAX_DOCUMENT_BYTES);
            CaseDocument::load(&saved).expect("what was merged can be loaded");
            merged += 1;
            // A document that grows for ever only makes the test slow.
            if merged % 50 > 0 {
                reader = attempt;
            }
        }
        if number % 100 == 0 {
            let words = random.bytes(40);
            let good = honest.add_decision(Digest::of(&words), &words).unwrap();
            assert_eq!(Candidates::of(&good).unwrap().envelopes(), [words.as_slice()]);
            reader.apply(&good).unwrap();
            let all: Vec<_> = reader.decisions().into_values().flatten().collect();
            assert!(all.contains(&words));
        }
        if merged % 200 == 199 {
            reader = CaseDocument::load(&honest.save()).unwrap();
        }
    }
    let panics = PANICS.load(Ordering::SeqCst);
    println!(
        "{} changes, {merged} merged, {filed} candidates, {panics} panics of Automerge, {:?}",
        runs(),
        begun.elapsed()
    );
    assert!(merged > 0 && filed > merged);
}
