//! A relay in memory that checks nothing and limits nothing: for records by the thousand.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Method, StatusCode},
    response::Response,
};
use countersign_sync::wire::{self, Page, Pushed};
use std::sync::{Arc, Mutex};
use tokio::{io::AsyncWriteExt as _, sync::watch};
use tokio_util::io::ReaderStream;

#[derive(Default)]
struct Held {
    /// Position of the first record that is still held.
    first: u64,
    records: Vec<Vec<u8>>,
}

#[derive(Clone)]
pub struct Shelf {
    held: Arc<Mutex<Held>>,
    /// How often something was pushed, for the live tails.
    pushes: watch::Sender<u64>,
    url: String,
}

/// What one page holds.
const MAX_BYTES: usize = 3_000_000;

impl Shelf {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let held = Arc::new(Mutex::new(Held { first: 1, records: vec![] }));
        let shelf = Self { held, pushes: watch::Sender::new(0), url };
        let app = Router::new().fallback(answer).with_state(shelf.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        shelf
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The last record's position.
    pub fn head(&self) -> u64 {
        let held = self.held.lock().unwrap();
        held.first + held.records.len() as u64 - 1
    }

    /// Forgets what everybody has, so that a long run needs no more memory than a short one.
    pub fn forget(&self) {
        let mut held = self.held.lock().unwrap();
        held.first += held.records.len() as u64;
        held.records.clear();
    }

    fn push(&self, records: Vec<Vec<u8>>) -> Pushed {
        let mut held = self.held.lock().unwrap();
        let next = held.first + held.records.len() as u64;
        let positions = (next..next + records.len() as u64).collect();
        held.records.extend(records);
        self.pushes.send_modify(|count| *count += 1);
        Pushed { positions, head: held.first + held.records.len() as u64 - 1 }
    }

    fn page(&self, after: u64) -> Page {
        let held = self.held.lock().unwrap();
        let head = held.first + held.records.len() as u64 - 1;
        let mut bytes = 0;
        let records = (held.first..).zip(&held.records);
        let records = records.filter(|(position, _)| *position > after).take(512);
        let records = records.take_while(|(_, record)| {
            bytes += record.len();
            bytes < MAX_BYTES
        });
        Page { records: records.map(|(at, record)| (at, record.clone())).collect(), head }
    }
}

/// A live tail that only says when there is something to ask for.
fn tail(mut pushes: watch::Receiver<u64>) -> Body {
    let (mut said, heard) = tokio::io::duplex(64);
    tokio::spawn(async move {
        while pushes.changed().await.is_ok() && said.write_all(b"!").await.is_ok() {}
    });
    Body::from_stream(ReaderStream::new(heard))
}

async fn answer(State(shelf): State<Shelf>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let mut answer = Response::new(Body::empty());
    if path.ends_with("/records") && parts.method == Method::POST {
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let batch = wire::decode_batch(&body).unwrap();
        let pushed = shelf.push(batch.into_iter().map(<[u8]>::to_vec).collect());
        *answer.body_mut() = Body::from(serde_json::to_vec(&pushed).unwrap());
    } else if path.ends_with("/records") {
        let query = parts.uri.query().unwrap_or_default();
        let after = query.split('&').find_map(|one| one.strip_prefix("after=")).unwrap();
        let page = shelf.page(after.parse().unwrap());
        *answer.body_mut() = Body::from(page.encode().unwrap());
    } else if path.ends_with("/tail") {
        *answer.body_mut() = tail(shelf.pushes.subscribe());
    } else if parts.method == Method::PUT || path.ends_with("/blobs") {
        *answer.status_mut() = StatusCode::NO_CONTENT;
    } else {
        *answer.status_mut() = StatusCode::NOT_FOUND;
    }
    answer
}
