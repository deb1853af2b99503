//! One message a line, one at a time, between a command and the gate: bounded in size and in
//! time, and wiped when it has been read.

use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::timeout,
};
use zeroize::Zeroizing;

/// The longest message in bytes: an enrolment carries a roster, which fits a record
/// (256 KiB), in base64.
const MAX_BYTES: usize = 1024 * 1024;
/// How long a peer may take to take a message.
const TAKEN_WITHIN: Duration = Duration::from_secs(10);

/// A connection.
pub(crate) struct Line<S>(S);

/// Why no message came or went.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LineError {
    /// The peer is gone.
    #[error("the other side has ended the connection")]
    Closed,
    /// The peer is silent.
    #[error("the other side was silent for {} seconds", .0.as_secs())]
    Silent(Duration),
    /// Too long a message.
    #[error("a message is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// Not a message that is expected here.
    #[error("the other side says what is not expected; both programs must be of one version")]
    Foreign,
    /// The system.
    #[error("the connection failed")]
    Io(#[from] std::io::Error),
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Line<S> {
    pub(crate) const fn new(stream: S) -> Self {
        Self(stream)
    }

    /// Says one thing.
    ///
    /// # Errors
    /// [`LineError`].
    pub(crate) async fn say<T: Serialize + Sync>(&mut self, message: &T) -> Result<(), LineError> {
        // Its room is never moved, so that no copy of a secret is left behind.
        let mut line = Zeroizing::new(Vec::with_capacity(MAX_BYTES));
        serde_json::to_writer(&mut *line, message).map_err(|_| LineError::Foreign)?;
        line.push(b'\n');
        if line.len() > MAX_BYTES {
            return Err(LineError::TooLong);
        }
        let taken = async {
            self.0.write_all(&line).await?;
            self.0.flush().await
        };
        Ok(timeout(TAKEN_WITHIN, taken).await.map_err(|_| LineError::Silent(TAKEN_WITHIN))??)
    }

    /// Hears one thing. A peer that says the next one before it was answered is not understood.
    ///
    /// # Errors
    /// [`LineError`].
    pub(crate) async fn hear<T: DeserializeOwned>(
        &mut self,
        within: Duration,
    ) -> Result<T, LineError> {
        let line = timeout(within, self.read()).await.map_err(|_| LineError::Silent(within))??;
        serde_json::from_slice(&line).map_err(|_| LineError::Foreign)
    }

    async fn read(&mut self) -> Result<Zeroizing<Vec<u8>>, LineError> {
        let mut line = Zeroizing::new(Vec::with_capacity(MAX_BYTES));
        loop {
            let room = (MAX_BYTES - line.len()) as u64;
            if room == 0 {
                return Err(LineError::TooLong);
            }
            if (&mut self.0).take(room).read_buf(&mut *line).await? == 0 {
                return Err(LineError::Closed);
            }
            if line.last() == Some(&b'\n') {
                return Ok(line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::order::Word, *};

    #[tokio::test(start_paused = true)]
    async fn what_is_silent_gone_too_long_or_foreign_is_no_message() {
        let second = Duration::from_secs(1);
        let hear = async |bytes: Option<&[u8]>| {
            let (mut peer, own) = tokio::io::duplex(2 * MAX_BYTES);
            if let Some(bytes) = bytes {
                peer.write_all(bytes).await.unwrap();
            }
            let mut own = Line::new(own);
            let heard = own.hear::<Word>(second).await;
            drop(peer);
            (heard, own.hear::<Word>(second).await)
        };
        let (heard, after) = hear(Some(b"{\"commit\":{}}\n")).await;
        assert!(matches!(heard, Ok(Word::Commit {})));
        assert!(matches!(after, Err(LineError::Closed)));
        assert!(matches!(hear(None).await.0, Err(LineError::Silent(_))));
        assert!(matches!(hear(Some(b"{\"commit\":{}}")).await.0, Err(LineError::Silent(_))));
        let long = vec![b' '; MAX_BYTES];
        assert!(matches!(hear(Some(&long)).await.0, Err(LineError::TooLong)));
        for foreign in ["\n", "{}\n", "{\"commit\":{}}\n{\"commit\":{}}\n", "{\"commit\":1}\n"] {
            let (heard, _) = hear(Some(foreign.as_bytes())).await;
            assert!(matches!(heard, Err(LineError::Foreign)), "{foreign}");
        }
    }
}
