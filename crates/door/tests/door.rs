//! The door over real sockets: what is shed, with which words, and what is always answered.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use axum::{
    Extension, Router,
    body::Body,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::get,
};
use countersign_door::{Limits, Peer, Served, Shed, serve};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

struct Door {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

fn shed(why: Shed) -> Response {
    let (status, words) = match why {
        Shed::Full => (StatusCode::SERVICE_UNAVAILABLE, "full"),
        Shed::PeerFull => (StatusCode::TOO_MANY_REQUESTS, "peer full"),
    };
    (status, words).into_response()
}

async fn open(limits: Limits) -> Door {
    let app = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route(
            "/peer",
            get(|Extension(peer): Extension<Peer>| async move { peer.address().to_string() }),
        )
        .route("/large", get(|| async { Body::from(vec![b'x'; 64 * 1024 * 1024]) }));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, Served { app, shed }, limits, async {
        let _ = stopped.await;
    }));
    Door { address, stop, server }
}

impl Door {
    async fn connect(&self, bytes: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        stream
    }

    async fn ask(&self, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nHost: door\r\nConnection: close\r\n\r\n");
        everything(self.connect(&request).await).await
    }
}

async fn everything(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // A connection that is cut has said what it said.
    let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer))
        .await
        .unwrap();
    String::from_utf8(answer).unwrap()
}

fn quick() -> Limits {
    Limits {
        connections: 8,
        connections_per_peer: 8,
        spare: 2,
        header_time: Duration::from_secs(60),
        spare_time: Duration::from_secs(60),
        stall_time: Duration::from_millis(200),
        drain: Duration::from_millis(200),
        ..Limits::default()
    }
}

#[tokio::test]
async fn half_requests_silence_nobody() {
    for (limits, status, words) in [
        (Limits { connections_per_peer: 99, ..quick() }, "503 ", "full"),
        (Limits { connections: 99, ..quick() }, "429 ", "peer full"),
    ] {
        let door = open(limits).await;
        let mut held = Vec::new();
        for _ in 0..40 {
            held.push(door.connect("GET /healthz HTTP/1.1\r\nHo").await);
            assert!(door.ask("/healthz").await.ends_with("ok\n"));
        }
        let answer = door.ask("/peer").await;
        assert!(answer.contains(status) && answer.ends_with(words), "{answer}");
        assert!(answer.to_lowercase().contains("connection: close"));
        // The first eight are still being waited for; those beyond made room for others.
        held.remove(0).write_all(b"st: door\r\nConnection: close\r\n\r\n").await.unwrap();
        drop(held);
        let _ = door.stop.send(());
        door.server.await.unwrap();
    }
}

#[tokio::test]
async fn half_requests_and_idle_connections_end() {
    let door = open(Limits { header_time: Duration::from_millis(200), ..quick() }).await;
    let half = door.connect("GET /healthz HTTP/1.1\r\nHo").await;
    let idle = door.connect("GET /healthz HTTP/1.1\r\nHost: door\r\n\r\n").await;
    let silent = door.connect("").await;
    everything(half).await;
    assert!(everything(idle).await.ends_with("ok\n"));
    everything(silent).await;
    // What they held is free again.
    for _ in 0..20 {
        assert!(door.ask("/peer").await.ends_with("127.0.0.1"));
    }
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_cut() {
    let door = open(Limits { connections: 1, ..quick() }).await;
    let lazy = door.connect("GET /large HTTP/1.1\r\nHost: door\r\n\r\n").await;
    // Shed as long as the lazy reader is waited for, and then served.
    let mut answer = door.ask("/peer").await;
    for _ in 0..200 {
        if answer.contains("200 OK") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
        answer = door.ask("/peer").await;
    }
    assert!(answer.contains("200 OK"), "{answer}");
    assert!(everything(lazy).await.len() < 64 * 1024 * 1024);
}

#[tokio::test]
async fn a_stop_waits_for_nobody_for_long() {
    let door = open(quick()).await;
    let _half = door.connect("GET /healthz HTTP/1.1\r\nHo").await;
    let _idle = door.connect("GET /healthz HTTP/1.1\r\nHost: door\r\n\r\n").await;
    door.stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(10), door.server).await.unwrap().unwrap();
}
