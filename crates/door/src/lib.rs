//! The listening side of a server: HTTP/1.1 with bounds on connections, peers and time.
//! It knows no API and reaches no store; what it serves is handed in.
//!
//! Reading order: [`limits`] is what an operator chooses; [`peer`] says who is on the other
//! side; `slots` counts; `patient` ends slow readers; [`serve`] ties them.
//!
//! HTTP/2 is not spoken: TLS and HTTP/2 end at the proxy in front, and with one request at
//! a time on a connection every bound below counts what it seems to count.

mod discard;
pub mod limits;
mod patient;
pub mod peer;
mod slots;

pub use discard::discard;
pub use limits::Limits;
pub use peer::Peer;
pub use slots::Shed;

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Request, header},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use patient::Patient;
use slots::{Slot, Slots};
use std::{
    collections::VecDeque, convert::Infallible, future::Future, pin::pin, sync::Arc, time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{AbortHandle, JoinSet},
};
use tower::ServiceExt as _;

/// The path that is answered even when every connection is taken.
pub const HEALTH: &str = "/healthz";

/// What is read of a request that is shed, so that it hears why.
const SHED_BODY_BYTES: usize = 4 * 1024 * 1024;
/// The most bytes of a request's head.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// After `accept` failed, for want of memory or of open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What is served, and the words for whoever finds no room.
#[derive(Clone)]
pub struct Served {
    /// The routes; [`HEALTH`] must be cheap, and [`Peer`] is among each request's extensions.
    pub app: Router,
    /// The answer for a connection that was one too many.
    pub shed: fn(Shed) -> Response,
}

/// Serves until `stop` ends, then finishes what is open within [`Limits::drain`].
pub async fn serve(
    listener: TcpListener,
    served: Served,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    let limits = limits.within_open_files();
    let slots = Arc::new(Slots::new(limits));
    let (stopping, stopped) = watch::channel(false);
    let mut open = JoinSet::new();
    let mut spare: VecDeque<AbortHandle> = VecDeque::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            Some(_) = open.join_next(), if !open.is_empty() => continue,
            accepted = listener.accept() => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Small answers go out at once; a socket that refuses the option still serves.
        let _ = stream.set_nodelay(true);
        let peer = Peer::of(address.ip());
        let connection = Connection { stream, peer, limits, stopped: stopped.clone() };
        match slots.enter(peer) {
            Ok(slot) => drop(open.spawn(connection.serve(served.clone(), slot))),
            Err(why) => {
                // The oldest that was shed makes room, so that half a request holds nothing.
                spare.retain(|task| !task.is_finished());
                if spare.len() >= limits.spare {
                    spare.pop_front().inspect(AbortHandle::abort);
                }
                spare.push_back(open.spawn(connection.serve_spare(served.clone(), why)));
            }
        }
    }
    drop(listener);
    stopping.send_replace(true);
    let ended = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.drain, ended).await.is_err() {
        tracing::warn!("connections were cut that did not end in time");
    }
}

/// An accepted connection.
struct Connection {
    stream: TcpStream,
    peer: Peer,
    limits: Limits,
    stopped: watch::Receiver<bool>,
}

impl Connection {
    /// Serves requests as long as the connection lasts.
    async fn serve(self, served: Served, slot: Slot) {
        let _slot = slot;
        let (peer, proxy, header_time) = (self.peer, self.limits.proxy, self.limits.header_time);
        let answer = move |mut request: Request<Incoming>| {
            let peer = peer.behind(proxy, request.headers());
            request.extensions_mut().insert(peer);
            served.app.clone().oneshot(request.map(Body::new))
        };
        self.run(header_time, answer).await;
    }

    /// Answers one request: health, or that there is no room.
    async fn serve_spare(self, served: Served, why: Shed) {
        let (peer, spare_time) = (self.peer, self.limits.spare_time);
        let answer = move |mut request: Request<Incoming>| {
            let served = served.clone();
            async move {
                request.extensions_mut().insert(peer);
                let mut answer = if request.uri().path() == HEALTH {
                    served.app.oneshot(request.map(Body::new)).await?
                } else {
                    discard(Body::new(request.into_body()), SHED_BODY_BYTES, spare_time).await;
                    (served.shed)(why)
                };
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                Ok::<_, Infallible>(answer)
            }
        };
        let run = self.run(spare_time, answer);
        // An answer that nobody takes holds the spare lane no longer than a question.
        let _ = tokio::time::timeout(2 * spare_time, run).await;
    }

    async fn run<F, A>(self, header_time: Duration, answer: F)
    where
        F: Fn(Request<Incoming>) -> A,
        A: Future<Output = Result<Response, Infallible>>,
    {
        let Self { stream, limits, mut stopped, .. } = self;
        let io = TokioIo::new(Patient::new(stream, limits.stall_time, limits.answer_time));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // Runs between requests as well, so that an idle connection ends too.
            .header_read_timeout(header_time)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(io, service_fn(answer));
        let mut connection = pin!(connection);
        let stopped = async move {
            // An error means that the server is gone, which is a stop too.
            let _ = stopped.wait_for(|stopped| *stopped).await;
        };
        let result = tokio::select! {
            result = connection.as_mut() => result,
            () = stopped => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = result {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}
