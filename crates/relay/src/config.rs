//! What an operator chooses: address, directory, token and limits.

use std::{fmt, net::SocketAddr, path::PathBuf};

/// How a relay is started.
#[derive(Clone)]
pub struct Config {
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The directory of the relay's file; made with mode 0700 if it is missing.
    pub data: PathBuf,
    /// The bearer token that creates workspaces.
    pub operator_token: String,
    /// Limits beyond those of the wire format.
    pub limits: Limits,
}

/// Limits that hold before anything is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Records in one workspace.
    pub records_per_workspace: u64,
    /// Blobs in one workspace.
    pub blobs_per_workspace: u64,
    /// Requests of one device per second, sustained.
    pub requests_per_second: u32,
    /// Requests of one device at once, after a pause.
    pub burst: u32,
    /// Live tails at once.
    pub tails: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            records_per_workspace: 10_000_000,
            blobs_per_workspace: 1_000_000,
            requests_per_second: 50,
            burst: 500,
            tails: 2_000,
        }
    }
}

// The token is a secret.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("data", &self.data)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
