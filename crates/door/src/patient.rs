//! A socket that gives up on a slow reader.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

/// Writes that wait for a reader end with [`io::ErrorKind::TimedOut`] when it takes nothing
/// for `stall`, or is behind for `whole`, so that a byte now and then does not help it.
#[derive(Debug)]
pub(crate) struct Patient<S> {
    socket: S,
    stall: Duration,
    whole: Duration,
    stalled_since: Option<Instant>,
    behind_since: Option<Instant>,
    timer: Pin<Box<Sleep>>,
}

impl<S> Patient<S> {
    pub(crate) fn new(socket: S, stall: Duration, whole: Duration) -> Self {
        let timer = Box::pin(tokio::time::sleep(stall));
        Self { socket, stall, whole, stalled_since: None, behind_since: None, timer }
    }

    /// The socket itself.
    pub(crate) fn into_inner(self) -> S {
        self.socket
    }

    /// Passes a write's result on, or ends the wait for the reader.
    fn judge<T>(
        &mut self,
        cx: &mut Context<'_>,
        result: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.stalled_since = None;
            return result;
        }
        let now = Instant::now();
        let stalled = *self.stalled_since.get_or_insert(now);
        let behind = *self.behind_since.get_or_insert(now);
        let deadline = (stalled + self.stall).min(behind + self.whole);
        if self.timer.deadline() != deadline {
            self.timer.as_mut().reset(deadline);
        }
        match self.timer.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.judge(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.judge(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.socket).poll_flush(cx);
        // Whoever writes flushes when all is written: the reader has caught up.
        if matches!(result, Poll::Ready(Ok(()))) {
            self.behind_since = None;
        }
        self.judge(cx, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.socket).poll_shutdown(cx);
        self.judge(cx, result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    const STALL: Duration = Duration::from_secs(30);
    const WHOLE: Duration = Duration::from_secs(100);

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_is_given_up() {
        let (near, _far) = tokio::io::duplex(16);
        let begun = Instant::now();
        let error = Patient::new(near, STALL, WHOLE).write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_byte_now_and_then_does_not_help() {
        let (near, mut far) = tokio::io::duplex(16);
        let begun = Instant::now();
        tokio::spawn(async move {
            while far.read_u8().await.is_ok() {
                tokio::time::sleep(STALL / 2).await;
            }
        });
        let error = Patient::new(near, STALL, WHOLE).write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_catches_up_is_served_for_ever() {
        let (near, mut far) = tokio::io::duplex(16);
        tokio::spawn(async move {
            let mut frame = [0; 64];
            while far.read_exact(&mut frame).await.is_ok() {
                tokio::time::sleep(STALL / 2).await;
            }
        });
        let mut patient = Patient::new(near, STALL, WHOLE);
        for _ in 0..20 {
            patient.write_all(&[0; 64]).await.unwrap();
            patient.flush().await.unwrap();
        }
    }
}
