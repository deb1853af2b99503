//! The relay's live tail, beside the pages: a hint when to ask for one. Nothing waits long for
//! it, and one that breaks its promise to show that it lives is reopened.

use crate::relay::{Relay, RelayError};
use countersign_sync::{Heartbeat, heartbeat};
use futures::future::BoxFuture;
use reqwest::Response;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

/// A relay that gives no tail is asked for one this often.
const REFUSED_PAUSE: Duration = Duration::from_secs(2);
/// After the end of one that was open.
const ENDED_PAUSE: Duration = Duration::from_millis(250);

type Opening = BoxFuture<'static, Result<Response, RelayError>>;

/// A tail, with where it stands.
pub(crate) struct Tail {
    /// Opens one after a cursor.
    open: Box<dyn Fn(u64) -> Opening + Send + Sync>,
    state: State,
}

enum State {
    /// There is none until this moment.
    Closed(Instant),
    /// It is asked for. Its head may not come for a while.
    Opening(Opening),
    /// It is there.
    Open {
        tail: Response,
        /// When the relay has broken its promise, unless it is heard before.
        dead_at: Instant,
    },
}

impl Tail {
    /// A relay's.
    pub(crate) fn of(relay: Relay) -> Self {
        Self::new(move |after| {
            let relay = relay.clone();
            Box::pin(async move { relay.tail(after).await })
        })
    }

    fn new(open: impl Fn(u64) -> Opening + Send + Sync + 'static) -> Self {
        Self { open: Box::new(open), state: State::Closed(Instant::now()) }
    }

    /// Waits until there may be something to ask for after the cursor, no longer than `most`.
    pub(crate) async fn wait_for_news(&mut self, cursor: u64, most: Duration) {
        let _ = timeout(most, self.news(cursor)).await;
    }

    /// Waits until the tail says something or has just been opened: records may have come
    /// before it was. What it waits for goes on when nobody waits any more.
    async fn news(&mut self, cursor: u64) {
        loop {
            self.state = match &mut self.state {
                State::Closed(until) => {
                    sleep_until(*until).await;
                    State::Opening((self.open)(cursor))
                }
                State::Opening(opening) => match opening.await {
                    Ok(tail) => {
                        let dead_at = Instant::now() + promise(&tail).deadline();
                        self.state = State::Open { tail, dead_at };
                        return;
                    }
                    Err(_) => State::Closed(Instant::now() + REFUSED_PAUSE),
                },
                State::Open { tail, dead_at } => match timeout_at(*dead_at, tail.chunk()).await {
                    Ok(Ok(Some(_))) => {
                        *dead_at = Instant::now() + promise(tail).deadline();
                        return;
                    }
                    ended => {
                        tracing::debug!(silent = ended.is_err(), "the live tail has ended");
                        State::Closed(Instant::now() + ENDED_PAUSE)
                    }
                },
            };
        }
    }
}

fn promise(tail: &Response) -> Heartbeat {
    let header = tail.headers().get(heartbeat::HEADER);
    Heartbeat::promised(header.and_then(|value| value.to_str().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    const LONG: Duration = Duration::from_secs(60);

    /// A tail of a server that says `head` to each request and then nothing more, with how
    /// many were asked for.
    async fn silent_after(head: &'static str) -> (Tail, Arc<AtomicU32>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let mut open = vec![];
            while let Ok((mut connection, _)) = listener.accept().await {
                let mut request = [0; 1_024];
                assert!(connection.read(&mut request).await.unwrap() > 0);
                connection.write_all(head.as_bytes()).await.unwrap();
                open.push(connection);
            }
        });
        let asked = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&asked);
        let tail = Tail::new(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            let get = reqwest::Client::builder().no_proxy().build().unwrap().get(&url);
            Box::pin(async move { Ok(get.send().await?) })
        });
        (tail, asked)
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_holds_nothing_up_and_is_asked_for_once() {
        let (mut tail, asked) = silent_after("").await;
        for _ in 0..3 {
            tail.wait_for_news(0, Duration::from_millis(20)).await;
        }
        assert!(matches!(tail.state, State::Opening(_)));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_tail_that_breaks_its_promise_is_opened_again() {
        let head = "HTTP/1.1 200 OK\r\ncountersign-heartbeat-ms: 100\r\n\
                    transfer-encoding: chunked\r\n\r\n1\r\n.\r\n";
        let (mut tail, asked) = silent_after(head).await;
        // It opens, speaks once, is silent for two and a half intervals, and opens again.
        for _ in 0..3 {
            timeout(LONG, tail.news(0)).await.unwrap();
        }
        assert!(matches!(tail.state, State::Open { .. }));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }
}
