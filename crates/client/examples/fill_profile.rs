//! Makes a profile that holds many cases, for measuring the app: keys in the OS keychain, a
//! workspace of its own, a store full of signed cases whose list rows are written. Nothing of
//! it knows a relay that lives on, so the app that opens it is offline.
//!
//! `cargo run --release -p countersign-client --example fill_profile -- PROFILE CASES`
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
use countersign_store::Store;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};
use world::{
    Gate, Relay,
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
    let usage = "fill_profile PROFILE CASES";
    let profile = PathBuf::from(arguments.next().expect(usage));
    let cases: u32 = arguments.next().expect(usage).parse().expect(usage);
    let begun = Instant::now();

    let relay = Relay::start().await;
    let mut gate = Gate::found(&relay.url()).await;
    let engine = open(&profile);
    let request = engine.make_enrolment_request().unwrap();
    let enrolment = gate.admit(&request.json, "Olivia", "ops").await;
    engine.join_workspace(&enrolment).unwrap();
    engine.shut_down().await;

    let cast = Cast::join(&mut gate).await;
    let specs: Vec<Spec> = (0..cases).map(|number| spec(number, cases)).collect();
    let mut store = store(&profile);
    Filler::new(&mut gate, &cast).fill(&mut store, &specs);
    drop(store);
    println!("{cases} cases are signed and stored after {:?}", begun.elapsed());

    let engine = open(&profile);
    let query = InboxQuery { view: InboxView::All, search: String::new(), after: None, limit: 50 };
    let page = engine.list_cases(&query).unwrap();
    engine.shut_down().await;
    println!("their list rows are written after {:?}: {:?}", begun.elapsed(), page.counts);
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
