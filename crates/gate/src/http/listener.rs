//! The gate's listener: heads that do not come, readers that do not read and connections
//! beyond the limits end with words; the health check always finds room.

use super::room::{Phase, Room, Seat};
use crate::config::DoorLimits;
use axum::{
    Json, Router,
    body::Body,
    http::{
        Request, StatusCode,
        header::{CONNECTION, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use countersign_intake::{Peer, budget::network_of};
use hyper::{
    body::{Body as HttpBody, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    io,
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    net::{TcpListener, TcpStream},
    time::Sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

/// The path that is answered from spare room too.
pub const HEALTH: &str = "/healthz";
/// How often a connection's time is looked at.
const TICK: Duration = Duration::from_secs(1);
/// Pause when the system gives no connection, for example because files ran out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How much of an unread body is taken, so that its sender hears the answer.
const MAX_UNREAD_BYTES: usize = 2 * 1024 * 1024;
/// How long an answer waits that says that a budget is spent: less than its `Retry-After`.
const SPENT_PAUSE: Duration = Duration::from_millis(250);
/// How long parting may take.
const PARTING: Duration = Duration::from_secs(1);
/// The longest head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Serves until `stop`, then finishes what is being answered.
pub async fn serve(socket: TcpListener, app: Router, limits: DoorLimits, stop: CancellationToken) {
    let room = Room::new(limits.connections, limits.connections_per_peer);
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = socket.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let peer = peer.ip();
                // Dropped without words when even those who only hear words are too many.
                if let Some(seat) = room.enter(network_of(peer), Instant::now()) {
                    tasks.spawn(hold(stream, peer, seat, app.clone(), limits, stop.clone()));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "no connection can be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(socket);
    tasks.close();
    tasks.wait().await;
}

/// Why a connection ends before its peer ends it.
enum Parting {
    NoRoom,
    TooSlow,
}

async fn hold(
    stream: TcpStream,
    peer: IpAddr,
    seat: Seat,
    app: Router,
    limits: DoorLimits,
    stop: CancellationToken,
) {
    let _ = stream.set_nodelay(true);
    let seat = Arc::new(seat);
    let patience = Duration::from_secs(limits.request_timeout_s.into());
    let idle = Duration::from_secs(limits.idle_timeout_s.into());
    let watched = Watched { stream, seat: Arc::clone(&seat), patience, stalled: None };
    let answering = Arc::clone(&seat);
    let service = service_fn(move |request: Request<Incoming>| {
        Box::pin(answer(app.clone(), Arc::clone(&answering), peer, request))
    });
    let mut builder = http1::Builder::new();
    // This file keeps the time: it can say why a connection ends.
    builder.header_read_timeout(None).max_buf_size(MAX_HEAD_BYTES);
    let mut connection = builder.serve_connection(TokioIo::new(watched), service);
    let mut is_stopping = false;
    let parting = loop {
        tokio::select! {
            // An error here is the peer's: it went away or spoke no HTTP.
            _ = &mut connection => break None,
            () = seat.leave.notified() => break Some(Parting::NoRoom),
            () = stop.cancelled(), if !is_stopping => {
                is_stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
            () = tokio::time::sleep(TICK) => match seat.phase(Instant::now()) {
                Some((Phase::Fresh | Phase::Reading, age)) if age >= patience => {
                    break Some(Parting::TooSlow);
                }
                // Silence between requests is no fault; words now would answer the next one.
                Some((Phase::KeptAlive, age)) if age >= idle => return,
                _ => {}
            },
        }
    };
    let Watched { stream, .. } = connection.into_parts().io.into_inner();
    tokio::select! {
        _ = tokio::time::timeout(PARTING, part(stream, parting, patience)) => {}
        () = seat.leave.notified() => {}
    }
}

/// Says why, and reads on for a moment: closing while the peer still sends would take the
/// answer from it.
async fn part(
    mut stream: TcpStream,
    parting: Option<Parting>,
    patience: Duration,
) -> io::Result<()> {
    if let Some(parting) = parting {
        stream.write_all(parting.words(patience).as_bytes()).await?;
    }
    stream.shutdown().await?;
    let mut unread = [0; 8 * 1024];
    for _ in 0..MAX_UNREAD_BYTES / unread.len() {
        if stream.read(&mut unread).await? == 0 {
            break;
        }
    }
    Ok(())
}

async fn answer(
    app: Router,
    seat: Arc<Seat>,
    peer: IpAddr,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    seat.handle_request(Instant::now());
    let is_read = Arc::new(AtomicBool::new(request.body().is_end_stream()));
    let answer = if seat.is_spare && request.uri().path() != HEALTH {
        no_room()
    } else {
        let watched = Arc::clone(&is_read);
        let mut request = request.map(|body| Body::new(Read { body, is_read: watched }));
        request.extensions_mut().insert(Peer(peer));
        app.oneshot(request).await?
    };
    seat.handle_answer(Instant::now());
    if answer.status() == StatusCode::TOO_MANY_REQUESTS {
        // Whoever asks at once again is slowed down; meanwhile the place is anybody's.
        tokio::time::sleep(SPENT_PAUSE).await;
    }
    // What was not read stands in the way of the next request.
    let is_last = seat.is_spare || !is_read.load(Ordering::Relaxed);
    Ok(if is_last { ([(CONNECTION, "close")], answer).into_response() } else { answer })
}

/// A body that says when it was read to its end.
struct Read {
    body: Incoming,
    is_read: Arc<AtomicBool>,
}

impl HttpBody for Read {
    type Data = <Incoming as HttpBody>::Data;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if matches!(frame, Poll::Ready(None)) || self.body.is_end_stream() {
            self.is_read.store(true, Ordering::Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

const NO_ROOM: &str = "The gate holds as many connections as it may. Try again in a second, on few connections that are used again; nothing was taken.";

fn no_room() -> Response {
    let body = Json(serde_json::json!({ "error": "NO_ROOM", "message": NO_ROOM }));
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], body).into_response()
}

impl Parting {
    /// A whole answer, for a connection on which none can be sent any more.
    fn words(&self, patience: Duration) -> String {
        let (status, code, message) = match self {
            Self::NoRoom => ("503 Service Unavailable", "NO_ROOM", NO_ROOM.to_owned()),
            Self::TooSlow => (
                "408 Request Timeout",
                "REQUEST_TOO_SLOW",
                format!(
                    "The request's head did not arrive within {} s; nothing was taken.",
                    patience.as_secs()
                ),
            ),
        };
        let body = serde_json::json!({ "error": code, "message": message }).to_string();
        let length = body.len();
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
    }
}

/// A stream that tells its seat of bytes, and fails when its peer reads nothing for too long.
struct Watched {
    stream: TcpStream,
    seat: Arc<Seat>,
    patience: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_ready() && buffer.filled().len() > before {
            self.seat.handle_bytes(Instant::now());
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        match stalled.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::{get, post};
    use std::net::SocketAddr;

    async fn open(limits: DoorLimits) -> (SocketAddr, CancellationToken) {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let app = Router::new()
            .route(HEALTH, get(async || "ok\n"))
            .route("/quick", get(async || "quick"))
            .route("/large", get(async || vec![0_u8; 64_000_000]))
            .route("/refuses", post(async || StatusCode::TOO_MANY_REQUESTS))
            .route("/never", get(async || std::future::pending::<&str>().await));
        let stop = CancellationToken::new();
        tokio::spawn(serve(socket, app, limits, stop.clone()));
        (address, stop)
    }

    fn small() -> DoorLimits {
        DoorLimits {
            connections: 8,
            connections_per_peer: 8,
            request_timeout_s: 60,
            idle_timeout_s: 60,
            ..DoorLimits::default()
        }
    }

    async fn send(address: SocketAddr, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn told(mut stream: TcpStream) -> String {
        let mut text = String::new();
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_string(&mut text));
        read.await.expect("the connection ends").unwrap();
        text
    }

    async fn get_once(address: SocketAddr, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n\r\n");
        told(send(address, &request).await).await
    }

    #[tokio::test]
    async fn half_requests_make_room_and_everybody_else_is_answered() {
        let (address, stop) = open(small()).await;
        let mut half = vec![];
        for _ in 0..100 {
            half.push(send(address, "POST /mcp HTTP/1.1\r\nhost: ga").await);
            assert!(get_once(address, HEALTH).await.ends_with("ok\n"));
        }
        assert!(get_once(address, "/quick").await.ends_with("quick"));
        let text = told(half.remove(0)).await;
        assert!(text.starts_with("HTTP/1.1 503") && text.contains("NO_ROOM"), "{text}");
        stop.cancel();
    }

    #[tokio::test]
    async fn who_has_spent_a_budget_waits_and_holds_up_nobody() {
        let (address, stop) = open(small()).await;
        let begun = Instant::now();
        let request = "POST /refuses HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n\r\n";
        let mut spent = vec![];
        for _ in 0..8 {
            spent.push(send(address, request).await);
        }
        let last = spent.pop().unwrap();
        assert!(get_once(address, "/quick").await.ends_with("quick"));
        assert!(told(last).await.starts_with("HTTP/1.1 429"));
        assert!(begun.elapsed() >= SPENT_PAUSE);
        stop.cancel();
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_ends_with_words() {
        let (address, stop) = open(DoorLimits { request_timeout_s: 1, ..small() }).await;
        let (nothing, half) = (send(address, "").await, send(address, "GET /quick HT").await);
        for text in [told(nothing).await, told(half).await] {
            assert!(text.starts_with("HTTP/1.1 408") && text.contains("within 1 s"), "{text}");
        }
        stop.cancel();
    }

    #[tokio::test]
    async fn silence_between_requests_ends_without_words() {
        let (address, stop) = open(DoorLimits { idle_timeout_s: 1, ..small() }).await;
        let text = told(send(address, "GET /quick HTTP/1.1\r\nhost: gate\r\n\r\n").await).await;
        assert!(text.starts_with("HTTP/1.1 200") && text.ends_with("quick"), "{text}");
        stop.cancel();
    }

    #[tokio::test]
    async fn with_every_place_answering_the_health_check_is_answered_too() {
        let (address, stop) = open(small()).await;
        let mut busy = vec![];
        for _ in 0..8 {
            busy.push(send(address, "GET /never HTTP/1.1\r\nhost: gate\r\n\r\n").await);
        }
        // They are busy once their heads were read.
        let mut text = get_once(address, "/quick").await;
        for _ in 0..200 {
            if text.starts_with("HTTP/1.1 503") {
                break;
            }
            text = get_once(address, "/quick").await;
        }
        assert!(text.contains("NO_ROOM") && text.contains("retry-after: 1"), "{text}");
        assert!(get_once(address, HEALTH).await.ends_with("ok\n"));
        stop.cancel();
    }

    #[tokio::test]
    async fn who_is_refused_before_the_body_was_read_hears_it() {
        let (address, stop) = open(small()).await;
        for _ in 0..10 {
            let body = "x".repeat(1_000_000);
            let head = "POST /refuses HTTP/1.1\r\nhost: gate\r\ncontent-length: 1000000\r\n\r\n";
            let text = told(send(address, &format!("{head}{body}")).await).await;
            assert!(text.starts_with("HTTP/1.1 429"), "{text}");
        }
        stop.cancel();
    }

    #[tokio::test]
    async fn a_reader_that_does_not_read_is_left() {
        let (address, stop) = open(DoorLimits { request_timeout_s: 1, ..small() }).await;
        let mut slow = send(address, "GET /large HTTP/1.1\r\nhost: gate\r\n\r\n").await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        let mut seen = 0;
        let mut buffer = vec![0; 1_000_000];
        while let Ok(count @ 1..) = slow.read(&mut buffer).await {
            seen += count;
        }
        assert!(seen < 64_000_000, "{seen}");
        stop.cancel();
    }
}
