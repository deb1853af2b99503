//! Push and pull of 10,000 records through real HTTP, relay and client in one process.
#![allow(missing_docs, clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub)]
#[path = "../tests/client/mod.rs"]
mod client;

use client::{Device, TOKEN};
use countersign_relay::{Config, Limits, Rate, Running, start};
use countersign_sync::limits::MAX_BATCH_RECORDS;
use divan::{Bencher, counter::ItemsCount};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const RECORDS: u64 = 10_000;

fn main() {
    divan::main();
}

/// The bench measures the work, not the rates.
fn unlimited_pace() -> Limits {
    let mut limits = Limits::default();
    let rate = Rate { per_second: 1 << 40, burst: 1 << 40 };
    for place in [
        &mut limits.owner.request_rate,
        &mut limits.owner.record_rate,
        &mut limits.owner.write_rate,
        &mut limits.owner.read_rate,
    ] {
        *place = rate;
    }
    limits
}

fn relay(runtime: &Runtime) -> (TempDir, Running, Device) {
    let data = tempfile::tempdir().unwrap();
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        data: data.path().join("relay"),
        operator_token: TOKEN.to_owned(),
        limits: unlimited_pace(),
    };
    runtime.block_on(async {
        let running = start(config).await.unwrap();
        let owner = Device::new(&running.address.to_string(), 1);
        owner.create().await;
        (data, running, owner)
    })
}

async fn push(owner: &Device, records: &[Vec<u8>]) {
    for batch in records.chunks(MAX_BATCH_RECORDS) {
        owner.pushed(batch).await;
    }
}

async fn pull(owner: &Device) -> u64 {
    let mut cursor = 0;
    while let Some((position, _)) = owner.page(cursor, MAX_BATCH_RECORDS).await.records.last() {
        cursor = *position;
    }
    cursor
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn push_10k(bencher: Bencher<'_, '_>) {
    let runtime = Runtime::new().unwrap();
    let records = Device::new("", 1).records(RECORDS, 0);
    bencher.counter(ItemsCount::new(RECORDS)).with_inputs(|| relay(&runtime)).bench_local_values(
        |(data, running, owner)| {
            runtime.block_on(push(&owner, &records));
            (data, running, owner)
        },
    );
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn pull_10k(bencher: Bencher<'_, '_>) {
    let runtime = Runtime::new().unwrap();
    let (_data, _running, owner) = relay(&runtime);
    runtime.block_on(push(&owner, &owner.records(RECORDS, 0)));
    bencher
        .counter(ItemsCount::new(RECORDS))
        .bench_local(|| assert_eq!(runtime.block_on(pull(&owner)), RECORDS));
}
