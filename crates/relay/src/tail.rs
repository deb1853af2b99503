//! The live tail: pages as they are committed. A connection holds no queue of records,
//! only a cursor; a reader that does not read for long is disconnected and resumes there.
//! A tail is as good as the device's place on the list: it ends with it. It shows that it
//! lives as often as its answer promised, and at once when it is opened.

use crate::{api::App, caller::Caller};
use axum::body::Body;
use bytes::Bytes;
use countersign_sync::{
    Heartbeat,
    wire::{Page, encode_tail_frame},
};
use futures::StreamExt as _;
use std::{convert::Infallible, future::pending, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};
use tokio_stream::wrappers::ReceiverStream;

/// Records in one frame; a small frame reaches a slow reader whole.
const FRAME_RECORDS: usize = 64;
/// How long a reader may leave a frame lying.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a tail watches.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) head: watch::Receiver<u64>,
    /// Rises with every new list of devices.
    pub(crate) lists: watch::Receiver<u64>,
    /// What was promised to the reader.
    pub(crate) heartbeat: Heartbeat,
    /// The device's tails, and all.
    pub(crate) permits: (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>),
}

/// Opens a tail after a cursor.
pub(crate) fn open(app: Arc<App>, caller: Caller, after: u64, watched: Watched) -> Body {
    let (frames, body) = mpsc::channel::<Bytes>(1);
    let (revoked, when_revoked) = oneshot::channel();
    let mut lists = watched.lists.clone();
    tokio::spawn(async move {
        let barred = async {
            while app.is_listed(&caller) {
                if lists.changed().await.is_err() {
                    break;
                }
            }
        };
        tokio::select! {
            () = barred => drop(revoked.send(())),
            () = follow(&app, &caller, after, watched, frames) => {}
        }
    });
    // After a revocation not even the frame is sent that was waiting for the reader; a tail
    // that ends for another reason gives it out.
    let cut = async move {
        if when_revoked.await.is_err() {
            pending::<()>().await;
        }
    };
    Body::from_stream(ReceiverStream::new(body).map(Ok::<_, Infallible>).take_until(Box::pin(cut)))
}

async fn follow(
    app: &Arc<App>,
    caller: &Caller,
    mut cursor: u64,
    watched: Watched,
    frames: mpsc::Sender<Bytes>,
) {
    let Watched { mut head, heartbeat, permits: _permits, .. } = watched;
    let mut closing = app.closing();
    let interval = heartbeat.interval();
    loop {
        let known = *head.borrow_and_update();
        // What was read is paid for before more is. A long debt is no reason for silence.
        let debt = if known > cursor { caller.seat.read_wait() } else { Duration::ZERO };
        let owes = debt > interval;
        tokio::select! {
            () = tokio::time::sleep(debt.min(interval)) => {}
            () = frames.closed() => return,
            _ = closing.wait_for(|closed| *closed) => return,
        }
        let page = if known > cursor && !owes {
            let page = app.page(&caller.seat, caller.workspace, cursor, FRAME_RECORDS).await;
            let Ok(page) = page else { return };
            page
        } else {
            Page { records: Vec::new(), head: known }
        };
        let more = !page.records.is_empty();
        if let Some((position, _)) = page.records.last() {
            cursor = *position;
        }
        let Ok(frame) = encode_tail_frame(&page) else { return };
        // Read before a revocation and not sent yet: it is not sent any more.
        if !app.is_listed(caller) {
            return;
        }
        match tokio::time::timeout(PATIENCE, frames.send(frame.into())).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return,
        }
        if owes || (more && *head.borrow() > cursor) {
            continue;
        }
        tokio::select! {
            changed = head.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(interval) => {}
            () = frames.closed() => return,
            _ = closing.wait_for(|closed| *closed) => return,
        }
    }
}
