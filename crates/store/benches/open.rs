//! Cold open of a store with 10,000 cases, to the first page of the inbox; and what the
//! person feels after it: a page, a search, a signature's transaction.
#![allow(clippy::expect_used, reason = "a benchmark fails by panicking")]

use countersign_model::{DecisionId, Digest, ProposalId, TimestampMs};
use countersign_store::{
    CaseRow, NewDecision, NewRecord, PageQuery, Shelf, Stage, Store, StoreError,
};
use divan::{Bencher, black_box};
use std::path::PathBuf;
use uuid::Uuid;

const CASES: u128 = 10_000;
const KEY: [u8; 32] = [7; 32];

fn main() {
    divan::main();
}

struct Made {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn made() -> Made {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let mut store = Store::create(&path, &KEY).expect("a store");
    store
        .transaction::<_, StoreError>(|tx| {
            for number in 0..CASES {
                tx.put_case(&row(number))?;
                tx.put_document(row(number).proposal, &vec![b'd'; 2_200])?;
            }
            Ok(())
        })
        .expect("cases");
    Made { _folder: folder, path }
}

fn row(number: u128) -> CaseRow {
    let shelf = match number % 20 {
        0 => Shelf::NeedsMe,
        1 | 2 => Shelf::WaitingOnOthers,
        _ => Shelf::Settled,
    };
    let at = TimestampMs::from_millis(i64::try_from(number * 7_919 % 100_000).unwrap_or(0));
    CaseRow {
        proposal: ProposalId::from_uuid(Uuid::from_u128(number)),
        shelf,
        decide_by_ms: at,
        changed_at_ms: at,
        entity: format!("google_ads:1:campaign:{}", number % 700),
        summary: vec![b's'; 450],
        words: format!(
            "brand search campaign{number} budget raise before the weekend {}",
            number % 97
        ),
    }
}

fn first_page(store: &mut Store) {
    let query = PageQuery { shelf: Some(Shelf::NeedsMe), limit: 50, ..PageQuery::default() };
    let page = store.read::<_, StoreError>(|reader| reader.case_page(&query)).expect("a page");
    assert_eq!(black_box(page).summaries.len(), 50);
}

#[divan::bench]
fn cold_open_to_first_page(bencher: Bencher<'_, '_>) {
    let made = made();
    bencher.bench_local(|| {
        let mut store = Store::open(&made.path, &KEY).expect("opens");
        first_page(&mut store);
    });
}

#[divan::bench]
fn first_page_of_an_open_store(bencher: Bencher<'_, '_>) {
    let made = made();
    let mut store = Store::open(&made.path, &KEY).expect("opens");
    bencher.bench_local(|| first_page(&mut store));
}

#[divan::bench(args = ["ca", "weekend", "campaign42"])]
fn search(bencher: Bencher<'_, '_>, words: &str) {
    let made = made();
    let mut store = Store::open(&made.path, &KEY).expect("opens");
    let query = PageQuery { search: words.into(), limit: 50, ..PageQuery::default() };
    bencher.bench_local(|| store.read::<_, StoreError>(|reader| reader.case_page(&query)));
}

#[divan::bench]
fn store_a_signed_decision(bencher: Bencher<'_, '_>) {
    let made = made();
    let mut store = Store::open(&made.path, &KEY).expect("opens");
    let mut number = 0_u64;
    bencher.bench_local(|| {
        number += 1;
        let digest = Digest::of(&number.to_be_bytes());
        let proposal = ProposalId::from_uuid(Uuid::from_u128(u128::from(number)));
        store
            .transaction::<_, StoreError>(|tx| {
                tx.add_decision(&NewDecision {
                    digest,
                    id: DecisionId::from_uuid(Uuid::from_u128(u128::from(number))),
                    proposal,
                    envelope: vec![b'e'; 2_000],
                    mine: true,
                    stage: Stage::Signed,
                    stored_at_ms: TimestampMs::from_millis(0),
                })?;
                tx.put_document(proposal, &vec![b'd'; 2_600])?;
                tx.add_record(&NewRecord {
                    writer_seq: number,
                    record: vec![b'r'; 1_200],
                    record_digest: digest,
                    decision: Some(digest),
                })
            })
            .expect("stored");
    });
}
