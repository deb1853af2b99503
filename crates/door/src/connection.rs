//! One connection, from its first byte to why it ends.

use crate::{
    HEALTH, Limits, Peer, Served, Shed,
    body::{Asked, Told},
    discard,
    patient::Patient,
    room::{Phase, Seat},
    watched::Watched,
};
use axum::{
    body::Body,
    http::{HeaderValue, Request, StatusCode, header},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    io,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::watch,
};
use tower::ServiceExt as _;

/// The most bytes of a request's head.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// What is read of a request that is not wanted, so that its sender hears why.
const MAX_UNREAD_BYTES: usize = 4 * 1024 * 1024;
/// The most bytes of words for who is not served.
const MAX_WORDS_BYTES: usize = 16 * 1024;
/// How long parting may take.
const PARTING: Duration = Duration::from_secs(1);

/// What a connection needs to be served.
pub(crate) struct Connection {
    peer: Peer,
    seat: Arc<Seat>,
    limits: Limits,
    served: Served,
    /// Whether a request came: from then on only whole answers go out.
    was_asked: AtomicBool,
}

/// Why a connection ends.
enum End {
    /// Its peer or the server ended it, or it was silent between two requests.
    Done,
    /// With words, because a request may be on its way.
    Shed(Shed),
}

impl Connection {
    pub(crate) fn new(peer: Peer, seat: Seat, limits: Limits, served: Served) -> Arc<Self> {
        Arc::new(Self { peer, seat: Arc::new(seat), limits, served, was_asked: false.into() })
    }

    /// Serves requests as long as the connection lasts.
    pub(crate) async fn hold(self: Arc<Self>, stream: TcpStream, stopped: watch::Receiver<bool>) {
        let run = Arc::clone(&self).run(stream, stopped);
        if self.seat.spare.is_some() {
            // Neither a slow question nor an answer that nobody takes holds a spare place.
            let _ = tokio::time::timeout(2 * self.limits.spare_time, run).await;
        } else {
            run.await;
        }
    }

    async fn run(self: Arc<Self>, stream: TcpStream, mut stopped: watch::Receiver<bool>) {
        let stopped = async move {
            // An error means that the server is gone, which is a stop too.
            let _ = stopped.wait_for(|stopped| *stopped).await;
        };
        let mut stopped = pin!(stopped);
        let Limits { stall_time, answer_time, .. } = self.limits;
        let patient = Patient::new(stream, stall_time, answer_time);
        let answering = Arc::clone(&self);
        let service = service_fn(move |request| Box::pin(Arc::clone(&answering).answer(request)));
        let mut builder = http1::Builder::new();
        // The time is kept here: then it can be said why a connection ends.
        builder.header_read_timeout(None).max_buf_size(MAX_HEAD_BYTES);
        let io = TokioIo::new(Watched::new(patient, Arc::clone(&self.seat)));
        let mut connection = builder.serve_connection(io, service);
        let mut is_stopping = false;
        let end = loop {
            tokio::select! {
                result = &mut connection => {
                    if let Err(error) = result {
                        tracing::debug!(%error, "a connection ended early");
                    }
                    break End::Done;
                }
                () = self.seat.leave.notified() => match self.seat.spare {
                    Some(_) if self.was_asked.load(Ordering::Relaxed) => break End::Done,
                    spare => break End::Shed(spare.unwrap_or(Shed::Full)),
                },
                () = &mut stopped, if !is_stopping => {
                    is_stopping = true;
                    std::pin::Pin::new(&mut connection).graceful_shutdown();
                }
                end = self.patience() => break end,
            }
        };
        let stream = connection.into_parts().io.into_inner().into_inner();
        let _ = tokio::time::timeout(PARTING, self.part(stream, end)).await;
    }

    /// Ends when a head has been waited for long enough.
    async fn patience(&self) -> End {
        loop {
            let head = match self.seat.spare {
                Some(_) => self.limits.spare_time,
                None => self.limits.header_time,
            };
            let (most, age) = match self.seat.phase(Instant::now()) {
                // Who was sent off hears so by another way.
                None => return std::future::pending().await,
                Some((Phase::Busy, _)) => (head.min(self.limits.idle_time), Duration::ZERO),
                Some((Phase::KeptAlive, age)) if age >= self.limits.idle_time => return End::Done,
                Some((Phase::KeptAlive, age)) => (self.limits.idle_time, age),
                Some((_, age)) if age >= head => {
                    return End::Shed(self.seat.spare.unwrap_or(Shed::TooSlow(head)));
                }
                Some((_, age)) => (head, age),
            };
            // Looked at again in a while: what it does may have changed.
            tokio::time::sleep((most - age).max(Duration::from_millis(1)).min(most / 4)).await;
        }
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response, Infallible> {
        self.was_asked.store(true, Ordering::Relaxed);
        let is_begun = self.seat.handle_request(Instant::now());
        let is_health = request.uri().path() == HEALTH;
        let shed = match self.seat.spare {
            _ if !is_begun => Some(Shed::Full),
            Some(why) if !is_health => Some(why),
            _ => None,
        };
        let (asked, is_read) = Asked::watch(request.into_parts());
        let mut answer = match shed {
            Some(why) => {
                discard(asked.into_body(), MAX_UNREAD_BYTES, self.limits.spare_time).await;
                (self.served.shed)(why)
            }
            None => {
                let mut request = asked;
                let peer = self.peer.behind(self.limits.proxy, request.headers());
                request.extensions_mut().insert(peer);
                self.served.app.clone().oneshot(request).await?
            }
        };
        if answer.status() == StatusCode::TOO_MANY_REQUESTS && shed.is_none() {
            // Whoever asks at once again is slowed down; meanwhile the place is anybody's.
            self.seat.handle_answer(Instant::now());
            tokio::time::sleep(self.limits.spent_pause).await;
        }
        // What was not read stands in the way of the next request.
        if self.seat.spare.is_some() || shed.is_some() || !is_read.get() {
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(answer.map(|body| Body::new(Told::new(body, Arc::clone(&self.seat)))))
    }

    /// Says why, and reads on for a moment: closing while the peer still sends would take the
    /// answer from it.
    async fn part(&self, mut stream: TcpStream, end: End) -> io::Result<()> {
        if let End::Shed(why) = end {
            stream.write_all(&words((self.served.shed)(why)).await).await?;
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
}

/// A whole answer, for a connection on which none can be sent any more.
async fn words(answer: Response) -> Vec<u8> {
    let (parts, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, MAX_WORDS_BYTES).await.unwrap_or_default();
    let mut bytes = format!("HTTP/1.1 {}\r\n", parts.status).into_bytes();
    let kept = parts.headers.iter();
    for (name, value) in kept.filter(|(name, _)| **name != header::CONTENT_LENGTH) {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    let end = format!("connection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    bytes.extend_from_slice(end.as_bytes());
    bytes.extend_from_slice(&body);
    bytes
}
