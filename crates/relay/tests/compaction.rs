//! Giving storage back: only to the owner's floor, only once a record of the owner's stands
//! for what goes, exactly counted, and never undone.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

#[allow(dead_code, unreachable_pub)]
mod client;

use client::{Device, TOKEN, refused, workspace};
use countersign_model::Digest;
use countersign_relay::{Budget, Config, Limits, Running, start};
use countersign_sync::{
    EpochKey, WriterState,
    limits::MAX_DROPPED_BLOBS,
    wire::{self, DroppedBlobs, Floor, TailDecoder},
};
use futures::StreamExt as _;
use reqwest::{Method, Response, StatusCode};
use std::path::Path;
use tempfile::TempDir;

async fn relay(data: &Path, limits: Limits) -> (Running, Device, Device) {
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        data: data.join("relay"),
        operator_token: TOKEN.to_owned(),
        limits,
    };
    let running = start(config).await.unwrap();
    let [owner, device] = [1, 2].map(|number| Device::new(&running.address.to_string(), number));
    owner.create().await;
    let listed = owner.set_devices(&[(1, false), (2, false)]).await;
    assert_eq!(listed.status(), StatusCode::NO_CONTENT);
    (running, owner, device)
}

/// Positions 1 to 4 are the device's and 5 to 7 the owner's.
async fn filled(limits: Limits) -> (TempDir, Running, Device, Device) {
    let data = tempfile::tempdir().unwrap();
    let (running, owner, device) = relay(data.path(), limits).await;
    assert_eq!(device.pushed(&device.records(4, 0)).await.head, 4);
    assert_eq!(owner.pushed(&owner.records(3, 0)).await.head, 7);
    (data, running, owner, device)
}

async fn put_floor(by: &Device, floor: u64, snapshot: u64) -> Response {
    let body = serde_json::to_vec(&Floor { floor, snapshot }).unwrap();
    by.send(Method::PUT, &wire::floor_path(workspace()), body).await
}

/// Raises the floor; it is reached at once.
async fn raised(by: &Device, floor: u64, snapshot: u64) {
    let answer = put_floor(by, floor, snapshot).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.json::<Floor>().await.unwrap(), Floor { floor, snapshot });
}

async fn drop_blobs(by: &Device, blobs: Vec<Digest>) -> Response {
    let body = serde_json::to_vec(&DroppedBlobs { blobs }).unwrap();
    by.send(Method::POST, &wire::dropped_blobs_path(workspace()), body).await
}

/// Refused because it is at or below the floor, which is named.
async fn compacted(answer: Response, floor: u64, snapshot: u64) {
    assert_eq!(answer.status(), StatusCode::GONE);
    let body = answer.bytes().await.unwrap();
    assert_eq!(wire::floor_of(&body), Some(Floor { floor, snapshot }));
    let error: wire::ApiError = serde_json::from_slice(&body).unwrap();
    assert!(error.message.contains(&format!("up to position {floor}")), "{}", error.message);
}

async fn ask(by: &Device, after: u64) -> Response {
    by.send(Method::GET, &wire::page_path(workspace(), after, 512), Vec::new()).await
}

/// What the relay's file counts: of each device, then of the workspace and of the disk.
fn counted(data: &TempDir) -> (Vec<[i64; 4]>, i64, i64) {
    let rows = rusqlite::Connection::open(data.path().join("relay/relay.sqlite3")).unwrap();
    let sql = "SELECT records, record_bytes, blobs, blob_bytes FROM stored ORDER BY device";
    let mut select = rows.prepare(sql).unwrap();
    let stored = select
        .query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))
        .unwrap();
    let one = |sql| rows.query_row(sql, [], |row| row.get(0)).unwrap();
    let stored = stored.collect::<Result<_, _>>().unwrap();
    (stored, one("SELECT others_bytes FROM workspace"), one("SELECT bytes FROM disk"))
}

/// What stands in the file, counted by looking.
fn looked(data: &TempDir) -> (Vec<[i64; 4]>, i64, i64) {
    let rows = rusqlite::Connection::open(data.path().join("relay/relay.sqlite3")).unwrap();
    let sql = "SELECT (SELECT count(*) FROM record WHERE writer = device),
                      (SELECT coalesce(sum(length(bytes)), 0) FROM record WHERE writer = device),
                      (SELECT count(*) FROM blob WHERE sender = device),
                      (SELECT coalesce(sum(length(bytes)), 0) FROM blob WHERE sender = device)
               FROM stored ORDER BY device";
    let mut select = rows.prepare(sql).unwrap();
    let stored: Vec<[i64; 4]> = select
        .query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    // Device 1 is the owner, whose bytes are not among those of the others.
    let others = stored[1][1] + stored[1][3];
    (stored, others, others)
}

#[tokio::test]
async fn what_is_below_the_floor_goes_and_counters_come_back_exactly() {
    let (data, running, owner, device) = filled(Limits::default()).await;
    for blob in [&b"one"[..], b"two", b"three"] {
        assert_eq!(owner.put_blobs(&[blob]).await.status(), StatusCode::NO_CONTENT);
    }
    assert_eq!(device.put_blobs(&[b"mine"]).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(counted(&data), looked(&data));
    let before = counted(&data);

    raised(&owner, 5, 7).await;
    let after = counted(&data);
    assert_eq!(after, looked(&data));
    assert_eq!((after.0[0][0], after.0[1][0]), (2, 0));
    assert!(after.1 < before.1 && after.2 < before.2, "the common room came back");

    let dropped = vec![Digest::of(b"one"), Digest::of(b"mine"), Digest::of(b"never here")];
    for _twice_is_once in 0..2 {
        let answer = drop_blobs(&owner, dropped.clone()).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        let after = counted(&data);
        assert_eq!(after, looked(&data));
        assert_eq!((after.0[0][2], after.0[1][2], after.1), (2, 0, 0));
    }
    let gone = wire::blob_path(workspace(), Digest::of(b"one"));
    refused(owner.send(Method::GET, &gone, Vec::new()).await, 404, "NOT_FOUND").await;
    running.stop().await;
}

#[tokio::test]
async fn older_cursors_are_told_the_floor_and_the_rest_is_as_it_was() {
    let (_data, running, owner, device) = filled(Limits::default()).await;
    raised(&owner, 5, 7).await;
    for after in [0, 1, 4] {
        compacted(ask(&device, after).await, 5, 7).await;
        let tail = device.send(Method::GET, &wire::tail_path(workspace(), after), vec![]).await;
        compacted(tail, 5, 7).await;
    }
    let page = device.page(5, 512).await;
    assert_eq!(page.head, 7);
    assert_eq!(page.records.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [6, 7]);
    let tail = device.send(Method::GET, &wire::tail_path(workspace(), 5), vec![]).await;
    assert_eq!(tail.status(), StatusCode::OK);
    running.stop().await;
}

/// The owner's records that no buffer on the way holds all of.
fn large_records(owner: &Device, count: u64) -> Vec<Vec<u8>> {
    let key = EpochKey::from_bytes(0, [0x42; 32]);
    let mut state = WriterState::new();
    let mut next = |seq: u64| {
        let (body, nonce) = (vec![7; 250_000], [seq.to_be_bytes(); 3].concat());
        let nonce = nonce.try_into().unwrap();
        let (record, after) =
            state.seal_next(workspace(), owner.id(), &body, &key, nonce, &owner.key).unwrap();
        state = after;
        record.as_bytes().to_vec()
    };
    (0..count).map(&mut next).collect()
}

/// A tail that is behind when the floor rises ends; it never passes over what went.
#[tokio::test]
async fn a_tail_that_is_behind_ends_at_the_floor() {
    let data = tempfile::tempdir().unwrap();
    let (running, owner, device) = relay(data.path(), Limits::default()).await;
    for some in large_records(&owner, 120).chunks(12) {
        owner.pushed(some).await;
    }
    let tail = device.send(Method::GET, &wire::tail_path(workspace(), 0), vec![]).await;
    raised(&owner, 119, 120).await;
    let mut tail = tail.bytes_stream();
    let mut decoder = TailDecoder::default();
    let mut seen = vec![];
    while let Some(Ok(bytes)) = tail.next().await {
        let pages = decoder.handle_bytes(&bytes).unwrap();
        seen.extend(pages.into_iter().flat_map(|page| page.records).map(|(at, _)| at));
    }
    assert!(seen.len() < 119, "the whole log was on its way: the test shows nothing");
    let first: Vec<_> = (1..=seen.len() as u64).collect();
    assert_eq!(seen, first, "the tail passed over what went");
    running.stop().await;
}

#[tokio::test]
async fn a_tail_that_has_seen_what_goes_goes_on() {
    let (_data, running, owner, device) = filled(Limits::default()).await;
    let tail = device.send(Method::GET, &wire::tail_path(workspace(), 0), vec![]).await;
    let mut tail = tail.bytes_stream();
    let mut decoder = TailDecoder::default();
    let mut seen = vec![];
    while seen.len() < 7 {
        let pages = decoder.handle_bytes(&tail.next().await.unwrap().unwrap()).unwrap();
        seen.extend(pages.into_iter().flat_map(|page| page.records).map(|(at, _)| at));
    }
    raised(&owner, 6, 7).await;
    // It has seen up to 7, so it goes on.
    owner.pushed(&owner.records(4, 0)[3..]).await;
    while seen.len() < 8 {
        let pages = decoder.handle_bytes(&tail.next().await.unwrap().unwrap()).unwrap();
        seen.extend(pages.into_iter().flat_map(|page| page.records).map(|(at, _)| at));
    }
    assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7, 8]);
    running.stop().await;
}

#[tokio::test]
async fn writers_are_held_to_their_chains_across_the_floor_and_a_restart() {
    let (data, running, owner, device) = filled(Limits::default()).await;
    raised(&owner, 5, 7).await;
    running.stop().await;
    let (running, owner, device) = {
        drop((owner, device));
        relay(data.path(), Limits::default()).await
    };
    let (records, other) = (device.records(6, 0), device.records(6, 9));
    // What went: nobody here can compare it, so it is not taken for known.
    compacted(device.push(&records[3..]).await, 5, 7).await;
    compacted(device.push(&other[..1]).await, 5, 7).await;
    // What follows must follow.
    refused(device.push(&other[4..5]).await, 409, "FORK").await;
    refused(device.push(&records[5..]).await, 409, "GAP").await;
    assert_eq!(device.pushed(&records[4..]).await.positions, [8, 9]);
    assert_eq!(device.pushed(&records[4..]).await.positions, [8, 9]);
    compacted(ask(&device, 4).await, 5, 7).await;
    // Positions go on even when the newest record is the only one left.
    owner.pushed(&owner.records(4, 0)[3..]).await;
    raised(&owner, 9, 10).await;
    running.stop().await;
    let (running, owner, _) = relay(data.path(), Limits::default()).await;
    assert_eq!(owner.pushed(&owner.records(5, 0)[3..]).await.positions, [10, 11]);
    running.stop().await;
}

#[tokio::test]
async fn a_floor_needs_its_owner_and_a_snapshot_and_never_goes_back() {
    let (data, running, owner, device) = filled(Limits::default()).await;
    let before = counted(&data);
    refused(put_floor(&device, 5, 7).await, 403, "NOT_OWNER").await;
    refused(drop_blobs(&device, vec![Digest::of(b"one")]).await, 403, "NOT_OWNER").await;
    // Below the floor, at it, beyond the end, or not the owner's.
    for (floor, snapshot) in [(6, 5), (7, 7), (7, 8), (3, 4), (u64::MAX, u64::MAX), (5, u64::MAX)] {
        refused(put_floor(&owner, floor, snapshot).await, 409, "NO_SNAPSHOT").await;
    }
    let many = vec![Digest::of(b"x"); MAX_DROPPED_BLOBS + 1];
    refused(drop_blobs(&owner, many).await, 400, "MALFORMED").await;
    assert_eq!(counted(&data), before, "a refusal changed something");

    raised(&owner, 5, 6).await;
    for (floor, snapshot) in [(4, 6), (4, 7), (5, 5), (0, 0)] {
        refused(put_floor(&owner, floor, snapshot).await, 409, "FLOOR_BACK").await;
    }
    // The same again is what a gate asks that has lost the answer.
    raised(&owner, 5, 6).await;
    compacted(ask(&device, 0).await, 5, 6).await;
    running.stop().await;
    let (running, owner, device) = relay(data.path(), Limits::default()).await;
    refused(put_floor(&owner, 4, 7).await, 409, "FLOOR_BACK").await;
    compacted(ask(&device, 4).await, 5, 6).await;
    running.stop().await;
}

/// What the whole thing is for.
#[tokio::test]
async fn a_budget_that_was_used_up_comes_back() {
    let limits = Limits {
        device: Budget { records: 4, blobs: 1, ..Limits::default().device },
        ..Limits::default()
    };
    let (_data, running, owner, device) = filled(limits).await;
    assert_eq!(device.put_blobs(&[b"one"]).await.status(), StatusCode::NO_CONTENT);
    let records = device.records(8, 0);
    refused(device.push(&records[4..]).await, 507, "DEVICE_RECORDS_FULL").await;
    refused(device.put_blobs(&[b"two"]).await, 507, "DEVICE_BLOBS_FULL").await;
    raised(&owner, 5, 7).await;
    drop_blobs(&owner, vec![Digest::of(b"one")]).await;
    assert_eq!(device.pushed(&records[4..]).await.positions, [8, 9, 10, 11]);
    assert_eq!(device.put_blobs(&[b"two"]).await.status(), StatusCode::NO_CONTENT);
    refused(device.push(&device.records(9, 0)[8..]).await, 507, "DEVICE_RECORDS_FULL").await;
    running.stop().await;
}

/// A floor that is far away is reached in steps, so that nobody waits long behind it.
#[tokio::test]
async fn a_far_floor_is_reached_in_steps() {
    let data = tempfile::tempdir().unwrap();
    let (running, owner, device) = relay(data.path(), Limits::default()).await;
    let records = owner.records(2_101, 0);
    for some in records.chunks(512) {
        owner.pushed(some).await;
    }
    let first: Floor = put_floor(&owner, 2_100, 2_101).await.json().await.unwrap();
    assert_eq!(first, Floor { floor: 2_000, snapshot: 2_101 });
    compacted(ask(&device, 1_999).await, 2_000, 2_101).await;
    assert_eq!(device.page(2_000, 512).await.records.len(), 101);
    assert_eq!(counted(&data).0[0][0], 101);
    raised(&owner, 2_100, 2_101).await;
    assert_eq!(counted(&data).0[0][0], 1);
    running.stop().await;
}

/// Pages that are read while floors rise are whole or refused; none has a hole.
#[tokio::test(flavor = "multi_thread")]
async fn no_page_shows_half_of_a_floor() {
    let data = tempfile::tempdir().unwrap();
    let (running, owner, device) = relay(data.path(), Limits::default()).await;
    owner.pushed(&owner.records(400, 0)).await;
    let reading = async {
        for _ in 0..60 {
            let answer = ask(&device, 100).await;
            if answer.status() == StatusCode::GONE {
                continue;
            }
            let page = wire::Page::decode(&answer.bytes().await.unwrap()).unwrap();
            assert_eq!(page.records.first().unwrap().0, 101);
            assert_eq!(page.records.len(), 300);
        }
    };
    let raising = async {
        for floor in 40..120 {
            raised(&owner, floor, 400).await;
        }
    };
    tokio::join!(reading, raising);
    compacted(ask(&device, 100).await, 119, 400).await;
    running.stop().await;
}
