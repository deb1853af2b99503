//! The local socket of a serving gate: a file in its data folder that only the gate's own user
//! can use. A gate that was killed leaves it behind, and the next one puts its own there.

use crate::{
    admin::{AdminError, line::Line, order::Told},
    administration::Administration,
    data::{DataDir, DataLock},
};
use std::{
    fs::{self, File},
    io,
    os::{
        fd::AsRawFd as _,
        unix::{
            fs::{FileTypeExt as _, PermissionsExt as _},
            net::SocketAddr,
        },
    },
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::{UnixListener, UnixStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;

/// How many commands may speak at the same time.
const COMMANDS: usize = 8;
/// After the system refused to give the next connection.
const PAUSE: Duration = Duration::from_secs(1);

/// The socket's name; it is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct SocketName(PathBuf);

impl Drop for SocketName {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::debug!(%error, "the socket was not removed");
        }
    }
}

/// A name of the socket that fits an address, which is about a hundred bytes long, however deep
/// the folder lies; with what keeps it valid.
struct Address(PathBuf, Option<File>);

fn address(data: &DataDir) -> io::Result<Address> {
    let path = data.socket();
    if SocketAddr::from_pathname(&path).is_ok() {
        return Ok(Address(path, None));
    }
    if cfg!(not(target_os = "linux")) {
        let words = "the path of the data folder is too long for a socket; give the folder by a shorter one, such as a symbolic link";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, words));
    }
    let folder = File::open(data.folder())?;
    let path = format!("/proc/self/fd/{}/gate.sock", folder.as_raw_fd());
    Ok(Address(path.into(), Some(folder)))
}

/// Begins to listen, readable and writable by the gate's own user alone. The lock shows that a
/// socket that is there already is nobody's.
///
/// # Errors
/// The system's; also when something else has the socket's name.
pub(crate) fn listen(data: &DataDir, _: &DataLock) -> io::Result<(UnixListener, SocketName)> {
    let path = data.socket();
    match fs::symlink_metadata(&path) {
        Ok(found) if found.file_type().is_socket() => fs::remove_file(&path)?,
        Ok(_) => {
            let words = format!("{} is in its place and no socket; move it away", path.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, words));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let Address(bound, _folder) = address(data)?;
    // Nobody else can enter the folder meanwhile: the lock has checked that.
    let listener = UnixListener::bind(bound)?;
    let name = SocketName(path);
    fs::set_permissions(&name.0, fs::Permissions::from_mode(0o600))?;
    Ok((listener, name))
}

/// Reaches the gate that serves from a folder; `None` when none listens there now.
///
/// # Errors
/// What the system says otherwise.
pub(crate) async fn reach(data: &DataDir) -> Result<Option<UnixStream>, AdminError> {
    let connected = match address(data) {
        Ok(Address(path, _folder)) => UnixStream::connect(path).await,
        Err(error) => Err(error),
    };
    match connected {
        Ok(stream) => Ok(Some(stream)),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(super::admin::file_error(&data.socket(), &error)),
    }
}

/// Takes commands until told to stop.
pub(crate) async fn serve(
    listener: UnixListener,
    administration: Arc<Administration>,
    stop: CancellationToken,
) {
    let room = Arc::new(Semaphore::new(COMMANDS));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::error!(%error, "the gate's socket gives no connection");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let (room, administration) = (Arc::clone(&room), Arc::clone(&administration));
        tokio::spawn(async move {
            let refused = match (is_own(&stream), room.try_acquire_owned()) {
                (Ok(true), Ok(_turn)) => return administration.talk(Line::new(stream)).await,
                (Ok(true), Err(_)) => "too many commands at the same time; nothing was done",
                (Ok(false) | Err(_), _) => {
                    tracing::warn!("another user tried the gate's socket");
                    "only the user that the gate runs as can command it; nothing was done"
                }
            };
            let _ = Line::new(stream).say(&Told::Refused { message: refused.into() }).await;
        });
    }
}

/// Whether the peer is the user that this process runs as, by the system's word.
fn is_own(stream: &UnixStream) -> io::Result<bool> {
    let (own, _) = UnixStream::pair()?;
    Ok(stream.peer_cred()?.uid() == own.peer_cred()?.uid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_socket_is_the_users_alone_and_a_left_one_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        // Deeper than an address is long.
        for depth in [0, 200] {
            let data = DataDir::new(&folder.path().join("d".repeat(depth)).join("gate"));
            data.create().unwrap();
            let lock = data.lock().unwrap();
            assert!(reach(&data).await.unwrap().is_none());
            let (listener, name) = listen(&data, &lock).unwrap();
            let mode = fs::metadata(data.socket()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let own = reach(&data).await.unwrap().unwrap();
            let (taken, _) = listener.accept().await.unwrap();
            assert!(is_own(&own).unwrap() && is_own(&taken).unwrap());
            // A gate that is killed removes nothing.
            std::mem::forget(name);
            drop(listener);
            assert!(reach(&data).await.unwrap().is_none(), "nobody listens");
            let (_listener, name) = listen(&data, &lock).unwrap();
            assert!(reach(&data).await.unwrap().is_some());
            drop(name);
            assert!(!data.socket().exists());
            fs::write(data.socket(), "somebody's").unwrap();
            assert!(listen(&data, &lock).is_err(), "what is no socket is not removed");
            assert_eq!(fs::read_to_string(data.socket()).unwrap(), "somebody's");
        }
    }
}
