//! Reading a body that is not wanted.

use axum::body::{Body, HttpBody as _};
use std::{future::poll_fn, pin::Pin, time::Duration};

/// Reads and forgets a body, up to `most` bytes and for `time`. Whoever refuses a request does
/// this first: a connection that is closed with bytes unread is reset, and the sender may
/// never see the answer.
pub async fn discard(mut body: Body, most: usize, time: Duration) {
    let all = async {
        let mut read = 0;
        while let Some(Ok(frame)) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            read += frame.data_ref().map_or(0, |data| data.len());
            if read > most {
                return;
            }
        }
    };
    // What has not come by then is not waited for.
    let _ = tokio::time::timeout(time, all).await;
}
