//! Budgets per device: each at its edge, across a restart, and beside others who go on.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

#[allow(dead_code, unreachable_pub)]
mod client;

use client::{Device, TOKEN, device, nonce, now, refused, workspace};
use countersign_model::{Signer as _, WorkspaceId};
use countersign_relay::{Budget, Config, Limits, Rate, Running, start};
use countersign_sync::{Heartbeat, wire};
use futures::StreamExt as _;
use reqwest::{Method, Response, StatusCode};
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;

async fn relay(data: &TempDir, limits: Limits) -> (Running, Device, Device, Device) {
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        data: data.path().join("relay"),
        operator_token: TOKEN.to_owned(),
        limits,
    };
    let running = start(config).await.unwrap();
    let [owner, rogue, honest] =
        [1, 2, 3].map(|number| Device::new(&running.address.to_string(), number));
    owner.create().await;
    let listed = owner.set_devices(&[(1, false), (2, false), (3, false)]).await;
    assert_eq!(listed.status(), StatusCode::NO_CONTENT);
    (running, owner, rogue, honest)
}

fn with_device(budget: Budget) -> Limits {
    Limits { device: budget, ..Limits::default() }
}

/// Refused with the code, and with words that name a figure and say what to do.
async fn refused_with(answer: Response, status: u16, code: &str, words: &[&str]) {
    assert_eq!(answer.status().as_u16(), status);
    let waits = answer.headers().contains_key("retry-after");
    assert_eq!(waits, matches!(status, 429 | 503), "Retry-After only where waiting helps");
    let error: wire::ApiError = answer.json().await.unwrap();
    assert_eq!(error.code.to_string(), code);
    for part in words {
        assert!(error.message.contains(part), "{part} is not in: {}", error.message);
    }
}

#[tokio::test]
async fn records_of_a_device_end_at_its_edge_and_a_restart_forgets_nothing() {
    let data = tempfile::tempdir().unwrap();
    let limits = with_device(Budget { records: 3, ..Limits::default().device });
    let (running, owner, rogue, honest) = relay(&data, limits).await;
    let records = rogue.records(5, 0);
    refused_with(
        rogue.push(&records[..4]).await,
        507,
        "DEVICE_RECORDS_FULL",
        &["3 of its 3", "operator"],
    )
    .await;
    assert_eq!(rogue.pushed(&records[..3]).await.head, 3);
    // A repetition stores nothing and costs nothing.
    assert_eq!(rogue.pushed(&records[..3]).await.head, 3);
    refused(rogue.push(&records[3..4]).await, 507, "DEVICE_RECORDS_FULL").await;
    // An accomplice does not help: the writer pays, and the sender keeps its own.
    refused(honest.push(&records[3..4]).await, 507, "DEVICE_RECORDS_FULL").await;
    assert_eq!(honest.pushed(&honest.records(3, 0)).await.head, 6);
    assert_eq!(owner.pushed(&owner.records(20, 0)).await.head, 26);
    running.stop().await;

    let (running, owner, rogue, honest) = relay(&data, limits).await;
    refused(rogue.push(&records[3..4]).await, 507, "DEVICE_RECORDS_FULL").await;
    refused(honest.push(&honest.records(4, 0)).await, 507, "DEVICE_RECORDS_FULL").await;
    // Nor do leaving the list and coming back.
    owner.set_devices(&[(1, false)]).await;
    owner.set_devices(&[(1, false), (2, true), (3, false)]).await;
    refused(owner.push(&records[3..4]).await, 507, "DEVICE_RECORDS_FULL").await;
    assert_eq!(owner.pushed(&owner.records(21, 0)).await.head, 27);
    running.stop().await;
}

#[tokio::test]
async fn bytes_of_a_device_end_at_its_edge() {
    let data = tempfile::tempdir().unwrap();
    let records = Device::new("", 2).records(3, 0);
    let edge = (records[0].len() + records[1].len()) as u64;
    let limits = with_device(Budget { record_bytes: edge, ..Limits::default().device });
    let (running, owner, rogue, honest) = relay(&data, limits).await;
    assert_eq!(rogue.pushed(&records[..2]).await.head, 2);
    let full = rogue.push(&records[2..]).await;
    refused_with(full, 507, "DEVICE_BYTES_FULL", &[&edge.to_string(), "records"]).await;
    assert_eq!(honest.pushed(&honest.records(1, 0)).await.head, 3);
    assert_eq!(owner.pushed(&owner.records(9, 0)).await.head, 12);
    running.stop().await;
}

#[tokio::test]
async fn blobs_and_their_bytes_end_at_their_edge_across_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let limits = with_device(Budget { blobs: 2, blob_bytes: 10, ..Limits::default().device });
    let (running, owner, rogue, _) = relay(&data, limits).await;
    assert_eq!(rogue.put_blobs(&[b"four"]).await.status(), StatusCode::NO_CONTENT);
    refused_with(
        rogue.put_blobs(&[b"seven.."]).await,
        507,
        "DEVICE_BLOB_BYTES_FULL",
        &["4 of its 10"],
    )
    .await;
    assert_eq!(rogue.put_blobs(&[b"sixsix"]).await.status(), StatusCode::NO_CONTENT);
    running.stop().await;
    let (running, owner, rogue, honest) = {
        drop(owner);
        relay(&data, limits).await
    };
    refused_with(rogue.put_blobs(&[b""]).await, 507, "DEVICE_BLOBS_FULL", &["2 of its 2"]).await;
    assert_eq!(rogue.put_blobs(&[b"four"]).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(honest.put_blobs(&[b"five5"]).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(owner.put_blobs(&[&[7; 1_000]]).await.status(), StatusCode::NO_CONTENT);
    running.stop().await;
}

#[tokio::test]
async fn the_gate_has_room_that_no_device_can_take() {
    let size = |number| Device::new("", number).records(1, 0)[0].len() as u64;
    let owner_budget =
        Budget { record_bytes: 4 * (size(1) + 8), blob_bytes: 100, ..Limits::default().owner };
    let set_aside = owner_budget.record_bytes + owner_budget.blob_bytes;
    let (two, three) = (2 * (size(2) + 8), 3 * (size(2) + 8));
    for (workspace_bytes, common, code) in
        [(two, u64::MAX / 2, "WORKSPACE_FULL"), (three, two, "DISK_FULL")]
    {
        let data = tempfile::tempdir().unwrap();
        let limits = Limits {
            owner: owner_budget,
            workspace_bytes,
            disk_bytes: set_aside + common,
            ..Limits::default()
        };
        let (running, owner, rogue, honest) = relay(&data, limits).await;
        rogue.pushed(&rogue.records(1, 0)).await;
        honest.pushed(&honest.records(1, 0)).await;
        refused_with(rogue.push(&rogue.records(3, 0)).await, 507, code, &["gate"]).await;
        // All devices together have no room left, and the gate has all of its own.
        assert_eq!(owner.pushed(&owner.records(4, 0)).await.head, 6);
        assert_eq!(owner.put_blobs(&[&[7; 100]]).await.status(), StatusCode::NO_CONTENT);
        refused(owner.push(&owner.records(5, 0)).await, 507, "DEVICE_BYTES_FULL").await;

        let another = WorkspaceId::from_uuid(uuid::Uuid::from_u128(2));
        let url = format!("http://{}{}", owner.base, wire::workspace_path(another));
        let claim = wire::CreateWorkspace { device: owner.id(), key: owner.key.public_key() };
        let answer = owner.http.put(url).bearer_auth(TOKEN).json(&claim).send().await.unwrap();
        if code == "DISK_FULL" {
            // Another gate would not find its room.
            refused(answer, 507, "DISK_FULL").await;
        } else {
            assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        }
        running.stop().await;
    }
}

#[tokio::test]
async fn rates_refuse_their_device_with_a_wait_and_nobody_else() {
    let slow = Rate { per_second: 1, burst: 2 };
    let base = Limits::default().device;
    for (budget, what) in [
        (Budget { request_rate: slow, ..base }, "requests"),
        (Budget { record_rate: slow, ..base }, "records"),
        (Budget { write_rate: Rate { per_second: 1, burst: 900 }, ..base }, "bytes to write"),
    ] {
        let data = tempfile::tempdir().unwrap();
        let (running, owner, rogue, honest) = relay(&data, with_device(budget)).await;
        let records = rogue.records(9, 0);
        let mut stored = 0;
        let refusal = loop {
            let answer = rogue.push(&records[stored..=stored]).await;
            if answer.status() != StatusCode::OK {
                break answer;
            }
            stored += 1;
        };
        assert!(stored >= 2, "{what}");
        refused_with(refusal, 429, "RATE", &[what, "Retry-After"]).await;
        assert_eq!(honest.pushed(&honest.records(1, 0)).await.head, stored as u64 + 1);
        assert_eq!(owner.pushed(&owner.records(9, 0)).await.head, stored as u64 + 10);
        running.stop().await;
    }
}

#[tokio::test]
async fn a_refusal_is_heard_over_a_large_body() {
    let data = tempfile::tempdir().unwrap();
    let write_rate = Rate { per_second: 1, burst: 1 };
    let limits = with_device(Budget { write_rate, ..Limits::default().device });
    let (running, _owner, rogue, _) = relay(&data, limits).await;
    let target = wire::records_path(workspace());
    let full = vec![0; countersign_sync::limits::MAX_BATCH_BYTES];
    let first = rogue.send(Method::POST, &target, full.clone()).await;
    refused(first, 400, "MALFORMED").await;
    for _ in 0..4 {
        refused(rogue.send(Method::POST, &target, full.clone()).await, 429, "RATE").await;
        let stranger = Device::new(&rogue.base, 99);
        let answer = stranger.send(Method::POST, &target, full.clone()).await;
        refused(answer, 401, "UNKNOWN_DEVICE").await;
    }
    running.stop().await;
}

#[tokio::test]
async fn what_was_read_is_paid_for() {
    let data = tempfile::tempdir().unwrap();
    let read_rate = Rate { per_second: 1, burst: 100 };
    let (running, owner, rogue, honest) =
        relay(&data, with_device(Budget { read_rate, ..Limits::default().device })).await;
    owner.pushed(&owner.records(3, 0)).await;
    assert_eq!(rogue.page(0, 9).await.records.len(), 3);
    let target = wire::page_path(workspace(), 0, 9);
    let again = rogue.send(Method::GET, &target, Vec::new()).await;
    refused_with(again, 429, "RATE", &["bytes to read"]).await;
    assert_eq!(honest.page(0, 9).await.records.len(), 3);
    running.stop().await;
}

#[tokio::test]
async fn tails_of_a_device_end_at_their_edge() {
    let data = tempfile::tempdir().unwrap();
    let limits =
        Limits { tails: 3, ..with_device(Budget { tails: 2, ..Limits::default().device }) };
    let (running, owner, rogue, honest) = relay(&data, limits).await;
    let target = wire::tail_path(workspace(), 0);
    let mut held = Vec::new();
    for who in [&rogue, &rogue, &honest, &owner] {
        let answer = who.send(Method::GET, &target, Vec::new()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        held.push(answer);
    }
    let third = rogue.send(Method::GET, &target, Vec::new()).await;
    refused_with(third, 429, "DEVICE_TAILS", &["2 live tails"]).await;
    let all = honest.send(Method::GET, &target, Vec::new()).await;
    refused_with(all, 503, "BUSY", &["pages"]).await;
    // The gate's tail is not one of those that all share.
    assert_eq!(owner.send(Method::GET, &target, Vec::new()).await.status(), StatusCode::OK);
    running.stop().await;
}

/// Who has read more than it has paid for waits for the rest, and hears meanwhile that the
/// relay lives.
#[tokio::test]
async fn a_tail_in_debt_is_not_silent() {
    let data = tempfile::tempdir().unwrap();
    let read_rate = Rate { per_second: 1, burst: 1 };
    let heartbeat = Heartbeat::every(Duration::from_millis(100));
    let limits = with_device(Budget { read_rate, ..Limits::default().device });
    let (running, owner, rogue, _) = relay(&data, Limits { heartbeat, ..limits }).await;
    // More than one frame holds: the second is to be paid for first, for hours.
    owner.pushed(&owner.records(70, 0)).await;
    let mut tail = rogue.send(Method::GET, &wire::tail_path(workspace(), 0), Vec::new()).await;
    let mut decoder = wire::TailDecoder::default();
    let (mut read, mut signs) = (0, 0);
    while signs < 3 {
        let chunk = tokio::time::timeout(Duration::from_secs(10), tail.chunk()).await;
        for page in decoder.handle_bytes(&chunk.unwrap().unwrap().unwrap()).unwrap() {
            read += page.records.len();
            signs += usize::from(page.records.is_empty());
        }
    }
    assert_eq!(read, 64);
    running.stop().await;
}

#[tokio::test]
async fn a_stranger_uses_up_nothing_of_the_device_that_it_names() {
    let data = tempfile::tempdir().unwrap();
    let request_rate = Rate { per_second: 1, burst: 4 };
    let limits = with_device(Budget { request_rate, ..Limits::default().device });
    let (running, _owner, _, honest) = relay(&data, limits).await;
    let target = wire::records_path(workspace());
    let imposter = Device { key: Device::new("", 9).key, ..Device::new(&honest.base, 3) };
    for _ in 0..20 {
        let answer = imposter.send(Method::POST, &target, vec![0; 1_000]).await;
        refused(answer, 401, "SIGNATURE_MISMATCH").await;
    }
    let records = honest.records(4, 0);
    let batch = wire::encode_batch(&records[..1]).unwrap();
    let (created, once) = (now(), nonce());
    let first = honest.send_at(Method::POST, &target, batch.clone(), created, once).await;
    assert_eq!(first.status(), StatusCode::OK);
    // Who saw a request can send it again, and takes nothing by it.
    for _ in 0..20 {
        let again = honest.send_at(Method::POST, &target, batch.clone(), created, once).await;
        refused(again, 401, "REPLAYED").await;
    }
    assert_eq!(honest.pushed(&records[1..]).await.head, 4);
    running.stop().await;
}

#[tokio::test]
async fn the_owner_of_another_workspace_uses_up_nothing_of_this_one() {
    let data = tempfile::tempdir().unwrap();
    let request_rate = Rate { per_second: 1, burst: 4 };
    let limits = with_device(Budget { request_rate, ..Limits::default().device });
    let (running, owner, _, honest) = relay(&data, limits).await;
    let foreign = WorkspaceId::from_uuid(uuid::Uuid::from_u128(2));
    let url = format!("http://{}{}", owner.base, wire::workspace_path(foreign));
    // It enrols the honest device's id with a key of its own.
    let rogue = Device { key: Device::new("", 9).key, ..Device::new(&honest.base, 3) };
    let claim = wire::CreateWorkspace { device: device(3), key: rogue.key.public_key() };
    owner.http.put(&url).bearer_auth(TOKEN).json(&claim).send().await.unwrap();
    for _ in 0..20 {
        let target = wire::page_path(foreign, 0, 1);
        assert_eq!(rogue.send(Method::GET, &target, Vec::new()).await.status(), StatusCode::OK);
    }
    assert_eq!(honest.pushed(&honest.records(1, 0)).await.head, 1);
    running.stop().await;
}

#[tokio::test]
async fn a_revoked_or_removed_devices_open_tail_ends() {
    for after in [&[(1, false), (2, true), (3, false)][..], &[(1, false), (3, false)]] {
        let data = tempfile::tempdir().unwrap();
        let (running, owner, rogue, honest) = relay(&data, Limits::default()).await;
        let target = wire::tail_path(workspace(), 0);
        let open = |who: Response| {
            assert_eq!(who.status(), StatusCode::OK);
            who.bytes_stream()
        };
        let mut tail = open(rogue.send(Method::GET, &target, Vec::new()).await);
        let mut other = open(honest.send(Method::GET, &target, Vec::new()).await);
        assert_eq!(owner.set_devices(after).await.status(), StatusCode::NO_CONTENT);
        owner.pushed(&owner.records(3, 0)).await;
        // The tail ends, and nothing that came after the revocation was on it.
        let mut decoder = wire::TailDecoder::default();
        let mut seen = 0;
        let rest = async {
            while let Some(chunk) = tail.next().await {
                let pages = decoder.handle_bytes(&chunk.unwrap()).unwrap();
                seen += pages.iter().map(|page| page.records.len()).sum::<usize>();
            }
        };
        tokio::time::timeout(Duration::from_secs(10), rest).await.expect("the tail ends");
        assert_eq!(seen, 0);
        let again = rogue.send(Method::GET, &target, Vec::new()).await;
        assert!([401, 403].contains(&again.status().as_u16()));
        // Nobody else's tail has noticed.
        let mut decoder = wire::TailDecoder::default();
        let mut kept = 0;
        while kept < 3 {
            let chunk = tokio::time::timeout(Duration::from_secs(10), other.next()).await;
            let pages = decoder.handle_bytes(&chunk.unwrap().unwrap().unwrap()).unwrap();
            kept += pages.iter().map(|page| page.records.len()).sum::<usize>();
        }
        running.stop().await;
    }
}

/// A device of one program that sends as fast as it can, over many connections, until it
/// is told to stop; gives the codes it was refused with.
async fn flood(rogue: Arc<Device>, records: Arc<Vec<Vec<u8>>>) -> Vec<String> {
    let batch = wire::encode_batch(&records).unwrap();
    let mut codes = Vec::new();
    for _ in 0..40 {
        let target = wire::records_path(workspace());
        let answer = rogue.send(Method::POST, &target, batch.clone()).await;
        if answer.status() != StatusCode::OK {
            codes.push(answer.json::<wire::ApiError>().await.unwrap().code.to_string());
        }
    }
    codes
}

#[tokio::test]
async fn a_rogue_at_full_speed_is_refused_alone() {
    let data = tempfile::tempdir().unwrap();
    let budget =
        Budget { request_rate: Rate { per_second: 5, burst: 50 }, ..Limits::default().device };
    let (running, owner, rogue, honest) = relay(&data, with_device(budget)).await;
    let (rogue, records) = (Arc::new(rogue), Arc::new(Device::new("", 2).records(64, 0)));
    let floods: Vec<_> =
        (0..16).map(|_| tokio::spawn(flood(Arc::clone(&rogue), Arc::clone(&records)))).collect();
    // Every request of the others is answered, none with a refusal.
    let (work, gate_work) = (honest.records(20, 0), owner.records(40, 0));
    for (own, gates) in work.iter().zip(gate_work.chunks(2)) {
        honest.pushed(std::slice::from_ref(own)).await;
        owner.pushed(gates).await;
    }
    let mut refused = 0;
    for flood in floods {
        for code in flood.await.unwrap() {
            assert!(["RATE", "DEVICE_BUSY"].contains(&code.as_str()), "{code}");
            refused += 1;
        }
    }
    assert!(refused > 0, "the flood was no flood");
    running.stop().await;
}
