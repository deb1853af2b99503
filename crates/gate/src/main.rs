//! `countersign-gate`: the gate's commands.

mod cli;

use clap::Parser as _;

/// Records, JSON and signatures come and go by the thousand: a quarter of the processor time
/// at full load was the C library's `malloc` (docs/benchmarks.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    cli::run(cli::Arguments::parse()).await
}
