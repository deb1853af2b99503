//! `countersign-relay`: serves one data directory until SIGTERM or ctrl-c.

use anyhow::{Context as _, ensure};
use clap::{Args, Parser, Subcommand, ValueEnum};
use countersign_relay::{Config, Limits, start};
use std::{
    fs::File,
    io::{Read as _, Write as _},
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

/// Records, JSON and signatures come and go by the thousand: a quarter of the processor time
/// at full load was the C library's `malloc` (docs/benchmarks.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is read of the operator's token file at most.
const MAX_TOKEN_FILE_BYTES: u64 = 4 * 1024;

#[derive(Parser)]
#[command(version, about = "Ordered store-and-forward of sealed records and blobs")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until SIGTERM or ctrl-c; prints one JSON line when ready.
    Serve {
        /// Address to listen on; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:8443")]
        listen: SocketAddr,
        /// Directory of the relay's file.
        #[arg(long)]
        data: PathBuf,
        /// File that holds the operator's token (at least 16 characters).
        #[arg(long)]
        operator_token_file: PathBuf,
        /// Format of the log on stderr.
        #[arg(long, value_enum, default_value = "text")]
        log: LogForm,
        #[command(flatten)]
        limits: Box<LimitArguments>,
    },
}

/// What is not given stays as `Limits::default` has it. Bytes are in MiB.
#[derive(Args)]
struct LimitArguments {
    /// Storage in total, including what is set aside for each workspace's gate.
    #[arg(long, env = "COUNTERSIGN_RELAY_DISK_MIB")]
    disk_mib: Option<u64>,
    /// Storage of one workspace's devices together, without its gate.
    #[arg(long, env = "COUNTERSIGN_RELAY_WORKSPACE_MIB")]
    workspace_mib: Option<u64>,
    /// Records of a workspace's gate.
    #[arg(long, env = "COUNTERSIGN_RELAY_GATE_RECORDS")]
    gate_records: Option<u64>,
    /// Bytes of these records.
    #[arg(long, env = "COUNTERSIGN_RELAY_GATE_RECORD_MIB")]
    gate_record_mib: Option<u64>,
    /// Blobs of a workspace's gate.
    #[arg(long, env = "COUNTERSIGN_RELAY_GATE_BLOBS")]
    gate_blobs: Option<u64>,
    /// Bytes of these blobs.
    #[arg(long, env = "COUNTERSIGN_RELAY_GATE_BLOB_MIB")]
    gate_blob_mib: Option<u64>,
    /// Records of every other device.
    #[arg(long, env = "COUNTERSIGN_RELAY_DEVICE_RECORDS")]
    device_records: Option<u64>,
    /// Bytes of these records.
    #[arg(long, env = "COUNTERSIGN_RELAY_DEVICE_RECORD_MIB")]
    device_record_mib: Option<u64>,
    /// Blobs of every other device.
    #[arg(long, env = "COUNTERSIGN_RELAY_DEVICE_BLOBS")]
    device_blobs: Option<u64>,
    /// Bytes of these blobs.
    #[arg(long, env = "COUNTERSIGN_RELAY_DEVICE_BLOB_MIB")]
    device_blob_mib: Option<u64>,
    /// Bytes that every other device may send in a second, sustained, in KiB.
    #[arg(long, env = "COUNTERSIGN_RELAY_DEVICE_KIB_PER_SECOND")]
    device_kib_per_second: Option<u64>,
    /// Connections at once.
    #[arg(long, env = "COUNTERSIGN_RELAY_CONNECTIONS")]
    connections: Option<usize>,
    /// Connections at once from one address.
    #[arg(long, env = "COUNTERSIGN_RELAY_CONNECTIONS_PER_PEER")]
    connections_per_peer: Option<usize>,
    /// The proxy in front: its X-Forwarded-For is trusted, and it may use all connections.
    #[arg(long, env = "COUNTERSIGN_RELAY_PROXY")]
    proxy: Option<IpAddr>,
}

impl LimitArguments {
    fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        let mib = |value: Option<u64>| value.map(|mib| mib.saturating_mul(1024 * 1024));
        let kib = |value: Option<u64>| value.map(|kib| kib.saturating_mul(1024));
        let (owner, device) = (&mut limits.owner, &mut limits.device);
        for (place, value) in [
            (&mut limits.disk_bytes, mib(self.disk_mib)),
            (&mut limits.workspace_bytes, mib(self.workspace_mib)),
            (&mut owner.records, self.gate_records),
            (&mut owner.record_bytes, mib(self.gate_record_mib)),
            (&mut owner.blobs, self.gate_blobs),
            (&mut owner.blob_bytes, mib(self.gate_blob_mib)),
            (&mut device.records, self.device_records),
            (&mut device.record_bytes, mib(self.device_record_mib)),
            (&mut device.blobs, self.device_blobs),
            (&mut device.blob_bytes, mib(self.device_blob_mib)),
            (&mut device.write_rate.per_second, kib(self.device_kib_per_second)),
        ] {
            *place = value.unwrap_or(*place);
        }
        let door = &mut limits.door;
        door.connections = self.connections.unwrap_or(door.connections);
        door.connections_per_peer = self.connections_per_peer.unwrap_or(door.connections_per_peer);
        door.proxy = self.proxy;
        limits
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum LogForm {
    Json,
    Text,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Command::Serve { listen, data, operator_token_file, log, limits } =
        Arguments::parse().command;
    start_log(log);
    let operator_token = read_operator_token(&operator_token_file)?;
    let config = Config { listen, data, operator_token, limits: limits.limits() };
    let running = start(config).await?;
    let ready = serde_json::json!({ "ready": true, "address": running.address.to_string() });
    let mut out = std::io::stdout();
    writeln!(out, "{ready}").and_then(|()| out.flush()).context("cannot write the ready line")?;
    tracing::info!(address = %running.address, "relay ready");
    wait_for_end().await?;
    tracing::info!("relay stops");
    running.stop().await;
    Ok(())
}

/// The token that creates workspaces; from a file that nobody else can read.
fn read_operator_token(path: &Path) -> anyhow::Result<String> {
    let cannot = || format!("cannot read {}", path.display());
    let file = File::open(path).with_context(cannot)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata().with_context(cannot)?.permissions().mode();
        ensure!(
            mode & 0o077 == 0,
            "{path} can be read by others: run `chmod 600 {path}`",
            path = path.display()
        );
    }
    let mut token = String::new();
    file.take(MAX_TOKEN_FILE_BYTES).read_to_string(&mut token).with_context(cannot)?;
    let token = token.trim().to_owned();
    ensure!(token.len() >= 16, "the operator's token needs at least 16 characters");
    Ok(token)
}

fn start_log(form: LogForm) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match form {
        LogForm::Json => builder.json().init(),
        LogForm::Text => builder.init(),
    }
}

async fn wait_for_end() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
        tokio::select! {
            _ = terminate.recv() => Ok(()),
            end = tokio::signal::ctrl_c() => end.context("cannot wait for ctrl-c"),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.context("cannot wait for ctrl-c")
}
