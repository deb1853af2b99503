//! A real relay in this process, which can be stopped and started at the same address.

use countersign_relay::{Config, Limits, Running};
use std::net::SocketAddr;

pub const TOKEN: &str = "operator-token-of-the-tests";

pub struct Relay {
    data: tempfile::TempDir,
    address: SocketAddr,
    limits: Limits,
    running: Option<Running>,
}

impl Relay {
    pub async fn start() -> Self {
        Self::start_with(Limits::default()).await
    }

    pub async fn start_with(limits: Limits) -> Self {
        let data = tempfile::tempdir().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let running = start(&data, address, limits).await;
        Self { address: running.address, data, limits, running: Some(running) }
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub async fn stop(&mut self) {
        self.running.take().unwrap().stop().await;
    }

    /// Starts at the same address with nothing of what it held.
    pub async fn start_empty(&mut self) {
        std::fs::remove_dir_all(self.data.path().join("relay")).unwrap();
        self.start_again().await;
    }

    /// Starts at the same address with other limits.
    pub async fn start_limited(&mut self, limits: Limits) {
        self.limits = limits;
        self.start_again().await;
    }

    pub async fn start_again(&mut self) {
        self.running = Some(start(&self.data, self.address, self.limits).await);
    }
}

async fn start(data: &tempfile::TempDir, listen: SocketAddr, limits: Limits) -> Running {
    let config =
        Config { listen, data: data.path().join("relay"), operator_token: TOKEN.into(), limits };
    countersign_relay::start(config).await.unwrap()
}
