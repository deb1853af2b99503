//! The door over real sockets: who makes room, what is shed with which words, and what is
//! always answered.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use axum::{
    Extension, Router,
    body::Body,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use countersign_door::{Limits, Peer, Served, Shed, serve};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

const LARGE: usize = 64 * 1024 * 1024;
const PAUSE: Duration = Duration::from_millis(250);

struct Door {
    address: SocketAddr,
    /// How many wait for an answer that never comes.
    waiting: Arc<AtomicUsize>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

fn shed(why: Shed) -> Response {
    let (status, words) = match why {
        Shed::Full => (StatusCode::SERVICE_UNAVAILABLE, "full".to_owned()),
        Shed::PeerFull => (StatusCode::TOO_MANY_REQUESTS, "peer full".to_owned()),
        Shed::TooSlow(time) => {
            (StatusCode::REQUEST_TIMEOUT, format!("not within {} ms", time.as_millis()))
        }
    };
    (status, words).into_response()
}

async fn open(limits: Limits) -> Door {
    let waiting = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&waiting);
    let never = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<&str>()
    };
    let app = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route(
            "/peer",
            get(|Extension(peer): Extension<Peer>| async move { peer.address().to_string() }),
        )
        .route("/refuses", post(|| async { StatusCode::TOO_MANY_REQUESTS }))
        .route("/never", get(never))
        .route("/large", get(|| async { Body::from(vec![b'x'; LARGE]) }));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, Served { app, shed }, limits, async {
        let _ = stopped.await;
    }));
    Door { address, waiting, stop, server }
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

    /// Asks until the answer holds this.
    async fn ask_until(&self, path: &str, words: &str) -> String {
        let begun = Instant::now();
        loop {
            let answer = self.ask(path).await;
            if answer.contains(words) {
                return answer;
            }
            assert!(begun.elapsed().as_secs() < 20, "{answer}");
        }
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
        idle_time: Duration::from_secs(60),
        spare_time: Duration::from_secs(60),
        stall_time: Duration::from_millis(200),
        drain: Duration::from_millis(200),
        spent_pause: PAUSE,
        ..Limits::default()
    }
}

#[tokio::test]
async fn half_requests_make_room_and_everybody_else_is_answered() {
    for limits in
        [Limits { connections_per_peer: 99, ..quick() }, Limits { connections: 99, ..quick() }]
    {
        let door = open(limits).await;
        let mut held = Vec::new();
        for _ in 0..40 {
            held.push(door.connect("POST /refuses HTTP/1.1\r\nHo").await);
            assert!(door.ask("/healthz").await.ends_with("ok\n"));
        }
        assert!(door.ask("/peer").await.ends_with("127.0.0.1"));
        let first = everything(held.remove(0)).await;
        assert!(first.starts_with("HTTP/1.1 503") && first.ends_with("full"), "{first}");
        let _ = door.stop.send(());
        door.server.await.unwrap();
    }
}

#[tokio::test]
async fn what_is_answered_stays_and_the_health_check_is_answered_too() {
    for (limits, status, words) in [
        (Limits { connections_per_peer: 99, ..quick() }, "503 ", "full"),
        (Limits { connections: 99, ..quick() }, "429 ", "peer full"),
    ] {
        let door = open(limits).await;
        let mut busy = Vec::new();
        for _ in 0..8 {
            busy.push(door.connect("GET /never HTTP/1.1\r\nHost: door\r\n\r\n").await);
        }
        while door.waiting.load(Ordering::SeqCst) < 8 {
            tokio::task::yield_now().await;
        }
        let answer = door.ask("/peer").await;
        assert!(answer.contains(status) && answer.ends_with(words), "{answer}");
        assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
        // Half requests on spare places silence nobody either.
        let mut held = Vec::new();
        for _ in 0..40 {
            held.push(door.connect("GET /healthz HTTP/1.1\r\nHo").await);
            assert!(door.ask("/healthz").await.ends_with("ok\n"));
        }
        let first = everything(held.remove(0)).await;
        assert!(first.contains(status) && first.ends_with(words), "{first}");
        // A place is free again once somebody goes.
        drop(busy.pop());
        assert!(door.ask_until("/peer", "200 OK").await.ends_with("127.0.0.1"));
    }
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_with_words_and_silence_without() {
    let time = Duration::from_millis(200);
    let door = open(Limits { header_time: time, idle_time: time, ..quick() }).await;
    let half = door.connect("GET /healthz HTTP/1.1\r\nHo").await;
    let idle = door.connect("GET /healthz HTTP/1.1\r\nHost: door\r\n\r\n").await;
    let silent = door.connect("").await;
    for stream in [half, silent] {
        let answer = everything(stream).await;
        assert!(
            answer.starts_with("HTTP/1.1 408") && answer.ends_with("within 200 ms"),
            "{answer}"
        );
    }
    let answer = everything(idle).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok\n"), "{answer}");
    // What they held is free again.
    for _ in 0..20 {
        assert!(door.ask("/peer").await.ends_with("127.0.0.1"));
    }
}

#[tokio::test]
async fn an_answer_that_goes_on_is_not_silence() {
    let time = Duration::from_millis(100);
    let door = open(Limits { header_time: time, idle_time: time, ..quick() }).await;
    let mut never = door.connect("GET /never HTTP/1.1\r\nHost: door\r\n\r\n").await;
    let ended = tokio::time::timeout(8 * time, never.read(&mut [0; 8])).await;
    assert!(ended.is_err(), "{ended:?}");
}

#[tokio::test]
async fn who_has_spent_a_budget_waits_and_holds_up_nobody() {
    let door = open(quick()).await;
    let begun = Instant::now();
    let request = "POST /refuses HTTP/1.1\r\nhost: door\r\nconnection: close\r\n\r\n";
    let mut spent = Vec::new();
    for _ in 0..8 {
        spent.push(door.connect(request).await);
    }
    let last = spent.pop().unwrap();
    assert!(door.ask_until("/peer", "200 OK").await.ends_with("127.0.0.1"));
    assert!(everything(last).await.starts_with("HTTP/1.1 429"));
    assert!(begun.elapsed() >= PAUSE);
}

#[tokio::test]
async fn who_is_refused_before_the_body_was_read_hears_it() {
    let door = open(quick()).await;
    let head = "POST /refuses HTTP/1.1\r\nhost: door\r\ncontent-length: 1000000\r\n\r\n";
    for _ in 0..10 {
        let answer = everything(door.connect(&format!("{head}{}", "x".repeat(1_000_000))).await);
        let answer = answer.await;
        assert!(answer.starts_with("HTTP/1.1 429"), "{answer}");
    }
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_cut() {
    let door = open(Limits { connections: 1, ..quick() }).await;
    let lazy = door.connect("GET /large HTTP/1.1\r\nHost: door\r\n\r\n").await;
    // Shed as long as the lazy reader is waited for, and then served.
    door.ask_until("/peer", "200 OK").await;
    assert!(everything(lazy).await.len() < LARGE);
}

#[tokio::test]
async fn a_stop_waits_for_nobody_for_long() {
    let door = open(quick()).await;
    let _half = door.connect("GET /healthz HTTP/1.1\r\nHo").await;
    let _idle = door.connect("GET /healthz HTTP/1.1\r\nHost: door\r\n\r\n").await;
    let _never = door.connect("GET /never HTTP/1.1\r\nHost: door\r\n\r\n").await;
    door.stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(10), door.server).await.unwrap().unwrap();
}
