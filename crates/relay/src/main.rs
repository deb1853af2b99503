//! `countersign-relay`: serves one data directory until SIGTERM or ctrl-c.

use anyhow::{Context as _, ensure};
use clap::{Parser, Subcommand, ValueEnum};
use countersign_relay::{Config, Limits, start};
use std::{io::Write as _, net::SocketAddr, path::PathBuf};

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
        /// Form of the log on stderr.
        #[arg(long, value_enum, default_value = "text")]
        log: LogForm,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum LogForm {
    Json,
    Text,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Command::Serve { listen, data, operator_token_file, log } = Arguments::parse().command;
    start_log(log);
    let token = std::fs::read_to_string(&operator_token_file)
        .with_context(|| format!("cannot read {}", operator_token_file.display()))?;
    let operator_token = token.trim().to_owned();
    ensure!(operator_token.len() >= 16, "the operator's token needs at least 16 characters");
    let config = Config { listen, data, operator_token, limits: Limits::default() };
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
