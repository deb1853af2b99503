//! Makes a profile that holds many cases, for measuring the app: keys in the OS keychain, a
//! workspace of its own, a store full of signed cases whose list rows are written. Its relay
//! is away, so the app that opens it is offline.
//!
//! With a third number the relay holds so many further cases. It comes back after the next
//! line on standard input, and stays until that ends.
//!
//! With a fourth number there are so many further list rows of settled cases, without the
//! cases: what is only listed looks the same, and a million signed cases would be 33 GB.
//!
//! `cargo run --release -p countersign-client --example fill_profile -- PROFILE CASES [MORE [ROWS]]`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a tool for measuring fails by panicking and talks to the terminal"
)]

#[path = "../tests/world/mod.rs"]
mod world;

use countersign_client::{
    Controller, News, OsSecretStore, Shell, system_clock,
    view::{InboxQuery, InboxView},
};
use countersign_keychain::{DeviceKeys, ProfileName};
use countersign_model::{Currency, ProposalId, verdict::RiskTier};
use countersign_relay::{Budget, Limits, Rate};
use countersign_store::{CaseRow, CaseText, Shelf, Store, StoreError};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};
use uuid::Uuid;
use world::{
    CaseSetup, Gate, Relay,
    fill::{Cast, DAY, End, Filler, HOUR, MINUTE, Spec},
};

/// Nobody is told.
struct Silent;

impl Shell for Silent {
    fn tell(&self, _: News) {}
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let usage = "fill_profile PROFILE CASES [MORE [ROWS]]";
    let profile = PathBuf::from(arguments.next().expect(usage));
    let cases: u32 = arguments.next().expect(usage).parse().expect(usage);
    let more: u32 = arguments.next().map_or(0, |more| more.parse().expect(usage));
    let rows: u32 = arguments.next().map_or(0, |rows| rows.parse().expect(usage));
    let begun = Instant::now();

    // The gate that fills it is in a hurry.
    let hurried = Rate { per_second: 1 << 40, burst: 1 << 40 };
    let owner = Budget {
        request_rate: hurried,
        record_rate: hurried,
        write_rate: hurried,
        read_rate: hurried,
        ..Limits::default().owner
    };
    let limits = Limits { owner, ..Limits::default() };
    let mut relay = Relay::start_with(limits).await;
    let mut gate = Gate::found(&relay.url()).await;
    let engine = open(&profile);
    let request = engine.make_enrolment_request().unwrap();
    let enrolment = gate.admit(&request.json, "Olivia", "ops").await;
    let offered = engine.read_enrolment(&enrolment).unwrap();
    engine.join_workspace(&enrolment, &offered.root_words).unwrap();
    engine.shut_down().await;

    let cast = Cast::join(&mut gate).await;
    let specs: Vec<Spec> = (0..cases).map(|number| spec(number, cases)).collect();
    let mut store = store(&profile);
    Filler::new(&mut gate, &cast).fill(&mut store, &specs);
    drop(store);
    println!("{cases} cases are signed and stored after {:?}", begun.elapsed());

    let engine = open(&profile);
    while engine.write_rows().unwrap() {}
    let query =
        InboxQuery { view: InboxView::Settled, search: String::new(), after: None, limit: 50 };
    let page = engine.list_cases(&query).unwrap();
    engine.shut_down().await;
    if rows > 0 {
        put_rows(&mut self::store(&profile), rows, &page.rows[0].proposal);
        println!("{rows} settled list rows without cases are put beside them");
    }
    println!("their list rows are written after {:?}: {:?}", begun.elapsed(), page.counts);

    if more > 0 {
        for _ in 0..more {
            gate.publish_case(CaseSetup { due_minutes: DAY / 60_000, ..CaseSetup::default() })
                .await;
        }
        relay.stop().await;
        println!("filled");
        next_line();
        relay.start_again().await;
        println!("serving");
        next_line();
    }
}

/// Puts list rows that look like the one of a settled case.
fn put_rows(store: &mut Store, rows: u32, like: &str) {
    let like: ProposalId = like.parse().unwrap();
    let summary = store.read::<_, StoreError>(|reader| reader.case_summary(like)).unwrap().unwrap();
    let now = system_clock()();
    let row = |number: u32| CaseRow {
        proposal: ProposalId::from_uuid(Uuid::from_u128(u128::from(number) + 1)),
        shelf: Shelf::Settled,
        open: false,
        overridden: false,
        kind: "budget_change".into(),
        tier: RiskTier::Low,
        entity: format!("google_ads:1234567890:campaign:{}", number % 997),
        target: String::new(),
        currency: Currency::parse("USD").unwrap(),
        before_micros: 100_000_000,
        after_micros: 145_000_000,
        created_at_ms: now.plus_ms(-(730 * DAY)),
        decide_by_ms: now.plus_ms(-(730 * DAY)),
        changed_at_ms: now.plus_ms(-(730 * DAY)),
        batch_class: None,
        executed: None,
        summary: summary.clone(),
        text: CaseText {
            entity: format!("retargeting {}", number % 997),
            rest: "search demand is up".into(),
            ..CaseText::default()
        },
    };
    for first in (0..rows).step_by(10_000) {
        let some = first..(first + 10_000).min(rows);
        store
            .transaction::<_, StoreError>(|tx| {
                some.into_iter().try_for_each(|number| tx.put_case(&row(number)))
            })
            .unwrap();
    }
}

/// Waits for a line, or the end, of standard input.
fn next_line() {
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

fn open(profile: &Path) -> Controller<Silent> {
    Controller::open(profile.to_path_buf(), Arc::new(OsSecretStore), Silent, system_clock())
}

fn store(profile: &Path) -> Store {
    let text = std::fs::read(profile.join("profile.json")).unwrap();
    let text: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let name = ProfileName::parse(text["profile"].as_str().unwrap()).unwrap();
    let keys = DeviceKeys::open(Arc::new(OsSecretStore), name).unwrap();
    Store::open(&profile.join("store.db"), keys.wrapping_key()).unwrap()
}

/// One in fifty is open; the rest was settled over two years, oldest first.
fn spec(number: u32, of: u32) -> Spec {
    let from_end = i64::from(of - number);
    let is_open = number.is_multiple_of(50);
    let words = ["brand_search", "spring_promo", "retargeting", "flash_sale", "always_on"];
    let campaign = words[number as usize % words.len()];
    Spec {
        campaign: format!("{campaign}_{}", number % 997),
        campaign_id: number % 997 + 1,
        after: (101 + i64::from(number % 60)) * 1_000_000,
        age_ms: if is_open {
            MINUTE + from_end % (20 * MINUTE)
        } else {
            2 * DAY + from_end * 730 * DAY / i64::from(of).max(1) + HOUR
        },
        end: match number % 50 {
            0 => End::Open,
            1..=35 => End::Executed,
            36..=43 => End::Rejected,
            44..=47 => End::Overridden(105_000_000),
            _ => End::Expired,
        },
        with_series: is_open,
        ..Spec::default()
    }
}
