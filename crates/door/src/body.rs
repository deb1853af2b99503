//! Bodies that tell: whether a request's was read, and when an answer's is at its end.

use crate::room::Seat;
use axum::{
    body::{Body, Bytes, HttpBody},
    http::{Request, request::Parts},
};
use hyper::body::{Frame, Incoming, SizeHint};
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Instant,
};

/// Whether a body was read to its end.
#[derive(Clone)]
pub(crate) struct IsRead(Arc<AtomicBool>);

impl IsRead {
    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A request's body.
pub(crate) struct Asked {
    body: Incoming,
    is_read: IsRead,
}

impl Asked {
    /// The request with its body watched.
    pub(crate) fn watch((parts, body): (Parts, Incoming)) -> (Request<Body>, IsRead) {
        let is_read = IsRead(Arc::new(AtomicBool::new(body.is_end_stream())));
        let watched = Self { body, is_read: is_read.clone() };
        (Request::from_parts(parts, Body::new(watched)), is_read)
    }
}

impl HttpBody for Asked {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if matches!(frame, Poll::Ready(None)) || self.body.is_end_stream() {
            self.is_read.0.store(true, Ordering::Relaxed);
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

/// An answer's body; its seat is told when there is no more of it, or nobody wants it.
pub(crate) struct Told {
    body: Body,
    seat: Arc<Seat>,
}

impl Told {
    pub(crate) const fn new(body: Body, seat: Arc<Seat>) -> Self {
        Self { body, seat }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.seat.handle_answer(Instant::now());
    }
}

impl HttpBody for Told {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
