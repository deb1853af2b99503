//! The live tail: pages as they are committed. A connection holds no queue of records,
//! only a cursor; a reader that does not read for long is disconnected and resumes there.

use crate::api::App;
use axum::body::Body;
use bytes::Bytes;
use countersign_model::WorkspaceId;
use countersign_sync::wire::{Page, encode_tail_frame};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio_stream::{StreamExt as _, wrappers::ReceiverStream};

/// Records in one frame; a small frame reaches a slow reader whole.
const FRAME_RECORDS: usize = 64;
/// How often a quiet tail shows that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a reader may leave a frame lying.
const PATIENCE: Duration = Duration::from_secs(30);

/// Opens a tail after a cursor.
pub(crate) fn open(
    app: Arc<App>,
    workspace: WorkspaceId,
    after: u64,
    head: watch::Receiver<u64>,
    permit: OwnedSemaphorePermit,
) -> Body {
    let (frames, body) = mpsc::channel::<Bytes>(1);
    tokio::spawn(async move {
        let _permit = permit;
        follow(app, workspace, after, head, frames).await;
    });
    Body::from_stream(ReceiverStream::new(body).map(Ok::<_, Infallible>))
}

async fn follow(
    app: Arc<App>,
    workspace: WorkspaceId,
    mut cursor: u64,
    mut head: watch::Receiver<u64>,
    frames: mpsc::Sender<Bytes>,
) {
    let mut closing = app.closing();
    loop {
        let known = *head.borrow_and_update();
        let page = if known > cursor {
            let Ok(page) = app.page(workspace, cursor, FRAME_RECORDS).await else { return };
            page
        } else {
            Page { records: Vec::new(), head: known }
        };
        let more = !page.records.is_empty();
        if let Some((position, _)) = page.records.last() {
            cursor = *position;
        }
        let Ok(frame) = encode_tail_frame(&page) else { return };
        match tokio::time::timeout(PATIENCE, frames.send(frame.into())).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return,
        }
        if more && *head.borrow() > cursor {
            continue;
        }
        tokio::select! {
            changed = head.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(HEARTBEAT) => {}
            () = frames.closed() => return,
            _ = closing.wait_for(|closed| *closed) => return,
        }
    }
}
