//! The relay's doors over real HTTP: what is let in, and every refusal by its name.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

#[allow(dead_code, unreachable_pub)]
mod client;

use client::{Device, TOKEN, nonce, now, refused, workspace};
use countersign_model::{Digest, WorkspaceId};
use countersign_relay::{Budget, Config, Limits, Rate, Running, start};
use countersign_sync::{Heartbeat, limits::MAX_RECORD_BYTES, wire};
use futures::StreamExt as _;
use reqwest::{Method, StatusCode};
use std::time::Duration;
use tempfile::TempDir;

async fn relay(data: &TempDir, limits: Limits) -> (Running, Device) {
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        data: data.path().join("relay"),
        operator_token: TOKEN.to_owned(),
        limits,
    };
    let running = start(config).await.unwrap();
    let owner = Device::new(&running.address.to_string(), 1);
    owner.create().await;
    (running, owner)
}

async fn fresh() -> (TempDir, Running, Device) {
    let data = tempfile::tempdir().unwrap();
    let (running, owner) = relay(&data, Limits::default()).await;
    (data, running, owner)
}

#[tokio::test]
async fn what_is_pushed_is_pulled_and_a_repeat_changes_nothing() {
    let (_data, running, owner) = fresh().await;
    let records = owner.records(5, 0);
    let first = owner.pushed(&records[..3]).await;
    assert_eq!((first.positions, first.head), (vec![1, 2, 3], 3));
    let again = owner.pushed(&records[1..]).await;
    assert_eq!((again.positions, again.head), (vec![2, 3, 4, 5], 5));
    let page = owner.page(1, 2).await;
    assert_eq!(page.head, 5);
    assert_eq!(page.records, [(2, records[1].clone()), (3, records[2].clone())]);
    owner.create().await;
    assert_eq!(owner.page(0, 512).await.records.len(), 5);
    running.stop().await;
}

#[tokio::test]
async fn unsigned_wrong_stale_and_replayed_requests_are_refused() {
    let (_data, running, owner) = fresh().await;
    let target = wire::page_path(workspace(), 0, 5);
    let bare = owner.http.get(format!("http://{}{target}", owner.base)).send().await.unwrap();
    refused(bare, 401, "UNSIGNED").await;
    let stranger = Device::new(&owner.base, 9);
    refused(stranger.send(Method::GET, &target, Vec::new()).await, 401, "UNKNOWN_DEVICE").await;
    let imposter = Device { key: Device::new("", 9).key, ..Device::new(&owner.base, 1) };
    refused(imposter.send(Method::GET, &target, Vec::new()).await, 401, "SIGNATURE_MISMATCH").await;
    for created in [now() - 400, now() + 400] {
        let answer = owner.send_at(Method::GET, &target, Vec::new(), created, nonce()).await;
        refused(answer, 401, "STALE").await;
    }
    let (created, once) = (now(), nonce());
    let first = owner.send_at(Method::GET, &target, Vec::new(), created, once).await;
    assert_eq!(first.status(), StatusCode::OK);
    let again = owner.send_at(Method::GET, &target, Vec::new(), created, once).await;
    refused(again, 401, "REPLAYED").await;
    running.stop().await;
}

#[tokio::test]
async fn a_write_is_no_replay_even_after_a_restart() {
    let (data, running, owner) = fresh().await;
    let batch = wire::encode_batch(&owner.records(1, 0)).unwrap();
    let (target, created, once) = (wire::records_path(workspace()), now(), nonce());
    let first = owner.send_at(Method::POST, &target, batch.clone(), created, once).await;
    assert_eq!(first.status(), StatusCode::OK);
    running.stop().await;
    let (running, owner) = relay(&data, Limits::default()).await;
    let again = owner.send_at(Method::POST, &target, batch, created, once).await;
    refused(again, 401, "REPLAYED").await;
    assert_eq!(owner.page(0, 9).await.records.len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn only_the_operator_creates_and_only_the_owner_enrols() {
    let (_data, running, owner) = fresh().await;
    let url = format!("http://{}{}", owner.base, wire::workspace_path(workspace()));
    let wrong = owner.http.put(&url).bearer_auth("guess").json(&1).send().await.unwrap();
    refused(wrong, 401, "OPERATOR_TOKEN").await;
    let other = Device::new(&owner.base, 2);
    let claim = wire::CreateWorkspace {
        device: other.id(),
        key: countersign_model::Signer::public_key(&other.key),
    };
    let taken = owner.http.put(&url).bearer_auth(TOKEN).json(&claim).send().await.unwrap();
    refused(taken, 409, "EXISTS").await;

    refused(other.push(&other.records(1, 0)).await, 401, "UNKNOWN_DEVICE").await;
    assert_eq!(owner.set_devices(&[(1, false), (2, false)]).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(other.pushed(&other.records(1, 0)).await.positions, [1]);
    refused(other.set_devices(&[(2, false)]).await, 403, "NOT_OWNER").await;
    refused(owner.set_devices(&[(2, false)]).await, 400, "DEVICES").await;
    assert_eq!(owner.set_devices(&[(1, false), (2, true)]).await.status(), StatusCode::NO_CONTENT);
    refused(other.push(&other.records(1, 0)).await, 403, "REVOKED").await;
    // What it wrote before stays, and others may bring it to a new relay.
    assert_eq!(owner.pushed(&other.records(2, 0)).await.positions, [1, 2]);
    running.stop().await;
}

#[tokio::test]
async fn forks_gaps_foreign_and_forged_records_are_refused_whole() {
    let (_data, running, owner) = fresh().await;
    let (records, other) = (owner.records(4, 0), owner.records(4, 9));
    owner.pushed(&records[..2]).await;
    refused(owner.push(&other[1..2]).await, 409, "FORK").await;
    refused(owner.push(&other[2..3]).await, 409, "FORK").await;
    refused(owner.push(&records[3..]).await, 409, "GAP").await;
    // A batch is all or nothing: its good head is not stored either.
    refused(owner.push(&[records[2].clone(), other[3].clone()]).await, 409, "FORK").await;
    let stranger = Device::new(&owner.base, 9);
    refused(owner.push(&stranger.records(1, 0)).await, 400, "UNKNOWN_WRITER").await;
    let mut forged = records[2].clone();
    *forged.last_mut().unwrap() ^= 1;
    refused(owner.push(&[forged]).await, 400, "RECORD_SIGNATURE").await;
    refused(owner.push(&[vec![0x80]]).await, 400, "MALFORMED").await;

    let foreign = WorkspaceId::from_uuid(uuid::Uuid::from_u128(2));
    let batch = wire::encode_batch(&records[2..3]).unwrap();
    let elsewhere = owner.send(Method::POST, &wire::records_path(foreign), batch.clone()).await;
    refused(elsewhere, 401, "UNKNOWN_DEVICE").await;
    let claim = wire::CreateWorkspace {
        device: owner.id(),
        key: countersign_model::Signer::public_key(&owner.key),
    };
    let url = format!("http://{}{}", owner.base, wire::workspace_path(foreign));
    owner.http.put(&url).bearer_auth(TOKEN).json(&claim).send().await.unwrap();
    let elsewhere = owner.send(Method::POST, &wire::records_path(foreign), batch).await;
    refused(elsewhere, 400, "FOREIGN_WORKSPACE").await;
    assert_eq!(owner.page(0, 9).await.head, 2);
    running.stop().await;
}

#[tokio::test]
async fn limits_hold_before_anything_is_stored() {
    let data = tempfile::tempdir().unwrap();
    let owner_budget = Budget {
        records: 2,
        blobs: 1,
        request_rate: Rate { per_second: 1, burst: 9 },
        tails: 0,
        ..Limits::default().owner
    };
    let limits = Limits { owner: owner_budget, ..Limits::default() };
    let (running, owner) = relay(&data, limits).await;
    refused(owner.push(&owner.records(3, 0)).await, 507, "DEVICE_RECORDS_FULL").await;
    assert_eq!(owner.page(0, 9).await.head, 0);
    refused(owner.push(&[vec![0; MAX_RECORD_BYTES + 1]]).await, 413, "TOO_LARGE").await;
    let huge = vec![0; countersign_sync::limits::MAX_BATCH_BYTES + 1];
    let target = wire::records_path(workspace());
    refused(owner.send(Method::POST, &target, huge).await, 413, "TOO_LARGE").await;
    let tail = owner.send(Method::GET, &wire::tail_path(workspace(), 0), Vec::new()).await;
    refused(tail, 429, "DEVICE_TAILS").await;
    for (body, wanted) in [(b"one", 204), (b"one", 204), (b"two", 507)] {
        assert_eq!(owner.put_blobs(&[body]).await.status().as_u16(), wanted);
    }
    let mut last = 200;
    for _ in 0..9 {
        let target = wire::page_path(workspace(), 0, 1);
        last = owner.send(Method::GET, &target, Vec::new()).await.status().as_u16();
    }
    assert_eq!(last, 429);
    running.stop().await;
}

#[tokio::test]
async fn blobs_come_back_by_their_digest_only() {
    let (_data, running, owner) = fresh().await;
    let blob = b"sealed bytes".to_vec();
    let path = wire::blob_path(workspace(), Digest::of(&blob));
    assert_eq!(owner.put_blobs(&[b"other"]).await.status(), StatusCode::NO_CONTENT);
    refused(owner.send(Method::GET, &path, Vec::new()).await, 404, "NOT_FOUND").await;
    // One that is there already keeps none back.
    let stored = owner.put_blobs(&[b"other", blob.as_slice(), b"third"]).await;
    assert_eq!(stored.status(), StatusCode::NO_CONTENT);
    let answer = owner.send(Method::GET, &path, Vec::new()).await;
    assert_eq!(answer.bytes().await.unwrap(), blob);
    let uploads = wire::blobs_path(workspace());
    refused(owner.send(Method::POST, &uploads, blob).await, 400, "MALFORMED").await;
    let huge =
        wire::encode_blobs(&[vec![0; countersign_sync::limits::MAX_BLOB_BYTES + 1]]).unwrap();
    refused(owner.send(Method::POST, &uploads, huge).await, 413, "TOO_LARGE").await;
    running.stop().await;
}

#[tokio::test]
async fn the_tail_delivers_what_was_and_what_comes() {
    let (_data, running, owner) = fresh().await;
    let records = owner.records(70, 0);
    owner.pushed(&records[..68]).await;
    let target = wire::tail_path(workspace(), 1);
    let answer = owner.send(Method::GET, &target, Vec::new()).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let mut body = answer.bytes_stream();
    let mut decoder = wire::TailDecoder::default();
    let mut seen = Vec::new();
    let mut pushed = false;
    while seen.len() < 69 {
        let chunk = tokio::time::timeout(Duration::from_secs(10), body.next()).await;
        for page in decoder.handle_bytes(&chunk.unwrap().unwrap().unwrap()).unwrap() {
            seen.extend(page.records);
        }
        if seen.len() == 67 && !pushed {
            pushed = true;
            owner.pushed(&records[68..]).await;
        }
    }
    let expected: Vec<_> = (2..).zip(records[1..].iter().cloned()).collect();
    assert_eq!(seen, expected);
    // A stop ends the tail instead of waiting for it.
    tokio::time::timeout(Duration::from_secs(5), running.stop()).await.unwrap();
}

/// What a proxy on the way goes by, and what the reader is promised and given.
#[tokio::test]
async fn a_quiet_tail_speaks_at_once_and_as_often_as_it_promises() {
    let data = tempfile::tempdir().unwrap();
    let heartbeat = Heartbeat::every(Duration::from_millis(100));
    let (running, owner) = relay(&data, Limits { heartbeat, ..Limits::default() }).await;
    let mut answer = owner.send(Method::GET, &wire::tail_path(workspace(), 0), Vec::new()).await;
    for (name, value) in [
        ("content-type", wire::TAIL),
        ("cache-control", "no-store, no-transform"),
        ("x-accel-buffering", "no"),
        ("countersign-heartbeat-ms", "100"),
    ] {
        assert_eq!(answer.headers()[name], value);
    }
    let mut decoder = wire::TailDecoder::default();
    let mut signs = 0;
    while signs < 4 {
        let chunk = tokio::time::timeout(Duration::from_secs(10), answer.chunk()).await;
        for page in decoder.handle_bytes(&chunk.unwrap().unwrap().unwrap()).unwrap() {
            assert_eq!((page.records.len(), page.head), (0, 0));
            signs += 1;
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn no_answer_may_be_kept_on_the_way() {
    let (_data, running, owner) = fresh().await;
    owner.pushed(&owner.records(1, 0)).await;
    let page = wire::page_path(workspace(), 0, 5);
    for target in [&*page, "/v1/nothing", "/healthz"] {
        let answer = owner.send(Method::GET, target, Vec::new()).await;
        assert_eq!(answer.headers()["cache-control"], "no-store", "{target}");
    }
    running.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_the_owners_alone_and_hold_no_plaintext() {
    use std::os::unix::fs::PermissionsExt as _;
    let (data, running, owner) = fresh().await;
    owner.pushed(&owner.records(3, 0)).await;
    let directory = data.path().join("relay");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    let mut files = 0;
    for file in std::fs::read_dir(&directory).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"650 USD"));
        files += 1;
    }
    assert!(files >= 2);
    running.stop().await;
}
