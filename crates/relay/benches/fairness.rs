//! How long an honest device waits for one durable record: alone, and beside a device at
//! full speed. And 64 devices at once. Relay and devices share this process and its cores.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

#[allow(dead_code, unreachable_pub)]
#[path = "../tests/client/mod.rs"]
mod client;

use client::{Device, TOKEN, workspace};
use countersign_relay::{Config, Limits, Running, start};
use countersign_sync::wire;
use reqwest::Method;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tempfile::TempDir;

const PUSHES: usize = 300;
const WRITERS: u8 = 64;
const EACH: usize = 40;

#[tokio::main]
async fn main() {
    let (_data, running, base) = relay().await;
    let honest = Device::new(&base, 3);
    let records = honest.records(3 * PUSHES as u64, 0);
    pushes("warm", &honest, &records[..PUSHES]).await;
    pushes("alone", &honest, &records[PUSHES..2 * PUSHES]).await;
    let rogue = Arc::new(Device::new(&base, 2));
    let batches = rogue.records(20_480, 0);
    let batches: Arc<Vec<_>> =
        Arc::new(batches.chunks(512).map(|batch| wire::encode_batch(batch).unwrap()).collect());
    let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let floods: Vec<_> = (0..16)
        .map(|_| {
            let (rogue, batches) = (Arc::clone(&rogue), Arc::clone(&batches));
            let (stop, sent) = (Arc::clone(&stop), Arc::clone(&sent));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let number = sent.fetch_add(1, Ordering::Relaxed);
                    let batch = batches[number % batches.len()].clone();
                    let target = wire::records_path(workspace());
                    rogue.send(Method::POST, &target, batch).await.bytes().await.unwrap();
                }
            })
        })
        .collect();
    pushes("beside a device at full speed", &honest, &records[2 * PUSHES..]).await;
    stop.store(true, Ordering::Relaxed);
    for flood in floods {
        flood.await.unwrap();
    }
    println!("requests of the device at full speed: {}", sent.load(Ordering::Relaxed));
    running.stop().await;
    writers().await;
}

async fn relay() -> (TempDir, Running, String) {
    let data = tempfile::tempdir().unwrap();
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        data: data.path().join("relay"),
        operator_token: TOKEN.to_owned(),
        limits: Limits::default(),
    };
    let running = start(config).await.unwrap();
    let base = running.address.to_string();
    let owner = Device::new(&base, 1);
    owner.create().await;
    let devices: Vec<_> = (1..=WRITERS + 1).map(|number| (number, false)).collect();
    assert!(owner.set_devices(&devices).await.status().is_success());
    (data, running, base)
}

async fn pushes(name: &str, device: &Device, records: &[Vec<u8>]) {
    let mut took = Vec::new();
    for record in records {
        let begun = Instant::now();
        device.pushed(std::slice::from_ref(record)).await;
        took.push(begun.elapsed());
        // As a person's device does, and not as fast as it can.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    report(name, took);
}

async fn writers() {
    let (_data, running, base) = relay().await;
    let devices: Vec<_> = (2..=WRITERS + 1)
        .map(|number| {
            let device = Device::new(&base, number);
            let records = device.records(EACH as u64, 0);
            (device, records)
        })
        .collect();
    let begun = Instant::now();
    let tasks: Vec<_> = devices
        .into_iter()
        .map(|(device, records)| {
            tokio::spawn(async move {
                let mut took = Vec::new();
                for record in &records {
                    let begun = Instant::now();
                    device.pushed(std::slice::from_ref(record)).await;
                    took.push(begun.elapsed());
                }
                took
            })
        })
        .collect();
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.unwrap());
    }
    let all = took.len() as u128 * 1_000_000 / begun.elapsed().as_micros();
    report("64 devices, single records", took);
    println!("records a second: {all}");
    running.stop().await;
}

fn report(name: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |percent: usize| took[(took.len() - 1) * percent / 100];
    println!("{name}: p50 {:?}, p95 {:?}, most {:?}", at(50), at(95), at(100));
}
