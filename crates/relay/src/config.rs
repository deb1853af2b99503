//! What an operator chooses: address, directory, token and limits.

use countersign_model::DeviceId;
use countersign_sync::heartbeat::{DEFAULT_INTERVAL, Heartbeat};
use std::{fmt, net::SocketAddr, path::PathBuf};

/// One gibibyte, in bytes.
const GIB: u64 = 1 << 30;
/// One mebibyte, in bytes.
const MIB: u64 = 1 << 20;

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

/// Limits that hold before anything is stored. Each device has its own, so that none can
/// use up what another needs; the owner device (the gate) has room that nobody else can take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// What a workspace's owner device may use. Its bytes are set aside on the disk.
    pub owner: Budget,
    /// What every other device may use.
    pub device: Budget,
    /// Bytes of all devices of one workspace together, the owner's apart.
    pub workspace_bytes: u64,
    /// Bytes of all workspaces, with what is set aside for their owners.
    pub disk_bytes: u64,
    /// Live tails at once of all devices but the owners.
    pub tails: usize,
    /// How often a quiet tail shows that it lives; each tail's answer promises it.
    pub heartbeat: Heartbeat,
    /// Refused identities (unsigned, unknown, forged, replayed) of one peer address before
    /// the next ones of that address are slowed down.
    pub strangers: Rate,
    /// Connections and their times.
    pub door: countersign_door::Limits,
}

/// What one device may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    /// Records it wrote that have not been let go of.
    pub records: u64,
    /// Bytes of these records.
    pub record_bytes: u64,
    /// Blobs it uploaded.
    pub blobs: u64,
    /// Bytes of these blobs.
    pub blob_bytes: u64,
    /// Requests.
    pub request_rate: Rate,
    /// Records sent, each of which is a signature to check.
    pub record_rate: Rate,
    /// Bytes of request bodies.
    pub write_rate: Rate,
    /// Bytes of pages, blobs and tails.
    pub read_rate: Rate,
    /// Requests in progress at once.
    pub at_once: usize,
    /// Live tails at once.
    pub tails: usize,
}

/// So much in a second, and so much at once after a pause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// Sustained, per second.
    pub per_second: u64,
    /// At once.
    pub burst: u64,
}

impl Limits {
    /// The budget of a device of a workspace with this owner.
    #[must_use]
    pub(crate) fn of(&self, device: DeviceId, owner: DeviceId) -> &Budget {
        if device == owner { &self.owner } else { &self.device }
    }

    /// Bytes set aside for each workspace's owner.
    #[must_use]
    pub const fn owner_bytes(&self) -> u64 {
        self.owner.record_bytes.saturating_add(self.owner.blob_bytes)
    }

    /// Bytes on the disk that are not set aside for the owners of this many workspaces.
    #[must_use]
    pub(crate) const fn common_bytes(&self, workspaces: u64) -> u64 {
        self.disk_bytes.saturating_sub(self.owner_bytes().saturating_mul(workspaces))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            owner: Budget {
                records: 10_000_000,
                record_bytes: 8 * GIB,
                blobs: 1_000_000,
                blob_bytes: 8 * GIB,
                request_rate: Rate { per_second: 500, burst: 2_000 },
                record_rate: Rate { per_second: 5_000, burst: 50_000 },
                write_rate: Rate { per_second: 32 * MIB, burst: 256 * MIB },
                read_rate: Rate { per_second: 64 * MIB, burst: GIB },
                at_once: 32,
                tails: 8,
            },
            device: Budget {
                records: 200_000,
                record_bytes: GIB / 2,
                blobs: 2_000,
                blob_bytes: GIB / 2,
                request_rate: Rate { per_second: 50, burst: 500 },
                record_rate: Rate { per_second: 500, burst: 10_000 },
                write_rate: Rate { per_second: MIB, burst: 16 * MIB },
                read_rate: Rate { per_second: 8 * MIB, burst: 256 * MIB },
                at_once: 8,
                tails: 4,
            },
            workspace_bytes: 16 * GIB,
            disk_bytes: 64 * GIB,
            tails: 4_096,
            heartbeat: Heartbeat::every(DEFAULT_INTERVAL),
            strangers: Rate { per_second: 10, burst: 200 },
            door: countersign_door::Limits::default(),
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
