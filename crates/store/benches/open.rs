//! What the person feels, on stores of 10,000, 100,000 and a million cases: the cold open to
//! the first page, every view and filter, search by the commonest word and by one or two
//! letters, and what is written meanwhile. The stores are made once and kept by the build.
#![allow(clippy::expect_used, reason = "a benchmark fails by panicking")]

use countersign_model::{Currency, DecisionId, Digest, ProposalId, TimestampMs, verdict::RiskTier};
use countersign_store::{
    AmountRange, CaseFilter, CaseList, CasePage, CaseRow, CaseText, NewDecision, NewRecord,
    PageQuery, Shelf, Stage, Store, StoreError, TextField, TextTerm,
};
use divan::{Bencher, black_box};
use std::{
    path::PathBuf,
    sync::{LazyLock, Mutex, PoisonError},
};
use uuid::Uuid;

const SIZES: [u64; 3] = [10_000, 100_000, 1_000_000];
const KEY: [u8; 32] = [7; 32];
const DAY_MS: i64 = 86_400_000;
/// The cases of the largest store were proposed over two years.
const SPAN_MS: i64 = 730 * DAY_MS;
const PAGE: u32 = 50;

fn main() {
    divan::main();
}

struct Made {
    _folder: tempfile::TempDir,
    path: PathBuf,
    size: u64,
}

/// A store of each size, made when first asked for.
static STORES: [LazyLock<Mutex<Made>>; 3] = [
    LazyLock::new(|| Mutex::new(made(SIZES[0]))),
    LazyLock::new(|| Mutex::new(made(SIZES[1]))),
    LazyLock::new(|| Mutex::new(made(SIZES[2]))),
];

fn with_store(size: u64, bench: impl FnOnce(&Made)) {
    let place = SIZES.iter().position(|known| *known == size).expect("a known size");
    bench(&STORES[place].lock().unwrap_or_else(PoisonError::into_inner));
}

fn made(size: u64) -> Made {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let mut store = Store::create(&path, &KEY).expect("a store");
    for first in (0..size).step_by(10_000) {
        store
            .transaction::<_, StoreError>(|tx| {
                (first..(first + 10_000).min(size))
                    .try_for_each(|number| tx.put_case(&row(number, size)))
            })
            .expect("cases");
    }
    Made { _folder: folder, path, size }
}

/// One case: 60 words of a language of 4,000, a few of them in every case.
fn row(number: u64, size: u64) -> CaseRow {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
    let shelf = match number % 20 {
        0 => Shelf::NeedsMe,
        1 | 2 => Shelf::WaitingOnOthers,
        _ => Shelf::Settled,
    };
    let created = i64::try_from(number).unwrap_or(0) * (SPAN_MS / i64::try_from(size).unwrap_or(1));
    let spread = i64::try_from(mixed % 40_000).unwrap_or(0);
    CaseRow {
        proposal: ProposalId::from_uuid(Uuid::from_u128(u128::from(number) << 64 | 7)),
        shelf,
        open: shelf != Shelf::Settled,
        overridden: number.is_multiple_of(997),
        kind: ["budget_change", "pause", "bid_change"]
            [usize::from(mixed.is_multiple_of(7)) + usize::from(mixed.is_multiple_of(49))]
        .into(),
        tier: [RiskTier::Low, RiskTier::Medium, RiskTier::High]
            [usize::from(mixed.is_multiple_of(3)) + usize::from(mixed.is_multiple_of(30))],
        entity: format!("google_ads:1234567890:campaign:{}", mixed % 700),
        target: String::new(),
        currency: Currency::parse(if mixed.is_multiple_of(5) { "USD" } else { "EUR" })
            .expect("a currency"),
        before_micros: 50_000_000,
        after_micros: 50_000_000 + spread * 10_000,
        created_at_ms: TimestampMs::from_millis(created),
        decide_by_ms: TimestampMs::from_millis(SPAN_MS + spread * 3_600),
        changed_at_ms: TimestampMs::from_millis(created + spread * 1_000),
        batch_class: None,
        executed: None,
        summary: vec![b's'; 700],
        text: text(number, mixed),
    }
}

fn text(number: u64, mixed: u64) -> CaseText {
    let word = |place: u64| {
        // The lower the number, the commoner the word.
        let draw = (mixed ^ place.wrapping_mul(0xD6E8_FEB8_6659_FD93))
            .wrapping_mul(0x2545_F491_4F6C_DD1D)
            >> 33;
        let rank = (draw % 4_000) * (draw / 4_001 % 4_000) / 4_000;
        let letter = |n: u64| {
            char::from(
                b'a' + u8::try_from((rank / 7u64.pow(u32::try_from(n).unwrap_or(0)) + n) % 26)
                    .unwrap_or(0),
            )
        };
        (0..4 + rank % 5).map(letter).collect::<String>()
    };
    let rest: Vec<String> = (0..44).map(word).collect();
    CaseText {
        entity: format!("google_ads 1234567890 campaign {} brand search", mixed % 700),
        people: format!("person{} alice", mixed % 40),
        reason: "within plan".into(),
        rule: format!("corporate.daily_limit_{}", mixed % 30),
        model: "pacing-3 2026-08".into(),
        agent: "budget pacer".into(),
        rest: format!("raise before the weekend campaign{number} {}", rest.join(" ")),
    }
}

/// A store opened for reading pages.
struct Desk {
    store: Store,
    now_ms: TimestampMs,
}

impl Desk {
    fn open(made: &Made) -> Self {
        let store = Store::open(&made.path, &KEY).expect("opens");
        Self { store, now_ms: TimestampMs::from_millis(SPAN_MS) }
    }

    fn page(&mut self, list: CaseList, filter: CaseFilter) -> CasePage {
        let query = PageQuery { list, filter, after: None, limit: PAGE, now_ms: self.now_ms };
        self.store.read::<_, StoreError>(|reader| reader.case_page(&query)).expect("a page")
    }
}

fn field(field: TextField, words: &str) -> CaseFilter {
    let text = vec![TextTerm { field: Some(field), words: words.into() }];
    CaseFilter { text, ..CaseFilter::default() }
}

/// The searches of the bench, by name.
fn search(name: &str) -> (CaseList, CaseFilter) {
    let tier = Some(RiskTier::High);
    let since = |days: i64| Some(TimestampMs::from_millis(SPAN_MS - days * DAY_MS));
    let amount = |min, max| {
        Some(AmountRange { min_micros: Some(min), max_micros: Some(max), currency: None })
    };
    match name {
        "commonest word" => (CaseList::All, CaseFilter::words("weekend")),
        "1 letter" => (CaseList::All, CaseFilter::words("c")),
        "2 letters" => (CaseList::All, CaseFilter::words("ca")),
        "6 letters of a million words" => (CaseList::All, CaseFilter::words("campai")),
        "rare word" => (CaseList::All, CaseFilter::words("campaign4242")),
        "two words" => (CaseList::All, CaseFilter::words("weekend alice")),
        "field" => (CaseList::All, field(TextField::People, "person17")),
        "common word that needs me" => (CaseList::NeedsMe, CaseFilter::words("weekend")),
        "common word overridden" => (CaseList::Overrides, CaseFilter::words("weekend")),
        "common word put away (none)" => (CaseList::Snoozed, CaseFilter::words("weekend")),
        "high tier" => (CaseList::All, CaseFilter { tier, ..CaseFilter::default() }),
        "high tier that needs me" => {
            (CaseList::NeedsMe, CaseFilter { tier, ..CaseFilter::default() })
        }
        "rare kind and high tier" => {
            let kind = Some("bid_change".into());
            (CaseList::Settled, CaseFilter { kind, tier, ..CaseFilter::default() })
        }
        "amount" => (
            CaseList::All,
            CaseFilter { amount: amount(60_000_000, 61_000_000), ..CaseFilter::default() },
        ),
        "amount that nothing has" => (
            CaseList::All,
            CaseFilter { amount: amount(50_000_001, 50_009_999), ..CaseFilter::default() },
        ),
        "last day and a common word" => (
            CaseList::All,
            CaseFilter { created_since_ms: since(1), ..CaseFilter::words("weekend") },
        ),
        "a day long ago" => (
            CaseList::All,
            CaseFilter {
                created_since_ms: since(600),
                created_until_ms: since(599),
                ..CaseFilter::default()
            },
        ),
        _ => (CaseList::All, CaseFilter::default()),
    }
}

const SEARCHES: [&str; 17] = [
    "commonest word",
    "1 letter",
    "2 letters",
    "6 letters of a million words",
    "rare word",
    "two words",
    "field",
    "common word that needs me",
    "common word overridden",
    "common word put away (none)",
    "high tier",
    "high tier that needs me",
    "rare kind and high tier",
    "amount",
    "amount that nothing has",
    "last day and a common word",
    "a day long ago",
];

#[divan::bench(args = SIZES, sample_count = 50)]
fn cold_open_to_first_page(bencher: Bencher<'_, '_>, size: u64) {
    with_store(size, |made| {
        bencher.bench_local(|| {
            let mut desk = Desk::open(made);
            assert_eq!(
                black_box(desk.page(CaseList::NeedsMe, CaseFilter::default())).rows.len(),
                50
            );
        });
    });
}

#[divan::bench(args = SIZES)]
fn every_list(bencher: Bencher<'_, '_>, size: u64) {
    with_store(size, |made| {
        let mut desk = Desk::open(made);
        bencher.bench_local(|| {
            for list in [
                CaseList::NeedsMe,
                CaseList::WaitingOnOthers,
                CaseList::Settled,
                CaseList::Snoozed,
                CaseList::DueSoon,
                CaseList::Overrides,
                CaseList::Agenda,
                CaseList::All,
            ] {
                black_box(desk.page(list, CaseFilter::default()));
            }
        });
    });
}

#[divan::bench(args = SIZES)]
fn counts(bencher: Bencher<'_, '_>, size: u64) {
    with_store(size, |made| {
        let mut desk = Desk::open(made);
        bencher.bench_local(|| {
            desk.store.read::<_, StoreError>(|reader| reader.case_counts(desk.now_ms))
        });
    });
}

fn search_bench(bencher: Bencher<'_, '_>, size: u64, name: &str) {
    with_store(size, |made| {
        let mut desk = Desk::open(made);
        bencher.bench_local(|| {
            let (list, filter) = search(name);
            black_box(desk.page(list, filter))
        });
    });
}

#[divan::bench(args = SEARCHES)]
fn search_10k(bencher: Bencher<'_, '_>, name: &str) {
    search_bench(bencher, SIZES[0], name);
}

#[divan::bench(args = SEARCHES)]
fn search_100k(bencher: Bencher<'_, '_>, name: &str) {
    search_bench(bencher, SIZES[1], name);
}

#[divan::bench(args = SEARCHES, sample_count = 30)]
fn search_1m(bencher: Bencher<'_, '_>, name: &str) {
    search_bench(bencher, SIZES[2], name);
}

/// A thousand cases that changed come in, in one transaction.
#[divan::bench(args = SIZES, sample_count = 8, sample_size = 1)]
fn merge_1000(bencher: Bencher<'_, '_>, size: u64) {
    merge(bencher, size, 1_000);
}

/// As many as the client writes in one transaction: so long somebody who types may wait.
#[divan::bench(args = SIZES, sample_count = 60, sample_size = 1)]
fn merge_25(bencher: Bencher<'_, '_>, size: u64) {
    merge(bencher, size, 25);
}

fn merge(bencher: Bencher<'_, '_>, size: u64, cases: u64) {
    with_store(size, |made| {
        let mut desk = Desk::open(made);
        let mut round = 0;
        bencher.bench_local(|| {
            round += 1;
            desk.store
                .transaction::<_, StoreError>(|tx| {
                    for step in 0..cases {
                        let mut case = row(step * (made.size / cases), made.size);
                        case.text.reason = format!("changed {round}");
                        tx.put_case(&case)?;
                    }
                    Ok(())
                })
                .expect("stored");
        });
    });
}

/// The same, but nothing that search finds has changed.
#[divan::bench(args = SIZES, sample_count = 8, sample_size = 1)]
fn merge_1000_with_the_same_words(bencher: Bencher<'_, '_>, size: u64) {
    with_store(size, |made| {
        let mut desk = Desk::open(made);
        let mut round = 0_u8;
        bencher.bench_local(|| {
            round = round.wrapping_add(1);
            desk.store
                .transaction::<_, StoreError>(|tx| {
                    for step in 1..1_001 {
                        let place = (step * (made.size / 1_001)).min(made.size - 1);
                        let case = CaseRow { summary: vec![round; 700], ..row(place, made.size) };
                        tx.put_case(&case)?;
                    }
                    Ok(())
                })
                .expect("stored");
        });
    });
}

#[divan::bench]
fn store_a_signed_decision(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = Store::create(&folder.path().join("store.db"), &KEY).expect("a store");
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
                    hold_until_ms: None,
                    stored_at_ms: TimestampMs::from_millis(0),
                })?;
                tx.put_document(proposal, &vec![b'd'; 2_600])?;
                tx.add_record(&NewRecord {
                    writer_seq: number,
                    record: vec![b'r'; 1_200],
                    record_digest: digest,
                    carries: Some(digest),
                })
            })
            .expect("stored");
    });
}
