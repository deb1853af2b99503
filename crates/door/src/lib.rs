//! The listening side of a server: HTTP/1.1 with bounds on connections, peers and time.
//! It knows no API and reaches no store; what it serves is handed in.
//!
//! Reading order: [`limits`] is what an operator chooses; [`peer`] says who is on the other
//! side; `room` says who has a place and who makes room; `connection` serves one and says why
//! it ends; `patient` ends slow readers; [`serve`] ties them.
//!
//! HTTP/2 is not spoken: TLS and HTTP/2 end at the proxy in front, and with one request at
//! a time on a connection every bound below counts what it seems to count.

mod body;
mod connection;
mod discard;
pub mod limits;
mod patient;
pub mod peer;
mod room;
mod watched;

pub use discard::discard;
pub use limits::Limits;
pub use peer::Peer;

use axum::{Router, response::Response};
use connection::Connection;
use room::Room;
use std::{
    future::Future,
    pin::pin,
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

/// The path that is answered even when every connection is taken.
pub const HEALTH: &str = "/healthz";

/// After `accept` failed, for want of memory or of open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What is served, and the words for whoever is not.
#[derive(Clone)]
pub struct Served {
    /// The routes; [`HEALTH`] must be cheap, and [`Peer`] is among each request's extensions.
    pub app: Router,
    /// The answer for a request that is not begun. It goes out on a bare connection too, so it
    /// has a body that is there at once.
    pub shed: fn(Shed) -> Response,
}

/// Why a request is not begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shed {
    /// The server has as many connections as it takes, or somebody else needed this one.
    Full,
    /// This peer has as many as one peer may.
    PeerFull,
    /// Its head did not come within this time.
    TooSlow(Duration),
}

/// Serves until `stop` ends, then finishes what is open within [`Limits::drain`].
pub async fn serve(
    listener: TcpListener,
    served: Served,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    let limits = limits.within_open_files();
    let room = Room::new(limits);
    let (stopping, stopped) = watch::channel(false);
    let mut open = JoinSet::new();
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
        let seat = room.enter(peer, Instant::now());
        open.spawn(
            Connection::new(peer, seat, limits, served.clone()).hold(stream, stopped.clone()),
        );
    }
    drop(listener);
    stopping.send_replace(true);
    let ended = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.drain, ended).await.is_err() {
        tracing::warn!("connections were cut that did not end in time");
    }
}
