//! What the store's tests share: a folder, a key, and made-up rows.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use countersign_model::{Currency, DecisionId, Digest, ProposalId, TimestampMs, verdict::RiskTier};
use countersign_store::{CaseRow, CaseText, NewDecision, NewRecord, Shelf, Stage, Store};
use std::path::PathBuf;
use uuid::Uuid;

pub const KEY: [u8; 32] = [7; 32];

pub struct Place {
    _folder: tempfile::TempDir,
    pub path: PathBuf,
}

pub fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    Place { _folder: folder, path }
}

pub fn made() -> (Place, Store) {
    let place = place();
    let store = Store::create(&place.path, &KEY).unwrap();
    (place, store)
}

pub fn proposal(number: u128) -> ProposalId {
    ProposalId::from_uuid(Uuid::from_u128(number))
}

pub fn at(millis: i64) -> TimestampMs {
    TimestampMs::from_millis(millis)
}

pub fn case(number: u128, shelf: Shelf) -> CaseRow {
    let decide_by = i64::try_from(number).unwrap() * 37 % 1_000;
    CaseRow {
        proposal: proposal(number),
        shelf,
        open: true,
        overridden: number.is_multiple_of(11),
        kind: "budget_change".into(),
        tier: [RiskTier::Low, RiskTier::Medium, RiskTier::High][(number % 3) as usize],
        entity: format!("google_ads:1:campaign:{}", number % 7),
        target: String::new(),
        currency: Currency::parse("EUR").unwrap(),
        before_micros: 10_000_000,
        after_micros: 10_000_000 + i64::try_from(number).unwrap() * 100_000,
        created_at_ms: at(decide_by),
        decide_by_ms: at(decide_by),
        changed_at_ms: at(decide_by),
        batch_class: None,
        executed: None,
        summary: number.to_string().into_bytes(),
        text: CaseText {
            rest: format!("flash sale campaign{number} Größe"),
            ..CaseText::default()
        },
    }
}

pub fn decision(number: u128) -> NewDecision {
    NewDecision {
        digest: Digest::of(&number.to_be_bytes()),
        id: DecisionId::from_uuid(Uuid::from_u128(number)),
        proposal: proposal(number),
        envelope: vec![b'e'; 2_000],
        mine: true,
        stage: Stage::Signed,
        hold_until_ms: None,
        stored_at_ms: at(1),
    }
}

pub fn record(seq: u64, carries: Option<Digest>) -> NewRecord {
    let record = vec![b'r'; 2_500];
    NewRecord { writer_seq: seq, record_digest: Digest::of(&record), record, carries }
}
