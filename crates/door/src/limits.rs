//! How many connections, and how long each may take.

use std::{net::IpAddr, time::Duration};

/// Bounds of a listener.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Connections at once. Fewer when the system allows fewer open files.
    pub connections: usize,
    /// Connections at once of one peer; a trusted proxy is not counted.
    pub connections_per_peer: usize,
    /// Connections beyond these that are told so at once; the oldest makes room for the next.
    pub spare: usize,
    /// For the whole head of a request.
    pub header_time: Duration,
    /// Between two requests.
    pub idle_time: Duration,
    /// For the head of a request on a spare connection.
    pub spare_time: Duration,
    /// How long a reader may take nothing of what is ready for it.
    pub stall_time: Duration,
    /// How long a reader may be behind before it has taken all that is ready for it.
    pub answer_time: Duration,
    /// How long open requests may take when the server stops.
    pub drain: Duration,
    /// How long an answer waits that says 429, so that who asks at once again is slowed down.
    pub spent_pause: Duration,
    /// The proxy in front, whose `X-Forwarded-For` names the peer.
    pub proxy: Option<IpAddr>,
}

/// Open files left for stores, logs and outgoing connections.
const OTHER_FILES: usize = 128;

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            connections_per_peer: 256,
            spare: 32,
            header_time: Duration::from_secs(15),
            idle_time: Duration::from_secs(15),
            spare_time: Duration::from_secs(2),
            stall_time: Duration::from_secs(30),
            answer_time: Duration::from_secs(120),
            drain: Duration::from_secs(5),
            spent_pause: Duration::ZERO,
            proxy: None,
        }
    }
}

impl Limits {
    /// Takes fewer connections where the system's limit of open files asks for it.
    #[must_use]
    pub(crate) fn within_open_files(self) -> Self {
        match open_files() {
            Some(files) => self.within(files),
            None => self,
        }
    }

    fn within(mut self, files: usize) -> Self {
        // Half of a very small limit is still something to serve with.
        let room = files.saturating_sub(OTHER_FILES + self.spare).max(files / 2);
        if room < self.connections {
            tracing::warn!(
                files,
                connections = room,
                "the limit of open files allows fewer connections"
            );
            self.connections = room;
        }
        self
    }
}

/// The soft limit of open files, where the system tells it in a file.
fn open_files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_limit_of_open_files_is_kept() {
        let limits = Limits::default();
        assert_eq!(limits.within(1_024).connections, 1_024 - OTHER_FILES - limits.spare);
        assert_eq!(limits.within(100).connections, 50);
        assert_eq!(limits.within(1_000_000), limits);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_systems_limit_of_open_files_is_read() {
        assert!(open_files().unwrap() > 0);
    }
}
