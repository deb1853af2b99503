//! `countersign-gate`: the gate's commands.

mod cli;

use clap::Parser as _;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    cli::run(cli::Arguments::parse()).await
}
