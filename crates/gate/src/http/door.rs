//! The gate at its door: what connections may use, and the words for who is not served.

use crate::config::DoorLimits;
use axum::{
    Json, Router,
    extract::Request,
    http::{StatusCode, header::RETRY_AFTER},
    middleware::map_request,
    response::{IntoResponse as _, Response},
};
use countersign_door::{Limits, Served, Shed};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long an answer waits that says that a budget is spent: less than its `Retry-After`.
const SPENT_PAUSE: Duration = Duration::from_millis(250);

const NO_ROOM: &str = "The gate holds as many connections as it may. Try again in a second, on few connections that are used again; nothing was taken.";

/// Serves until `stop`, then finishes what is being answered.
pub async fn serve(socket: TcpListener, app: Router, limits: DoorLimits, stop: CancellationToken) {
    let served = Served { app: app.layer(map_request(name_peer)), shed };
    countersign_door::serve(socket, served, within(limits), stop.cancelled_owned()).await;
}

fn within(limits: DoorLimits) -> Limits {
    let DoorLimits { connections, connections_per_peer, .. } = limits;
    let patience = Duration::from_secs(limits.request_timeout_s.into());
    Limits {
        connections,
        connections_per_peer,
        header_time: patience,
        stall_time: patience,
        idle_time: Duration::from_secs(limits.idle_timeout_s.into()),
        spent_pause: SPENT_PAUSE,
        ..Limits::default()
    }
}

/// Tells the agents' door whose budget a request without a known token is.
async fn name_peer(mut request: Request) -> Request {
    if let Some(peer) = request.extensions().get::<countersign_door::Peer>().copied() {
        request.extensions_mut().insert(countersign_intake::Peer(peer.address()));
    }
    request
}

fn shed(why: Shed) -> Response {
    let (status, code, message) = match why {
        Shed::Full | Shed::PeerFull => {
            (StatusCode::SERVICE_UNAVAILABLE, "NO_ROOM", NO_ROOM.to_owned())
        }
        Shed::TooSlow(time) => {
            let message = format!(
                "The request's head did not arrive within {} s; nothing was taken.",
                time.as_secs()
            );
            (StatusCode::REQUEST_TIMEOUT, "REQUEST_TOO_SLOW", message)
        }
    };
    let body = Json(serde_json::json!({ "error": code, "message": message }));
    (status, [(RETRY_AFTER, "1")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Extension, routing::get};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };

    async fn told(limits: DoorLimits, sent: &str) -> String {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let peer = async |peer: Extension<countersign_intake::Peer>| peer.0.0.to_string();
        let app = Router::new().route("/peer", get(peer));
        let stop = CancellationToken::new();
        let server = tokio::spawn(serve(socket, app, limits, stop.clone()));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        stop.cancel();
        server.await.unwrap();
        text
    }

    #[tokio::test]
    async fn the_agents_door_is_told_who_asks() {
        let request = "GET /peer HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n\r\n";
        let text = told(DoorLimits::default(), request).await;
        assert!(text.ends_with("127.0.0.1"), "{text}");
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_ends_with_the_gates_words() {
        let limits = DoorLimits { request_timeout_s: 1, ..DoorLimits::default() };
        let text = told(limits, "POST /mcp HTTP/1.1\r\nhost: ga").await;
        assert!(text.starts_with("HTTP/1.1 408") && text.contains("within 1 s"), "{text}");
        assert!(text.contains("REQUEST_TOO_SLOW") && text.contains("retry-after: 1"), "{text}");
    }

    #[tokio::test]
    async fn who_finds_no_room_hears_when_to_come_back() {
        let answer = shed(Shed::PeerFull);
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()[RETRY_AFTER]),
            (503, &"1".parse().unwrap())
        );
        let body = axum::body::to_bytes(answer.into_body(), 9_999).await.unwrap();
        assert!(String::from_utf8_lossy(&body).contains("NO_ROOM"));
    }
}
