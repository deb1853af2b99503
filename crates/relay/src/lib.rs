//! The relay: an ordered, append-only log of sealed records and blobs for each workspace.
//! It holds no key that opens them, and can name nothing that is inside.
//!
//! Reading order: [`config`] is what an operator chooses; `store` is the SQLite file;
//! `queue`, `writer` and `budget` are its one writer thread, who waits for it, and what each
//! may store, and `compaction` how it comes back; `meter`, `auth` and `caller` decide who asks and how fast; `api` and `tail`
//! serve; [`start`] ties them. [`shelf`] is the store and the writer's rules alone.

mod api;
mod auth;
mod budget;
mod caller;
mod compaction;
pub mod config;
mod meter;
mod queue;
mod refusal;
pub mod shelf;
mod store;
mod tail;
mod writer;

pub use config::{Budget, Config, Limits, Rate};
pub use store::StoreError;

use std::{net::SocketAddr, sync::Arc};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// Why the relay could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory or its file.
    #[error("the relay's data in {directory} cannot be opened")]
    Data {
        /// The directory.
        directory: String,
        /// What SQLite or the file system said.
        #[source]
        source: StoreError,
    },
    /// The address.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// A relay that serves until it is stopped.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    closing: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Running {
    /// Ends live tails, finishes open requests and closes the store.
    pub async fn stop(self) {
        self.closing.send_replace(true);
        if let Err(error) = self.server.await {
            tracing::warn!(%error, "the server ended with an error");
        }
    }
}

/// Opens the store and serves.
///
/// # Errors
/// [`StartError`].
pub async fn start(config: Config) -> Result<Running, StartError> {
    let directory = config.data.display().to_string();
    let data = |source| StartError::Data { directory: directory.clone(), source };
    let store = store::Store::open(&config.data).map_err(data)?;
    let writer = writer::Writer::start(&store, config.limits).map_err(data)?;
    let listen = |source| StartError::Listen { address: config.listen, source };
    let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let (closing, mut closed) = watch::channel(false);
    let app = Arc::new(api::App::new(store, writer, &config, closing.subscribe()).map_err(data)?);
    let served = countersign_door::Served { app: api::router(app), shed: refusal::shed };
    let server = countersign_door::serve(listener, served, config.limits.door, async move {
        // An error means that the sender is gone, which is a stop too.
        let _ = closed.wait_for(|closed| *closed).await;
    });
    Ok(Running { address, closing, server: tokio::spawn(server) })
}
